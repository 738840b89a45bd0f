package queue

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/lectern-av/lectern/internal/action"
)

// redisServer is a redis-server process of one test.
type redisServer struct {
	t    testing.TB
	port string
	cmd  *exec.Cmd
}

const redisPassword = "p@ss word" // one that a URL has to escape

func startRedis(t testing.TB, settings ...string) *redisServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	s := &redisServer{t: t, port: port}
	s.start(settings...)
	t.Cleanup(s.kill)
	return s
}

// start starts the server and returns when it accepts connections.
func (s *redisServer) start(settings ...string) {
	s.t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		s.t.Fatal("These tests need redis-server. Install it with: apt-get install redis-server (Debian, Ubuntu) or: brew install redis (macOS)")
	}
	args := append([]string{"--port", s.port, "--bind", "127.0.0.1", "--save", "", "--requirepass", redisPassword}, settings...)
	s.cmd = exec.Command(path, args...)
	s.cmd.Dir = s.t.TempDir()
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said = append(said, lines.Text())
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return
		}
	}
	s.t.Fatalf("redis-server did not start:\n%s", strings.Join(said, "\n"))
}

// kill kills the server with SIGKILL: nothing is saved.
func (s *redisServer) kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

func (s *redisServer) url() string {
	return "redis://:p%40ss%20word@127.0.0.1:" + s.port + "/1"
}

// backend is a Redis that the conformance tests run over.
type backend struct {
	url string       // empty for the embedded one
	cut func(*Queue) // breaks every connection
}

// forEachBackend runs the test over the embedded Redis and over a real one.
func forEachBackend(t *testing.T, test func(t *testing.T, b backend)) {
	t.Run("embedded", func(t *testing.T) {
		test(t, backend{cut: func(q *Queue) {
			q.embedded.Close()
			if err := q.embedded.Restart(); err != nil {
				t.Fatal(err)
			}
		}})
	})
	t.Run("redis-server", func(t *testing.T) {
		test(t, backend{url: startRedis(t).url(), cut: func(q *Queue) {
			if err := q.rdb.Do(t.Context(), "client", "kill", "type", "pubsub").Err(); err != nil {
				t.Fatal(err)
			}
		}})
	})
}

// openQueue opens a Queue with frequent heartbeats, so that tests are short, and closes it
// after the test.
func openQueue(t testing.TB, o Options) *Queue {
	t.Helper()
	if o.Heartbeat == 0 {
		o.Heartbeat = 200 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	q, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

// startWorker starts a worker; the returned function ends it and waits. It also ends with the test.
func startWorker(t testing.TB, q *Queue, slots int, handle Handler) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := q.Serve(ctx, ServeOptions{Worker: t.Name(), Slots: slots}, handle); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func dispatchJobs(t testing.TB, q *Queue, ids ...string) {
	t.Helper()
	for _, id := range ids {
		job := action.Job{ID: id, Actions: []action.Action{{Kind: "test", Slot: "slot/" + id}}}
		if err := q.Dispatch(t.Context(), job, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
}

// testTimeout is how long tests wait for anything.
const testTimeout = 20 * time.Second

// subscribeEvents returns a queue's events once the subscription is established; earlier events
// are lost.
func subscribeEvents(t testing.TB, q *Queue) <-chan action.Event {
	t.Helper()
	events := q.Events()
	awaitEvent(t, events, "the connection", func(e action.Event) bool { return e.Type == "" })
	return events
}

// awaitEvent returns the first event that matches, and drops those before it.
func awaitEvent(t testing.TB, events <-chan action.Event, what string, matches func(action.Event) bool) action.Event {
	t.Helper()
	late := time.After(testTimeout)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatalf("events closed while waiting for %s", what)
			}
			if matches(e) {
				return e
			}
		case <-late:
			t.Fatalf("no event: %s", what)
		}
	}
}

func awaitType(t testing.TB, events <-chan action.Event, typ action.EventType, job string) action.Event {
	t.Helper()
	return awaitEvent(t, events, fmt.Sprintf("%q of %q", typ, job), func(e action.Event) bool { return e.Type == typ && e.Job == job })
}

// receive returns the next value of c, or fails the test after testTimeout.
func receive[T any](t testing.TB, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(testTimeout):
		t.Fatalf("waited in vain for %s", what)
	}
	return v
}

// awaitState waits until the job is in that state, and returns how long it took.
func awaitState(t testing.TB, q *Queue, id string, want State) time.Duration {
	t.Helper()
	start := time.Now()
	for tick := time.Tick(10 * time.Millisecond); ; <-tick {
		got, err := q.State(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got == want {
			return time.Since(start)
		}
		if time.Since(start) > testTimeout {
			t.Fatalf("job %s is %v, want %v", id, got, want)
		}
	}
}

func assertState(t testing.TB, q *Queue, id string, want State) {
	t.Helper()
	got, err := q.State(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("job %s is %v, want %v", id, got, want)
	}
}

// blockUntilStopped returns a handler that reports the job it started, and blocks until it is
// stopped.
func blockUntilStopped(started chan<- string, ended chan<- error) Handler {
	return func(ctx context.Context, job action.Job, _ func(action.Event)) error {
		started <- job.ID
		<-ctx.Done()
		if ended != nil {
			ended <- context.Cause(ctx)
		}
		return ctx.Err()
	}
}

// TestMain also runs the worker process that tests kill: it serves the queue at
// QUEUE_TEST_WORKER until then.
func TestMain(m *testing.M) {
	if url := os.Getenv("QUEUE_TEST_WORKER"); url != "" {
		if err := serveForever(url, os.Getenv("QUEUE_TEST_BEAT")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveForever(url, beat string) error {
	d, err := time.ParseDuration(beat)
	if err != nil {
		return err
	}
	ctx := context.Background()
	q, err := Open(ctx, Options{URL: url, Heartbeat: d})
	if err != nil {
		return err
	}
	return q.Serve(ctx, ServeOptions{Worker: "doomed", Slots: 1},
		func(ctx context.Context, _ action.Job, _ func(action.Event)) error {
			<-ctx.Done()
			return ctx.Err()
		})
}

// workerProcess starts a worker in another process; the returned function kills it with
// SIGKILL.
func workerProcess(t *testing.T, url string, beat time.Duration) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "QUEUE_TEST_WORKER="+url, "QUEUE_TEST_BEAT="+beat.String())
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	t.Cleanup(kill)
	return kill
}

// redisClient opens a plain connection to the queue's Redis.
func redisClient(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}
