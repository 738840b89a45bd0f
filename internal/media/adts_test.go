package media

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// A packet of which a part was lost keeps ffmpeg from copying the sound. Without that packet,
// everything else stays where it was.
func TestIndex_BrokenAACPacketsDropped(t *testing.T) {
	const tsPacket = 188
	tl, dir := tools(t), t.TempDir()
	path := filepath.Join(dir, "lost.ts")
	whole, err := os.ReadFile(sampleTalk(t, "whole.ts"))
	if err != nil {
		t.Fatal(err)
	}
	at := len(whole) / tsPacket / 2 * tsPacket
	if err := os.WriteFile(path, slices.Concat(whole[:at], whole[at+20*tsPacket:]), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := tl.Probe(t.Context(), path, "lost.ts", nil)
	if err != nil {
		t.Fatal(err)
	}
	if broken, err := tl.findBrokenAAC(t.Context(), path, "lost.ts", p); err != nil || len(broken[p.Audio[0].Stream]) == 0 {
		t.Fatalf("nothing in it is broken (%v), %v", broken, err)
	}
	result, err := tl.IndexAndProbe(t.Context(), path, filepath.Join(dir, "made.mkv"), "lost.ts", p, WaveformBackground{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, v := result.Audio[0], result.Video; (a.End-p.Audio[0].End).Abs() > 2*time.Millisecond || (v.End-p.Video.End).Abs() > 2*time.Millisecond || (v.Lead-p.Video.Lead).Abs() > 2*time.Millisecond {
		t.Errorf("sound ends at %v, picture lasts from %v to %v; want %v, %v, %v", a.End, v.Lead, v.End, p.Audio[0].End, p.Video.Lead, p.Video.End)
	}
}

func TestIsADTS(t *testing.T) {
	good := []byte{0xff, 0xf1, 0x4c, 0x80, 0x17, 0x7f, 0xfc} // 187 bytes at 48 kHz
	for name, c := range map[string]struct {
		set  map[int]byte
		size int64
		want bool
	}{
		"whole":            {size: 187, want: true},
		"with more behind": {size: 200, want: true},
		"cut off":          {size: 186},
		"no mark":          {set: map[int]byte{1: 0xe1}, size: 187},
		"another layer":    {set: map[int]byte{1: 0xf3}, size: 187},
		"no such rate":     {set: map[int]byte{2: 0x74}, size: 187},
		"no length":        {set: map[int]byte{4: 0, 5: 0x1f}, size: 187},
		"checked, as one":  {set: map[int]byte{1: 0xf0}, size: 187, want: true},
		"checked, as two":  {set: map[int]byte{1: 0xf0, 6: 0xfd}, size: 187},
	} {
		head := slices.Clone(good)
		for i, b := range c.set {
			head[i] = b
		}
		if got := isADTS(head, c.size); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if isADTS(good[:5], 5) {
		t.Error("five bytes are one")
	}
}

func TestAppendToRanges(t *testing.T) {
	var all []timeline.Range
	for _, n := range []int64{3, 4, 5, 9} {
		all = appendToRanges(all, n)
	}
	if got := dropPacketsFilter(all); got != "noise=drop='between(n,3,5)+between(n,9,9)'" {
		t.Error(got)
	}
}
