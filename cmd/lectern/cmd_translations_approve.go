package main

import (
	"context"

	"github.com/lectern-av/lectern/internal/translation"
)

type translationsApproveCmd struct {
	trackFlags
}

// Run is `lectern translations approve`.
func (c *translationsApproveCmd) Run(ctx context.Context, t *console) error {
	h, err := c.at(ctx, func(d translation.Service, who string) (translation.Revision, error) {
		return d.Approve(ctx, c.Talk, c.Language, who)
	})
	if err != nil {
		return err
	}
	return c.printResult(t, h, "approved", "lectern bundle build "+c.Talk)
}
