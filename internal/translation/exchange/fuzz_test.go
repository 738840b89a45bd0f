package exchange

import (
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// Any file is read, or refused with its name and what to do.
func FuzzRead(f *testing.F) {
	source, cues := oddTranslation()
	for n, x := range testFormats {
		f.Add(n, []byte(x.export(f, sheetOf(source, cues))))
		f.Add(n, []byte(x.export(f, sheetOf(source, nil))))
	}
	f.Add(0, []byte("#~| msgid \"a\"\n#~ msgctxt \"+ \"\n#~ msgid \"b\"\n#~ msgstr \"c\"\n"))
	f.Add(1, []byte("<xliff><file><unit name=\"c0001\"><segment><target><sc id=\"1\" subType=\"xlf:i\"/>a<ec startRef=\"1\"/></target></segment></unit></file></xliff>"))
	f.Fuzz(func(t *testing.T, n int, data []byte) {
		x := testFormats[uint(n)%uint(len(testFormats))]
		r, err := x.read("talk", data)
		if err == nil {
			_, _, err = r.Merge(source, cues)
		}
		if problem := inputerr.As(err); err != nil && (problem == nil || problem.File == "" || problem.Remedy == "") {
			t.Errorf("it says %v", err)
		}
	})
}

// Any text of a cue comes back unchanged.
func FuzzRoundTrip(f *testing.F) {
	for _, text := range []string{"<i>a</i>", "&lt;<b>", " a\n\nb ", "\x00\xff", "=1+1", "'=1", "''", "\u00a0a", "a\r\nb", `"\`, "]]>", "[…]", "—", "", "#~ a", "\ufeffa", "c0001\u2028"} {
		f.Add(text, "two", uint8(3), uint8(0))
		f.Add("one", text, uint8(1), uint8(7))
	}
	states := []translation.State{translation.Untranslated, translation.NeedsEditing, translation.Draft, translation.InReview, translation.Approved, translation.Obsolete}
	f.Fuzz(func(t *testing.T, a, b string, to, kind uint8) {
		source := translationtest.Cues("First.", "Second.", "Third.")
		source[1].Text = b // as Cues would read a number as a time
		if strings.TrimSpace(b) == "" {
			source = translationtest.Cues("First.")
		}
		cue := func(id, text string) translation.Cue {
			c := translation.Cue{Cue: conference.Cue{ID: id, Start: time.Second, End: 2 * time.Second, Text: text}, SourceIDs: []string{"c0001"}, SourceHash: translation.HashText(a), State: states[kind%6]}
			if n := int(to); n <= len(text) && n > 0 {
				c.Spans = []conference.Span{{From: 0, To: n, Bold: kind&1 > 0, Colour: "#00ff00"}}
			}
			if kind&2 > 0 {
				c.PreviousSource, c.PreviousState = b, translation.Draft
			}
			if kind&4 > 0 {
				c.Notes, c.Author = []translation.Note{{Author: b, Text: a}}, a
			}
			return c
		}
		cues := []translation.Cue{cue("x1", a)}
		if kind&8 > 0 {
			cues = append(cues, cue("x2", b))
		}
		if kind&16 > 0 {
			cues = append(cues, cue("x3", b))
			cues[len(cues)-1].SourceIDs = nil
		}
		for _, x := range testFormats {
			x.checkRoundTrip(t, source, cues)
		}
	})
}
