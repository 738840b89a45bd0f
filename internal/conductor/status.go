package conductor

import (
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// Status is how a target stands, for people to watch.
type Status struct {
	Stages        []StageStatus      // in the pipeline's order
	Notes         []string           // of the plan
	Troubles      []conference.Issue // of the plan
	Complete      bool               // the plan: no more actions will come
	Length        time.Duration      // of the programme; 0: the recordings have not been looked into
	Idle          bool               // nothing is out any more
	RemainingWork WorkEstimate       // of all that is to be made yet, as far as the plan reaches
}

// StageStatus is how one stage stands.
type StageStatus struct {
	Name          string
	Total         int     // actions that had to be made, or were made
	Done          int     // of those
	Failed        int     // of those, for good
	Reused        int     // actions that were there
	PartlyDone    float64 // the sum of the fractions done of the actions that are being worked on
	Busy          int     // actions that are being worked on
	Speed         float64 // times real time, summed over the jobs at work; 0 if it means nothing
	RemainingWork WorkEstimate
}

// statusInterval is how often a person can take in a change.
const statusInterval = 100 * time.Millisecond

// reportStatus tells the watcher how things stand, unless it was told just now.
func (m *reconciler) reportStatus(over bool) {
	if m.target.OnStatus == nil || !over && time.Since(m.lastReport) < statusInterval {
		return
	}
	m.lastReport = time.Now()
	s := Status{Notes: m.graph.Notes, Troubles: m.graph.Issues, Complete: m.graph.Complete, Idle: over, Length: m.programmeLength()}
	place := make(map[string]int)
	stage := func(slot string) *StageStatus {
		name := stageName(slot)
		i, ok := place[name]
		if !ok {
			i = len(s.Stages)
			place[name] = i
			s.Stages = append(s.Stages, StageStatus{Name: name})
		}
		return &s.Stages[i]
	}
	for _, a := range m.graph.Actions {
		stage(a.Slot).add(m.nodes[a.Key])
	}
	for _, f := range m.inflight {
		if f.running {
			st := stage(f.job.Actions[0].Slot)
			st.Busy += len(f.nodes)
			st.PartlyDone += f.fraction * float64(len(f.nodes))
			st.Speed += f.speed
		}
	}
	for slot, left := range m.remaining() {
		st := stage(slot)
		st.RemainingWork = st.RemainingWork.Add(left)
		s.RemainingWork = s.RemainingWork.Add(left)
	}
	m.target.OnStatus(s)
}

// stageName is the name of the stage that a slot is of.
func stageName(slot string) string {
	name, _, _ := strings.Cut(slot, "/")
	return name
}

func (s *StageStatus) add(w *node) {
	switch {
	case w.ran:
		s.Total++
		s.Done++
	case w.state == present:
		s.Reused++
	case w.state == failed:
		s.Total++
		s.Failed++
	case w.needed:
		s.Total++
	}
}
