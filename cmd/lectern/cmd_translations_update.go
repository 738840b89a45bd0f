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
	NewSource   string `required:"" help:"The same, corrected." placeholder:"FILE"`
	Translation string `required:"" help:"The translated subtitle file." placeholder:"FILE"`
	Output      string `short:"o" help:"Write the translation with the times of the new source; its ending says the format." placeholder:"OUT"`
	To          string `help:"The format to write, whatever the name of OUT: srt, vtt, ttml, ssa, ass or txt." enum:",srt,vtt,ttml,dfxp,ssa,ass,txt" default:"" placeholder:"FORMAT"`
	fileFlags
	JSON bool `help:"Print JSON: what is still good, and what to look at again."`
}

// Run is `lectern translations update`.
func (c *translationsUpdateCmd) Run(ctx context.Context, t *terminal) error {
	files := []string{c.OldSource, c.NewSource, c.Translation}
	if countOf(stdio, files) > 1 {
		return &usageError{"standard input can be one of the files, not several"}
	}
	var out target
	var err error
	if c.Output != "" {
		if out, err = targetOf(c.Output, c.To, files...); err != nil {
			return err
		}
	}
	var read [3]source
	for n, file := range files {
		flags := fileFlags{}
		if n == 2 { // language and encoding are said of the translation
			flags = c.fileFlags
		}
		if read[n], err = flags.read(ctx, file); err != nil {
			return err
		}
		read[n].warn(t)
	}
	old, new, translated := read[0].Cues, read[1].Cues, read[2]
	new = compare.Carry(old, new, compare.Fresh(idsOf(old)))
	cues, report := translation.Update(translation.BoundIn(read[0].Language, translated.Language, old, translated.Cues), old, new)
	if c.Output != "" {
		if err := out.write(t, translated, released(cues), false); err != nil {
			return err
		}
	}
	if c.JSON {
		return t.printJSON(report)
	}
	return writeUpdate(t.out, report, shownName(translated.name), shownName(read[1].name), c.Output != "")
}

func countOf(name string, all []string) (n int) {
	for _, a := range all {
		if a == name {
			n++
		}
	}
	return n
}

func idsOf(cues []conference.Cue) []string {
	ids := make([]string, len(cues))
	for i, c := range cues {
		ids[i] = c.ID
	}
	return ids
}

// released is what a viewer of a translation gets: neither what its source has lost, nor
// what only repeats the source.
func released(cues []translation.Cue) (all []conference.Cue) {
	for _, c := range cues {
		if c.State != translation.Obsolete && c.State != translation.Untranslated {
			all = append(all, c.Cue)
		}
	}
	return all
}

// writeUpdate tells a translator what there is to do.
func writeUpdate(w io.Writer, r translation.Report, name, source string, written bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d still good", name, r.Kept+r.Retimed)
	if r.Retimed > 0 {
		fmt.Fprintf(&b, ", %d of them at other times", r.Retimed)
	}
	fmt.Fprintf(&b, "; %d to look at again, %d to translate, %s\n", len(r.NeedsEditing), r.Untranslated, obsolete(r.Obsolete))
	again(&b, name, r.NeedsEditing)
	lines(&b, "To translate", source, r.New)
	lines(&b, "Not in the source any more", name, r.Gone)
	lines(&b, "Of unknown source, and left as they are", name, r.Strange)
	if written && len(r.NeedsEditing) > 0 {
		fmt.Fprintf(&b, "\nWhat to look at again was written as it was translated.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// again shows what to look at again.
func again(b *strings.Builder, name string, list []translation.Stale) {
	for _, s := range list {
		fmt.Fprintf(b, "\n%s:%d: %s, %s\n", name, s.Line, passage(s.StartMS, s.EndMS), whyAgain(s.OldSource, s.NewSource))
		paragraph(b, "was", s.OldSource)
		paragraph(b, "is", s.NewSource)
		paragraph(b, "translated", s.Translation)
	}
}

func obsolete(n int) string {
	if n == 1 {
		return "1 not needed any more"
	}
	return fmt.Sprintf("%d not needed any more", n)
}

func lines(b *strings.Builder, heading, name string, list []translation.Line) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s, in %s:\n", heading, name)
	for _, l := range list {
		fmt.Fprintf(b, "  %s  %s\n", passage(l.StartMS, l.EndMS), printable(strings.ReplaceAll(l.Text, "\n", " / ")))
	}
}

func paragraph(b *strings.Builder, what, text string) {
	for n, line := range strings.Split(cmp.Or(text, "(nothing)"), "\n") {
		if n > 0 {
			what = ""
		}
		fmt.Fprintf(b, "  %-10s  %s\n", what, printable(line))
	}
}

// passage is a passage of time for people.
func passage(fromMS, toMS int64) string {
	at := func(ms int64) string { return timeline.FormatClock(time.Duration(ms) * time.Millisecond) }
	return at(fromMS) + "-" + at(toMS)
}

// whyAgain is why a translation is to be looked at again.
func whyAgain(was, is string) string {
	switch was {
	case "":
		return "marked as to be looked at again"
	case is:
		return "one of several that say the same changed, and which, nobody can tell"
	}
	return "the source says something else now"
}
