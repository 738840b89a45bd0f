package main

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/translation"
)

type translationsAddCmd struct {
	trackFlags
	File     string `arg:"" help:"The translated subtitle file."`
	Base     int    `help:"The revision that the file was made from; if somebody changed the translation since, yours is not taken." placeholder:"N"`
	Why      string `help:"What was done, for the history." default:"handed in" placeholder:"TEXT"`
	Encoding string `help:"How the file is encoded, if the guess is wrong." placeholder:"E"`
}

// Run is `lectern translations add`.
func (c *translationsAddCmd) Run(ctx context.Context, t *console) error {
	read, err := subtitleFlags{Language: c.Language, Encoding: c.Encoding}.read(ctx, c.File)
	if err != nil {
		return err
	}
	read.printWarnings(t)
	h, err := c.at(ctx, func(d translation.Service, who string) (translation.Revision, error) {
		return d.ImportSubtitles(ctx, c.Talk, c.Language, read.Cues, c.Base, who, c.Why)
	})
	if err != nil {
		return err
	}
	strange := 0
	for _, cue := range h.Cues {
		if len(cue.SourceIDs) == 0 && cue.State != translation.Obsolete {
			strange++
		}
	}
	if strange > 0 {
		fmt.Fprintf(t.err, "%s: %s nothing in the source; kept as they are\n", quoteName(c.File), plural(strange, "cue matches", "cues match"))
	}
	return c.printResult(t, h, "taken", fmt.Sprintf("lectern translations review %s %s", c.Talk, c.Language))
}
