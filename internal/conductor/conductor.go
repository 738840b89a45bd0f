// Package conductor builds talks: it compares the actions that a plan names with the artifacts
// in the store, queues those that are missing and still needed, and compares again whenever a
// worker reports something and every few seconds.
//
// Only the conductor retries, and only it writes action states. Nothing of value lives in the
// queue: the next comparison finds what was lost there.
package conductor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/planner"
	"github.com/lectern-av/lectern/internal/queue"
)

// Store holds artifacts by their keys.
type Store interface {
	Has(ctx context.Context, key action.Key) (bool, error)
	Get(ctx context.Context, key action.Key) (action.Artifact, error)
	Put(ctx context.Context, a action.Artifact, dir string) (action.Artifact, error)
	Forget(ctx context.Context, key action.Key) error
	Scratch(name string) (dir string, release func() error, err error)
}

// Queue carries jobs to workers, and the workers' events back.
type Queue interface {
	Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error
	State(ctx context.Context, jobID string) (queue.State, error)
	Cancel(ctx context.Context, jobID string) error
	Events() <-chan action.Event
}

// Recorder saves the states of actions.
type Recorder interface {
	RecordSlots(ctx context.Context, run int64, slots []catalog.SlotResult) error
}

// Conductor builds targets, one at a time. A BuildLoop builds several side by side.
type Conductor struct {
	Store        Store
	Queue        Queue
	Recorder     Recorder // nil: nothing is recorded
	Log          *slog.Logger
	MaxInFlight  int           // jobs in the queue at once, quick ones apart; 0 means that it follows the workers' slots
	WorkerSlots  int           // jobs that all workers do at once, as long as the queue has not told; 0 means 1
	PollInterval time.Duration // between comparisons without an event; 0 means two seconds

	onJobEnd func(jobID string) // called for each job that the reconciler no longer waits for; may be nil
}

// MaxAttempts is how often an action may fail before it needs a person.
const MaxAttempts = 3

// maxLostAttempts is how often a job may vanish with its worker before that counts as a failure:
// a job that kills its workers must not be sent for ever.
const maxLostAttempts = 30

// jobTimeout ends a job that hangs. Jobs are short, but a VP9 chunk on a slow, busy machine may
// take hours.
const jobTimeout = 6 * time.Hour

// Target is a bundle to build.
type Target struct {
	Plan      func(planner.Observations) (plan.Graph, error)
	RaiseSalt func(ctx context.Context, rendition string) error // gives a rendition new keys; may be nil
	Originals map[action.Key]action.Original
	OnStatus  func(Status) // called from Reconcile's goroutine, often; may be nil
	Timings   Timings      // of earlier runs, for estimates; may be nil

	// Accept is called once for each version of the facts, as soon as a plan with an edition
	// shows that they are valid. It returns the run to record states in. Then the target is
	// planned again. May be nil.
	Accept func(ctx context.Context, g plan.Graph) (runID int64, err error)

	// Changed signals that the facts have changed. Reload then reads them and returns where the
	// originals are. The target is planned again; jobs that are still needed go on. May be nil.
	Changed <-chan struct{}
	Reload  func(ctx context.Context) (map[action.Key]action.Original, error)
}

// Result is what reconciling a target achieved.
type Result struct {
	Graph  plan.Graph
	Bundle action.Artifact  // of Graph.BundleKey
	Counts map[string]Count // by kind of action
}

// Count says how many actions of a kind ran, and how many artifacts were reused.
type Count struct {
	Ran    int `json:"ran"`
	Reused int `json:"reused"`
}

// ActionsFailedError says that some actions of a target failed for good. Everything that does
// not depend on them was made.
type ActionsFailedError struct {
	Failures []*action.Failure
}

// Error returns one line for each failed action: its slot and what went wrong.
func (e *ActionsFailedError) Error() string {
	lines := make([]string, len(e.Failures))
	for i, f := range e.Failures {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Reconcile plans, queues and retries actions until the target's bundle is in the store. It returns
// an *inputerr.Error if the input is at fault, and an *ActionsFailedError if actions failed for
// good. Other errors are those of ctx, the store, or the target's functions. Before it returns an
// error, it cancels the jobs in flight.
func (c *Conductor) Reconcile(ctx context.Context, t Target) (Result, error) {
	r := newReconciler(c, t)
	err := r.replan(ctx)
	if err == nil {
		err = r.loop(ctx)
	}
	if recordErr := r.recordStates(context.WithoutCancel(ctx)); err == nil {
		err = recordErr
	}
	result := Result{Graph: r.graph, Counts: r.counts()}
	if err != nil {
		r.cancelAll(context.WithoutCancel(ctx))
		return result, err
	}
	if result.Bundle, err = c.Store.Get(ctx, r.graph.BundleKey); err != nil {
		return result, fmt.Errorf("find the bundle: %w", err)
	}
	return result, nil
}

// loop dispatches jobs and handles events until no job is in flight and none can be started. It
// returns nil if the bundle was built then.
func (r *reconciler) loop(ctx context.Context) error {
	interval := r.PollInterval
	if interval == 0 {
		interval = 2 * time.Second
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	r.slots = countSlots(ctx, r.Queue, max(1, r.WorkerSlots), r.Log)
	for {
		if err := r.dispatchReady(ctx); err != nil {
			return err
		}
		r.reportStatus(len(r.inflight) == 0)
		if len(r.inflight) == 0 {
			return r.outcome()
		}
		var err error
		select {
		case e := <-r.Queue.Events():
			err = r.handleEvent(ctx, e)
		case <-tick.C:
			err = r.poll(ctx)
		case <-r.target.Changed:
			err = r.reload(ctx)
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// outcome returns nil if the bundle was built, else an error with the reason. It must be called
// when no job is in flight and no action is ready.
func (r *reconciler) outcome() error {
	if len(r.failures) > 0 {
		return &ActionsFailedError{Failures: r.failures}
	}
	if !r.graph.Complete {
		return errors.New("the plan waits for observations that no action makes")
	}
	if key := r.graph.BundleKey; key != "" && r.nodes[key].state != present {
		return fmt.Errorf("the bundle cannot be built: %s waits for inputs that no action makes", r.nodes[key].action.Slot)
	}
	return nil
}
