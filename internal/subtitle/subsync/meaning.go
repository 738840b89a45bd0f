package subsync

import (
	"math"
	"slices"
)

// meaning is what the sound around a cue's start says of the cue: the logarithm of how
// much likelier such an onset is where a cue belongs than anywhere in the recording. The
// onsets of a recording are sorted into classes of equal size, so that the latter is the
// same for all, and the former is counted: no distribution is assumed.
type meaning struct {
	least [classes]float32    // the smallest onset of each class
	says  [2][classes]float32 // by mark.kind and class, in nats
}

const (
	classes = 10
	prior   = 2.0  // cues taken for granted in each class, so that a few do not say too much
	beyond  = -1.0 // nats, what is said of a cue that lies outside the recording
)

// usual is the meaning that is assumed as long as nothing has been learned.
func usual(sound []float32) *meaning {
	m := &meaning{}
	sorted := slices.Clone(sound)
	slices.Sort(sorted)
	for c := range classes {
		m.least[c] = sorted[c*len(sorted)/classes]
		m.says[0][c] = 2*float32(c)/(classes-1) - 1.2
		m.says[1][c] = m.says[0][c] / 2
	}
	return m
}

// learn counts what a signal is where marks are: met calls count with the kind and the
// frame of each.
func (m *meaning) learn(signal []float32, met func(count func(kind, at int))) {
	var counts [2][classes]float64
	met(func(kind, at int) {
		if at >= 0 && at < len(signal) {
			counts[kind][m.class(signal[at])]++
		}
	})
	for kind, met := range counts {
		total := prior * classes
		for _, n := range met {
			total += n
		}
		for c, n := range met {
			m.says[kind][c] = float32(math.Log((n + prior) / total * classes))
		}
	}
}

func (m *meaning) class(onset float32) int {
	c := 0
	for c+1 < classes && onset >= m.least[c+1] {
		c++
	}
	return c
}

// of is what each onset says, by mark.kind.
func (m *meaning) of(onsets []float32) (said [2][]float32) {
	for kind := range said {
		said[kind] = make([]float32, len(onsets))
	}
	for i, x := range onsets {
		c := m.class(x)
		said[0][i], said[1][i] = m.says[0][c], m.says[1][c]
	}
	return said
}
