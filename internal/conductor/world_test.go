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

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// world is a store, a Redis and workers whose work only takes time. In a bubble of
// testing/synctest an hour of it passes in a moment.
type world struct {
	t      *testing.T
	redis  *miniredis.Miniredis
	store  *shelf
	script func(slot string, time int) error // what comes of the n-th time, from 1; nil is well

	mu    sync.Mutex
	begun map[string]int // how often each slot was begun
	ended map[string]int // how often each was worked at to its end
	hired int            // workers
}

// How long an action takes, and how often everybody looks. A beat of the clock costs the
// same whatever lies between two, so they are far apart.
const (
	takes = 10 * time.Minute
	every = 20 * time.Second
)

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, redis: miniredis.NewMiniRedis(), store: newShelf(t),
		script: func(string, int) error { return nil },
		begun:  make(map[string]int), ended: make(map[string]int),
	}
	w.redis.ClockTTL(true)
	t.Cleanup(func() {
		w.redis.Close()
		// go-redis looks for a lost Redis once a second, and sees only then that nobody
		// waits any more. Time is what a bubble has.
		time.Sleep(2 * time.Second)
	})
	return w
}

// wire is a way to the world's Redis. Who is at its end when it is cut is, to everybody
// else, a process that was killed.
type wire struct {
	redis *miniredis.Miniredis
	mu    sync.Mutex
	dead  bool
	conns []net.Conn
}

func (w *wire) dial(context.Context) (net.Conn, error) {
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

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for _, c := range w.conns {
		c.Close()
	}
}

// queue is an end of the queue.
func (w *world) queue(by *wire) *queue.Queue {
	q, err := queue.Open(w.t.Context(), queue.Options{
		Dial: by.dial, Poll: every, Beat: every, Log: quiet,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { q.Close() })
	return q
}

// worker starts one with these slots; the returned function is its sudden death.
func (w *world) worker(slots int) (kill func()) {
	by := &wire{redis: w.redis}
	q := w.queue(by)
	serving, stop := context.WithCancel(w.t.Context())
	life, die := context.WithCancel(context.Background())
	w.mu.Lock()
	w.hired++
	name := fmt.Sprint("worker-", w.hired)
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

// work does what a worker does: what is there already is left alone, the rest takes its
// time. Who has died never gets to the end of it.
func (w *world) work(ctx, life context.Context, job action.Job, report func(action.Event)) error {
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
		said[i] = w.begin(a.Slot)
	}
	report(action.Event{Fraction: 0.5, Speed: 2})
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return ctx.Err()
	case <-life.Done():
		<-ctx.Done() // the dead neither finish nor answer
		return ctx.Err()
	}
	for i, a := range todo {
		if missing := w.missing(ctx, a); missing != "" {
			return &action.Failure{Slot: a.Slot, Message: "there is no " + missing}
		}
		if said[i] != nil {
			return said[i]
		}
		w.mu.Lock()
		w.ended[a.Slot]++
		w.mu.Unlock()
		if _, err := w.store.Put(ctx, action.Artifact{Key: a.Key, Kind: a.Kind}, ""); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) begin(slot string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun[slot]++
	return w.script(slot, w.begun[slot])
}

// missing is an input that the action reads in vain.
func (w *world) missing(ctx context.Context, a action.Action) string {
	for role, key := range a.Inputs {
		if has, _ := w.store.Has(ctx, key); !has {
			return role
		}
	}
	return ""
}

// conductor is one that conducts over q.
func (w *world) conductor(q Queue) *Conductor {
	return &Conductor{Store: w.store, Queue: q, Log: quiet, Window: 6, Look: every}
}

// shelf is a store that holds artifacts in memory.
type shelf struct {
	t   *testing.T
	mu  sync.Mutex
	has map[action.Key]action.Artifact
	err error // what every question is answered with
}

func newShelf(t *testing.T) *shelf { return &shelf{t: t, has: make(map[action.Key]action.Artifact)} }

func (s *shelf) Has(ctx context.Context, key action.Key) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.has[key]
	return ok, errors.Join(s.err, ctx.Err())
}

func (s *shelf) Get(ctx context.Context, key action.Key) (action.Artifact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.has[key]
	if !ok {
		return a, store.ErrNone
	}
	return a, errors.Join(s.err, ctx.Err())
}

func (s *shelf) Put(_ context.Context, a action.Artifact, dir string) (action.Artifact, error) {
	for _, f := range a.Files {
		if _, err := os.Stat(filepath.Join(dir, f.Name)); err != nil {
			return a, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.has[a.Key]; ok {
		return first, nil
	}
	s.has[a.Key] = a
	return a, nil
}

func (s *shelf) Forget(_ context.Context, key action.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.has, key)
	return nil
}

func (s *shelf) Scratch(string) (string, func() error, error) {
	return s.t.TempDir(), func() error { return nil }, nil
}

// graph is a plan of a line for each action: its slot, and after a "<" the slots of those
// that it reads. A slot that ends in "+SHARE" shares a decode. The last is the final one.
// The salts, by the first letters of a slot, are in the keys.
func graph(t *testing.T, salts map[string]int, lines ...string) plan.Graph {
	t.Helper()
	g := plan.Graph{Preimages: make(map[action.Key][]byte), Complete: true}
	keys := make(map[string]action.Key)
	for _, line := range lines {
		name, reads, _ := strings.Cut(line, "<")
		slot, share, _ := strings.Cut(strings.TrimSpace(name), "+")
		inputs := make(map[string]action.Key)
		for _, r := range strings.Fields(reads) {
			if keys[r] == "" {
				t.Fatalf("%s reads %s, which nobody makes before it", slot, r)
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
		g.Final = a.Key
	}
	return g
}

// keyOf is the key of a slot.
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

// fixed is a plan that waits for nothing.
func fixed(g plan.Graph) func(map[action.Key]action.Artifact) (plan.Graph, error) {
	return func(map[action.Key]action.Artifact) (plan.Graph, error) { return g, nil }
}

// ten is a talk of chunks in two renditions which share their decodes.
var ten = []string{
	"probe", "audio < probe",
	"encode/hi/0+0 < probe", "encode/lo/0+0 < probe",
	"encode/hi/1+1 < probe", "encode/lo/1+1 < probe",
	"assemble/hi < encode/hi/0 encode/hi/1 audio",
	"assemble/lo < encode/lo/0 encode/lo/1 audio",
	"bundle < assemble/hi assemble/lo",
}

// each is that many times of every slot, and others where they are named.
func each(lines []string, n int, but map[string]int) map[string]int {
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
	for slot := range each(nil, 0, union2(got, want)) {
		if got[slot] != want[slot] {
			t.Errorf("%s was %s %d times, want %d", slot, what, got[slot], want[slot])
		}
	}
}

func union2(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	for k, v := range b {
		all[k] = max(all[k], v)
	}
	return all
}

// Failures as workers tell them.
func breaks(slot string) error {
	return &action.Failure{Slot: slot, Message: "ffmpeg ended with code 1"}
}
func blames(slot string) error {
	f := inputerr.New("talk.mp4", "is not a media file")
	return &action.Failure{Slot: slot, Message: f.Error(), Fault: f}
}
