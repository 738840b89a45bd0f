package compare

import (
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// CarryIDs returns the new cues with the ids of the old ones: a cue that is in both keeps its
// id, however it was edited; the first part of a split cue keeps it, and of merged cues the
// first one's remains. All others get ids from fresh, in order.
func CarryIDs(old, new []conference.Cue, fresh func() string) []conference.Cue {
	carried := slices.Clone(new)
	for i := range carried {
		carried[i].ID = ""
	}
	taken := map[string]bool{}
	for _, m := range match(items(old), items(new)) {
		if id := old[m.i].ID; !taken[id] {
			carried[m.j].ID, taken[id] = id, true
		}
	}
	for i := range carried {
		if carried[i].ID == "" {
			carried[i].ID = fresh()
		}
	}
	return carried
}

// NewIDs returns a generator of ids as the reader of files makes them (c0001, c0002 …), above
// the highest ever used for a track, so that no id is used again for another cue.
func NewIDs(used []string) func() string {
	last := 0
	for _, id := range used {
		var n int
		if _, err := fmt.Sscanf(id, "c%d", &n); err == nil {
			last = max(last, n)
		}
	}
	return func() string {
		last++
		return fmt.Sprintf("c%04d", last)
	}
}
