package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// ServeOptions configure a worker.
type ServeOptions struct {
	Worker string // unique among the running workers, such as "host-pid"
	Slots  int    // concurrent jobs
	Quick  int    // additional concurrent quick jobs; 0: quick jobs use the slots, before others
}

// Handler does a job. Its context ends on Cancel, at the job's timeout, and when the worker
// stops, and for no other reason: not with an outage of Redis. Report may be called any number
// of times and never blocks; the latest report is published, about four times a second. The
// error, best an *action.Failure, becomes the Failed event; nil becomes Done, so the results
// must be in the store by then. A job may come twice: look into the store first.
type Handler func(ctx context.Context, job action.Job, report func(action.Event)) error

// ErrCancelled is the cause of a handler's context that Cancel ended.
var ErrCancelled = errors.New("cancelled")

// errTimeout is the cause of a handler's context whose job took too long.
var errTimeout = errors.New("took longer than its limit")

const (
	progressInterval    = 250 * time.Millisecond // between two progress events of a job
	finalPublishTimeout = 5 * time.Second        // for a final event during shutdown
)

// Serve takes jobs from the queue and calls handle for each, until ctx ends and all handlers have
// returned. For each job it publishes JobStarted, and JobDone or JobFailed at the end. A job that
// Cancel or ctx stopped has not failed: its last Event has no Type. Serve returns an error only if
// it cannot start.
func (q *Queue) Serve(ctx context.Context, o ServeOptions, handle Handler) error {
	if o.Slots < 1 {
		return fmt.Errorf("serve the queue: %d slots", o.Slots)
	}
	w := &worker{
		Queue: q, ServeOptions: o, handle: handle,
		progressReady: make(chan struct{}, 1),
		writeMu:       make(chan struct{}, 1),
		running:       map[string]*runningJob{},
	}
	servers := []*asynq.Server{q.newServer(o.Slots, map[string]int{string(q.quick()): 2, string(q.long()): 1})}
	handlers := []asynq.HandlerFunc{w.process(ctx, make(chan struct{}, o.Slots))}
	if o.Quick > 0 {
		servers = append(servers, q.newServer(o.Quick, map[string]int{string(q.quick()): 1}))
		handlers = append(handlers, w.process(ctx, make(chan struct{}, o.Quick)))
	}
	background, end := context.WithCancel(context.WithoutCancel(ctx)) // for what must outlive the handlers
	defer end()
	var own sync.WaitGroup
	cancels := q.subscribe(background, q.key("cancel"))
	own.Go(func() { cancels.listen(background, func() { w.sendHeartbeats(background) }, w.cancelJob) })
	own.Go(func() { w.heartbeatLoop(background) })
	own.Go(func() { w.progressLoop(background) })

	var err error
	var started []*asynq.Server
	for i, server := range servers {
		if err = server.Start(handlers[i]); err != nil {
			break
		}
		started = append(started, server)
	}
	if err == nil {
		w.sendHeartbeats(background)
		w.publish(ctx, action.Event{Worker: o.Worker}) // there are more slots: make the conductor look
		<-ctx.Done()
	}
	for _, server := range started {
		server.Shutdown()
	}
	w.stopAccepting()
	w.withdrawSlots(background)
	w.publish(ctx, action.Event{Worker: o.Worker}) // jobs may have been left undone: make the conductor look
	end()
	own.Wait()
	if err != nil {
		return fmt.Errorf("serve the queue: %w", err)
	}
	return nil
}

// newServer returns an asynq server that runs up to slots jobs at once. queues holds the priorities
// of asynq's queues; one with a higher number is always served first.
func (q *Queue) newServer(slots int, queues map[string]int) *asynq.Server {
	return asynq.NewServerFromRedisClient(q.rdb, asynq.Config{
		Concurrency:       slots,
		Queues:            queues,
		StrictPriority:    true,
		TaskCheckInterval: q.pollInterval,
		Logger:            asynqLog{q.log},
		// Serve waits for the handlers, which end with ctx. At the end of this timeout asynq
		// would put their jobs back into the queue instead.
		ShutdownTimeout: 365 * 24 * time.Hour,
		// Nothing is ever scheduled, retried or kept.
		DelayedTaskCheckInterval: time.Hour,
		JanitorInterval:          time.Hour,
	})
}

// worker is one call of Serve.
type worker struct {
	*Queue
	ServeOptions
	handle Handler

	progressReady chan struct{} // holds a token while there is progress to publish
	writeMu       chan struct{} // holds a token while heartbeats or progress are sent: none may follow the final event

	mu      sync.Mutex
	running map[string]*runningJob
	closed  bool
	jobs    sync.WaitGroup
}

