package conductor

import (
	"context"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
)

// Timings are measured durations of actions, by group.
type Timings = map[catalog.TimingGroup]catalog.Timing

// WorkEstimate is about how long some jobs take.
type WorkEstimate struct {
	Work    time.Duration // one job after the other, without the unknown ones
	Unknown int           // actions for whose group there are no measurements
}

// Add returns the estimate for the jobs of e and o together.
func (e WorkEstimate) Add(o WorkEstimate) WorkEstimate {
	return WorkEstimate{Work: e.Work + o.Work, Unknown: e.Unknown + o.Unknown}
}

// expectedDuration returns about how long an action takes. It uses the timings of its group in this
// run (measured), else those of its group in earlier runs, else those of its kind. The duration of
// a long action is proportional to its share of the programme; quick actions always take the same
// time. known is false if there are no timings.
func (g *actionGraph) expectedDuration(n *node, measured, earlier Timings) (took time.Duration, known bool) {
	for _, t := range []catalog.Timing{measured[n.group], earlier[n.group], earlier[catalog.TimingGroup{Kind: n.group.Kind}]} {
		share := g.programmeShare(n)
		switch {
		case t.Actions == 0:
		case n.action.Quick || share == 0 || t.Programme == 0:
			return t.Took / time.Duration(t.Actions), true
		default:
			return time.Duration(float64(t.Took) * float64(share) / float64(t.Programme)), true
		}
	}
	return 0, false
}

// remaining returns the estimated work that is left, by the slot of each job's first action. The
// estimate for actions that share a decode is that of the longest of them, since they run at the
// same time. done is the finished fraction of each running action. measured holds the timings of
// this run, and earlier those of other runs.
func (g *actionGraph) remaining(done map[*node]float64, measured, earlier Timings) map[string]WorkEstimate {
	firstSlots := make(map[string]string) // by kind and share
	all := make(map[string]WorkEstimate)
	for _, a := range g.graph.Actions {
		n := g.nodes[a.Key]
		if !n.needed || n.state != absent && n.state != dispatched {
			continue
		}
		slot := a.Slot
		if a.Share != "" {
			if s, ok := firstSlots[a.Kind+" "+a.Share]; ok {
				slot = s
			} else {
				firstSlots[a.Kind+" "+a.Share] = slot
			}
		}
		e := all[slot]
		took, known := g.expectedDuration(n, measured, earlier)
		if !known {
			e.Unknown++
		}
		e.Work = max(e.Work, time.Duration(float64(took)*(1-done[n])))
		all[slot] = e
	}
	return all
}

// Cost says what has to be done to build a talk's bundle.
type Cost struct {
	Stages      []StageCost   // in the pipeline's order
	Work        WorkEstimate  // of all stages
	LongActions int           // actions to run that take more than moments
	Time        time.Duration // about how long the known work takes on an idle system
	Complete    bool          // false: more actions may follow once the recordings are analysed
	Notes       []string      // of the plan
}

// StageCost says what has to be done in one stage.
type StageCost struct {
	Name  string
	Make  int // actions to run
	There int // actions whose artifacts are reused
	Work  WorkEstimate
}

// Sure reports whether the cost contains all actions and an estimate for each.
func (c Cost) Sure() bool { return c.Complete && c.Work.Unknown == 0 }

// Cost returns what building the bundle of a submission would cost. The submission need not be
// saved. Cost changes nothing, and does not count the effect of a changed source on translations.
// If the facts contradict each other, it returns an *inputerr.Error.
func (b *Builder) Cost(ctx context.Context, s catalog.Submission) (Cost, error) {
	p := b.Planner()
	pipeline, err := p.LoadPipeline(s)
	if err != nil {
		return Cost{}, err
	}
	timings, err := b.Catalog.Timings(ctx)
	if err != nil {
		return Cost{}, err
	}
	if err := p.AddTranslations(ctx, &s.Facts, pipeline); err != nil {
		return Cost{}, err
	}
	planned, err := p.Plan(ctx, s.Facts, pipeline)
	if err != nil {
		return Cost{}, err
	}
	var g actionGraph
	if err := g.set(ctx, readOnlyStore{b.Store}, b.Log, planned); err != nil {
		return Cost{}, fmt.Errorf("look up artifacts: %w", err)
	}
	return g.cost(timings, countSlots(ctx, b.Queue, b.WorkerSlots, b.Log)), nil
}

// cost returns the number of actions to run and to reuse and the estimated work, by stage and in
// total. Its Time assumes that workerSlots jobs run at once.
func (g *actionGraph) cost(timings Timings, workerSlots int) Cost {
	c := Cost{Complete: g.graph.Complete, Notes: g.graph.Notes}
	indexes := make(map[string]int)
	remaining := g.remaining(nil, nil, timings)
	for _, a := range g.graph.Actions {
		name := stageName(a.Slot)
		i, ok := indexes[name]
		if !ok {
			i = len(c.Stages)
			indexes[name] = i
			c.Stages = append(c.Stages, StageCost{Name: name})
		}
		s := &c.Stages[i]
		switch n := g.nodes[a.Key]; {
		case n.needed:
			s.Make++
			if !a.Quick {
				c.LongActions++
			}
		case n.state == present:
			s.There++
		}
		s.Work = s.Work.Add(remaining[a.Slot])
		c.Work = c.Work.Add(remaining[a.Slot])
	}
	c.Time = c.Work.Work / time.Duration(max(1, workerSlots))
	return c
}

// readOnlyStore is a store whose artifacts cannot be removed.
type readOnlyStore struct{ Store }

// Forget does nothing, so that estimating a cost removes no artifact.
func (readOnlyStore) Forget(context.Context, action.Key) error { return nil }
