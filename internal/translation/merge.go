package translation

import (
	"cmp"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// MergeThreeWay returns theirs with the changes applied that mine made to base, sorted by time. If
// both changed a cue, mine wins. Cues are matched by their ids.
func MergeThreeWay(base, theirs, mine []Cue) (merged []conference.Cue) {
	baseByID, theirsByID, mineByID := indexByID(base), indexByID(theirs), indexByID(mine)
	retranslated := make(map[string]bool) // ids of source cues that have new cues in mine
	for _, c := range mine {
		old, inBase := baseByID[c.ID]
		their, inTheirs := theirsByID[c.ID]
		switch {
		case !inBase && c.State == Untranslated:
		case !inBase:
			for _, id := range c.SourceIDs {
				retranslated[id] = true
			}
			merged = append(merged, c.Cue)
		case old.Text != c.Text || !slices.Equal(old.Spans, c.Spans):
			merged = append(merged, withTheirTimes(c, old, their, inTheirs))
		case inTheirs: // otherwise they removed it
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

// withTheirTimes returns the cue mine with the times of their, if mine itself did not change those
// of old.
func withTheirTimes(mine, old, their Cue, inTheirs bool) conference.Cue {
	if inTheirs && old.Start == mine.Start && old.End == mine.End {
		mine.Start, mine.End = their.Start, their.End
	}
	return mine.Cue
}

func indexByID(cues []Cue) map[string]Cue {
	all := make(map[string]Cue, len(cues))
	for _, c := range cues {
		all[c.ID] = c
	}
	return all
}
