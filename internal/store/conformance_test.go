package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/store"
)

// Store is what every implementation of a store must provide.
type Store interface {
	ID() string
	Has(context.Context, action.Key) (bool, error)
	Get(context.Context, action.Key) (action.Artifact, error)
	Put(context.Context, action.Artifact, string) (action.Artifact, error)
	Forget(context.Context, action.Key) error
	Path(action.File) (string, error)
	PutOriginal(context.Context, io.Reader) (action.File, error)
	Original(sha256 string) (string, error)
	Scratch(name string) (string, func() error, error)
	CollectGarbage(context.Context, func(action.Key) bool, time.Duration) (store.CollectStats, error)
}

// The sizes that a store may treat unlike one another.
var (
	empty = ""
	small = `{"frames": 900}`
	large = strings.Repeat("pictures ", 20_000)
)

// testConformance tests what every store must do. Each call of open returns an empty one.
func testConformance(t *testing.T, open func(*testing.T) Store) {
	t.Run("an artifact comes back as it was put", func(t *testing.T) {
		s := open(t)
		want := artifact("encode", small, large, empty, large) // the last has the second's content
		want.Facts = json.RawMessage(`{"frames":900}`)
		want.Notes = []string{"the left channel is dead"}
		put := mustPut(t, s, want, small, large, empty, large)
		got, err := s.Get(t.Context(), want.Key)
		if err != nil || !reflect.DeepEqual(got, put) {
			t.Fatalf("Get = %+v, %v, Put gave %+v", got, err, put)
		}
		for i, content := range []string{small, large, empty, large} {
			if f := got.Files[i]; f.Size != int64(len(content)) || f.SHA256 != string(action.KeyOf([]byte(content))) {
				t.Errorf("file %d is %+v", i, f)
			}
			expectFile(t, s, got.Files[i], content)
		}
		if string(got.Facts) != string(want.Facts) || !reflect.DeepEqual(got.Notes, want.Notes) {
			t.Errorf("facts %s, notes %q", got.Facts, got.Notes)
		}
		expectHas(t, s, want.Key, true)
	})

	t.Run("what is forgotten can be put again", func(t *testing.T) {
		s := open(t)
		a := artifact("encode", small, large)
		mustPut(t, s, a, small, large)
		for range 2 { // the second time there is none
			if err := s.Forget(t.Context(), a.Key); err != nil {
				t.Fatal(err)
			}
			expectHas(t, s, a.Key, false)
		}
		mustPut(t, s, a, small, large)
		expectHas(t, s, a.Key, true)
	})

	t.Run("an artifact may be facts alone", func(t *testing.T) {
		s := open(t)
		a := action.Artifact{Key: action.KeyOf(nil), Kind: "probe", Facts: json.RawMessage(`{"indexed":true}`)}
		if _, err := s.Put(t.Context(), a, ""); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(t.Context(), a.Key)
		if err != nil || string(got.Facts) != `{"indexed":true}` {
			t.Fatalf("Get = %+v, %v", got, err)
		}
	})

	t.Run("what is not there is ErrNone", func(t *testing.T) {
		s := open(t)
		none := action.KeyOf([]byte("none"))
		_, get := s.Get(t.Context(), none)
		_, path := s.Path(action.File{Name: "x", SHA256: string(none)})
		_, original := s.Original(string(none))
		for call, err := range map[string]error{"Get": get, "Path": path, "Original": original} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", call, err)
			}
		}
		expectHas(t, s, none, false)
	})

	t.Run("the first artifact of a key stands", func(t *testing.T) {
		s := open(t)
		first := artifact("encode", large)
		second := first
		second.Notes = []string{"another"}
		put := mustPut(t, s, first, large)
		if got := mustPut(t, s, second, small); !reflect.DeepEqual(got, put) {
			t.Errorf("the second Put gave %+v, want %+v", got, put)
		}
	})

	t.Run("of many at the same time one is first", func(t *testing.T) {
		s := open(t)
		a := artifact("encode", large)
		got := make([]action.Artifact, 8)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				mine := a
				mine.Notes = []string{fmt.Sprint("attempt ", i)}
				got[i] = mustPut(t, s, mine, fmt.Sprint(large, i))
			})
		}
		all.Wait()
		stands, err := s.Get(t.Context(), a.Key)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], stands) {
				t.Errorf("attempt %d was given %+v, but %+v stands", i, got[i], stands)
			}
		}
	})

	t.Run("bad artifacts are refused whole", func(t *testing.T) {
		s := open(t)
		dir := scratch(t, s, large)
		if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		for what, a := range map[string]action.Artifact{
			"leads out": {Key: action.KeyOf(nil), Files: []action.File{{Name: "0"}, {Name: "../0"}}},
			"missing":   {Key: action.KeyOf(nil), Files: []action.File{{Name: "0"}, {Name: "1"}}},
			"a link":    {Key: action.KeyOf(nil), Files: []action.File{{Name: "0"}, {Name: "link"}}},
			"no key":    {Key: "../../x", Files: []action.File{{Name: "0"}}},
		} {
			if _, err := s.Put(t.Context(), a, dir); err == nil {
				t.Errorf("%s: was put", what)
			}
		}
		expectHas(t, s, action.KeyOf(nil), false)
		if _, err := os.Stat(filepath.Join(dir, "0")); err != nil {
			t.Errorf("the good file was taken: %v", err)
		}
	})

	t.Run("an end of the context ends a Put and a Keep", func(t *testing.T) {
		s := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		a := artifact("encode", large)
		if _, err := s.Put(ctx, a, scratch(t, s, large)); !errors.Is(err, context.Canceled) {
			t.Errorf("Put: %v", err)
		}
		if _, err := s.PutOriginal(ctx, strings.NewReader(large)); !errors.Is(err, context.Canceled) {
			t.Errorf("Keep: %v", err)
		}
		expectHas(t, s, a.Key, false)
	})

	t.Run("an original is kept by content", func(t *testing.T) {
		s := open(t)
		for range 2 {
			f, err := s.PutOriginal(t.Context(), iotest.OneByteReader(strings.NewReader(small)))
			if err != nil || f.Size != int64(len(small)) {
				t.Fatalf("Keep = %+v, %v", f, err)
			}
			path, err := s.Original(f.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			expectContent(t, path, small)
		}
	})

	t.Run("an upload that breaks off is not kept", func(t *testing.T) {
		s := open(t)
		lost := errors.New("connection lost")
		_, err := s.PutOriginal(t.Context(), io.MultiReader(strings.NewReader(small), iotest.ErrReader(lost)))
		if !errors.Is(err, lost) {
			t.Fatalf("Keep: %v", err)
		}
		if _, err := s.Original(string(action.KeyOf([]byte(small)))); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Original: %v", err)
		}
	})

	t.Run("scratch is each caller's own and goes with release", func(t *testing.T) {
		s := open(t)
		one, releaseOne, err1 := s.Scratch("encode/1080 r0")
		two, releaseTwo, err2 := s.Scratch("encode/1080 r0")
		if err := errors.Join(err1, err2); err != nil || one == two {
			t.Fatalf("%s, %s, %v", one, two, err)
		}
		if err := os.WriteFile(filepath.Join(one, "x"), []byte(small), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(releaseOne(), releaseOne()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(one); err == nil {
			t.Error("release left the directory")
		}
		if _, err := os.Stat(two); err != nil {
			t.Error("release took another's directory")
		}
		if err := releaseTwo(); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("what is not wanted is collected, and nothing else", func(t *testing.T) {
		s := open(t)
		kept, dropped := artifact("kept", small, large), artifact("dropped", large, large+"more")
		mustPut(t, s, kept, small, large)
		gone := mustPut(t, s, dropped, large, large+"more").Files[1]
		original, err := s.PutOriginal(t.Context(), strings.NewReader(large))
		if err != nil {
			t.Fatal(err)
		}
		wanted := func(k action.Key) bool { return k == kept.Key }

		if stats := collect(t, s, wanted, time.Hour); stats != (store.CollectStats{}) {
			t.Errorf("collected what is young: %+v", stats)
		}
		expectHas(t, s, dropped.Key, true)

		want := store.CollectStats{Artifacts: 1, Blobs: 1, Bytes: int64(len(large) + len("more"))}
		stats := collect(t, s, wanted, 0)
		if stats.Bytes -= want.Bytes; stats.Bytes < 0 || stats.Bytes > 4096 { // the record's own bytes are beyond us
			t.Errorf("freed %d bytes", stats.Bytes+want.Bytes)
		}
		if stats.Artifacts != want.Artifacts || stats.Blobs != want.Blobs {
			t.Errorf("collected %+v, want %+v", stats, want)
		}
		expectHas(t, s, dropped.Key, false)
		if _, err := s.Path(gone); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the dropped file is still there: %v", err)
		}
		got, err := s.Get(t.Context(), kept.Key)
		if err != nil {
			t.Fatal(err)
		}
		expectFile(t, s, got.Files[1], large)
		if _, err := s.Original(original.SHA256); err != nil {
			t.Errorf("the original was collected: %v", err)
		}
	})

	t.Run("a collection spares what is put meanwhile, old blobs included", func(t *testing.T) {
		s := open(t)
		dead, born := artifact("dead", large), artifact("born", large)
		mustPut(t, s, dead, large)
		puts := 0
		collect(t, s, func(key action.Key) bool { // nothing is wanted; one arrives in the middle
			if key == dead.Key {
				mustPut(t, s, born, large)
				puts++
			}
			return false
		}, 0)
		if puts != 1 {
			t.Fatalf("put %d times", puts)
		}
		expectHas(t, s, dead.Key, false)
		got, err := s.Get(t.Context(), born.Key)
		if err != nil {
			t.Fatal(err)
		}
		expectFile(t, s, got.Files[0], large)
	})
}

// artifact returns an artifact to be stored, with files named "0", "1", … and a key of its own.
func artifact(kind string, contents ...string) action.Artifact {
	a := action.Artifact{Key: action.KeyOf([]byte(kind)), Kind: kind}
	for i := range contents {
		a.Files = append(a.Files, action.File{Name: fmt.Sprint(i)})
	}
	return a
}

// scratch makes a scratch directory with files named "0", "1", ….
func scratch(t testing.TB, s Store, contents ...string) string {
	dir, release, err := s.Scratch("attempt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := release(); err != nil {
			t.Error(err)
		}
	})
	for i, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustPut(t *testing.T, s Store, a action.Artifact, contents ...string) action.Artifact {
	got, err := s.Put(t.Context(), a, scratch(t, s, contents...))
	if err != nil {
		t.Error(err)
	}
	return got
}

func collect(t *testing.T, s Store, keep func(action.Key) bool, minAge time.Duration) store.CollectStats {
	t.Helper()
	stats, err := s.CollectGarbage(t.Context(), keep, minAge)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func expectHas(t *testing.T, s Store, key action.Key, want bool) {
	t.Helper()
	if got, err := s.Has(t.Context(), key); err != nil || got != want {
		t.Errorf("Has = %v, %v, want %v", got, err, want)
	}
}

func expectFile(t *testing.T, s Store, f action.File, content string) {
	t.Helper()
	path, err := s.Path(f)
	if err != nil {
		t.Fatal(err)
	}
	expectContent(t, path, content)
}

// expectContent fails the test unless the file has that content and is read-only.
func expectContent(t *testing.T, path, content string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(b, []byte(content)) {
		t.Errorf("%s: %d bytes, %v, want the %d put in", path, len(b), err, len(content))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
	}
}
