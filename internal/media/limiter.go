package media

import "math"

const (
	// lookahead is the number of samples before a peak at which the gain begins to fall:
	// 5 ms, slow enough to cause no click.
	lookahead = Hz / 200
	// delay is the number of samples by which the limiter delays the sound.
	delay = lookahead + interpolationRadius
	// recovery is the time constant with which the gain rises again.
	recovery = 0.1 // seconds
)

// limiter applies a gain, and reduces it around peaks above a ceiling. It also interpolates
// between samples, so that the ceiling applies to the true peak (to a few hundredths of a
// decibel, because the gain itself changes). Both channels get the same gain.
type limiter struct {
	gain     float32
	ceiling  float32
	over     oversampler
	past     [2][]float32 // the last delay input samples, with gain
	hold     slidingMin   // of the required gains over the lookahead
	release  float64      // gain, falling at once and rising slowly
	mean     movingMean   // smooths release over the lookahead
	required []float32    // scratch
}

// newLimiter returns a limiter that applies gain and then keeps the true peak below ceiling, both
// in dB; full scale is 0 dB.
func newLimiter(gain, ceiling float64) *limiter {
	return &limiter{
		gain: float32(dbToAmplitude(gain)), ceiling: float32(dbToAmplitude(ceiling)),
		over:    newOversampler(),
		past:    [2][]float32{make([]float32, delay), make([]float32, delay)},
		release: 1, mean: newMovingMean(),
	}
}

// process replaces the samples by limited ones. The sound is delayed: the samples returned are
// those that came in delay samples earlier.
func (l *limiter) process(left, right []float32) {
	ins := [2][]float32{left, right}
	var work [2][]float32
	for side, in := range ins {
		w := l.past[side]
		for _, x := range in {
			w = append(w, x*l.gain)
		}
		work[side] = w
	}
	l.required = l.requiredGains(l.required[:0], work, len(left))
	release := 1 - math.Exp(-1/(recovery*Hz))
	for i, need := range l.required {
		l.release = min(l.hold.next(need), l.release+(1-l.release)*release)
		g := float32(l.mean.next(l.release))
		left[i], right[i] = work[0][i]*g, work[1][i]*g
	}
	for side, w := range work {
		l.past[side] = append(w[:0], w[len(w)-delay:]...)
	}
}

// requiredGains appends to need the gain, at most 1, that keeps each of n samples under the
// ceiling. work holds past and new samples; the n are the next ones that have enough samples after
// them to interpolate.
func (l *limiter) requiredGains(need []float32, work [2][]float32, n int) []float32 {
	first := delay - interpolationRadius
	for i := 0; i < n; i += group {
		m := min(group, n-i)
		at := first + i
		tallest := max(maxAbs(work[0][at-interpolationRadius:at+m+interpolationRadius]), maxAbs(work[1][at-interpolationRadius:at+m+interpolationRadius]))
		for j := at; j < at+m; j++ {
			g := float32(1)
			if tallest*l.over.bound > l.ceiling {
				if peak := max(l.peakAround(work[0], j), l.peakAround(work[1], j)); peak > l.ceiling {
					g = l.ceiling / peak
				}
			}
			need = append(need, g)
		}
	}
	return need
}

// peakAround returns the greatest amplitude at sample n of w and, interpolated, between it and its
// neighbours. w must have interpolationRadius samples before and after it.
func (l *limiter) peakAround(w []float32, n int) float32 {
	return max(w[n], -w[n], l.over.maxBetween(w[n-interpolationRadius:n+interpolationRadius]), l.over.maxBetween(w[n-interpolationRadius+1:n+interpolationRadius+1]))
}

// slidingMin computes the minimum of the last lookahead+1 values.
type slidingMin struct {
	n     int64
	queue []minEntry // ascending, without values that are greater than a later one
}

type minEntry struct {
	value float32
	at    int64
}

func (s *slidingMin) next(v float32) float64 {
	q := s.queue
	for len(q) > 0 && q[len(q)-1].value >= v {
		q = q[:len(q)-1]
	}
	q = append(q, minEntry{v, s.n})
	if q[0].at < s.n-lookahead {
		q = append(q[:0], q[1:]...)
	}
	s.n++
	s.queue = q
	return float64(q[0].value)
}

// movingMean computes the mean of the last lookahead+1 values.
type movingMean struct {
	ring [lookahead + 1]float64
	at   int
	sum  float64
}

func newMovingMean() (m movingMean) {
	for i := range m.ring {
		m.ring[i] = 1
	}
	m.sum = float64(len(m.ring))
	return m
}

func (m *movingMean) next(v float64) float64 {
	m.sum += v - m.ring[m.at]
	m.ring[m.at] = v
	m.at++
	if m.at == len(m.ring) {
		// Compute the sum anew, or rounding errors would add up over hours.
		m.at, m.sum = 0, 0
		for _, x := range m.ring {
			m.sum += x
		}
	}
	return m.sum / float64(len(m.ring))
}
