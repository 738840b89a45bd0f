package translation

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/lectern-av/lectern/internal/conference"
)

// clockMap maps a translation's times to its source's: source time = ratio × time − offset.
type clockMap struct {
	ratio  float64
	offset float64 // seconds
}

func (c clockMap) sourceTime(seconds float64) float64 { return c.ratio*seconds - c.offset }

// frameRateRatios are the ratios between clocks of films at different frame rates.
var frameRateRatios = []float64{1, 24.0 / 25, 25.0 / 24, 1.001, 1 / 1.001}

// Bounds of the search for offsets.
const (
	maxOffset = 180  // seconds
	binWidth  = 0.05 // seconds
	binRadius = 6    // bins to either side that count together, as manual timing varies
	nearCues  = 80   // cues to either side of a cue that are compared with it
)

// clockCandidate is a clock map and how many cues start together with a source cue under it.
type clockCandidate struct {
	clockMap
	matches int
}

const (
	maxClocks         = 5  // clock maps that are tried
	convincingPercent = 60 // if so many per cent of the cues start together, no other map is tried
)

// candidateClocks returns the clock maps worth trying: first the one that changes nothing, then
// those under which most cues start together with a source cue. If the first is convincing, there
// are no others.
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

// zeroBin is the bin of offset 0.
const zeroBin = int(maxOffset / binWidth)

// offsetHistogram returns how many pairs of nearby cues start with each offset. An offset is how
// much later the translated cue starts once its times are multiplied by ratio; see zeroBin.
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

// histogramPeaks returns the offsets that most pairs have, with that ratio, most first. No two are
// close to each other.
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

// medianBin returns the bin that holds the median of what the bins from from up to, but not
// including, to count.
func medianBin(bins []int, from, to int) int {
	from, to = max(0, from), min(len(bins), to)
	total, sum := 0, 0
	for _, votes := range bins[from:to] {
		total += votes
	}
	for n := from; n < to; n++ {
		sum += bins[n]
		if 2*sum >= total {
			return n
		}
	}
	return (from + to) / 2
}
