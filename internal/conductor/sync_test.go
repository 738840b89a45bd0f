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

// A talk of nine actions, ten minutes each, on two workers of two slots. Whatever happens
// to messages, jobs, workers and Redis, it is made, and nothing is done twice that need
// not be.
func TestWhateverHappens(t *testing.T) {
	const undisturbed = 4 * takes // probe, encode, assemble, bundle
	for name, trial := range map[string]struct {
		happens func(w *world, q Queue) Queue // returns the queue as the conductor sees it
		begun   map[string]int                // where it is not once
		late    time.Duration                 // how much longer it may take
		dies    bool                          // a worker, with what it has, before there are others
	}{
		"nothing": {},
		"all messages are lost": {
			happens: func(w *world, q Queue) Queue { return heard(w, q, nil) },
			late:    time.Minute,
		},
		"half of the messages are lost": {
			happens: func(w *world, q Queue) Queue {
				n := 0
				return heard(w, q, func(e action.Event) []action.Event { n++; return []action.Event{e}[n%2:] })
			},
			late: time.Minute,
		},
		"every message comes three times, and an old one with it": {
			happens: func(w *world, q Queue) Queue {
				var old action.Event
				return heard(w, q, func(e action.Event) []action.Event {
					all := []action.Event{e, e, old, e}
					old = e
					return all
				})
			},
		},
		"every job is carried twice": {
			happens: func(w *world, q Queue) Queue { return twice{q} },
			begun:   each(ten, 2, nil),
			late:    4 * takes, // four slots have twice as much to do
		},
		"a worker dies in the middle of its jobs": {
			dies:  true,
			begun: map[string]int{"audio": 2, "encode/hi/0": 2, "encode/lo/0": 2},
			late:  takes,
		},
		"Redis is flushed at work": {
			happens: func(w *world, q Queue) Queue {
				for _, after := range []time.Duration{2, 15, 16, 29, 38} {
					time.AfterFunc(after*time.Minute, w.redis.FlushAll)
				}
				return q
			},
			late: time.Minute,
		},
		"Redis is away for minutes, again and again": {
			happens: func(w *world, q Queue) Queue {
				for _, after := range []time.Duration{3, 9, 15, 28} {
					time.AfterFunc(after*time.Minute, func() { w.redis.SetError("LOADING not now") })
					time.AfterFunc((after+4)*time.Minute, func() { w.redis.SetError("") })
				}
				return q
			},
			late: 16 * time.Minute,
		},
		"the queue takes no jobs for a while": {
			happens: func(w *world, q Queue) Queue {
				return refusing{q, time.Now().Add(2 * takes)}
			},
			late: 2*takes + time.Minute,
		},
		"an action fails twice": {
			happens: func(w *world, q Queue) Queue {
				w.script = fails("audio", 2)
				return q
			},
			begun: map[string]int{"audio": 3},
			late:  2*takes + time.Minute,
		},
		"one of two that share a decode fails": {
			happens: func(w *world, q Queue) Queue {
				w.script = fails("encode/lo/1", 2)
				return q
			},
			begun: map[string]int{"encode/lo/1": 3},
			late:  2*takes + time.Minute,
		},
		"an artifact vanishes before it is read": {
			happens: func(w *world, q Queue) Queue {
				w.vanish("encode/hi/0", 25*time.Minute)
				return q
			},
			begun: map[string]int{"encode/hi/0": 2, "assemble/hi": 2},
			late:  2*takes + time.Minute,
		},
		"two artifacts vanish that one action reads": {
			happens: func(w *world, q Queue) Queue {
				w.vanish("encode/lo/0", 25*time.Minute)
				w.vanish("audio", 25*time.Minute) // which assemble/hi is reading, too
				return q
			},
			begun: map[string]int{"encode/lo/0": 2, "audio": 2, "assemble/hi": 2, "assemble/lo": 2},
			late:  2*takes + time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				g := graph(t, nil, ten...)
				q := Queue(w.queue(&wire{redis: w.redis}))
				if trial.happens != nil {
					q = trial.happens(w, q)
				}
				if trial.dies {
					kill := w.worker(2)
					time.AfterFunc(takes*3/2, func() { kill(); w.worker(2); w.worker(2) })
				} else {
					w.worker(2)
					w.worker(2)
				}
				began := time.Now()
				made, err := w.conductor(q).Make(t.Context(), Target{Plan: fixed(g)})
				if err != nil {
					t.Fatal(err)
				}
				if made.Bundle.Key != g.Final {
					t.Errorf("the bundle is %q", made.Bundle.Key)
				}
				w.expectAll(g)
				expectCounts(t, "begun", w.begun, each(ten, 1, trial.begun))
				if took := time.Since(began); took > undisturbed+trial.late+3*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// What fails three times is told of; all that does not read it is made.
func TestWhatFailsForGood(t *testing.T) {
	for name, trial := range map[string]struct {
		script func(slot string, n int) error
		begun  map[string]int
		failed []string
	}{
		"one action": {
			script: fails("audio", 99),
			begun:  map[string]int{"audio": 3, "assemble/hi": 0, "assemble/lo": 0, "bundle": 0},
			failed: []string{"audio"},
		},
		"one of two that share a decode": {
			script: fails("encode/lo/1", 99),
			begun:  map[string]int{"encode/lo/1": 3, "assemble/lo": 0, "bundle": 0},
			failed: []string{"encode/lo/1"},
		},
		"several": {
			script: func(slot string, _ int) error {
				if slot == "encode/hi/0" || slot == "assemble/lo" {
					return breaks(slot)
				}
				return nil
			},
			// encode/lo/0 is in the same job, which ends at the first failure; then it goes alone.
			begun:  map[string]int{"encode/hi/0": 3, "encode/lo/0": 2, "assemble/hi": 0, "assemble/lo": 3, "bundle": 0},
			failed: []string{"encode/hi/0", "assemble/lo"},
		},
		"a segment, and again whatever it is made of": {
			script: func(slot string, _ int) error {
				if slot != "assemble/hi" {
					return nil
				}
				return &action.Failure{Slot: slot, Message: "segments differ", Unlike: "hi"}
			},
			begun:  map[string]int{"assemble/hi": 3, "bundle": 0},
			failed: []string{"assemble/hi"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.script = trial.script
				w.worker(4)
				_, err := w.conductor(w.queue(&wire{redis: w.redis})).Make(t.Context(), Target{Plan: fixed(graph(t, nil, ten...))})
				var attention *NeedsAttention
				if !errors.As(err, &attention) {
					t.Fatalf("got %v", err)
				}
				var slots []string
				for _, f := range attention.Failures {
					slots = append(slots, f.Slot)
				}
				if fmt.Sprint(slots) != fmt.Sprint(trial.failed) {
					t.Errorf("%v need attention, want %v", slots, trial.failed)
				}
				expectCounts(t, "begun", w.begun, each(ten, 1, trial.begun))
			})
		})
	}
}

// A job that kills its worker, or is said to be done and never is, does not go round for
// ever.
func TestWhatNeverEndsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		q := w.queue(&wire{redis: w.redis})
		handled := 0
		serving(t, q, func(context.Context, action.Job, func(action.Event)) error { handled++; return nil })
		_, err := w.conductor(q).Make(t.Context(), Target{Plan: fixed(graph(t, nil, "liar"))})
		var attention *NeedsAttention
		if !errors.As(err, &attention) || !strings.Contains(err.Error(), "again and again") {
			t.Errorf("got %v", err)
		}
		if handled != lostAttempts+1 {
			t.Errorf("it was tried %d times", handled)
		}
	})
}

func TestFaultEndsItAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.script = func(slot string, _ int) error {
			if slot == "audio" {
				return blames(slot)
			}
			return nil
		}
		w.worker(1) // audio comes first, the rest waits
		q := w.queue(&wire{redis: w.redis})
		began := time.Now()
		_, err := w.conductor(q).Make(t.Context(), Target{Plan: fixed(graph(t, nil, ten...))})
		if f := inputerr.Of(err); f == nil || f.File != "talk.mp4" {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(began); took > 2*takes+time.Minute {
			t.Errorf("it took %s", took)
		}
		time.Sleep(2 * takes) // what was queued has been called back
		expectEnded(t, w, map[string]int{"probe": 1})
	})
}

func TestInterruptedWorkIsCalledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.worker(2)
		q := w.queue(&wire{redis: w.redis})
		interrupted := errors.New("interrupted")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 15*time.Minute, interrupted)
		defer cancel()
		g := graph(t, nil, ten...)
		_, err := w.conductor(q).Make(ctx, Target{Plan: fixed(g)})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * takes)
		expectEnded(t, w, map[string]int{"probe": 1})

		// The next goes on where it stopped.
		made, err := w.conductor(q).Make(t.Context(), Target{Plan: fixed(g)})
		if err != nil {
			t.Fatal(err)
		}
		expectEnded(t, w, each(ten, 1, nil))
		if c := made.Counts["probe"]; c != (Count{Reused: 1}) {
			t.Errorf("probe: %+v", c)
		}
	})
}

