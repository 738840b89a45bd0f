package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/lectern-av/lectern/internal/action"
)

// fakeNetwork connects to a Redis in memory. A connection can be cut for good: to everything
// else, the process at its end then looks killed.
type fakeNetwork struct {
	redis *miniredis.Miniredis
	mu    sync.Mutex
	dead  bool
	conns []net.Conn
}

func (w *fakeNetwork) dial(context.Context) (net.Conn, error) {
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

func (w *fakeNetwork) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for _, c := range w.conns {
		c.Close()
	}
}

// inMemory starts a Redis without a socket.
func inMemory(t *testing.T) *miniredis.Miniredis {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	t.Cleanup(func() {
		m.Close()
		// go-redis looks for a lost Redis once a second, and notices only then that no one
		// waits any more. Time is what a bubble has.
		time.Sleep(2 * time.Second)
	})
	return m
}

// openInBubble opens a queue with the real heartbeat, whose workers look for jobs once a
// second, for tests that run for hours of fake time.
func openInBubble(t *testing.T, w *fakeNetwork) *Queue {
	return openQueue(t, Options{Dial: w.dial, Heartbeat: defaultHeartbeat, PollInterval: time.Second})
}

// sleepHandler returns a handler that only takes time.
func sleepHandler(d time.Duration, done *doneJobs) Handler {
	return func(ctx context.Context, job action.Job, report func(action.Event)) error {
		for i := range 10 {
			report(action.Event{Fraction: float64(i) / 10})
			select {
			case <-time.After(d / 10):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		done.add(job.ID)
		return nil
	}
}

func TestQueue_HoursOfFakeTime(t *testing.T) {
	start := time.Now()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		m := inMemory(t)
		q := openInBubble(t, &fakeNetwork{redis: m})
		var done doneJobs
		startWorker(t, q, 2, sleepHandler(time.Hour, &done))
		dispatchUntilDone(t, q, &done, time.Minute, "a", "b", "c", "d")
		if took := time.Since(began); took < 2*time.Hour || took > 2*time.Hour+3*time.Minute {
			t.Errorf("four jobs of an hour on two slots took %s", took)
		}
	})
	t.Logf("two hours took %s", time.Since(start).Round(time.Millisecond))
}

// TestQueue_SilentWorkersLostMessagesAndFlushes silences workers, flushes Redis and loses
// messages: every job is done all the same.
func TestQueue_SilentWorkersLostMessagesAndFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := inMemory(t)
		q := openInBubble(t, &fakeNetwork{redis: m})
		var done, wasted doneJobs
		for i := range 3 { // these are killed, one after the other
			w := &fakeNetwork{redis: m}
			doomed := openInBubble(t, w)
			startWorker(t, doomed, 1, sleepHandler(24*time.Hour, &wasted))
			time.AfterFunc(time.Duration(i+1)*3*time.Minute, w.cut)
		}
		startWorker(t, openInBubble(t, &fakeNetwork{redis: m}), 1, sleepHandler(time.Minute, &done))
		time.AfterFunc(5*time.Minute, m.FlushAll)
		time.AfterFunc(7*time.Minute, func() { // for two seconds every message is lost
			m.SetError("LOADING not now")
			time.AfterFunc(2*time.Second, func() { m.SetError("") })
		})
		var ids []string
		for i := range 20 {
			ids = append(ids, fmt.Sprint("job", i))
		}
		dispatchUntilDone(t, q, &done, 10*time.Second, ids...)
		for id, n := range done.jobs {
			if n != 1 {
				t.Errorf("%s was done %d times", id, n)
			}
		}
	})
}

func TestState_SilentWorkerIsNoticedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := inMemory(t)
		q := openInBubble(t, &fakeNetwork{redis: m})
		w := &fakeNetwork{redis: m}
		var never doneJobs
		events := q.Events() // before there can be any
		startWorker(t, openInBubble(t, w), 1, sleepHandler(time.Hour, &never))
		dispatchJob(t, q, "job", 2*time.Hour)
		awaitType(t, events, action.JobStarted, "job")
		time.Sleep(10 * time.Minute)
		assertState(t, q, "job", Running)
		w.cut()
		if took := awaitState(t, q, "job", Gone); took > 8*time.Second {
			t.Errorf("gone after %s", took)
		}
	})
}

// TestServe_StallLongerThanLease stalls a worker until asynq believes that its job has ended,
// because the lease could not be renewed for 30 seconds. The job goes on in its slot, and its
// end is published.
func TestServe_StallLongerThanLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := inMemory(t)
		q := openInBubble(t, &fakeNetwork{redis: m})
		events := q.Events()
		var done doneJobs
		startWorker(t, q, 1, sleepHandler(10*time.Minute, &done))
		dispatchJob(t, q, "job", time.Hour)
		dispatchJob(t, q, "next", time.Hour)
		awaitType(t, events, action.JobStarted, "job")
		began := time.Now()
		m.SetError("LOADING away")
		time.Sleep(2 * time.Minute)
		m.SetError("")
		time.Sleep(defaultHeartbeat)
		assertState(t, q, "job", Running)
		// Only now does its slot take the next.
		for e := range events {
			if e.Type == action.JobStarted && e.Job == "next" {
				break
			}
		}
		if took := time.Since(began); took < 10*time.Minute {
			t.Errorf("the next job was started after %s, beside the one that was still running", took)
		}
		if !done.has("job") {
			t.Error("the job was cut off")
		}
	})
}

// TestServe_DeadWorkersTaskIsNotRestarted waits until asynq archives a dead worker's task,
// after a minute or two.
func TestServe_DeadWorkersTaskIsNotRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := inMemory(t)
		q := openInBubble(t, &fakeNetwork{redis: m})
		w := &fakeNetwork{redis: m}
		var done, never doneJobs
		events := q.Events()
		startWorker(t, openInBubble(t, w), 1, sleepHandler(time.Hour, &never))
		dispatchJob(t, q, "job", 2*time.Hour)
		awaitType(t, events, action.JobStarted, "job")
		w.cut()
		startWorker(t, q, 1, sleepHandler(time.Minute, &done))
		time.Sleep(10 * time.Minute)
		if done.has("job") {
			t.Error("a dead worker's task was run again")
		}
		// Its id can be used again none the less.
		dispatchJob(t, q, "job", time.Hour)
		time.Sleep(2 * time.Minute)
		if !done.has("job") {
			t.Error("a job was dispatched again and not run")
		}
	})
}

func TestServe_JobTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := openInBubble(t, &fakeNetwork{redis: inMemory(t)})
		events := q.Events()
		var never doneJobs
		startWorker(t, q, 1, sleepHandler(24*time.Hour, &never))
		dispatchJob(t, q, "job", 3*time.Hour) // asynq's default would have been half an hour
		awaitType(t, events, action.JobStarted, "job")
		began := time.Now()
		time.Sleep(3*time.Hour - time.Second) // awaitType's timeout is shorter
		awaitType(t, events, action.JobFailed, "job")
		if took := time.Since(began).Round(time.Second); took != 3*time.Hour {
			t.Errorf("timed out after %s", took)
		}
	})
}

func dispatchJob(t *testing.T, q *Queue, id string, timeout time.Duration) {
	t.Helper()
	if err := q.Dispatch(t.Context(), action.Job{ID: id}, timeout); err != nil {
		t.Fatal(err)
	}
}
