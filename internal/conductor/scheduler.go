package conductor

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/queue"
)

// scheduler is where the jobs of several talks wait for their turn in one queue. As many are let
// out as keep the workers busy: those that take moments before long ones, then those of the
// talks that matter more, and among equals those of the talk that has the fewest out. What
// two talks want of the same recording is one job.
type scheduler struct {
	queue       Queue
	maxInFlight int // how many long jobs are out at once, and how many quick ones
	log         *slog.Logger

	mu         sync.Mutex
	sessions   []*session
	jobsByID   map[string]*queuedJob // by the id of their job
	jobsByKey  map[action.Key]*queuedJob
	inFlight   map[bool]int // jobs that are out; true: quick ones
	lastNumber int          // of the last errand
}

// queuedJob is a job in the line, or out.
type queuedJob struct {
	job        action.Job
	timeout    time.Duration
	quick      bool
	number     int // who came first
	dispatched bool
	waiters    map[*session]string // who waits for it, and what each calls it
}

// session is one talk's end of the line. To its making it is the queue.
type session struct {
	*scheduler
	priority int // of its talk; higher goes first
	events   chan action.Event
	ownJobs  map[string]*queuedJob // its jobs, by what it calls them
}

func newScheduler(q Queue, window int, log *slog.Logger) *scheduler {
	return &scheduler{queue: q, maxInFlight: max(1, window), log: log, jobsByID: make(map[string]*queuedJob),
		jobsByKey: make(map[action.Key]*queuedJob), inFlight: make(map[bool]int)}
}

// eventBuffer is how many a member may be behind before it is told to look at everything.
const eventBuffer = 256

// openSession adds a member.
func (l *scheduler) openSession(priority int) *session {
	m := &session{scheduler: l, priority: priority, events: make(chan action.Event, eventBuffer), ownJobs: make(map[string]*queuedJob)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions = append(l.sessions, m)
	return m
}

// close ends a membership. What is out for nobody else is called back.
func (m *session) close(ctx context.Context) {
	m.mu.Lock()
	left := slices.Collect(maps.Keys(m.ownJobs))
	m.sessions = slices.DeleteFunc(m.sessions, func(o *session) bool { return o == m })
	m.mu.Unlock()
	for _, id := range left {
		if err := m.Cancel(ctx, id); err != nil {
			m.log.Debug("cancel", "job", id, "err", err)
		}
	}
}

// run hands on what workers say, until ctx ends.
func (l *scheduler) run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case e, open := <-l.queue.Events():
			if !open {
				return
			}
			l.routeEvent(e)
		case <-tick.C: // the queue may take now what it did not
		case <-ctx.Done():
			return
		}
		l.dispatchWaiting(ctx)
	}
}

// routeEvent tells those whom a word is for.
func (l *scheduler) routeEvent(e action.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Job == "" {
		for _, m := range l.sessions {
			m.notify(e)
		}
		return
	}
	r := l.jobsByID[e.Job]
	if r == nil {
		return
	}
	for m, id := range r.waiters {
		e.Job = id
		m.notify(e)
	}
	if e.Type == action.JobDone || e.Type == action.JobFailed {
		l.removeJob(r)
	}
}

// notify never waits. Who is far behind is told to look at everything instead of what there
// is no room for.
func (m *session) notify(e action.Event) {
	switch room := cap(m.events) - len(m.events); {
	case room > 1:
		m.events <- e
	case room == 1:
		m.events <- action.Event{}
	}
}

// removeJob ends an errand, whose members have been told. l.mu is held.
func (l *scheduler) removeJob(r *queuedJob) {
	if l.jobsByID[r.job.ID] != r {
		return
	}
	delete(l.jobsByID, r.job.ID)
	for _, a := range r.job.Actions {
		if l.jobsByKey[a.Key] == r {
			delete(l.jobsByKey, a.Key)
		}
	}
	for m, id := range r.waiters {
		delete(m.ownJobs, id)
	}
	if r.dispatched {
		l.inFlight[r.quick]--
	}
}

// jobEnded says that m does not wait for a job any more, because it is over; others are to
// look.
func (m *session) jobEnded(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.ownJobs[id]
	if r == nil {
		return
	}
	for other, theirs := range r.waiters {
		if other != m {
			other.notify(action.Event{Job: theirs})
		}
	}
	m.removeJob(r)
}

