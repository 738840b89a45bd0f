package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/media"
)

// doThumbnail makes the still that stands for the talk.
func doThumbnail(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := params[media.ThumbnailSpec](a)
	if err != nil {
		return err
	}
	path, err := t.Path(ctx, a, "recording", indexedFile)
	if err != nil {
		return err
	}
	const still = "thumbnail.jpg"
	if err := t.Media().Thumbnail(ctx, path, spec, filepath.Join(t.Dir, still)); err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, nil, nil, still)
}
