package subsync

import (
	"math"
	"slices"
)

// What a jump costs, in nats. Cues that could be anywhere find a place among thousands
// that suits a few of them by chance; what all of them say must be worth more than that.
const (
	// jumpCost is for a jump that is reported.
	jumpCost         = 17 // for a jump that is told of
	doubtfulJumpCost = 13 // for one that makes an answer doubtful
	endJumpCost      = 11 // likewise before the first or after the last cues, where one jump is enough and not two
)

// noLag is the lag of cues that match nothing in the recording.
const noLag = -1

// lagRun is a run of cues at one lag.
type lagRun struct {
	lag   int // bins from the least of all, or nowhere
	first int // its first cue
}

// decodeLags finds the most likely sequence of lags for the cues at a rate, given the log odds
// of each bin of the sound: Viterbi decoding of a hidden Markov model. On the way from one lag
// to another cues may match nothing, at half the jump cost each way. It returns no parts if all
// cues match nothing.
func decodeLags(marks []cueStart, said [2][]float32, rate float64, fare float32) []part {
	totals, since := make([]float32, lagCount), make([]int32, lagCount)
	lost, gone, top := float32(0), lagRun{lag: noLag}, 0
	exits, entries := make([]lagRun, len(marks)), make([]lagRun, len(marks)) // where a stay that begins with a cue comes from, one nowhere and one at a lag
	for i, m := range marks {
		exits[i] = lagRun{top, int(since[top])}
		fresh, from := totals[top]-fare, exits[i]
		if back := lost - fare/2; back > fresh {
			fresh, from = back, gone
		}
		entries[i] = from
		if left := totals[top] - fare/2; left > lost {
			lost, gone.first = left, i
		}
		bins := said[m.kind()]
		skip := int(m.start*rate/framesPerBin) - maxLag // the bin that meets the least lag
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
	if lost > totals[top] {
		last = gone
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

// retrace turns the runs that led to the last one into parts. Cues that match nothing join the
// part after them, or the last one.
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

// lagIsClear reports whether the lag of a run of cues is clear from their own evidence, without
// the cost that keeps them from jumping: how likely lags near theirs are compared with all
// others.
func lagIsClear(marks []cueStart, said [2][]float32, rate float64, p part) bool {
	totals := make([]float32, lagCount)
	for _, m := range marks {
		bins := said[m.kind()]
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
