package media

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
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
	a, err := tools(t).Analyse(t.Context(), path, p, dir, nil)
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

// Any input is brought to the target loudness, with no true peak above the ceiling, as
// measured by ffmpeg's own meter.
func TestRenderAudio_ReachesTargetLoudness(t *testing.T) {
	t.Parallel()
	talk := "amovie=" + generateMedia(t, "talk.wav", "-f", "lavfi", "-i", speech+",aresample=48000,atrim=duration=6") + ","
	for name, test := range map[string]struct {
		source, channels, codec string
	}{
		"one channel":      {talk + "pan=stereo|c0=0*c0|c1=c0", "right", "aac"},
		"in Opus":          {talk + "pan=stereo|c0=c0|c1=c0", "stereo", "opus"},
		"quiet":            {talk + "volume=-38dB,pan=stereo|c0=c0|c1=c0", "mix", "aac"},
		"loud and clipped": {talk + "volume=25dB,aformat=s16,pan=stereo|c0=c0|c1=c0", "stereo", "aac"},
		"dynamic":          {talk + "volume='if(lt(mod(t,4),3.7),0.02,1)':eval=frame,pan=stereo|c0=c0|c1=c0", "stereo", "aac"},
		"claps":            {talk + "volume=-22dB,aeval='val(0)+0.9*(random(0)-0.5)*lt(mod(t,1.3),0.03)':c=stereo", "stereo", "aac"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, source := analyse(t, generateRecording(t, "talk.mkv", test.source, "-c:a", "flac"))
			out := filepath.Join(t.TempDir(), "sound")
			spec := AudioSpec{
				Codec: test.codec, Bitrate: "128k", Rate: ntsc, Opening: 30, Closing: 31, LUFS: -16, Peak: -1.5,
				Pieces: []AudioPiece{
					{Stream: 1, Range: timeline.Range{From: 3, To: 71}, Channels: test.channels},
					{Stream: 1, Range: timeline.Range{From: 90, To: 178}, Channels: test.channels},
				},
			}
			facts, err := tools(t).RenderAudio(t.Context(), spec, []AudioSource{source}, out, nil)
			if err != nil {
				t.Fatal(err)
			}
			lufs, peak := ffmpegLoudness(t, InputArgs(out)...)
			if math.Abs(lufs-spec.LUFS) > 0.5 || peak > spec.Peak {
				t.Errorf("came out at %.1f LUFS, %.1f dBTP; we measured %+v", lufs, peak, facts)
			}
			if want := ntsc.Samples(30+68+88+31, Hz); facts.Samples != want {
				t.Errorf("%d samples, want %d", facts.Samples, want)
			}
		})
	}
}

