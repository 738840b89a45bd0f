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

// canonicalize brings the language into its canonical form.
func (f *trackFlags) canonicalize() (err error) {
	f.Language, err = subtitle.CanonicalLanguage(f.Language)
	return err
}

// path returns the path of the translation in the API.
func (f *trackFlags) path() string {
	return "/talks/" + url.PathEscape(f.Talk) + "/translations/" + url.PathEscape(f.Language)
}

// open connects to the API to change the translation. A missing data directory is an error, and none
// is created.
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

// change posts an action on the translation and prints the result. done describes what was done;
// next is the command that usually follows, or "".
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

// explain turns an error of the API into one that tells what to do about it.
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

// printResult prints the state of the translation after a change, and what comes next.
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
