package main

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/exchange"
)

// toCatalogue imports what a translator sent for a talk.
func (c *translationsImportCmd) toCatalogue(ctx context.Context, t *console) error {
	if c.Output != "" {
		return &usageError{"-o is for plain files; `lectern bundle build` writes what is approved"}
	}
	name := c.File
	if name == stdio {
		name = "standard input"
	}
	data, err := readBytes(ctx, c.File, name)
	if err != nil {
		return err
	}
	track := trackFlags{Talk: c.Talk, Language: c.Language, As: c.As, JSON: c.JSON, dataFlag: c.dataFlag}
	read := exchange.DetectReader(data)
	if read == nil {
		if track.Language == "" {
			track.Language = languageInName(c.File)
		}
		if track.Language == "" {
			return &usageError{"say which language the file is in, such as --language es"}
		}
		add := translationsAddCmd{trackFlags: track, File: c.File, Base: c.Base, Why: "handed in", Encoding: c.Encoding}
		return add.Run(ctx, t)
	}
	returned, err := read(name, data)
	if err != nil {
		return err
	}
	if track.Language == "" {
		track.Language = returned.To
	}
	if said, err := subtitle.CanonicalLanguage(track.Language); err == nil && returned.To != "" && said != returned.To {
		return inputerr.New(name, "says that it is in %s (%s), and not in %s", subtitle.EnglishLanguageName(returned.To), returned.To, subtitle.EnglishLanguageName(said)).
			Hint("Leave --language out, or look whether it is the right file")
	}
	var taken translation.MergeResult
	h, err := track.at(ctx, func(d translation.Service, who string) (h translation.Revision, err error) {
		h, taken, err = d.Import(ctx, c.Talk, track.Language, returned, c.Base, who)
		return h, err
	})
	if err != nil {
		return err
	}
	for _, l := range taken.Lost {
		fmt.Fprintf(t.err, "%s:%d: fits nothing in the source, and is left out: %s\n", quoteName(name), l.Line, printable(l.Text))
	}
	for _, l := range taken.OrphanNotes {
		fmt.Fprintf(t.err, "%s:%d: a remark on what is not translated, which is not kept: %s\n", quoteName(name), l.Line, printable(l.Text))
	}
	return track.printResult(t, h, fmt.Sprintf("%d changed", taken.Changed), fmt.Sprintf("lectern translations review %s %s", c.Talk, track.Language))
}
