package conductor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/queue"
	"github.com/lectern-av/lectern/internal/store"
)

// discardLog discards what is logged.
var discardLog = slog.New(slog.DiscardHandler)

// cluster is a store, a Redis and workers whose actions only take time. In a synctest bubble an
// hour passes in a moment.
type cluster struct {
	t      *testing.T
	redis  *miniredis.Miniredis
	store  *memoryStore
	script func(slot string, time int) error // the error of the n-th run of a slot, from 1

	mu       sync.Mutex
	started  map[string]int // runs of each slot that began
	finished map[string]int // runs of each slot that reached their end
	workers  int
}

// The duration of an action, and the interval of polls and heartbeats. In a synctest bubble each
// tick costs the same, however long the interval: a long one makes the tests fast.
const (
	actionDuration = 10 * time.Minute
	pollInterval   = 20 * time.Second
)

func newCluster(t *testing.T) *cluster {
	w := &cluster{
		t: t, redis: miniredis.NewMiniRedis(), store: newMemoryStore(t),
		script:  func(string, int) error { return nil },
		started: make(map[string]int), finished: make(map[string]int),
	}
	w.redis.ClockTTL(true)
	t.Cleanup(func() {
		w.redis.Close()
		// go-redis checks its connections once a second, and stops only at a check.
		time.Sleep(2 * time.Second)
	})
	return w
}

// redisLink is a process's connection to the cluster's Redis. When it is cut, the process looks
// killed to all others.
type redisLink struct {
	redis *miniredis.Miniredis
	mu    sync.Mutex
	dead  bool
	conns []net.Conn
}

func (w *redisLink) dial(context.Context) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return nil, errors.New("cut")
	}
	c, err := w.redis.Dial()
	if err == nil {
		w.conns = append(w.conns, c)
	}
	return c, err
}

func (w *redisLink) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for _, c := range w.conns {
		c.Close()
	}
}

