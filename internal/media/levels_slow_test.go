//go:build slow

package media

import (
	"math"
	"path/filepath"
	"testing"
)

// The levels are those that an analysis stores, wherever the container's clock begins.
func TestAudioLevels_EqualsAnalysis(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"talk.mkv", "talk.mp4", "talk.ts"} {
		path := generateRecording(t, file, bursts, "-c:a", "aac")
		_, _, source := analyse(t, path)
		want, err := ReadLevels(filepath.Join(filepath.Dir(source.Blocks), LevelsFile))
		if err != nil {
			t.Fatal(err)
		}
		got, err := tools(t).AudioLevels(t.Context(), path, file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d levels, an analysis has %d", file, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if math.Abs(float64(got[i]-want[i])) > 0.5 {
				t.Fatalf("%s: at %d ms the level is %.1f dB; an analysis has %.1f", file, 10*i, got[i], want[i])
			}
		}
	}
}
