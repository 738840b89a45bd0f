package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
)

func TestServe_StartsJobsInDispatchOrder(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint("job", i))
		}
		dispatchJobs(t, q, want...)
		var got []string
		done := make(chan bool)
		startWorker(t, q, 1, func(_ context.Context, job action.Job, _ func(action.Event)) error {
			if got = append(got, job.ID); len(got) == len(want) {
				close(done)
			}
			return nil
		})
		receive(t, done, "the last job")
		if !slices.Equal(got, want) {
			t.Errorf("started %v, want %v", got, want)
		}
	})
}

func TestServe_HandlerGetsWholeJob(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		want := action.Job{ID: "whole", Attempt: 2,
			Actions:   []action.Action{{Kind: "encode", Key: "k", Slot: "encode/720/r0/1", Params: []byte(`{"a":1}`), Inputs: map[string]action.Key{"source": "o"}, Share: "s"}},
			Originals: map[action.Key]action.Original{"o": {Path: "/talks/é \"1\".mp4", Size: 20 << 30, ModTime: time.Unix(1, 5).UTC()}}}
		if err := q.Dispatch(t.Context(), want, time.Minute); err != nil {
			t.Fatal(err)
		}
		got := make(chan action.Job, 1)
		startWorker(t, q, 1, func(_ context.Context, job action.Job, _ func(action.Event)) error {
			got <- job
			return nil
		})
		if g, w := fmt.Sprintf("%+v", receive(t, got, "the job")), fmt.Sprintf("%+v", want); g != w {
			t.Errorf("got %s\nwant %s", g, w)
		}
	})
}

func TestStates(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		assertState(t, q, "never", Gone)
		dispatchJobs(t, q, "first", "second")
		dispatchJobs(t, q, "first") // stands, while it waits …
		assertState(t, q, "first", Waiting)

		started := make(chan string, 8)
		release := make(chan bool)
		events := subscribeEvents(t, q)
		stop := startWorker(t, q, 1, func(_ context.Context, job action.Job, _ func(action.Event)) error {
			started <- job.ID
			<-release
			return nil
		})
		if e := awaitType(t, events, action.JobStarted, "first"); e.Worker != t.Name() {
			t.Errorf("started by %q", e.Worker)
		}
		assertState(t, q, "first", Running)
		dispatchJobs(t, q, "first") // … and while it runs
		states, err := q.States(t.Context(), "second", "never", "first")
		if want := []State{Waiting, Gone, Running}; err != nil || !slices.Equal(states, want) {
			t.Errorf("states %v (%v), want %v", states, err, want)
		}
		close(release)
		awaitType(t, events, action.JobDone, "first")
		awaitType(t, events, action.JobDone, "second")
		stop()
		assertState(t, q, "first", Gone)
		if len(started) != 2 {
			t.Errorf("%d jobs were started, want 2", len(started))
		}
	})
}

func TestState_RunningAsSoonAsTaken(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		// However often one looks, a job that is taken is never seen as Gone before it is done.
		var gone atomic.Int32
		release := make(chan bool)
		done := sync.OnceFunc(func() { close(release) })
		looking, stopLooking := context.WithCancel(t.Context())
		dispatchJobs(t, q, "job")
		var look sync.WaitGroup
		for range 2 {
			look.Go(func() {
				for looking.Err() == nil {
					if s, err := q.State(t.Context(), "job"); err == nil && s == Gone {
						gone.Add(1)
					}
				}
			})
		}
		events := subscribeEvents(t, q)
		startWorker(t, q, 1, func(context.Context, action.Job, func(action.Event)) error { <-release; return nil })
		t.Cleanup(done) // before the worker is waited for
		awaitType(t, events, action.JobStarted, "job")
		stopLooking()
		look.Wait()
		done()
		if n := gone.Load(); n > 0 {
			t.Errorf("seen as gone %d times", n)
		}
	})
}

