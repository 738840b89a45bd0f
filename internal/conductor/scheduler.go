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

// scheduler shares one queue among the talks that are being built. It sends as many jobs to the
// queue as keep the workers busy: quick ones before long ones, then those of talks with a higher
// priority, then those of the talk that has the fewest in flight. Equal jobs of two talks, which
// use the same recording, are sent once.
type scheduler struct {
	queue       Queue
	maxInFlight int // long jobs in the queue at once, and as many quick ones; 0: see inFlightLimit
	log         *slog.Logger

	slotsChanged func() // called when the number of the workers' slots changed; may be nil

	mu         sync.Mutex
	sessions   []*session
	jobsByID   map[string]*queuedJob
	jobsByKey  map[action.Key]*queuedJob // by the keys of their actions
	inFlight   map[bool]int              // jobs in the queue; true: quick ones
	lastNumber int
	slots      int // jobs that all workers run at once
}

// queuedJob is a job that waits in the scheduler, or is in the queue.
type queuedJob struct {
	job        action.Job
	timeout    time.Duration
	quick      bool
	number     int // in order of arrival
	dispatched bool
	waiters    map[*session]string // the sessions that wait for it, and the ID that each knows it by
}

// session is one talk's connection to the scheduler. It is the Queue of the talk's reconciler.
type session struct {
	*scheduler
	priority int // of the talk; higher goes first
	events   chan action.Event
	ownJobs  map[string]*queuedJob // by the IDs that this session knows them by
}

func newScheduler(q Queue, maxInFlight, slots int, log *slog.Logger) *scheduler {
	return &scheduler{
		queue: q, maxInFlight: maxInFlight, slots: max(1, slots), log: log,
		jobsByID: make(map[string]*queuedJob), jobsByKey: make(map[action.Key]*queuedJob), inFlight: make(map[bool]int),
	}
}

// eventBuffer is how many events a session may be behind before it has to poll all of its jobs.
const eventBuffer = 256

// openSession returns a new session for a talk of this priority. The caller must close it.
func (s *scheduler) openSession(priority int) *session {
	m := &session{scheduler: s, priority: priority, events: make(chan action.Event, eventBuffer), ownJobs: make(map[string]*queuedJob)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = append(s.sessions, m)
	return m
}

// close removes the session from the scheduler, and cancels its jobs that no other session waits
// for.
func (m *session) close(ctx context.Context) {
	m.mu.Lock()
	ids := slices.Collect(maps.Keys(m.ownJobs))
	m.sessions = slices.DeleteFunc(m.sessions, func(o *session) bool { return o == m })
	m.mu.Unlock()
	for _, id := range ids {
		if err := m.Cancel(ctx, id); err != nil {
			m.log.Debug("cancel", "job", id, "err", err)
		}
	}
}

// run passes the queue's events on to the sessions until ctx ends. It dispatches waiting jobs after
// each event and at least once every interval.
func (s *scheduler) run(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	s.updateSlots(ctx)
	for {
		select {
		case e, open := <-s.queue.Events():
			if !open {
				return
			}
			if e.Job == "" { // a worker came or went, or events were lost
				s.updateSlots(ctx)
			}
			s.routeEvent(e)
		case <-tick.C: // the queue may take now what it refused
			s.updateSlots(ctx)
		case <-ctx.Done():
			return
		}
		s.dispatchWaiting(ctx)
	}
}

// updateSlots asks the queue for the number of the workers' slots.
func (s *scheduler) updateSlots(ctx context.Context) {
	before, _ := s.Slots(ctx)
	now := countSlots(ctx, s.queue, before, s.log)
	s.mu.Lock()
	s.slots = now
	s.mu.Unlock()
	if now != before && s.slotsChanged != nil {
		s.slotsChanged()
	}
}

// Slots returns how many jobs the workers run at once. The error is always nil.
func (s *scheduler) Slots(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots, nil
}

// routeEvent passes an event on to the sessions that wait for its job, or to all sessions if it has
// no job. When the job is done or failed, it removes the job.
func (s *scheduler) routeEvent(e action.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Job == "" {
		for _, m := range s.sessions {
			m.notify(e)
		}
		return
	}
	j := s.jobsByID[e.Job]
	if j == nil {
		return
	}
	for m, id := range j.waiters {
		e.Job = id
		m.notify(e)
	}
	if e.Type == action.JobDone || e.Type == action.JobFailed {
		s.removeJob(j)
	}
}

// notify puts an event into the session's buffer and never blocks. If only one place is free, it
// puts an event without a job there instead, which makes the session poll all of its jobs. If none
// is free, it drops the event.
func (m *session) notify(e action.Event) {
	switch room := cap(m.events) - len(m.events); {
	case room > 1:
		m.events <- e
	case room == 1:
		m.events <- action.Event{}
	}
}

// removeJob removes a job from the scheduler and from the sessions that wait for it. It must be
// called with mu held.
func (s *scheduler) removeJob(j *queuedJob) {
	if s.jobsByID[j.job.ID] != j {
		return
	}
	delete(s.jobsByID, j.job.ID)
	for _, a := range j.job.Actions {
		if s.jobsByKey[a.Key] == j {
			delete(s.jobsByKey, a.Key)
		}
	}
	for m, id := range j.waiters {
		delete(m.ownJobs, id)
	}
	if j.dispatched {
		s.inFlight[j.quick]--
	}
}

// jobEnded removes a job that the session has found to be over. Other sessions that wait for the
// job get an event, so that they check it too.
func (m *session) jobEnded(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.ownJobs[id]
	if j == nil {
		return
	}
	for other, otherID := range j.waiters {
		if other != m {
			other.notify(action.Event{Job: otherID})
		}
	}
	m.removeJob(j)
}

// Dispatch schedules a job. If another session has scheduled a job that makes the same artifacts,
// the two share it. An error of the queue is not returned, since the scheduler tries again;
// Dispatch returns only ctx's error.
func (m *session) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	m.mu.Lock()
	j := m.equivalentJob(job)
	if j == nil {
		m.lastNumber++
		j = &queuedJob{job: job, timeout: timeout, quick: job.Quick(), number: m.lastNumber, waiters: make(map[*session]string)}
		m.jobsByID[job.ID] = j
		for _, a := range job.Actions {
			m.jobsByKey[a.Key] = j
		}
	}
	j.waiters[m] = job.ID
	m.ownJobs[job.ID] = j
	m.mu.Unlock()
	m.dispatchWaiting(ctx)
	return ctx.Err()
}

