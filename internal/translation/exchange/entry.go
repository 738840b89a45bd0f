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

// entry is a unit as the formats hold it. Its texts contain markup; see [toMarkup].
type entry struct {
	line           int    // in the file, from 1
	context        string // the unit's name; see entryContext
	source         string
	previousSource string // source text at translation time, if it has changed since
	translation    string // "" if there is none
	state          translation.State
	notes          []string // lines of comments by people
	limit          string   // reading limit, for people
	details        []string
	references     int  // places that the file says the source is at
	repeats        bool // it is a copy of the entry before, for another of its references
	sourceNumber   int  // of its first source cue, from 1; 0 if it has none
}

// noSource is the source text of units without a source: the formats need one.
const noSource = "—"

// sheetEntries returns a sheet's units as entries. speed is how many characters a second can be
// read, for the limits that translators see; 0 stands for no limit.
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
	e := entry{context: entryContext(u), previousSource: toMarkup(u.PreviousSource(), nil), state: exportedState(u), limit: readingLimit(u.Source, speed)}
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

// addTarget sets the entry's translation, and adds the details that restore its cues when the file
// is read back.
func (e *entry) addTarget(u translation.Unit) {
	var exported []conference.Cue
	for _, c := range u.Target {
		if isExported(c, len(u.Source) > 0) {
			exported = append(exported, c.Cue)
		}
	}
	text, exact := joinCues(exported)
	e.translation = text
	implied := impliedCues(*e, u.Source, len(exported))
	var lines []string
	needed := false
	n := 0
	for _, c := range u.Target {
		base, exactText := translation.Cue{}, false
		if isExported(c, len(u.Source) > 0) {
			base, exactText = implied[n], exact
			n++
		}
		l, lineNeeded := targetLine(c, base, exactText)
		lines, needed = append(lines, l), needed || lineNeeded
	}
	if needed || len(exported) != 1 {
		e.details = append(e.details, lines...)
	}
	if len(u.Target) > 0 {
		e.details = append(e.details, joinWords([]string{"seen", exportHash(text), string(e.state)}))
	}
}

// isExported reports whether translators see a cue's text. They do not see an untranslated one,
// since a copy of the source would look like a translation, nor an obsolete one if its unit has a
// source (sourced).
func isExported(c translation.Cue, sourced bool) bool {
	return c.State != translation.Untranslated && (c.State != translation.Obsolete || !sourced)
}

// exportedState returns the state of the exported cues of a unit. A unit of which only some cues
// are translated needs editing.
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

// noteLines returns a note, after its author's name, as lines with markup.
func noteLines(n translation.Note) []string {
	text := toMarkup(n.Text, nil)
	if n.Author != "" {
		text = toMarkup(n.Author, nil) + ": " + text
	}
	return strings.Split(text, "\n")
}

// entryContext returns the unique name of a unit's entry: the ids of its source cues, or "+" with
// the id and times of a cue without a source.
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

// impliedCues returns translated cues, as many as cues says, with the ids, times, states and
// sources that follow from the entry e and its source cues. Details have only what differs from
// these.
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

// parseAddedCue returns the cue without a source that an entry's context names, with its id and
// times. ok is false if it names none.
func parseAddedCue(context string) (c conference.Cue, ok bool) {
	words := splitWords(context)
	if len(words) < 2 || words[0] != "+" {
		return c, false
	}
	c.ID = words[1]
	_, ok = parseRange(&c, words[2:])
	return c, ok
}

// hashSources returns the hash of the texts of the source cues with these ids, or "" if there
// are none.
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

// exportHash returns a hash of the texts and styles of a unit's translation. When the file is read
// back, it shows whether a translator changed them.
func exportHash(said string) string {
	sum := sha256.New()
	for _, piece := range splitCues(said) {
		text, spans := parseMarkup(piece)
		fmt.Fprintf(sum, "%q%v", text, spans)
	}
	return hex.EncodeToString(sum.Sum(nil)[:4])
}

// timeSpan returns the start of the earliest cue and the end of the latest. There must be at least
// one.
func timeSpan(cues []conference.Cue) (start, end time.Duration) {
	start, end = cues[0].Start, cues[0].End
	for _, c := range cues {
		start, end = min(start, c.Start), max(end, c.End)
	}
	return start, end
}

// readingLimit returns in words how long a unit is shown and how many characters can be read in
// that time, such as "2.0 s: at most 34 characters". speed is in characters a second; if it is 0,
// only the time is returned. A unit that is not shown has the limit "".
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
