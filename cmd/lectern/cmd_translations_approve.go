package main

import "context"

type translationsApproveCmd struct {
	trackFlags
}

// Run implements `lectern translations approve`.
func (c *translationsApproveCmd) Run(ctx context.Context, t *console) error {
	return c.change(ctx, t, "/approve", nil, "approved", "lectern bundle build "+c.Talk)
}
