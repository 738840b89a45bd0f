package conductor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/planner"
	"github.com/lectern-av/lectern/internal/queue"
)

// reconciler builds one target. All of its methods are called from one goroutine.
type reconciler struct {
	*Conductor
	actionGraph
	planner    *planner.Incremental
	target     Target
	inflight   map[string]*inflightJob // by job ID
	failures   []*action.Failure       // of actions that failed for good
	saltRaises map[string]int          // by rendition
	accepted   bool                    // the present version of the facts
	runID      int64                   // in the catalog; 0 until the facts are accepted
	lastReport time.Time
	measured   Timings // of this run
	slots      int     // jobs that all workers run at once
}

func newReconciler(c *Conductor, t Target) *reconciler {
	return &reconciler{
		Conductor:  c,
		planner:    planner.NewIncremental(c.Store, t.Plan),
		target:     t,
		inflight:   make(map[string]*inflightJob),
		saltRaises: make(map[string]int),
		measured:   make(Timings),
	}
}

// replan makes a new plan with all observations that are in the store, and updates the states of
// its actions. As soon as a plan has an edition, it calls the target's Accept, once for each
// version of the facts, and then plans again.
func (r *reconciler) replan(ctx context.Context) error {
	g, err := r.planner.Plan(ctx)
	if err != nil {
		return err
	}
	if g.Edition != nil && !r.accepted && r.target.Accept != nil {
		if r.runID, err = r.target.Accept(ctx, g); err != nil {
			return err
		}
		r.accepted = true
		if g, err = r.planner.Plan(ctx); err != nil {
			return err
		}
	}
	if err := r.storeInlineInputs(ctx, g); err != nil {
		return err
	}
	return r.set(ctx, r.Store, r.Log, g)
}

// storeInlineInputs stores the plan's inline inputs, such as subtitle tracks, whose content comes
// with the facts.
func (r *reconciler) storeInlineInputs(ctx context.Context, g plan.Graph) error {
	for key, content := range g.InlineInputs {
		if err := r.storeInlineInput(ctx, key, content); err != nil {
			return fmt.Errorf("store an input of the talk: %w", err)
		}
	}
	return nil
}

func (r *reconciler) storeInlineInput(ctx context.Context, key action.Key, content []byte) error {
	if has, err := r.Store.Has(ctx, key); err != nil || has {
		return err
	}
	dir, release, err := r.Store.Scratch("given")
	if err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(dir, plan.InlineInputFile), content, 0o600)
	if err == nil {
		a := action.Artifact{Key: key, Kind: "given", Files: []action.File{{Name: plan.InlineInputFile}}}
		_, err = r.Store.Put(ctx, a, dir)
	}
	return errors.Join(err, release())
}

// handleEvent updates the state of a job from a worker's event. An event without a job means that
// others may have been lost, and handleEvent polls all jobs.
func (r *reconciler) handleEvent(ctx context.Context, e action.Event) error {
	if e.Job == "" {
		return r.poll(ctx)
	}
	j := r.inflight[e.Job]
	if j == nil {
		return nil
	}
	j.missedPolls = 0
	switch e.Type {
	case action.JobStarted:
		j.running = true
		for _, n := range j.nodes {
			n.started = time.Now()
		}
	case action.JobProgress:
		j.running, j.fraction, j.speed = true, e.Fraction, e.Speed
	case action.JobDone:
		// A network file system may show the artifact later than the message. Then a later
		// poll finds it, and only if none does is the job lost.
		if found, err := r.allPresent(ctx, j); err != nil || !found {
			return err
		}
		return r.finishJob(ctx, j, nil)
	case action.JobFailed:
		return r.finishJob(ctx, j, e.Failure)
	}
	return nil
}

// poll checks every job in flight in the store and, if its artifacts are not there, in the queue.
// Then it records changed states.
func (r *reconciler) poll(ctx context.Context) error {
	r.slots = countSlots(ctx, r.Queue, r.slots, r.Log)
	for _, j := range r.inflight {
		found, err := r.allPresent(ctx, j)
		if err != nil {
			return err
		}
		if found {
			err = r.finishJob(ctx, j, nil)
		} else {
			err = r.checkJob(ctx, j)
		}
		if err != nil {
			return err
		}
	}
	return r.recordStates(ctx)
}

