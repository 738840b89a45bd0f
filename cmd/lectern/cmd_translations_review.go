package main

import (
	"context"
	"fmt"
)

type translationsReviewCmd struct {
	trackFlags
}

// Run implements `lectern translations review`.
func (c *translationsReviewCmd) Run(ctx context.Context, t *console) error {
	next := fmt.Sprintf("another person says lectern translations approve %s %s", c.Talk, c.Language)
	return c.change(ctx, t, "/review", nil, "handed in for review", next)
}
