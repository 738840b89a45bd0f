package translation

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/lectern-av/lectern/internal/conference"
)

// clock is where a translation's times are on its source's: at = ratio × time − later.
type clock struct {
	ratio float64
	later float64 // seconds
}

func (c clock) at(seconds float64) float64 { return c.ratio*seconds - c.later }

// rates are by how much clocks differ that were made for films of another frame rate.
var rates = []float64{1, 24.0 / 25, 25.0 / 24, 1.001, 1 / 1.001}

// What clocks looks at.
const (
	farthest = 180  // seconds: shifts up to here
	perBin   = 0.05 // seconds
	blur     = 6    // bins to either side, for hands are unsteady
	around   = 80   // cues to either side
)

// likely is a clock, and how many cues begin with one of their source's on it.
type likely struct {
	clock
	together int
}

const (
	candidates = 5  // clocks that are tried
	convincing = 60 // per cent of the cues: where so many begin together, no other clock is looked for
)

// clocks are those that a translation may well be on: its source's own, and those on which
// most cues begin together.
func clocks(source, translated []conference.Cue) []clock {
	together := 0
	for _, votes := range votes(source, translated, 1)[middle-blur : middle+blur+1] {
		together += votes
	}
	if together > min(len(source), len(translated))*convincing/100 {
		return []clock{{1, 0}}
	}
	var all []likely
	for _, ratio := range rates {
		all = append(all, peaks(votes(source, translated, ratio), ratio)...)
	}
	slices.SortStableFunc(all, func(a, b likely) int { return cmp.Compare(b.together, a.together) })
	tried := []clock{{1, 0}}
	for _, l := range all[:min(len(all), candidates)] {
		if l.clock != tried[0] {
			tried = append(tried, l.clock)
		}
	}
	return tried
}

// middle is the bin of clocks that agree.
const middle = int(farthest / perBin)

// votes is how many cues of a translation at a ratio begin later than one of the source, by
// how much.
func votes(source, translated []conference.Cue, ratio float64) []int {
	bins := make([]int, 2*middle+1)
	for _, t := range translated {
		start := ratio * t.Start.Seconds()
		now := sort.Search(len(source), func(i int) bool { return source[i].Start.Seconds() >= start })
		for _, s := range source[max(0, now-around):min(len(source), now+around)] {
			if bin := middle + int(math.Round((start-s.Start.Seconds())/perBin)); bin >= 0 && bin < len(bins) {
				bins[bin]++
			}
		}
	}
	return bins
}

// peaks are the bins around which most votes lie, each out of sight of the others.
func peaks(bins []int, ratio float64) (all []likely) {
	seen := make([]int, len(bins))
	sum := 0
	for n := range bins {
		sum += bins[n]
		if n > 2*blur {
			sum -= bins[n-2*blur-1]
		}
		if n >= blur {
			seen[n-blur] = sum
		}
	}
	for range candidates {
		best := middle
		for n, votes := range seen {
			if votes > seen[best] {
				best = n
			}
		}
		later := float64(median(bins, best-blur, best+blur+1)-middle) * perBin
		all = append(all, likely{clock{ratio, later}, seen[best]})
		clear(seen[max(0, best-2*blur):min(len(seen), best+2*blur+1)])
	}
	return all
}

// median is the bin in the middle of the votes from one bin to before another.
func median(bins []int, from, to int) int {
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
