package translation

import (
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// stateOrder lists the states from least to most advanced. Obsolete is none of them.
var stateOrder = []State{Untranslated, NeedsEditing, Draft, InReview, Approved}

// atLeast reports whether a state is as advanced as other or more. Obsolete never is.
func (s State) atLeast(other State) bool {
	return slices.Index(stateOrder, s) >= slices.Index(stateOrder, other)
}

// Progress counts source cues by the state of their translation.
type Progress struct {
	SourceCues   int `json:"source"` // number of source cues
	Untranslated int `json:"untranslated"`
	NeedsEditing int `json:"needs_editing"`
	Draft        int `json:"draft"`
	InReview     int `json:"in_review"`
	Approved     int `json:"approved"`
}

// counter returns the counter of cues in a state, or nil for untranslated and obsolete ones.
func (p *Progress) counter(s State) *int {
	return map[State]*int{NeedsEditing: &p.NeedsEditing, Draft: &p.Draft, InReview: &p.InReview, Approved: &p.Approved}[s]
}

// CountProgress returns how many source cues have a translation in each state.
func CountProgress(source []conference.Cue, cues []Cue) Progress {
	p := Progress{SourceCues: len(source)}
	for _, u := range Units(source, cues) {
		if n := p.counter(u.State()); n != nil {
			*n += len(u.Source)
		} else {
			p.Untranslated += len(u.Source)
		}
	}
	return p
}

// AtLeast returns the number of source cues whose translation has reached state s.
func (p Progress) AtLeast(s State) (n int) {
	for _, other := range stateOrder[1:] {
		if other.atLeast(s) {
			n += *p.counter(other)
		}
	}
	return n
}

// Lowest returns the least advanced state among the cues that have reached far, or Untranslated if
// there are none.
func (p Progress) Lowest(far State) State {
	for _, s := range stateOrder[1:] {
		if s.atLeast(far) && *p.counter(s) > 0 {
			return s
		}
	}
	return Untranslated
}

// State returns the least advanced state of the translated cues, or Untranslated if there are none.
func (p Progress) State() State {
	return p.Lowest(Untranslated)
}

// ReleasedCues returns the cues that viewers get: those that have reached least, and are drafts at
// least. Untranslated, outdated and obsolete cues are never among them.
func ReleasedCues(cues []Cue, least State) (all []conference.Cue) {
	for _, c := range cues {
		if c.State.atLeast(least) && c.State.atLeast(Draft) {
			all = append(all, c.Cue)
		}
	}
	return all
}
