package media

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// bursts is five seconds of sound with an onset every 0.7 s.
const bursts = `aevalsrc=0.5*sin(2512*t)*lt(mod(t\,0.7)\,0.2):s=48000:d=5`

func TestAudioLevels_SoundOnly(t *testing.T) {
	t.Parallel()
	tl := tools(t)
	reported := 0.0
	levels, err := tl.AudioLevels(t.Context(), generateMedia(t, "talk.wav", "-f", "lavfi", "-i", bursts), "talk.wav", func(f float64) { reported = f })
	if err != nil || len(levels) != 500 || reported != 1 {
		t.Errorf("heard %d levels, was told of %g, %v", len(levels), reported, err)
	}
	for _, onset := range []int{0, 70, 140} {
		if sound, hush := levels[onset+5], levels[onset+50]; sound < -20 || hush > -60 {
			t.Errorf("at %d ms there are %.1f dB, and %.1f half a second later", 10*onset+50, sound, hush)
		}
	}
	for path, problem := range map[string]string{
		sampleTalk(t, "silent.mp4", "-an"):      "has no sound",
		filepath.Join(t.TempDir(), "absent.ts"): "does not exist",
		t.TempDir():                             "is not a file",
	} {
		_, err := tl.AudioLevels(t.Context(), path, "talk.mp4", nil)
		if f := inputerr.As(err); f == nil || f.Remedy == "" || !strings.Contains(f.Problem, problem) {
			t.Errorf("got %v; want a fault that says %q", err, problem)
		}
	}
}

func TestDeclaredLength(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"talk.mp4", "talk.ts", "sound.wav"} {
		path := generateMedia(t, name, "-f", "lavfi", "-i", bursts)
		length, err := tools(t).DeclaredLength(t.Context(), path, name)
		if err != nil || (length-5*time.Second).Abs() > 50*time.Millisecond {
			t.Errorf("%s: %v, %v", name, length, err)
		}
	}
}
