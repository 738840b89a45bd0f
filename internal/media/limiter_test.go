package media

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The limiter lets no true peak through, and only delays what needs no limiting.
func TestLimiter(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	left, right := make([]float32, 5*Hz), make([]float32, 5*Hz)
	for i := range left {
		loud := 0.1
		if i/(Hz/3)%2 == 1 {
			loud = 2
		}
		left[i] = float32(loud * noise.NormFloat64() / 3)
		right[i] = float32(loud * math.Sin(float64(i)*0.9))
	}
	for name, test := range map[string]struct {
		gain, ceiling float64
		same          bool
	}{
		"limits":     {0, -6, false},
		"limits all": {20, -2.5, false},
		"lets pass":  {-30, -2.5, true},
	} {
		t.Run(name, func(t *testing.T) {
			l, m := newLimiter(test.gain, test.ceiling), NewMeter()
			differ := 0
			for at := 0; at < len(left); at += 1000 {
				a, b := append([]float32{}, left[at:at+1000]...), append([]float32{}, right[at:at+1000]...)
				l.process(a, b)
				m.Write(a, b)
				for i := range a {
					if was := at + i - delay; was >= 0 && math.Abs(float64(a[i]-left[was]*l.gain)) > 1e-6 {
						differ++
					}
				}
			}
			if m.Peak() > test.ceiling+0.1 {
				t.Errorf("the true peak is %.2f dBTP", m.Peak())
			}
			if (differ == 0) != test.same {
				t.Errorf("%d samples were touched", differ)
			}
		})
	}
}