// queue opens the queue over a link.
func (w *cluster) queue(by *redisLink) *queue.Queue {
	q, err := queue.Open(w.t.Context(), queue.Options{
		Dial: by.dial, PollInterval: pollInterval, Heartbeat: pollInterval, Log: discardLog,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { q.Close() })
	return q
}

// startWorker starts a worker with that many slots; kill ends it like kill -9.
func (w *cluster) startWorker(slots int) (kill func()) {
	by := &redisLink{redis: w.redis}
	q := w.queue(by)
	serving, stop := context.WithCancel(w.t.Context())
	life, die := context.WithCancel(context.Background())
	w.mu.Lock()
	w.workers++
	name := fmt.Sprint("worker-", w.workers)
	w.mu.Unlock()
	var running sync.WaitGroup
	running.Go(func() {
		err := q.Serve(serving, queue.ServeOptions{Worker: name, Slots: slots},
			func(ctx context.Context, job action.Job, report func(action.Event)) error {
				return w.work(ctx, life, job, report)
			})
		if err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(func() { die(); stop(); running.Wait() })
	return func() { by.cut(); die() }
}

// work does a job like a worker: it leaves artifacts that are there alone, and makes the others
// after actionDuration. Once life has ended it neither finishes nor answers.
func (w *cluster) work(ctx, life context.Context, job action.Job, report func(action.Event)) error {
	var todo []action.Action
	for _, a := range job.Actions {
		if has, _ := w.store.Has(ctx, a.Key); !has {
			todo = append(todo, a)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	said := make([]error, len(todo))
	for i, a := range todo {
		said[i] = w.countStart(a.Slot)
	}
	report(action.Event{Fraction: 0.5, Speed: 2})
	select {
	case <-time.After(actionDuration):
	case <-ctx.Done():
		return ctx.Err()
	case <-life.Done():
		<-ctx.Done() // a killed worker neither finishes nor answers
		return ctx.Err()
	}
	for i, a := range todo {
		if missing := w.missingInput(ctx, a); missing != "" {
			return &action.Failure{Slot: a.Slot, Message: "there is no " + missing}
		}
		if said[i] != nil {
			return said[i]
		}
		w.mu.Lock()
		w.finished[a.Slot]++
		w.mu.Unlock()
		if _, err := w.store.Put(ctx, action.Artifact{Key: a.Key, Kind: a.Kind}, ""); err != nil {
			return err
		}
	}
	return nil
}

func (w *cluster) countStart(slot string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started[slot]++
	return w.script(slot, w.started[slot])
}

// missingInput returns the role of an input that is not in the store, "" if there is none.
func (w *cluster) missingInput(ctx context.Context, a action.Action) string {
	for role, key := range a.Inputs {
		if has, _ := w.store.Has(ctx, key); !has {
			return role
		}
	}
	return ""
}

// conductor returns a conductor of the cluster that uses q.
func (w *cluster) conductor(q Queue) *Conductor {
	return &Conductor{Store: w.store, Queue: q, Log: discardLog, MaxInFlight: 6, PollInterval: pollInterval}
}

// memoryStore is a store that holds artifacts in memory.
type memoryStore struct {
	t         *testing.T
	mu        sync.Mutex
	artifacts map[action.Key]action.Artifact
	err       error // returned by every lookup
}

func newMemoryStore(t *testing.T) *memoryStore {
	return &memoryStore{t: t, artifacts: make(map[action.Key]action.Artifact)}
}

func (s *memoryStore) Has(ctx context.Context, key action.Key) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.artifacts[key]
	return ok, errors.Join(s.err, ctx.Err())
}

func (s *memoryStore) Get(ctx context.Context, key action.Key) (action.Artifact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.artifacts[key]
	if !ok {
		return a, store.ErrNotFound
	}
	return a, errors.Join(s.err, ctx.Err())
}

func (s *memoryStore) Put(_ context.Context, a action.Artifact, dir string) (action.Artifact, error) {
	for _, f := range a.Files {
		if _, err := os.Stat(filepath.Join(dir, f.Name)); err != nil {
			return a, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.artifacts[a.Key]; ok {
		return first, nil
	}
	s.artifacts[a.Key] = a
	return a, nil
}

func (s *memoryStore) Forget(_ context.Context, key action.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.artifacts, key)
	return nil
}

func (s *memoryStore) Scratch(string) (string, func() error, error) {
	return s.t.TempDir(), func() error { return nil }, nil
}

// parseGraph parses a plan that has a line for each action: its slot, and after "<" the slots that it
// reads. A slot with the suffix "+SHARE" shares a decode. The last line is the bundle. salts, by
// prefixes of slots, become part of the keys.
func parseGraph(t *testing.T, salts map[string]int, lines ...string) plan.Graph {
	t.Helper()
	g := plan.Graph{Preimages: make(map[action.Key][]byte), Complete: true}
	keys := make(map[string]action.Key)
	for _, line := range lines {
		name, reads, _ := strings.Cut(line, "<")
		slot, share, _ := strings.Cut(strings.TrimSpace(name), "+")
		inputs := make(map[string]action.Key)
		for _, r := range strings.Fields(reads) {
			if keys[r] == "" {
				t.Fatalf("%s reads %s, which no line before it makes", slot, r)
			}
			inputs[r] = keys[r]
		}
		params := map[string]any{"slot": slot}
		for prefix, salt := range salts {
			if strings.HasPrefix(slot, prefix) {
				params["salt"] = salt
			}
		}
		kind, _, _ := strings.Cut(slot, "/")
		a, preimage, err := action.New(kind, 1, slot, params, inputs)
		if err != nil {
			t.Fatal(err)
		}
		a.Share = share
		keys[slot] = a.Key
		g.Actions = append(g.Actions, a)
		g.Preimages[a.Key] = preimage
		g.BundleKey = a.Key
	}
	return g
}

// keyOf returns the key of a slot.
func keyOf(t *testing.T, g plan.Graph, slot string) action.Key {
	t.Helper()
	for _, a := range g.Actions {
		if a.Slot == slot {
			return a.Key
		}
	}
	t.Fatalf("no action %s", slot)
	return ""
}

// fixedPlan returns a plan that needs no observations.
func fixedPlan(g plan.Graph) func(map[action.Key]action.Artifact) (plan.Graph, error) {
	return func(map[action.Key]action.Artifact) (plan.Graph, error) { return g, nil }
}

// nineActions is a talk in two chunks and two renditions, which share their decodes.
var nineActions = []string{
	"probe", "audio < probe",
	"encode/hi/0+0 < probe", "encode/lo/0+0 < probe",
	"encode/hi/1+1 < probe", "encode/lo/1+1 < probe",
	"assemble/hi < encode/hi/0 encode/hi/1 audio",
	"assemble/lo < encode/lo/0 encode/lo/1 audio",
	"bundle < assemble/hi assemble/lo",
}

// countEach returns n for every slot, except those that but names; counts of 0 are left out.
func countEach(lines []string, n int, but map[string]int) map[string]int {
	counts := make(map[string]int)
	for _, line := range lines {
		slot, _, _ := strings.Cut(line, "<")
		slot, _, _ = strings.Cut(strings.TrimSpace(slot), "+")
		counts[slot] = n
	}
	maps.Copy(counts, but)
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	return counts
}

func expectCounts(t *testing.T, what string, got, want map[string]int) {
	t.Helper()
	for slot := range countEach(nil, 0, maxCounts(got, want)) {
		if got[slot] != want[slot] {
			t.Errorf("%s was %s %d times, want %d", slot, what, got[slot], want[slot])
		}
	}
}

func maxCounts(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	for k, v := range b {
		all[k] = max(all[k], v)
	}
	return all
}

// Failures as workers report them.
func ffmpegFailure(slot string) error {
	return &action.Failure{Slot: slot, Message: "ffmpeg ended with code 1"}
}
func inputFailure(slot string) error {
	f := inputerr.New("talk.mp4", "is not a media file")
	return &action.Failure{Slot: slot, Message: f.Error(), InputError: f}
}
