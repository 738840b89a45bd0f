package translation

import (
	"cmp"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// timePair is a time of the old source and the same moment in the new one.
type timePair struct{ old, new time.Duration }

// retime moves the translated cues of p to the times of the new source. A cue that began some time
// after its source still does; times between two known ones are interpolated.
func (u *updater) retime(p *linkedCues) {
	var knots []timePair
	for _, c := range p.changes {
		if len(c.Old) == 0 || len(c.New) == 0 {
			continue
		}
		of := func(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
		knots = append(knots, timePair{of(c.Old[0].StartMS), of(c.New[0].StartMS)},
			timePair{of(c.Old[len(c.Old)-1].EndMS), of(c.New[len(c.New)-1].EndMS)})
	}
	knots = ascendingPairs(knots)
	for _, j := range p.cues {
		c := &u.cues[j]
		length := c.End - c.Start
		c.Start, c.End = max(0, mapTime(knots, c.Start)), mapTime(knots, c.End)
		if c.End <= c.Start { // both ends were mapped to one time
			c.End = c.Start + length
		}
	}
}

// ascendingPairs returns the pairs sorted by old time, without those whose new times do not ascend.
// It sorts knots.
func ascendingPairs(knots []timePair) (kept []timePair) {
	slices.SortStableFunc(knots, func(a, b timePair) int { return cmp.Compare(a.old, b.old) })
	for _, k := range knots {
		if n := len(kept); n == 0 || k.old > kept[n-1].old && k.new > kept[n-1].new {
			kept = append(kept, k)
		}
	}
	return kept
}

// mapTime returns the new time for an old one, interpolated between the nearest pairs. Before the
// first and after the last it is shifted like that one.
func mapTime(knots []timePair, at time.Duration) time.Duration {
	if len(knots) == 0 {
		return at
	}
	n, _ := slices.BinarySearchFunc(knots, at, func(k timePair, at time.Duration) int { return cmp.Compare(k.old, at) })
	switch {
	case n == 0:
		return at + knots[0].new - knots[0].old
	case n == len(knots):
		return at + knots[n-1].new - knots[n-1].old
	}
	a, b := knots[n-1], knots[n]
	part := timeline.Rescale(int64(at-a.old), int64(b.new-a.new), int64(b.old-a.old))
	return a.new + time.Duration(part)
}
