package subsync

import (
	"math"
	"slices"
)

// What a jump costs, in nats. Cues that could be anywhere find a place among thousands
// that suits a few of them by chance; what all of them say must be worth more than that.
const (
	dear   = 17 // for a jump that is told of
	cheap  = 13 // for one that makes an answer doubtful
	atEnds = 11 // likewise before the first or after the last cues, where one jump is enough and not two
)

// nowhere is the lag of cues that belong to nothing in the recording.
const nowhere = -1

// stay is a run of cues at one lag.
type stay struct {
	lag   int // bins from the least of all, or nowhere
	since int // its first cue
}

// follow finds the likeliest way of the cues through all lags at a rate, by what the bins
// of the sound say of each: Viterbi's decoding of a hidden Markov model. On the way from
// one lag to another cues may be nowhere, at half the fare for going there and half for
// coming back. There are no parts where all cues are nowhere.
func follow(marks []mark, said [2][]float32, rate float64, fare float32) []part {
	totals, since := make([]float32, lags), make([]int32, lags)
	lost, gone, top := float32(0), stay{lag: nowhere}, 0
	exits, entries := make([]stay, len(marks)), make([]stay, len(marks)) // where a stay that begins with a cue comes from, one nowhere and one at a lag
	for i, m := range marks {
		exits[i] = stay{top, int(since[top])}
		fresh, from := totals[top]-fare, exits[i]
		if back := lost - fare/2; back > fresh {
			fresh, from = back, gone
		}
		entries[i] = from
		if left := totals[top] - fare/2; left > lost {
			lost, gone.since = left, i
		}
		bins := said[m.kind()]
		skip := int(m.at*rate/bin) - reach // the bin that meets the least lag
		for lag, t := range totals {
			if t < fresh {
				t, since[lag] = fresh, int32(i)
			}
			if at := lag + skip; at >= 0 && at < len(bins) {
				totals[lag] = t + bins[at]
			} else {
				totals[lag] = t + beyond
			}
		}
		top = highest(totals)
	}
	last := stay{top, int(since[top])}
	if lost > totals[top] {
		last = gone
	}
	return retrace(last, exits, entries)
}

func highest(totals []float32) (top int) {
	for lag, t := range totals {
		if t > totals[top] {
			top = lag
		}
	}
	return top
}

// retrace makes parts of the stays that led to the last one. Cues that are nowhere go to
// the part after them, or to the last.
func retrace(s stay, exits, entries []stay) (parts []part) {
	for to := len(exits); ; {
		if s.lag != nowhere {
			parts = append(parts, part{from: s.since, to: to, offset: float64((s.lag - reach) * bin)})
			to = s.since
		} else if len(parts) > 0 {
			to = s.since
			parts[len(parts)-1].from = to
		}
		if s.since == 0 {
			slices.Reverse(parts)
			return parts
		}
		if s.lag == nowhere {
			s = exits[s.since]
		} else {
			s = entries[s.since]
		}
	}
}

// alone reports whether the lag of a run of marks is clear from what is said of them alone,
// without the price that keeps them from lags which are as good: how likely lags near theirs
// are, against all others.
func alone(marks []mark, said [2][]float32, rate float64, p part) bool {
	totals := make([]float32, lags)
	for _, m := range marks {
		bins := said[m.kind()]
		skip := int(m.at*rate/bin) - reach
		for lag := range totals {
			if at := lag + skip; at >= 0 && at < len(bins) {
				totals[lag] += bins[at]
			} else {
				totals[lag] += beyond
			}
		}
	}
	own := reach + int(math.Round(p.offset/bin))
	var here, elsewhere float64
	for lag, t := range totals {
		likely := math.Exp(float64(t - totals[min(max(0, own), lags-1)]))
		if max(lag-own, own-lag) <= shun {
			here += likely
		} else {
			elsewhere += likely
		}
	}
	return math.Log(here/elsewhere) > unsure
}
