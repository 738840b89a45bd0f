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
func (c *translationsRestoreCmd) Run(ctx context.Context, t *terminal) error {
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.Restore(ctx, c.Talk, c.Language, c.Revision, who)
	})
	if err != nil {
		return err
	}
	return c.tell(t, h, fmt.Sprintf("is revision %d again", c.Revision), "")
}
