package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/lectern-av/lectern/internal/action"
)

// taskType is the only type of asynq task; a job's actions say what it does.
const taskType = "job"

// message is the payload of a task.
type message struct {
	Job     action.Job    `json:"job"`
	Timeout time.Duration `json:"timeout"` // nanoseconds
}

// asynqTimeoutMargin is added to a job's timeout for asynq, so that the handler has ended by
// our own timeout, and published that, before asynq gives up. asynq counts whole seconds and
// would take a fraction of one for its default of 30 minutes.
const asynqTimeoutMargin = time.Minute

// Dispatch puts a job in the queue. It does nothing if a job of the same id is waiting or running.
// Jobs start in the order of their dispatch, except that quick ones start before others. The worker
// stops the job after timeout, counted from the job's start. Dispatch withdraws an earlier Cancel
// of the same id.
func (q *Queue) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	if timeout <= 0 {
		return fmt.Errorf("dispatch job %s: invalid timeout %s", job.ID, timeout)
	}
	payload, err := json.Marshal(message{job, timeout})
	if err != nil {
		return fmt.Errorf("dispatch job %s: %w", job.ID, err)
	}
	if err := q.rdb.Del(ctx, q.key("cancel", job.ID)).Err(); err != nil {
		return fmt.Errorf("dispatch job %s: %w", job.ID, err)
	}
	at := q.laneOf(job)
	task := asynq.NewTask(taskType, payload, asynq.Queue(string(at)), asynq.TaskID(job.ID),
		asynq.MaxRetry(0), asynq.Timeout(timeout+asynqTimeoutMargin))
	_, err = q.client.EnqueueContext(ctx, task)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		var cleared bool
		if cleared, err = q.deleteArchived(ctx, at, job.ID); cleared {
			_, err = q.client.EnqueueContext(ctx, task)
		}
	}
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("dispatch job %s: %w", job.ID, err)
	}
	return nil
}

// deleteArchived makes the id of a task that asynq has archived usable again, by deleting the task.
// asynq archives a task whose worker died. It reports whether the id is free now, which it is not
// while the task is waiting or running.
func (q *Queue) deleteArchived(ctx context.Context, at lane, id string) (bool, error) {
	state, err := q.rdb.HGet(ctx, at.key("t:"+id), "state").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, err
	}
	if state == "pending" || state == "active" {
		return false, nil
	}
	return true, q.delete(ctx, at, id)
}

// delete removes a waiting task from a lane. A missing task is no error.
func (q *Queue) delete(ctx context.Context, at lane, id string) error {
	if err := q.registerLanes(ctx); err != nil {
		return err
	}
	err := q.inspector.DeleteTask(string(at), id)
	if errors.Is(err, asynq.ErrTaskNotFound) {
		return nil
	}
	return err
}

// registerLanes makes both lanes known to asynq's inspector, which otherwise does not know them
// after Redis was flushed: asynq's client registers each only once.
func (q *Queue) registerLanes(ctx context.Context) error {
	return q.rdb.SAdd(ctx, "asynq:queues", string(q.long()), string(q.quick())).Err()
}

// State says where a job is.
type State int

// The states of a job. Unknown is for the first moments after Redis was flushed, until the
// workers have reported their jobs again: ask later.
const (
	Gone    State = iota // finished, lost, cancelled, or its worker went silent
	Waiting              // no worker has taken it yet
	Running              // a worker that sends heartbeats has it
	Unknown
)

func (s State) String() string {
	return [...]string{"gone", "waiting", "running", "unknown"}[s]
}

// State returns the state of one job; see [Queue.States].
func (q *Queue) State(ctx context.Context, id string) (State, error) {
	states, err := q.States(ctx, id)
	if err != nil {
		return Unknown, err
	}
	return states[0], nil
}

// statesBatch is how many jobs States queries in one round trip.
const statesBatch = 500

// States returns the present states of jobs, in the order of the ids. A job that the queue does not
// know is Gone, or Unknown just after Redis was flushed.
func (q *Queue) States(ctx context.Context, ids ...string) ([]State, error) {
	states := make([]State, 0, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), statesBatch)
		some, err := q.queryStates(ctx, ids[:n])
		if err != nil {
			return nil, fmt.Errorf("query the states of %d jobs: %w", n, err)
		}
		states, ids = append(states, some...), ids[n:]
	}
	return states, nil
}

