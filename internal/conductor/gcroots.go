package conductor

import (
	"context"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
)

// RunsKept is how many runs of each talk the catalog remembers.
const RunsKept = 20

// GCRoots returns the keys of all artifacts that garbage collection must keep: those in every
// talk's last published bundle and in its current plan. If a talk cannot be planned completely, it
// also returns the keys of the actions in its last RunsKept runs.
func (b *Builder) GCRoots(ctx context.Context) (map[action.Key]bool, error) {
	keys := make(map[action.Key]bool)
	published, err := b.Catalog.AllPublishedKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range published {
		keys[key] = true
	}
	talks, err := b.Catalog.Talks(ctx)
	if err != nil {
		return nil, err
	}
	for _, talk := range talks {
		s, err := b.Catalog.Talk(ctx, talk.Slug)
		if err != nil {
			return nil, err
		}
		if len(s.Facts.Recordings) > 0 {
			complete, err := b.addPlanKeys(ctx, s, keys)
			if err == nil && complete {
				continue
			}
			b.Log.Warn("cannot plan the whole talk; keeping all that its last runs used", "talk", talk.Slug, "err", err)
		}
		if err := b.addKeysOfPastRuns(ctx, talk.Slug, keys); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// addPlanKeys adds the keys of the actions and the inline inputs that one talk's saved pipeline
// needs now. It reports whether the plan is complete; if not, later actions may follow.
func (b *Builder) addPlanKeys(ctx context.Context, s catalog.Submission, keys map[action.Key]bool) (complete bool, err error) {
	p := b.Planner()
	pipeline, err := p.SavedPipeline(s)
	if err != nil {
		return false, err
	}
	if err := p.AddTranslations(ctx, &s.Facts, pipeline); err != nil {
		return false, err
	}
	g, err := p.Plan(ctx, s.Facts, pipeline)
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

// addKeysOfPastRuns adds the keys of all actions in the last RunsKept runs of a talk.
func (b *Builder) addKeysOfPastRuns(ctx context.Context, slug string, keys map[action.Key]bool) error {
	runs, err := b.Catalog.LastRuns(ctx, slug, RunsKept)
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
