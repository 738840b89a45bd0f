package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/web"
)

// trackFlags name a translation of a talk, and the server and the person who changes it.
type trackFlags struct {
	Talk     string `arg:"" help:"The talk's slug."`
	Language string `arg:"" help:"The language of the translation (BCP 47)."`
	As       string `help:"Your name, for the history. Your login by default; with --server, the token says who you are." placeholder:"NAME"`
	JSON     bool   `help:"Print JSON: the progress, and what is left to do."`
	serverFlags
}

// canonicalize changes f.Language to its canonical form (BCP 47). An invalid language is an error.
func (f *trackFlags) canonicalize() (err error) {
	f.Language, err = subtitle.CanonicalLanguage(f.Language)
	return err
}

// path returns the path of the translation, relative to the API. The language must be canonical.
func (f *trackFlags) path() string {
	return "/talks/" + url.PathEscape(f.Talk) + "/translations/" + url.PathEscape(f.Language)
}

// open returns a client of the API for a change of the translation, as connect does. A missing data
// directory is an error and is not created. It also brings the language into canonical form.
func (f *trackFlags) open(ctx context.Context, t *console) (*apiClient, error) {
	if err := f.canonicalize(); err != nil {
		return nil, err
	}
	if f.Server != "" && f.As != "" {
		return nil, &usageError{"--as is for a data directory; with --server, the token says who you are"}
	}
	if _, err := os.Stat(f.Data); f.Server == "" && errors.Is(err, os.ErrNotExist) {
		return nil, talkNotFound(f.Talk, nil)
	}
	r, err := f.connect(ctx, t)
	if err == nil && f.As != "" {
		r.operator = f.As
	}
	return r, err
}

// change posts to the path action of the translation, such as "/approve", with in as JSON, and
// prints the resulting progress. done is printed as what was done, and next, unless it is "", as
// the command to run next.
func (f *trackFlags) change(ctx context.Context, t *console, action string, in any, done, next string) (err error) {
	r, err := f.open(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var changed web.Translation
	if err := r.call(ctx, http.MethodPost, f.path()+action, in, &changed); err != nil {
		return f.explain(ctx, r, err)
	}
	return f.printResult(ctx, t, r, changed, done, next)
}

// explain returns an error of the API in a form that tells how to continue: for a missing talk or
// translation, and for a conflict with another revision. Other errors are returned as they are.
func (f *trackFlags) explain(ctx context.Context, r *apiClient, err error) error {
	var refusal *apiError
	switch {
	case !errors.As(err, &refusal):
	case refusal.status == http.StatusNotFound:
		if err := r.findTalk(ctx, f.Talk); err != nil {
			return err
		}
		return inputerr.New(f.Talk, "has no translation in %s", subtitle.EnglishLanguageName(f.Language)).
			Hint("Add one: lectern translations add %s %s FILE", f.Talk, f.Language)
	case refusal.conflict != nil:
		return inputerr.New("", "%v", refusal).
			Hint("Look at theirs: lectern translations export %s %s --format csv (and --revision %d for what yours was made from); or hand yours in on top with --base %d",
				f.Talk, f.Language, max(1, refusal.conflict.Base), refusal.conflict.Revision)
	}
	return err
}

// printResult prints the progress of the translation after a change. done and next are as in
// change. With --json it prints the status as JSON instead.
func (f *trackFlags) printResult(ctx context.Context, t *console, r *apiClient, changed web.Translation, done, next string) error {
	if f.JSON {
		status, err := loadTranslationStatus(ctx, r, changed, false)
		if err != nil {
			return err
		}
		return t.printJSON(status)
	}
	fmt.Fprintf(t.out, "%s in %s, revision %d: %s; %s\n", changed.Talk, subtitle.EnglishLanguageName(changed.Language), changed.Revision, done, formatProgress(changed.Progress))
	if next != "" {
		fmt.Fprintf(t.err, "Next: %s\n", next)
	}
	return nil
}
