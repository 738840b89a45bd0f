package main

import (
	"context"

	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/translation"
)

type translationsCheckCmd struct {
	File     string `arg:"" help:"The translated subtitle file. - reads standard input."`
	Source   string `required:"" help:"The subtitle file that it was translated from." placeholder:"FILE"`
	Profile  string `help:"The rules for reading speed and layout: ${profiles}. The default depends on the language." enum:",${profiles}" default:"" placeholder:"NAME"`
	Glossary string `help:"The conference's glossary: CSV with the column term, and one column for each language." placeholder:"FILE"`
	Strict   bool   `help:"Exit with code 1 if there are errors."`
	subtitleFlags
	JSON bool `help:"Print JSON: all findings."`
}

// translationCheckResult is what --json prints.
type translationCheckResult struct {
	translation.QualityReport
	Diagnostics []subtitle.Diagnostic `json:"diagnostics"` // from reading the translated file
}

// Run implements `lectern translations check`: it compares a translated file with its source and
// prints the findings. With --strict the exit code is 1 if there are errors.
func (c *translationsCheckCmd) Run(ctx context.Context, t *console) error {
	if c.File == stdio && c.Source == stdio {
		return &usageError{"standard input can be one of the files, not both"}
	}
	glossary, err := c.readGlossary(ctx)
	if err != nil {
		return err
	}
	from, err := subtitleFlags{}.read(ctx, c.Source)
	if err != nil {
		return err
	}
	to, err := c.read(ctx, c.File)
	if err != nil {
		return err
	}
	profile := check.ProfileFor(to.Language)
	if c.Profile != "" {
		if profile, err = check.ProfileByName(c.Profile); err != nil {
			return err
		}
	}
	sheet := translation.Sheet{From: from.Language, To: to.Language, Units: translation.Units(from.Cues, translation.LinkCuesBetween(from.Language, to.Language, from.Cues, to.Cues))}
	found := translationCheckResult{translation.CheckQuality(sheet, profile, glossary), to.Diagnostics}
	if c.JSON {
		err = t.printJSON(found)
	} else {
		from.printWarnings(t)
		to.printWarnings(t)
		err = found.Write(t.out, quoteName(from.name), quoteName(to.name))
	}
	if err == nil && c.Strict && found.errorCount() > 0 {
		return errReported
	}
	return err
}

// errorCount returns the number of errors found in reading the translated file and in checking it.
func (j translationCheckResult) errorCount() int {
	return j.Counts.Errors + len(withSeverity(subtitle.Error, j.Diagnostics))
}

// readGlossary returns the glossary in --glossary, or nil if that is not given.
func (c *translationsCheckCmd) readGlossary(ctx context.Context) (*translation.Glossary, error) {
	if c.Glossary == "" {
		return nil, nil
	}
	data, err := readBytes(ctx, c.Glossary, c.Glossary)
	if err != nil {
		return nil, err
	}
	return translation.ReadGlossary(c.Glossary, data)
}
