package compare

import (
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// CarryIDs is new with the ids of old: a cue that is in both keeps its id, however it was
// edited; of a cue that was split the first part keeps it, and of several that were merged
// the first's remains. All others get theirs from fresh, in their order.
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

// NewIDs makes ids as the reader of files does (c0001, c0002 …), beyond the highest of
// those that were ever used for a track, so that none comes back for another cue.
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
