package conductor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/queue"
)

// A talk has nine actions of ten minutes each, and two workers with two slots. It is built despite
// lost messages, jobs, workers and Redis data, and no action runs again without need.
func TestReconcile_SurvivesFaults(t *testing.T) {
	const undisturbed = 4 * actionDuration // probe, encode, assemble, bundle
	for name, trial := range map[string]struct {
		happens func(w *cluster, q Queue) Queue // returns the queue that the conductor uses
		begun   map[string]int                  // starts of each slot, where not once
		late    time.Duration                   // how much longer the build may take
		dies    bool                            // the first worker, with its jobs, before others start
	}{
		"nothing": {},
		"all messages are lost": {
			happens: func(w *cluster, q Queue) Queue { return filterEvents(w, q, nil) },
			late:    time.Minute,
		},
		"half of the messages are lost": {
			happens: func(w *cluster, q Queue) Queue {
				n := 0
				return filterEvents(w, q, func(e action.Event) []action.Event { n++; return []action.Event{e}[n%2:] })
			},
			late: time.Minute,
		},
		"every message comes three times, and an old one with it": {
			happens: func(w *cluster, q Queue) Queue {
				var old action.Event
				return filterEvents(w, q, func(e action.Event) []action.Event {
					all := []action.Event{e, e, old, e}
					old = e
					return all
				})
			},
		},
		"every job is carried twice": {
			happens: func(w *cluster, q Queue) Queue { return duplicatingQueue{q} },
			begun:   countEach(nineActions, 2, nil),
			late:    4 * actionDuration, // four slots have twice as much to do
		},
		"a worker dies in the middle of its jobs": {
			dies:  true,
			begun: map[string]int{"audio": 2, "encode/hi/0": 2, "encode/lo/0": 2},
			late:  actionDuration,
		},
		"Redis is flushed at work": {
			happens: func(w *cluster, q Queue) Queue {
				for _, after := range []time.Duration{2, 15, 16, 29, 38} {
					time.AfterFunc(after*time.Minute, w.redis.FlushAll)
				}
				return q
			},
			late: time.Minute,
		},
		"Redis is away for minutes, again and again": {
			happens: func(w *cluster, q Queue) Queue {
				for _, after := range []time.Duration{3, 9, 15, 28} {
					time.AfterFunc(after*time.Minute, func() { w.redis.SetError("LOADING not now") })
					time.AfterFunc((after+4)*time.Minute, func() { w.redis.SetError("") })
				}
				return q
			},
			late: 16 * time.Minute,
		},
		"the queue takes no jobs for a while": {
			happens: func(w *cluster, q Queue) Queue {
				return refusingQueue{q, time.Now().Add(2 * actionDuration)}
			},
			late: 2*actionDuration + time.Minute,
		},
		"an action fails twice": {
			happens: func(w *cluster, q Queue) Queue {
				w.script = failFirst("audio", 2)
				return q
			},
			begun: map[string]int{"audio": 3},
			late:  2*actionDuration + time.Minute,
		},
		"one of two that share a decode fails": {
			happens: func(w *cluster, q Queue) Queue {
				w.script = failFirst("encode/lo/1", 2)
				return q
			},
			begun: map[string]int{"encode/lo/1": 3},
			late:  2*actionDuration + time.Minute,
		},
		"an artifact vanishes before it is read": {
			happens: func(w *cluster, q Queue) Queue {
				w.forgetAfter("encode/hi/0", 25*time.Minute)
				return q
			},
			begun: map[string]int{"encode/hi/0": 2, "assemble/hi": 2},
			late:  2*actionDuration + time.Minute,
		},
		"two artifacts vanish that one action reads": {
			happens: func(w *cluster, q Queue) Queue {
				w.forgetAfter("encode/lo/0", 25*time.Minute)
				w.forgetAfter("audio", 25*time.Minute) // which assemble/hi is reading, too
				return q
			},
			begun: map[string]int{"encode/lo/0": 2, "audio": 2, "assemble/hi": 2, "assemble/lo": 2},
			late:  2*actionDuration + time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCluster(t)
				g := parseGraph(t, nil, nineActions...)
				q := Queue(w.queue(&redisLink{redis: w.redis}))
				if trial.happens != nil {
					q = trial.happens(w, q)
				}
				if trial.dies {
					kill := w.startWorker(2)
					time.AfterFunc(actionDuration*3/2, func() { kill(); w.startWorker(2); w.startWorker(2) })
				} else {
					w.startWorker(2)
					w.startWorker(2)
				}
				began := time.Now()
				made, err := w.conductor(q).Reconcile(t.Context(), Target{Plan: fixedPlan(g)})
				if err != nil {
					t.Fatal(err)
				}
				if made.Bundle.Key != g.BundleKey {
					t.Errorf("the bundle is %q", made.Bundle.Key)
				}
				w.expectAllPresent(g)
				expectCounts(t, "begun", w.started, countEach(nineActions, 1, trial.begun))
				if took := time.Since(began); took > undisturbed+trial.late+3*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// An action that fails three times is reported; everything that does not read it is made.
func TestReconcile_PermanentFailures(t *testing.T) {
	for name, trial := range map[string]struct {
		script func(slot string, n int) error
		begun  map[string]int
		failed []string
	}{
		"one action": {
			script: failFirst("audio", 99),
			begun:  map[string]int{"audio": 3, "assemble/hi": 0, "assemble/lo": 0, "bundle": 0},
			failed: []string{"audio"},
		},
		"one of two that share a decode": {
			script: failFirst("encode/lo/1", 99),
			begun:  map[string]int{"encode/lo/1": 3, "assemble/lo": 0, "bundle": 0},
			failed: []string{"encode/lo/1"},
		},
		"several": {
			script: func(slot string, _ int) error {
				if slot == "encode/hi/0" || slot == "assemble/lo" {
					return ffmpegFailure(slot)
				}
				return nil
			},
			// encode/lo/0 is in the same job, which ends at the first failure; then it goes alone.
			begun:  map[string]int{"encode/hi/0": 3, "encode/lo/0": 2, "assemble/hi": 0, "assemble/lo": 3, "bundle": 0},
			failed: []string{"encode/hi/0", "assemble/lo"},
		},
		"a join of unlike segments, without a salt to raise": {
			script: func(slot string, _ int) error {
				if slot != "assemble/hi" {
					return nil
				}
				return &action.Failure{Slot: slot, Message: "segments differ", MismatchedRendition: "hi"}
			},
			begun:  map[string]int{"assemble/hi": 3, "bundle": 0},
			failed: []string{"assemble/hi"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCluster(t)
				w.script = trial.script
				w.startWorker(4)
				_, err := w.conductor(w.queue(&redisLink{redis: w.redis})).Reconcile(t.Context(), Target{Plan: fixedPlan(parseGraph(t, nil, nineActions...))})
				var attention *ActionsFailedError
				if !errors.As(err, &attention) {
					t.Fatalf("got %v", err)
				}
				var slots []string
				for _, f := range attention.Failures {
					slots = append(slots, f.Slot)
				}
				if fmt.Sprint(slots) != fmt.Sprint(trial.failed) {
					t.Errorf("failed: %v, want %v", slots, trial.failed)
				}
				expectCounts(t, "begun", w.started, countEach(nineActions, 1, trial.begun))
			})
		})
	}
}

// A job that kills its worker, or is reported done without its artifact, is not sent for ever.
func TestReconcile_GivesUpOnLostJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t)
		q := w.queue(&redisLink{redis: w.redis})
		handled := 0
		startQueueWorker(t, q, func(context.Context, action.Job, func(action.Event)) error { handled++; return nil })
		_, err := w.conductor(q).Reconcile(t.Context(), Target{Plan: fixedPlan(parseGraph(t, nil, "liar"))})
		var attention *ActionsFailedError
		if !errors.As(err, &attention) || !strings.Contains(err.Error(), "again and again") {
			t.Errorf("got %v", err)
		}
		if handled != maxLostAttempts+1 {
			t.Errorf("tried %d times", handled)
		}
	})
}

