// Package compare compares two versions of a track cue by cue, and carries the ids of cues from
// one to the next.
//
// Versions differ in ways that defeat a line diff: every cue may be later by the length of a
// new opening, words change in a few cues or, in a translation, in all, and "Yes." occurs forty
// times in a file. So cues are matched in three steps:
//
//  1. Anchors: texts, or runs of three, that occur exactly once on either side are paired. Of
//     these pairs the chain of greatest weight that ascends on both sides is kept; a jump of
//     the clock must be supported by more than one pair. (Bram Cohen's patience diff, with a
//     clock.)
//  2. Between anchors, cues are aligned by dynamic programming on the similarity of their texts
//     and on how much of their time they share once the clocks are aligned. One cue may match
//     several. (As Gale and Church, 1993, align sentences with their translations.)
//  3. What is left over on both sides is matched again, by text alone: passages that moved.
package compare

import (
	"cmp"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// Kind is what happened to a cue.
type Kind string

// The kinds of changes.
const (
	Unchanged Kind = "unchanged" // the same text at the same time, perhaps broken into other lines
	Retimed   Kind = "retimed"   // the same text at another time
	Edited    Kind = "edited"    // other words or another style, perhaps at another time
	Inserted  Kind = "inserted"  // only in the new version
	Deleted   Kind = "deleted"   // only in the old version
	Split     Kind = "split"     // one cue became several
	Merged    Kind = "merged"    // several cues became one
)

// kinds are all kinds, in the order of summaries.
var kinds = []Kind{Unchanged, Retimed, Edited, Split, Merged, Inserted, Deleted}

// Diff says what happened to every cue.
type Diff struct {
	Counts  Counts   `json:"counts"`
	Shift   *Shift   `json:"shift,omitempty"` // nil unless most cues moved to the same new clock
	Changes []Change `json:"changes"`         // in the order of the new version; every cue of either version is in exactly one
}

// Counts counts cues, and changes of each kind.
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

// of returns the counter of changes of a kind, or nil if the kind is unknown.
func (c *Counts) of(k Kind) *int {
	return map[Kind]*int{Unchanged: &c.Unchanged, Retimed: &c.Retimed, Edited: &c.Edited, Split: &c.Split,
		Merged: &c.Merged, Inserted: &c.Inserted, Deleted: &c.Deleted}[k]
}

// Change is what happened to one cue, or to several that became one. Beside its kind it says in
// what ways old and new differ.
type Change struct {
	Kind     Kind     `json:"kind"`
	Reworded bool     `json:"reworded,omitempty"` // what is read differs in more than white space
	Rebroken bool     `json:"rebroken,omitempty"` // white space or line breaks alone differ
	Restyled bool     `json:"restyled,omitempty"` // italics, bold, underline, colour or position differ
	Retimed  bool     `json:"retimed,omitempty"`  // the start of the first or the end of the last differs, in milliseconds
	Moved    bool     `json:"moved,omitempty"`    // its order among the other cues changed
	Old      []CueRef `json:"old"`                // none if inserted, several if merged
	New      []CueRef `json:"new"`                // none if deleted, several if split
}

// CueRef is a cue and its position in its version.
type CueRef struct {
	Index   int    `json:"index"` // among the cues of its version, from 1
	ID      string `json:"id,omitempty"`
	Line    int    `json:"line,omitempty"` // in its file, from 1; 0 if it was not read from one
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Text    string `json:"text"`
}

// Compare finds what happened to each cue of old in new. Both must be in the order in which they
// are shown. Ids and lines do not matter.
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

// cueMatch pairs cues i up to iEnd of the old version with cues j up to jEnd of the new one.
// One side is a single cue, or empty.
type cueMatch struct {
	i, iEnd, j, jEnd int
	moved            bool
}

// addUnmatched returns matches with all other cues added, as deleted and inserted ones, in the
// order of the new version. old and new are the numbers of cues. A deleted cue comes where it would
// be.
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
	after := 0 // position in the new version for the next deleted cue
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

// newChange returns the change of the cues in m, which may also be a cue that is only in one
// version.
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
