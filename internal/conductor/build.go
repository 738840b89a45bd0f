package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/planner"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/pipelines"
)

// Builder builds talks and writes their bundles.
type Builder struct {
	Conductor
	Catalog *catalog.Catalog
	Blobs   interface {
		submission.OriginalStore
		Path(f action.File) (string, error)
	}
	Kinds []plan.Kind
	Trace func(step string) // called before each durable step of writing the bundle; nil in production
}

// BuildRequest asks for the bundle of one talk.
type BuildRequest struct {
	Submission   catalog.Submission
	AlreadySaved bool // the catalog has the submission, perhaps a newer one, so it is not saved again
	Pipeline     pipelines.Pipeline
	Uploads      []submission.SubtitleFile // become tracks of the submission
	Originals    map[action.Key]action.Original
	Who          string       // asks for it
	Command      string       // that asks for it, for the history
	Notes        []string     // to pass on with the result
	OnStatus     func(Status) // may be nil
	Timings      Timings      // of earlier runs, for estimates; may be nil

	// Changed signals that the catalog has other facts. Reload then returns them as a request:
	// Submission, Pipeline, Originals and Notes. Changed may be nil.
	Changed <-chan struct{}
	Reload  func(context.Context) (BuildRequest, error)
}

// BuildResult is what a build achieved.
type BuildResult struct {
	Dir    string // the bundle's
	Counts map[string]Count
	Notes  []string
	Issues []conference.Issue // with the recordings
}

// Planner returns a new planner with the store, the catalog and the kinds of b.
func (b *Builder) Planner() *planner.Planner {
	return &planner.Planner{Store: b.Store, Catalog: b.Catalog, Kinds: b.Kinds}
}

// Build builds a talk's bundle and writes it to the submission's directory. It saves the submission
// in the catalog only after a plan has shown that the facts are valid. It returns an
// *inputerr.Error if the input is at fault, and an *ActionsFailedError if actions failed for good.
func (b *Builder) Build(ctx context.Context, request BuildRequest) (BuildResult, error) {
	return b.buildWith(ctx, &b.Conductor, request)
}

// buildWith does what Build does, with c in place of b's own conductor. BuildLoop passes one whose
// jobs share the queue with those of other builds.
func (b *Builder) buildWith(ctx context.Context, c *Conductor, request BuildRequest) (BuildResult, error) {
	if err := bundle.CheckWritable(request.Submission.Out, request.Submission.Facts.Talk.Slug); err != nil {
		return BuildResult{}, err
	}
	r := newBuildRun(b, request)
	reconciled, err := c.Reconcile(ctx, Target{
		Plan: func(observed planner.Observations) (plan.Graph, error) {
			return b.Planner().Graph(r.facts, r.request.Pipeline, observed)
		},
		Accept:    r.accept,
		RaiseSalt: r.raiseSalt,
		Originals: request.Originals,
		OnStatus:  request.OnStatus,
		Timings:   request.Timings,
		Changed:   request.Changed,
		Reload:    r.reload,
	})
	result := BuildResult{
		Counts: reconciled.Counts, Issues: reconciled.Graph.Issues,
		Notes: append(slices.Clip(r.notes), reconciled.Graph.Notes...),
	}
	if err == nil {
		result.Notes, err = r.addWorkerNotes(ctx, reconciled.Graph, result.Notes)
	}
	if err == nil {
		err = r.writeBundle(ctx, reconciled, &result)
	}
	if r.runID != 0 {
		err = errors.Join(err, b.Catalog.EndRun(context.WithoutCancel(ctx), r.runID, runOutcome(err)))
	}
	return result, err
}

// runOutcome returns the text that the catalog keeps about how a run ended. err is the error of the
// build, nil if it succeeded.
func runOutcome(err error) string {
	var actionsFailed *ActionsFailedError
	switch {
	case err == nil:
		return "published"
	case errors.Is(err, context.Canceled):
		return catalog.RunInterrupted
	case errors.As(err, &actionsFailed):
		return "needs attention: " + err.Error()
	}
	return "failed: " + err.Error()
}

// buildRun builds one talk. The reconciler calls its methods from one goroutine.
type buildRun struct {
	builder *Builder
	request BuildRequest
	draft   *submission.Draft // nil if the submission is already saved
	facts   conference.Facts  // that the plan is made from
	runID   int64             // in the catalog; 0 until the facts are accepted
	notes   []string
}

func newBuildRun(b *Builder, request BuildRequest) *buildRun {
	r := &buildRun{builder: b, request: request, facts: request.Submission.Facts, notes: slices.Clone(request.Notes)}
	for _, u := range request.Uploads {
		r.notes = append(r.notes, u.Notes...)
	}
	if !request.AlreadySaved {
		r.draft = &submission.Draft{
			Catalog: b.Catalog, Store: b.Blobs, Submission: request.Submission,
			Subtitles: request.Uploads, Originals: request.Originals, Who: request.Who,
		}
		r.facts = r.draft.PreliminaryFacts()
	}
	return r
}