// Dispatch puts a job in line. One that another member has there, or out, already serves
// both.
func (m *session) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	m.mu.Lock()
	r := m.equivalentJob(job)
	if r == nil {
		m.lastNumber++
		r = &queuedJob{job: job, timeout: timeout, quick: job.Quick(), number: m.lastNumber, waiters: make(map[*session]string)}
		m.jobsByID[job.ID] = r
		for _, a := range job.Actions {
			m.jobsByKey[a.Key] = r
		}
	}
	r.waiters[m] = job.ID
	m.ownJobs[job.ID] = r
	m.mu.Unlock()
	m.dispatchWaiting(ctx)
	return ctx.Err()
}

// equivalentJob is the errand that makes all that a job would make; nil: there is none.
func (l *scheduler) equivalentJob(job action.Job) *queuedJob {
	if r := l.jobsByID[job.ID]; r != nil {
		return r
	}
	r := l.jobsByKey[job.Actions[0].Key]
	for _, a := range job.Actions {
		if l.jobsByKey[a.Key] != r {
			return nil
		}
	}
	return r
}

// dispatchWaiting lets out as many jobs as there is room for.
func (l *scheduler) dispatchWaiting(ctx context.Context) {
	for r := l.nextJob(); r != nil; r = l.nextJob() {
		err := l.queue.Dispatch(ctx, r.job, r.timeout)
		l.mu.Lock()
		stands := l.jobsByID[r.job.ID] == r
		if err != nil && stands {
			r.dispatched = false
			l.inFlight[r.quick]--
		}
		l.mu.Unlock()
		switch {
		case err != nil:
			if ctx.Err() == nil {
				l.log.Warn("queue does not take jobs; trying again", "err", err)
			}
			return
		case !stands: // everybody left meanwhile
			if err := l.queue.Cancel(ctx, r.job.ID); err != nil {
				l.log.Debug("cancel", "job", r.job.ID, "err", err)
			}
		}
	}
}

// nextJob is the errand that goes out now, and is counted as out; nil: none does.
func (l *scheduler) nextJob() *queuedJob {
	l.mu.Lock()
	defer l.mu.Unlock()
	busy := make(map[*session]int)
	for _, r := range l.jobsByID {
		for m := range r.waiters {
			if r.dispatched && !r.quick {
				busy[m]++
			}
		}
	}
	var best *queuedJob
	for _, r := range l.jobsByID {
		if !r.dispatched && l.inFlight[r.quick] < l.maxInFlight && (best == nil || runsBefore(r, best, busy)) {
			best = r
		}
	}
	if best != nil {
		best.dispatched = true
		l.inFlight[best.quick]++
	}
	return best
}

// runsBefore reports whether a goes out before b.
func runsBefore(a, b *queuedJob, busy map[*session]int) bool {
	if a.quick != b.quick {
		return a.quick
	}
	return cmp.Or(cmp.Compare(b.priority(), a.priority()), cmp.Compare(a.minInFlight(busy), b.minInFlight(busy)), cmp.Compare(a.number, b.number)) < 0
}

func (r *queuedJob) priority() int {
	first, p := true, 0
	for m := range r.waiters {
		if first || m.priority > p {
			first, p = false, m.priority
		}
	}
	return p
}

// minInFlight is how much is out for the one of those who wait for r that has least out.
func (r *queuedJob) minInFlight(busy map[*session]int) int {
	first, n := true, 0
	for m := range r.waiters {
		if first || busy[m] < n {
			first, n = false, busy[m]
		}
	}
	return n
}

// State is where a job is.
func (m *session) State(ctx context.Context, id string) (queue.State, error) {
	m.mu.Lock()
	r := m.ownJobs[id]
	waits := r != nil && !r.dispatched
	m.mu.Unlock()
	switch {
	case r == nil:
		return queue.Gone, nil
	case waits:
		return queue.Waiting, nil
	}
	return m.queue.State(ctx, r.job.ID)
}

// Cancel says that m does not want a job any more. If nobody else does it is stopped.
func (m *session) Cancel(ctx context.Context, id string) error {
	m.mu.Lock()
	r := m.ownJobs[id]
	stop := false
	if r != nil {
		delete(m.ownJobs, id)
		delete(r.waiters, m)
		if len(r.waiters) == 0 {
			stop = r.dispatched
			m.removeJob(r)
		}
	}
	m.mu.Unlock()
	if !stop {
		return nil
	}
	err := m.queue.Cancel(ctx, r.job.ID)
	m.dispatchWaiting(ctx)
	return err
}

// Events is what is said of m's jobs.
func (m *session) Events() <-chan action.Event { return m.events }
