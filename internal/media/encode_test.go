package media

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

func TestEncode_AllRenditionsFromOneDecode(t *testing.T) {
	tl := tools(t)
	dir := t.TempDir()
	in := filepath.Join(dir, "in.mp4")
	runFFmpeg(t, slices.Concat(talkSource("25", h264...), []string{in})...)
	p, err := tl.Probe(t.Context(), in, "in.mp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	vp9 := Encoding{Codec: "vp9", CRF: 40, Speed: 8, Bitrate: "200k", Threads: 1}
	twice := vp9
	twice.TwoPass = true
	outs := []EncodeOutput{
		{Width: 320, Height: 180, Encoding: small, Path: filepath.Join(dir, "h264.mp4")},
		{Width: 160, Height: 120, Encoding: small, Path: filepath.Join(dir, "letterboxed.mp4")},
		{Width: 160, Height: 90, Encoding: vp9, Path: filepath.Join(dir, "vp9.mp4")},
		{Width: 160, Height: 90, Encoding: twice, Path: filepath.Join(dir, "twice.mp4")},
	}
	var last Progress
	notes, err := tl.Encode(t.Context(), in, p.FrameSource(pal25), timeline.Range{From: 100, To: 130}, outs, dir, func(p Progress) { last = p })
	if err != nil || len(notes) > 0 {
		t.Fatalf("%v, %q", err, notes)
	}
	if last.Frame != 30 {
		t.Errorf("the last progress was %+v; want 30 frames", last)
	}
}