func TestCancel(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		started, ended := make(chan string, 8), make(chan error, 8)
		events := subscribeEvents(t, q)
		startWorker(t, q, 1, blockUntilStopped(started, ended))

		t.Run("running", func(t *testing.T) {
			dispatchJobs(t, q, "running")
			receive(t, started, "the start")
			if err := q.Cancel(t.Context(), "running"); err != nil {
				t.Fatal(err)
			}
			if cause := receive(t, ended, "the end"); !errors.Is(cause, ErrCancelled) {
				t.Errorf("ended by %v", cause)
			}
			e := awaitEvent(t, events, "the last word", func(e action.Event) bool { return e.Job == "running" && e.Type != action.JobStarted })
			if e.Type != "" || e.Failure != nil {
				t.Errorf("a cancelled job is told as %+v", e)
			}
		})
		t.Run("waiting", func(t *testing.T) {
			dispatchJobs(t, q, "busy")
			receive(t, started, "the start")
			dispatchJobs(t, q, "waiting")
			if err := q.Cancel(t.Context(), "waiting"); err != nil {
				t.Fatal(err)
			}
			assertState(t, q, "waiting", Gone)
			if err := q.Cancel(t.Context(), "busy"); err != nil {
				t.Fatal(err)
			}
			receive(t, ended, "the end")
			dispatchJobs(t, q, "after")
			if id := receive(t, started, "the next start"); id != "after" {
				t.Errorf("%s was started", id)
			}
		})
		t.Run("signal lost", func(t *testing.T) { // "after" is running
			if err := q.rdb.Set(t.Context(), q.key("cancel", "after"), "1", time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			receive(t, ended, "the end at the next beat")
		})
		t.Run("taken in the same moment", func(t *testing.T) {
			dispatchJobs(t, q, "blocker")
			receive(t, started, "the start")
			dispatchJobs(t, q, "marked")
			q.rdb.Set(t.Context(), q.key("cancel", "marked"), "1", time.Minute)
			if err := q.Cancel(t.Context(), "blocker"); err != nil {
				t.Fatal(err)
			}
			receive(t, ended, "the end")
			awaitEvent(t, events, "the word that it is over", func(e action.Event) bool { return e.Job == "marked" && e.Type == "" })
			if len(started) != 0 {
				t.Error("a cancelled job was handled")
			}
		})
		t.Run("taken back", func(t *testing.T) {
			awaitState(t, q, "marked", Gone)
			dispatchJobs(t, q, "marked")
			receive(t, started, "the start")
		})
	})
}

func TestServe_JobOutcomes(t *testing.T) {
	refused := inputerr.New("talk.mts", "is empty").Hint("Upload it again")
	endings := map[string]struct {
		handle Handler
		want   action.Failure // Stderr is a part of it
	}{
		"failure": {
			func(context.Context, action.Job, func(action.Event)) error {
				return fmt.Errorf("encode: %w", &action.Failure{Slot: "encode/720/r0/1", Message: "exit 1", Command: []string{"ffmpeg"}, Stderr: "no"})
			},
			action.Failure{Slot: "encode/720/r0/1", Message: "exit 1", Command: []string{"ffmpeg"}, Stderr: "no"},
		},
		"fault": {
			func(context.Context, action.Job, func(action.Event)) error {
				return fmt.Errorf("probe: %w", refused)
			},
			action.Failure{Slot: "slot/fault", Message: "probe: " + refused.Error(), InputError: refused},
		},
		"panic": {
			func(context.Context, action.Job, func(action.Event)) error { panic("nobody expects it") },
			action.Failure{Slot: "slot/panic", Message: "panic: nobody expects it", Stderr: "queue_test.go"},
		},
		"timeout": {
			func(ctx context.Context, _ action.Job, _ func(action.Event)) error {
				<-ctx.Done()
				return errors.New("ffmpeg was killed")
			},
			action.Failure{Slot: "slot/timeout", Message: "took longer than its limit of 50ms: ffmpeg was killed"},
		},
	}
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		events := subscribeEvents(t, q)
		startWorker(t, q, 2, func(ctx context.Context, job action.Job, report func(action.Event)) error {
			return endings[job.ID].handle(ctx, job, report)
		})
		for id, ending := range endings {
			job := action.Job{ID: id, Actions: []action.Action{{Slot: "slot/" + id}}}
			if err := q.Dispatch(t.Context(), job, 50*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			got := *awaitType(t, events, action.JobFailed, id).Failure
			if !strings.Contains(got.Stderr, ending.want.Stderr) {
				t.Errorf("%s: stderr %q", id, got.Stderr)
			}
			got.Stderr = ending.want.Stderr
			if g, w := fmt.Sprintf("%+v %+v", got, got.InputError), fmt.Sprintf("%+v %+v", ending.want, ending.want.InputError); g != w {
				t.Errorf("%s: got %s\nwant %s", id, g, w)
			}
		}
	})
}