func TestReconcile_InputErrorStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t)
		w.script = func(slot string, _ int) error {
			if slot == "audio" {
				return inputFailure(slot)
			}
			return nil
		}
		w.startWorker(1) // does audio first
		q := w.queue(&redisLink{redis: w.redis})
		began := time.Now()
		_, err := w.conductor(q).Reconcile(t.Context(), Target{Plan: fixedPlan(parseGraph(t, nil, nineActions...))})
		if f := inputerr.As(err); f == nil || f.File != "talk.mp4" {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(began); took > 2*actionDuration+time.Minute {
			t.Errorf("it took %s", took)
		}
		time.Sleep(2 * actionDuration) // the queued jobs were cancelled
		expectFinished(t, w, map[string]int{"probe": 1})
	})
}

func TestReconcile_CancelsJobsOnInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t)
		w.startWorker(2)
		q := w.queue(&redisLink{redis: w.redis})
		interrupted := errors.New("interrupted")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 15*time.Minute, interrupted)
		defer cancel()
		g := parseGraph(t, nil, nineActions...)
		_, err := w.conductor(q).Reconcile(ctx, Target{Plan: fixedPlan(g)})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * actionDuration)
		expectFinished(t, w, map[string]int{"probe": 1})

		// The next build goes on where this one stopped.
		made, err := w.conductor(q).Reconcile(t.Context(), Target{Plan: fixedPlan(g)})
		if err != nil {
			t.Fatal(err)
		}
		expectFinished(t, w, countEach(nineActions, 1, nil))
		if c := made.Counts["probe"]; c != (Count{Reused: 1}) {
			t.Errorf("probe: %+v", c)
		}
	})
}