// Segments that cannot be joined are encoded anew under other keys, and only those.
func TestUnlikeSegmentsAreMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.script = func(slot string, n int) error {
			if slot == "assemble/hi" && n < Attempts {
				return &action.Failure{Slot: slot, Message: "segments differ", Unlike: "hi"}
			}
			return nil
		}
		w.worker(4)
		salts := make(map[string]int)
		made, err := w.conductor(w.queue(&wire{redis: w.redis})).Make(t.Context(), Target{
			Plan: func(map[action.Key]action.Artifact) (plan.Graph, error) { return graph(t, salts, ten...), nil },
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
		expectCounts(t, "begun", w.begun, each(ten, 1, map[string]int{"encode/hi/0": 3, "encode/hi/1": 3, "assemble/hi": 3}))
		if made.Bundle.Key != made.Graph.Final || made.Graph.Final == graph(t, nil, ten...).Final {
			t.Error("the bundle is not that of the new segments")
		}
	})
}

// Salts are not raised for ever.
func TestUnlikeForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.script = func(slot string, n int) error {
			if slot == "assemble/hi" {
				return &action.Failure{Slot: slot, Message: "segments differ", Unlike: "hi"}
			}
			return nil
		}
		w.worker(4)
		salts := make(map[string]int)
		_, err := w.conductor(w.queue(&wire{redis: w.redis})).Make(t.Context(), Target{
			Plan: func(map[action.Key]action.Artifact) (plan.Graph, error) { return graph(t, salts, ten...), nil },
			RaiseSalt: func(_ context.Context, rendition string) error {
				salts["encode/"+rendition]++
				return nil
			},
		})
		var attention *NeedsAttention
		if !errors.As(err, &attention) || len(attention.Failures) != 1 {
			t.Errorf("got %v", err)
		}
		if salts["encode/hi"] != Attempts {
			t.Errorf("salts: %v", salts)
		}
	})
}

// expectEnded is about what was worked at to its end, by whoever.
func expectEnded(t *testing.T, w *world, want map[string]int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	expectCounts(t, "ended", w.ended, want)
}

// expectAll is that everything in the graph is in the store.
func (w *world) expectAll(g plan.Graph) {
	w.t.Helper()
	for _, a := range g.Actions {
		if has, err := w.store.Has(w.t.Context(), a.Key); !has || err != nil {
			w.t.Errorf("%s is not there", a.Slot)
		}
	}
}

// vanish has a slot's artifact vanish after a while.
func (w *world) vanish(slot string, after time.Duration) {
	key := keyOf(w.t, graph(w.t, nil, ten...), slot)
	time.AfterFunc(after, func() {
		if err := w.store.Forget(context.Background(), key); err != nil {
			w.t.Error(err)
		}
	})
}

// fails is a script by which one slot fails the first n times.
func fails(slot string, n int) func(string, int) error {
	return func(s string, time int) error {
		if s == slot && time <= n {
			return breaks(s)
		}
		return nil
	}
}

// serving is a worker that does what handle says.
func serving(t *testing.T, q *queue.Queue, handle queue.Handler) {
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

// hearing is a queue whose messages somebody changes on their way.
type hearing struct {
	Queue
	events chan action.Event
}

func (h hearing) Events() <-chan action.Event { return h.events }

// heard lets change say what comes of each message; without it, none comes.
func heard(w *world, q Queue, change func(action.Event) []action.Event) Queue {
	h := hearing{q, make(chan action.Event)}
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

// twice is a queue that carries every job twice.
type twice struct{ Queue }

func (q twice) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	if err := q.Queue.Dispatch(ctx, job, timeout); err != nil {
		return err
	}
	job.ID += "-again"
	return q.Queue.Dispatch(ctx, job, timeout)
}

// refusing is a queue that takes no jobs until then.
type refusing struct {
	Queue
	until time.Time
}

func (q refusing) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	if time.Now().Before(q.until) {
		return errors.New("OOM command not allowed when used memory > 'maxmemory'")
	}
	return q.Queue.Dispatch(ctx, job, timeout)
}