func TestServe_ProgressIsLatestAndNeverBlocks(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		events := subscribeEvents(t, q)
		var took time.Duration
		release := make(chan bool)
		startWorker(t, q, 1, func(_ context.Context, _ action.Job, report func(action.Event)) error {
			start := time.Now()
			for i := range 100_000 {
				report(action.Event{Fraction: float64(i+1) / 100_000, Speed: 2})
			}
			took = time.Since(start)
			<-release
			return nil
		})
		dispatchJobs(t, q, "job")
		told := 0
		awaitEvent(t, events, "the last progress", func(e action.Event) bool {
			if e.Type == action.JobProgress {
				told++
			}
			return e.Type == action.JobProgress && e.Fraction == 1 && e.Speed == 2 && e.Job == "job" && e.Worker == t.Name()
		})
		close(release)
		awaitType(t, events, action.JobDone, "job")
		if most := int(took/progressInterval) + 2; told > most {
			t.Errorf("progress was told %d times in %s, want %d at most", told, took, most)
		}
	})
}

func TestServe_RunsOneCopyOfAJob(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		started, ended := make(chan string, 8), make(chan error, 8)
		startWorker(t, q, 3, blockUntilStopped(started, ended))
		dispatchJobs(t, q, "job")
		receive(t, started, "the start")
		// Redis forgets the job, and the conductor sends it again to the worker that has it.
		if err := q.rdb.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		dispatchJobs(t, q, "job", "other")
		if id := receive(t, started, "the next start"); id != "other" {
			t.Errorf("%s was started again beside itself", id)
		}
	})
}

func TestServe_LeavesNoKeysBehind(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		started, ended := make(chan string, 8), make(chan error, 8)
		events := subscribeEvents(t, q)
		stop := startWorker(t, q, 2, blockUntilStopped(started, ended))
		dispatchJobs(t, q, "a", "b", "c", "d")
		receive(t, started, "the first")
		receive(t, started, "the second")
		stop()
		if len(ended) != 2 || len(started) != 0 {
			t.Errorf("%d handlers have ended and %d more started, want 2 and 0", len(ended), len(started))
		}
		awaitEvent(t, events, "look at everything", func(e action.Event) bool {
			if e.Type == action.JobFailed {
				t.Errorf("a stopped worker is told as a failure: %+v", e)
			}
			return e.Type == "" && e.Job == "" && e.Worker == t.Name()
		})
		if err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"a", "b", "c", "d"} {
			assertState(t, q, id, Gone)
		}
		for _, list := range []string{"pending", "active"} {
			if n, err := q.rdb.LLen(t.Context(), q.long().key(list)).Result(); n > 0 || err != nil {
				t.Errorf("%d tasks are %s (%v)", n, list, err)
			}
		}
		for _, set := range []string{"scheduled", "retry", "lease", "archived"} {
			if n, err := q.rdb.ZCard(t.Context(), q.long().key(set)).Result(); n > 0 || err != nil {
				t.Errorf("%d tasks are in %s (%v)", n, set, err)
			}
		}
	})
}

func TestState_SilentWorker(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		const beat = 300 * time.Millisecond
		q := openQueue(t, Options{URL: b.url, Heartbeat: beat})
		events := subscribeEvents(t, q)
		kill := workerProcess(t, q.URL(), beat)
		dispatchJobs(t, q, "job")
		awaitType(t, events, action.JobStarted, "job")
		assertState(t, q, "job", Running)
		kill()
		took := awaitState(t, q, "job", Gone)
		if most := max(3*beat, 2*time.Second) + time.Second; took > most {
			t.Errorf("gone %s after the kill, want %s at most", took, most)
		}
		// The job's next attempt runs.
		startWorker(t, q, 1, func(context.Context, action.Job, func(action.Event)) error { return nil })
		dispatchJobs(t, q, "job-2")
		awaitType(t, events, action.JobDone, "job-2")
	})
}

func TestQueue_StoresShareRedis(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		one := openQueue(t, Options{URL: b.url, Name: "one"})
		two := openQueue(t, Options{URL: one.URL(), Name: "two"})
		dispatchJobs(t, one, "job")
		assertState(t, two, "job", Gone)
		if err := two.Cancel(t.Context(), "job"); err != nil {
			t.Fatal(err)
		}
		if err := two.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		assertState(t, one, "job", Waiting)
	})
}

