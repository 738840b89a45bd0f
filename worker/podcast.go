package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// doPodcast writes the sound of a programme as an audio file with metadata, chapters and, if there
// is one, a cover.
func doPodcast(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[media.PodcastSpec](a)
	if err != nil {
		return err
	}
	sound, err := t.InputPath(ctx, a, plan.RoleAudio, plan.SoundFile)
	if err != nil {
		return err
	}
	cover := ""
	if _, ok := a.Inputs[plan.RoleCover]; ok {
		if cover, err = t.InputPath(ctx, a, plan.RoleCover, plan.ThumbnailFile); err != nil {
			return err
		}
	}
	file := plan.PodcastFile(spec)
	facts, err := t.Media().WritePodcast(ctx, spec, sound, cover, filepath.Join(t.Dir, file), t.Dir)
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, facts, nil, file)
}
