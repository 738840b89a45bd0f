package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/queue"
)

// instantQueue is a queue whose jobs are done when they are dispatched.
type instantQueue struct {
	store  *memoryStore
	facts  map[string]string // of the artifacts, by slot
	jobs   []string          // the slots of each, joined by "+"
	sent   []action.Job
	events chan action.Event
}

func newInstantQueue(t *testing.T) *instantQueue {
	return &instantQueue{store: newMemoryStore(t), facts: make(map[string]string), events: make(chan action.Event, 1000)}
}

func (q *instantQueue) Dispatch(ctx context.Context, job action.Job, _ time.Duration) error {
	var slots []string
	for _, a := range job.Actions {
		slots = append(slots, a.Slot)
		made := action.Artifact{Key: a.Key, Kind: a.Kind}
		if f, ok := q.facts[a.Slot]; ok {
			made.Facts = json.RawMessage(f)
		}
		if _, err := q.store.Put(ctx, made, ""); err != nil {
			return err
		}
	}
	q.jobs, q.sent = append(q.jobs, strings.Join(slots, "+")), append(q.sent, job)
	q.events <- action.Event{Type: action.JobDone, Job: job.ID}
	return nil
}

func (q *instantQueue) State(context.Context, string) (queue.State, error) { return queue.Gone, nil }
func (q *instantQueue) Cancel(context.Context, string) error               { return nil }
func (q *instantQueue) Events() <-chan action.Event                        { return q.events }

func (q *instantQueue) conductor() *Conductor {
	return &Conductor{Store: q.store, Queue: q, MaxInFlight: 4}
}

