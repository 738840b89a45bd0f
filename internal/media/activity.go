package media

import (
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Activity is when something is to be heard in a recording. Times count from the origin of
// the analysis.
type Activity struct {
	Sounding      []timeline.Span `json:"sounding,omitempty"` // something is heard; rests shorter than ten seconds belong to it
	Speech        time.Duration   `json:"speech"`             // in how many seconds the sound rises and falls as speech does
	Clipped       []timeline.Span `json:"clipped,omitempty"`  // where sound is clipped; what lies closer than ten seconds together is one
	LeftDropouts  []timeline.Span `json:"left,omitempty"`     // where the left side alone fails, for half a minute or more
	RightDropouts []timeline.Span `json:"right,omitempty"`    // and the right one
	Hum           *Hum            `json:"hum,omitempty"`
}

const (
	maxPause   = 10 * time.Second // a rest that belongs to what is around it
	minSound   = 3 * time.Second  // a sound that is none: a door, a cough
	minDropout = 30 * time.Second // a side that is silent for so long has failed
)

// detectActivity sums up what the blocks and levels of a survey say of when there is sound.
func (s *analyser) detectActivity(lufs float64) Activity {
	a := Activity{Hum: s.hum.result(), Clipped: s.clippedSpans, Speech: speechDuration(s.levels8)}
	floor := max(-60, lufs-25) // what is 25 dB under the talk is the room
	a.Sounding = secondsWhere(s.energies, maxPause, minSound, func(from, to int) bool { return mean(s.energies[from:to]) > lufsToEnergy(floor) })
	for side, into := range []*[]timeline.Span{&a.LeftDropouts, &a.RightDropouts} {
		own, other := s.sides[side].energies, s.sides[1-side].energies
		*into = secondsWhere(s.energies, 0, minDropout, func(from, to int) bool {
			return mean(own[from:to]) < lufsToEnergy(silenceThreshold) && mean(other[from:to]) > lufsToEnergy(-50)
		})
	}
	return a
}

// secondsWhere are the stretches of blocks in which each second is so, where gaps of less than
// within are none, and what is then shorter than least goes.
func secondsWhere(blocks []float64, within, least time.Duration, match func(from, to int) bool) (all []timeline.Span) {
	const blocksASecond = 10
	for from := 0; from < len(blocks); from += blocksASecond {
		to := min(len(blocks), from+blocksASecond)
		if !match(from, to) {
			continue
		}
		all = appendMerged(all, timeline.Span{From: sampleTime(int64(from) * blockSamples), To: sampleTime(int64(to) * blockSamples)}, within)
	}
	kept := all[:0]
	for _, s := range all {
		if s.Len() >= least {
			kept = append(kept, s)
		}
	}
	return kept
}

// appendMerged adds a span to those before it, to the last of them if that ends within so long.
func appendMerged(all []timeline.Span, s timeline.Span, within time.Duration) []timeline.Span {
	if n := len(all); n > 0 && s.From-all[n-1].To <= within {
		all[n-1].To = s.To
		return all
	}
	return append(all, s)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(max(1, len(x)))
}

// speechDuration is how many seconds are: over 30 ms at a time, the level rises and falls by
// eight decibels or more, as from syllable to syllable. Hum, hiss and fans do not. Music
// does: it is taken for speech rather than speech for none.
func speechDuration(levels []byte) (all time.Duration) {
	const second, range8 = Hz / frameSamples, 2 * 8
	const audible = 2 * (-55 - minLevel)
	for from := 0; from+second <= len(levels); from += second {
		least, most := 255, 0
		for i := from; i+3 <= from+second; i++ {
			v := (int(levels[i]) + int(levels[i+1]) + int(levels[i+2])) / 3
			least, most = min(least, v), max(most, v)
		}
		if most >= audible && most-least >= range8 {
			all += time.Second
		}
	}
	return all
}
