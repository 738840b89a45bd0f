package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/queue"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

// chainsTimed is how many chains of three actions are timed.
const chainsTimed = 100

const (
	perSecond = "actions a second"
	chainP95  = "chain of three, p95 in seconds"
)

func actionsBenchmark() Benchmark {
	return Benchmark{
		Name: "actions",
		Method: fmt.Sprintf(`A talk of 5,000 actions that each write one small file, the last reading all others, goes
through plan, conductor, the embedded queue, worker, store and catalogue, put together as
`+"`lectern run`"+` does it. Then %d talks of three actions, each reading the one before, are made one after
the other; a chain's time is from its plan to its last artifact. All of it is one process of its
own, whose memory (VmHWM) is looked at in the end.`, chainsTimed),
		Measure: func(ctx context.Context, b *Bench, _ int, into *Round) error {
			self, err := os.Executable()
			if err != nil {
				return err
			}
			out, err := b.runOutput(ctx, self, "-actions", strconv.Itoa(forSize(b, 5000, 200)))
			if err != nil {
				return err
			}
			return json.Unmarshal(out, &into.Values)
		},
		Evaluate: func(rounds []Round) []TableLine {
			rate, p95, held := median(rounds, perSecond), median(rounds, chainP95), maxOf(rounds, memory)
			return []TableLine{
				{"5,000 trivial actions through plan, queue, worker, store, catalogue", fmt.Sprintf("%.0f a second", rate), "–", "–", "≥ 250 a second", rate >= 250},
				{"a chain of three actions, from plan to artifact", fmt.Sprintf("p95 %.3f s", p95), "–", "–", "p95 ≤ 0.5 s", p95 <= 0.5},
				{"memory of both", formatMB(held), "–", "–", "< 100 MB", held < 100e6},
			}
		},
	}
}

func (b *Bench) runOutput(ctx context.Context, command ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stderr = b.work, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.displayCommand(command), err)
	}
	return out, nil
}

