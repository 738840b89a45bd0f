package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/exchange"
)

type translationsImportCmd struct {
	File   string `arg:"" help:"The translator's file: PO, XLIFF, CSV or subtitles. - reads standard input."`
	Source string `required:"" xor:"source" help:"The subtitle file that was translated." placeholder:"FILE"`
	Talk   string `required:"" xor:"source" help:"Slug of the talk that was translated." placeholder:"SLUG"`
	Base   int    `help:"With --talk, the revision that the file was made from. By default the file says it." placeholder:"N"`
	As     string `help:"With --talk, your name, for the history. Your login by default; with --server, the token says who you are." placeholder:"NAME"`
	Output string `short:"o" help:"The subtitle file to write. Its extension sets the format." placeholder:"OUT"`
	To     string `help:"Format to write, regardless of the extension: srt, vtt, ttml, ssa, ass or txt." enum:",srt,vtt,ttml,dfxp,ssa,ass,txt" default:"" placeholder:"FORMAT"`
	subtitleFlags
	serverFlags
	JSON bool `help:"Print JSON: how much is translated, and what is left to do."`
}

// importResult is what --json prints.
type importResult struct {
	translation.MergeResult
	Translated int    `json:"translated"` // cues of the source
	Source     int    `json:"source_cues"`
	Language   string `json:"language"`
}

// Run implements `lectern translations import`: it reads a translator's file, and uploads it to a
// talk or writes it as a subtitle file. It prints what is translated and what is missing, which
// does not change the exit code.
func (c *translationsImportCmd) Run(ctx context.Context, t *console) error {
	if c.Talk != "" {
		return c.importIntoTalk(ctx, t)
	}
	if c.File == stdio && c.Source == stdio {
		return &usageError{"standard input can be one of the files, not several"}
	}
	if c.Output == stdio && c.JSON {
		return &usageError{"standard output can be the subtitles or --json, not both"}
	}
	var out outputFile
	var err error
	if c.Output != "" {
		if out, err = newOutputFile(c.Output, c.To, c.File, c.Source); err != nil {
			return err
		}
	}
	from, err := subtitleFlags{}.read(ctx, c.Source)
	if err != nil {
		return err
	}
	from.printWarnings(t)
	back, cues, taken, err := c.readReturned(ctx, t, from)
	if err != nil {
		return err
	}
	shown := visibleCues(cues)
	if c.Output != "" {
		if len(shown) == 0 {
			return inputerr.New(back.name, "holds no translation yet").Hint("Send it to a translator first")
		}
		if err := out.write(t, back, shown, false); err != nil {
			return err
		}
	}
	taken.UntranslatedCues = untranslatedLines(from.Cues, cues)
	taken.Untranslated = len(taken.UntranslatedCues)
	result := importResult{
		MergeResult: taken, Translated: len(from.Cues) - len(taken.UntranslatedCues), Source: len(from.Cues), Language: back.Language,
	}
	switch {
	case c.JSON:
		return t.printJSON(result)
	case c.Output == stdio:
		return result.write(t.err, quoteName(back.name), quoteName(from.name))
	}
	return result.write(t.out, quoteName(back.name), quoteName(from.name))
}

// untranslatedLines returns the source cues without a translation that viewers would see.
func untranslatedLines(source []conference.Cue, cues []translation.Cue) []translation.CueLine {
	all := []translation.CueLine{}
	for _, u := range translation.Units(source, cues) {
		if len(visibleCues(u.Target)) > 0 {
			continue
		}
		for _, s := range u.Source {
			all = append(all, translation.CueLine{Text: s.Text, StartMS: s.Start.Milliseconds(), EndMS: s.End.Milliseconds(), Line: s.Line})
		}
	}
	return all
}

// readReturned reads the file that a translator returned, recognising its format by the content,
// and matches its translations with the source cues of from. It returns the translated cues and
// what the merge did. back holds the file's name and the language of the translation; it has cues
// only if the file is a subtitle file.
func (c *translationsImportCmd) readReturned(ctx context.Context, t *console, from subtitleFile) (back subtitleFile, cues []translation.Cue, taken translation.MergeResult, err error) {
	back.name = inputName(c.File)
	data, err := readBytes(ctx, c.File, back.name)
	if err != nil {
		return back, nil, taken, err
	}
	if read := exchange.DetectReader(data); read != nil {
		r, err := read(back.name, data)
		if err != nil {
			return back, nil, taken, err
		}
		back.Language = r.To
		if c.Language != "" {
			if back.Language, err = subtitle.CanonicalLanguage(c.Language); err != nil {
				return back, nil, taken, err
			}
		}
		cues, taken, err = r.Merge(from.Cues, nil)
		return back, cues, taken, err
	}
	if back, err = c.parse(c.File, back.name, data); err != nil {
		return back, nil, taken, err
	}
	back.printWarnings(t)
	cues = translation.LinkCuesBetween(from.Language, back.Language, from.Cues, back.Cues)
	_, report := translation.Update(cues, from.Cues, from.Cues)
	return back, cues, translation.MergeResult{UpdateReport: report, Changed: report.Kept, Lost: []translation.CueLine{}, OrphanNotes: []translation.CueLine{}}, nil
}

// write prints how many cues are translated, and lists the missing ones, those to edit, and lines
// of the file that match nothing. name and source are the names of the two files.
func (i importResult) write(w io.Writer, name, source string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: of %s in %s, %d translated", name, plural.Count(i.Source, "cue"), source, i.Translated)
	if n := len(i.NeedsEditing); n > 0 {
		fmt.Fprintf(&b, ", %d to edit", n)
	}
	fmt.Fprintf(&b, ", %d missing\n", i.Source-i.Translated)
	if i.OtherSource {
		fmt.Fprintf(&b, "It was made from another version of %s, and was adapted to this one.\n", source)
	}
	printNeedsEditing(&b, name, i.NeedsEditing)
	printPassages(&b, "Missing", source, i.UntranslatedCues)
	printFileLines(&b, "Matching nothing in "+source+", and is left out", name, i.Lost)
	printPassages(&b, "Matching nothing in the source, and left as they are", name, i.UnmatchedCues)
	printFileLines(&b, "Notes on untranslated texts", name, i.OrphanNotes)
	_, err := io.WriteString(w, b.String())
	return err
}

// printFileLines prints a heading and then lines of a file with their numbers. It prints nothing if
// list is empty.
func printFileLines(b *strings.Builder, heading, name string, list []translation.CueLine) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", heading)
	for _, l := range list {
		fmt.Fprintf(b, "  %s:%d: %s\n", name, l.Line, printable(strings.ReplaceAll(l.Text, "\n", " / ")))
	}
}
