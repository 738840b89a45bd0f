package media

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

// beeping has, in each second, a beep from 0.5 to 0.7; and noise and a rumble all the time.
const beeping = `aevalsrc=0.3*sin(2*PI*1000*t)*between(mod(t\,1)\,0.5\,0.7)+0.01*(2*random(0)-1)+0.02*sin(2*PI*30*t):s=48000:d=8`

// renderedAudio renders a whole recording at 25 frames a second, without cards, and returns
// the decoded samples.
func renderedAudio(t *testing.T, path string, change func(*AudioSpec)) []float32 {
	t.Helper()
	p, _, source := analyse(t, path)
	rate := timeline.Rate{Num: 25, Den: 1}
	spec := AudioSpec{Codec: "flac", Rate: rate, LUFS: -20, Peak: -1.5, Pieces: []AudioPiece{{
		Stream: p.Audio[0].Stream, Zero: p.Zero(rate), Range: timeline.Range{To: 200}, Channels: "stereo",
	}}}
	change(&spec)
	out := filepath.Join(t.TempDir(), "sound.mka")
	if _, err := tools(t).RenderAudio(t.Context(), spec, []AudioSource{source}, out, nil); err != nil {
		t.Fatal(err)
	}
	return decodeMono(t, out)
}

func TestRenderAudio_MuteRanges(t *testing.T) {
	path := generateRecording(t, "beeps.mkv", beeping, "-c:a", "pcm_s16le")
	x := renderedAudio(t, path, func(s *AudioSpec) { s.Pieces[0].Mute = []timeline.Range{{From: 60, To: 65}, {From: 190, To: 200}} })
	for _, m := range [][2]int{{60, 65}, {190, 200}} {
		if peak := decibels(x[m[0]*Hz/25 : m[1]*Hz/25]); peak > minLevel {
			t.Errorf("between frames %d and %d it is as loud as %.0f dB", m[0], m[1], peak)
		}
	}
	for _, frame := range []int{59, 65, 188} {
		if at := frame * Hz / 25; decibels(x[at:at+Hz/25]) < -60 {
			t.Errorf("frame %d cannot be heard", frame)
		}
	}
}

// under returns how many decibels the sound between the beeps is below them.
func under(x []float32) float64 {
	var beeps, rest []float32
	for second := range 8 {
		beeps = append(beeps, x[second*Hz+Hz*52/100:second*Hz+Hz*68/100]...)
		rest = append(rest, x[second*Hz+Hz*10/100:second*Hz+Hz*45/100]...)
	}
	return decibels(rest) - decibels(beeps)
}

// decibels returns the root mean square of x in dBFS.
func decibels(x []float32) float64 {
	var sum float64
	for _, s := range x {
		sum += float64(s) * float64(s)
	}
	return max(minLevel, 10*math.Log10(sum/float64(len(x))))
}
