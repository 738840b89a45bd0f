package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
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
func (f *trackFlags) at(ctx context.Context, do func(d translation.Service, who string) (translation.Revision, error)) (h translation.Revision, err error) {
	if f.Language, err = subtitle.CanonicalLanguage(f.Language); err != nil {
		return h, err
	}
	err = withDesk(ctx, f.Data, f.Talk, func(d translation.Service) error {
		name := f.As
		if name == "" {
			name = osUser()
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
	case errors.Is(err, translation.ErrNotFound):
		return inputerr.New(f.Talk, "has no translation in %s", subtitle.EnglishLanguageName(f.Language)).
			Hint("Add one: lectern translations add %s %s FILE", f.Talk, f.Language)
	case errors.As(err, &conflict):
		return inputerr.New("", "%v", conflict).
			Hint("Look at theirs: lectern translations export %s %s --format csv (and --revision %d for what yours was made from); or hand yours in on top with --base %d",
				f.Talk, f.Language, max(1, conflict.Base), conflict.Last.Number)
	}
	return err
}

// withDesk opens the catalogue of a talk that is in it.
func withDesk(ctx context.Context, data, slug string, do func(translation.Service) error) (err error) {
	books, ok, err := openCatalogReadOnly(ctx, data)
	if err != nil {
		return err
	}
	if !ok {
		return talkNotFound(slug, nil)
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	talks, err := books.Talks(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, talk := range talks {
		if known = append(known, talk.Slug); talk.Slug == slug {
			if err := do(translation.Service{Catalog: books}); err != nil {
				return err
			}
			return tellServer(ctx, data, slug)
		}
	}
	return talkNotFound(slug, known)
}

// tellServer has the server of a data directory, if one runs, take up what was changed of a
// talk in its catalogue.
func tellServer(ctx context.Context, data, slug string) error {
	r, err := dialServer(ctx, data)
	if r == nil || err != nil {
		return err
	}
	return errors.Join(r.call(ctx, http.MethodPost, "/talks/"+url.PathEscape(slug)+"/look-again", nil, nil), r.close())
}

// printResult says how a translation stands after a change, and what comes next.
func (f *trackFlags) printResult(t *console, h translation.Revision, done, next string) error {
	if f.JSON {
		return t.printJSON(newTranslationStatus(h))
	}
	fmt.Fprintf(t.out, "%s in %s, revision %d: %s; %s\n", h.Slug, subtitle.EnglishLanguageName(h.Language), h.Number, done, formatProgress(h.Progress()))
	if next != "" {
		fmt.Fprintf(t.err, "Next: %s\n", next)
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
