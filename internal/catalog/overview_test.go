package catalog_test

import (
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

func TestOverviews(t *testing.T) {
	ctx := t.Context()
	c, err := catalog.Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var told []string
	c.OnChange(func(slug string) { told = append(told, slug) })

	s := catalog.Submission{Pipeline: "talk", Facts: conference.Facts{
		Talk:       conference.Talk{Slug: "apis", Title: "Prototyping APIs", Kind: "talk", Language: "en", Speakers: []string{"Ada"}},
		Recordings: []conference.Recording{{SHA256: "1", Size: 1, Name: "a.mkv"}},
		Tracks:     []conference.Track{{Language: "en", Kind: conference.Authored, State: conference.TrackApproved}},
	}}
	if _, err := c.Save(ctx, "ada", s); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Edit(ctx, "ada", "apis", func(s *catalog.Submission) error { s.Facts.Talk.Title = "APIs"; return nil }); err != nil {
		t.Fatal(err)
	}
	run, err := c.BeginRun(ctx, "apis", "serve")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.RecordSlots(ctx, run, []catalog.SlotResult{
		{Slot: "encode/480/r1/0", State: catalog.SlotRan}, {Slot: "encode/480/r1/1", State: catalog.SlotRan}, {Slot: "audio", State: catalog.SlotWaiting},
	}); err != nil {
		t.Fatal(err)
	}

	all, err := c.Overviews(ctx, "apis")
	if err != nil || len(all) != 1 {
		t.Fatalf("overviews: %v, %v", all, err)
	}
	o := all[0]
	if o.Title != "APIs" || o.Recordings != 1 || !o.BuildPending || !o.Published.Equal(time.Time{}) || len(o.Tracks) != 1 {
		t.Errorf("the talk is shown as %+v", o)
	}
	stages := map[string]int{}
	for _, s := range o.Stages {
		stages[s.Stage+" "+string(s.State)] = s.Count
	}
	if stages["encode ran"] != 2 || stages["audio waiting"] != 1 {
		t.Errorf("its stages are %v", stages)
	}
	if none, err := c.Overviews(ctx, "nothing"); err != nil || len(none) != 0 {
		t.Errorf("a talk that is not there: %v, %v", none, err)
	}
	if len(told) < 2 || told[0] != "apis" {
		t.Errorf("told of changes to %q", told)
	}
}
