package talkfile_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
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
