package worker

import (
	"context"

	"github.com/lectern-av/lectern/internal/media"
)

// doAnalyse listens to a recording once, for all cuts there will ever be.
func doAnalyse(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	p, err := params[media.Probe](a)
	if err != nil {
		return err
	}
	path, err := t.Path(ctx, a, "recording", indexedFile)
	if err != nil {
		return err
	}
	found, err := t.Media().Analyse(ctx, path, p, t.Dir, t.fraction)
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, found, found.Notes, media.BlocksFile, media.LevelsFile)
}