// runActions measures n actions, and chains of three, in this process. It writes the values to
// standard output as JSON.
func runActions(ctx context.Context, n int) (err error) {
	dir, err := os.MkdirTemp(".", "actions-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	values := make(map[string]float64)
	if err := withEngine(ctx, dir, func(e *engine) error { return e.measure(ctx, n, values) }); err != nil {
		return err
	}
	held, err := peakMemory(os.Getpid())
	if err != nil {
		return err
	}
	values[memory] = float64(held)
	return json.NewEncoder(os.Stdout).Encode(values)
}

// engine is Lectern without its commands, and with a kind of stage for measuring.
type engine struct {
	conductor conductor.Conductor
	catalog   *catalog.Catalog
	kinds     []worker.Kind
}

// withEngine calls do with an engine in dir, and stops the engine afterwards. Its worker has as
// many slots as that of `lectern run`.
func withEngine(ctx context.Context, dir string, do func(*engine) error) (err error) {
	books, err := catalog.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	artifacts, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	q, err := queue.Open(ctx, queue.Options{Name: artifacts.ID(), Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	slots := max(2, runtime.NumCPU())
	w := &worker.Worker{Store: artifacts, Kinds: []worker.Kind{trivialKind()}, Log: log}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		served <- q.Serve(serving, queue.ServeOptions{Worker: "bench", Slots: slots}, w.Handle)
	}()
	defer func() { stop(); err = errors.Join(err, <-served) }()
	return do(&engine{
		conductor: conductor.Conductor{Store: artifacts, Queue: q, Recorder: books, Log: log, MaxInFlight: 2*slots + 2},
		catalog:   books,
		kinds:     w.Kinds,
	})
}

// trivialParams are the settings of a trivial stage.
type trivialParams struct {
	Count int `yaml:"count"` // how many actions
}

// trivialKind returns a kind of stage whose actions write their own parameters to a file. The last
// action of a stage reads all others of it, and the last action of each stage that it needs.
func trivialKind() worker.Kind {
	return worker.Kind{
		Kind: plan.Kind{
			StageKind: pipelines.StageKind{Name: "trivial", With: func() any { return new(trivialParams) }},
			Version:   1,
			Expand:    expandTrivial,
		},
		Do: func(ctx context.Context, t *worker.Task) error {
			const file = "parameters"
			a := t.Actions[0]
			if err := os.WriteFile(filepath.Join(t.Dir, file), a.Params, 0o600); err != nil {
				return err
			}
			return t.Publish(ctx, a, t.Dir, nil, nil, file)
		},
	}
}

func expandTrivial(x *plan.Expansion) (any, error) {
	inputs := make(map[string]action.Key)
	for i, key := range plan.NeededResults[action.Key](x) {
		inputs[fmt.Sprintf("stage/%d", i)] = key
	}
	count := x.Stage.With.(*trivialParams).Count
	act := func(i int, reads map[string]action.Key) (action.Key, error) {
		return x.AddAction(strconv.Itoa(i), map[string]any{"talk": x.Facts.Talk.Slug, "stage": x.Stage.Name, "number": i}, reads)
	}
	for i := 1; i < count; i++ {
		key, err := act(i, nil)
		if err != nil {
			return nil, err
		}
		inputs[fmt.Sprintf("action/%05d", i)] = key
	}
	last, err := act(count, inputs)
	x.SetBundleKey(last)
	return last, err
}

func (e *engine) measure(ctx context.Context, n int, into map[string]float64) error {
	took, err := e.build(ctx, "many", fmt.Sprintf("stages:\n  - {name: all, uses: trivial, with: {count: %d}}\n", n), n)
	if err != nil {
		return err
	}
	into[perSecond] = float64(n) / took.Seconds()
	const chain = `stages:
  - {name: first, uses: trivial, with: {count: 1}}
  - {name: second, uses: trivial, needs: [first], with: {count: 1}}
  - {name: third, uses: trivial, needs: [second], with: {count: 1}}
`
	var all []time.Duration
	for i := range chainsTimed {
		took, err := e.build(ctx, fmt.Sprintf("chain-%d", i), chain, 3)
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	slices.Sort(all)
	into[chainP95] = all[len(all)*95/100-1].Seconds()
	return nil
}

// build builds a talk of n actions, with the pipeline in text, as a conductor.Builder does, and
// returns how long that took. It returns an error unless exactly n actions ran.
func (e *engine) build(ctx context.Context, slug, text string, n int) (time.Duration, error) {
	p, err := pipelines.Parse(slug, slug+".yaml", []byte(text), worker.PipelineKinds(e.kinds))
	if err != nil {
		return 0, err
	}
	began := time.Now()
	facts := conference.Facts{Talk: conference.Talk{Slug: slug, Title: slug}}
	made, err := e.conductor.Reconcile(ctx, conductor.Target{
		Plan: func(observed map[action.Key]action.Artifact) (plan.Graph, error) {
			g, err := plan.Build(plan.Input{Facts: facts, Pipeline: p, Kinds: worker.PlanKinds(e.kinds), Observed: observed})
			g.Edition = &conference.Edition{ID: slug} // there are no recordings to make one of
			return g, err
		},
		Accept: func(ctx context.Context, g plan.Graph) (int64, error) {
			submission := catalog.Submission{Facts: facts, Pipeline: p.Name, PipelineText: p.Text}
			if _, err := e.catalog.Save(ctx, "bench", submission); err != nil {
				return 0, err
			}
			if err := e.catalog.SaveEdition(ctx, slug, *g.Edition); err != nil {
				return 0, err
			}
			return e.catalog.BeginRun(ctx, slug, "bench")
		},
	})
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	if ran := made.Counts["trivial"].Ran; ran != n {
		return 0, fmt.Errorf("%d of %d actions ran", ran, n)
	}
	return took, nil
}