// A conference's clip is as loud as the talk, however quiet that was, and is at the right
// time.
func TestRenderAudio_ClipsMatchTalkLoudness(t *testing.T) {
	t.Parallel()
	_, _, talk := analyse(t, generateRecording(t, "talk.mkv", speech+",aresample=48000,volume=-30dB,aformat=channel_layouts=stereo,atrim=duration=6", "-c:a", "flac"))
	_, _, clip := analyse(t, generateRecording(t, "clip.mkv", "sine=880:r=44100:d=3,volume=15dB", "-c:a", "flac"))
	out := filepath.Join(t.TempDir(), "sound")
	music := &AudioPiece{Recording: 1, Stream: 1, Range: timeline.Range{To: 75}, Channels: "stereo", Unfiltered: true}
	spec := AudioSpec{
		Codec: "opus", Bitrate: "128k", Rate: pal25, Opening: 100, Closing: 100, LUFS: -16, Peak: -1.5,
		Pieces: []AudioPiece{{Stream: 1, Range: timeline.Range{To: 150}, Channels: "stereo"}}, OpeningClip: music, ClosingClip: music,
	}
	if _, err := tools(t).RenderAudio(t.Context(), spec, []AudioSource{talk, clip}, out, nil); err != nil {
		t.Fatal(err)
	}
	at := func(from, length string) float64 {
		lufs, _ := ffmpegLoudness(t, append([]string{"-ss", from, "-t", length}, InputArgs(out)...)...)
		return lufs
	}
	for name, lufs := range map[string]float64{"opening clip": at("0.2", "2.5"), "talk": at("4", "6"), "closing clip": at("11.2", "2.5")} {
		if math.Abs(lufs-spec.LUFS) > 1 {
			t.Errorf("the %s is at %.1f LUFS", name, lufs)
		}
	}
	for _, from := range []string{"3.1", "10.1"} {
		if lufs := at(from, "0.8"); lufs > -60 {
			t.Errorf("beside the card at %s s there is sound of %.1f LUFS", from, lufs)
		}
	}
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

// A beep at a second of a recording's clock is heard where the cut puts that second, whatever
// the container, wherever its sound begins, and also after the sound was joined with the
// video.
func TestRenderAudio_BeepPositions(t *testing.T) {
	t.Parallel()
	type recording struct {
		path  string
		start time.Duration // how long after the first picture the source's sound begins
	}
	sound := generateMedia(t, "beeps.wav", "-f", "lavfi", "-i", beeps)
	picture := []string{"-f", "lavfi", "-i", "testsrc2=s=64x48:r=30000/1001:d=7"}
	shifted := func(name, late, picture string) string {
		return generateMedia(t, name, "-itsoffset", late, "-i", sound, "-itsoffset", picture,
			"-f", "lavfi", "-i", "testsrc2=s=64x48:r=30000/1001:d=7", "-c:a", "aac", "-fps_mode", "passthrough")
	}
	ts := generateMedia(t, "talk.ts", append([]string{"-i", sound}, append(picture, "-c:a", "aac", "-output_ts_offset", "1000")...)...)
	recordings := []recording{
		{generateMedia(t, "talk.mp4", append([]string{"-i", sound}, append(picture, "-c:a", "aac", "-ar", "44100")...)...), 0},
		{shifted("late.mp4", "1.4", "0"), 1400 * time.Millisecond},
		{shifted("early.mkv", "0", "1.4"), -1400 * time.Millisecond},
		{generateMedia(t, "indexed.mkv", "-i", ts, "-map", "0", "-c", "copy"), 0},
		{generateMedia(t, "gap.mkv", append([]string{"-i", sound}, append(picture, "-c:a", "flac", "-af", "aselect='not(between(t,2.3,2.8))'")...)...), 0},
	}
	spec := AudioSpec{Bitrate: "128k", Rate: ntsc, Opening: 47, Closing: 13, LUFS: -16, Peak: -1.5}
	var sources []AudioSource
	var want []int64
	frames := spec.Opening
	for i, r := range recordings {
		p, a, source := analyse(t, r.path)
		sources = append(sources, source)
		zero := p.Zero(ntsc)
		first := ticksToDuration(p.Video.FirstPTS, p.Video.TimeBase) - zero // of the picture, on the recording's clock
		for _, kept := range []timeline.Range{{From: 7, To: 77}, {From: 130, To: 191}} {
			spec.Pieces = append(spec.Pieces, AudioPiece{Recording: i, Stream: a.Stream, Zero: zero, Range: kept, Channels: "left"})
			for s := range 7 {
				beep := first + r.start + time.Duration(s)*time.Second
				if from, to := ntsc.Time(kept.From), ntsc.Time(kept.To); beep > from && beep < to {
					want = append(want, ntsc.Samples(frames, Hz)+sampleAt(beep-from))
				}
			}
			frames += kept.Len()
		}
	}
	frames += spec.Closing
	for _, test := range []struct{ codec, container string }{{"aac", "mp4"}, {"opus", "webm"}} {
		t.Run(test.codec, func(t *testing.T) {
			t.Parallel()
			spec := spec
			spec.Codec = test.codec
			out := filepath.Join(t.TempDir(), "sound")
			if _, err := tools(t).RenderAudio(t.Context(), spec, sources, out, nil); err != nil {
				t.Fatal(err)
			}
			copied := generateMedia(t, "programme."+test.container, append(InputArgs(out), "-c", "copy")...)
			for _, path := range []string{out, copied} {
				heard := decodeMono(t, path)
				if over := int64(len(heard)) - ntsc.Samples(frames, Hz); over < 0 || over > spec.maxPadding() {
					t.Errorf("%s: %d samples too many", filepath.Base(path), over)
				}
				near := func(a, b int64) bool { return a-b < Hz/500 && b-a < Hz/500 }
				if got := onsets(heard); !slices.EqualFunc(got, want, near) {
					t.Errorf("%s: beeps at\n%v, want them at\n%v", filepath.Base(path), got, want)
				}
			}
		})
	}
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
			if _, err := t.Analyse(b.Context(), path, Probe{Audio: []Audio{{Channels: 2, End: time.Minute}}}, dir, nil); err != nil {
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
