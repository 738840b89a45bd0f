package catalog_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

func TestSave_ReadBack(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "data? #1 ünï%20&_pragma=x"))
	if _, err := c.Talk(t.Context(), "talk"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a talk that was not saved: %v", err)
	}
	if must(c.SlugTaken(t.Context(), "talk")) {
		t.Error("its slug is taken")
	}

	s := edited("talk", 7)
	slices.Reverse(s.Facts.Tracks)
	s.Facts.Tracks[0].Cues[3].Line = 17 // where it stood in the file
	s.Facts.Talk.Tags = []string{}
	want := edited("talk", 7)
	want.Facts.Tracks[0].Revision, want.Facts.Tracks[1].Revision = 1, 1
	for call, got := range map[string]catalog.Submission{
		"Save": must(c.Save(t.Context(), "ada", s)),
		"Talk": must(c.Talk(t.Context(), "talk")),
	} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %+v\nwant %+v", call, got, want)
		}
	}
	if s.Facts.Tracks[0].Language != "es" || s.Facts.Tracks[0].Cues[3].Line != 17 {
		t.Error("Save changed what it was given")
	}
	if !must(c.SlugTaken(t.Context(), "talk")) {
		t.Error("its slug is free")
	}

	talks := must(c.Talks(t.Context()))
	if len(talks) != 1 || talks[0].Title != "Edit 7" || talks[0].Recordings != 2 || !slices.Equal(talks[0].Languages, []string{"en", "es"}) {
		t.Errorf("Talks = %+v", talks)
	}
}

// TestEvents_EveryChangeIsRecorded makes each edit to the result of the one before, and checks
// the events that it leaves.
func TestEvents_EveryChangeIsRecorded(t *testing.T) {
	for _, test := range []struct {
		name   string
		edit   func(*catalog.Submission)
		events []string // what: old → new
	}{
		{"nothing", func(*catalog.Submission) {}, nil},
		{"title", func(s *catalog.Submission) { s.Facts.Talk.Title = "New" },
			[]string{`talk.title: "Edit 1" → "New"`}},
		{"speakers go", func(s *catalog.Submission) { s.Facts.Talk.Speakers = nil },
			[]string{`talk.speakers: ["Ada"] → `}},
		{"cut", func(s *catalog.Submission) { s.Facts.Cut[0].From = time.Second },
			[]string{`cut: [{"recording":0,"from":0,"to":2000000000}] → [{"recording":0,"from":1000000000,"to":2000000000}]`}},
		{"channels, directory and pipeline", func(s *catalog.Submission) {
			s.Facts.Channels, s.Out, s.Pipeline, s.PipelineText = conference.ChannelsLeft, "/other", "tutorial", "x: y"
		}, []string{`channels: "auto" → "left"`, `out: "/out" → "/other"`, `pipeline: "talk" → "tutorial"`, `pipeline_text: "stages: []" → "x: y"`}},
		{"a salt rises", func(s *catalog.Submission) { s.Facts.Salts["1080"] = 5 },
			[]string{`salt.1080: 2 → 5`}},
		{"a salt never falls", func(s *catalog.Submission) { s.Facts.Salts = nil }, nil},
		{"a recording is renamed", func(s *catalog.Submission) {
			s.Facts.Recordings = s.Facts.Recordings[:1]
			s.Facts.Recordings[0].Name = "c.mp4"
		},
			[]string{`recordings: [{"sha256":"` + edited("", 1).Facts.Recordings[0].SHA256 + `","size":1,"name":"b.mp4"},{"sha256":"` +
				edited("", 1).Facts.Recordings[1].SHA256 + `","size":1,"name":"a.mp4"}] → [{"sha256":"` +
				edited("", 1).Facts.Recordings[0].SHA256 + `","size":1,"name":"c.mp4"}]`}},
		{"a cue is corrected", func(s *catalog.Submission) { s.Facts.Tracks[0].Cues[1].Text = "typo gone" },
			[]string{`track.en: {"kind":"authored","state":"approved","revision":1,"file":"talk.srt"} → {"kind":"authored","state":"approved","revision":2,"file":"talk.srt"}`}},
		{"the same cues from another file", func(s *catalog.Submission) { s.Facts.Tracks[0].File = "final.srt" },
			[]string{`track.en: {"kind":"authored","state":"approved","revision":1,"file":"talk.srt"} → {"kind":"authored","state":"approved","revision":1,"file":"final.srt"}`}},
		{"the same cues with other ids", func(s *catalog.Submission) { s.Facts.Tracks[0].Cues[1].ID = "other" }, nil},
		{"a language goes", func(s *catalog.Submission) { s.Facts.Tracks = s.Facts.Tracks[:1] },
			[]string{`track.es: {"kind":"translation","state":"approved","revision":1,"file":"talk.es.srt"} → `}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, t.TempDir())
			must(c.Save(t.Context(), "ada", edited("talk", 1)))
			before := must(c.Events(t.Context(), "talk"))
			s := must(c.Talk(t.Context(), "talk"))
			test.edit(&s)
			saved := must(c.Save(t.Context(), "grace", s))
			if got := must(c.Talk(t.Context(), "talk")); !reflect.DeepEqual(got, saved) {
				t.Errorf("Talk = %+v\nSave gave %+v", got, saved)
			}
			var got []string
			for _, e := range must(c.Events(t.Context(), "talk"))[len(before):] {
				got = append(got, e.What+": "+string(e.Old)+" → "+string(e.New))
				if e.Who != "grace" || time.Since(e.At).Abs() > time.Minute {
					t.Errorf("event by %s at %s", e.Who, e.At)
				}
			}
			if !slices.Equal(got, test.events) {
				t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.events, "\n"))
			}
		})
	}
}

