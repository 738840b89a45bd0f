//go:build slow

package media

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

func TestEncode_DamagedFramesNoted(t *testing.T) {
	tl := tools(t)
	dir := t.TempDir()
	in := filepath.Join(dir, "in.mkv")
	runFFmpeg(t, slices.Concat(talkSource("25", h264...), []string{in})...)
	p, err := tl.Probe(t.Context(), in, "in.mkv", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+4000; i += 40 {
		b[i] ^= 0xff
	}
	if err := os.WriteFile(in, b, 0o644); err != nil {
		t.Fatal(err)
	}
	out := EncodeOutput{Width: 320, Height: 180, Encoding: small, Path: filepath.Join(dir, "out.mp4")}
	notes, err := tl.Encode(t.Context(), in, p.FrameSource(pal25), timeline.Range{From: 0, To: 250}, []EncodeOutput{out}, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "between 00:00:00 and 00:00:10") {
		t.Errorf("notes %q; want one that says where", notes)
	}
}

func TestEncode_FramesOutsideRecordingRepeatEnds(t *testing.T) {
	tl := tools(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.mkv"), filepath.Join(dir, "out.mp4")
	runFFmpeg(t, slices.Concat([]string{"-itsoffset", "1"}, talkSource("25", h264...), []string{"-t", "3", in})...)
	p, err := tl.Probe(t.Context(), in, "in.mkv", nil)
	if err != nil {
		t.Fatal(err)
	}
	pics, frames := p.FrameSource(pal25), p.FrameCount(pal25)
	lossless := Encoding{Codec: "h264", Lossless: true, Preset: "ultrafast", Threads: 1}
	for name, c := range map[string]struct {
		kept     timeline.Range
		pictures int // that are not the same
	}{
		"before the first picture": {timeline.Range{From: 2, To: 12}, 1},
		"into the first picture":   {timeline.Range{From: pics.Lead - 5, To: pics.Lead + 5}, 5},
		"past the last picture":    {timeline.Range{From: frames - 5, To: frames + 5}, 5},
		"long after":               {timeline.Range{From: frames + 100, To: frames + 110}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tl.Encode(t.Context(), in, pics, c.kept, []EncodeOutput{{Width: 320, Height: 180, Encoding: lossless, Path: out}}, dir, nil); err != nil {
				t.Fatal(err)
			}
			hashes, _ := frameHashes(t, "-i", out)
			if n := len(slices.Compact(hashes)); n != c.pictures {
				t.Errorf("%d different pictures, want %d", n, c.pictures)
			}
		})
	}
}
