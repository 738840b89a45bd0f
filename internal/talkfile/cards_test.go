package talkfile_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/talkfile"
)

func TestRead_DamagedBackground(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"talk.yaml":       "title: x\nconference: conference.yaml\n",
		"conference.yaml": "name: x\ncards:\n  background: ground.png\n",
		"ground.png":      picture.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := talkfile.Read(filepath.Join(dir, "talk.yaml")); err != nil {
		t.Fatalf("complete picture: %v", err)
	}
	for svg, says := range map[string]string{
		`<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE svg [<!ENTITY ns "x">]><svg width="9"><rect a="&ns;"/></svg>`: "",
		`<svg width="9"><rect/>`: "is damaged",
		`<svg width="9"><rect `:  "is damaged",
	} {
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("ground.svg", svg)
		write("conference.yaml", "name: x\ncards:\n  background: ground.svg\n")
		if _, err := talkfile.Read(filepath.Join(dir, "talk.yaml")); says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v", svg, err)
		}
		write("conference.yaml", "name: x\ncards:\n  background: ground.png\n")
	}
	if err := os.Truncate(filepath.Join(dir, "ground.png"), int64(picture.Len()/2)); err != nil {
		t.Fatal(err)
	}
	_, err := talkfile.Read(filepath.Join(dir, "talk.yaml"))
	var f *inputerr.Error
	if !errors.As(err, &f) || f.Line != 3 || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("half a picture: %v", err)
	}
}

func TestResolveFont(t *testing.T) {
	if _, err := exec.LookPath("fc-match"); err != nil {
		t.Skip("this machine has no fontconfig: install fontconfig")
	}
	find := func(font string) (talkfile.Contents, string, error) {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"talk.yaml":       "title: x\nconference: conference.yaml\n",
			"conference.yaml": "name: x\ncards:\n  font: " + font + "\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		facts, err := talkfile.Read(filepath.Join(dir, "talk.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		note, err := facts.ResolveFont(t.Context())
		return facts, note, err
	}
	facts, note, err := find("sans-serif")
	if err != nil {
		t.Fatal(err)
	}
	family := facts.Conference.Cards.Font
	if family == "" || family == "sans-serif" || !strings.HasSuffix(note, `conference.yaml:3: the font "sans-serif" is `+family+" on this machine") {
		t.Errorf("sans-serif became %q, and the note is %q", family, note)
	}
	if facts, note, err := find(family); err != nil || note != "" || facts.Conference.Cards.Font != family {
		t.Errorf("%q became %q: %q, %v", family, facts.Conference.Cards.Font, note, err)
	}
	var f *inputerr.Error
	if _, _, err := find("No Such Family"); !errors.As(err, &f) || f.Line != 3 || filepath.Base(f.File) != "conference.yaml" ||
		!strings.Contains(f.Problem, `"No Such Family"`) || !strings.Contains(f.Remedy, "Install it") {
		t.Errorf("unknown family: %v", err)
	}
}

func TestRead_FontFile(t *testing.T) {
	said, err := exec.Command("fc-match", "--format", "%{file}", "sans-serif:fontformat=TrueType").Output()
	if err != nil {
		t.Skip("this machine has no fontconfig: install fontconfig")
	}
	whole, err := os.ReadFile(string(said))
	if err != nil {
		t.Fatal(err)
	}
	spoilt := bytes.Clone(whole)
	spoilt[len(spoilt)/2] ^= 1
	for _, c := range []struct {
		name    string
		content []byte // nil: there is no such file
		says    string
	}{
		{"letters.ttf", whole, ""},
		{"letters.TTF", whole, ""},
		{"letters.ttf", whole[:len(whole)-200], "it ends too early"},
		{"letters.ttf", whole[:100], "it ends too early"},
		{"letters.otf", spoilt, "the checksum of its table"},
		{"letters.ttf", []byte("<!DOCTYPE html><title>404</title>"), "it begins with"},
		{"letters.ttc", []byte("ttcf\x00\x02\x00\x00\xff\xff\xff\xff"), "it ends too early"},
		{"letters.ttf", []byte{}, "it has 0 bytes"},
		{"letters.woff2", whole, "Use a TTF, OTF or TTC"},
		{"letters.ttf", nil, "letters.ttf does not exist"},
	} {
		dir := t.TempDir()
		files := map[string][]byte{
			"talk.yaml":       []byte("title: x\nconference: conference.yaml\n"),
			"conference.yaml": []byte("name: x\ncards:\n  font: " + c.name + "\n"),
		}
		if c.content != nil {
			files[c.name] = c.content
		}
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		facts, err := talkfile.Read(filepath.Join(dir, "talk.yaml"))
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			} else if cards := facts.Conference.Cards; cards.Font != "" || len(cards.Assets()) != 1 || cards.FontFile.Path != filepath.Join(dir, c.name) {
				t.Errorf("%s: %+v", c.name, cards)
			}
			continue
		}
		var f *inputerr.Error
		if !errors.As(err, &f) || f.Line != 3 || filepath.Base(f.File) != "conference.yaml" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s, %d bytes: %v, want %q", c.name, len(c.content), err, c.says)
		}
	}
}