// put stores the artifacts of these slots.
func (q *instantQueue) put(t *testing.T, g plan.Graph, slots ...string) {
	t.Helper()
	for _, slot := range slots {
		if _, err := q.store.Put(t.Context(), action.Artifact{Key: keyOf(t, g, slot)}, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReconcile_QueuesOnlyWhatTheTargetNeeds(t *testing.T) {
	everything := []string{"probe", "audio", "encode/hi/0+encode/lo/0", "encode/hi/1+encode/lo/1", "assemble/hi", "assemble/lo", "bundle"}
	for name, c := range map[string]struct {
		present []string
		jobs    []string
	}{
		"nothing is there":                            {nil, everything},
		"all that is read again is there":             {[]string{"assemble/hi", "assemble/lo"}, []string{"bundle"}},
		"the bundle alone is there":                   {[]string{"bundle"}, nil},
		"one rendition is there":                      {[]string{"probe", "assemble/lo"}, []string{"audio", "encode/hi/0", "encode/hi/1", "assemble/hi", "bundle"}},
		"one of two that share is there":              {[]string{"probe", "audio", "encode/lo/0"}, []string{"encode/hi/0", "encode/hi/1+encode/lo/1", "assemble/hi", "assemble/lo", "bundle"}},
		"a chunk that no missing action reads is not": {[]string{"probe", "audio", "encode/hi/0", "encode/hi/1", "assemble/lo"}, []string{"assemble/hi", "bundle"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := parseGraph(t, nil, nineActions...)
			q := newInstantQueue(t)
			q.put(t, g, c.present...)
			made, err := q.conductor().Reconcile(t.Context(), Target{Plan: fixedPlan(g)})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(q.jobs, c.jobs) {
				t.Errorf("queued %q, want %q", q.jobs, c.jobs)
			}
			ran, reused := 0, 0
			for _, n := range made.Counts {
				ran, reused = ran+n.Ran, reused+n.Reused
			}
			if want := strings.Count(strings.Join(c.jobs, "+"), "+") + 1; len(c.jobs) > 0 && ran != want || reused != len(c.present) {
				t.Errorf("%d ran, %d reused", ran, reused)
			}
		})
	}
}

// A job carries the originals that its actions read, and no others.
func TestReconcile_JobsNameTheirOriginals(t *testing.T) {
	read, other := action.KeyOf([]byte("read")), action.KeyOf([]byte("other"))
	a, _, err := action.New("probe", 1, "probe", nil, map[string]action.Key{"recording": read})
	if err != nil {
		t.Fatal(err)
	}
	q := newInstantQueue(t)
	g := plan.Graph{Actions: []action.Action{a}, Complete: true, BundleKey: a.Key}
	originals := map[action.Key]action.Original{read: {Path: "/talk.mp4"}, other: {Path: "/other.mp4"}}
	if _, err := q.conductor().Reconcile(t.Context(), Target{Plan: fixedPlan(g), Originals: originals}); err != nil {
		t.Fatal(err)
	}
	want := map[action.Key]action.Original{read: {Path: "/talk.mp4"}}
	if got := q.sent[0].Originals; !maps.Equal(got, want) {
		t.Errorf("originals: %v", got)
	}
}

// idleQueue is a queue that accepts jobs and does nothing.
type idleQueue struct {
	instantQueue

	cancelled []string
}

func (q *idleQueue) Dispatch(_ context.Context, job action.Job, _ time.Duration) error {
	q.sent = append(q.sent, job)
	return nil
}
func (q *idleQueue) State(context.Context, string) (queue.State, error) { return queue.Waiting, nil }
func (q *idleQueue) Cancel(_ context.Context, id string) error {
	q.cancelled = append(q.cancelled, id)
	return nil
}

func TestReconcile_MaxInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := []string{}
		for i := range 20 {
			lines = append(lines, fmt.Sprintf("encode/%02d", i))
		}
		lines = append(lines, "bundle < "+strings.Join(lines, " "))
		q := &idleQueue{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		c := Conductor{Store: newMemoryStore(t), Queue: q, MaxInFlight: 5}
		if _, err := c.Reconcile(ctx, Target{Plan: fixedPlan(parseGraph(t, nil, lines...))}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		if len(q.sent) != 5 || len(q.cancelled) != 5 {
			t.Errorf("%d jobs dispatched, %d cancelled", len(q.sent), len(q.cancelled))
		}
	})
}

// Each observation extends the plan; the facts are accepted once.
func TestReconcile_ReplansAfterObservations(t *testing.T) {
	probe := parseGraph(t, nil, "probe")
	whole := parseGraph(t, nil, "probe", "chunk/0 < probe", "chunk/1 < probe", "bundle < chunk/0 chunk/1")
	observed := keyOf(t, probe, "probe")
	given := action.KeyOf([]byte("given"))
	q := newInstantQueue(t)
	q.facts["probe"] = `{"frames":2}`
	accepted := 0
	var recorder fakeRecorder
	c := q.conductor()
	c.Recorder = &recorder
	made, err := c.Reconcile(t.Context(), Target{
		Plan: func(seen map[action.Key]action.Artifact) (plan.Graph, error) {
			g := probe
			if a, ok := seen[observed]; ok {
				if string(a.Facts) != `{"frames":2}` {
					t.Errorf("observed %s", a.Facts)
				}
				g = whole
				g.Edition = new(conference.Edition)
			}
			g.Complete, g.ObservationKeys = g.Edition != nil, []action.Key{observed}
			g.InlineInputs = map[action.Key][]byte{given: []byte("cues")}
			return g, nil
		},
		Accept: func(context.Context, plan.Graph) (int64, error) { accepted++; return 7, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"probe", "chunk/0", "chunk/1", "bundle"}; !slices.Equal(q.jobs, want) || accepted != 1 {
		t.Errorf("queued %q, accepted %d times", q.jobs, accepted)
	}
	if has, _ := q.store.Has(t.Context(), given); !has {
		t.Error("the inline input is not in the store")
	}
	if len(recorder.states) != 4 || recorder.run != 7 || made.Bundle.Key != whole.BundleKey {
		t.Errorf("recorded %v of run %d", recorder.states, recorder.run)
	}
	for slot, state := range recorder.states {
		if state != catalog.SlotRan {
			t.Errorf("%s is recorded as %s", slot, state)
		}
	}
}

// fakeRecorder remembers the last state of each slot.
type fakeRecorder struct {
	run    int64
	states map[string]catalog.SlotState
}

func (b *fakeRecorder) RecordSlots(_ context.Context, run int64, slots []catalog.SlotResult) error {
	b.run = run
	if b.states == nil {
		b.states = make(map[string]catalog.SlotState)
	}
	for _, s := range slots {
		b.states[s.Slot] = s.State
	}
	return nil
}

func TestReconcile_Errors(t *testing.T) {
	broken := errors.New("broken")
	edition := func(g plan.Graph) plan.Graph { g.Edition = new(conference.Edition); return g }
	for name, c := range map[string]struct {
		target func(g plan.Graph, s *memoryStore) Target
		want   string
	}{
		"the facts cannot be": {
			target: func(plan.Graph, *memoryStore) Target {
				return Target{Plan: func(map[action.Key]action.Artifact) (plan.Graph, error) { return plan.Graph{}, broken }}
			},
			want: "broken",
		},
		"the facts are not accepted": {
			target: func(g plan.Graph, _ *memoryStore) Target {
				return Target{Plan: fixedPlan(edition(g)), Accept: func(context.Context, plan.Graph) (int64, error) { return 0, broken }}
			},
			want: "broken",
		},
		"the store breaks between planning and comparing": {
			target: func(g plan.Graph, s *memoryStore) Target {
				return Target{Plan: fixedPlan(edition(g)), Accept: func(context.Context, plan.Graph) (int64, error) { s.err = broken; return 1, nil }}
			},
			want: "broken",
		},
		"an observation that no action makes": {
			target: func(g plan.Graph, _ *memoryStore) Target { g.Complete = false; return Target{Plan: fixedPlan(g)} },
			want:   "waits for observations",
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := newInstantQueue(t)
			con := q.conductor()
			con.Recorder = new(fakeRecorder)
			_, err := con.Reconcile(t.Context(), c.target(parseGraph(t, nil, nineActions...), q.store))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A bundle of which a file is missing from the store counts as absent.
func TestReconcile_BundleWithMissingFileIsRebuilt(t *testing.T) {
	g := parseGraph(t, nil, "video", "captions", "bundle < video captions")
	q := newInstantQueue(t)
	facts, err := json.Marshal(plan.BundleFacts{Layout: []plan.LayoutEntry{
		{Path: "bundle.json"}, {Path: "video.mp4", Key: keyOf(t, g, "video")}, {Path: "en.srt", Key: keyOf(t, g, "captions")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	q.facts["bundle"] = string(facts)
	for i, want := range [][]string{{"video", "captions", "bundle"}, nil, {"captions", "bundle"}, nil} {
		if i == 2 {
			if err := q.store.Forget(t.Context(), keyOf(t, g, "captions")); err != nil {
				t.Fatal(err)
			}
		}
		q.jobs = nil
		c := q.conductor()
		c.Log = discardLog
		if _, err := c.Reconcile(t.Context(), Target{Plan: fixedPlan(g)}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(q.jobs, want) {
			t.Errorf("run %d: queued %q, want %q", i, q.jobs, want)
		}
	}
}

func TestReconcile_Status(t *testing.T) {
	g := parseGraph(t, nil, nineActions...)
	g.Notes = []string{"a note"}
	q := newInstantQueue(t)
	q.put(t, g, "probe", "encode/lo/0")
	var last Status
	if _, err := q.conductor().Reconcile(t.Context(), Target{Plan: fixedPlan(g), OnStatus: func(s Status) { last = s }}); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, st := range last.Stages {
		said = append(said, fmt.Sprintf("%s %d/%d+%d", st.Name, st.Done, st.Total, st.Reused))
	}
	want := []string{"probe 0/0+1", "audio 1/1+0", "encode 3/3+1", "assemble 2/2+0", "bundle 1/1+0"}
	if !slices.Equal(said, want) || !last.Idle || !last.Complete || len(last.Notes) != 1 {
		t.Errorf("status: %q, %+v", said, last)
	}
}