func TestSave_UnchangedWritesNothing(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	s := must(c.Save(t.Context(), "ada", edited("talk", 1)))
	conn, err := raw(t, dir).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	version := func() (v int) { // rises with every write of another connection
		if err := conn.QueryRowContext(t.Context(), `PRAGMA data_version`).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	before := version()
	must(c.Save(t.Context(), "grace", s))
	must(c.Save(t.Context(), "grace", edited("talk", 1)))
	if version() != before {
		t.Error("saving the same wrote something")
	}
	must(c.Save(t.Context(), "grace", edited("talk", 2)))
	if version() == before {
		t.Error("a new edit wrote nothing")
	}
}

// TestSave_StyleChangeMakesRevision checks that a change of style alone makes a revision, and
// one of ids alone does not.
func TestSave_StyleChangeMakesRevision(t *testing.T) {
	c := open(t, t.TempDir())
	s := edited("talk", 1)
	revision := func() int { return must(c.Save(t.Context(), "ada", s)).Facts.Tracks[0].Revision }
	first := revision()
	s.Facts.Tracks[0].Cues[0].ID += "x"
	if n := revision(); n != first {
		t.Errorf("another id made revision %d", n)
	}
	s.Facts.Tracks[0].Cues[0].Spans = []conference.Span{{From: 0, To: 1, Italic: true}}
	if n := revision(); n != first+1 {
		t.Errorf("italics are in revision %d, want %d", n, first+1)
	}
	s.Facts.Tracks[0].Cues[0].Position = 8
	if n := revision(); n != first+2 {
		t.Errorf("another place is in revision %d, want %d", n, first+2)
	}
}

func TestLastCues_ReturnsEveryIDUsed(t *testing.T) {
	c := open(t, t.TempDir())
	s := edited("talk", 1)
	language := s.Facts.Tracks[0].Language
	if last, used, err := c.LastCues(t.Context(), "talk", language); err != nil || last != nil || used != nil {
		t.Errorf("before anything was saved: %v, %v, %v", last, used, err)
	}
	for _, id := range []string{"c0001", "c0009", "c0002"} {
		s.Facts.Tracks[0].Cues = []conference.Cue{{ID: id, End: time.Second, Text: "in " + id}}
		must(c.Save(t.Context(), "ada", s))
	}
	last, used, err := c.LastCues(t.Context(), "talk", language)
	if err != nil || !slices.Equal(used, []string{"c0001", "c0002", "c0009"}) || len(last) != 1 || last[0].ID != "c0002" {
		t.Errorf("last %v, used %v, %v", last, used, err)
	}
}

func TestRevisions_KeepCounting(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	var numbers []int
	withoutSpanish := edited("talk", 1)
	withoutSpanish.Facts.Tracks = withoutSpanish.Facts.Tracks[:1]
	for _, s := range []catalog.Submission{edited("talk", 1), edited("talk", 2), withoutSpanish, edited("talk", 2), edited("talk", 1)} {
		n := 0
		if tracks := must(c.Save(t.Context(), "ada", s)).Facts.Tracks; len(tracks) == 2 {
			n = tracks[1].Revision
		}
		numbers = append(numbers, n)
	}
	if want := []int{1, 2, 0, 2, 3}; !slices.Equal(numbers, want) {
		t.Errorf("revisions %v, want %v", numbers, want)
	}
	db := raw(t, dir)
	var kept int
	if err := db.QueryRow(`SELECT count(*) FROM revisions WHERE language = 'es'`).Scan(&kept); err != nil || kept != 3 {
		t.Errorf("%d revisions are kept, %v", kept, err)
	}
	for _, harm := range []string{`DELETE FROM revisions`, `UPDATE revisions SET cues = '[]'`} {
		if _, err := db.Exec(harm); err == nil || !strings.Contains(err.Error(), "a revision") {
			t.Errorf("%s: %v", harm, err)
		}
	}
}

// raw opens the database of a catalog.
func raw(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSave_RejectedSubmissionWritesNothing(t *testing.T) {
	c := open(t, t.TempDir())
	nameless := edited("", 1)
	twice := edited("talk", 1)
	twice.Facts.Tracks[1].Language = "en"
	for name, s := range map[string]catalog.Submission{"no slug": nameless, "a language twice": twice} {
		if _, err := c.Save(t.Context(), "ada", s); err == nil {
			t.Errorf("%s: saved", name)
		}
	}
	if talks := must(c.Talks(t.Context())); len(talks) != 0 {
		t.Errorf("Talks = %+v", talks)
	}
}

func TestIncrementSalt(t *testing.T) {
	c := open(t, t.TempDir())
	if _, err := c.IncrementSalt(t.Context(), "nobody", "720"); err == nil {
		t.Error("raised a salt of no talk")
	}
	s := edited("talk", 1)
	must(c.Save(t.Context(), "ada", s))
	for want := 1; want <= 2; want++ {
		if got := must(c.IncrementSalt(t.Context(), "talk", "720")); got != want {
			t.Errorf("RaiseSalt = %d, want %d", got, want)
		}
	}
	s.Facts.Salts = nil // the command line names none
	if got, want := must(c.Save(t.Context(), "ada", s)).Facts.Salts, map[string]int{"720": 2, "1080": 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("salts %v, want %v", got, want)
	}
}

func TestTalksIn(t *testing.T) {
	c := open(t, t.TempDir())
	submit := func(slug, out string, cut []conference.KeptRange, recordings ...string) {
		s := edited(slug, 1)
		s.Out, s.Facts.Recordings, s.Facts.Cut = out, nil, cut
		s.Facts.Talk.Title = "All about " + slug
		for _, r := range recordings {
			s.Facts.Recordings = append(s.Facts.Recordings, conference.Recording{SHA256: r})
		}
		must(c.Save(t.Context(), "ada", s))
	}
	cut := []conference.KeptRange{{From: time.Second, To: time.Minute}}
	submit("one", "/out", nil, "b", "a")
	submit("elsewhere", "/other", nil, "a")
	submit("two", "/out", cut, "a", "a")
	want := []catalog.TalkLocation{
		{"two", "All about two", []string{"a", "a"}, cut},
		{"one", "All about one", []string{"b", "a"}, nil},
	}
	got := must(c.TalksIn(t.Context(), "/out"))
	for i := range got {
		if len(got[i].Cut) == 0 {
			got[i].Cut = nil
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("talks %+v, want %+v", got, want)
	}
	if got := must(c.TalksIn(t.Context(), "/nowhere")); len(got) > 0 {
		t.Errorf("talks %+v where there is none", got)
	}
}
