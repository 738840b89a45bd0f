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

// Estimate is about how long some jobs take.
type Estimate struct {
	Work    time.Duration // of all workers, one job after the other; of what is known
	Unknown int           // actions whose like was never measured
}

// Plus is both together.
func (e Estimate) Plus(o Estimate) Estimate { return Estimate{e.Work + o.Work, e.Unknown + o.Unknown} }

// length is that of the programme; 0 where that is not known.
func (m *making) length() time.Duration {
	if m.graph.Edition == nil || m.graph.Edition.Programme.Rate.IsZero() {
		return 0
	}
	return m.graph.Edition.Programme.Duration()
}

// part is about how much of the programme an action makes; 0 where that is not known.
func (m *making) part(w *want) time.Duration {
	return m.length() / time.Duration(max(1, m.groups[w.group]))
}

// expect is about how long an action takes: by what this making measured, or others did, of
// its group, or else of its kind. What takes moments takes them whatever the length.
func (m *making) expect(w *want) (took time.Duration, known bool) {
	for _, p := range []catalog.Pace{m.paces[w.group], m.target.Paces[w.group], m.target.Paces[catalog.Group{Kind: w.group.Kind}]} {
		part := m.part(w)
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

// left is about how long what is to be made yet takes, by the slot of each job's first
// action. What shares a decode takes as long as the longest of it.
func (m *making) left() map[string]Estimate {
	done := make(map[*want]float64)
	for _, f := range m.flights {
		for _, w := range f.wants {
			done[w] = f.fraction
		}
	}
	first := make(map[string]string) // slots, by kind and share
	all := make(map[string]Estimate)
	for _, a := range m.graph.Actions {
		w := m.wants[a.Key]
		if !w.needed || w.state != absent && w.state != flying {
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
		took, known := m.expect(w)
		if !known {
			e.Unknown++
		}
		e.Work = max(e.Work, time.Duration(float64(took)*(1-done[w])))
		all[slot] = e
	}
	return all
}

// Price is what it would cost to make the bundle of a talk.
type Price struct {
	Stages   []StagePrice  // in the pipeline's order
	Work     Estimate      // of all of them
	Long     int           // actions to be made that take more than moments
	Time     time.Duration // about how long that takes, with nothing else to do; of what is known
	Complete bool          // false: more may follow that is not known before the recordings have been looked into
	Notes    []string      // of the plan
}

// StagePrice is what a stage would cost.
type StagePrice struct {
	Name  string
	Make  int // actions that have to be made
	There int // actions that were made before, and stay as they are
	Work  Estimate
}

// Sure reports whether all that the price says is known, and there is no more to it.
func (p Price) Sure() bool { return p.Complete && p.Work.Unknown == 0 }

// Price is what it would cost to make the bundle of a submission, which need not have been
// saved. It changes nothing, and follows no translation. A *fault.Fault says what of it cannot
// be.
func (r *Releaser) Price(ctx context.Context, s catalog.Submission) (Price, error) {
	p, err := pipelines.Load(s.Pipeline, plan.PipelineKinds(r.Kinds))
	if err != nil {
		return Price{}, err
	}
	paces, err := r.Catalog.Paces(ctx)
	if err != nil {
		return Price{}, err
	}
	if err := addTranslations(ctx, r.Catalog, &s.Facts, p); err != nil {
		return Price{}, err
	}
	looking := r.Conductor
	looking.Store = onlooker{r.Store}
	m := newMaking(&looking, Target{Paces: paces, Plan: func(observed map[action.Key]action.Artifact) (plan.Graph, error) {
		return plan.Make(plan.Input{Facts: s.Facts, Pipeline: p, Kinds: r.Kinds, Observed: observed})
	}})
	g, err := m.plan(ctx)
	if err != nil {
		return Price{}, err
	}
	if err := m.compare(ctx, g); err != nil {
		return Price{}, fmt.Errorf("compare with what is there: %w", err)
	}
	return m.price(), nil
}

// price is what of m's graph is to be made.
func (m *making) price() Price {
	p := Price{Complete: m.graph.Complete, Notes: m.graph.Notes}
	place := make(map[string]int)
	left := m.left()
	for _, a := range m.graph.Actions {
		name := stageOf(a.Slot)
		i, ok := place[name]
		if !ok {
			i = len(p.Stages)
			place[name] = i
			p.Stages = append(p.Stages, StagePrice{Name: name})
		}
		s := &p.Stages[i]
		switch w := m.wants[a.Key]; {
		case w.needed:
			s.Make++
			if !a.Quick {
				p.Long++
			}
		case w.state == present:
			s.There++
		}
		s.Work = s.Work.Plus(left[a.Slot])
		p.Work = p.Work.Plus(left[a.Slot])
	}
	p.Time = p.Work.Work / time.Duration(max(1, m.Slots))
	return p
}

// onlooker is a store that nothing is taken out of.
type onlooker struct{ Store }

// Forget does not.
func (onlooker) Forget(context.Context, action.Key) error { return nil }
