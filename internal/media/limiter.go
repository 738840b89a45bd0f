package media

import "math"

const (
	// lookahead is how long before a peak the gain begins to fall: 5 ms, slow enough not
	// to be heard as a click.
	lookahead = Hz / 200
	// delay is how many samples later than it goes in a sample comes out.
	delay = lookahead + interpolationRadius
	// recovery is the time in which the gain makes up all but a third of what it lost.
	recovery = 0.1 // seconds
)

// limiter applies a gain, and less of it around what would rise above a ceiling. It
// looks between the samples as well, so that the ceiling holds for the true peak (to a
// few hundredths of a decibel: the gain itself moves). Both sides get the same gain.
type limiter struct {
	gain     float32
	ceiling  float32
	over     oversampler
	past     [2][]float32 // the last delay samples that went in, with gain
	hold     slidingMin   // over what the samples of the lookahead need
	release  float64      // the gain as it recovers
	mean     movingMean   // of back over the lookahead: no corners
	required []float32    // scratch
}

// newLimiter makes a limiter with a gain and a ceiling in decibels.
func newLimiter(gain, ceiling float64) *limiter {
	return &limiter{
		gain: float32(dbToAmplitude(gain)), ceiling: float32(dbToAmplitude(ceiling)),
		over:    newOversampler(),
		past:    [2][]float32{make([]float32, delay), make([]float32, delay)},
		release: 1, mean: newMovingMean(),
	}
}

// process replaces the samples by those of delay samples ago, limited.
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

// requiredGains appends the gain that each of n samples needs to stay under the ceiling. They
// are those that have just got the samples after them that interpolation takes.
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

// peakAround is the greatest amplitude at sample n and in the gaps on either side of it.
func (l *limiter) peakAround(w []float32, n int) float32 {
	return max(w[n], -w[n], l.over.maxBetween(w[n-interpolationRadius:n+interpolationRadius]), l.over.maxBetween(w[n-interpolationRadius+1:n+interpolationRadius+1]))
}

// slidingMin is the least of the last lookahead+1 values.
type slidingMin struct {
	n     int64
	queue []minEntry // ascending; those that a later one undercuts are gone
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

// movingMean is the mean of the last lookahead+1 values.
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
	if m.at++; m.at == len(m.ring) {
		// Start the sum afresh: what rounding left in it would pile up over hours.
		m.at, m.sum = 0, 0
		for _, x := range m.ring {
			m.sum += x
		}
	}
	return m.sum / float64(len(m.ring))
}
