package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/store"
)

func openLocal(t testing.TB, dir string, opts ...store.Option) *store.Local {
	t.Helper()
	s, err := store.Open(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLocal_Conformance(t *testing.T) {
	testConformance(t, func(t *testing.T) Store {
		return openLocal(t, filepath.Join(t.TempDir(), "a store? #1 ünï%20"))
	})
}

func TestOpen_ConcurrentOpensAgreeOnID(t *testing.T) {
	dir := t.TempDir()
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			if s, err := store.Open(dir); err != nil {
				t.Error(err)
			} else {
				ids[i] = s.ID()
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("ids %q", ids)
		}
	}
	if openLocal(t, t.TempDir()).ID() == ids[0] {
		t.Error("another store has the same id")
	}
}

// TestGet_TornArtifactIsAbsent damages artifacts as a power cut can: each must stay complete or
// become absent, and an absent one can be stored again.
func TestGet_TornArtifactIsAbsent(t *testing.T) {
	for what, tear := range map[string]struct {
		harm  func(record, small, large string) error
		whole bool
	}{
		"large blob gone":       {func(_, _, large string) error { return os.Remove(large) }, false},
		"large blob short":      {func(_, _, large string) error { return truncate(large, 100) }, false},
		"large blob rewritten":  {func(_, _, large string) error { return errors.Join(zero(large), later(large)) }, false},
		"large blob touched":    {func(_, _, large string) error { return later(large) }, true},
		"record empty":          {func(record, _, _ string) error { return truncate(record, 0) }, false},
		"record short":          {func(record, _, _ string) error { return truncate(record, 50) }, false},
		"record gone":           {func(record, _, _ string) error { return os.Remove(record) }, false},
		"small blob gone":       {func(_, small, _ string) error { return os.Remove(small) }, true},
		"small blob empty":      {func(_, small, _ string) error { return truncate(small, 0) }, true},
		"small blob never sent": {func(_, small, _ string) error { return zero(small) }, true},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			s := openLocal(t, dir)
			a := artifact("encode", small, large)
			put := mustPut(t, s, a, small, large)
			smallPath, err1 := s.Path(put.Files[0])
			largePath, err2 := s.Path(put.Files[1])
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if err := tear.harm(filepath.Join(dir, "records", string(a.Key[:2]), string(a.Key)), smallPath, largePath); err != nil {
				t.Fatal(err)
			}
			got, err := s.Get(t.Context(), a.Key)
			if !tear.whole {
				if !errors.Is(err, store.ErrNotFound) {
					t.Fatalf("Get = %+v, %v", got, err)
				}
				expectHas(t, s, a.Key, false)
				got = mustPut(t, s, a, small, large)
			} else if err != nil {
				t.Fatal(err)
			}
			expectFile(t, s, got.Files[0], small)
			expectFile(t, s, got.Files[1], large)
		})
	}
}

