package media

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// segments encodes a few short segments of a generated talk at 29.97.
func segments(t *testing.T, tl Tools, n int, e Encoding) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "in.mp4")
	runFFmpeg(t, slices.Concat(talkSource("30000/1001", h264...), []string{in})...)
	p, err := tl.Probe(t.Context(), in, "in.mp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(n) {
		out := filepath.Join(dir, string(rune('a'+i))+".mp4")
		r := timeline.Range{From: 7 + i*41, To: 48 + i*41}
		if _, err := tl.Encode(t.Context(), in, p.FrameSource(ntsc30), r, []EncodeOutput{{Width: 320, Height: 180, Encoding: e, Path: out}}, dir, nil); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, out)
	}
	return paths
}

// sound generates a tone, as long as frames at 29.97 a second.
func sound(t *testing.T, frames int64, ext string, codec string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sound."+ext)
	samples := ntsc30.Samples(frames, 48000)
	runFFmpeg(t, "-f", "lavfi", "-i", "sine=r=48000:d=60,atrim=end_sample="+strconv.FormatInt(samples, 10), "-c:a", codec, path)
	return path
}

var small = Encoding{Codec: "h264", CRF: 30, Preset: "veryfast", Threads: 1}

func TestAssemble_WithAndWithoutSubtitles(t *testing.T) {
	tl := tools(t)
	parts := segments(t, tl, 3, small)
	const frames = 3 * 41
	out := filepath.Join(t.TempDir(), "it's a talk.mp4")
	spec := AssembleSpec{Container: "mp4", Rate: ntsc30, Frames: frames, Language: "pt-BR", Metadata: map[string]string{"title": `A "title" = 100%: {x}`}}
	tone := sound(t, frames, "m4a", "aac")
	facts, err := tl.Assemble(t.Context(), spec, AssembleInputs{Segments: parts, Sounds: []string{tone}}, out, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if (facts.Sound - facts.Duration).Abs() > time.Millisecond {
		t.Errorf("the sound lasts %v, the picture %v", facts.Sound, facts.Duration)
	}
	if _, front, err := readMoov(out); err != nil || !front {
		t.Errorf("the index stands in front: %v, %v", front, err)
	}
	if got, want := samplesOf(t, out), samplesOf(t, tone); got != want {
		t.Errorf("%d samples can be heard, want %d: priming is trimmed once", got, want)
	}

	dir := t.TempDir()
	var files []string
	for _, name := range []string{"en.srt", "es.srt", "zh.srt"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("1\n00:00:01,000 --> 00:00:02,500\nR&D: «¿Qué?» "+name+"\n\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(path, ".srt") + ".mp4"
		runFFmpeg(t, "-i", path, "-c:s", "mov_text", text)
		files = append(files, text)
	}
	soft := filepath.Join(dir, "soft.mp4")
	spec.Subtitles = []string{"en", "es-419", "zh-Hant"}
	if _, err := tl.Assemble(t.Context(), spec, AssembleInputs{parts, []string{tone}, files}, soft, t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	c, err := tl.container(t.Context(), soft)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range c.Streams {
		got = append(got, s.CodecName+" "+s.Tags["language"]+" "+s.Tags["handler_name"])
	}
	want := []string{"h264 und VideoHandler", "aac por SoundHandler", "mov_text eng English", "mov_text spa español latinoamericano", "mov_text zho 繁體中文"}
	if !slices.Equal(got, want) {
		t.Errorf("streams %q, want %q", got, want)
	}
	if _, front, err := readMoov(soft); err != nil || !front {
		t.Errorf("the index stands in front: %v, %v", front, err)
	}
	cue := string(runFFmpeg(t, "-i", soft, "-map", "0:s:1", "-f", "srt", "-"))
	if !strings.Contains(cue, "00:00:01,000 --> 00:00:02,500\nR&D: «¿Qué?» es.srt") {
		t.Errorf("the second language reads %q", cue)
	}
	before, _ := frameHashes(t, "-i", out, "-map", "0:v")
	after, _ := frameHashes(t, "-i", soft, "-map", "0:v")
	if !slices.Equal(before, after) || samplesOf(t, soft) != samplesOf(t, out) {
		t.Error("with subtitles, picture or sound are others")
	}
}

func TestAssemble_SegmentMismatch(t *testing.T) {
	tl := tools(t)
	other := small
	other.Preset = "ultrafast" // no CABAC, which the configuration tells
	parts := append(segments(t, tl, 2, small), segments(t, tl, 1, other)...)
	_, err := tl.Assemble(t.Context(), AssembleSpec{Container: "mp4", Rate: ntsc30, Frames: 123}, AssembleInputs{Segments: parts, Sounds: []string{"none.m4a"}}, "never.mp4", t.TempDir(), nil)
	var unlike *SegmentMismatchError
	if !errors.As(err, &unlike) || unlike.Segment != 2 {
		t.Errorf("got %v; want that segment 2 is unlike", err)
	}
}

func TestAssemble_WrongLengthRefused(t *testing.T) {
	tl := tools(t)
	parts := segments(t, tl, 2, small)
	for name, c := range map[string]struct {
		parts  []string
		sound  int64
		frames int64
		says   string
	}{
		"a segment too few": {parts[:1], 82, 82, "41 frames, not 82"},
		"sound too short":   {parts, 70, 82, "the sound lasts"},
		"sound too long":    {parts, 100, 82, "the sound lasts"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := AssembleSpec{Container: "mp4", Rate: ntsc30, Frames: c.frames}
			_, err := tl.Assemble(t.Context(), spec, AssembleInputs{Segments: c.parts, Sounds: []string{sound(t, c.sound, "m4a", "aac")}}, filepath.Join(t.TempDir(), "out.mp4"), t.TempDir(), nil)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want that %q", err, c.says)
			}
		})
	}
}

// TestAssemble_IndexInFrontWhateverItsSize writes more samples than were estimated, so that
// the room reserved for the index is too small.
func TestAssemble_IndexInFrontWhateverItsSize(t *testing.T) {
	tl := tools(t)
	out := filepath.Join(t.TempDir(), "out.mp4")
	spec := AssembleSpec{Container: MP4, Rate: ntsc30, Frames: 41}
	from := AssembleInputs{Segments: segments(t, tl, 1, small), Sounds: []string{sound(t, 41, "m4a", "aac")}}
	j, err := tl.newAssembler(spec, from, out, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	j.indexBytes = 100
	if err := j.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, front, err := readMoov(out); err != nil || !front {
		t.Errorf("the index stands in front: %v, %v", front, err)
	}
	if _, err := tl.verifyOutput(t.Context(), out, ntsc30, 41); err != nil {
		t.Error(err)
	}
}

// TestMP4_IndexTimesEqualPacketTimes compares the times read from an MP4's index with those of
// ffprobe.
func TestMP4_IndexTimesEqualPacketTimes(t *testing.T) {
	tl := tools(t)
	path := segments(t, tl, 1, small)[0]
	var want []int64
	if _, err := tl.readPackets(t.Context(), path, nil, func(p packet) error { want = append(want, p.pts); return nil }); err != nil {
		t.Fatal(err)
	}
	if slices.IsSorted(want) {
		t.Error("no picture was reordered; the test shows little")
	}
	slices.Sort(want)
	got, scale, err := pictureTimes(path)
	if err != nil || scale != 30000 || !slices.Equal(got, want) {
		t.Errorf("times %v at %d, %v; ffprobe has %v", got, scale, err, want)
	}
}

// samplesOf returns the number of samples of sound that a player decodes.
func samplesOf(t *testing.T, path string) int64 {
	t.Helper()
	return int64(len(runFFmpeg(t, "-i", path, "-map", "0:a:0", "-ac", "1", "-f", "s16le", "-"))) / 2
}
