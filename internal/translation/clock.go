package translation

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/lectern-av/lectern/internal/conference"
)

// clockMap is where a translation's times are on its source's: at = ratio × time − later.
type clockMap struct {
	ratio  float64
	offset float64 // seconds
}

func (c clockMap) sourceTime(seconds float64) float64 { return c.ratio*seconds - c.offset }

// frameRateRatios are by how much clocks differ that were made for films of another frame rate.
var frameRateRatios = []float64{1, 24.0 / 25, 25.0 / 24, 1.001, 1 / 1.001}

// What clocks looks at.
const (
	maxOffset = 180  // seconds: shifts up to here
	binWidth  = 0.05 // seconds
	binRadius = 6    // bins to either side, for hands are unsteady
	nearCues  = 80   // cues to either side
)

// clockCandidate is a clock, and how many cues begin with one of their source's on it.
type clockCandidate struct {
	clockMap
	matches int
}

const (
	maxClocks         = 5  // clocks that are tried
	convincingPercent = 60 // per cent of the cues: where so many begin together, no other clock is looked for
)

// candidateClocks are those that a translation may well be on: its source's own, and those on which
// most cues begin together.
func candidateClocks(source, translated []conference.Cue) []clockMap {
	together := 0
	for _, votes := range offsetHistogram(source, translated, 1)[zeroBin-binRadius : zeroBin+binRadius+1] {
		together += votes
	}
	if together > min(len(source), len(translated))*convincingPercent/100 {
		return []clockMap{{1, 0}}
	}
	var all []clockCandidate
	for _, ratio := range frameRateRatios {
		all = append(all, histogramPeaks(offsetHistogram(source, translated, ratio), ratio)...)
	}
	slices.SortStableFunc(all, func(a, b clockCandidate) int { return cmp.Compare(b.matches, a.matches) })
	tried := []clockMap{{1, 0}}
	for _, l := range all[:min(len(all), maxClocks)] {
		if l.clockMap != tried[0] {
			tried = append(tried, l.clockMap)
		}
	}
	return tried
}

// zeroBin is the bin of clocks that agree.
const zeroBin = int(maxOffset / binWidth)

// offsetHistogram is how many cues of a translation at a ratio begin later than one of the source, by
// how much.
func offsetHistogram(source, translated []conference.Cue, ratio float64) []int {
	bins := make([]int, 2*zeroBin+1)
	for _, t := range translated {
		start := ratio * t.Start.Seconds()
		now := sort.Search(len(source), func(i int) bool { return source[i].Start.Seconds() >= start })
		for _, s := range source[max(0, now-nearCues):min(len(source), now+nearCues)] {
			if bin := zeroBin + int(math.Round((start-s.Start.Seconds())/binWidth)); bin >= 0 && bin < len(bins) {
				bins[bin]++
			}
		}
	}
	return bins
}

// histogramPeaks are the bins around which most votes lie, each out of sight of the others.
func histogramPeaks(bins []int, ratio float64) (all []clockCandidate) {
	seen := make([]int, len(bins))
	sum := 0
	for n := range bins {
		sum += bins[n]
		if n > 2*binRadius {
			sum -= bins[n-2*binRadius-1]
		}
		if n >= binRadius {
			seen[n-binRadius] = sum
		}
	}
	for range maxClocks {
		best := zeroBin
		for n, votes := range seen {
			if votes > seen[best] {
				best = n
			}
		}
		later := float64(medianBin(bins, best-binRadius, best+binRadius+1)-zeroBin) * binWidth
		all = append(all, clockCandidate{clockMap{ratio, later}, seen[best]})
		clear(seen[max(0, best-2*binRadius):min(len(seen), best+2*binRadius+1)])
	}
	return all
}

// medianBin is the bin in the middle of the votes from one bin to before another.
func medianBin(bins []int, from, to int) int {
	from, to = max(0, from), min(len(bins), to)
	total, sum := 0, 0
	for _, votes := range bins[from:to] {
		total += votes
	}
	for n := from; n < to; n++ {
		if sum += bins[n]; 2*sum >= total {
			return n
		}
	}
	return (from + to) / 2
}
