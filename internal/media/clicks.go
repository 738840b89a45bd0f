package media

import (
	"math"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Clicks are told from speech, claps and applause by being rare, short and far louder than anything
// else: a decoder's or an encoder's fault, damaged data, a plug that is pulled.
const (
	clickAbove     = 18               // dB above the loud moments of the talk
	clickLimitAt   = 6                // dB above them; to this clicks are limited
	clickShare     = 200              // there are clicks in at most one of so many frames of 10 ms
	clickTotal     = time.Second      // or, in short recordings, for as long as this
	clickMinLength = 10 * time.Second // in a shorter recording, a loud moment may be all there is
	clickPause     = 2 * time.Second  // clicks within this time are one span
	clickSpread    = 4                // the spans are at most one in so many parts of the time
)

// findClicks returns where there are clicks, and the level that they are to be limited to, in dBFS.
func (s *analyser) findClicks() (level float64, clicks []timeline.Span) {
	const audible = 0.001
	var loud []float32
	for _, p := range s.peaks {
		if p > audible {
			loud = append(loud, p)
		}
	}
	if len(loud) == 0 || len(s.peaks) < int(clickMinLength/(10*time.Millisecond)) {
		return 0, nil
	}
	slices.Sort(loud)
	usual := amplitudeToDB(float64(loud[len(loud)*9/10]))
	least := float32(dbToAmplitude(usual + clickAbove))
	count := len(loud) - upperBound(loud, least)
	if count == 0 || count > max(len(s.peaks)/clickShare, int(clickTotal/(10*time.Millisecond))) {
		return 0, nil
	}
	for i, p := range s.peaks {
		if p > least {
			from := time.Duration(i) * 10 * time.Millisecond
			clicks = appendMerged(clicks, timeline.Span{From: from, To: from + 10*time.Millisecond}, clickPause)
		}
	}
	var spread time.Duration
	for _, c := range clicks {
		spread += c.Len()
	}
	if spread > time.Duration(len(s.peaks))*10*time.Millisecond/clickSpread {
		return 0, nil // claps, again and again
	}
	level = math.Round(usual + clickLimitAt)
	if level == 0 {
		level = -1 // 0 stands for none
	}
	return level, clicks
}

// upperBound returns the number of sorted values up to limit.
func upperBound(sorted []float32, limit float32) int {
	n, _ := slices.BinarySearchFunc(sorted, limit, func(v, limit float32) int {
		if v <= limit {
			return -1
		}
		return 1
	})
	return n
}

// clickLimit returns the amplitude of a ClickLevel; 0 for none.
func clickLimit(level float64) float32 {
	if level == 0 {
		return 0
	}
	return float32(dbToAmplitude(level))
}

// limitPeaks limits the amplitude of samples, in place. A limit of 0 is none.
func limitPeaks(x []float32, limit float32) {
	if limit == 0 || maxAbs(x) <= limit {
		return
	}
	for i, v := range x {
		x[i] = min(limit, max(-limit, v))
	}
}
