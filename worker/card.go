package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// doCard draws one card for all renditions whose card is missing from the store.
func doCard(ctx context.Context, t *Task) error {
	card, err := decodeParams[media.CardSpec](t.Actions[0])
	if err != nil {
		return err
	}
	outs, err := encodeOutputs(t, func(s media.CardSpec) media.EncodeOutput {
		return media.EncodeOutput{Width: s.Width, Height: s.Height, Encoding: s.Encoding}
	})
	if err != nil {
		return err
	}
	from, err := t.cardFiles(ctx, t.Actions[0])
	if err != nil {
		return err
	}
	err = t.Media().RenderCard(ctx, card, from, outs, t.Dir, t.frameProgress(card.Frames))
	if err = drawingFault(err, fmt.Sprintf("the card for %q", card.Title)); err != nil {
		return err
	}
	return publishSegments(ctx, t, outs, nil)
}

// cardFiles returns the paths of the conference's files that a card is drawn with. Those that the
// action does not have are "".
func (t *Task) cardFiles(ctx context.Context, a action.Action) (from media.CardFiles, err error) {
	for role, at := range map[string]*string{plan.RoleBackground: &from.Background, plan.RoleLogo: &from.Logo, plan.RoleFont: &from.Font} {
		if _, ok := a.Inputs[role]; !ok {
			continue
		}
		if *at, err = t.InputPath(ctx, a, role, ""); err != nil {
			return from, err
		}
	}
	return from, nil
}

// drawingFault returns a machineFault for an error about something that this machine lacks, such as
// a font: another machine may succeed. It returns other errors as they are. what names in the
// message what was to be drawn.
func drawingFault(err error, what string) error {
	if lack := new(media.RequirementError); errors.As(err, &lack) {
		return &machineFault{inputerr.New("", "%s cannot be drawn: %s", what, lack.Problem).Hint("%s", lack.Remedy)}
	}
	var glyph *media.GlyphError
	if !errors.As(err, &glyph) {
		return err
	}
	return &machineFault{inputerr.New("", "%s cannot be drawn: no installed font has %q (%U)", what, glyph.Character, glyph.Character).
		Hint("Install one; on Debian and Ubuntu: apt-get install %s.", glyph.Package)}
}
