//go:build slow

package media

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A failed copy may keep its size, but hold nothing readable after some point.
func TestProbe_UnreadableTail(t *testing.T) {
	tl := tools(t)
	for ext, codecs := range map[string][]string{"ts": nil, "mpg": {"-c:v", "mpeg2video", "-c:a", "mp2"}, "flv": {"-ar", "44100"}} {
		t.Run(ext, func(t *testing.T) {
			path := sampleTalk(t, "talk."+ext, codecs...)
			p, err := tl.Probe(t.Context(), path, "talk", nil)
			if err != nil {
				t.Fatal(err)
			}
			if f := p.TruncationFault("talk"); f != nil {
				t.Fatalf("whole, it is said to be short: %v", f)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data = append(data[:len(data)/2], make([]byte, 1<<20)...)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if p, err = tl.Probe(t.Context(), path, "talk", nil); err != nil {
				t.Fatal(err)
			}
			f := p.TruncationFault("talk")
			if f == nil || !strings.Contains(f.Problem, "hold nothing that can be read") || !strings.Contains(f.Remedy, "--cut 0-00:00:0") {
				t.Errorf("said %v, of %v", f, p.Readable)
			}
		})
	}
}

func TestProbe_SpecialCharactersInNames(t *testing.T) {
	tl := tools(t)
	dir := t.TempDir()
	plain, err := os.ReadFile(sampleTalk(t, "plain.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"with space.mp4", `it's "quoted".mp4`, "http:colon.mp4", "line\nbreak.mp4", "-i.mp4", "vidéo 講演.mp4",
		"100%03d.mp4", "[in]{a,b};=x.mp4", `back\slash.mp4`, "concat:a|b.mp4",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, plain, 0o644); err != nil {
				t.Fatal(err)
			}
			p, err := tl.Probe(t.Context(), path, name, nil)
			if err != nil {
				t.Fatal(err)
			}
			if p.FrameCount(pal25) != 50 {
				t.Errorf("found %d frames, want 50", p.FrameCount(pal25))
			}
		})
	}
}
