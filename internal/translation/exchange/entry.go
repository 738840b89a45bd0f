package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/translation"
)

// entry is a unit as PO, XLIFF and CSV hold it; texts are as inline writes them.
type entry struct {
	line           int    // in the file, from 1
	context        string // which unit it is; see contextOf
	source         string
	previousSource string // what the source said, where it says something else now
	translation    string // the translation; "": there is none
	state          translation.State
	notes          []string // lines, for people and by them
	limit          string   // what a translator must keep to, for people
	details        []string
	sourceNumber   int // of its first source cue, counted from 1; 0: it has none
}

// noSource stands for the source of a cue that has none.
const noSource = "—"

// sheetEntries are a sheet's units for a file. Speed is how many characters a second can be
// read; 0: as many as you like.
func sheetEntries(s translation.Sheet, speed float64) []entry {
	all := make([]entry, len(s.Units))
	number := 1
	for n, u := range s.Units {
		all[n] = unitEntry(u, speed)
		if len(u.Source) > 0 {
			all[n].sourceNumber = number
			number += len(u.Source)
		}
	}
	return all
}

func unitEntry(u translation.Unit, speed float64) entry {
	e := entry{context: entryContext(u), previousSource: toMarkup(u.Was(), nil), state: exportedState(u), limit: readingLimit(u.Source, speed)}
	source, exact := joinCues(u.Source)
	e.source = source
	for _, c := range u.Source {
		e.details = append(e.details, sourceLine(c, exact))
	}
	if source == "" {
		e.source = noSource
		if was := strings.TrimSpace(e.previousSource); e.state == translation.Obsolete && was != "" {
			e.source = was
		}
	}
	for _, c := range u.Target {
		for _, n := range c.Notes {
			e.notes = append(e.notes, noteLines(n)...)
		}
	}
	e.addTarget(u)
	return e
}

// addTarget puts a unit's translation into its entry.
func (e *entry) addTarget(u translation.Unit) {
	var shown []conference.Cue
	for _, c := range u.Target {
		if isExported(c, len(u.Source) > 0) {
			shown = append(shown, c.Cue)
		}
	}
	said, exact := joinCues(shown)
	e.translation = said
	guesses := impliedCues(*e, u.Source, len(shown))
	var lines []string
	telling := false
	at := 0
	for _, c := range u.Target {
		base, text := translation.Cue{}, false
		if isExported(c, len(u.Source) > 0) {
			base, text = guesses[at], exact
			at++
		}
		l, tells := targetLine(c, base, text)
		lines, telling = append(lines, l), telling || tells
	}
	if telling || len(shown) != 1 {
		e.details = append(e.details, lines...)
	}
	if len(u.Target) > 0 {
		e.details = append(e.details, joinWords([]string{"seen", exportHash(said), string(e.state)}))
	}
}

// isExported reports whether a cue's text goes to a translator: what only repeats the source
// would look like a translation, and what is obsolete is none of its unit any more.
func isExported(c translation.Cue, sourced bool) bool {
	return c.State != translation.Untranslated && (c.State != translation.Obsolete || !sourced)
}

// exportedState is the state of what goes to a translator. Where only some of it is
// translated, it needs editing.
func exportedState(u translation.Unit) translation.State {
	var some, hidden translation.Unit
	for _, c := range u.Target {
		if isExported(c, len(u.Source) > 0) {
			some.Target = append(some.Target, c)
		} else if c.State == translation.Untranslated {
			hidden.Target = append(hidden.Target, c)
		}
	}
	if len(some.Target) > 0 && len(hidden.Target) > 0 {
		return translation.NeedsEditing
	}
	return some.State()
}

// noteLines are a note as people read it.
func noteLines(n translation.Note) []string {
	text := toMarkup(n.Text, nil)
	if n.Who != "" {
		text = toMarkup(n.Who, nil) + ": " + text
	}
	return strings.Split(text, "\n")
}

// entryContext names a unit by its source cues, or by "+", its cue and the cue's time.
func entryContext(u translation.Unit) string {
	var words []string
	for _, c := range u.Source {
		words = append(words, c.ID)
	}
	if len(u.Source) > 0 {
		return joinWords(words)
	}
	return "+ " + joinWords(append([]string{u.Target[0].ID}, formatRange(u.Target[0].Cue)...))
}

// impliedCues is what goes without saying of so many translated cues of an entry.
func impliedCues(e entry, source []conference.Cue, cues int) []translation.Cue {
	all := make([]translation.Cue, cues)
	for n := range all {
		c := &all[n]
		c.State = translation.Draft
		switch e.state {
		case translation.NeedsEditing:
			c.State, c.PreviousState = translation.NeedsEditing, translation.Draft
			c.PreviousSource, _ = parseMarkup(e.previousSource)
		case translation.Obsolete:
			c.State, c.PreviousState = translation.Obsolete, translation.Draft
			if e.source != noSource {
				c.PreviousSource, _ = parseMarkup(e.source)
			}
		}
		for _, s := range source {
			c.SourceIDs = append(c.SourceIDs, s.ID)
		}
		c.SourceHash = hashSources(c.SourceIDs, source)
		if c.State == translation.NeedsEditing {
			c.SourceHash = ""
			if c.PreviousSource != "" {
				c.SourceHash = translation.HashText(c.PreviousSource)
			}
		}
		switch {
		case len(source) == 0 && n == 0:
			c.Cue, _ = parseAddedCue(e.context)
		case len(source) == cues:
			c.ID, c.Start, c.End, c.Position = source[n].ID, source[n].Start, source[n].End, source[n].Position
		case len(source) > 0 && cues == 1:
			c.ID, c.Position = source[0].ID, source[0].Position
			c.Start, c.End = timeSpan(source)
		}
	}
	return all
}

// parseAddedCue is the cue without a source that a context names.
func parseAddedCue(context string) (c conference.Cue, ok bool) {
	words := splitWords(context)
	if len(words) < 2 || words[0] != "+" {
		return c, false
	}
	c.ID = words[1]
	_, ok = parseRange(&c, words[2:])
	return c, ok
}

// hashSources is the hash of those of source that ids name; "" for none.
func hashSources(ids []string, source []conference.Cue) string {
	var of []conference.Cue
	for _, c := range source {
		if slices.Contains(ids, c.ID) {
			of = append(of, c)
		}
	}
	if len(of) == 0 {
		return ""
	}
	return translation.HashText(translation.JoinText(of))
}

// exportHash tells whether a translation is the one that was handed out: its cues, their texts
// and looks.
func exportHash(said string) string {
	sum := sha256.New()
	for _, piece := range splitCues(said) {
		text, spans := parseMarkup(piece)
		fmt.Fprintf(sum, "%q%v", text, spans)
	}
	return hex.EncodeToString(sum.Sum(nil)[:4])
}

// timeSpan is when the first of cues begins and the last one ends.
func timeSpan(cues []conference.Cue) (start, end time.Duration) {
	start, end = cues[0].Start, cues[0].End
	for _, c := range cues {
		start, end = min(start, c.Start), max(end, c.End)
	}
	return start, end
}

// readingLimit is how long a unit is shown and how much of it can be read in that time.
func readingLimit(source []conference.Cue, speed float64) string {
	var length time.Duration
	for _, c := range source {
		length += c.End - c.Start
	}
	switch {
	case length <= 0:
		return ""
	case speed <= 0:
		return fmt.Sprintf("%.1f s", length.Seconds())
	}
	return fmt.Sprintf("%.1f s: at most %d characters", length.Seconds(), int(math.Floor(speed*length.Seconds())))
}
