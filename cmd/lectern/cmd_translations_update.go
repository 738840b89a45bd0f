package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

type translationsUpdateCmd struct {
	OldSource   string `required:"" help:"The subtitle file that the translation was made from." placeholder:"FILE"`
	NewSource   string `required:"" help:"The corrected subtitle file." placeholder:"FILE"`
	Translation string `required:"" help:"The translated subtitle file." placeholder:"FILE"`
	Output      string `short:"o" help:"Write the translation with the times of the new source. The extension sets the format." placeholder:"OUT"`
	To          string `help:"Format to write, regardless of the extension: srt, vtt, ttml, ssa, ass or txt." enum:",srt,vtt,ttml,dfxp,ssa,ass,txt" default:"" placeholder:"FORMAT"`
	subtitleFlags
	JSON bool `help:"Print JSON: what is up to date, and what to edit."`
}

// Run implements `lectern translations update`: it compares a translated file with the corrected
// version of its source, and prints which cues need a translator. With -o it writes the translation
// with the times of the new source. Open work does not change the exit code.
func (c *translationsUpdateCmd) Run(ctx context.Context, t *console) error {
	files := []string{c.OldSource, c.NewSource, c.Translation}
	if countEqual(stdio, files) > 1 {
		return &usageError{"standard input can be one of the files, not several"}
	}
	var out outputFile
	var err error
	if c.Output != "" {
		if out, err = newOutputFile(c.Output, c.To, files...); err != nil {
			return err
		}
	}
	var read [3]subtitleFile
	for n, file := range files {
		flags := subtitleFlags{}
		if n == 2 { // language and encoding are said of the translation
			flags = c.subtitleFlags
		}
		if read[n], err = flags.read(ctx, file); err != nil {
			return err
		}
		read[n].printWarnings(t)
	}
	old, new, translated := read[0].Cues, read[1].Cues, read[2]
	new = compare.CarryIDs(old, new, compare.NewIDs(cueIDs(old)))
	cues, report := translation.Update(translation.LinkCuesBetween(read[0].Language, translated.Language, old, translated.Cues), old, new)
	if c.Output != "" {
		if err := out.write(t, translated, visibleCues(cues), false); err != nil {
			return err
		}
	}
	if c.JSON {
		return t.printJSON(report)
	}
	return printUpdate(t.out, report, quoteName(translated.name), quoteName(read[1].name), c.Output != "")
}

func countEqual(name string, all []string) (n int) {
	for _, a := range all {
		if a == name {
			n++
		}
	}
	return n
}

func cueIDs(cues []conference.Cue) []string {
	ids := make([]string, len(cues))
	for i, c := range cues {
		ids[i] = c.ID
	}
	return ids
}

// visibleCues returns the cues of a translation that viewers see. Obsolete cues, and those that
// only repeat the source, are left out.
func visibleCues(cues []translation.Cue) (all []conference.Cue) {
	for _, c := range cues {
		if c.State != translation.Obsolete && c.State != translation.Untranslated {
			all = append(all, c.Cue)
		}
	}
	return all
}

// printUpdate prints how many cues of a translation are up to date, and lists those that are left
// to edit or to translate. name and source are the names of the files. written is true if the
// translation was written to a file.
func printUpdate(w io.Writer, r translation.UpdateReport, name, source string, written bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d up to date", name, r.Kept+r.Retimed)
	if r.Retimed > 0 {
		fmt.Fprintf(&b, ", %d of them with new times", r.Retimed)
	}
	fmt.Fprintf(&b, "; %d to edit, %d to translate, %d obsolete\n", len(r.NeedsEditing), r.Untranslated, r.Obsolete)
	printNeedsEditing(&b, name, r.NeedsEditing)
	printPassages(&b, "To translate", source, r.UntranslatedCues)
	printPassages(&b, "No longer in the source", name, r.ObsoleteCues)
	printPassages(&b, "Matching nothing in the source, and left as they are", name, r.UnmatchedCues)
	if written && len(r.NeedsEditing) > 0 {
		fmt.Fprintf(&b, "\nCues that need editing were written with their old translation.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printNeedsEditing prints each translated cue whose source has changed, with the old and new
// source texts. name is that of the translated file.
func printNeedsEditing(b *strings.Builder, name string, list []translation.StaleCue) {
	for _, s := range list {
		fmt.Fprintf(b, "\n%s:%d: %s, %s\n", name, s.Line, formatRange(s.StartMS, s.EndMS), needsEditingReason(s.OldSource, s.NewSource))
		printParagraph(b, "was", s.OldSource)
		printParagraph(b, "is", s.NewSource)
		printParagraph(b, "translated", s.Translation)
	}
}

func printPassages(b *strings.Builder, heading, name string, list []translation.CueLine) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s, in %s:\n", heading, name)
	for _, l := range list {
		fmt.Fprintf(b, "  %s  %s\n", formatRange(l.StartMS, l.EndMS), printable(strings.ReplaceAll(l.Text, "\n", " / ")))
	}
}

func printParagraph(b *strings.Builder, what, text string) {
	for n, line := range strings.Split(cmp.Or(text, "(nothing)"), "\n") {
		if n > 0 {
			what = ""
		}
		fmt.Fprintf(b, "  %-10s  %s\n", what, printable(line))
	}
}

// formatRange returns a time range, given in milliseconds, as two clock times with a hyphen between
// them.
func formatRange(fromMS, toMS int64) string {
	at := func(ms int64) string { return timeline.FormatClock(time.Duration(ms) * time.Millisecond) }
	return at(fromMS) + "-" + at(toMS)
}

// needsEditingReason returns why a translated cue needs editing, for people. was is the source
// text that it translates, or "" if a person marked it; is is the source text now.
func needsEditingReason(was, is string) string {
	switch was {
	case "":
		return "marked as needing editing"
	case is:
		return "one of several equal cues changed, and it is unclear which"
	}
	return "the source changed"
}
