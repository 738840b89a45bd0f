package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conductor"
)

type gcCmd struct {
	Keep time.Duration `help:"Keep what is younger than this, needed or not: ${default}, if you say nothing." default:"336h" placeholder:"DURATION"`
	JSON bool          `help:"Print JSON."`
	dataFlag
}

// Run is `lectern gc`.
func (c *gcCmd) Run(ctx context.Context, t *terminal) (err error) {
	h, err := openHouse(ctx, t, c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	reachable, err := h.releaser(t, nil).Reachable(ctx)
	if err != nil {
		return err
	}
	if err := h.catalog.ForgetRuns(ctx, conductor.RunsKept); err != nil {
		return err
	}
	stats, err := h.store.Collect(ctx, func(k action.Key) bool { return reachable[k] }, c.Keep)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(stats)
	}
	_, err = fmt.Fprintf(t.out, "removed %d artifacts; %d files, %.1f MB given back\n",
		stats.Artifacts, stats.Blobs, float64(stats.Bytes)/1e6)
	return err
}
