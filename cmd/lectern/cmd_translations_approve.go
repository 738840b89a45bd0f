package main

import "context"

type translationsApproveCmd struct {
	trackFlags
}

// Run implements `lectern translations approve`: it approves all texts of a translation that are in
// review, except those that the same person wrote.
func (c *translationsApproveCmd) Run(ctx context.Context, t *console) error {
	return c.change(ctx, t, "/approve", nil, "approved", "lectern bundle build "+c.Talk)
}
