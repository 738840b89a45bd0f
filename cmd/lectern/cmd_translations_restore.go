package main

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/translation"
)

type translationsRestoreCmd struct {
	trackFlags
	Revision int `arg:"" help:"The revision that is to be the present one again."`
}

// Run is `lectern translations restore`.
func (c *translationsRestoreCmd) Run(ctx context.Context, t *console) error {
	h, err := c.at(ctx, func(d translation.Service, who string) (translation.Revision, error) {
		return d.Restore(ctx, c.Talk, c.Language, c.Revision, who)
	})
	if err != nil {
		return err
	}
	return c.printResult(t, h, fmt.Sprintf("is revision %d again", c.Revision), "")
}
