package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// firstMigrations returns the first n migrations, followed by others.
func firstMigrations(t *testing.T, n int, more ...string) fs.FS {
	t.Helper()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	steps := fstest.MapFS{}
	for _, file := range files[:n] {
		b, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		steps[file] = &fstest.MapFile{Data: b}
	}
	for i, sql := range more {
		steps[fmt.Sprintf("migrations/%04d_more.sql", n+i+1)] = &fstest.MapFile{Data: []byte(sql)}
	}
	return steps
}

// withCatalog calls do with the catalog in dir, as a version of Lectern with those migrations
// opens it.
func withCatalog(t *testing.T, dir string, steps fs.FS, do func(*Catalog) error) error {
	t.Helper()
	c, err := open(t.Context(), dir, steps)
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.Close())
}

func TestMigrate_KeepsData(t *testing.T) {
	dir := t.TempDir()
	before := Submission{Out: "/out", Facts: conference.Facts{
		Talk: conference.Talk{Slug: "talk", Title: "Old"},
		Tracks: []conference.Track{{
			Language: "en", Kind: conference.Authored, State: "approved", Revision: 1, File: "talk.srt",
			Cues: []conference.Cue{{ID: "1", End: 5, Text: "hello"}},
		}},
	}}
	err := withCatalog(t, dir, firstMigrations(t, 1), func(c *Catalog) error { // as the first Lectern wrote it
		_, err := c.write.ExecContext(t.Context(), `
			INSERT INTO talks VALUES ('talk', '{"slug":"talk","title":"Old"}', 'null', '', '/out', '', '', 1, 1);
			INSERT INTO revisions VALUES ('talk', 'en', 1, 'digest', '[{"id":"1","start":0,"end":5,"text":"hello"}]', 1);
			INSERT INTO tracks VALUES ('talk', 'en', 'authored', 'approved', 'talk.srt', 1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		c, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		after, err := c.Talk(t.Context(), "talk")
		if err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("Talk = %+v, %v, want %+v", after, err, before)
		}
		if _, err := c.BeginRun(t.Context(), "talk", "run"); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMigrate_FailureChangesNothing(t *testing.T) {
	dir := t.TempDir()
	nothing := func(*Catalog) error { return nil }
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	all := len(files)
	if err := withCatalog(t, dir, firstMigrations(t, all), nothing); err != nil {
		t.Fatal(err)
	}
	err = withCatalog(t, dir, firstMigrations(t, all, `CREATE TABLE half (x); CREATE TABLE talks (x);`), nothing)
	if err == nil || !strings.Contains(err.Error(), "_more.sql") {
		t.Fatalf("the failing migration: %v", err)
	}
	if err := withCatalog(t, dir, firstMigrations(t, all, `CREATE TABLE half (x);`), nothing); err != nil {
		t.Errorf("its first half was kept: %v", err)
	}
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a database of a newer version: %v", err)
	}
}

func TestSave_FullDisk(t *testing.T) {
	c, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	limit := func(pages int) {
		if _, err := c.write.ExecContext(t.Context(), fmt.Sprint("PRAGMA max_page_count = ", pages)); err != nil {
			t.Fatal(err)
		}
	}
	s := Submission{Facts: conference.Facts{Talk: conference.Talk{Slug: "talk", Title: "Small"}}}
	small, err := c.Save(t.Context(), "ada", s)
	if err != nil {
		t.Fatal(err)
	}
	limit(1) // no page more than there are
	s.Facts.Talk.Abstract = strings.Repeat("long ", 10_000)
	if _, err := c.Save(t.Context(), "ada", s); inputerr.As(err) == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("Save on a full disk: %v", err)
	}
	if got, err := c.Talk(t.Context(), "talk"); err != nil || !reflect.DeepEqual(got, small) {
		t.Errorf("Talk = %+v, %v, want %+v", got, err, small)
	}
	limit(1 << 20)
	if _, err := c.Save(t.Context(), "ada", s); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
