package worker

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/plan"
)

// Each recording's levels begin at its place on the reel, and silence follows where its sound
// ends early.
func TestReelLevels(t *testing.T) {
	const frame = 10 * time.Millisecond
	var paths []string
	for name, levels := range map[string][]byte{"1": {10, 20, 30, 40, 50}, "2": {60, 70}, "3": {}} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, levels, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.SortFunc(paths, func(a, b string) int { return int(filepath.Base(a)[0]) - int(filepath.Base(b)[0]) })
	got, err := ReelLevels(plan.SyncSpec{Recordings: []plan.ReelRecording{
		{At: 0, Zero: frame, Length: 3 * frame},
		{At: 3 * frame, Zero: -frame, Length: 4 * frame},
		{At: 7*frame - 1, Zero: 0, Length: frame + 1},
	}}, paths)
	want := []float32{-110, -105, -100, -120, -90, -85, -120, -120}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
