package conductor

import (
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// Status is how a target stands, for people to watch.
type Status struct {
	Stages   []StageStatus        // in the pipeline's order
	Notes    []string             // of the plan
	Troubles []conference.Trouble // of the plan
	Complete bool                 // the plan: no more actions will come
	Length   time.Duration        // of the programme; 0: the recordings have not been looked into
	Over     bool                 // nothing is out any more
	Left     Estimate             // of all that is to be made yet, as far as the plan reaches
}

// StageStatus is how one stage stands.
type StageStatus struct {
	Name    string
	Total   int     // actions that had to be made, or were made
	Done    int     // of those
	Failed  int     // of those, for good
	Reused  int     // actions that were there
	Running float64 // the sum of the fractions done of the actions that are being worked on
	Busy    int     // actions that are being worked on
	Speed   float64 // times real time, summed over the jobs at work; 0 if it means nothing
	Left    Estimate
}

// watchEvery is how often a person can take in a change.
const watchEvery = 100 * time.Millisecond

// watch tells the watcher how things stand, unless it was told just now.
func (m *making) watch(over bool) {
	if m.target.Watch == nil || !over && time.Since(m.watched) < watchEvery {
		return
	}
	m.watched = time.Now()
	s := Status{Notes: m.graph.Notes, Troubles: m.graph.Troubles, Complete: m.graph.Complete, Over: over, Length: m.length()}
	place := make(map[string]int)
	stage := func(slot string) *StageStatus {
		name := stageOf(slot)
		i, ok := place[name]
		if !ok {
			i = len(s.Stages)
			place[name] = i
			s.Stages = append(s.Stages, StageStatus{Name: name})
		}
		return &s.Stages[i]
	}
	for _, a := range m.graph.Actions {
		stage(a.Slot).count(m.wants[a.Key])
	}
	for _, f := range m.flights {
		if f.running {
			st := stage(f.job.Actions[0].Slot)
			st.Busy += len(f.wants)
			st.Running += f.fraction * float64(len(f.wants))
			st.Speed += f.speed
		}
	}
	for slot, left := range m.left() {
		st := stage(slot)
		st.Left = st.Left.Plus(left)
		s.Left = s.Left.Plus(left)
	}
	m.target.Watch(s)
}

// stageOf is the name of the stage that a slot is of.
func stageOf(slot string) string {
	name, _, _ := strings.Cut(slot, "/")
	return name
}

func (s *StageStatus) count(w *want) {
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
