package catalog_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

// openOld opens a catalog made from a dump in testdata.
func openOld(t *testing.T, dump string) *catalog.Catalog {
	t.Helper()
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join("testdata", dump))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(script)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

func TestOpen_DataDirectoryOfSchema6(t *testing.T) {
	c, ctx := openOld(t, "catalog-v6.sql"), t.Context()
	recording, file := strings.Repeat("a", 64), strings.Repeat("b", 64)
	s := must(c.Talk(ctx, "loops"))
	source := &conference.SourceFile{SHA256: file, Size: 9, Format: "srt", Encoding: "utf-8", Diagnostics: conference.Diagnostics{
		Notes: 1, Codes: map[string]int{"blank": 1},
		List: []conference.Diagnostic{{Line: 3, Severity: "note", Code: "blank", Message: "an empty line"}},
	}}
	want := catalog.Submission{Out: "/srv/bundles", Pipeline: "talk", PipelineText: "stages: []", Facts: conference.Facts{
		Talk: conference.Talk{
			Slug: "loops", Title: "About Loops", Titles: map[string]string{"es": "Sobre bucles"}, Kind: "talk", Speakers: []string{"Ada"},
			Language: "en", Length: 30 * time.Minute, Chapters: []conference.Chapter{{At: time.Minute, Title: "First"}},
		},
		Conference: conference.Conference{Name: "Conf"},
		Recordings: []conference.Recording{{SHA256: recording, Size: 7, Name: "talk.mp4"}},
		Cut:        []conference.KeptRange{{Recording: 1, From: time.Second, To: 2 * time.Second}},
		Channels:   conference.ChannelsLeft,
		Processing: conference.ProcessingOptions{
			HighPass: 80, VideoStream: 2, SideStream: 1, MainShare: 60, AllowNoAudio: true, AllowNoVideo: true,
			Floor: conference.AudioSource{Stream: 2},
		},
		Tracks: []conference.Track{{
			Language: "en", Kind: conference.Authored, State: "approved", Revision: 1, File: "talk.srt", Source: source,
			Cues: []conference.Cue{{
				ID: "c0001", Start: time.Second, End: 2 * time.Second, Text: "Hello.", Position: 8,
				Spans: []conference.Span{{From: 0, To: 5, Italic: true}},
			}},
		}},
		Salts: map[string]int{"1080": 2},
	}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("Talk = %+v\nwant %+v", s, want)
	}

	if b := must(c.BuildRequest(ctx, "loops")); !b.Pending() || b.Built != 1 || b.Outcome != "no room" || b.Priority != 2 {
		t.Errorf("BuildRequest = %+v", b)
	}
	if p := must(c.Scheduling(ctx, "loops")); p.GUID != "g" || p.Room != "1" || p.Embargo.Unix() != 1700009999 {
		t.Errorf("Scheduling = %+v", p)
	}
	edition := strings.Repeat("e", 64)
	if e := must(c.Edition(ctx, edition)); e.Recordings[0] != recording {
		t.Errorf("Edition = %+v", e)
	}
	if id, ok, err := c.BoundEdition(ctx, "loops", "en", file); id != edition || !ok || err != nil {
		t.Errorf("BoundEdition = %q, %t, %v", id, ok, err)
	}
	if p, ok, err := c.LastPublication(ctx, "loops"); p.Edition != edition || len(p.Keys) != 2 || !ok || err != nil {
		t.Errorf("LastPublication = %+v, %t, %v", p, ok, err)
	}
	runs := must(c.LastRuns(ctx, "loops", 9))
	if len(runs) != 1 || len(runs[0].Slots) != 2 || runs[0].Slots[0].State != catalog.SlotRan || runs[0].Slots[1].State != catalog.SlotFailed {
		t.Fatalf("LastRuns = %+v", runs)
	}
	if f := runs[0].Slots[1].Failure; !f.MachineFault || f.MismatchedRendition != "1080" {
		t.Errorf("its failure is %+v", f)
	}
	if a := must(c.Arrival(ctx, "up1")); a.State != catalog.ArrivalAssigned || a.Length != time.Minute || string(a.Findings) != `{"x":"y"}` || a.Talks[0] != "loops" {
		t.Errorf("Arrival = %+v", a)
	}
	if h := must(c.TranslationHistory(ctx, "loops", "es")); len(h) != 2 || h[1].State != "approved" || h[1].Why != "approved" {
		t.Errorf("TranslationHistory = %+v", h)
	}
	if claim := must(c.ActiveClaim(ctx, "loops", "es")); claim.Who != "tina" {
		t.Errorf("ActiveClaim = %+v", claim)
	}
	if l := must(c.LinkByHash(ctx, []byte("hash"))); l.Kind != catalog.LinkReusable || l.Role != access.Speaker || l.CreatedBy != "olga" {
		t.Errorf("LinkByHash = %+v", l)
	}
	if g := must(c.SessionGrant(ctx, []byte("session"))); g.Name != "Ada" {
		t.Errorf("SessionGrant = %+v", g)
	}
	if r, ok, err := c.LastReview(ctx, "loops"); r.Verdict != catalog.ReviewRejected || r.Comment != "No sound." || !ok || err != nil {
		t.Errorf("LastReview = %+v, %t, %v", r, ok, err)
	}
	if all := must(c.ReleaseRequests(ctx)); len(all) != 1 || all[0].Bundle != "k1" || all[0].Released.IsZero() {
		t.Errorf("ReleaseRequests = %+v", all)
	}
	if all := must(c.Emails(ctx)); len(all) != 1 || all[0].DedupKey != "verdict" || all[0].Recipient != "olga@example.org" {
		t.Errorf("Emails = %+v", all)
	}
	if o := must(c.Original(ctx, action.Key(recording))); o.Path != "/srv/talk.mp4" {
		t.Errorf("Original = %+v", o)
	}
	var glossary map[string]string
	if ok, err := c.Setting(ctx, catalog.SettingGlossary, &glossary); !ok || err != nil || glossary["loop"] != "bucle" {
		t.Errorf("Setting = %v, %t, %v", glossary, ok, err)
	}
	if sum, ok, err := c.CachedHash(ctx, catalog.FileIdentity{Dev: 1, Ino: 2, Size: 7, MTimeNS: 3, CTimeNS: 4}); sum != recording || !ok || err != nil {
		t.Errorf("CachedHash = %q, %t, %v", sum, ok, err)
	}
	if all := must(c.Overviews(ctx, "loops")); len(all) != 1 || all[0].Verdict != catalog.ReviewRejected || len(all[0].Tracks) != 2 {
		t.Errorf("Overviews = %+v", all)
	}
	for _, e := range must(c.Events(ctx, "loops")) {
		if code := e.Message().Code; catalog.EventEnglish[code] == "" {
			t.Errorf("there are no words for event %d, %s with code %q", e.ID, e.What, code)
		}
	}
	s.Facts.Talk.Title = "Loops again"
	if _, err := c.Save(ctx, "olga", s); err != nil {
		t.Errorf("Save: %v", err)
	}
}
