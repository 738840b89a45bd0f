// Package queue carries jobs from the conductor to the workers, and events back. It is asynq
// behind a small interface, over a Redis that is embedded in this process unless another is
// configured.
//
// The queue holds nothing of value. Redis may be flushed, or killed and started empty, at any
// moment: the queue recovers by itself, the lost jobs become [Gone], and the conductor
// dispatches them again.
//
// Three features of asynq are not used, because they don't suit long work. Its retries: every
// task has none, a new attempt is a new job. Its context: it ends when a stalled machine misses
// a lease of 30 seconds, so handlers get one of ours. And its cancellation, which lets two
// copies overlap: Cancel sends a signal of our own.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/lectern-av/lectern/internal/action"
)

// Options configure a queue.
type Options struct {
	URL          string        // redis://[user:password@]host:port[/db] or rediss://…; empty for the embedded Redis
	Name         string        // distinguishes queues that share one Redis; "" is "lectern"
	Log          *slog.Logger  // nil is slog.Default()
	Heartbeat    time.Duration // how often workers prove that they live; 0 is two seconds. It must be the same for all processes of a queue
	PollInterval time.Duration // how often an idle worker looks for a job; 0 is 50 ms

	// Dial, if set, connects to a Redis without a socket, in place of the URL: miniredis' Dial
	// works under testing/synctest, where hours pass in a moment.
	Dial func(context.Context) (net.Conn, error)
}

const (
	defaultHeartbeat    = 2 * time.Second
	defaultPollInterval = 50 * time.Millisecond
)

// Queue is one end of the queue: a conductor's, a worker's, or both in one process.
type Queue struct {
	name         string
	url          string
	heartbeat    time.Duration
	pollInterval time.Duration
	log          *slog.Logger

	rdb       *redis.Client
	embedded  *miniredis.Miniredis // nil for an external Redis
	client    *asynq.Client
	inspector *asynq.Inspector

	closed chan struct{}  // closed by stop
	stop   func()         // may be called more than once
	tasks  sync.WaitGroup // goroutines that Open and Events started

	mu        sync.Mutex
	events    *eventBuffer // nil until Events is called
	flushedAt time.Time    // when Redis was last found flushed
}

// Open connects to the Redis that the options name, or starts an embedded one if they name none. It
// returns an [inputerr.Error] if the URL is invalid, or if the version or the settings of that
// Redis do not suit. Call Close in the end.
func Open(ctx context.Context, o Options) (*Queue, error) {
	q := &Queue{name: o.Name, url: o.URL, heartbeat: o.Heartbeat, pollInterval: o.PollInterval, log: o.Log}
	if q.name == "" {
		q.name = "lectern"
	}
	if q.heartbeat == 0 {
		q.heartbeat = defaultHeartbeat
	}
	if q.pollInterval == 0 {
		q.pollInterval = defaultPollInterval
	}
	if q.log == nil {
		q.log = slog.Default()
	}
	q.closed = make(chan struct{})
	q.stop = sync.OnceFunc(func() { close(q.closed) })
	if err := q.connect(ctx, o.Dial); err != nil {
		q.stop()
		return nil, err
	}
	q.rdb.AddHook(failurePause{q.pollInterval})
	q.client = asynq.NewClientFromRedisClient(q.rdb)
	q.inspector = asynq.NewInspectorFromRedisClient(q.rdb)
	// From now on, a Redis without this key was flushed (see States).
	if err := q.rdb.SetNX(ctx, q.key("memory"), "kept", 0).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the queue: %w", err), q.Close())
	}
	return q, nil
}

// Close closes the channel of Events, the connections and the embedded Redis. All calls of Serve
// must have returned before.
func (q *Queue) Close() error {
	q.stop()
	q.tasks.Wait()
	return q.disconnect()
}

// URL returns the address, including the password, at which other processes of this machine reach
// the queue's Redis. It returns "" if Options.Dial was given.
func (q *Queue) URL() string { return q.url }

// key returns the name of a key or channel of this queue in Redis, such as "lectern:{NAME}:beat:ID"
// for the parts "beat" and ID.
func (q *Queue) key(parts ...string) string {
	k := "lectern:{" + q.name + "}"
	for _, p := range parts {
		k += ":" + p
	}
	return k
}

// lane is one of asynq's queues. There are two: quick jobs have one of their own, so that they
// need not wait for long ones.
type lane string

func (q *Queue) long() lane     { return lane(q.name) }
func (q *Queue) quick() lane    { return lane(q.name + "-quick") }
func (q *Queue) lanes() [2]lane { return [2]lane{q.long(), q.quick()} }

// laneOf returns the lane for a job: the quick one for a quick job, else the long one.
func (q *Queue) laneOf(j action.Job) lane {
	if j.Quick() {
		return q.quick()
	}
	return q.long()
}

// key returns the name of one of asynq's keys for this lane; the layout is the same in every
// release since 0.18.
func (l lane) key(part string) string { return "asynq:{" + string(l) + "}:" + part }

// heartbeatTTL returns how long after its last heartbeat a job counts as running.
func (q *Queue) heartbeatTTL() time.Duration { return 3 * q.heartbeat }
