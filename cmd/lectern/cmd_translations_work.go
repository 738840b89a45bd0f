package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/fault"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
)

// trackFlags name one translation in the catalogue, and who works on it.
type trackFlags struct {
	Talk     string `arg:"" help:"The talk's slug."`
	Language string `arg:"" help:"The language of the translation (BCP 47)."`
	As       string `help:"Who you are, for the history; your login if you do not say it." placeholder:"NAME"`
	JSON     bool   `help:"Print JSON: how far the translation has come."`
	dataFlag
}

// at opens the catalogue and does something with the desk.
func (f *trackFlags) at(ctx context.Context, do func(d translation.Desk, who string) (translation.Held, error)) (h translation.Held, err error) {
	if f.Language, err = subtitle.Language(f.Language); err != nil {
		return h, err
	}
	err = withDesk(ctx, f.Data, f.Talk, func(d translation.Desk) error {
		name := f.As
		if name == "" {
			name = who()
		}
		h, err = do(d, name)
		return err
	})
	return h, f.explained(err)
}

// explained is an error in words for who works on a translation.
func (f *trackFlags) explained(err error) error {
	var conflict *catalog.Conflict
	switch {
	case errors.Is(err, translation.ErrUnknown):
		return fault.New(f.Talk, "has no translation in %s", subtitle.EnglishName(f.Language)).
			Try("Add one: lectern translations add %s %s FILE", f.Talk, f.Language)
	case errors.As(err, &conflict):
		return fault.New("", "%v", conflict).
			Try("Look at theirs: lectern translations export %s %s --format csv (and --revision %d for what yours was made from); or hand yours in on top with --base %d",
				f.Talk, f.Language, max(1, conflict.Base), conflict.Last.Number)
	}
	return err
}

// withDesk opens the catalogue of a talk that is in it.
func withDesk(ctx context.Context, data, slug string, do func(translation.Desk) error) (err error) {
	books, ok, err := openBooks(ctx, data)
	if err != nil {
		return err
	}
	if !ok {
		return noSuchTalk(slug, nil)
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	talks, err := books.Talks(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, talk := range talks {
		if known = append(known, talk.Slug); talk.Slug == slug {
			return do(translation.Desk{Catalog: books})
		}
	}
	return noSuchTalk(slug, known)
}

// tell says how a translation stands after a change, and what comes next.
func (f *trackFlags) tell(t *terminal, h translation.Held, done, next string) error {
	if f.JSON {
		return t.printJSON(standingOf(h))
	}
	fmt.Fprintf(t.out, "%s in %s, revision %d: %s; %s\n", h.Slug, subtitle.EnglishName(h.Language), h.Number, done, progressWords(h.Progress()))
	if next != "" {
		fmt.Fprintf(t.err, "Next: %s\n", next)
	}
	return nil
}

type translationsAddCmd struct {
	trackFlags
	File     string `arg:"" help:"The translated subtitle file."`
	Base     int    `help:"The revision that the file was made from; if somebody changed the translation since, yours is not taken." placeholder:"N"`
	Why      string `help:"What was done, for the history." default:"handed in" placeholder:"TEXT"`
	Encoding string `help:"How the file is encoded, if the guess is wrong." placeholder:"E"`
}

// Run is `lectern translations add`.
func (c *translationsAddCmd) Run(ctx context.Context, t *terminal) error {
	read, err := fileFlags{Language: c.Language, Encoding: c.Encoding}.read(ctx, c.File)
	if err != nil {
		return err
	}
	read.warn(t)
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.HandIn(ctx, c.Talk, c.Language, read.Cues, c.Base, who, c.Why)
	})
	if err != nil {
		return err
	}
	strange := 0
	for _, cue := range h.Cues {
		if len(cue.Of) == 0 && cue.State != translation.Obsolete {
			strange++
		}
	}
	if strange > 0 {
		fmt.Fprintf(t.err, "%s: %s nothing in the source; kept as they are\n", shownName(c.File), plural(strange, "cue matches", "cues match"))
	}
	return c.tell(t, h, "taken", fmt.Sprintf("lectern translations review %s %s", c.Talk, c.Language))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

type translationsReviewCmd struct {
	trackFlags
}

// Run is `lectern translations review`.
func (c *translationsReviewCmd) Run(ctx context.Context, t *terminal) error {
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.Review(ctx, c.Talk, c.Language, who)
	})
	if err != nil {
		return err
	}
	return c.tell(t, h, "handed in for review", fmt.Sprintf("another person says lectern translations approve %s %s", c.Talk, c.Language))
}

type translationsApproveCmd struct {
	trackFlags
}

// Run is `lectern translations approve`.
func (c *translationsApproveCmd) Run(ctx context.Context, t *terminal) error {
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.Approve(ctx, c.Talk, c.Language, who)
	})
	if err != nil {
		return err
	}
	return c.tell(t, h, "approved", "lectern publish "+c.Talk)
}

type translationsSendBackCmd struct {
	trackFlags
	Cue  string `help:"Only the translation of this source cue, by the id that status, PO and CSV show." placeholder:"ID"`
	Note string `required:"" help:"What is to be done." placeholder:"TEXT"`
}

// Run is `lectern translations send-back`.
func (c *translationsSendBackCmd) Run(ctx context.Context, t *terminal) error {
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.SendBack(ctx, c.Talk, c.Language, c.Cue, who, c.Note)
	})
	if err != nil {
		return err
	}
	return c.tell(t, h, "sent back", "")
}

type translationsRestoreCmd struct {
	trackFlags
	Revision int `arg:"" help:"The revision that is to be the present one again."`
}

// Run is `lectern translations restore`.
func (c *translationsRestoreCmd) Run(ctx context.Context, t *terminal) error {
	h, err := c.at(ctx, func(d translation.Desk, who string) (translation.Held, error) {
		return d.Restore(ctx, c.Talk, c.Language, c.Revision, who)
	})
	if err != nil {
		return err
	}
	return c.tell(t, h, fmt.Sprintf("is revision %d again", c.Revision), "")
}
