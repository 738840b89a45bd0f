package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/store"
)

type gcCmd struct {
	Keep  time.Duration `help:"Keep everything that is younger than this (${default} by default)." default:"336h" placeholder:"DURATION"`
	Check bool          `help:"Read every file that is left, and remove those that the disk damaged. The next run makes them again."`
	JSON  bool          `help:"Print JSON."`
	dataFlag
}

// Run implements `lectern gc`: it removes artifacts that no talk needs and, with --check, verifies
// all files that are left. The exit code is 1 if an original is damaged.
func (c *gcCmd) Run(ctx context.Context, t *console) (err error) {
	h, err := openDataDir(ctx, t, c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	var done struct {
		store.CollectStats
		Checked *store.VerifyResult `json:"checked,omitempty"`
	}
	if done.CollectStats, err = c.collect(ctx, t, h); err != nil {
		return err
	}
	if c.Check {
		checked, err := h.store.Verify(ctx)
		if err != nil {
			return err
		}
		done.Checked = &checked
	}
	if c.JSON {
		err = t.printJSON(done)
	} else {
		_, err = fmt.Fprintf(t.out, "removed %d artifacts (%d files, %.1f MB)\n",
			done.Artifacts, done.Blobs, float64(done.Bytes)/1e6)
		if done.Checked != nil {
			printCheck(t, *done.Checked)
		}
	}
	if err == nil && done.Checked != nil && len(done.Checked.CorruptOriginals) > 0 {
		return errReported
	}
	return err
}

// collect removes artifacts that no talk needs and that are older than --keep. It also removes,
// from the catalog, all runs of each talk but the last conductor.RunsKept.
func (c *gcCmd) collect(ctx context.Context, t *console, h *dataDir) (stats store.CollectStats, err error) {
	reachable, err := h.publisher(t, nil).GCRoots(ctx)
	if err != nil {
		return stats, err
	}
	if err := h.catalog.PruneRuns(ctx, conductor.RunsKept); err != nil {
		return stats, err
	}
	return h.store.CollectGarbage(ctx, func(k action.Key) bool { return reachable[k] }, c.Keep)
}

func printCheck(t *console, c store.VerifyResult) {
	fmt.Fprintf(t.out, "read %d files, %.1f MB: ", c.Files, float64(c.Bytes)/1e6)
	if len(c.Corrupt)+len(c.CorruptOriginals) == 0 {
		fmt.Fprintln(t.out, "all are intact")
		return
	}
	fmt.Fprintln(t.out, "some are damaged")
	for _, s := range c.Corrupt {
		fmt.Fprintf(t.out, "  damaged and removed: %s of kind %s; the next run of its talk makes it again\n", s.File, s.Kind)
	}
	for _, path := range c.CorruptOriginals {
		fmt.Fprintf(t.out, "  damaged: %s, an original; restore it from a backup\n", path)
	}
}