// runningJob is a job that this worker runs.
type runningJob struct {
	cancel   context.CancelCauseFunc
	progress atomic.Pointer[action.Event] // not published yet
}

// process returns the function that handles asynq's tasks. It runs at most cap(slots) jobs at once.
// asynq has a limit of its own, but after a stall it believes that running jobs have ended and
// delivers more. The function always returns nil, so that asynq forgets the task; the published
// events report how the job ended.
func (w *worker) process(serving context.Context, slots chan struct{}) asynq.HandlerFunc {
	return func(ctx context.Context, t *asynq.Task) error {
		var m message
		if err := json.Unmarshal(t.Payload(), &m); err != nil {
			id, _ := asynq.GetTaskID(ctx)
			w.publish(serving, action.Event{Type: action.JobFailed, Job: id, Worker: w.Worker, Failure: &action.Failure{
				Slot: id, Message: fmt.Sprintf("worker %s cannot read the job: %v", w.Worker, err)}})
			return nil
		}
		jobCtx, h := w.startJob(serving, m.Job.ID)
		if h == nil {
			return nil
		}
		defer w.jobs.Done()
		defer h.cancel(nil)
		end := w.runJob(jobCtx, slots, h, m)
		w.removeJob(m.Job.ID)
		w.publishEnded(serving, m.Job.ID, end)
		return nil
	}
}

// startJob registers a job as running, and returns its context, which derives from the context of
// Serve and not from asynq's. It returns nil if the worker runs the job already, as asynq may
// deliver a job twice after an outage, or if the worker is stopping.
func (w *worker) startJob(serving context.Context, id string) (context.Context, *runningJob) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || serving.Err() != nil || w.running[id] != nil {
		return nil, nil
	}
	ctx, stop := context.WithCancelCause(serving)
	h := &runningJob{cancel: stop}
	w.running[id] = h
	w.jobs.Add(1)
	return ctx, h
}

// removeJob removes a job from the running ones. When it returns, no heartbeat or progress event of
// the job is being sent or will be.
func (w *worker) removeJob(id string) {
	w.writeMu <- struct{}{}
	defer func() { <-w.writeMu }()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, id)
}

// stopAccepting makes the worker refuse new jobs, and waits for running ones, including those that
// asynq believes to have ended.
func (w *worker) stopAccepting() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.jobs.Wait()
}

// runJob waits for a slot, publishes the job's start, calls the handler, and returns the final
// event. If ctx ends, that event has no Type.
func (w *worker) runJob(ctx context.Context, slots chan struct{}, h *runningJob, m message) action.Event {
	event := action.Event{Job: m.Job.ID, Worker: w.Worker}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return event
	}
	w.publishStarted(ctx, h, m.Job.ID)
	timed, cancel := context.WithTimeoutCause(ctx, m.Timeout, errTimeout)
	defer cancel()
	err := w.callHandler(timed, m.Job, func(e action.Event) {
		e.Type, e.Job, e.Worker = action.JobProgress, m.Job.ID, w.Worker
		h.progress.Store(&e)
		select {
		case w.progressReady <- struct{}{}:
		default:
		}
	})
	switch {
	case err == nil:
		event.Type = action.JobDone
	case ctx.Err() == nil:
		event.Type, event.Failure = action.JobFailed, failureOf(m.Job, err)
		if errors.Is(context.Cause(timed), errTimeout) {
			event.Failure.Message = fmt.Sprintf("%v of %s: %s", errTimeout, m.Timeout, event.Failure.Message)
		}
	}
	return event
}

// publishStarted writes the first heartbeat of a job and then publishes JobStarted, in one round
// trip. If the job was cancelled before, it cancels the job's context.
func (w *worker) publishStarted(ctx context.Context, h *runningJob, id string) {
	p := w.rdb.Pipeline()
	p.Set(ctx, w.key("beat", id), w.Worker, w.heartbeatTTL())
	cancelled := p.Exists(ctx, w.key("cancel", id))
	p.Publish(ctx, w.key("events"), encode(action.Event{Type: action.JobStarted, Job: id, Worker: w.Worker}))
	if _, err := p.Exec(ctx); err != nil {
		w.log.Debug("cannot publish the start of a job", "job", id, "error", err)
	}
	if cancelled.Val() == 1 {
		h.cancel(ErrCancelled)
	}
}

