package media

import (
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Activity says when there is sound in a recording. Times count from the origin of the
// analysis.
type Activity struct {
	Sounding      []timeline.Span `json:"sounding,omitempty"` // there is sound; pauses of up to ten seconds are included
	Speech        time.Duration   `json:"speech"`             // number of seconds in which the level changes as in speech
	Clipped       []timeline.Span `json:"clipped,omitempty"`  // the sound is clipped; places within ten seconds are one span
	LeftDropouts  []timeline.Span `json:"left,omitempty"`     // the left channel alone is silent for half a minute or more
	RightDropouts []timeline.Span `json:"right,omitempty"`    // likewise the right channel
	Hum           *Hum            `json:"hum,omitempty"`
	Opposite      []timeline.Span `json:"opposite,omitempty"` // the channels have opposite polarity here
	Quiet         []timeline.Span `json:"quiet,omitempty"`    // the speech is much softer than the whole
	Clicks        []timeline.Span `json:"clicks,omitempty"`   // isolated clicks, far louder than anything else; they are limited
}

const (
	maxPause   = 10 * time.Second // longest pause within a span of sound
	minSound   = 3 * time.Second  // shorter sounds do not count: a door, a cough
	minDropout = 30 * time.Second // shortest silence of a channel that is reported
)

// detectActivity returns the spans of sound, of clipping and of silence on one channel, the amount
// of speech, and hum, in the blocks added so far. lufs is the loudness of the whole recording. In
// the spans of sound, seconds that are more than 25 dB below it, or below −60 LUFS, count as
// silence.
func (s *analyser) detectActivity(lufs float64) Activity {
	a := Activity{Hum: s.hum.result(), Clipped: s.clippedSpans, Speech: speechDuration(s.levels8)}
	a.Sounding = secondsWhere(s.energies, maxPause, minSound, func(from, to int) bool {
		return mean(s.energies[from:to]) > lufsToEnergy(max(-60, lufs-25)) || s.speaks(from, to) // 25 dB below the talk is the noise of the room
	})
	const (
		minQuiet = 10 * time.Second
		softer   = 12 // LU
	)
	a.Quiet = secondsWhere(s.energies, 3*time.Second, minQuiet, func(from, to int) bool {
		return mean(s.energies[from:to]) < lufsToEnergy(lufs-softer) && s.speaks(from, to)
	})
	const minOpposite = 5 * time.Second
	a.Opposite = secondsWhere(s.energies, 3*time.Second, minOpposite, func(from, to int) bool {
		return mean(s.energies[from:to]) > lufsToEnergy(-50) && s.isOpposite(from, to)
	})
	for side, into := range []*[]timeline.Span{&a.LeftDropouts, &a.RightDropouts} {
		own, other := s.sides[side].energies, s.sides[1-side].energies
		*into = secondsWhere(s.energies, 0, minDropout, func(from, to int) bool {
			return mean(own[from:to]) < lufsToEnergy(silenceThreshold) && mean(other[from:to]) > lufsToEnergy(-50)
		})
	}
	return a
}

// speaks reports whether there is speech in the blocks [from, to), however soft.
func (s *analyser) speaks(from, to int) bool {
	return speechDuration(s.levels8[from*framesPerBlock:min(len(s.levels8), to*framesPerBlock)]) > 0
}

// secondsWhere returns the spans of those seconds for which match is true of the blocks [from,
// to). Gaps of up to within are closed, and spans shorter than least dropped.
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

// appendMerged appends a span, or extends the last one if the gap between them is at most within.
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

// speechDuration returns how much of a recording may be speech, in whole seconds. levels has a
// level byte for each 10 ms. A second counts if its level, averaged over 30 ms, reaches −55 dBFS
// and changes by 8 dB or more, as between syllables. Hum, hiss and fans do not count. Music does;
// to miss speech would be worse.
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