// Only segments that cannot be joined are encoded again, under new keys.
func TestReconcile_UnlikeSegmentsAreReencoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t)
		w.script = func(slot string, n int) error {
			if slot == "assemble/hi" && n < MaxAttempts {
				return &action.Failure{Slot: slot, Message: "segments differ", MismatchedRendition: "hi"}
			}
			return nil
		}
		w.startWorker(4)
		salts := make(map[string]int)
		made, err := w.conductor(w.queue(&redisLink{redis: w.redis})).Reconcile(t.Context(), Target{
			Plan: func(map[action.Key]action.Artifact) (plan.Graph, error) {
				return parseGraph(t, salts, nineActions...), nil
			},
			RaiseSalt: func(_ context.Context, rendition string) error {
				salts["encode/"+rendition]++
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(salts, map[string]int{"encode/hi": 2}) {
			t.Errorf("salts: %v", salts)
		}
		expectCounts(t, "begun", w.started, countEach(nineActions, 1, map[string]int{"encode/hi/0": 3, "encode/hi/1": 3, "assemble/hi": 3}))
		if made.Bundle.Key != made.Graph.BundleKey || made.Graph.BundleKey == parseGraph(t, nil, nineActions...).BundleKey {
			t.Error("the bundle is not built from the new segments")
		}
	})
}

// Salts are raised a limited number of times.
func TestReconcile_UnlikeSegmentsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t)
		w.script = func(slot string, n int) error {
			if slot == "assemble/hi" {
				return &action.Failure{Slot: slot, Message: "segments differ", MismatchedRendition: "hi"}
			}
			return nil
		}
		w.startWorker(4)
		salts := make(map[string]int)
		_, err := w.conductor(w.queue(&redisLink{redis: w.redis})).Reconcile(t.Context(), Target{
			Plan: func(map[action.Key]action.Artifact) (plan.Graph, error) {
				return parseGraph(t, salts, nineActions...), nil
			},
			RaiseSalt: func(_ context.Context, rendition string) error {
				salts["encode/"+rendition]++
				return nil
			},
		})
		var attention *ActionsFailedError
		if !errors.As(err, &attention) || len(attention.Failures) != 1 {
			t.Errorf("got %v", err)
		}
		if salts["encode/hi"] != MaxAttempts {
			t.Errorf("salts: %v", salts)
		}
	})
}

// expectFinished checks how often workers finished each slot.
func expectFinished(t *testing.T, w *cluster, want map[string]int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	expectCounts(t, "ended", w.finished, want)
}

// expectAllPresent checks that the store has every artifact of the graph.
func (w *cluster) expectAllPresent(g plan.Graph) {
	w.t.Helper()
	for _, a := range g.Actions {
		if has, err := w.store.Has(w.t.Context(), a.Key); !has || err != nil {
			w.t.Errorf("%s is not there", a.Slot)
		}
	}
}

// forgetAfter removes a slot's artifact from the store after a while.
func (w *cluster) forgetAfter(slot string, after time.Duration) {
	key := keyOf(w.t, parseGraph(w.t, nil, nineActions...), slot)
	time.AfterFunc(after, func() {
		if err := w.store.Forget(context.Background(), key); err != nil {
			w.t.Error(err)
		}
	})
}

// failFirst returns a script in which one slot fails the first n times.
func failFirst(slot string, n int) func(string, int) error {
	return func(s string, time int) error {
		if s == slot && time <= n {
			return ffmpegFailure(s)
		}
		return nil
	}
}

// startQueueWorker starts a worker that handles jobs with the given function.
func startQueueWorker(t *testing.T, q *queue.Queue, handle queue.Handler) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Serve(ctx, queue.ServeOptions{Worker: "worker", Slots: 1}, handle) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// filteredQueue is a queue whose events the test changes on their way.
type filteredQueue struct {
	Queue
	events chan action.Event
}

func (h filteredQueue) Events() <-chan action.Event { return h.events }

// filterEvents replaces each event of a queue by those that change returns; with a nil change none
// arrives.
func filterEvents(w *cluster, q Queue, change func(action.Event) []action.Event) Queue {
	h := filteredQueue{q, make(chan action.Event)}
	if change == nil {
		return h
	}
	go func() {
		for e := range q.Events() {
			for _, e := range change(e) {
				select {
				case h.events <- e:
				case <-w.t.Context().Done():
				}
			}
		}
	}()
	return h
}

// duplicatingQueue is a queue that delivers every job twice.
type duplicatingQueue struct{ Queue }

func (q duplicatingQueue) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	if err := q.Queue.Dispatch(ctx, job, timeout); err != nil {
		return err
	}
	job.ID += "-again"
	return q.Queue.Dispatch(ctx, job, timeout)
}

// refusingQueue is a queue that refuses jobs until a time.
type refusingQueue struct {
	Queue
	until time.Time
}

func (q refusingQueue) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	if time.Now().Before(q.until) {
		return errors.New("OOM command not allowed when used memory > 'maxmemory'")
	}
	return q.Queue.Dispatch(ctx, job, timeout)
}