// jobReplies are the replies of Redis about one job.
type jobReplies struct {
	heartbeat *redis.IntCmd
	state     [2]*redis.StringCmd // by lane; a job is in one of them
	lease     [2]*redis.FloatCmd
}

// queryStates returns the states of jobs, in the order of the ids, with one round trip to Redis.
// The same round trip shows whether Redis was flushed since the last one.
func (q *Queue) queryStates(ctx context.Context, ids []string) ([]State, error) {
	replies := make([]jobReplies, len(ids))
	p := q.rdb.Pipeline()
	flushed := p.SetNX(ctx, q.key("memory"), "kept", 0)
	for i, id := range ids {
		replies[i].heartbeat = p.Exists(ctx, q.key("beat", id))
		for n, at := range q.lanes() {
			replies[i].state[n] = p.HGet(ctx, at.key("t:"+id), "state")
			replies[i].lease[n] = p.ZScore(ctx, at.key("lease"), id)
		}
	}
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	lost := Gone
	if q.recentlyFlushed(flushed.Val()) {
		lost = Unknown
	}
	states := make([]State, len(ids))
	for i, s := range replies {
		states[i] = q.stateFromReplies(s, lost)
	}
	return states, nil
}

// asynqLease is how long asynq leases a task to a worker.
const asynqLease = 30 * time.Second

// stateFromReplies returns the state of a job that Redis' replies show. It returns lost if the
// queue does not know the job, or if its worker went silent.
func (q *Queue) stateFromReplies(s jobReplies, lost State) State {
	if s.heartbeat.Val() == 1 {
		return Running
	}
	for n, state := range s.state {
		switch state.Val() {
		case "pending":
			return Waiting
		case "active":
			// A worker takes a task shortly before its first heartbeat. asynq's lease, written
			// when the task was taken, distinguishes that from the silence of a dead worker.
			taken := time.Unix(int64(s.lease[n].Val()), 0).Add(-asynqLease)
			if time.Since(taken) < max(q.heartbeatTTL(), 2*time.Second) {
				return Running
			}
		}
	}
	return lost
}

// recentlyFlushed reports whether Redis lost its data so recently that running workers may not have
// sent a heartbeat since. now is true if it was found flushed just now.
func (q *Queue) recentlyFlushed(now bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now {
		q.flushedAt = time.Now()
		q.log.Info("Redis was flushed; waiting for the workers to report")
	}
	return !q.flushedAt.IsZero() && time.Since(q.flushedAt) < q.heartbeat*3/2
}

// cancelMarkTTL is how long a Cancel is kept for a worker that took the job at the same moment,
// or that could not reach Redis.
const cancelMarkTTL = time.Hour

// Cancel stops a job. A waiting job is deleted. The handler of a running job gets its context
// cancelled: at once, or at the worker's next heartbeat if the signal is lost. A cancelled job
// causes no JobFailed event.
func (q *Queue) Cancel(ctx context.Context, id string) error {
	// Set the mark first: a worker reads it when it takes a job and at every heartbeat.
	if err := q.rdb.Set(ctx, q.key("cancel", id), "1", cancelMarkTTL).Err(); err != nil {
		return fmt.Errorf("cancel job %s: %w", id, err)
	}
	for _, at := range q.lanes() {
		state, err := q.rdb.HGet(ctx, at.key("t:"+id), "state").Result()
		if err != nil || state != "pending" {
			continue
		}
		// A worker may take it just now, and then it cannot be deleted; the mark and the signal
		// stop it.
		if err := q.delete(ctx, at, id); err != nil {
			q.log.Debug("cannot delete a cancelled job", "job", id, "error", err)
		}
	}
	if err := q.rdb.Publish(ctx, q.key("cancel"), id).Err(); err != nil {
		return fmt.Errorf("cancel job %s: %w", id, err)
	}
	return nil
}

// Drain deletes all waiting jobs of this queue and all tasks that asynq has archived. Running jobs
// continue.
func (q *Queue) Drain(ctx context.Context) error {
	if err := q.registerLanes(ctx); err != nil {
		return fmt.Errorf("drain the queue: %w", err)
	}
	for _, at := range q.lanes() {
		_, err1 := q.inspector.DeleteAllPendingTasks(string(at))
		_, err2 := q.inspector.DeleteAllArchivedTasks(string(at))
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("drain the queue: %w", err)
		}
	}
	return nil
}
