package translation

import (
	"cmp"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// Sheet is a translation beside its source, as translators get it and return it.
type Sheet struct {
	Talk     string // its title
	From, To string // BCP 47
	Revision int    // of the source; 0 outside the catalog
	Base     int    // revision of the translation; 0 if it has none
	Units    []Unit // sorted by time
}

// Unit is what is translated together: mostly one source cue and its translation, or more on
// either side if they are linked.
type Unit struct {
	Source []conference.Cue // none if the source of Target is unknown
	Target []Cue            // none if it is not translated yet
}

// State returns the least advanced state of the unit's translated cues, or Untranslated if it has
// none.
func (u Unit) State() State {
	if len(u.Target) == 0 {
		return Untranslated
	}
	least := u.Target[0].State
	for _, c := range u.Target[1:] {
		if !c.State.atLeast(least) {
			least = c.State
		}
	}
	return least
}

// PreviousSource returns the source text that the unit was translated from, if the source has
// changed since, or else "".
func (u Unit) PreviousSource() string {
	for _, c := range u.Target {
		if c.PreviousSource != "" {
			return c.PreviousSource
		}
	}
	return ""
}

// Units groups source cues with the cues that translate them, sorted by time. Each cue is in
// exactly one unit.
func Units(source []conference.Cue, cues []Cue) []Unit {
	sets := newDisjointSets(len(source) + len(cues))
	place := make(map[string]int, len(source))
	for i, s := range source {
		place[s.ID] = i
	}
	for j, c := range cues {
		for _, id := range c.SourceIDs {
			if i, ok := place[id]; ok {
				sets.union(len(source)+j, i)
			}
		}
	}
	units := make(map[int]*Unit)
	of := func(n int) *Unit {
		root := sets.find(n)
		if units[root] == nil {
			units[root] = &Unit{}
		}
		return units[root]
	}
	var order []*Unit
	for i, s := range source {
		u := of(i)
		u.Source = append(u.Source, s)
		if len(u.Source) == 1 {
			order = append(order, u)
		}
	}
	for j, c := range cues {
		u := of(len(source) + j)
		u.Target = append(u.Target, c)
		if len(u.Source) == 0 && len(u.Target) == 1 {
			order = append(order, u)
		}
	}
	all := make([]Unit, len(order))
	for n, u := range order {
		all[n] = *u
	}
	slices.SortStableFunc(all, func(a, b Unit) int { return int(a.start() - b.start()) })
	return all
}

func (u Unit) start() int64 {
	if len(u.Source) > 0 {
		return int64(u.Source[0].Start)
	}
	return int64(u.Target[0].Start)
}

// Subtitles returns the translation as subtitle cues, sorted by time, with a [Placeholder] for
// each untranslated source cue.
func (s Sheet) Subtitles() (all []conference.Cue) {
	for _, u := range s.Units {
		n := len(all)
		for _, c := range u.Target {
			if c.State != Untranslated && c.State != Obsolete {
				all = append(all, c.Cue)
			}
		}
		if len(all) > n {
			continue
		}
		for _, c := range u.Source {
			c.Text, c.Spans = Placeholder, nil
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

// TargetCues returns the translated cues of all units, sorted by time.
func TargetCues(units []Unit) (all []Cue) {
	for _, u := range units {
		all = append(all, u.Target...)
	}
	slices.SortStableFunc(all, func(a, b Cue) int { return int(a.Start - b.Start) })
	return all
}
