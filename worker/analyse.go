package worker

import (
	"context"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// doAnalyse analyses a recording, its sound and, unless the action leaves that out, its picture.
// The result does not depend on the cut.
func doAnalyse(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[plan.AnalyseSpec](a)
	if err != nil {
		return err
	}
	path, err := t.InputPath(ctx, a, plan.RoleRecording, plan.RecordingFile)
	if err != nil {
		return err
	}
	options := media.AnalyseOptions{Mix: spec.Mix, Survey: spec.Survey, SkipKeyframes: spec.SoundOnly}
	found, err := t.Media().Analyse(ctx, path, spec.Probe, options, t.Dir, t.fractionProgress)
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, found, found.Notes, media.BlocksFile, media.LevelsFile)
}
