package media

import (
	"math"
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/media/mediatest"
)

// Timecode is told from a voice, a tone and silence by its bits, at any level and polarity.
func TestTimecodeMeter_OnlyTimecode(t *testing.T) {
	tone := make([]float32, 3*Hz)
	for i := range tone {
		tone[i] = float32(math.Sin(2 * math.Pi * 2000 * float64(i) / Hz))
	}
	for name, test := range map[string]struct {
		sound []float32
		want  bool
	}{
		"timecode":          {mediatest.Timecode(3, 0.3), true},
		"softly":            {mediatest.Timecode(3, 0.001), true},
		"turned round":      {mediatest.Timecode(3, -0.3), true},
		"after silence":     {append(make([]float32, 2*Hz), mediatest.Timecode(3, 0.3)...), true},
		"a voice":           {mediatest.Voice(3), false},
		"a voice, then it":  {append(mediatest.Voice(6), mediatest.Timecode(1, 0.01)...), false},
		"a tone of 2 kHz":   {tone, false},
		"silence":           {make([]float32, 3*Hz), false},
		"in damaged frames": {mediatest.Timecode(3, 0.3)[:70*12*2], false},
	} {
		t.Run(name, func(t *testing.T) {
			var m timecodeMeter
			m.write(test.sound)
			if m.detected() != test.want {
				t.Errorf("%.3f of %.3f is timecode", m.timecode, m.energy)
			}
		})
	}
}

// Of several channels those are chosen on which somebody speaks.
func TestChooseChannels_ByVoice(t *testing.T) {
	const length = 20 * Hz
	voice, code := mediatest.Voice(20), mediatest.Timecode(20, 0.2)
	nothing := make([]float32, length)
	scaled := func(x []float32, gain float32, from, to int) []float32 {
		y := make([]float32, length)
		for i := from; i < to; i++ {
			y[i] = gain * x[i]
		}
		return y
	}
	for name, test := range map[string]struct {
		streams [][][]float32 // channels by stream
		want    []MixInput
		first   int // stream that is used as a whole
	}{
		"the second stream":        {streams: [][][]float32{{nothing}, {voice}}, first: 1},
		"not the timecode":         {streams: [][][]float32{{code}, {nothing}, {voice}}, first: 2},
		"a stereo pair":            {streams: [][][]float32{{code}, {voice, voice}}, first: 1},
		"the first of equals":      {streams: [][][]float32{{voice}, {voice}}, first: 0},
		"a channel of many":        {streams: [][][]float32{{nothing, code, voice, nothing}}, want: []MixInput{{Channel: 3}}},
		"two halves":               {streams: [][][]float32{{scaled(voice, 1, 0, length/2)}, {scaled(voice, 1, length/2, length)}}, want: []MixInput{{Stream: 0, Channel: 1}, {Stream: 1, Channel: 1}}},
		"two halves, one soft":     {streams: [][][]float32{{scaled(voice, 1, 0, length/2)}, {scaled(voice, 0.1, length/2, length)}}, want: []MixInput{{Stream: 0, Channel: 1}, {Stream: 1, Channel: 1, Gain: 20}}},
		"nothing anywhere":         {streams: [][][]float32{{nothing}, {nothing}}, first: 0},
		"only timecode":            {streams: [][][]float32{{nothing}, {code}}, first: 0},
		"the same on both, softer": {streams: [][][]float32{{voice}, {scaled(voice, 0.1, 0, length)}}, first: 0},
	} {
		t.Run(name, func(t *testing.T) {
			var p Probe
			var all []*surveyedChannel
			for i, channels := range test.streams {
				p.Audio = append(p.Audio, Audio{Stream: i, Channels: len(channels)})
				for n, x := range channels {
					c := &surveyedChannel{HeardChannel: HeardChannel{Stream: i, Channel: n + 1}, of: p.Audio[i]}
					for part := range slices.Chunk(x, blockSamples) {
						c.write(part)
					}
					c.describe()
					all = append(all, c)
				}
			}
			got := newMix(&p, chooseChannels(all))
			for i := range got {
				if want := test.want; i < len(want) && math.Abs(float64(got[i].Gain-want[i].Gain)) <= 1 {
					got[i].Gain = want[i].Gain
				}
			}
			if !slices.Equal(got, test.want) || test.want == nil && p.Audio[0].Stream != test.first {
				t.Errorf("mix %+v, first stream %d", got, p.Audio[0].Stream)
			}
		})
	}
}

// Clicks are told from speech and claps, and limited.
func TestAnalyser_FindClicks(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(x []float32)
		spans int
	}{
		"none":         {func([]float32) {}, 0},
		"one":          {func(x []float32) { x[10*Hz+Hz/2] = 500 }, 1},
		"two apart":    {func(x []float32) { x[5*Hz], x[15*Hz] = 30, -30 }, 2},
		"two together": {func(x []float32) { x[5*Hz], x[6*Hz] = 30, -30 }, 1},
		"claps": {func(x []float32) {
			for i := Hz / 2; i < len(x); i += Hz {
				x[i] = 30
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := newAnalyser(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			x := mediatest.Voice(20)
			test.spoil(x)
			for part := range slices.Chunk(x, blockSamples) {
				if err := s.addBlock(part, slices.Clone(part)); err != nil {
					t.Fatal(err)
				}
			}
			if level, clicks := s.findClicks(); len(clicks) != test.spans || test.spans > 0 && (level < -3 || level > 6) {
				t.Errorf("%v, to be limited to %.0f dB", clicks, level)
			}
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The leveller raises a soft part to the rest, changes slowly, and leaves an even talk alone.
func TestLevelGains(t *testing.T) {
	const length = 40
	for name, test := range map[string]struct {
		gain        func(second int) float64 // dB
		least, most float64                  // dB that the second half must be raised more than the first
	}{
		"even":       {func(int) float64 { return 0 }, -1, 1},
		"soft end":   {func(s int) float64 { return -20 * float64(s/(length/2)) }, 15, 21},
		"very soft":  {func(s int) float64 { return -70 * float64(s/(length/2)) }, -1, 9},
		"soft start": {func(s int) float64 { return -15 * float64(1-s/(length/2)) }, -16, -11},
	} {
		t.Run(name, func(t *testing.T) {
			x := mediatest.Voice(length)
			var s loudnessEnvelope
			for i := 0; i < len(x); i += frameSamples {
				g := dbToAmplitude(test.gain(i / Hz))
				f := envelopeFrame{peak: maxAbs(x[i:i+frameSamples]) * float32(g)}
				for _, v := range x[i : i+frameSamples] {
					f.energy += 2 * v * v * float32(g*g) / frameSamples
				}
				s = append(s, f)
			}
			gains := s.levelGains()
			for i := range gains[1:] {
				if math.Abs(gains[i+1]-gains[i]) > 1.2 {
					t.Errorf("from %.1f to %.1f dB within 100 ms", gains[i], gains[i+1])
				}
			}
			if by := gains[len(gains)*3/4] - gains[len(gains)/4]; by < test.least || by > test.most {
				t.Errorf("the second half is raised by %.1f dB more", by)
			}
		})
	}
}
