package subsync

import (
	"math"
	"slices"
)

// onsetModel says what the sound around a cue's start says about the cue: the logarithm of how
// much more likely such an onset is where a cue belongs than anywhere in the recording. The
// onsets of a recording are sorted into classes of equal size, so that the latter is the same
// for all, and the former is counted: no distribution is assumed.
type onsetModel struct {
	classMin [classes]float32    // the smallest onset of each class
	logOdds  [2][classes]float32 // by cueStart.kind and class, in nats
}

const (
	classes        = 10
	priorCount     = 2.0  // imaginary cues in each class, so that a few real ones do not count too much
	outsideLogOdds = -1.0 // nats, for a cue outside the recording
)

// defaultOnsetModel returns the model that is used before anything has been learned.
func defaultOnsetModel(sound []float32) *onsetModel {
	m := &onsetModel{}
	sorted := slices.Clone(sound)
	slices.Sort(sorted)
	for c := range classes {
		m.classMin[c] = sorted[c*len(sorted)/classes]
		m.logOdds[0][c] = 2*float32(c)/(classes-1) - 1.2
		m.logOdds[1][c] = m.logOdds[0][c] / 2
	}
	return m
}

// learn sets the log odds by counting the classes of the signal at the places of cues. visit calls
// count with the kind and the frame of each cue.
func (m *onsetModel) learn(signal []float32, visit func(count func(kind, at int))) {
	var counts [2][classes]float64
	visit(func(kind, at int) {
		if at >= 0 && at < len(signal) {
			counts[kind][m.classOf(signal[at])]++
		}
	})
	for kind, inClass := range counts {
		total := priorCount * classes
		for _, n := range inClass {
			total += n
		}
		for c, n := range inClass {
			m.logOdds[kind][c] = float32(math.Log((n + priorCount) / total * classes))
		}
	}
}

// classOf returns the class of an onset: the last whose smallest onset does not exceed it.
func (m *onsetModel) classOf(onset float32) int {
	c := 0
	for c+1 < classes && onset >= m.classMin[c+1] {
		c++
	}
	return c
}

// evaluate returns the log odds of each onset, by cueStart.kind, in nats.
func (m *onsetModel) evaluate(onsets []float32) (odds [2][]float32) {
	for kind := range odds {
		odds[kind] = make([]float32, len(onsets))
	}
	for i, x := range onsets {
		c := m.classOf(x)
		odds[0][i], odds[1][i] = m.logOdds[0][c], m.logOdds[1][c]
	}
	return odds
}
