package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle"
)

type bundleDiffCmd struct {
	Old  string `arg:"" help:"The bundle that was uploaded. Its bundle.json and youtube.json are enough."`
	New  string `arg:"" help:"The bundle to upload."`
	JSON bool   `help:"Print JSON: the steps for each target."`
}

// Run implements `lectern bundle diff`: it prints, for each target such as YouTube, what to upload
// again after the old bundle was uploaded. A difference does not change the exit code.
func (c *bundleDiffCmd) Run(ctx context.Context, t *console) error {
	tools, err := media.FindTools()
	if err != nil {
		return err
	}
	d, err := bundle.Diff(ctx, tools, c.Old, c.New)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(d)
	}
	printBundleDiff(t.out, d)
	return nil
}

// printBundleDiff prints whether the edition changed, and then for each target the steps to upload
// the new bundle.
func printBundleDiff(w io.Writer, d bundle.Difference) {
	fmt.Fprintf(w, "--- %s\n+++ %s\n", d.Old, d.New)
	if d.SameEdition {
		fmt.Fprintf(w, "%s: the same edition; subtitles made for the old one fit the new one\n", d.Slug)
	} else {
		fmt.Fprintf(w, "%s: new edition; %s changed\n", d.Slug, strings.Join(d.EditionChanges, ", "))
	}
	for _, target := range d.Targets {
		fmt.Fprintf(w, "\n%s: %s\n", targetName(target.Name), targetSummary(target))
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, s := range target.Steps {
			size := ""
			if s.Size > 0 {
				size = formatBytes(s.Size)
			}
			fmt.Fprintln(table, strings.TrimRight(fmt.Sprintf("  %s\t%s\t%s\t%s", s.Operation, stepObject(s), size, stepDescription(s)), "\t "))
		}
		table.Flush()
		for _, note := range target.Notes {
			fmt.Fprintf(w, "  note: %s\n", note)
		}
	}
}

func targetName(name string) string {
	if name == "youtube" {
		return "YouTube"
	}
	return "Web, or any copy of the directory"
}

// targetSummary returns one line with the size to send to a target and the number of steps.
func targetSummary(t bundle.Target) string {
	if len(t.Steps) == 0 {
		return "nothing to send"
	}
	send := formatBytes(t.Bytes())
	if t.Bytes() == 0 {
		send = "no file"
	}
	sum := send + " to send in " + plural.Count(len(t.Steps), "step")
	if t.Name == "web" {
		sum += fmt.Sprintf(", %d up to date there", t.Unchanged)
	}
	return sum
}

// stepObject returns what an upload step applies to: parts of the metadata, a renamed file, a file,
// or a language.
func stepObject(s bundle.Step) string {
	if len(s.Parts) > 0 {
		return "part=" + strings.Join(s.Parts, ",")
	}
	if s.From != "" {
		return s.From + " → " + s.File
	}
	return cmp.Or(s.File, s.Language)
}

func stepDescription(s bundle.Step) string {
	if s.Language != "" {
		return subtitle.EnglishLanguageName(s.Language)
	}
	return s.Reason
}

// formatBytes returns a size in bytes as people write it, such as "1.5 GB", with units of 1000.
func formatBytes(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}
