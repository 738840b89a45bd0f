package main

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
)

type bundleCmd struct {
	Verify verifyCmd `cmd:"" help:"Prove a bundle from its directory alone."`
}

type verifyCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Bundles." type:"path"`
	JSON bool     `help:"Print JSON: one report for each bundle."`
}

// Run is `lectern bundle verify`.
func (c *verifyCmd) Run(ctx context.Context, t *terminal) error {
	tools, err := media.Find()
	if err != nil {
		return err
	}
	var reports []bundle.Report
	bad := false
	for _, dir := range c.Dirs {
		r, err := bundle.Verify(ctx, tools, dir)
		if err != nil {
			return err
		}
		bad = bad || !r.OK
		reports = append(reports, r)
	}
	if c.JSON {
		if err := t.printJSON(reports); err != nil {
			return err
		}
	} else {
		for _, r := range reports {
			fmt.Fprint(t.out, r)
		}
	}
	if bad {
		return errSaid
	}
	return nil
}
