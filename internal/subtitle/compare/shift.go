package compare

import (
	"math"
	"slices"
)

// Shift is the clock that most cues follow: new time = ratio × old time + offset.
type Shift struct {
	OffsetMS int64   `json:"offset_ms"`
	Ratio    float64 `json:"ratio"` // 1 unless the clocks drift apart
	Share    float64 `json:"share"` // part of the cues in both versions that follow it
	WithinMS int64   `json:"within_ms"`
}

const (
	exactMS  = 20  // ms; tolerance for a shift made by a program
	roughMS  = 500 // ms; tolerance for a shift made by hand, cue by cue
	minShare = 0.8 // part of the cues that must follow a shift
)

// apply returns the new time of an old one, both in ms.
func (s Shift) apply(old int64) int64 {
	return int64(math.Round(s.Ratio*float64(old))) + s.OffsetMS
}

// follows reports whether new, the present start of a cue that started at old, differs from what
// the shift gives by at most WithinMS. All times are in ms.
func (s Shift) follows(old, new int64) bool {
	off := new - s.apply(old)
	return off >= -s.WithinMS && off <= s.WithinMS
}

// commonShift returns the shift that at least minShare of the matched cues follow, or nil if there
// is none, or if it is no shift at all.
func commonShift(old, new []item, matches []cueMatch) *Shift {
	var starts [][2]int64
	for _, m := range matches {
		if !m.moved {
			starts = append(starts, [2]int64{old[m.i].start, new[m.j].start})
		}
	}
	if len(starts) == 0 {
		return nil
	}
	ratio := slope(starts)
	for _, s := range []Shift{fitShift(starts, 1, exactMS), fitShift(starts, ratio, exactMS), fitShift(starts, 1, roughMS), fitShift(starts, ratio, roughMS)} {
		if s.Share >= minShare {
			if s.Ratio == 1 && (s.OffsetMS == 0 || s.WithinMS == roughMS && max(s.OffsetMS, -s.OffsetMS) <= roughMS) {
				return nil // the clock did not change
			}
			return &s
		}
	}
	return nil
}

// fitShift returns the shift with that ratio and the median offset of starts, pairs of old and new
// times in ms. Its Share is the part of them that follow it to within ms.
func fitShift(starts [][2]int64, ratio float64, within int64) Shift {
	offsets := make([]float64, len(starts))
	for n, p := range starts {
		offsets[n] = float64(p[1]) - ratio*float64(p[0])
	}
	s := Shift{OffsetMS: int64(math.Round(median(offsets))), Ratio: ratio, WithinMS: within}
	following := 0
	for _, p := range starts {
		if s.follows(p[0], p[1]) {
			following++
		}
	}
	s.Share = float64(following) / float64(len(starts))
	return s
}

// slope returns the median slope between pairs of cues half a file apart (a thinned-out Theil–Sen
// estimator), or 1 if there are none.
func slope(starts [][2]int64) float64 {
	half := len(starts) / 2
	var slopes []float64
	for n := range half {
		a, b := starts[n], starts[n+half]
		if b[0] > a[0] {
			slopes = append(slopes, float64(b[1]-a[1])/float64(b[0]-a[0]))
		}
	}
	if len(slopes) == 0 {
		return 1
	}
	return median(slopes)
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
