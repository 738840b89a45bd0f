package media

import "math"

const (
	// lookahead is how long before a peak the gain begins to fall: 5 ms, slow enough not
	// to be heard as a click.
	lookahead = Hz / 200
	// delay is how many samples later than it goes in a sample comes out.
	delay = lookahead + reach
	// recovery is the time in which the gain makes up all but a third of what it lost.
	recovery = 0.1 // seconds
)

// limiter applies a gain, and less of it around what would rise above a ceiling. It
// looks between the samples as well, so that the ceiling holds for the true peak (to a
// few hundredths of a decibel: the gain itself moves). Both sides get the same gain.
type limiter struct {
	gain    float32
	ceiling float32
	over    oversampler
	past    [2][]float32 // the last delay samples that went in, with gain
	hold    slidingMin   // over what the samples of the lookahead need
	back    float64      // the gain as it recovers
	mean    movingMean   // of back over the lookahead: no corners
	need    []float32    // scratch
}

// newLimiter makes a limiter with a gain and a ceiling in decibels.
func newLimiter(gain, ceiling float64) *limiter {
	return &limiter{
		gain: float32(linear(gain)), ceiling: float32(linear(ceiling)),
		over: newOversampler(),
		past: [2][]float32{make([]float32, delay), make([]float32, delay)},
		back: 1, mean: newMovingMean(),
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
	l.need = l.needs(l.need[:0], work, len(left))
	release := 1 - math.Exp(-1/(recovery*Hz))
	for i, need := range l.need {
		l.back = min(l.hold.next(need), l.back+(1-l.back)*release)
		g := float32(l.mean.next(l.back))
		left[i], right[i] = work[0][i]*g, work[1][i]*g
	}
	for side, w := range work {
		l.past[side] = append(w[:0], w[len(w)-delay:]...)
	}
}

// needs appends the gain that each of n samples needs to stay under the ceiling. They
// are those that have just got the samples after them that interpolation takes.
func (l *limiter) needs(need []float32, work [2][]float32, n int) []float32 {
	first := delay - reach
	for i := 0; i < n; i += group {
		m := min(group, n-i)
		at := first + i
		tallest := max(greatest(work[0][at-reach:at+m+reach]), greatest(work[1][at-reach:at+m+reach]))
		for j := at; j < at+m; j++ {
			g := float32(1)
			if tallest*l.over.bound > l.ceiling {
				if peak := max(l.around(work[0], j), l.around(work[1], j)); peak > l.ceiling {
					g = l.ceiling / peak
				}
			}
			need = append(need, g)
		}
	}
	return need
}

// around is the greatest amplitude at sample n and in the gaps on either side of it.
func (l *limiter) around(w []float32, n int) float32 {
	return max(w[n], -w[n], l.over.between(w[n-reach:n+reach]), l.over.between(w[n-reach+1:n+reach+1]))
}

// slidingMin is the least of the last lookahead+1 values.
type slidingMin struct {
	n     int64
	queue []heldMin // ascending; those that a later one undercuts are gone
}

type heldMin struct {
	value float32
	at    int64
}

func (s *slidingMin) next(v float32) float64 {
	q := s.queue
	for len(q) > 0 && q[len(q)-1].value >= v {
		q = q[:len(q)-1]
	}
	q = append(q, heldMin{v, s.n})
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
