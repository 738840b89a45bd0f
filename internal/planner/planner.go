// Package planner works out which actions build a talk's bundle. It feeds package plan, a pure
// function, with the facts of the talk, the translations in the catalog that may be released,
// and the observations in the store. It builds nothing and saves nothing.
package planner

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
)

// Store reads artifacts by their keys.
type Store interface {
	Has(ctx context.Context, key action.Key) (bool, error)
	Get(ctx context.Context, key action.Key) (action.Artifact, error)
}

// Planner plans talks.
type Planner struct {
	Store   Store
	Catalog *catalog.Catalog // for translations
	Kinds   []plan.Kind
}

// LoadPipeline loads the pipeline that a submission names, in its present definition. See
// SavedPipeline for the earlier one.
func (p *Planner) LoadPipeline(s catalog.Submission) (pipelines.Pipeline, error) {
	return pipelines.Load(s.Pipeline, plan.PipelineKinds(p.Kinds))
}

// SavedPipeline returns the pipeline of a submission as it was defined when the submission was
// saved.
func (p *Planner) SavedPipeline(s catalog.Submission) (pipelines.Pipeline, error) {
	return pipelines.Parse(s.Pipeline, s.Pipeline, []byte(s.PipelineText), plan.PipelineKinds(p.Kinds))
}

// Graph returns the actions for facts and a pipeline, given these observations. It does not read
// the store. If the facts contradict each other, it returns an *inputerr.Error.
func (p *Planner) Graph(facts conference.Facts, pipeline pipelines.Pipeline, observed Observations) (plan.Graph, error) {
	return plan.Build(plan.Input{Facts: facts, Pipeline: pipeline, Kinds: p.Kinds, Observed: observed})
}

// Plan returns the actions for facts and a pipeline, using the observations in the store. If some
// are missing, the graph ends at the actions that make them. Translations in the catalog are not
// included unless AddTranslations has added them to the facts.
func (p *Planner) Plan(ctx context.Context, facts conference.Facts, pipeline pipelines.Pipeline) (plan.Graph, error) {
	return NewIncremental(p.Store, func(observed Observations) (plan.Graph, error) {
		return p.Graph(facts, pipeline, observed)
	}).Plan(ctx)
}

// PlanSubmission plans the facts of a submission by the present definition of the pipeline that it
// names. It does not include translations in the catalog.
func (p *Planner) PlanSubmission(ctx context.Context, s catalog.Submission) (plan.Graph, error) {
	pipeline, err := p.LoadPipeline(s)
	if err != nil {
		return plan.Graph{}, err
	}
	g, err := p.Plan(ctx, s.Facts, pipeline)
	if err != nil {
		return g, fmt.Errorf("plan %s: %w", s.Facts.Talk.Slug, err)
	}
	return g, nil
}

// Observations are the artifacts of actions that observe recordings, such as probe.
type Observations = map[action.Key]action.Artifact

// Incremental plans one talk again and again while its recordings are being observed. It keeps
// the observations that it has read.
type Incremental struct {
	store    Store
	graph    func(Observations) (plan.Graph, error)
	observed Observations
}

// NewIncremental returns an Incremental that calls graph to plan, with all observations that it has
// read from store so far.
func NewIncremental(store Store, graph func(Observations) (plan.Graph, error)) *Incremental {
	return &Incremental{store: store, graph: graph, observed: make(Observations)}
}

// Plan returns the graph that follows from all observations in the store. It plans repeatedly,
// since a graph with more observations may ask for further ones.
func (p *Incremental) Plan(ctx context.Context) (plan.Graph, error) {
	for {
		g, err := p.graph(p.observed)
		if err != nil {
			return g, err
		}
		found, err := p.loadObservations(ctx, g)
		if err != nil || !found {
			return g, err
		}
	}
}

// loadObservations reads from the store those observations that g asks for and that were not read
// before. It reports whether it found any.
func (p *Incremental) loadObservations(ctx context.Context, g plan.Graph) (found bool, err error) {
	for _, key := range g.ObservationKeys {
		if _, known := p.observed[key]; known {
			continue
		}
		has, err := p.store.Has(ctx, key)
		if err != nil {
			return false, err
		}
		if !has {
			continue
		}
		if p.observed[key], err = p.store.Get(ctx, key); err != nil {
			return false, fmt.Errorf("read an observation: %w", err)
		}
		found = true
	}
	return found, nil
}
