package compare

import (
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// CarryIDs returns the new cues with the ids of the old ones. A cue that is in both keeps its id,
// however it was edited. The first part of a split cue keeps it, and merged cues keep that of the
// first. All other cues get ids from fresh, in order.
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

// NewIDs returns a function that returns a new id at each call, in the form that package subtitle
// uses (c0001, c0002 …). It starts above the highest of used, the ids that a track ever had, so
// that no id is used for two cues.
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
