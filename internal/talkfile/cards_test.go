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

	"github.com/lectern-av/lectern/internal/fault"
	"github.com/lectern-av/lectern/internal/talkfile"
)

// A picture of which half is missing is told before anything is made of it.
func TestADamagedBackground(t *testing.T) {
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
		t.Fatalf("a whole one: %v", err)
	}
	if err := os.Truncate(filepath.Join(dir, "ground.png"), int64(picture.Len()/2)); err != nil {
		t.Fatal(err)
	}
	_, err := talkfile.Read(filepath.Join(dir, "talk.yaml"))
	var f *fault.Fault
	if !errors.As(err, &f) || f.Line != 3 || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("half of one: %v", err)
	}
}

// A family that there is not is told by its line, and an alias by what it became.
func TestFindFont(t *testing.T) {
	if _, err := exec.LookPath("fc-match"); err != nil {
		t.Skip("this machine has no fontconfig: install fontconfig")
	}
	find := func(font string) (talkfile.Facts, string, error) {
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
		note, err := facts.FindFont(t.Context())
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
	var f *fault.Fault
	if _, _, err := find("No Such Family"); !errors.As(err, &f) || f.Line != 3 || filepath.Base(f.File) != "conference.yaml" ||
		!strings.Contains(f.Problem, `"No Such Family"`) || !strings.Contains(f.Remedy, "Install it") {
		t.Errorf("a family that there is not: %v", err)
	}
}
