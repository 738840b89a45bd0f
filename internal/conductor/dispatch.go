package conductor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/action"
)

// inflightJob is a job that was created and has not ended.
type inflightJob struct {
	job         action.Job
	nodes       []*node // of its actions
	sent        bool    // the queue accepted it
	running     bool
	missedPolls int // polls in a row at which the queue did not know it
	fraction    float64
	speed       float64 // times real time
}

// dispatchReady sends jobs with ready actions to the queue, as many as inFlightLimit allows. Long and
// quick jobs are counted separately, so that quick ones never wait for long ones.
func (r *reconciler) dispatchReady(ctx context.Context) error {
	for {
		first := r.nextReady()
		if first == nil {
			return nil
		}
		j := r.newJob(first)
		r.inflight[j.job.ID] = j
		if err := r.sendJob(ctx, j); err != nil {
			return err
		}
	}
}

// nextReady returns the first ready action, in plan order, for which inFlightLimit allows another
// job. It returns nil if there is none.
func (r *reconciler) nextReady() *node {
	inFlight := make(map[bool]int) // true: quick jobs
	for _, j := range r.inflight {
		inFlight[j.job.Quick()]++
	}
	for _, n := range r.ready {
		if inFlight[n.action.Quick] < inFlightLimit(r.MaxInFlight, r.slots) {
			return n
		}
	}
	return nil
}

// sendJob gives a job to the queue. An error of the queue is only logged, since later polls try
// again. sendJob returns ctx's error.
func (r *reconciler) sendJob(ctx context.Context, j *inflightJob) error {
	err := r.Queue.Dispatch(ctx, j.job, jobTimeout)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.Log.Warn("queue does not take jobs; trying again", "err", err)
	}
	j.sent = err == nil
	return nil
}

// newJob moves a ready action, and the ready ones that share its decode, out of r.ready into a new
// job. An action that failed before gets a job of its own, so that an encoder that always fails
// does not make the others fail too.
func (r *reconciler) newJob(first *node) *inflightJob {
	together := func(n *node) bool {
		return n == first || first.action.Share != "" && first.failures+n.failures == 0 &&
			n.action.Kind == first.action.Kind && n.action.Share == first.action.Share
	}
	j := &inflightJob{job: action.Job{Originals: make(map[action.Key]action.Original)}}
	rest := r.ready[:0:0]
	for _, n := range r.ready {
		if !together(n) {
			rest = append(rest, n)
			continue
		}
		n.state, n.started = dispatched, time.Now()
		j.nodes = append(j.nodes, n)
		j.job.Actions = append(j.job.Actions, n.action)
		j.job.Attempt = max(j.job.Attempt, n.attempt+1)
		for _, key := range n.action.Inputs {
			if o, ok := r.target.Originals[key]; ok {
				j.job.Originals[key] = o
			}
		}
	}
	r.ready = rest
	for _, n := range j.nodes {
		n.attempt = j.job.Attempt
	}
	j.job.ID = jobID(j.job)
	return j
}

// jobID returns an ID that depends only on the keys of the job's actions and on the attempt, so
// that a job that is dispatched twice is one job.
func jobID(j action.Job) string {
	var b strings.Builder
	for _, a := range j.Actions {
		b.WriteString(string(a.Key))
	}
	fmt.Fprintf(&b, "#%d", j.Attempt)
	return string(action.KeyOf([]byte(b.String())))[:32]
}
