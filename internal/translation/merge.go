package translation

import (
	"cmp"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// MergeThreeWay applies to theirs what mine changed in base, and returns the cues in the order of
// time. Where both changed a cue, mine wins. Cues are the same if their ids are.
func MergeThreeWay(base, theirs, mine []Cue) (merged []conference.Cue) {
	baseByID, theirsByID, mineByID := indexByID(base), indexByID(theirs), indexByID(mine)
	retranslated := make(map[string]bool) // ids of source cues that have new cues in mine
	for _, c := range mine {
		old, inBase := baseByID[c.ID]
		their, inTheirs := theirsByID[c.ID]
		if !inBase {
			if c.State == Untranslated {
				continue
			}
			for _, id := range c.SourceIDs {
				retranslated[id] = true
			}
		}
		changed := !inBase || old.Text != c.Text || !slices.Equal(old.Spans, c.Spans)
		switch {
		case changed && inBase && inTheirs && old.Start == c.Start && old.End == c.End: // they may have moved it
			c.Start, c.End = their.Start, their.End
			merged = append(merged, c.Cue)
		case changed:
			merged = append(merged, c.Cue)
		case inTheirs: // the alternative is that they removed it
			merged = append(merged, their.Cue)
		}
	}
	for _, c := range theirs {
		_, inBase := baseByID[c.ID]
		_, inMine := mineByID[c.ID]
		if !inBase && !inMine && !slices.ContainsFunc(c.SourceIDs, func(id string) bool { return retranslated[id] }) {
			merged = append(merged, c.Cue)
		}
	}
	slices.SortStableFunc(merged, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	return merged
}

func indexByID(cues []Cue) map[string]Cue {
	all := make(map[string]Cue, len(cues))
	for _, c := range cues {
		all[c.ID] = c
	}
	return all
}
