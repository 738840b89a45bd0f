package main

import (
	"context"

	"github.com/lectern-av/lectern/internal/translation"
)

type translationsSendBackCmd struct {
	trackFlags
	Cue  string `help:"Only the translation of this source cue, by the id that status, PO and CSV show." placeholder:"ID"`
	Note string `required:"" help:"What is to be done." placeholder:"TEXT"`
}

// Run is `lectern translations send-back`.
func (c *translationsSendBackCmd) Run(ctx context.Context, t *console) error {
	h, err := c.at(ctx, func(d translation.Service, who string) (translation.Revision, error) {
		return d.SendBack(ctx, c.Talk, c.Language, c.Cue, who, c.Note)
	})
	if err != nil {
		return err
	}
	return c.printResult(t, h, "sent back", "")
}