// TestVerify_FindsCorruptFiles changes files as a failing disk does, without changing their
// times.
func TestVerify_FindsCorruptFiles(t *testing.T) {
	dir := t.TempDir()
	s := openLocal(t, dir)
	spoilt, sound := artifact("encode", small, large), artifact("audio", small)
	put := mustPut(t, s, spoilt, small, large)
	mustPut(t, s, sound, small)
	original, err := s.PutOriginal(t.Context(), strings.NewReader("handed in"))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Verify(t.Context()); err != nil || len(found.Corrupt)+len(found.CorruptOriginals) > 0 || found.Files != 3 {
		t.Fatalf("of a sound store it says %+v, %v", found, err)
	}
	kept, err := s.Original(original.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(t.TempDir(), "in a bundle")
	var paths [2]string
	for i := range paths {
		if paths[i], err = s.Path(put.Files[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(paths[1], linked); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for _, path := range append(paths[:], kept) {
		if err := errors.Join(zero(path), os.Chtimes(path, time.Time{}, began.Add(-time.Hour))); err != nil {
			t.Fatal(err)
		}
	}
	found, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []store.CorruptFile{{Key: spoilt.Key, Kind: "encode", File: put.Files[1].Name}}; !slices.Equal(found.Corrupt, want) {
		t.Errorf("spoilt: %+v, want %+v", found.Corrupt, want)
	}
	if !slices.Equal(found.CorruptOriginals, []string{kept}) {
		t.Errorf("originals: %q", found.CorruptOriginals)
	}
	if info, err := os.Stat(linked); err != nil || info.ModTime().Before(began) {
		t.Errorf("who holds the spoilt file by a link cannot tell: %v, %v", info.ModTime(), err)
	}
	expectHas(t, s, spoilt.Key, false)
	put = mustPut(t, s, spoilt, small, large)
	expectFile(t, s, put.Files[0], small)
	expectFile(t, s, put.Files[1], large)
	if found, err := s.Verify(t.Context()); err != nil || len(found.Corrupt) > 0 {
		t.Errorf("made again, it says %+v, %v", found, err)
	}
}

// later sets a file's time to an hour from now: the time that the system sets by itself may lag
// behind that of a record written just before.
func later(path string) error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) }

func truncate(path string, size int64) error {
	return errors.Join(os.Chmod(path, 0o644), os.Truncate(path, size), os.Chmod(path, 0o444))
}

// zero replaces a file's content by zeros.
func zero(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(truncate(path, 0), truncate(path, info.Size()))
}

// TestCollectGarbage_KeepsReusedBlob stores a dead artifact's blob again when CollectGarbage
// has already selected it.
func TestCollectGarbage_KeepsReusedBlob(t *testing.T) {
	chosen := func() {}
	s := openLocal(t, t.TempDir(), store.WithTrace(func(step string) {
		if step == "drop blobs" {
			chosen()
		}
	}))
	mustPut(t, s, artifact("dead", large), large)
	born, puts := artifact("born", large), 0
	chosen = func() {
		mustPut(t, s, born, large)
		puts++
	}
	collect(t, s, func(action.Key) bool { return false }, 0)
	if puts != 1 {
		t.Fatalf("put %d times", puts)
	}
	got, err := s.Get(t.Context(), born.Key)
	if err != nil {
		t.Fatal(err)
	}
	expectFile(t, s, got.Files[0], large)
}

// TestPut_KeepsInodeOfEqualBlob checks that a file stays the same that a finished bundle links
// to.
func TestPut_KeepsInodeOfEqualBlob(t *testing.T) {
	s := openLocal(t, t.TempDir())
	inode := func(kind string) os.FileInfo {
		path, err := s.Path(mustPut(t, s, artifact(kind, large), large).Files[0])
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	if !os.SameFile(inode("one"), inode("two")) {
		t.Error("the second Put replaced the first one's blob")
	}
}

func TestWithTrace_NamesDurableSteps(t *testing.T) {
	var steps []string
	s := openLocal(t, t.TempDir(), store.WithTrace(func(step string) { steps = append(steps, step) }))
	mustPut(t, s, artifact("probe", small, large), small, large)
	if _, err := s.PutOriginal(t.Context(), strings.NewReader(small)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, " "); got != "blob blob record original" {
		t.Errorf("steps: %s", got)
	}
}

// leftovers lists the store's scratch directory.
func leftovers(t testing.TB, dir string) []string {
	t.Helper()
	var left []string
	err := filepath.WalkDir(filepath.Join(dir, "scratch"), func(path string, d fs.DirEntry, err error) error {
		left = append(left, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left[1:]
}

var _ Store = (*store.Local)(nil)

// A job that reads an original checks that it does not change meanwhile.
func TestOriginal_StaysAsItIsWhenStoredAgain(t *testing.T) {
	s := openLocal(t, t.TempDir())
	first, err := s.PutOriginal(t.Context(), strings.NewReader("a recording"))
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.Original(first.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	assertSame := func(how string) {
		t.Helper()
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
			t.Errorf("%s: the original is another file or has another time: %v", how, err)
		}
	}
	if _, err := s.PutOriginal(t.Context(), strings.NewReader("a recording")); err != nil {
		t.Fatal(err)
	}
	assertSame("written again")
	dir, release, err := s.Scratch("upload")
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(dir, "again.mp4")
	if err := os.WriteFile(again, []byte("a recording"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.MoveOriginal(again, first); err != nil {
		t.Fatal(err)
	}
	assertSame("moved again")
	if err := release(); err != nil {
		t.Error(err)
	}
}
