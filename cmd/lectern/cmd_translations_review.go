package main

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/translation"
)

type translationsReviewCmd struct {
	trackFlags
}

// Run is `lectern translations review`.
func (c *translationsReviewCmd) Run(ctx context.Context, t *terminal) error {
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.Review(ctx, c.Talk, c.Language, who)
	})
	if err != nil {
		return err
	}
	return c.tell(t, h, "handed in for review", fmt.Sprintf("another person says lectern translations approve %s %s", c.Talk, c.Language))
}
