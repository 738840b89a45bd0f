package media

import (
	"math"
	"slices"
)

// Hum is mains hum: the mains frequency and its multiples, all the time.
type Hum struct {
	Hz    int     `json:"hz"`    // 50 or 60
	Level float64 `json:"level"` // dBFS, all multiples together
}

// humMeter detects hum, one second at a time.
type humMeter struct {
	downsampled []float64 // the sound, downsampled to 1 kHz
	sum         float64   // of the input samples for the next one
	filled      int
	powers      [2][]float64 // by mains frequency: its power in each second in which it stands out
	total       int          // seconds so far
}

// humSampleRate is the sample rate for detecting hum, in Hz.
const humSampleRate = 1000

// mainsFrequencies returns the mains frequencies in use in the world, in Hz.
func mainsFrequencies() [2]float64 { return [2]float64{50, 60} }

func (m *humMeter) write(left, right []float32) {
	for i, l := range left {
		m.sum += float64(l + right[i])
		m.filled++
		if m.filled == Hz/humSampleRate {
			m.downsampled = append(m.downsampled, m.sum/(2*Hz/humSampleRate))
			m.sum, m.filled = 0, 0
		}
	}
	for len(m.downsampled) >= humSampleRate {
		m.analyseSecond(m.downsampled[:humSampleRate])
		m.downsampled = append(m.downsampled[:0], m.downsampled[humSampleRate:]...)
	}
}

// analyseSecond looks for each mains frequency in a second of sound. The frequency stands out if,
// of its first four multiples, two are 15 dB above their surroundings or one is 25 dB above.
// Multiples below −90 dBFS do not count. The power of a frequency that stands out is appended to
// m.powers.
func (m *humMeter) analyseSecond(x []float64) {
	m.total++
	windowed := make([]float64, len(x))
	for i, v := range x {
		windowed[i] = v * (1 - math.Cos(2*math.Pi*float64(i)/float64(len(x)))) // Hann window with a mean of 1
	}
	for i, f := range mainsFrequencies() {
		power, clear, strong := 0.0, 0, 0
		for k := 1.0; k <= 4; k++ {
			p := goertzel(windowed, k*f)
			around := 0.0
			for _, off := range [...]float64{-6.5, -4, 4, 6.5} {
				around += goertzel(windowed, k*f+off) / 4
			}
			if p < 1e-9 || p < 30*around { // −90 dBFS
				continue
			}
			power += p
			clear++
			if p >= 300*around {
				strong++
			}
		}
		if clear >= 2 || strong >= 1 {
			m.powers[i] = append(m.powers[i], power)
		}
	}
}

// goertzel returns the power of a frequency in samples at humSampleRate that were multiplied
// with a window of mean 1.
func goertzel(x []float64, hz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hz/humSampleRate)
	var a, b float64
	for _, v := range x {
		a, b = v+c*a-b, a
	}
	n := float64(len(x))
	return 2 * (a*a + b*b - c*a*b) / (n * n)
}

// result returns the hum of the mains frequency that stands out in more seconds, with its median
// level, or nil. The frequency must stand out in at least 5 seconds and in 60 % of all: a voice may
// have 100 Hz, too, but does not stay there.
func (m *humMeter) result() *Hum {
	const least = 5 // seconds
	best := 0
	if len(m.powers[1]) > len(m.powers[0]) {
		best = 1
	}
	heard := m.powers[best]
	if len(heard) < least || 10*len(heard) < 6*m.total {
		return nil
	}
	slices.Sort(heard)
	return &Hum{Hz: int(mainsFrequencies()[best]), Level: 10 * math.Log10(heard[len(heard)/2])}
}
