package watchfolder

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	stableFor    = 10 * time.Second
	pollInterval = time.Minute
)

// testFolder is a watched folder in a synctest bubble, where time is simulated. Filesystem events are
// off, so that only time triggers scans.
type testFolder struct {
	t   *testing.T
	dir string

	mu    sync.Mutex
	found []File
	err   error // what the callback returns
}

// runWatched runs do while dir is watched.
func runWatched(t *testing.T, dir string, do func(f *testFolder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &testFolder{t: t, dir: dir}
		w := &watcher{
			dir: dir, opts: Options{StableFor: stableFor, PollInterval: pollInterval, Log: slog.New(slog.DiscardHandler)}, seen: make(map[string]fileState),
			found: func(_ context.Context, file File) error {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.found = append(f.found, file)
				return f.err
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.run(ctx, nil) }()
		do(f)
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the watch ended with %v", err)
		}
	})
}

// advance lets d of simulated time pass.
func (f *testFolder) advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// failWith makes the callback return err from now on.
func (f *testFolder) failWith(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// write appends to a file and sets its modification time to the simulated time.
func (f *testFolder) write(name, text string) *os.File {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, time.Now()); err != nil {
		f.t.Fatal(err)
	}
	return file
}

// expect fails the test unless exactly these files, "room: file", were reported since the last call.
func (f *testFolder) expect(want ...string) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	var got []string
	for _, file := range f.found {
		got = append(got, file.Room+": "+filepath.Base(file.Path))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		f.t.Errorf("reported %q, want %q", got, want)
	}
	f.found = nil
}

func TestWatch_ReportsFileWhenItStopsGrowing(t *testing.T) {
	runWatched(t, t.TempDir(), func(f *testFolder) {
		f.write("Janson/talk.mkv", "a").Close()
		for range 50 {
			f.write("Janson/talk.mkv", "b").Close()
			f.advance(stableFor - time.Second)
		}
		f.expect()
		f.advance(pollInterval + stableFor)
		f.expect("Janson: talk.mkv")
		f.advance(24 * time.Hour)
		f.expect() // once
		f.write("Janson/talk.mkv", "more").Close()
		f.advance(pollInterval + stableFor)
		f.expect("Janson: talk.mkv")
	})
}

func TestWatch_IgnoresOtherFiles(t *testing.T) {
	runWatched(t, t.TempDir(), func(f *testFolder) {
		for _, name := range []string{".hidden.mp4", ".trash/talk.mp4", "talk.mp4.part", "talk.TMP", "talk.mp4.crdownload"} {
			f.write(name, "x").Close()
		}
		f.write("empty.mp4", "").Close()
		if err := os.Symlink("/etc/passwd", filepath.Join(f.dir, "link.mp4")); err != nil {
			t.Fatal(err)
		}
		f.write("hall.mp4", "x").Close()
		f.write("K1/day 1/a.mp4", "x").Close()
		f.advance(2*pollInterval + stableFor)
		f.expect("K1: a.mp4", ": hall.mp4")
	})
}

func TestWatch_RenamedDownload(t *testing.T) {
	runWatched(t, t.TempDir(), func(f *testFolder) {
		f.write("talk.mp4.part", "x").Close()
		f.advance(pollInterval)
		if err := os.Rename(filepath.Join(f.dir, "talk.mp4.part"), filepath.Join(f.dir, "talk.mp4")); err != nil {
			t.Fatal(err)
		}
		f.advance(pollInterval + stableFor)
		f.expect(": talk.mp4")
	})
}

func TestWatch_FileOpenForWriting(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("only Linux detects open files")
		return
	}
	runWatched(t, t.TempDir(), func(f *testFolder) {
		file := f.write("talk.mp4", "a recorder that pauses")
		f.advance(time.Hour)
		f.expect()
		file.Close()
		f.advance(pollInterval)
		f.expect(": talk.mp4")
	})
}

func TestWatch_RetriesAfterError(t *testing.T) {
	runWatched(t, t.TempDir(), func(f *testFolder) {
		f.write("talk.mp4", "x").Close()
		f.failWith(errors.New("the catalog is busy"))
		f.advance(pollInterval + stableFor + time.Second)
		f.expect(": talk.mp4")
		f.failWith(nil)
		f.advance(2 * pollInterval)
		f.expect(": talk.mp4")
	})
}

func TestWatch_MissingFolder(t *testing.T) {
	runWatched(t, filepath.Join(t.TempDir(), "later"), func(f *testFolder) {
		f.advance(time.Hour)
		f.write("talk.mp4", "x").Close()
		f.advance(pollInterval + stableFor)
		f.expect(": talk.mp4")
	})
}

// With an hour between polls, only filesystem events can make the watcher find the files in time.
func TestWatch_FilesystemEvents(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	found := make(chan File, 9)
	ended := make(chan error, 1)
	go func() {
		ended <- Watch(ctx, dir, Options{StableFor: time.Millisecond, PollInterval: time.Hour, Log: slog.New(slog.NewTextHandler(&log, nil))},
			func(_ context.Context, f File) error { found <- f; return nil })
	}()
	if err := os.WriteFile(filepath.Join(dir, "first.mp4"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, next := range []string{"second.mp4", "third.mp4"} {
		select {
		case <-found: // the watcher is running
		case <-ctx.Done():
			t.Fatalf("nothing was found\n%s", log.String())
		}
		if err := os.WriteFile(filepath.Join(dir, next), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if f := <-found; f.Inode == 0 || f.Size != 1 || f.Modified.IsZero() {
		t.Errorf("found %+v", f)
	}
	stop()
	<-ended
}
