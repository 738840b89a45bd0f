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

// LoadBuildRequest returns a request to build a talk from its facts in the catalog, by the present
// definition of its pipeline. It returns catalog.ErrNotFound if there is no such talk, and an
// *inputerr.Error if the talk has no directory for its bundle.
func LoadBuildRequest(ctx context.Context, c *catalog.Catalog, kinds []plan.Kind, slug string) (request BuildRequest, err error) {
	if request.Submission, err = c.Talk(ctx, slug); err != nil {
		return request, err
	}
	request.AlreadySaved = true
	if request.Submission.Out == "" {
		return request, inputerr.Coded("bundle.no_directory", "has no directory for its bundle").In(slug).Hint("Import or build the talk again.")
	}
	if request.Pipeline, err = pipelines.Load(request.Submission.Pipeline, plan.PipelineKinds(kinds)); err != nil {
		return request, err
	}
	request.Submission.PipelineText = request.Pipeline.Text
	request.Originals, request.Notes, err = locateOriginals(ctx, c, request.Submission)
	return request, err
}

// locateOriginals returns where the files are that a talk is built from: its recordings and the
// images of its cards. Files that are missing or have changed on the disk are left out, with a note
// for each.
func locateOriginals(ctx context.Context, c *catalog.Catalog, s catalog.Submission) (found map[action.Key]action.Original, notes []string, err error) {
	names := make(map[string]string) // by SHA-256
	for _, r := range s.Facts.Recordings {
		names[r.SHA256] = r.Name
	}
	for _, a := range s.Facts.Conference.Cards.Assets() {
		names[a.SHA256] = a.Path
	}
	found = make(map[action.Key]action.Original)
	for sum, name := range names {
		original, err := c.Original(ctx, action.Key(sum))
		if errors.Is(err, catalog.ErrNotFound) {
			notes = append(notes, fmt.Sprintf("the path of %s is not known: files that need it cannot be made again", name))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if info, err := os.Stat(original.Path); err != nil || info.Size() != original.Size || !info.ModTime().Equal(original.ModTime) {
			notes = append(notes, fmt.Sprintf("%s is missing or has changed: files that need it cannot be made again", original.Path))
			continue
		}
		found[action.Key(sum)] = original
	}
	slices.Sort(notes)
	return found, notes, nil
}
