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

// line is where the jobs of several talks wait for their turn in one queue. As many are let
// out as keep the workers busy: those that take moments before long ones, then those of the
// talks that matter more, and among equals those of the talk that has the fewest out. What
// two talks want of the same recording is one job.
type line struct {
	queue  Queue
	window int // how many long jobs are out at once, and how many quick ones
	log    *slog.Logger

	mu      sync.Mutex
	members []*member
	errands map[string]*errand // by the id of their job
	making  map[action.Key]*errand
	out     map[bool]int // jobs that are out; true: quick ones
	number  int          // of the last errand
}

// errand is a job in the line, or out.
type errand struct {
	job     action.Job
	timeout time.Duration
	quick   bool
	number  int // who came first
	out     bool
	whose   map[*member]string // who waits for it, and what each calls it
}

// member is one talk's end of the line. To its making it is the queue.
type member struct {
	*line
	priority int // of its talk; higher goes first
	events   chan action.Event
	mine     map[string]*errand // its jobs, by what it calls them
}

func newLine(q Queue, window int, log *slog.Logger) *line {
	return &line{queue: q, window: max(1, window), log: log, errands: make(map[string]*errand),
		making: make(map[action.Key]*errand), out: make(map[bool]int)}
}

// mostWords is how many a member may be behind before it is told to look at everything.
const mostWords = 256

// join adds a member.
func (l *line) join(priority int) *member {
	m := &member{line: l, priority: priority, events: make(chan action.Event, mostWords), mine: make(map[string]*errand)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.members = append(l.members, m)
	return m
}

// leave ends a membership. What is out for nobody else is called back.
func (m *member) leave(ctx context.Context) {
	m.mu.Lock()
	left := slices.Collect(maps.Keys(m.mine))
	m.members = slices.DeleteFunc(m.members, func(o *member) bool { return o == m })
	m.mu.Unlock()
	for _, id := range left {
		if err := m.Cancel(ctx, id); err != nil {
			m.log.Debug("cancel", "job", id, "err", err)
		}
	}
}

// run hands on what workers say, until ctx ends.
func (l *line) run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case e, open := <-l.queue.Events():
			if !open {
				return
			}
			l.hear(e)
		case <-tick.C: // the queue may take now what it did not
		case <-ctx.Done():
			return
		}
		l.pump(ctx)
	}
}

// hear tells those whom a word is for.
func (l *line) hear(e action.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Job == "" {
		for _, m := range l.members {
			m.tell(e)
		}
		return
	}
	r := l.errands[e.Job]
	if r == nil {
		return
	}
	for m, id := range r.whose {
		e.Job = id
		m.tell(e)
	}
	if e.Type == action.Done || e.Type == action.Failed {
		l.settle(r)
	}
}

// tell never waits. Who is far behind is told to look at everything instead of what there
// is no room for.
func (m *member) tell(e action.Event) {
	switch room := cap(m.events) - len(m.events); {
	case room > 1:
		m.events <- e
	case room == 1:
		m.events <- action.Event{}
	}
}

// settle ends an errand, whose members have been told. l.mu is held.
func (l *line) settle(r *errand) {
	if l.errands[r.job.ID] != r {
		return
	}
	delete(l.errands, r.job.ID)
	for _, a := range r.job.Actions {
		if l.making[a.Key] == r {
			delete(l.making, a.Key)
		}
	}
	for m, id := range r.whose {
		delete(m.mine, id)
	}
	if r.out {
		l.out[r.quick]--
	}
}

// landed says that m does not wait for a job any more, because it is over; others are to
// look.
func (m *member) landed(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.mine[id]
	if r == nil {
		return
	}
	for other, theirs := range r.whose {
		if other != m {
			other.tell(action.Event{Job: theirs})
		}
	}
	m.settle(r)
}

// Dispatch puts a job in line. One that another member has there, or out, already serves
// both.
func (m *member) Dispatch(ctx context.Context, job action.Job, timeout time.Duration) error {
	m.mu.Lock()
	r := m.standIn(job)
	if r == nil {
		m.number++
		r = &errand{job: job, timeout: timeout, quick: job.Quick(), number: m.number, whose: make(map[*member]string)}
		m.errands[job.ID] = r
		for _, a := range job.Actions {
			m.making[a.Key] = r
		}
	}
	r.whose[m] = job.ID
	m.mine[job.ID] = r
	m.mu.Unlock()
	m.pump(ctx)
	return ctx.Err()
}

// standIn is the errand that makes all that a job would make; nil: there is none.
func (l *line) standIn(job action.Job) *errand {
	if r := l.errands[job.ID]; r != nil {
		return r
	}
	r := l.making[job.Actions[0].Key]
	for _, a := range job.Actions {
		if l.making[a.Key] != r {
			return nil
		}
	}
	return r
}

// pump lets out as many jobs as there is room for.
func (l *line) pump(ctx context.Context) {
	for r := l.next(); r != nil; r = l.next() {
		err := l.queue.Dispatch(ctx, r.job, r.timeout)
		l.mu.Lock()
		stands := l.errands[r.job.ID] == r
		if err != nil && stands {
			r.out = false
			l.out[r.quick]--
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

// next is the errand that goes out now, and is counted as out; nil: none does.
func (l *line) next() *errand {
	l.mu.Lock()
	defer l.mu.Unlock()
	busy := make(map[*member]int)
	for _, r := range l.errands {
		for m := range r.whose {
			if r.out && !r.quick {
				busy[m]++
			}
		}
	}
	var best *errand
	for _, r := range l.errands {
		if !r.out && l.out[r.quick] < l.window && (best == nil || before(r, best, busy)) {
			best = r
		}
	}
	if best != nil {
		best.out = true
		l.out[best.quick]++
	}
	return best
}

// before reports whether a goes out before b.
func before(a, b *errand, busy map[*member]int) bool {
	if a.quick != b.quick {
		return a.quick
	}
	return cmp.Or(cmp.Compare(b.priority(), a.priority()), cmp.Compare(a.least(busy), b.least(busy)), cmp.Compare(a.number, b.number)) < 0
}

func (r *errand) priority() int {
	first, p := true, 0
	for m := range r.whose {
		if first || m.priority > p {
			first, p = false, m.priority
		}
	}
	return p
}

// least is how much is out for the one of those who wait for r that has least out.
func (r *errand) least(busy map[*member]int) int {
	first, n := true, 0
	for m := range r.whose {
		if first || busy[m] < n {
			first, n = false, busy[m]
		}
	}
	return n
}

// State is where a job is.
func (m *member) State(ctx context.Context, id string) (queue.State, error) {
	m.mu.Lock()
	r := m.mine[id]
	waits := r != nil && !r.out
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
func (m *member) Cancel(ctx context.Context, id string) error {
	m.mu.Lock()
	r := m.mine[id]
	stop := false
	if r != nil {
		delete(m.mine, id)
		delete(r.whose, m)
		if len(r.whose) == 0 {
			stop = r.out
			m.settle(r)
		}
	}
	m.mu.Unlock()
	if !stop {
		return nil
	}
	err := m.queue.Cancel(ctx, r.job.ID)
	m.pump(ctx)
	return err
}

// Events is what is said of m's jobs.
func (m *member) Events() <-chan action.Event { return m.events }
