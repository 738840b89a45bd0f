package main

import (
	"context"
	"fmt"
)

type translationsRestoreCmd struct {
	trackFlags
	Revision int `arg:"" help:"The revision to restore."`
}

// Run implements `lectern translations restore`: it saves an earlier revision of a translation as
// the newest one.
func (c *translationsRestoreCmd) Run(ctx context.Context, t *console) error {
	done := fmt.Sprintf("restored revision %d", c.Revision)
	return c.change(ctx, t, "/restore", map[string]int{"revision": c.Revision}, done, "")
}
