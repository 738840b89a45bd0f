package media

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

var ntsc = timeline.Rate{Num: 30000, Den: 1001}

// generateMedia runs ffmpeg with args to generate a file, and returns its path.
func generateMedia(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if stderr, err := tools(t).Run(t.Context(), append(args, path), nil); err != nil {
		t.Fatalf("make %s: %v\n%s", name, err, stderr)
	}
	return path
}

// generateRecording generates a recording with a source of sound and a small video. The
// options are for the output.
func generateRecording(t *testing.T, name, source string, options ...string) string {
	t.Helper()
	args := []string{"-f", "lavfi", "-i", source, "-f", "lavfi", "-i", "testsrc2=s=64x48:r=10", "-shortest"}
	return generateMedia(t, name, append(args, options...)...)
}

// analyse probes and analyses a recording.
func analyse(t *testing.T, path string) (Probe, Analysis, AudioSource) {
	t.Helper()
	p, err := tools(t).Probe(t.Context(), path, filepath.Base(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	a, err := tools(t).Analyse(t.Context(), path, p, AnalyseOptions{}, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, a, AudioSource{Path: path, Blocks: filepath.Join(dir, BlocksFile), Origin: a.Origin}
}

// decodeMono returns the left channel of a file, as a player decodes it.
func decodeMono(t *testing.T, path string) (samples []float32) {
	t.Helper()
	_, err := tools(t).Stream(t.Context(), append(InputArgs(path), "-map", "0:a:0", "-f", "f32le", "-ar", "48000", "-ac", "2", "pipe:1"), func(r io.Reader) error {
		return readStereo(r, func(left, _ []float32) error { samples = append(samples, left...); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

// Silence is not amplified: at the loudness of a talk it would be hiss.
func TestRenderAudio_SilenceNotAmplified(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"digital": "anullsrc=r=48000:cl=stereo:d=2",
		"hiss":    "anoisesrc=c=pink:r=48000:d=2:a=0.0003:seed=1,pan=stereo|c0=c0|c1=c0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, a, from := analyse(t, generateRecording(t, "talk.mkv", source, "-c:a", "flac"))
			if !a.Silent {
				t.Errorf("the analysis does not report silence: %+v", a)
			}
			spec := AudioSpec{Codec: "aac", Bitrate: "128k", Rate: ntsc, LUFS: -16, Peak: -1.5,
				Pieces: []AudioPiece{{Stream: 1, Range: timeline.Range{To: 50}, Channels: "stereo"}}}
			facts, err := tools(t).RenderAudio(t.Context(), spec, []AudioSource{from}, filepath.Join(t.TempDir(), "sound"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if facts.Gain != 0 || facts.Peak > -60 || facts.Corrections != 0 || len(facts.Notes) == 0 {
				t.Errorf("silence became %+v", facts)
			}
		})
	}
}

// beeps sounds for 20 ms at the beginning of every second.
const beeps = "aevalsrc='0.5*sin(2*PI*1000*t)*lt(mod(t,1),0.02)':s=48000:d=7"

// onsets returns the samples at which beeps begin. A codec may leave a pre-echo, which is
// ignored.
func onsets(samples []float32) (at []int64) {
	echo := maxAbs(samples) / 3
	quiet := Hz / 2 // samples since the last sound
	for i, x := range samples {
		if x < echo && x > -echo {
			quiet++
			continue
		}
		if quiet > Hz/10 {
			at = append(at, int64(i))
		}
		quiet = 0
	}
	return at
}

func TestRenderAudio_InvalidSpecs(t *testing.T) {
	for name, spec := range map[string]AudioSpec{
		"nothing":           {},
		"unknown recording": {Rate: ntsc, Pieces: []AudioPiece{{Recording: 3, Range: timeline.Range{To: 5}}}},
		"unknown codec":     {Rate: ntsc, Opening: 5, Codec: "mp3"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tools(t).RenderAudio(t.Context(), spec, nil, filepath.Join(t.TempDir(), "sound"), nil); err == nil {
				t.Error("no error")
			}
		})
	}
}

// Feed returns the reason, whichever side fails first.
func TestFeed_EndsWhenEitherSideFails(t *testing.T) {
	raw := []string{"-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "pipe:0"}
	t.Run("the writer", func(t *testing.T) {
		_, err := tools(t).Feed(t.Context(), append(raw, "-f", "null", "-"), func(io.Writer) error { return fs.ErrInvalid })
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ffmpeg", func(t *testing.T) {
		_, err := tools(t).Feed(t.Context(), append(raw, "-c:a", "nonsense", "-f", "null", "-"), func(w io.Writer) (err error) {
			for err == nil {
				_, err = w.Write(make([]byte, 1<<16))
			}
			return err
		})
		if failed := new(ToolError); !errors.As(err, &failed) {
			t.Errorf("got %v", err)
		}
	})
}

// BenchmarkRenderAudio analyses a minute of speech and renders a programme from it, to compare
// the cost of a talk's sound with that of its video.
func BenchmarkRenderAudio(b *testing.B) {
	t, err := FindTools()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	path := filepath.Join(dir, "talk.m4a")
	if _, err := t.Run(b.Context(), []string{"-f", "lavfi", "-i", speech + ",aresample=48000,aloop=-1:400000", "-t", "60", "-ac", "2", path}, nil); err != nil {
		b.Fatal(err)
	}
	b.Run("analyse", func(b *testing.B) {
		for b.Loop() {
			if _, err := t.Analyse(b.Context(), path, Probe{Audio: []Audio{{Channels: 2, End: time.Minute}}}, AnalyseOptions{}, dir, nil); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-real-time")
	})
	for _, codec := range []string{"aac", "opus"} {
		b.Run(codec, func(b *testing.B) {
			spec := AudioSpec{Codec: codec, Bitrate: "160k", Rate: ntsc, LUFS: -16, Peak: -1.5,
				Pieces: []AudioPiece{{Range: timeline.Range{To: ntsc.Frame(time.Minute)}, Channels: "stereo"}}}
			for b.Loop() {
				if _, err := t.RenderAudio(b.Context(), spec, []AudioSource{{Path: path, Blocks: filepath.Join(dir, BlocksFile)}}, filepath.Join(dir, "sound"), nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-real-time")
		})
	}
}