// reload replaces the facts, the pipeline and the notes of the build by those that the catalog has
// now. It returns where the originals are.
func (r *buildRun) reload(ctx context.Context) (map[action.Key]action.Original, error) {
	now, err := r.request.Reload(ctx)
	if err != nil {
		return nil, err
	}
	r.request.Submission, r.request.Pipeline = now.Submission, now.Pipeline
	r.facts, r.notes = now.Submission.Facts, slices.Clone(now.Notes)
	return now.Originals, nil
}

// accept saves the facts and the edition, after the plan g has shown that the facts are valid. It
// updates the talk's translations to their source, and adds those to the facts that may be
// released. At the first call it begins a run in the catalog. It returns the run's id.
func (r *buildRun) accept(ctx context.Context, g plan.Graph) (runID int64, err error) {
	if err := r.saveFacts(ctx, *g.Edition); err != nil {
		return 0, err
	}
	if err := r.updateTranslations(ctx); err != nil {
		return 0, err
	}
	tracks := r.facts.Tracks
	if err := r.builder.Planner().AddTranslations(ctx, &r.facts, r.request.Pipeline); err != nil {
		return 0, err
	}
	r.notes = append(r.notes, untranslatedNotes(tracks, r.facts.Tracks)...)
	for _, t := range r.facts.Withheld {
		r.notes = append(r.notes, fmt.Sprintf("%s is left out: %s", subtitle.EnglishLanguageName(t.Language), t.Reason))
	}
	slug := r.facts.Talk.Slug
	if err := r.builder.Catalog.SaveEdition(ctx, slug, *g.Edition); err != nil || r.runID != 0 {
		return r.runID, err
	}
	r.runID, err = r.builder.Catalog.BeginRun(ctx, slug, r.request.Command)
	return r.runID, err
}

// saveFacts saves the submission with its subtitle files. If the catalog has the submission
// already, it only checks the tracks and saves the definition of the pipeline.
func (r *buildRun) saveFacts(ctx context.Context, edition conference.Edition) error {
	if r.draft == nil {
		if err := submission.CheckTracks(edition.Programme, r.facts.Tracks); err != nil {
			return err
		}
		return r.builder.Catalog.SavePipelineText(ctx, r.facts.Talk.Slug, r.request.Pipeline.Text)
	}
	facts, notes, err := r.draft.Save(ctx, edition)
	r.facts, r.notes = facts, append(r.notes, notes...)
	return err
}

// raiseSalt increments the salt of a rendition, in the catalog and in the facts. The salt is part
// of the keys of the rendition's segments, so that all of them are encoded again.
func (r *buildRun) raiseSalt(ctx context.Context, rendition string) error {
	salt, err := r.builder.Catalog.IncrementSalt(ctx, r.facts.Talk.Slug, rendition)
	if err != nil {
		return err
	}
	salts := map[string]int{rendition: salt}
	for name, s := range r.facts.Salts {
		if name != rendition {
			salts[name] = s
		}
	}
	r.facts.Salts = salts
	return nil
}

// addWorkerNotes appends to notes, each once, the notes that workers left with the artifacts of g.
// It leaves out those with observations, since the notes of the plan contain them.
func (r *buildRun) addWorkerNotes(ctx context.Context, g plan.Graph, notes []string) ([]string, error) {
	for _, a := range g.Actions {
		if slices.Contains(g.ObservationKeys, a.Key) {
			continue
		}
		artifact, err := r.builder.Store.Get(ctx, a.Key)
		if errors.Is(err, store.ErrNotFound) { // it was not needed
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the notes of %s: %w", a.Slot, err)
		}
		for _, note := range artifact.Notes {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes, nil
}

// writeBundle writes the bundle's directory, records it in the catalog as the talk's last
// publication, and sets Dir in the result. Files that a person edited in the old directory are kept
// under another name, with a note.
func (r *buildRun) writeBundle(ctx context.Context, reconciled Result, result *BuildResult) error {
	var facts plan.BundleFacts
	if err := json.Unmarshal(reconciled.Bundle.Facts, &facts); err != nil {
		return fmt.Errorf("facts of the bundle: %w", err)
	}
	entries := make([]bundle.Entry, len(facts.Layout))
	keys := []action.Key{reconciled.Graph.BundleKey}
	for i, e := range facts.Layout {
		source, err := r.builder.Blobs.Path(e.File)
		if err != nil {
			return fmt.Errorf("locate %s: %w", e.Path, err)
		}
		entries[i] = bundle.Entry{Path: e.Path, Source: source, SHA256: e.File.SHA256, Size: e.File.Size}
		if e.Key != "" && !slices.Contains(keys, e.Key) {
			keys = append(keys, e.Key)
		}
	}
	if r.draft != nil {
		if err := r.draft.BindEditions(ctx); err != nil {
			return err
		}
	}
	slug := r.facts.Talk.Slug
	dir, edited, err := bundle.Write(ctx, r.request.Submission.Out, slug, entries, r.builder.Trace)
	if err != nil {
		return err
	}
	for _, e := range edited {
		result.Notes = append(result.Notes, fmt.Sprintf(
			"%s was edited in the bundle; the edited file is kept as %s. Submit it to publish the edit", e.Path, e.SavedAs))
	}
	err = r.builder.Catalog.RecordPublication(ctx, slug, catalog.Publication{Edition: reconciled.Graph.Edition.ID, Dir: dir, Keys: keys})
	if err == nil {
		result.Dir = dir
	}
	return err
}
