package conductor

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
)

// Reachable is the keys of all artifacts that the present plans of all talks, or their
// last publications, may want again.
func (r *Releaser) Reachable(ctx context.Context) (map[action.Key]bool, error) {
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
		if err := r.reach(ctx, s, keys); err != nil {
			return nil, fmt.Errorf("plan %s: %w", talk.Slug, err)
		}
	}
	return keys, nil
}

// reach adds the keys of one talk's plan.
func (r *Releaser) reach(ctx context.Context, s catalog.Submission, keys map[action.Key]bool) error {
	kinds := make([]pipelines.Kind, len(r.Kinds))
	for i, k := range r.Kinds {
		kinds[i] = k.Kind
	}
	p, err := pipelines.Parse(s.Pipeline, s.Pipeline, []byte(s.PipelineText), kinds)
	if err != nil {
		return err
	}
	m := newMaking(&r.Conductor, Target{Plan: func(observed map[action.Key]action.Artifact) (plan.Graph, error) {
		return plan.Make(plan.Input{Facts: s.Facts, Pipeline: p, Kinds: r.Kinds, Observed: observed})
	}})
	g, err := m.plan(ctx)
	if err != nil {
		return err
	}
	for key := range g.Given {
		keys[key] = true
	}
	for _, a := range g.Actions {
		keys[a.Key] = true
	}
	return nil
}
