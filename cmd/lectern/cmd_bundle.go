package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
)

type bundleCmd struct {
	Build  bundleBuildCmd  `cmd:"" help:"Build a talk's bundle again from the data directory."`
	Verify bundleVerifyCmd `cmd:"" help:"Verify the files of a bundle."`
	Diff   bundleDiffCmd   `cmd:"" help:"List what to upload again after a bundle changed."`
}

type bundleVerifyCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Bundles to verify."`
	JSON bool     `help:"Print JSON: one report per bundle."`
}

// Run implements `lectern bundle verify`: it verifies all files of the bundles and prints the
// result of each check. The exit code is 1 if a check fails.
func (c *bundleVerifyCmd) Run(ctx context.Context, t *console) error {
	tools, err := media.FindTools()
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
			printVerification(t.out, r)
		}
	}
	if bad {
		return errReported
	}
	return nil
}

// printVerification prints a table of the checks of a bundle, and a line with the conclusion.
func printVerification(w io.Writer, r bundle.Report) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		mark := "ok"
		if !c.OK {
			mark = "WRONG"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", mark, c.Kind, cmp.Or(c.File, "bundle"), c.Message)
	}
	table.Flush()
	verdict := "is complete and ready to upload"
	if !r.OK {
		verdict = fmt.Sprintf("is not ready to upload: %d of %d checks failed", len(r.Failed()), len(r.Checks))
	}
	fmt.Fprintf(w, "%s %s\n", r.Dir, verdict)
}
