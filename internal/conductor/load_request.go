package conductor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
)

// LoadBuildRequest is a talk as the catalogue has it, to be released: what was handed in, and where
// its files are. A talk that is not there is a [catalog.ErrNone].
func LoadBuildRequest(ctx context.Context, books *catalog.Catalog, kinds []plan.Kind, slug string) (want BuildRequest, err error) {
	if want.Submission, err = books.Talk(ctx, slug); err != nil {
		return want, err
	}
	want.AlreadySaved = true
	if want.Submission.Out == "" {
		return want, inputerr.New(slug, "has no directory for its bundle").Hint("Import or make the talk again.")
	}
	if want.Pipeline, err = pipelines.Load(want.Submission.Pipeline, plan.PipelineKinds(kinds)); err != nil {
		return want, err
	}
	want.Submission.PipelineText = want.Pipeline.Text
	want.Originals, want.Notes, err = locateOriginals(ctx, books, want.Submission)
	return want, err
}

// locateOriginals is where the files are that a talk is made of. notes are about those that are not
// to be found.
func locateOriginals(ctx context.Context, books *catalog.Catalog, s catalog.Submission) (found map[action.Key]action.Original, notes []string, err error) {
	names := make(map[string]string)
	for _, r := range s.Facts.Recordings {
		names[r.SHA256] = r.Name
	}
	for _, a := range s.Facts.Conference.Cards.Assets() {
		names[a.SHA256] = a.Path
	}
	found = make(map[action.Key]action.Original)
	for sum, name := range names {
		original, err := books.Original(ctx, action.Key(sum))
		if errors.Is(err, catalog.ErrNotFound) {
			notes = append(notes, fmt.Sprintf("nobody wrote down where %s is: what has to be made of it anew cannot be", name))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if info, err := os.Stat(original.Path); err != nil || info.Size() != original.Size || !info.ModTime().Equal(original.ModTime) {
			notes = append(notes, fmt.Sprintf("%s is not there any more as it was: what has to be made of it anew cannot be", original.Path))
			continue
		}
		found[action.Key(sum)] = original
	}
	slices.Sort(notes)
	return found, notes, nil
}
