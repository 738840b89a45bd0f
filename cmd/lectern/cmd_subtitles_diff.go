package main

import (
	"context"

	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

type subtitlesDiffCmd struct {
	Old string `arg:"" help:"The earlier subtitle file."`
	New string `arg:"" help:"The later subtitle file."`
	subtitleFlags
	JSON bool `help:"Print JSON: what happened to every cue."`
}

// Run implements `lectern subtitles diff`: it prints what happened to each cue from the old file to
// the new one. A difference does not change the exit code.
func (c *subtitlesDiffCmd) Run(ctx context.Context, t *console) error {
	if c.Old == stdio && c.New == stdio {
		return &usageError{"standard input can be one of the two files, not both"}
	}
	before, err := c.read(ctx, c.Old)
	if err != nil {
		return err
	}
	after, err := c.read(ctx, c.New)
	if err != nil {
		return err
	}
	before.printWarnings(t)
	after.printWarnings(t)
	diff := compare.Compare(before.Cues, after.Cues)
	if c.JSON {
		return t.printJSON(diff)
	}
	return diff.Write(t.out, quoteName(before.name), quoteName(after.name))
}
