package conductor

import (
	"context"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
)

// GCRoots is the keys of all artifacts that the present plans of all talks, or their
// last publications, may want again.
func (r *Builder) GCRoots(ctx context.Context) (map[action.Key]bool, error) {
	keys := make(map[action.Key]bool)
	published, err := r.Catalog.AllPublishedKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range published {
		keys[key] = true
	}
	talks, err := r.Catalog.Talks(ctx)
	if err != nil {
		return nil, err
	}
	for _, talk := range talks {
		s, err := r.Catalog.Talk(ctx, talk.Slug)
		if err != nil {
			return nil, err
		}
		complete, err := r.addPlanKeys(ctx, s, keys)
		if err == nil && complete {
			continue
		}
		r.Log.Warn("cannot plan the whole talk; keeping all that its last runs used", "talk", talk.Slug, "err", err)
		if err := r.addRunKeys(ctx, talk.Slug, keys); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// addRunKeys adds the keys of everything that the remembered runs of a talk used.
func (r *Builder) addRunKeys(ctx context.Context, slug string, keys map[action.Key]bool) error {
	runs, err := r.Catalog.LastRuns(ctx, slug, RunsKept)
	if err != nil {
		return err
	}
	for _, run := range runs {
		for _, s := range run.Slots {
			keys[s.Key] = true
		}
	}
	return nil
}

// RunsKept is how many runs of a talk are remembered.
const RunsKept = 20

// addPlanKeys adds the keys of one talk's plan, and reports whether it is complete.
func (r *Builder) addPlanKeys(ctx context.Context, s catalog.Submission, keys map[action.Key]bool) (complete bool, err error) {
	p, err := pipelines.Parse(s.Pipeline, s.Pipeline, []byte(s.PipelineText), plan.PipelineKinds(r.Kinds))
	if err != nil {
		return false, err
	}
	if err := addTranslations(ctx, r.Catalog, &s.Facts, p); err != nil {
		return false, err
	}
	m := newReconciler(&r.Conductor, Target{Plan: func(observed map[action.Key]action.Artifact) (plan.Graph, error) {
		return plan.Build(plan.Input{Facts: s.Facts, Pipeline: p, Kinds: r.Kinds, Observed: observed})
	}})
	g, err := m.plan(ctx)
	if err != nil {
		return false, err
	}
	for key := range g.InlineInputs {
		keys[key] = true
	}
	for _, a := range g.Actions {
		keys[a.Key] = true
	}
	return g.Complete, nil
}