// equivalentJob returns the scheduled job that makes all artifacts of the given one, or nil. It
// must be called with mu held.
func (s *scheduler) equivalentJob(job action.Job) *queuedJob {
	if j := s.jobsByID[job.ID]; j != nil {
		return j
	}
	j := s.jobsByKey[job.Actions[0].Key]
	for _, a := range job.Actions {
		if s.jobsByKey[a.Key] != j {
			return nil
		}
	}
	return j
}

// dispatchWaiting sends waiting jobs to the queue until it has as many as inFlightLimit allows or refuses one.
// A refused job waits for the next call.
func (s *scheduler) dispatchWaiting(ctx context.Context) {
	for j := s.nextJob(); j != nil; j = s.nextJob() {
		err := s.queue.Dispatch(ctx, j.job, j.timeout)
		s.mu.Lock()
		stillNeeded := s.jobsByID[j.job.ID] == j
		if err != nil && stillNeeded {
			j.dispatched = false
			s.inFlight[j.quick]--
		}
		s.mu.Unlock()
		switch {
		case err != nil:
			if ctx.Err() == nil {
				s.log.Warn("queue does not take jobs; trying again", "err", err)
			}
			return
		case !stillNeeded:
			if err := s.queue.Cancel(ctx, j.job.ID); err != nil {
				s.log.Debug("cancel", "job", j.job.ID, "err", err)
			}
		}
	}
}

// nextJob returns the waiting job to send next and counts it as dispatched. It returns nil if no
// job waits or if inFlightLimit allows none.
func (s *scheduler) nextJob() *queuedJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy := make(map[*session]int) // long jobs of each session in the queue
	for _, j := range s.jobsByID {
		for m := range j.waiters {
			if j.dispatched && !j.quick {
				busy[m]++
			}
		}
	}
	var best *queuedJob
	for _, j := range s.jobsByID {
		if !j.dispatched && s.inFlight[j.quick] < inFlightLimit(s.maxInFlight, s.slots) && (best == nil || runsBefore(j, best, busy)) {
			best = j
		}
	}
	if best != nil {
		best.dispatched = true
		s.inFlight[best.quick]++
	}
	return best
}

func runsBefore(a, b *queuedJob, busy map[*session]int) bool {
	if a.quick != b.quick {
		return a.quick
	}
	return cmp.Or(cmp.Compare(b.priority(), a.priority()), cmp.Compare(a.minInFlight(busy), b.minInFlight(busy)), cmp.Compare(a.number, b.number)) < 0
}

// priority returns the highest priority of the sessions that wait for the job.
func (j *queuedJob) priority() int {
	first, highest := true, 0
	for m := range j.waiters {
		if first || m.priority > highest {
			first, highest = false, m.priority
		}
	}
	return highest
}

// minInFlight returns how many long jobs in the queue the least busy of the sessions has that wait
// for j. busy holds the number of such jobs of each session.
func (j *queuedJob) minInFlight(busy map[*session]int) int {
	first, lowest := true, 0
	for m := range j.waiters {
		if first || busy[m] < lowest {
			first, lowest = false, busy[m]
		}
	}
	return lowest
}

// State returns the state of one of the session's jobs. A job that the scheduler has not sent to
// the queue yet is queue.Waiting, and an unknown one is queue.Gone.
func (m *session) State(ctx context.Context, id string) (queue.State, error) {
	m.mu.Lock()
	j := m.ownJobs[id]
	waiting := j != nil && !j.dispatched
	m.mu.Unlock()
	switch {
	case j == nil:
		return queue.Gone, nil
	case waiting:
		return queue.Waiting, nil
	}
	return m.queue.State(ctx, j.job.ID)
}

// Cancel removes a job from the session. If no other session waits for the job, it is cancelled.
func (m *session) Cancel(ctx context.Context, id string) error {
	m.mu.Lock()
	j := m.ownJobs[id]
	stop := false
	if j != nil {
		delete(m.ownJobs, id)
		delete(j.waiters, m)
		if len(j.waiters) == 0 {
			stop = j.dispatched
			m.removeJob(j)
		}
	}
	m.mu.Unlock()
	if !stop {
		return nil
	}
	err := m.queue.Cancel(ctx, j.job.ID)
	m.dispatchWaiting(ctx)
	return err
}

// Events returns the channel of events about the session's jobs. An event without a job means that
// some were dropped.
func (m *session) Events() <-chan action.Event { return m.events }
