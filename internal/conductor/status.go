package conductor

import (
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// Status is the progress of a target.
type Status struct {
	Stages        []StageStatus // in the pipeline's order
	Notes         []string      // of the plan
	Issues        []conference.Issue
	Complete      bool          // the plan: no more actions will come
	Length        time.Duration // of the programme; 0 until the recordings are analysed
	Idle          bool          // no job is in flight
	RemainingWork WorkEstimate  // as far as the plan reaches
}

// StageStatus is the progress of one stage.
type StageStatus struct {
	Name          string
	Total         int     // actions to run in this build, done ones included
	Done          int     // of Total
	Failed        int     // of Total, for good
	Reused        int     // actions whose artifacts were there
	PartlyDone    float64 // the sum of the finished fractions of the running actions
	Busy          int     // running actions
	Speed         float64 // times real time, summed over the running jobs; 0 where it means nothing
	RemainingWork WorkEstimate
}

// statusInterval bounds how often a watcher is called.
const statusInterval = 100 * time.Millisecond

// reportStatus calls the target's OnStatus with the present status. It does so at most once every
// statusInterval, unless idle is set, which means that no job is in flight.
func (r *reconciler) reportStatus(idle bool) {
	if r.target.OnStatus == nil || !idle && time.Since(r.lastReport) < statusInterval {
		return
	}
	r.lastReport = time.Now()
	s := Status{
		Notes: r.graph.Notes, Issues: r.graph.Issues, Complete: r.graph.Complete, Idle: idle, Length: r.programmeLength(),
	}
	indexes := make(map[string]int)
	stage := func(slot string) *StageStatus {
		name := stageName(slot)
		i, ok := indexes[name]
		if !ok {
			i = len(s.Stages)
			indexes[name] = i
			s.Stages = append(s.Stages, StageStatus{Name: name})
		}
		return &s.Stages[i]
	}
	for _, a := range r.graph.Actions {
		stage(a.Slot).add(r.nodes[a.Key])
	}
	done := make(map[*node]float64)
	for _, j := range r.inflight {
		for _, n := range j.nodes {
			done[n] = j.fraction
		}
		if j.running {
			st := stage(j.job.Actions[0].Slot)
			st.Busy += len(j.nodes)
			st.PartlyDone += j.fraction * float64(len(j.nodes))
			st.Speed += j.speed
		}
	}
	for slot, work := range r.remaining(done, r.measured, r.target.Timings) {
		st := stage(slot)
		st.RemainingWork = st.RemainingWork.Add(work)
		s.RemainingWork = s.RemainingWork.Add(work)
	}
	r.target.OnStatus(s)
}

// stageName returns the stage that a slot belongs to, such as "encode" for "encode/1080/r0/17".
func stageName(slot string) string {
	name, _, _ := strings.Cut(slot, "/")
	return name
}

// add counts an action of the stage by its state. Actions that are absent and not needed are not
// counted.
func (s *StageStatus) add(n *node) {
	switch {
	case n.ran:
		s.Total++
		s.Done++
	case n.state == present:
		s.Reused++
	case n.state == failed:
		s.Total++
		s.Failed++
	case n.needed:
		s.Total++
	}
}
