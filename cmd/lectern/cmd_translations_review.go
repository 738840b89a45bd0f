package main

import (
	"context"
	"fmt"
)

type translationsReviewCmd struct {
	trackFlags
}

// Run implements `lectern translations review`: it puts all drafts of a translation into review.
func (c *translationsReviewCmd) Run(ctx context.Context, t *console) error {
	next := fmt.Sprintf("another person runs lectern translations approve %s %s", c.Talk, c.Language)
	return c.change(ctx, t, "/review", nil, "submitted for review", next)
}
