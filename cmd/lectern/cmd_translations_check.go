package main

import (
	"context"

	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/translation"
)

type translationsCheckCmd struct {
	File     string `arg:"" help:"The translated subtitle file; - is standard input."`
	Source   string `required:"" help:"The subtitle file that it was translated from." placeholder:"FILE"`
	Profile  string `help:"Whose rules of reading: ${profiles}; as the language asks otherwise." enum:",${profiles}" default:"" placeholder:"NAME"`
	Glossary string `help:"How the conference's terms are translated: CSV with the column term, and one for each language." placeholder:"FILE"`
	Strict   bool   `help:"End with exit code 1 if there is an error."`
	fileFlags
	JSON bool `help:"Print JSON: every finding."`
}

// judged is what --json prints.
type judged struct {
	translation.Verdict
	Diagnostics []subtitle.Diagnostic `json:"diagnostics"` // from reading the translated file
}

// Run is `lectern translations check`.
func (c *translationsCheckCmd) Run(ctx context.Context, t *terminal) error {
	if c.File == stdio && c.Source == stdio {
		return &usageError{"standard input can be one of the files, not both"}
	}
	glossary, err := c.glossary(ctx)
	if err != nil {
		return err
	}
	from, err := fileFlags{}.read(ctx, c.Source)
	if err != nil {
		return err
	}
	to, err := c.read(ctx, c.File)
	if err != nil {
		return err
	}
	profile := check.For(to.Language)
	if c.Profile != "" {
		if profile, err = check.Named(c.Profile); err != nil {
			return err
		}
	}
	sheet := translation.Sheet{From: from.Language, To: to.Language, Units: translation.Units(from.Cues, translation.BoundIn(from.Language, to.Language, from.Cues, to.Cues))}
	found := judged{translation.VerdictOn(sheet, profile, glossary), to.Diagnostics}
	if c.JSON {
		err = t.printJSON(found)
	} else {
		from.warn(t)
		to.warn(t)
		err = found.Write(t.out, shownName(from.name), shownName(to.name))
	}
	if err == nil && c.Strict && found.errors() > 0 {
		return errSaid
	}
	return err
}

// errors is how many things viewers would miss.
func (j judged) errors() int { return j.Counts.Errors + len(severe(subtitle.Error, j.Diagnostics)) }

// glossary is that of the conference, or nil.
func (c *translationsCheckCmd) glossary(ctx context.Context) (*translation.Glossary, error) {
	if c.Glossary == "" {
		return nil, nil
	}
	data, err := readBytes(ctx, c.Glossary, c.Glossary)
	if err != nil {
		return nil, err
	}
	return translation.ReadGlossary(c.Glossary, data)
}
