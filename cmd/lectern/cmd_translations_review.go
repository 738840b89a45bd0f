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
func (c *translationsReviewCmd) Run(ctx context.Context, t *console) error {
	h, err := c.at(ctx, func(d translation.Service, who string) (translation.Revision, error) {
		return d.SubmitForReview(ctx, c.Talk, c.Language, who)
	})
	if err != nil {
		return err
	}
	return c.printResult(t, h, "handed in for review", fmt.Sprintf("another person says lectern translations approve %s %s", c.Talk, c.Language))
}
