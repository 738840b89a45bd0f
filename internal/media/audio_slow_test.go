//go:build slow

package media

import (
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

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
