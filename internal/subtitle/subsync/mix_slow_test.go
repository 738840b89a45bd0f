//go:build slow

package subsync_test

import (
	"math"
	"math/rand/v2"
	"time"
)

// mixer is the sound of a talk while it is being mixed.
type mixer struct {
	pcm  []float32
	dice *rand.Rand
}

func newMixer(length time.Duration, seed uint64) *mixer {
	return &mixer{make([]float32, int(length.Seconds()*hz)), rand.New(rand.NewPCG(seed, 3))}
}

// speechStyle is how the speech is timed relative to the captions.
type speechStyle struct {
	lead   time.Duration // captions come this much before the speech
	jitter time.Duration // standard deviation of that
	fit    bool          // speech is sped up to its captions' time; else it may run into what follows
}

// speech adds the utterances.
func (s *mixer) speech(all []utterance, m speechStyle) {
	for _, u := range all {
		at := u.from + m.lead + time.Duration(s.dice.NormFloat64()*float64(m.jitter))
		step := 1.0
		if length := float64(len(u.pcm)) / hz; m.fit {
			room := (u.to - u.from).Seconds() * (0.85 + 0.15*s.dice.Float64())
			step = max(0.7, length/room)
		}
		s.add(u.pcm, at, step)
	}
}

// add mixes in sound at a time, sped up by step.
func (s *mixer) add(pcm []float32, at time.Duration, step float64) {
	from := int(at.Seconds() * hz)
	for i := 0; float64(i)*step < float64(len(pcm)); i++ {
		if n := from + i; n >= 0 && n < len(s.pcm) {
			s.pcm[n] += pcm[int(float64(i)*step)]
		}
	}
}

// speechLevel is the root mean square of the mixed speech.
const speechLevel = 0.05

func decibels(db float64) float64 { return speechLevel * math.Pow(10, -db/20) }

// room adds the noise of people and of air conditioning, db below speech.
func (s *mixer) room(db float64) {
	amplitude, brown := decibels(db), 0.0
	for i := range s.pcm {
		brown = 0.98*brown + 0.2*s.dice.NormFloat64()
		hum := math.Sin(2 * math.Pi * 100 * float64(i) / hz)
		slow := 1 + 0.3*math.Sin(2*math.Pi*float64(i)/hz/7)
		s.pcm[i] += float32(amplitude * slow * (0.6*brown + 0.3*s.dice.NormFloat64() + 0.3*hum))
	}
}

// applause adds bursts of clapping and laughter, db below speech, every half minute or so.
func (s *mixer) applause(db float64) {
	amplitude := decibels(db)
	for at := 0.0; at < float64(len(s.pcm)); at += hz * (10 + 40*s.dice.Float64()) {
		length := hz * (1 + 6*s.dice.Float64())
		for i := 0; float64(i) < length && int(at)+i < len(s.pcm); i++ {
			shape := min(1, float64(i)/hz/0.3) * min(1, (length-float64(i))/hz)
			s.pcm[int(at)+i] += float32(amplitude * shape * s.dice.NormFloat64())
		}
	}
}

// music adds chords to a beat, db below speech.
func (s *mixer) music(db float64) {
	amplitude, beat := decibels(db), 0.5*hz
	chord := [3]float64{220, 277.2, 329.6}
	for i := range s.pcm {
		n, phase := math.Modf(float64(i) / beat)
		pitch := math.Pow(2, float64(int(n/4)%5)/12)
		var v float64
		for _, f := range chord {
			v += math.Sin(2 * math.Pi * f * pitch * float64(i) / hz)
		}
		s.pcm[i] += float32(amplitude * v * 0.8 * math.Exp(-2*phase))
	}
}

// levels returns the levels that an analysis of a mono recording stores: a mean square for
// every 10 ms, in half decibels.
func (s *mixer) levels() []float32 {
	const frame = hz / 100
	levels := make([]float32, len(s.pcm)/frame)
	for i := range levels {
		var sum float64
		for _, v := range s.pcm[i*frame : (i+1)*frame] {
			sum += float64(v) * float64(v)
		}
		db := 10 * math.Log10(sum/frame)
		levels[i] = float32(math.Round(min(255, max(0, 2*(db+120))))/2 - 120)
	}
	return levels
}
