package worker

import (
	"context"

	"github.com/lectern-av/lectern/internal/media"
)

// doCard makes all missing renditions of one card.
func doCard(ctx context.Context, t *Task) error {
	card, err := params[media.CardSpec](t.Actions[0])
	if err != nil {
		return err
	}
	outs, err := outputs(t, func(s media.CardSpec) media.EncodeOut {
		return media.EncodeOut{Width: s.Width, Height: s.Height, Encoding: s.Encoding}
	})
	if err != nil {
		return err
	}
	if err := t.Media().Card(ctx, card, outs, t.Dir, t.frames(card.Frames)); err != nil {
		return err
	}
	return publishSegments(ctx, t, outs, nil)
}
