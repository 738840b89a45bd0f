package translation

import "slices"

// UnitChange is the difference of one unit between two revisions.
type UnitChange struct {
	Unit       // of the later revision
	Old  []Cue // of the earlier revision
}

// CompareRevisions returns the units of later whose cues differ, in text or state, from those that
// translate the same source in earlier, in the order of time. Units that only earlier has come
// last.
func CompareRevisions(earlier, later Revision) (changes []UnitChange) {
	old := make(map[string]Cue, len(earlier.Cues)) // cues that no unit has taken yet
	bySource := make(map[string][]string)          // ids of cues in earlier, by id of source cue
	for _, c := range earlier.Cues {
		old[c.ID] = c
		for _, id := range c.SourceIDs {
			bySource[id] = append(bySource[id], c.ID)
		}
	}
	for _, u := range Units(later.Source.Cues, later.Cues) {
		change := UnitChange{Unit: u}
		take := func(id string) {
			if c, ok := old[id]; ok {
				change.Old = append(change.Old, c)
				delete(old, id)
			}
		}
		for _, c := range u.Target {
			take(c.ID)
		}
		for _, s := range u.Source {
			for _, id := range bySource[s.ID] {
				take(id)
			}
		}
		if !slices.EqualFunc(change.Old, u.Target, func(x, y Cue) bool { return x.Text == y.Text && x.State == y.State }) {
			changes = append(changes, change)
		}
	}
	for _, c := range earlier.Cues {
		if _, left := old[c.ID]; left {
			changes = append(changes, UnitChange{Old: []Cue{c}})
		}
	}
	return changes
}
