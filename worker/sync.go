package worker

import (
	"context"
	"os"
	"time"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// doSync compares a track's cue times with when there is speech, according to the levels of the
// recordings. It publishes the result and changes nothing.
func doSync(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[plan.SyncSpec](a)
	if err != nil {
		return err
	}
	path, err := t.InputPath(ctx, a, plan.RoleCueTimes, plan.InlineInputFile)
	if err != nil {
		return err
	}
	times, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	cues, err := plan.ParseCueTimes(times)
	if err != nil {
		return err
	}
	paths, err := t.InputPaths(ctx, a, plan.RoleAnalysis, media.LevelsFile)
	if err != nil {
		return err
	}
	levels, err := ReelLevels(spec, paths)
	if err != nil {
		return err
	}
	found := subsync.Analyze(cues, levels)
	return t.Publish(ctx, a, t.Dir, bundle.SyncSummary{Result: found, Message: found.Sentence()}, nil)
}

// silentLevel is the lowest level there is, in dB.
const silentLevel = -120

// ReelLevels returns the sound levels of the whole reel in dB, one for each subsync.Frame: those of
// each recording at its place, and −120 where it has no sound. paths are the LevelsFiles of the
// recordings.
func ReelLevels(spec plan.SyncSpec, paths []string) ([]float32, error) {
	frame := func(d time.Duration) int { return int(d / subsync.Frame) }
	var reel []float32
	for i, r := range spec.Recordings {
		own, err := media.ReadLevels(paths[i])
		if err != nil {
			return nil, err
		}
		for n := len(reel); n < frame(r.At+r.Length); n++ {
			level := float32(silentLevel)
			if at := n - frame(r.At) + frame(r.Zero); at >= 0 && at < len(own) {
				level = own[at]
			}
			reel = append(reel, level)
		}
	}
	return reel, nil
}
