package translation

import (
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// stateOrder is how far states are, the least far first.
var stateOrder = []State{Untranslated, NeedsEditing, Draft, InReview, Approved}

// atLeast reports whether a state is as far as another, or further. What is obsolete is
// nowhere.
func (s State) atLeast(other State) bool {
	return slices.Index(stateOrder, s) >= slices.Index(stateOrder, other)
}

// Progress is how much of a source is translated, in source cues.
type Progress struct {
	Source       int `json:"source"` // cues there are
	Untranslated int `json:"untranslated"`
	NeedsEditing int `json:"needs_editing"`
	Draft        int `json:"draft"`
	InReview     int `json:"in_review"`
	Approved     int `json:"approved"`
}

// counter is where cues of a state are counted.
func (p *Progress) counter(s State) *int {
	return map[State]*int{NeedsEditing: &p.NeedsEditing, Draft: &p.Draft, InReview: &p.InReview, Approved: &p.Approved}[s]
}

// CountProgress counts how far the translation of each source cue has come.
func CountProgress(source []conference.Cue, cues []Cue) Progress {
	p := Progress{Source: len(source)}
	for _, u := range Units(source, cues) {
		if n := p.counter(u.State()); n != nil {
			*n += len(u.Source)
		} else {
			p.Untranslated += len(u.Source)
		}
	}
	return p
}

// AtLeast is how many source cues have come as far as a state.
func (p Progress) AtLeast(s State) (n int) {
	for _, other := range stateOrder[1:] {
		if other.atLeast(s) {
			n += *p.counter(other)
		}
	}
	return n
}

// Lowest is the least state that any cue is in that has come as far as another; Untranslated
// if none has.
func (p Progress) Lowest(far State) State {
	for _, s := range stateOrder[1:] {
		if s.atLeast(far) && *p.counter(s) > 0 {
			return s
		}
	}
	return Untranslated
}

// State is how far the whole has come: as far as the cue that is least far, where what is
// missing does not count.
func (p Progress) State() State {
	return p.Lowest(Untranslated)
}

// ReleasedCues is what viewers get of a translation: the cues that have come as far as a state.
// What only repeats the source, and what its source does not say any more, are never among
// them.
func ReleasedCues(cues []Cue, least State) (all []conference.Cue) {
	for _, c := range cues {
		if c.State.atLeast(least) && c.State.atLeast(Draft) {
			all = append(all, c.Cue)
		}
	}
	return all
}
