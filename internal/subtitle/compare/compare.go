// Package compare tells what became of each cue in another version of a track, and lets
// the ids of cues survive from one to the next.
//
// Versions differ in ways that defeat a line diff: every cue may be later by the length
// of a new opening, words change in a few cues or, in a translation, in all, and "Yes."
// stands in a file forty times. So cues are matched in three steps:
//
//  1. Anchors: texts, or runs of three, that stand exactly once on either side are paired;
//     of these pairs the heaviest chain that ascends on both sides is kept, where a jump of
//     the clock has to be borne out by more than one of them. (Bram Cohen's patience diff,
//     with a clock.)
//  2. Between anchors, cues are aligned by a dynamic program over how alike their texts are
//     and how much of their time they share once the clocks are laid on one another, with
//     one against several as a step of its own. (As Gale and Church, 1993, align sentences
//     with their translations.)
//  3. What is left over on both sides is matched again, by text alone: passages that moved.
package compare

import (
	"cmp"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// Kind is what became of a cue.
type Kind string

// The kinds of changes.
const (
	Unchanged Kind = "unchanged" // the same text at the same time, perhaps broken into other lines
	Retimed   Kind = "retimed"   // the same text at another time
	Edited    Kind = "edited"    // other words or another look, perhaps at another time
	Inserted  Kind = "inserted"  // only in the new version
	Deleted   Kind = "deleted"   // only in the old version
	Split     Kind = "split"     // one cue became several
	Merged    Kind = "merged"    // several cues became one
)

// kinds is all of them in the order in which people are told.
var kinds = []Kind{Unchanged, Retimed, Edited, Split, Merged, Inserted, Deleted}

// Diff is what became of every cue.
type Diff struct {
	Counts  Counts   `json:"counts"`
	Shift   *Shift   `json:"shift,omitempty"` // nil unless most cues kept time with each other on a clock other than the old one
	Changes []Change `json:"changes"`         // in the order of the new version; every cue of either version is in exactly one
}

// Counts is how many cues there are, and how many changes of each kind.
type Counts struct {
	Old       int `json:"old"` // cues
	New       int `json:"new"` // cues
	Unchanged int `json:"unchanged"`
	Retimed   int `json:"retimed"`
	Edited    int `json:"edited"`
	Split     int `json:"split"`
	Merged    int `json:"merged"`
	Inserted  int `json:"inserted"`
	Deleted   int `json:"deleted"`
}

// of is where changes of a kind are counted.
func (c *Counts) of(k Kind) *int {
	return map[Kind]*int{Unchanged: &c.Unchanged, Retimed: &c.Retimed, Edited: &c.Edited, Split: &c.Split,
		Merged: &c.Merged, Inserted: &c.Inserted, Deleted: &c.Deleted}[k]
}

// Change is one cue's fate, or that of several which became one. Beside its kind it says
// in what ways old and new differ.
type Change struct {
	Kind     Kind     `json:"kind"`
	Reworded bool     `json:"reworded,omitempty"` // what is read differs in more than white space
	Rebroken bool     `json:"rebroken,omitempty"` // white space or line breaks alone differ
	Restyled bool     `json:"restyled,omitempty"` // italics, bold, underline, colour or place differ
	Retimed  bool     `json:"retimed,omitempty"`  // the start of the first or the end of the last differs, in milliseconds
	Moved    bool     `json:"moved,omitempty"`    // it stands elsewhere among the other cues
	Old      []CueRef `json:"old"`                // none if inserted, several if merged
	New      []CueRef `json:"new"`                // none if deleted, several if split
}

// CueRef is a cue and where it stands.
type CueRef struct {
	Index   int    `json:"index"` // among the cues of its version, from 1
	ID      string `json:"id,omitempty"`
	Line    int    `json:"line,omitempty"` // in its file, from 1; 0 if it was not read from one
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Text    string `json:"text"`
}

// Compare finds what became of each cue of old in new. Both are in the order in which
// they are shown. The answer depends on nothing else.
func Compare(old, new []conference.Cue) Diff {
	a, b := items(old), items(new)
	d := Diff{Counts: Counts{Old: len(old), New: len(new)}, Changes: []Change{}}
	matches := match(a, b)
	d.Shift = commonShift(a, b, matches)
	for _, m := range addUnmatched(matches, len(a), len(b)) {
		c := newChange(m, a, b)
		*d.Counts.of(c.Kind)++
		d.Changes = append(d.Changes, c)
	}
	return d
}

// cueMatch is cues of the old version, from i up to iEnd, that are those of the new one
// from j up to jEnd. One side is a single cue, or none.
type cueMatch struct {
	i, iEnd, j, jEnd int
	moved            bool
}

// addUnmatched is matches, with what they leave out as deleted and inserted, in the order of the
// new version; what was deleted comes where it would stand.
func addUnmatched(matches []cueMatch, old, new int) []cueMatch {
	byOld, byNew := make([]*cueMatch, old), make([]*cueMatch, new)
	for n, m := range matches {
		for i := m.i; i < m.iEnd; i++ {
			byOld[i] = &matches[n]
		}
		for j := m.j; j < m.jEnd; j++ {
			byNew[j] = &matches[n]
		}
	}
	all := slices.Clone(matches)
	after := 0 // where in the new version what is deleted would stand
	for i, m := range byOld {
		if m == nil {
			all = append(all, cueMatch{i: i, iEnd: i + 1, j: after, jEnd: after})
		} else if !m.moved {
			after = m.jEnd
		}
	}
	for j, m := range byNew {
		if m == nil {
			all = append(all, cueMatch{j: j, jEnd: j + 1})
		}
	}
	slices.SortFunc(all, func(a, b cueMatch) int {
		return cmp.Or(cmp.Compare(a.j, b.j), cmp.Compare(a.jEnd, b.jEnd), cmp.Compare(a.i, b.i))
	})
	return all
}

// newChange says what the matter is with one match.
func newChange(m cueMatch, old, new []item) Change {
	a, b := old[m.i:m.iEnd], new[m.j:m.jEnd]
	c := Change{Old: cueRefs(a, m.i), New: cueRefs(b, m.j), Moved: m.moved}
	switch {
	case len(a) == 0:
		c.Kind = Inserted
		return c
	case len(b) == 0:
		c.Kind = Deleted
		return c
	}
	c.Retimed = a[0].start != b[0].start || a[len(a)-1].end != b[len(b)-1].end
	was, is := joinItems(a), joinItems(b)
	c.Reworded = was.text != is.text
	c.Rebroken = !c.Reworded && was.cue.Text != is.cue.Text && len(a) == len(b)
	c.Restyled = !sameStyle(was, is, c.Reworded)
	switch {
	case len(b) > 1:
		c.Kind = Split
	case len(a) > 1:
		c.Kind = Merged
	case c.Reworded || c.Restyled:
		c.Kind = Edited
	case c.Retimed || c.Moved:
		c.Kind = Retimed
	default:
		c.Kind = Unchanged
	}
	return c
}

func cueRefs(items []item, first int) []CueRef {
	list := make([]CueRef, len(items))
	for n, it := range items {
		list[n] = CueRef{Index: first + n + 1, ID: it.cue.ID, Line: it.cue.Line, StartMS: it.start, EndMS: it.end, Text: it.cue.Text}
	}
	return list
}

func ms(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }
