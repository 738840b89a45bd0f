package conductor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/planner"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/pipelines"
)

// Builder brings a submission to a published bundle.
type Builder struct {
	Conductor
	Catalog *catalog.Catalog
	Blobs   interface {
		Path(f action.File) (string, error)
		PutOriginal(ctx context.Context, r io.Reader) (action.File, error)
	}
	Kinds []plan.Kind
	Trace func(step string) // told before each durable step of laying out; nil in production
}

// BuildRequest is one wish to publish.
type BuildRequest struct {
	Submission   catalog.Submission
	AlreadySaved bool // in the catalogue: it is not saved again, over what may be newer
	Pipeline     pipelines.Pipeline
	Uploads      []submission.SubtitleFile // the subtitle files; they become the submission's tracks
	Originals    map[action.Key]action.Original
	Who          string   // asks
	Command      string   // with which words
	Notes        []string // for whoever asks, known beforehand
	OnStatus     func(Status)
	Timings      Timings // of earlier runs, for estimates; may be nil

	Changed <-chan struct{}                             // says that the catalogue has other facts; may be nil
	Reload  func(context.Context) (BuildRequest, error) // is those facts: Submission, Pipeline, Originals and Notes
}

// BuildResult is what came of it.
type BuildResult struct {
	Dir    string // the bundle's
	Counts map[string]Count
	Notes  []string
	Issues []conference.Issue
}

// Planner returns the planner for the talks that b builds.
func (b *Builder) Planner() *planner.Planner {
	return &planner.Planner{Store: b.Store, Catalog: b.Catalog, Kinds: b.Kinds}
}

// Build makes the bundle and lays it out. Nothing is written to the catalogue before
// the recordings have been looked into and the facts were seen to hold.
func (r *Builder) Build(ctx context.Context, want BuildRequest) (BuildResult, error) {
	return r.buildWith(ctx, &r.Conductor, want)
}

// buildWith is Release by a conductor that need not be r's own.
func (r *Builder) buildWith(ctx context.Context, by *Conductor, want BuildRequest) (BuildResult, error) {
	if err := bundle.CheckWritable(want.Submission.Out, want.Submission.Facts.Talk.Slug); err != nil {
		return BuildResult{}, err
	}
	w := &buildRun{Builder: r, BuildRequest: want, facts: want.Submission.Facts, uploadEditions: make(map[int]string), notes: slices.Clone(want.Notes)}
	for _, u := range want.Uploads {
		w.notes = append(w.notes, u.Notes...)
		if !u.ProgrammeTime {
			w.addTrack(u.Track)
		}
	}
	made, err := by.Reconcile(ctx, Target{
		Timings: want.Timings,
		Changed: want.Changed,
		Reload:  w.reload,
		Plan: func(observed planner.Observations) (plan.Graph, error) {
			return r.Planner().Graph(w.facts, w.Pipeline, observed)
		},
		Accept:    w.accept,
		RaiseSalt: w.raiseSalt,
		Originals: want.Originals,
		OnStatus:  want.OnStatus,
	})
	released := BuildResult{Counts: made.Counts, Notes: append(slices.Clip(w.notes), made.Graph.Notes...), Issues: made.Graph.Issues}
	if err == nil {
		released.Notes, err = w.addWorkerNotes(ctx, made.Graph, released.Notes)
	}
	if err == nil {
		released.Dir, err = w.layOut(ctx, made, &released)
	}
	if w.runID != 0 {
		err = errors.Join(err, r.Catalog.EndRun(context.WithoutCancel(ctx), w.runID, runOutcome(err)))
	}
	return released, err
}

// runOutcome is the word that the catalogue keeps for how a run ended.
func runOutcome(err error) string {
	var attention *ActionsFailedError
	switch {
	case err == nil:
		return "published"
	case errors.Is(err, context.Canceled):
		return catalog.RunInterrupted
	case errors.As(err, &attention):
		return "needs attention: " + err.Error()
	}
	return "failed: " + err.Error()
}

// buildRun is a release on its way.
type buildRun struct {
	*Builder
	BuildRequest
	facts          conference.Facts
	uploadEditions map[int]string // the edition that an upload on programme time was made against
	runID          int64
	notes          []string
}

// addTrack adds one to the facts, in its place.
func (w *buildRun) addTrack(t conference.Track) {
	w.facts.Tracks = append(slices.Clip(w.facts.Tracks), t)
	slices.SortFunc(w.facts.Tracks, func(a, b conference.Track) int { return strings.Compare(a.Language, b.Language) })
}

// reload takes up what the catalogue has now.
func (w *buildRun) reload(ctx context.Context) (map[action.Key]action.Original, error) {
	now, err := w.Reload(ctx)
	if err != nil {
		return nil, err
	}
	w.Submission, w.Pipeline, w.Originals = now.Submission, now.Pipeline, now.Originals
	w.facts, w.notes = now.Submission.Facts, slices.Clone(now.Notes)
	return w.Originals, nil
}

// accept writes down what is not yet: the facts, unless they stand, the edition, and that a
// run begins.
func (w *buildRun) accept(ctx context.Context, g plan.Graph) (int64, error) {
	if err := w.placeUploads(ctx, g); err != nil {
		return 0, err
	}
	if err := w.saveFacts(ctx); err != nil {
		return 0, err
	}
	if err := w.updateTranslations(ctx); err != nil {
		return 0, err
	}
	tracks := w.facts.Tracks
	if err := w.Planner().AddTranslations(ctx, &w.facts, w.Pipeline); err != nil {
		return 0, err
	}
	w.notes = append(w.notes, untranslatedNotes(tracks, w.facts.Tracks)...)
	for _, l := range w.facts.Withheld {
		w.notes = append(w.notes, fmt.Sprintf("%s is left out: %s", subtitle.EnglishLanguageName(l.Language), l.Reason))
	}
	if err := w.Catalog.SaveEdition(ctx, w.facts.Talk.Slug, *g.Edition); err != nil || w.runID != 0 {
		return w.runID, err
	}
	var err error
	w.runID, err = w.Catalog.BeginRun(ctx, w.facts.Talk.Slug, w.Command)
	return w.runID, err
}

// placeUploads brings the uploads to reel time, and refuses tracks that are for another talk.
func (w *buildRun) placeUploads(ctx context.Context, g plan.Graph) error {
	for i, u := range w.Uploads {
		if u.ProgrammeTime {
			against, err := w.uploadEdition(ctx, *g.Edition, u)
			if err != nil {
				return err
			}
			w.uploadEditions[i] = against.ID
			w.addProgrammeTrack(against, u)
		}
	}
	for _, t := range w.facts.Tracks {
		if placed, _ := subtitle.ToProgramme(g.Edition.Programme, t.Cues); len(placed) == 0 {
			return inputerr.New(t.File, "has no cue within the programme").
				Hint("Look whether it is for another talk, or on the other clock (--subtitles-time).")
		}
	}
	return nil
}

// saveFacts writes the facts down. Of facts that stand, it is only what the pipeline says.
func (w *buildRun) saveFacts(ctx context.Context) error {
	if w.AlreadySaved {
		return w.Catalog.SavePipelineText(ctx, w.facts.Talk.Slug, w.Pipeline.Text)
	}
	if err := w.carryCueIDs(ctx); err != nil {
		return err
	}
	if err := w.noteOutdatedTranslations(ctx); err != nil {
		return err
	}
	for _, u := range w.Uploads {
		if _, err := w.Blobs.PutOriginal(ctx, bytes.NewReader(u.Data)); err != nil {
			return fmt.Errorf("keep %s as it came: %w", u.Track.File, err)
		}
	}
	s := w.Submission
	s.Facts = w.facts
	saved, err := w.Catalog.Save(ctx, w.Who, s)
	if err != nil {
		return err
	}
	w.facts = saved.Facts
	return w.Catalog.SaveOriginals(ctx, w.Originals)
}

// carryCueIDs lets the cues of each track that was there before keep their ids. What is new
// in it gets one that no cue of the track ever had.
func (w *buildRun) carryCueIDs(ctx context.Context) error {
	tracks := slices.Clone(w.facts.Tracks)
	for i, t := range tracks {
		last, used, err := w.Catalog.LastCues(ctx, w.facts.Talk.Slug, t.Language)
		if err != nil {
			return err
		}
		if len(used) > 0 {
			tracks[i].Cues = compare.CarryIDs(last, t.Cues, compare.NewIDs(used))
		}
	}
	w.facts.Tracks = tracks
	return nil
}

// uploadEdition is what an upload on programme time was made against: the edition it was
// published with before or, the first time, the one it names, or the one that is published.
func (w *buildRun) uploadEdition(ctx context.Context, now conference.Edition, u submission.SubtitleFile) (conference.Edition, error) {
	slug := w.facts.Talk.Slug
	if bound, ok, err := w.Catalog.BoundEdition(ctx, slug, u.Track.Language, u.Track.Source.SHA256); err != nil {
		return conference.Edition{}, err
	} else if ok {
		return w.Catalog.Edition(ctx, bound)
	}
	if u.Edition == now.ID {
		return now, nil
	}
	if u.Edition != "" {
		named, err := w.Catalog.Edition(ctx, u.Edition)
		if errors.Is(err, catalog.ErrNotFound) {
			return named, inputerr.New(u.Track.File, "was made against edition %.12s, which is not known here", u.Edition).
				Hint("Give it with --subtitles-time reel, or use the data directory the edition was published from.")
		}
		return named, err
	}
	published, ok, err := w.Catalog.LastPublication(ctx, slug)
	if err != nil || !ok {
		return now, err
	}
	return w.Catalog.Edition(ctx, published.Edition)
}

// addProgrammeTrack brings a file on programme time to reel time.
func (w *buildRun) addProgrammeTrack(against conference.Edition, u submission.SubtitleFile) {
	t := u.Track
	var left []subtitle.OmittedCue
	t.Cues, left = subtitle.ToReel(against.Programme, t.Cues)
	for _, l := range left {
		w.notes = append(w.notes, fmt.Sprintf("%s:%d: not taken: %s", t.File, l.Cue.Line, l.Reason))
	}
	w.addTrack(t)
}

// bindUploads keeps for ever what each upload was made against, so that the same file always
// means the same. Before anything was published nothing is kept: the cut may have been the
// mistake.
func (w *buildRun) bindUploads(ctx context.Context) error {
	for i, edition := range w.uploadEditions {
		u := w.Uploads[i]
		if _, err := w.Catalog.BindUpload(ctx, w.facts.Talk.Slug, u.Track.Language, u.Track.Source.SHA256, edition); err != nil {
			return err
		}
	}
	return nil
}

func (w *buildRun) raiseSalt(ctx context.Context, rendition string) error {
	salt, err := w.Catalog.IncrementSalt(ctx, w.facts.Talk.Slug, rendition)
	if err != nil {
		return err
	}
	salts := map[string]int{rendition: salt}
	for name, s := range w.facts.Salts {
		if name != rendition {
			salts[name] = s
		}
	}
	w.facts.Salts = salts
	return nil
}

// addWorkerNotes adds what workers noted on what they made, each once. What observations note,
// the plan has told already.
func (w *buildRun) addWorkerNotes(ctx context.Context, g plan.Graph, notes []string) ([]string, error) {
	for _, a := range g.Actions {
		if slices.Contains(g.ObservationKeys, a.Key) {
			continue
		}
		artifact, err := w.Store.Get(ctx, a.Key)
		if errors.Is(err, store.ErrNotFound) { // nobody needed it
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

// layOut lays the bundle out and writes that down.
func (w *buildRun) layOut(ctx context.Context, made Result, released *BuildResult) (string, error) {
	var facts plan.BundleFacts
	if err := json.Unmarshal(made.Bundle.Facts, &facts); err != nil {
		return "", fmt.Errorf("facts of the bundle: %w", err)
	}
	placed := make([]bundle.Entry, len(facts.Layout))
	keys := []action.Key{made.Graph.BundleKey}
	for i, e := range facts.Layout {
		source, err := w.Blobs.Path(e.File)
		if err != nil {
			return "", fmt.Errorf("lay out %s: %w", e.Path, err)
		}
		placed[i] = bundle.Entry{Path: e.Path, Source: source, SHA256: e.File.SHA256, Size: e.File.Size}
		if e.Key != "" && !slices.Contains(keys, e.Key) {
			keys = append(keys, e.Key)
		}
	}
	if err := w.bindUploads(ctx); err != nil {
		return "", err
	}
	dir, edited, err := bundle.Write(ctx, w.Submission.Out, w.facts.Talk.Slug, placed, w.Trace)
	if err != nil {
		return "", err
	}
	for _, e := range edited {
		released.Notes = append(released.Notes, fmt.Sprintf(
			"%s had been changed by hand in the bundle; what it said is kept in %s. Hand that in to have it published", e.Path, e.SavedAs))
	}
	return dir, w.Catalog.RecordPublication(ctx, w.facts.Talk.Slug, catalog.Publication{
		Edition: made.Graph.Edition.ID, Dir: dir, Keys: keys,
	})
}
