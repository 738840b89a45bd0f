package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// doPodcast puts the sound of a programme into a file of its own.
func doPodcast(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[media.PodcastSpec](a)
	if err != nil {
		return err
	}
	sound, err := t.InputPath(ctx, a, "audio", soundFile)
	if err != nil {
		return err
	}
	cover := ""
	if _, ok := a.Inputs["cover"]; ok {
		if cover, err = t.InputPath(ctx, a, "cover", thumbnailFile); err != nil {
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