// checkJob sends a job that the queue has not accepted yet; for others it asks the queue for the
// state. A job that the queue does not know at two polls in a row counts as lost: its actions
// become ready to start in a new job.
func (r *reconciler) checkJob(ctx context.Context, j *inflightJob) error {
	if !j.sent {
		return r.sendJob(ctx, j)
	}
	state, err := r.Queue.State(ctx, j.job.ID)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		r.Log.Warn("queue does not answer; trying again", "err", err)
		return nil
	case state != queue.Gone:
		j.missedPolls, j.running = 0, state == queue.Running
		return nil
	}
	j.missedPolls++
	if j.missedPolls < 2 {
		return nil
	}
	r.Log.Info("job vanished; sending it again", "slot", j.job.Actions[0].Slot, "attempt", j.job.Attempt)
	return r.finishJob(ctx, j, nil)
}

func (r *reconciler) allPresent(ctx context.Context, j *inflightJob) (bool, error) {
	for _, n := range j.nodes {
		has, err := r.Store.Has(ctx, n.action.Key)
		if err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

// finishJob removes a job that has ended from those in flight. Its actions whose artifacts are in
// the store are done, even if the job failed. The others are tried again or have failed for good.
// failure is nil if the job succeeded or was lost. If the input caused the failure, finishJob
// returns that error, which ends the build.
func (r *reconciler) finishJob(ctx context.Context, j *inflightJob, failure *action.Failure) error {
	r.dropJob(j)
	if failure != nil && failure.InputError != nil {
		return failure.InputError
	}
	observed, planned, err := r.settleActions(ctx, j, failure)
	if err != nil {
		return err
	}
	switch {
	case failure != nil && planned && r.canRaiseSalt(failure.MismatchedRendition):
		return r.raiseSalt(ctx, failure)
	case failure != nil:
		r.Log.Warn("failed", "slot", failure.Slot, "attempt", j.job.Attempt, "err", failure.Message)
		if err := r.recheckInputs(ctx, j); err != nil {
			return err
		}
	}
	if observed {
		return r.replan(ctx)
	}
	return nil
}

// settleActions updates the states of the actions of a job that has ended. observed is true if one
// of them made an observation that the plan asks for, and planned is true if at least one is still
// in the plan. failure is as in finishJob.
func (r *reconciler) settleActions(ctx context.Context, j *inflightJob, failure *action.Failure) (observed, planned bool, err error) {
	for _, n := range j.nodes {
		if r.nodes[n.action.Key] != n {
			continue // the plan no longer has it
		}
		planned = true
		has, err := r.Store.Has(ctx, n.action.Key)
		if err != nil {
			return false, false, err
		}
		if !has {
			r.retryOrFail(n, failure)
			continue
		}
		n.state, n.ran, n.took = present, true, time.Since(n.started)
		r.measured[n.group] = r.measured[n.group].Add(catalog.Timing{Took: n.took, Programme: r.programmeShare(n), Actions: 1})
		r.unblockDependents(n)
		observed = observed || slices.Contains(r.graph.ObservationKeys, n.action.Key)
	}
	return observed, planned, nil
}

// dropJob removes a job from those in flight and calls onJobEnd.
func (r *reconciler) dropJob(j *inflightJob) {
	delete(r.inflight, j.job.ID)
	if r.onJobEnd != nil {
		r.onJobEnd(j.job.ID)
	}
}

// reload reads the changed facts and plans again. Jobs whose actions are still in the plan
// continue. Failed actions are tried again, since the change may be meant to repair them.
func (r *reconciler) reload(ctx context.Context) (err error) {
	if r.target.Originals, err = r.target.Reload(ctx); err != nil {
		return err
	}
	for _, n := range r.nodes {
		if n.state == failed {
			n.state, n.failures, n.lost, n.failure = absent, 0, 0, nil
		}
	}
	r.failures, r.accepted = nil, false
	if err := r.replan(ctx); err != nil {
		return err
	}
	return r.cancelUnneeded(ctx)
}

// cancelUnneeded cancels each job that has no action in the plan any more. Quick jobs are left to
// finish.
func (r *reconciler) cancelUnneeded(ctx context.Context) error {
	for id, j := range r.inflight {
		planned := slices.ContainsFunc(j.nodes, func(n *node) bool { return r.nodes[n.action.Key] == n })
		if planned || j.job.Quick() {
			continue
		}
		if err := r.Queue.Cancel(ctx, id); err != nil {
			r.Log.Warn("cannot cancel a job that is no longer needed", "slot", j.job.Actions[0].Slot, "err", err)
		}
		r.dropJob(j)
	}
	return ctx.Err()
}

// retryOrFail updates an action whose job ended without making its artifact. The action may start
// again, except after MaxAttempts failures or if its job was lost too often: then it has failed for
// good. failure is nil if the job was lost.
func (r *reconciler) retryOrFail(n *node, failure *action.Failure) {
	n.state = absent
	if failure != nil {
		n.failures++
	} else {
		n.lost++
	}
	if n.lost > maxLostAttempts && failure == nil {
		failure = &action.Failure{Slot: n.action.Slot, Message: "its worker died again and again"}
	}
	n.failure = cmp.Or(failure, n.failure)
	if n.failures < MaxAttempts && n.lost <= maxLostAttempts {
		if n.missingInputs == 0 { // else it starts when its lost input is back
			r.insertReady(n)
		}
		return
	}
	n.state = failed
	if !slices.Contains(r.failures, n.failure) { // several actions of one job share a failure
		r.failures = append(r.failures, n.failure)
	}
}

// recheckInputs looks, after a failure, whether the inputs of the job are still in the store. It
// stores missing inline inputs again, and marks other missing inputs as absent, so that they are
// made again.
func (r *reconciler) recheckInputs(ctx context.Context, j *inflightJob) error {
	if err := r.storeInlineInputs(ctx, r.graph); err != nil {
		return err
	}
	lost := false
	for _, n := range j.nodes {
		for _, key := range n.action.Inputs {
			input := r.nodes[key]
			if input == nil || input.state != present {
				continue
			}
			has, err := r.Store.Has(ctx, key)
			if err != nil {
				return err
			}
			if !has {
				input.state, lost = absent, true
			}
		}
	}
	if lost {
		r.link()
	}
	return nil
}

// canRaiseSalt reports whether a rendition may get new keys. It returns false if rendition is "",
// or if this build has raised its salt MaxAttempts times already.
func (r *reconciler) canRaiseSalt(rendition string) bool {
	return rendition != "" && r.target.RaiseSalt != nil && r.saltRaises[rendition] < MaxAttempts
}

// raiseSalt gives new keys to the rendition whose segments could not be joined, and plans again, so
// that all its segments are encoded again.
func (r *reconciler) raiseSalt(ctx context.Context, failure *action.Failure) error {
	r.saltRaises[failure.MismatchedRendition]++
	r.Log.Warn("segments cannot be joined; encoding the rendition again", "rendition", failure.MismatchedRendition)
	if err := r.target.RaiseSalt(ctx, failure.MismatchedRendition); err != nil {
		return errors.Join(failure, err)
	}
	return r.replan(ctx)
}

// cancelAll cancels the jobs in flight. It stops at the first error of the queue, which it only
// logs.
func (r *reconciler) cancelAll(ctx context.Context) {
	for id := range r.inflight {
		if err := r.Queue.Cancel(ctx, id); err != nil {
			r.Log.Debug("cancel", "job", id, "err", err)
			return
		}
	}
}

// recordStates saves, with the Recorder, the states of actions that have changed since the last
// call. It does nothing before the facts are accepted.
func (r *reconciler) recordStates(ctx context.Context) error {
	if r.Recorder == nil || r.runID == 0 {
		return nil
	}
	var slots []catalog.SlotResult
	for _, a := range r.graph.Actions {
		n := r.nodes[a.Key]
		if s := n.stateName(); s != n.recordedState {
			n.recordedState = s
			slots = append(slots, catalog.SlotResult{
				Slot: a.Slot, Kind: a.Kind, Key: a.Key, Preimage: r.graph.Preimages[a.Key],
				State: s, Attempts: n.attempt, Took: n.took, Failure: n.failure,
			})
		}
	}
	if len(slots) == 0 {
		return nil
	}
	if err := r.Recorder.RecordSlots(ctx, r.runID, slots); err != nil {
		return fmt.Errorf("record the states of actions: %w", err)
	}
	return nil
}

// stateName returns the action's state in the form that the catalog saves. Absent and dispatched
// actions are both catalog.SlotWaiting.
func (n *node) stateName() catalog.SlotState {
	switch {
	case n.state == present && n.ran:
		return catalog.SlotRan
	case n.state == present:
		return catalog.SlotReused
	case n.state == failed:
		return catalog.SlotFailed
	}
	return catalog.SlotWaiting
}

// counts returns by kind how many actions ran and how many were reused. Absent actions that were
// not needed count as neither.
func (r *reconciler) counts() map[string]Count {
	counts := make(map[string]Count)
	for _, n := range r.nodes {
		c := counts[n.action.Kind]
		switch {
		case n.ran:
			c.Ran++
		case n.state == present:
			c.Reused++
		}
		counts[n.action.Kind] = c
	}
	return counts
}