func TestEvents_AfterReconnect(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		events := q.Events()
		startWorker(t, q, 1, func(context.Context, action.Job, func(action.Event)) error { return nil })
		everything := func(e action.Event) bool { return e == action.Event{} }
		awaitEvent(t, events, "the first connection", everything)
		b.cut(q)
		awaitEvent(t, events, "the second connection", everything)
		dispatchJobs(t, q, "job")
		awaitType(t, events, action.JobDone, "job")
	})
}

func TestEvents_SlowReader(t *testing.T) {
	m := &eventBuffer{in: make(chan action.Event), out: make(chan action.Event)}
	var running sync.WaitGroup
	running.Go(m.forward)
	for range eventBufferSize + 1 {
		m.in <- action.Event{Type: action.JobProgress} // does not block though events are not read
	}
	if e := receive(t, m.out, "an event"); e != (action.Event{}) {
		t.Errorf("after too many events the first is %+v, want one that says to look at everything", e)
	}
	close(m.in)
	running.Wait()
}

func TestDispatch_ReplacesArchivedTask(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		dispatchJobs(t, q, "job")
		// asynq does this to the task of a worker that died.
		if err := q.inspector.ArchiveTask(q.name, "job"); err != nil {
			t.Fatal(err)
		}
		assertState(t, q, "job", Gone)
		dispatchJobs(t, q, "job")
		assertState(t, q, "job", Waiting)
	})
}

// TestServe_QuickJobsDoNotWaitForLongOnes checks that quick jobs start before long ones, and
// while those take all slots.
func TestServe_QuickJobsDoNotWaitForLongOnes(t *testing.T) {
	for name, c := range map[string]struct {
		quick int
		want  []string // in which order they start, while the first holds its slot if it can
	}{
		"with slots of their own": {1, []string{"long", "quick"}},
		"in the same slots":       {0, []string{"quick", "long"}},
	} {
		t.Run(name, func(t *testing.T) {
			q := openQueue(t, Options{})
			dispatchJobs(t, q, "long")
			started, release := make(chan string, 2), make(chan bool)
			handle := func(ctx context.Context, job action.Job, _ func(action.Event)) error {
				if started <- job.ID; job.ID == "long" {
					<-release
				}
				return nil
			}
			quick := func() {
				job := action.Job{ID: "quick", Actions: []action.Action{{Kind: "captions", Slot: "captions/en", Quick: true}}}
				if err := q.Dispatch(t.Context(), job, time.Minute); err != nil {
					t.Fatal(err)
				}
			}
			if c.quick == 0 { // it came later, and goes first
				quick()
			}
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() {
				if err := q.Serve(ctx, ServeOptions{Worker: t.Name(), Slots: 1, Quick: c.quick}, handle); err != nil {
					t.Error(err)
				}
			})
			defer running.Wait()
			defer stop()
			defer close(release)
			got := []string{receive(t, started, "the first job")}
			if c.quick > 0 {
				quick()
			}
			if got = append(got, receive(t, started, "the second job")); !slices.Equal(got, c.want) {
				t.Errorf("started %v, want %v", got, c.want)
			}
		})
	}
}

func TestSlots_LiveWorkers(t *testing.T) {
	forEachBackend(t, func(t *testing.T, b backend) {
		q := openQueue(t, Options{URL: b.url})
		assertSlots := func(want int) {
			t.Helper()
			if n, err := q.Slots(t.Context()); n != want || err != nil {
				t.Errorf("Slots = %d, %v; want %d", n, err, want)
			}
		}
		assertSlots(0)
		events := subscribeEvents(t, q)
		stop := startWorker(t, q, 3, func(context.Context, action.Job, func(action.Event)) error { return nil })
		awaitEvent(t, events, "the worker", func(e action.Event) bool { return e.Worker == t.Name() })
		assertSlots(3)
		// A worker that was killed is in the list, and its slots have expired.
		if err := q.rdb.SAdd(t.Context(), q.key("workers"), "killed").Err(); err != nil {
			t.Fatal(err)
		}
		assertSlots(3)
		if left, err := q.rdb.SMembers(t.Context(), q.key("workers")).Result(); err != nil || !slices.Equal(left, []string{t.Name()}) {
			t.Errorf("the list has %q, %v", left, err)
		}
		stop()
		assertSlots(0)
	})
}
