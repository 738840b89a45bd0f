package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
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
	from, err := t.cardFiles(ctx, t.Actions[0])
	if err != nil {
		return err
	}
	err = t.Media().Card(ctx, card, from, outs, t.Dir, t.frames(card.Frames))
	if err = undrawable(err, fmt.Sprintf("the card for %q", card.Title)); err != nil {
		return err
	}
	return publishSegments(ctx, t, outs, nil)
}

// cardFiles are those of the conference's that a card is made of.
func (t *Task) cardFiles(ctx context.Context, a action.Action) (from media.CardFiles, err error) {
	for role, at := range map[string]*string{"background": &from.Background, "logo": &from.Logo, "font": &from.Font} {
		if _, ok := a.Inputs[role]; !ok {
			continue
		}
		if *at, err = t.Path(ctx, a, role, ""); err != nil {
			return from, err
		}
	}
	return from, nil
}

// undrawable is err, or where it is something that this machine has not, such as a font, the fault
// that this is: trying again would not help.
func undrawable(err error, what string) error {
	if lack := new(media.Lack); errors.As(err, &lack) {
		return &ownFault{inputerr.New("", "%s cannot be drawn: %s", what, lack.What).Try("%s", lack.Remedy)}
	}
	var glyph *media.GlyphError
	if !errors.As(err, &glyph) {
		return err
	}
	return &ownFault{inputerr.New("", "%s cannot be drawn: no font here has %q (%U)", what, glyph.Character, glyph.Character).
		Try("Install one; on Debian and Ubuntu: apt-get install %s.", glyph.Package)}
}
