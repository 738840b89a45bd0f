//go:build slow

package media

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Two recordings in one file become as long as both together, with video and sound in sync,
// whatever the clock of the second.
func TestIndex_ClockJumpsRemoved(t *testing.T) {
	tl, dir := tools(t), t.TempDir()
	part := func(name string, options ...string) []byte {
		path := filepath.Join(dir, name)
		args := []string{"-f", "lavfi", "-i", "testsrc2=s=160x90:d=2:r=25", "-f", "lavfi", "-i", "sine=r=48000:d=2"}
		runFFmpeg(t, slices.Concat(args, h264, []string{"-c:a", "mp2", "-f", "mpegts"}, options, []string{path})...)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first, later, elsewhere := part("first"), part("later", "-output_ts_offset", "600"), part("elsewhere", "-mpegts_start_pid", "0x300")
	file := func(parts ...[]byte) string {
		path := filepath.Join(t.TempDir(), "both.ts")
		if err := os.WriteFile(path, slices.Concat(parts...), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		path string
		by   time.Duration
	}{
		"forward":                           {file(first, later), 598 * time.Second},
		"back":                              {file(first, first), -2 * time.Second},
		"far back, which looks like a wrap": {file(later, first), -602 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := tl.Probe(t.Context(), c.path, "talk", nil)
			if err != nil {
				t.Fatal(err)
			}
			result, err := tl.IndexAndProbe(t.Context(), c.path, filepath.Join(dir, name), "talk", p, WaveformBackground{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			near := func(d, want time.Duration) bool { return (d - want).Abs() <= 100*time.Millisecond }
			for _, p := range []Probe{p, result} {
				if len(p.Jumps) != 1 || !near(p.Jumps[0].At, 2*time.Second) || !near(p.Jumps[0].By, c.by) {
					t.Errorf("jumps %+v", p.Jumps)
				}
				if a := p.Audio[0]; !near(p.Readable, 4*time.Second) || !near(a.End, 4*time.Second) || len(a.Gaps)+len(p.Video.Gaps)+len(p.Notes) > 0 {
					t.Errorf("readable for %v, sound until %v; %v, %v", p.Readable, a.End, a.Gaps, p.Notes)
				}
			}
			if result.Video.Rate != pal25 {
				t.Errorf("made %+v", result)
			}
		})
	}
	t.Run("to and fro, below where it began", func(t *testing.T) {
		path := file(later, first, later)
		p, err := tl.Probe(t.Context(), path, "talk", nil)
		if err != nil || len(p.Jumps) != 2 || !p.JumpsAsWritten {
			t.Fatalf("%v, %+v", err, p.Jumps)
		}
		if _, err := tl.IndexAndProbe(t.Context(), path, filepath.Join(dir, "fro"), "talk", p, WaveformBackground{}, nil); err != nil {
			t.Error(err)
		}
	})
	wantFault(t, tl, file(first, elsewhere), "contains more than one recording: another video stream begins where the first ends, at 00:00:02")
}
