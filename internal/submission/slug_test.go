package submission

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

func TestChooseSlug(t *testing.T) {
	c, err := catalog.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	newSubmission := func(slug, title, cut string, recordings ...string) catalog.Submission {
		s := catalog.Submission{Out: "/out", Pipeline: "talk"}
		s.Facts.Talk = conference.Talk{Slug: slug, Title: title}
		for _, r := range recordings {
			s.Facts.Recordings = append(s.Facts.Recordings, conference.Recording{SHA256: r, Size: 1, Name: r})
		}
		for k := range strings.FieldsSeq(cut) {
			var keep conference.KeptRange
			if _, err := fmt.Sscanf(k, "%d-%d", &keep.From, &keep.To); err != nil {
				t.Fatal(err)
			}
			s.Facts.Cut = append(s.Facts.Cut, keep)
		}
		return s
	}
	for _, s := range []catalog.Submission{
		newSubmission("keynote", "Keynote", "10-20", "morning"),
		newSubmission("gophers", "On Gophers", "30-40 45-50", "morning"),
		newSubmission("split", "Split", "", "one", "two"),
	} {
		if _, err := c.Save(t.Context(), "ada", s); err != nil {
			t.Fatal(err)
		}
	}
	for what, test := range map[string]struct {
		asked catalog.Submission
		slug  string
		notes string // one word of each note
	}{
		"the same again":                   {newSubmission("", "Keynote", "10-20", "morning"), "keynote", ""},
		"another cut":                      {newSubmission("", "Keynote", "12-22", "morning"), "keynote", ""},
		"another title":                    {newSubmission("", "The keynote", "10-20", "morning"), "keynote", "until"},
		"the other talk of that recording": {newSubmission("", "On Gophers", "31-50", "morning"), "gophers", ""},
		"a third talk of that recording":   {newSubmission("", "Lunch", "60-70", "morning"), "lunch", "gophers keynote"},
		"in another order":                 {newSubmission("", "Split", "", "two", "one"), "split", ""},
		"with one recording more":          {newSubmission("", "Split", "", "one", "two", "three"), "split-2", "replace already"},
		"something else":                   {newSubmission("", "Else", "", "else"), "else", ""},
	} {
		slug, notes, err := ChooseSlug(t.Context(), c, test.asked)
		if err != nil || slug != test.slug || len(notes) != len(strings.Fields(test.notes)) {
			t.Errorf("%s: %q with notes %q, %v; want %q", what, slug, notes, err, test.slug)
			continue
		}
		for i, word := range strings.Fields(test.notes) {
			if !strings.Contains(notes[i], word) {
				t.Errorf("%s: the note %q has no %q", what, notes[i], word)
			}
		}
	}
}
