package media

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

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
