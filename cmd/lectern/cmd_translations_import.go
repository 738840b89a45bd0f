package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
)

type translationsImportCmd struct {
	File   string `arg:"" help:"What the translator sent: PO, XLIFF, CSV or a subtitle file; - is standard input."`
	Source string `required:"" xor:"source" help:"The subtitle file that it translates." placeholder:"FILE"`
	Talk   string `required:"" xor:"source" help:"The talk in the catalogue that it translates." placeholder:"SLUG"`
	Base   int    `help:"With --talk: the revision that it was made from, if the file does not say it." placeholder:"N"`
	As     string `help:"With --talk: who you are, for the history; your login if you do not say it." placeholder:"NAME"`
	Output string `short:"o" help:"The subtitle file to write, of what is translated; its ending says the format." placeholder:"OUT"`
	To     string `help:"The format to write, whatever the name of OUT: srt, vtt, ttml, ssa, ass or txt." enum:",srt,vtt,ttml,dfxp,ssa,ass,txt" default:"" placeholder:"FORMAT"`
	fileFlags
	dataFlag
	JSON bool `help:"Print JSON: how much is translated, and what is missing or to be looked at."`
}

// imported is what a translator sent, for scripts.
type imported struct {
	translation.Taken
	Translated int    `json:"translated"` // cues of the source
	Source     int    `json:"source_cues"`
	Language   string `json:"language"`
}

// Run is `lectern translations import`.
func (c *translationsImportCmd) Run(ctx context.Context, t *terminal) error {
	if c.Talk != "" {
		return c.toCatalogue(ctx, t)
	}
	if c.File == stdio && c.Source == stdio {
		return &usageError{"standard input can be one of the files, not several"}
	}
	if c.Output == stdio && c.JSON {
		return &usageError{"standard output can be the subtitles or --json, not both"}
	}
	var out target
	var err error
	if c.Output != "" {
		if out, err = targetOf(c.Output, c.To, c.File, c.Source); err != nil {
			return err
		}
	}
	from, err := fileFlags{}.read(ctx, c.Source)
	if err != nil {
		return err
	}
	from.warn(t)
	back, cues, taken, err := c.take(ctx, t, from)
	if err != nil {
		return err
	}
	shown := released(cues)
	if c.Output != "" {
		if len(shown) == 0 {
			return inputerr.New(back.name, "holds no translation yet").Try("Send it to a translator first")
		}
		if err := out.write(t, back, shown, false); err != nil {
			return err
		}
	}
	taken.New = missing(from.Cues, cues)
	taken.Untranslated = len(taken.New)
	said := imported{taken, len(from.Cues) - len(taken.New), len(from.Cues), back.Language}
	switch {
	case c.JSON:
		return t.printJSON(said)
	case c.Output == stdio:
		return said.write(t.err, shownName(back.name), shownName(from.name))
	}
	return said.write(t.out, shownName(back.name), shownName(from.name))
}

// missing is the cues of a source of which a viewer gets no translation.
func missing(source []conference.Cue, cues []translation.Cue) []translation.Line {
	all := []translation.Line{}
	for _, u := range translation.Units(source, cues) {
		if len(released(u.Target)) > 0 {
			continue
		}
		for _, s := range u.Source {
			all = append(all, translation.Line{Text: s.Text, StartMS: s.Start.Milliseconds(), EndMS: s.End.Milliseconds(), Line: s.Line})
		}
	}
	return all
}

// take reads what a translator sent, by what it holds and not by its name. Back is the
// file, for messages, in the language that it translates into.
func (c *translationsImportCmd) take(ctx context.Context, t *terminal, from source) (back source, cues []translation.Cue, taken translation.Taken, err error) {
	back.name = c.File
	if c.File == stdio {
		back.name = "standard input"
	}
	data, err := readBytes(ctx, c.File, back.name)
	if err != nil {
		return back, nil, taken, err
	}
	if read := translation.ReaderOf(data); read != nil {
		r, err := read(back.name, data)
		if err != nil {
			return back, nil, taken, err
		}
		back.Language = r.To
		if c.Language != "" {
			if back.Language, err = subtitle.Language(c.Language); err != nil {
				return back, nil, taken, err
			}
		}
		cues, taken, err = r.Take(from.Cues, nil)
		return back, cues, taken, err
	}
	if back, err = c.parse(c.File, back.name, data); err != nil {
		return back, nil, taken, err
	}
	back.warn(t)
	cues = translation.BoundIn(from.Language, back.Language, from.Cues, back.Cues)
	_, report := translation.Update(cues, from.Cues, from.Cues)
	return back, cues, translation.Taken{Report: report, Changed: report.Kept, Lost: []translation.Line{}, Remarks: []translation.Line{}}, nil
}

// write says how much is translated, and shows what is not.
func (i imported) write(w io.Writer, name, source string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: of %s in %s, %d translated", name, number(i.Source, "cue"), source, i.Translated)
	if n := len(i.NeedsEditing); n > 0 {
		fmt.Fprintf(&b, ", %s to look at again", number(n, "place"))
	}
	fmt.Fprintf(&b, ", %d missing\n", i.Source-i.Translated)
	if i.Other {
		fmt.Fprintf(&b, "It was made from another version of %s, and follows this one.\n", source)
	}
	again(&b, name, i.NeedsEditing)
	lines(&b, "Missing", source, i.New)
	placed(&b, "Fits nothing in "+source+", and is left out", name, i.Lost)
	lines(&b, "Of unknown source, and left as they are", name, i.Strange)
	placed(&b, "Remarks on what is not translated", name, i.Remarks)
	_, err := io.WriteString(w, b.String())
	return err
}

// placed lists what stands in a file, by its lines.
func placed(b *strings.Builder, heading, name string, list []translation.Line) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", heading)
	for _, l := range list {
		fmt.Fprintf(b, "  %s:%d: %s\n", name, l.Line, printable(strings.ReplaceAll(l.Text, "\n", " / ")))
	}
}
