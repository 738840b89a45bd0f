package catalog_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

func TestEditions_UploadBinding(t *testing.T) {
	c := open(t, t.TempDir())
	first := conference.Edition{ID: "e1", Recordings: []string{"a"}, Programme: timeline.Programme{
		Rate: timeline.Rate{Num: 30000, Den: 1001}, Opening: 90, Kept: []timeline.Range{{From: 3, To: 700}}}}
	second := first
	second.ID, second.Programme.Opening = "e2", 0
	for range 2 {
		for _, e := range []conference.Edition{first, second} {
			if err := c.SaveEdition(t.Context(), "talk", e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := must(c.Edition(t.Context(), "e1")); !reflect.DeepEqual(got, first) {
		t.Errorf("Edition = %+v", got)
	}
	if _, err := c.Edition(t.Context(), "e3"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("an edition that was not saved: %v", err)
	}
	forged := second
	forged.ID = "e1"
	if err := c.SaveEdition(t.Context(), "talk", forged); err == nil {
		t.Error("an edition was replaced")
	}

	for _, bind := range []struct{ language, sha256, edition, want string }{
		{"en", "x", "e1", "e1"},
		{"en", "x", "e2", "e1"}, // the same file again, after a re-cut
		{"en", "y", "e2", "e2"},
		{"es", "x", "e2", "e2"},
	} {
		if got := must(c.BindUpload(t.Context(), "talk", bind.language, bind.sha256, bind.edition)); got != bind.want {
			t.Errorf("%+v: bound to %s", bind, got)
		}
	}
	if _, err := c.BindUpload(t.Context(), "talk", "en", "z", "e3"); err == nil {
		t.Error("bound to an edition that was not saved")
	}
	var what []string
	for _, e := range must(c.Events(t.Context(), "talk")) {
		what = append(what, e.What)
	}
	if want := []string{"edition", "edition", "upload.en", "upload.en", "upload.es"}; !slices.Equal(what, want) {
		t.Errorf("events %q, want %q", what, want)
	}
}

func TestPublications(t *testing.T) {
	c := open(t, t.TempDir())
	must(c.Save(t.Context(), "ada", edited("one", 1)))
	must(c.Save(t.Context(), "ada", edited("two", 1)))
	if _, ok, err := c.LastPublication(t.Context(), "one"); ok || err != nil {
		t.Errorf("published before it was: %v, %v", ok, err)
	}
	at := time.UnixMilli(1_700_000_000_123)
	last := catalog.Publication{Edition: "e2", Dir: "/out/one", Keys: []action.Key{"b", "c"}, At: at}
	again := last
	again.At = at.Add(time.Hour)
	for _, publication := range []struct {
		slug string
		p    catalog.Publication
	}{
		{"one", catalog.Publication{Edition: "e1", Dir: "/out/one", Keys: []action.Key{"a", "b"}, At: at}},
		{"two", catalog.Publication{Edition: "e9", Dir: "/out/two", Keys: []action.Key{"c", "z"}}},
		{"one", last},
		{"one", again},
	} {
		if err := c.RecordPublication(t.Context(), publication.slug, publication.p); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok, err := c.LastPublication(t.Context(), "one"); err != nil || !ok || !reflect.DeepEqual(got, last) {
		t.Errorf("Published = %+v, %v, %v, want %+v", got, ok, err, last)
	}
	if got := must(c.AllPublishedKeys(t.Context())); !slices.Equal(got, []action.Key{"b", "c", "z"}) {
		t.Errorf("keys %q", got)
	}
	if got := must(c.Talks(t.Context())); !got[0].Published.Equal(at) || time.Since(got[1].Published) > time.Minute {
		t.Errorf("Talks = %+v", got)
	}
}

func TestRuns(t *testing.T) {
	c := open(t, t.TempDir())
	slots := slotsFor(3)
	slots[1].State, slots[1].Failure = catalog.SlotFailed, &action.Failure{Slot: slots[1].Slot, Message: "exit status 1", Command: []string{"ffmpeg"}}
	slots[2].State = catalog.SlotWaiting

	first := must(c.BeginRun(t.Context(), "talk", "lectern run"))
	if err := c.RecordSlots(t.Context(), first, slots); err != nil {
		t.Fatal(err)
	}
	done := slots[2]
	done.State, done.Attempts, done.Preimage = catalog.SlotRan, 2, nil // the preimage is known
	if err := c.RecordSlots(t.Context(), first, []catalog.SlotResult{done}); err != nil {
		t.Fatal(err)
	}
	if err := c.EndRun(t.Context(), first, "failed"); err != nil {
		t.Fatal(err)
	}
	second := must(c.BeginRun(t.Context(), "talk", "lectern run --cut"))
	other := must(c.BeginRun(t.Context(), "other", "lectern run"))
	for _, run := range []int64{second, other} {
		if err := c.RecordSlots(t.Context(), run, slots[:1]); err != nil {
			t.Fatal(err)
		}
	}

	runs := must(c.LastRuns(t.Context(), "talk", 5))
	if len(runs) != 2 || runs[0].ID != second || runs[1].Outcome != "failed" || !runs[0].Ended.IsZero() || runs[1].Ended.IsZero() {
		t.Fatalf("LastRuns = %+v", runs)
	}
	done.Preimage = slots[2].Preimage
	if want := []catalog.SlotResult{slots[0], slots[1], done}; !reflect.DeepEqual(runs[1].Slots, want) {
		t.Errorf("slots %+v\nwant %+v", runs[1].Slots, want)
	}
	if err := c.RecordSlots(t.Context(), 999, slots); err == nil {
		t.Error("recorded slots of no run")
	}

	if err := c.PruneRuns(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	runs = append(must(c.LastRuns(t.Context(), "talk", 5)), must(c.LastRuns(t.Context(), "other", 5))...)
	if len(runs) != 2 || runs[0].ID != second || runs[1].ID != other {
		t.Fatalf("left are %+v", runs)
	}
	for _, run := range runs {
		if !reflect.DeepEqual(run.Slots, slots[:1]) {
			t.Errorf("slots of run %d: %+v", run.ID, run.Slots)
		}
	}
}

func TestCachedHash(t *testing.T) {
	c := open(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "talk.mp4")
	if err := os.WriteFile(file, []byte("take 1"), 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := catalog.IdentityOf(must(os.Stat(file)))
	if fresh.Ino == 0 || fresh.Dev == 0 || fresh.Size != 6 || fresh.MTimeNS == 0 || fresh.CTimeNS == 0 {
		t.Fatalf("identity %+v", fresh)
	}
	fresh.CTimeNS = time.Now().UnixNano() // it changed this very moment
	id := fresh
	id.CTimeNS -= int64(time.Hour)
	id.Dev = 1<<64 - 1
	for _, set := range []struct {
		id   catalog.FileIdentity
		hash string
		kept bool
	}{{fresh, "h0", false}, {id, "h1", true}, {id, "h2", true}} {
		if err := c.CacheHash(t.Context(), set.id, set.hash); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := c.CachedHash(t.Context(), set.id); err != nil || ok != set.kept || ok && got != set.hash {
			t.Errorf("after %+v: %q, %v, %v", set, got, ok, err)
		}
	}
	for name, change := range map[string]func(*catalog.FileIdentity){
		"device": func(id *catalog.FileIdentity) { id.Dev-- },
		"inode":  func(id *catalog.FileIdentity) { id.Ino++ },
		"size":   func(id *catalog.FileIdentity) { id.Size++ },
		"mtime":  func(id *catalog.FileIdentity) { id.MTimeNS++ },
		"ctime":  func(id *catalog.FileIdentity) { id.CTimeNS++ },
	} {
		changed := id
		change(&changed)
		if _, ok, err := c.CachedHash(t.Context(), changed); ok || err != nil {
			t.Errorf("another %s: %v, %v", name, ok, err)
		}
	}
}
