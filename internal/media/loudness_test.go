package media

import (
	"context"
	"io"
	"math"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// speech is a source of about eight seconds of talk in one channel.
const speech = "flite=text='Welcome. Today we look at how volunteers record a conference, and at what happens when one channel goes dead. Questions come last.':voice=slt"

// The meter agrees with ffmpeg's own, which the other tests use for comparison.
func TestMeter_AgreesWithFFmpeg(t *testing.T) {
	for name, source := range map[string]string{
		"tone":          "sine=997:r=48000:d=5,volume=-3dB,pan=stereo|c0=c0|c1=c0",
		"near Nyquist":  "aevalsrc=0.5*sin(2*PI*12000*t+0.785)|0.4*sin(2*PI*11990*t):s=48000:d=4,afade=d=0.5",
		"pink noise":    "anoisesrc=c=pink:r=48000:d=6:seed=7,pan=stereo|c0=0.3*c0|c1=0.1*c0",
		"loud and soft": "sine=400:r=48000:d=9,volume='if(lt(t,3),0.001,if(lt(t,6),0.5,0.05))':eval=frame,pan=stereo|c0=c0|c1=0*c0",
		"speech":        speech + ",aresample=48000,pan=stereo|c0=c0|c1=0.5*c0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := NewMeter()
			_, err := tools(t).Stream(context.Background(),
				[]string{"-f", "lavfi", "-i", source, "-f", "f32le", "pipe:1"},
				func(r io.Reader) error {
					return readStereo(r, func(left, right []float32) error { m.Write(left, right); return nil })
				})
			if err != nil {
				t.Fatal(err)
			}
			lufs, peak := ffmpegLoudness(t, "-f", "lavfi", "-i", source)
			if math.Abs(m.LUFS()-lufs) > 0.1 {
				t.Errorf("loudness is %.2f LUFS, ffmpeg says %.2f", m.LUFS(), lufs)
			}
			if math.Abs(m.Peak()-peak) > 0.2 {
				t.Errorf("true peak is %.2f dBTP, ffmpeg says %.2f", m.Peak(), peak)
			}
		})
	}
}

func TestMeter_Silence(t *testing.T) {
	m := NewMeter()
	m.Write(make([]float32, Hz), make([]float32, Hz))
	if !math.IsInf(m.LUFS(), -1) || !math.IsInf(m.Peak(), -1) {
		t.Errorf("silence measures %v LUFS, %v dBTP", m.LUFS(), m.Peak())
	}
}

func BenchmarkMeter(b *testing.B) {
	left, right := make([]float32, Hz), make([]float32, Hz)
	for i := range left {
		left[i] = float32(math.Sin(float64(i) / 20))
		right[i] = left[i] / 2
	}
	m := NewMeter()
	for b.Loop() {
		m.Write(left, right)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/s-of-sound")
}

var verdictLine = regexp.MustCompile(`(?m)^\s+(I|Peak):\s+(-?[\d.]+|-inf) `)

// ffmpegLoudness returns what ffmpeg's ebur128 measures: loudness in LUFS and true peak in
// dBTP.
func ffmpegLoudness(t *testing.T, input ...string) (lufs, peak float64) {
	t.Helper()
	args := append([]string{"-hide_banner", "-nostats"}, input...)
	out, err := exec.Command(tools(t).FFmpeg, append(args, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-")...).CombinedOutput()
	if err != nil {
		t.Fatalf("ebur128: %v\n%s", err, out)
	}
	found := verdictLine.FindAllSubmatch(out, -1)
	if len(found) < 2 {
		t.Fatalf("ebur128 says nothing:\n%s", out)
	}
	found = found[len(found)-2:]
	lufs, _ = strconv.ParseFloat(string(found[0][2]), 64)
	peak, _ = strconv.ParseFloat(string(found[1][2]), 64)
	return lufs, peak
}
