package subsync

import (
	"math"
	"slices"
)

// Costs of a jump, in nats. A few cues match some of the thousands of lags by chance; the
// evidence for a jump must be stronger than that.
const (
	jumpCost         = 17 // for a jump that is reported
	doubtfulJumpCost = 13 // for one that makes an answer doubtful
	endJumpCost      = 11 // likewise at either end, where a single jump suffices
)

// noLag is the lag of cues that match nothing in the recording.
const noLag = -1

// lagRun is a run of cues at one lag.
type lagRun struct {
	lag   int // bins from the smallest lag, or noLag
	first int // its first cue
}

// decodeLags returns the most likely sequence of lags for the cues at a rate, by Viterbi decoding
// of a hidden Markov model. odds are the log odds of each bin of the sound, by cueStart.kind; cost
// is that of a jump. Between two lags, cues may match nothing, at half the cost each way. It
// returns no parts if all cues match nothing.
func decodeLags(starts []cueStart, odds [2][]float32, rate float64, cost float32) []part {
	totals, since := make([]float32, lagCount), make([]int32, lagCount)
	unmatchedTotal, unmatchedRun, top := float32(0), lagRun{lag: noLag}, 0
	exits, entries := make([]lagRun, len(starts)), make([]lagRun, len(starts)) // the runs before one that begins with a cue: at noLag, and at a lag
	for i, m := range starts {
		exits[i] = lagRun{top, int(since[top])}
		fresh, from := totals[top]-cost, exits[i]
		if back := unmatchedTotal - cost/2; back > fresh {
			fresh, from = back, unmatchedRun
		}
		entries[i] = from
		if left := totals[top] - cost/2; left > unmatchedTotal {
			unmatchedTotal, unmatchedRun.first = left, i
		}
		bins := odds[m.kind()]
		skip := int(m.start*rate/framesPerBin) - maxLag // the bin at the smallest lag
		for lag, t := range totals {
			if t < fresh {
				t, since[lag] = fresh, int32(i)
			}
			if at := lag + skip; at >= 0 && at < len(bins) {
				totals[lag] = t + bins[at]
			} else {
				totals[lag] = t + outsideLogOdds
			}
		}
		top = indexOfMax(totals)
	}
	last := lagRun{top, int(since[top])}
	if unmatchedTotal > totals[top] {
		last = unmatchedRun
	}
	return retrace(last, exits, entries)
}

func indexOfMax(totals []float32) (top int) {
	for lag, t := range totals {
		if t > totals[top] {
			top = lag
		}
	}
	return top
}

// retrace returns the parts that lead to the last run s, from the runs that decodeLags recorded for
// each cue. Cues that match nothing join the part after them, or the last one.
func retrace(s lagRun, exits, entries []lagRun) (parts []part) {
	for to := len(exits); ; {
		if s.lag != noLag {
			parts = append(parts, part{from: s.first, to: to, offset: float64((s.lag - maxLag) * framesPerBin)})
			to = s.first
		} else if len(parts) > 0 {
			to = s.first
			parts[len(parts)-1].from = to
		}
		if s.first == 0 {
			slices.Reverse(parts)
			return parts
		}
		if s.lag == noLag {
			s = exits[s.first]
		} else {
			s = entries[s.first]
		}
	}
}

// lagIsClear reports whether the cues starts alone, without the cost that keeps them from jumping,
// show that their lag is that of p: lags near it must be much more likely together than all others.
func lagIsClear(starts []cueStart, odds [2][]float32, rate float64, p part) bool {
	totals := make([]float32, lagCount)
	for _, m := range starts {
		bins := odds[m.kind()]
		skip := int(m.start*rate/framesPerBin) - maxLag
		for lag := range totals {
			if at := lag + skip; at >= 0 && at < len(bins) {
				totals[lag] += bins[at]
			} else {
				totals[lag] += outsideLogOdds
			}
		}
	}
	own := maxLag + int(math.Round(p.offset/framesPerBin))
	var here, elsewhere float64
	for lag, t := range totals {
		likely := math.Exp(float64(t - totals[min(max(0, own), lagCount-1)]))
		if max(lag-own, own-lag) <= runnerUpDistance {
			here += likely
		} else {
			elsewhere += likely
		}
	}
	return math.Log(here/elsewhere) > minLogOdds
}
