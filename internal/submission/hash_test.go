package submission

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
)

func TestHashRecordings(t *testing.T) {
	c, err := catalog.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	path := filepath.Join(t.TempDir(), "talk.mp4")
	old := time.Now().Add(-time.Hour)
	write := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil { // size and mtime never change
			t.Fatal(err)
		}
	}
	read := false
	identify := func(during func()) (string, error) {
		read = false
		recordings, originals, err := HashRecordings(t.Context(), c, []string{path}, func(int64, int64) {
			if read = true; during != nil {
				during()
				during = nil
			}
		})
		if err != nil {
			return "", err
		}
		sum := recordings[0].SHA256
		if o := originals[action.Key(sum)]; o.Path != path || o.Size != recordings[0].Size {
			t.Errorf("original: %+v", o)
		}
		return sum, nil
	}
	expect := func(what, content string, wantRead bool) {
		t.Helper()
		sum, err := identify(nil)
		if err != nil || sum != string(action.KeyOf([]byte(content))) || read != wantRead {
			t.Errorf("%s: %s, %v, read: %v", what, sum, err, read)
		}
	}
	write("one content")
	waitForClockTick(t, path)
	expect("the first time", "one content", true)
	expect("the second time", "one content", false)
	write("two content")
	waitForClockTick(t, path)
	expect("changed, with its size and time kept", "two content", true)

	write("six content")
	if _, err := identify(func() { write("ten content") }); inputerr.As(err) == nil || !strings.Contains(err.Error(), "still being written") {
		t.Errorf("written while it is read: %v", err)
	}
	waitForClockTick(t, path)
	expect("afterwards", "ten content", true)
}

// waitForClockTick waits until a write would change the file's ctime.
func waitForClockTick(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	before := catalog.IdentityOf(info).CTimeNS
	probe := filepath.Join(t.TempDir(), "clock")
	for now := before; now <= before+int64(25*time.Millisecond); {
		if err := os.WriteFile(probe, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if info, err = os.Stat(probe); err != nil {
			t.Fatal(err)
		}
		now = catalog.IdentityOf(info).CTimeNS
		if err := os.Remove(probe); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHashRecordings_NotARecording(t *testing.T) {
	c, err := catalog.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.mp4")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.mp4"): "does not exist",
		dir:                            "is a directory",
		empty:                          "is empty",
		os.DevNull:                     "is not a file",
	} {
		_, _, err := HashRecordings(t.Context(), c, []string{path}, nil)
		if f := inputerr.As(err); f == nil || !strings.Contains(f.Problem, want) || f.File != path || f.Remedy == "" {
			t.Errorf("%s: %v", path, err)
		}
	}
}
