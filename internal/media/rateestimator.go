package media

import (
	"math"
	"sort"

	"github.com/lectern-av/lectern/internal/timeline"
)

// rateEstimator estimates a frame rate from timestamps in display order, in constant memory.
type rateEstimator struct {
	base    timeline.Rate // seconds a tick
	recent  []int64       // the last timestamps, at most sustainedIntervals+1
	count   int64         // number of intervals
	first   int64
	last    int64
	fastest float64            // ticks an interval, in the fastest sustained run
	steps   map[int64]interval // by length in 0.1 ms, up to ten seconds
}

// interval sums up the intervals of about one length.
type interval struct{ count, ticks int64 }

// sustainedIntervals is the number of intervals in a row that count as a rate: about half a
// second, as long as an animation on a slide.
const sustainedIntervals = 12

func newRateEstimator(base timeline.Rate) *rateEstimator {
	return &rateEstimator{base: base, fastest: math.Inf(1), steps: map[int64]interval{}}
}

func (t *rateEstimator) add(pts int64) {
	if len(t.recent) == 0 {
		t.first = pts
	} else {
		if pts == t.last {
			return // a second field or a duplicate packet is not a frame
		}
		t.count++
		key := min(100_000, timeline.Rescale(pts-t.last, t.base.Num*10_000, t.base.Den))
		s := t.steps[key]
		t.steps[key] = interval{s.count + 1, s.ticks + pts - t.last}
	}
	t.last = pts
	t.recent = append(t.recent, pts)
	if len(t.recent) > sustainedIntervals {
		t.fastest = min(t.fastest, float64(pts-t.recent[0])/sustainedIntervals)
		t.recent = append(t.recent[:0], t.recent[1:]...)
	}
}

// rate returns the highest sustained rate, its interval in ticks, and whether frames also came at
// other intervals. Of a single frame it returns 25 frames a second and 0.
//
// The fastest run of sustainedIntervals sets the rate, or in a shorter video the median interval.
// Some containers round timestamps to milliseconds, so the rate is made precise with the mean of
// all intervals within 25 % of that. variable is true if other intervals make up more than 1 % of
// the time.
func (t *rateEstimator) rate() (rate timeline.Rate, step float64, variable bool) {
	if t.count == 0 {
		return timeline.Rate{Num: 25, Den: 1}, 0, false // a single frame has no rate
	}
	step = t.fastest
	if math.IsInf(step, 1) {
		step = t.median()
	}
	regular := t.regular(step)
	if regular.count > 0 {
		step = float64(regular.ticks) / float64(regular.count)
	}
	variable = float64(regular.ticks) < 0.99*float64(t.last-t.first)
	seconds := step * float64(t.base.Num) / float64(t.base.Den)
	return timeline.Rate{Num: int64(math.Round(1e9 / seconds)), Den: 1e9}, step, variable
}

// regular returns the number and the sum of all intervals whose length is within 25 % of step, in
// ticks.
func (t *rateEstimator) regular(step float64) (all interval) {
	for _, s := range t.steps {
		if mean := float64(s.ticks) / float64(s.count); mean > 0.75*step && mean < 1.25*step {
			all.count += s.count
			all.ticks += s.ticks
		}
	}
	return all
}

// median returns the median interval in ticks, to 0.1 ms, or 0 without intervals.
func (t *rateEstimator) median() float64 {
	var keys []int64
	for k := range t.steps {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	var seen int64
	for _, k := range keys {
		seen += t.steps[k].count
		if 2*seen >= t.count {
			return float64(t.steps[k].ticks) / float64(t.steps[k].count)
		}
	}
	return 0
}
