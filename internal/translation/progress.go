package translation

import (
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// order is how far states are, the least far first.
var order = []State{Untranslated, NeedsEditing, Draft, InReview, Approved}

// reached reports whether a state is as far as another, or further. What is obsolete is
// nowhere.
func (s State) reached(other State) bool {
	return slices.Index(order, s) >= slices.Index(order, other)
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

// of is where cues of a state are counted.
func (p *Progress) of(s State) *int {
	return map[State]*int{NeedsEditing: &p.NeedsEditing, Draft: &p.Draft, InReview: &p.InReview, Approved: &p.Approved}[s]
}

// ProgressOf counts how far the translation of each source cue has come.
func ProgressOf(source []conference.Cue, cues []Cue) Progress {
	p := Progress{Source: len(source)}
	for _, u := range Units(source, cues) {
		if n := p.of(u.State()); n != nil {
			*n += len(u.Source)
		} else {
			p.Untranslated += len(u.Source)
		}
	}
	return p
}

// Reached is how many source cues have come as far as a state.
func (p Progress) Reached(s State) (n int) {
	for _, other := range order[1:] {
		if other.reached(s) {
			n += *p.of(other)
		}
	}
	return n
}

// Least is the least state that any cue is in that has come as far as another; Untranslated
// if none has.
func (p Progress) Least(far State) State {
	for _, s := range order[1:] {
		if s.reached(far) && *p.of(s) > 0 {
			return s
		}
	}
	return Untranslated
}

// State is how far the whole has come: as far as the cue that is least far, where what is
// missing does not count.
func (p Progress) State() State {
	return p.Least(Untranslated)
}

// Released is what viewers get of a translation: the cues that have come as far as a state.
// What only repeats the source, and what its source does not say any more, are never among
// them.
func Released(cues []Cue, least State) (all []conference.Cue) {
	for _, c := range cues {
		if c.State.reached(least) && c.State.reached(Draft) {
			all = append(all, c.Cue)
		}
	}
	return all
}
