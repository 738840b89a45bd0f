package subsync

import (
	"math"
	"slices"
)

// The onset signal is taken from levels alone, so that what `analyse` stored is enough.
const (
	perSecond       = 100 // frames
	levelWindow     = 10  // seconds on each side for estimating noise floor and speech level
	minDynamicRange = 12  // dB; in a passage with less, speech cannot be told from noise
)

// onsets returns how much each frame looks like the beginning of speech: by how much the mean
// activity of the span frames after it exceeds that of the span frames before it. The values are in
// standard deviations above the recording's mean, so that their sum over cues that have nothing to
// do with the sound is about 0. A wide span finds the pauses that matter; a narrow one locates them
// more exactly.
func onsets(activity []float32, span int) []float32 {
	sums := make([]float64, len(activity)+1)
	for i, x := range activity {
		sums[i+1] = sums[i] + float64(x)
	}
	mean := func(from, to int) float64 { return (sums[to] - sums[from]) / float64(span) }
	rises := make([]float32, len(activity))
	for i := span; i+span < len(activity); i++ {
		if rise := mean(i, i+span) - mean(i-span, i); rise > 0 {
			rises[i] = float32(rise * rise) // one after a pause counts more than several within speech
		}
	}
	return standardize(rises)
}

// offsets returns how much each frame looks like the end of speech before a pause; see onsets.
func offsets(activity []float32, span int) []float32 {
	back := slices.Clone(activity)
	slices.Reverse(back)
	falls := onsets(back, span)
	slices.Reverse(falls)
	return falls
}

// speechActivity returns how loud each frame is, from 0 for the noise floor to 1 for the level of
// speech. Both are estimated from the levels within levelWindow seconds.
func speechActivity(levels []float32) []float32 {
	x := make([]float32, len(levels))
	var near histogram
	add := func(second, n int) {
		for i := max(0, second*perSecond); i < min(len(levels), (second+1)*perSecond); i++ {
			near.add(levels[i], n)
		}
	}
	for s := range levelWindow {
		add(s, 1)
	}
	for s := 0; s*perSecond < len(levels); s++ {
		add(s+levelWindow, 1)
		add(s-levelWindow-1, -1)
		floor, top := near.quantile(0.10), near.quantile(0.95)
		scale := 1 / max(minDynamicRange, top-floor)
		for i := s * perSecond; i < min(len(levels), (s+1)*perSecond); i++ {
			x[i] = min(1, max(0, (levels[i]-floor)*scale))
		}
	}
	return x
}

// histogram counts levels in steps of half a decibel.
type histogram struct {
	counts [256]int
	total  int
}

const minLevel = -120 // dB, the lowest level

func (h *histogram) add(level float32, n int) {
	h.counts[int(min(255, max(0, 2*(level-minLevel))))] += n
	h.total += n
}

// quantile returns the level below which a share q of the counted levels is.
func (h *histogram) quantile(q float64) float32 {
	rest := int(q * float64(h.total))
	for i, n := range h.counts {
		rest -= n
		if rest < 0 {
			return minLevel + float32(i)/2
		}
	}
	return minLevel
}

// standardize shifts and scales a signal in place to mean 0 and variance 1. Values above 6 are cut
// to that, so that a single bang does not decide. A constant signal becomes 0.
func standardize(x []float32) []float32 {
	const most = 6
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(max(len(x), 1))
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	if !(deviation > 0) {
		return make([]float32, len(x))
	}
	for i, v := range x {
		x[i] = float32(min(most, (float64(v)-mean)/deviation))
	}
	return x
}

// smooth returns x averaged over the n frames around each frame. n must be odd.
func smooth(x []float32, n int) []float32 {
	y := make([]float32, len(x))
	var sum float32
	for i := range len(x) + n/2 {
		if i < len(x) {
			sum += x[i]
		}
		if i >= n {
			sum -= x[i-n]
		}
		if i >= n/2 {
			y[i-n/2] = sum / float32(n)
		}
	}
	return y
}
