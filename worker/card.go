package worker

import (
	"context"
	"errors"
	"fmt"

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
	if err = undrawable(err, fmt.Sprintf("the card for %q", card.Title)); err != nil {
		return err
	}
	return publishSegments(ctx, t, outs, nil)
}

// undrawable is err, or where it is a character that no font of this machine has, the fault
// that this is: trying again would not help.
func undrawable(err error, what string) error {
	var glyph *media.GlyphError
	if !errors.As(err, &glyph) {
		return err
	}
	return &ownFault{fault.New("", "%s cannot be drawn: no font here has %q (%U)", what, glyph.Character, glyph.Character).
		Try("Install one; on Debian and Ubuntu: apt-get install %s.", glyph.Package)}
}
