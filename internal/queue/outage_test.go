package queue

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
)

func TestDispatch_UsesAsynq(t *testing.T) {
	s := startRedis(t)
	seen := monitor(t, s)
	q := openQueue(t, Options{URL: s.url(), Name: "talks"})
	events := q.Events()
	startWorker(t, q, 2, func(context.Context, action.Job, func(action.Event)) error { return nil })
	dispatchJobs(t, q, "job-42")
	awaitType(t, events, action.JobDone, "job-42")
	for _, want := range []string{
		`"asynq:{talks}:t:job-42" "asynq:{talks}:pending"`,                      // enqueued
		`"asynq:{talks}:pending" "asynq:{talks}:paused" "asynq:{talks}:active"`, // taken
		`"asynq:{talks}:active" "asynq:{talks}:lease" "asynq:{talks}:t:job-42"`, // done
	} {
		for line := ""; !strings.Contains(line, want); {
			line = receive(t, seen, "MONITOR to show "+want)
		}
	}
}

// monitor returns the lines of Redis' MONITOR.
func monitor(t *testing.T, s *redisServer) <-chan string {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(c)
	fmt.Fprintf(c, "AUTH %q\r\nMONITOR\r\n", redisPassword)
	for range 2 {
		if !lines.Scan() || lines.Text() != "+OK" {
			t.Fatalf("MONITOR: %q", lines.Text())
		}
	}
	seen := make(chan string, 10_000)
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines.Scan() {
			seen <- lines.Text()
		}
	})
	t.Cleanup(func() { c.Close(); reading.Wait() })
	return seen
}

// dispatchUntilDone acts as a minimal conductor: it dispatches jobs, and those that are Gone
// and not done again, until all are done. It returns how many times it dispatched.
func dispatchUntilDone(t testing.TB, q *Queue, done *doneJobs, look time.Duration, ids ...string) (dispatched int) {
	t.Helper()
	events := q.Events()
	attempt := map[string]int{}
	name := func(id string) string { return fmt.Sprintf("%s/%d", id, attempt[id]) }
	for tick := time.Tick(look); ; {
		for _, id := range ids {
			if done.has(id) {
				continue
			}
			state, err := q.State(t.Context(), name(id))
			if err != nil || state != Gone {
				continue // Redis is away: look again
			}
			attempt[id]++
			if q.Dispatch(t.Context(), action.Job{ID: name(id)}, time.Hour) == nil {
				dispatched++
			}
		}
		if done.count() == len(ids) {
			return dispatched
		}
		select {
		case <-events:
		case <-tick:
		case <-t.Context().Done():
			t.Fatalf("%d of %d jobs are done", done.count(), len(ids))
		}
	}
}

// doneJobs stands in for the store: a job in it is done, no matter which events arrive.
type doneJobs struct {
	mu   sync.Mutex
	jobs map[string]int // how often each was done
}

func (d *doneJobs) add(job string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.jobs == nil {
		d.jobs = map[string]int{}
	}
	id, _, _ := strings.Cut(job, "/")
	d.jobs[id]++
}

func (d *doneJobs) has(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.jobs[id] > 0
}

func (d *doneJobs) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.jobs)
}

func TestQueue_FlushedRedis(t *testing.T) {
	losses := map[string]func(t *testing.T, s *redisServer){
		"flushed": func(t *testing.T, s *redisServer) {
			if err := redisClient(t, s.url()).FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		},
		"killed and restarted empty": func(t *testing.T, s *redisServer) {
			s.kill()
			s.start()
		},
	}
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			s := startRedis(t)
			// A busy machine may be late by some tenths of a second, but not by a heartbeat.
			q := openQueue(t, Options{URL: s.url(), Heartbeat: time.Second})
			w := openQueue(t, Options{URL: s.url(), Heartbeat: time.Second})
			var done doneJobs
			started, release := make(chan string, 100), make(chan bool)
			var cut sync.Mutex
			handlers := map[string]int{}
			startWorker(t, w, 2, func(ctx context.Context, job action.Job, report func(action.Event)) error {
				cut.Lock()
				handlers[job.ID]++
				cut.Unlock()
				started <- job.ID
				report(action.Event{Fraction: 0.5})
				select {
				case <-release:
				case <-ctx.Done():
					return ctx.Err()
				}
				done.add(job.ID)
				return nil
			})
			var conducting sync.WaitGroup
			var dispatched int
			ids := []string{"a", "b", "c", "d", "e", "f"}
			conducting.Go(func() { dispatched = dispatchUntilDone(t, q, &done, 100*time.Millisecond, ids...) })
			running := []string{receive(t, started, "the first"), receive(t, started, "the second")}
			for _, id := range ids[2:] {
				awaitState(t, q, id+"/1", Waiting)
			}
			lose(t, s)
			// The two that run send heartbeats again, and are not started a second time.
			for _, id := range running {
				took := awaitState(t, q, id, Running)
				t.Logf("%s is known to run again after %s", id, took.Round(time.Millisecond))
			}
			close(release)
			conducting.Wait()
			if want := len(ids) + len(ids) - len(running); dispatched != want {
				t.Errorf("dispatched %d times, want %d: every job, and those again that waited when they were lost", dispatched, want)
			}
			cut.Lock()
			defer cut.Unlock()
			for id, n := range handlers {
				if n != 1 {
					t.Errorf("%s was handled %d times", id, n)
				}
			}
		})
	}
}

func TestQueue_RedisOutage(t *testing.T) {
	s := startRedis(t)
	q := openQueue(t, Options{URL: s.url()})
	events := q.Events()
	started := make(chan string)
	resume := make(chan bool)
	startWorker(t, q, 1, func(ctx context.Context, _ action.Job, report func(action.Event)) error {
		started <- "job"
		<-resume
		for range 1000 {
			report(action.Event{Fraction: 0.5}) // must not wait for a Redis that is away
		}
		started <- "reported"
		<-resume
		return ctx.Err()
	})
	dispatchJobs(t, q, "job")
	awaitType(t, events, action.JobStarted, "job")
	receive(t, started, "the start")
	s.kill()
	resume <- true
	receive(t, started, "a thousand reports while Redis is away")
	s.start()
	awaitEvent(t, events, "look at everything", func(e action.Event) bool { return e.Type == "" })
	resume <- true
	awaitType(t, events, action.JobDone, "job")
}

func TestOpen_Errors(t *testing.T) {
	t.Run("settings", func(t *testing.T) {
		s := startRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
		_, err := Open(t.Context(), Options{URL: s.url()})
		if f := inputerr.As(err); f == nil || !strings.Contains(f.Error(), "maxmemory-policy allkeys-lru") || strings.Contains(f.Error(), "word") {
			t.Errorf("got %v", err)
		}
	})
	for url, want := range map[string]string{
		"localhost:6379":               `"localhost:6379" is not a Redis URL`,
		"http://localhost":             "is not a Redis URL",
		"redis://":                     "is not a Redis URL",
		"redis://u:secret@host/x":      "invalid database number",
		"redis://u:sec ret@ho st:6379": "is not a Redis URL",
	} {
		_, err := Open(t.Context(), Options{URL: url})
		if f := inputerr.As(err); f == nil || !strings.Contains(f.Error(), want) || strings.Contains(f.Error(), "sec") {
			t.Errorf("%s: got %v", url, err)
		}
	}
	for version, want := range map[string]bool{"5.0.14": true, "6.0.16": true, "6.2.0": false, "7.0.15": false, "10.1": false, "": false} {
		if got := olderThan(version, 6, 2); got != want {
			t.Errorf("older(%q) = %v", version, got)
		}
	}
}
