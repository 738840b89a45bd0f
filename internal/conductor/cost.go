package conductor

import (
	"context"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
)

// WorkEstimate is about how long some jobs take.
type WorkEstimate struct {
	Work    time.Duration // of all workers, one job after the other; of what is known
	Unknown int           // actions whose like was never measured
}

// Add is both together.
func (e WorkEstimate) Add(o WorkEstimate) WorkEstimate {
	return WorkEstimate{e.Work + o.Work, e.Unknown + o.Unknown}
}

// programmeLength is that of the programme; 0 where that is not known.
func (m *reconciler) programmeLength() time.Duration {
	if m.graph.Edition == nil || m.graph.Edition.Programme.Rate.IsZero() {
		return 0
	}
	return m.graph.Edition.Programme.Duration()
}

// programmeShare is about how much of the programme an action makes; 0 where that is not known.
func (m *reconciler) programmeShare(w *node) time.Duration {
	return m.programmeLength() / time.Duration(max(1, m.groupSizes[w.group]))
}

// expectedDuration is about how long an action takes: by what this making measured, or others did, of
// its group, or else of its kind. What takes moments takes them whatever the length.
func (m *reconciler) expectedDuration(w *node) (took time.Duration, known bool) {
	for _, p := range []catalog.Timing{m.measured[w.group], m.target.Paces[w.group], m.target.Paces[catalog.TimingGroup{Kind: w.group.Kind}]} {
		part := m.programmeShare(w)
		switch {
		case p.Actions == 0:
		case w.action.Quick || part == 0 || p.Programme == 0:
			return p.Took / time.Duration(p.Actions), true
		default:
			return time.Duration(float64(p.Took) * float64(part) / float64(p.Programme)), true
		}
	}
	return 0, false
}

// remaining is about how long what is to be made yet takes, by the slot of each job's first
// action. What shares a decode takes as long as the longest of it.
func (m *reconciler) remaining() map[string]WorkEstimate {
	done := make(map[*node]float64)
	for _, f := range m.inflight {
		for _, w := range f.nodes {
			done[w] = f.fraction
		}
	}
	first := make(map[string]string) // slots, by kind and share
	all := make(map[string]WorkEstimate)
	for _, a := range m.graph.Actions {
		w := m.nodes[a.Key]
		if !w.needed || w.state != absent && w.state != dispatched {
			continue
		}
		slot := a.Slot
		if a.Share != "" {
			if s, ok := first[a.Kind+" "+a.Share]; ok {
				slot = s
			} else {
				first[a.Kind+" "+a.Share] = slot
			}
		}
		e := all[slot]
		took, known := m.expectedDuration(w)
		if !known {
			e.Unknown++
		}
		e.Work = max(e.Work, time.Duration(float64(took)*(1-done[w])))
		all[slot] = e
	}
	return all
}

// Cost is what it would cost to make the bundle of a talk.
type Cost struct {
	Stages      []StageCost   // in the pipeline's order
	Work        WorkEstimate  // of all of them
	LongActions int           // actions to be made that take more than moments
	Time        time.Duration // about how long that takes, with nothing else to do; of what is known
	Complete    bool          // false: more may follow that is not known before the recordings have been looked into
	Notes       []string      // of the plan
}

// StageCost is what a stage would cost.
type StageCost struct {
	Name  string
	Make  int // actions that have to be made
	There int // actions that were made before, and stay as they are
	Work  WorkEstimate
}

// Sure reports whether all that the price says is known, and there is no more to it.
func (p Cost) Sure() bool { return p.Complete && p.Work.Unknown == 0 }

// Cost is what it would cost to make the bundle of a submission, which need not have been
// saved. It changes nothing, and follows no translation. A *fault.Fault says what of it cannot
// be.
func (r *Builder) Cost(ctx context.Context, s catalog.Submission) (Cost, error) {
	p, err := pipelines.Load(s.Pipeline, plan.PipelineKinds(r.Kinds))
	if err != nil {
		return Cost{}, err
	}
	paces, err := r.Catalog.Timings(ctx)
	if err != nil {
		return Cost{}, err
	}
	if err := addTranslations(ctx, r.Catalog, &s.Facts, p); err != nil {
		return Cost{}, err
	}
	looking := r.Conductor
	looking.Store = readOnlyStore{r.Store}
	m := newReconciler(&looking, Target{Paces: paces, Plan: func(observed map[action.Key]action.Artifact) (plan.Graph, error) {
		return plan.Build(plan.Input{Facts: s.Facts, Pipeline: p, Kinds: r.Kinds, Observed: observed})
	}})
	g, err := m.plan(ctx)
	if err != nil {
		return Cost{}, err
	}
	if err := m.setGraph(ctx, g); err != nil {
		return Cost{}, fmt.Errorf("compare with what is there: %w", err)
	}
	return m.cost(), nil
}

// cost is what of m's graph is to be made.
func (m *reconciler) cost() Cost {
	p := Cost{Complete: m.graph.Complete, Notes: m.graph.Notes}
	place := make(map[string]int)
	left := m.remaining()
	for _, a := range m.graph.Actions {
		name := stageName(a.Slot)
		i, ok := place[name]
		if !ok {
			i = len(p.Stages)
			place[name] = i
			p.Stages = append(p.Stages, StageCost{Name: name})
		}
		s := &p.Stages[i]
		switch w := m.nodes[a.Key]; {
		case w.needed:
			s.Make++
			if !a.Quick {
				p.LongActions++
			}
		case w.state == present:
			s.There++
		}
		s.Work = s.Work.Add(left[a.Slot])
		p.Work = p.Work.Add(left[a.Slot])
	}
	p.Time = p.Work.Work / time.Duration(max(1, m.WorkerSlots))
	return p
}

// readOnlyStore is a store that nothing is taken out of.
type readOnlyStore struct{ Store }

// Forget does not.
func (readOnlyStore) Forget(context.Context, action.Key) error { return nil }
