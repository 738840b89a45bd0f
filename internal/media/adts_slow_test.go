//go:build slow

package media

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
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
