package worker

import (
	"context"
	"errors"

	"github.com/lectern-av/lectern/internal/fault"
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
	err = t.Media().Card(ctx, card, outs, t.Dir, t.frames(card.Frames))
	var glyph *media.GlyphError
	if errors.As(err, &glyph) { // trying again would not help
		return &ownFault{fault.New("", "the card for %q cannot be drawn: no font here has %q (%U)", card.Title, glyph.Character, glyph.Character).
			Try("Install one; on Debian and Ubuntu: apt-get install %s.", glyph.Package)}
	}
	if err != nil {
		return err
	}
	return publishSegments(ctx, t, outs, nil)
}