// callHandler calls the handler and returns its error. A panic of the handler becomes a Failure
// with the stack. If ctx has ended already, the handler is not called.
func (w *worker) callHandler(ctx context.Context, job action.Job, report func(action.Event)) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = &action.Failure{Slot: firstSlot(job), Message: fmt.Sprintf("panic: %v", x), Stderr: string(debug.Stack())}
		}
	}()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return w.handle(ctx, job, report)
}

// failureOf returns an error of a handler as a Failure, which the caller may change. If err holds
// no Failure, it makes one for the first action of the job.
func failureOf(job action.Job, err error) *action.Failure {
	var f *action.Failure
	if errors.As(err, &f) {
		f := *f
		return &f
	}
	return &action.Failure{Slot: firstSlot(job), Message: err.Error(), InputError: inputerr.As(err)}
}

// firstSlot returns a name of the job for people: the slot of its first action, or its id if it has
// none.
func firstSlot(job action.Job) string {
	if len(job.Actions) == 0 {
		return job.ID
	}
	return job.Actions[0].Slot
}

// publishEnded deletes a job's heartbeat and publishes its final event e. It works for a few
// seconds even after serving has ended. If Redis is away, the event is lost, and the conductor
// finds the result in the store. If another worker runs a second copy of the job, its heartbeat is
// deleted too; the copy's next heartbeat restores it, and until then asynq's lease shows that the
// copy runs.
func (w *worker) publishEnded(serving context.Context, id string, e action.Event) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(serving), finalPublishTimeout)
	defer cancel()
	p := w.rdb.Pipeline()
	p.Del(ctx, w.key("beat", id))
	p.Publish(ctx, w.key("events"), encode(e))
	if _, err := p.Exec(ctx); err != nil {
		w.log.Debug("cannot publish the end of a job", "job", id, "error", err)
	}
}

// publish sends an event to all readers of Events, even after serving has ended. It logs a failure
// and does not return it.
func (w *worker) publish(serving context.Context, e action.Event) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(serving), finalPublishTimeout)
	defer cancel()
	if err := w.rdb.Publish(ctx, w.key("events"), encode(e)).Err(); err != nil {
		w.log.Debug("cannot publish an event", "job", e.Job, "error", err)
	}
}

// cancelJob cancels the context of a job if this worker runs the job.
func (w *worker) cancelJob(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.running[id]; h != nil {
		h.cancel(ErrCancelled)
	}
}

// heartbeatLoop sends a heartbeat for each running job at every heartbeat interval, until ctx ends.
func (w *worker) heartbeatLoop(ctx context.Context) {
	tick := time.NewTicker(w.heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.sendHeartbeats(ctx)
		}
	}
}

// pipelineForJobs calls add for each running job, and then sends the commands that add put into p
// in one round trip. It logs a failure and does not return it.
func (w *worker) pipelineForJobs(ctx context.Context, add func(p redis.Pipeliner, id string, h *runningJob)) {
	w.writeMu <- struct{}{}
	defer func() { <-w.writeMu }()
	w.mu.Lock()
	jobs := maps.Clone(w.running)
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, w.heartbeat)
	defer cancel()
	p := w.rdb.Pipeline()
	for id, h := range jobs {
		add(p, id, h)
	}
	if _, err := p.Exec(ctx); err != nil {
		w.log.Debug("cannot send heartbeats or progress", "error", err)
	}
}

// sendHeartbeats writes a heartbeat for every running job, and the worker's slots. It also cancels
// the jobs that have been marked as cancelled, in case the signal of Cancel was lost.
func (w *worker) sendHeartbeats(ctx context.Context) {
	w.announceSlots(ctx)
	marks := map[*runningJob]*redis.IntCmd{}
	w.pipelineForJobs(ctx, func(p redis.Pipeliner, id string, h *runningJob) {
		p.Set(ctx, w.key("beat", id), w.Worker, w.heartbeatTTL())
		marks[h] = p.Exists(ctx, w.key("cancel", id))
	})
	for h, mark := range marks {
		if mark.Val() == 1 {
			h.cancel(ErrCancelled)
		}
	}
}

// progressLoop publishes the latest progress of the jobs that have new progress, at most once per
// progressInterval, until ctx ends.
func (w *worker) progressLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.progressReady:
			w.publishProgress(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(progressInterval):
		}
	}
}

// publishProgress publishes, for each running job, its latest progress unless that was published
// before.
func (w *worker) publishProgress(ctx context.Context) {
	w.pipelineForJobs(ctx, func(p redis.Pipeliner, _ string, h *runningJob) {
		if e := h.progress.Swap(nil); e != nil {
			p.Publish(ctx, w.key("events"), encode(*e))
		}
	})
}
