package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/media"
)

// doAssemble joins the segments of one rendition.
func doAssemble(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := params[media.AssembleSpec](a)
	if err != nil {
		return err
	}
	segments, err := t.Paths(ctx, a, "segment", segmentFile)
	if err != nil {
		return err
	}
	sound, err := t.Path(ctx, a, "audio", soundFile)
	if err != nil {
		return err
	}
	file := "video." + spec.Container
	facts, err := t.Media().Assemble(ctx, spec, segments, sound, filepath.Join(t.Dir, file), t.Dir, t.frames(spec.Frames))
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, facts, nil, file)
}

// doSubtitled copies a finished MP4 with subtitles in it.
func doSubtitled(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := params[media.RemuxSpec](a)
	if err != nil {
		return err
	}
	video, err := t.Path(ctx, a, "video", "video.mp4")
	if err != nil {
		return err
	}
	captions, err := t.Paths(ctx, a, "captions", captionsText)
	if err != nil {
		return err
	}
	const file = "video.mp4"
	facts, err := t.Media().Remux(ctx, spec, video, captions, filepath.Join(t.Dir, file), t.frames(spec.Frames))
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, facts, nil, file)
}
