// Package conductor brings a talk from what is wanted to what is there. It compares the
// actions that a plan names with the artifacts in the store, queues what is missing and
// still needed, and looks again at every word from a worker and every few seconds.
//
// It is the only one that retries, and the only writer of action states. Nothing of value
// lives in the queue: whatever is lost there is found missing at the next look.
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
	"github.com/lectern-av/lectern/internal/queue"
)

// Store is where artifacts are.
type Store interface {
	Has(ctx context.Context, key action.Key) (bool, error)
	Get(ctx context.Context, key action.Key) (action.Artifact, error)
	Put(ctx context.Context, a action.Artifact, dir string) (action.Artifact, error)
	Forget(ctx context.Context, key action.Key) error
	Scratch(name string) (dir string, release func() error, err error)
}

// Queue carries jobs to workers and their words back.
type Queue interface {
	Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error
	State(ctx context.Context, jobID string) (queue.State, error)
	Cancel(ctx context.Context, jobID string) error
	Events() <-chan action.Event
}

// Recorder keeps the states of actions.
type Recorder interface {
	RecordSlots(ctx context.Context, run int64, slots []catalog.SlotResult) error
}

// Conductor makes targets, one at a time; a Backlog has several of them.
type Conductor struct {
	Store        Store
	Queue        Queue
	Recorder     Recorder // nil: nothing is recorded
	Log          *slog.Logger
	MaxInFlight  int           // how many jobs are out at once; about twice the slots of all workers
	WorkerSlots  int           // how many jobs all workers do at once, for what is said of the time left; 0 is 1
	PollInterval time.Duration // how often it looks without being told; 0: every two seconds

	onJobEnd func(jobID string) // told of each job that nobody waits for any more; may be nil
}

// MaxAttempts is how often an action may fail before it needs a person.
const MaxAttempts = 3

// maxLostAttempts is how often a job may vanish with its worker before the conductor calls
// that a failure, too: a job that kills its worker must not go round for ever.
const maxLostAttempts = 30

// jobTimeout ends a job that hangs. Jobs are short, but one VP9 chunk on a slow, busy
// machine is not.
const jobTimeout = 6 * time.Hour

// Target is a bundle that somebody wants.
type Target struct {
	Plan      func(observed map[action.Key]action.Artifact) (plan.Graph, error)
	Accept    func(ctx context.Context, g plan.Graph) (run int64, err error) // called once for the facts as they are, when they are seen to hold; then it is planned anew. May be nil
	RaiseSalt func(ctx context.Context, rendition string) error
	Originals map[action.Key]action.Original
	OnStatus  func(Status)                           // called from Make's goroutine, often; may be nil
	Paces     map[catalog.TimingGroup]catalog.Timing // what earlier runs measured, for the time left; may be nil

	// Changed says that the facts are not what they were. Then Reload takes them up, and tells
	// where the originals are; it is planned anew, and what is still wanted goes on. May be nil.
	Changed <-chan struct{}
	Reload  func(ctx context.Context) (map[action.Key]action.Original, error)
}

// Result is what came of a target.
type Result struct {
	Graph  plan.Graph
	Bundle action.Artifact // of Graph.Final
	Counts map[string]Count
}

// Count says how many actions of a kind ran, and how many were there already.
type Count struct {
	Ran    int `json:"ran"`
	Reused int `json:"reused"`
}

// ActionsFailedError is the error of a target some of whose actions failed for good; all
// that did not depend on them was made.
type ActionsFailedError struct {
	Failures []*action.Failure
}

// Error names the actions and why they failed.
func (n *ActionsFailedError) Error() string {
	lines := make([]string, len(n.Failures))
	for i, f := range n.Failures {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Reconcile makes a target. The error is a *fault.Fault where the input is to blame, a
// *NeedsAttention where actions failed for good, or ctx's.
func (c *Conductor) Reconcile(ctx context.Context, t Target) (Result, error) {
	m := newReconciler(c, t)
	err := m.replan(ctx)
	if err == nil {
		err = m.loop(ctx)
	}
	if saved := m.recordStates(context.WithoutCancel(ctx)); err == nil {
		err = saved
	}
	if err != nil {
		m.cancelAll(context.WithoutCancel(ctx))
		return Result{Graph: m.graph, Counts: m.counts()}, err
	}
	made := Result{Graph: m.graph, Counts: m.counts()}
	if made.Bundle, err = c.Store.Get(ctx, m.graph.BundleKey); err != nil {
		return made, fmt.Errorf("find the bundle: %w", err)
	}
	return made, nil
}

// loop dispatches and listens until there is nothing left to wait for.
func (m *reconciler) loop(ctx context.Context) error {
	every := m.PollInterval
	if every == 0 {
		every = 2 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := m.dispatchReady(ctx); err != nil {
			return err
		}
		m.reportStatus(len(m.inflight) == 0)
		if len(m.inflight) == 0 {
			return m.outcome()
		}
		var err error
		select {
		case e := <-m.Queue.Events():
			err = m.handleEvent(ctx, e)
		case <-tick.C:
			err = m.poll(ctx)
		case <-m.target.Changed:
			err = m.reload(ctx)
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// outcome is nil if all was made.
func (m *reconciler) outcome() error {
	if len(m.failures) > 0 {
		return &ActionsFailedError{m.failures}
	}
	if !m.graph.Complete {
		return errors.New("the plan waits for observations that no action makes")
	}
	if m.graph.BundleKey != "" && m.nodes[m.graph.BundleKey].state != present {
		return fmt.Errorf("the bundle cannot be made: %s waits for what nobody makes", m.nodes[m.graph.BundleKey].action.Slot)
	}
	return nil
}
