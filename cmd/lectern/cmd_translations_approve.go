package main

import (
	"context"

	"github.com/lectern-av/lectern/internal/translation"
)

type translationsApproveCmd struct {
	trackFlags
}

// Run is `lectern translations approve`.
func (c *translationsApproveCmd) Run(ctx context.Context, t *terminal) error {
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.Approve(ctx, c.Talk, c.Language, who)
	})
	if err != nil {
		return err
	}
	return c.tell(t, h, "approved", "lectern publish "+c.Talk)
}
