package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// doAssemble joins the segments of one rendition with their sounds, and with subtitles if the
// action has any.
func doAssemble(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[media.AssembleSpec](a)
	if err != nil {
		return err
	}
	var from media.AssembleInputs
	if from.Segments, err = t.InputPaths(ctx, a, plan.RoleSegment, plan.SegmentFile); err != nil {
		return err
	}
	floor, err := t.InputPath(ctx, a, plan.RoleAudio, plan.SoundFile)
	if err != nil {
		return err
	}
	others, err := t.InputPaths(ctx, a, plan.RoleExtraAudio, plan.SoundFile)
	if err != nil {
		return err
	}
	from.Sounds = append([]string{floor}, others...)
	if from.Subtitles, err = t.InputPaths(ctx, a, plan.RoleCaptions, plan.CaptionsFile(spec.Container.SubtitleExtension())); err != nil {
		return err
	}
	file := plan.VideoFile(spec.Container)
	facts, err := t.Media().Assemble(ctx, spec, from, filepath.Join(t.Dir, file), t.Dir, t.frameProgress(spec.Frames))
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, facts, nil, file)
}
