package conductor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
)

// Backlog makes the bundles of all talks that are wished for, several at a time.
//
// What is wished for stands in the catalogue, so that nothing is forgotten when the process
// dies: Run goes on where another was killed. A talk whose facts change while it is made is
// planned anew on its way. What failed for good stays so until it is wished for again.
//
// At most Seats talks that have long work are made side by side; one that matters more than
// they do is made at once, and so is one that has nothing long to do.
type Backlog struct {
	Builder       *Builder
	MaxConcurrent int           // 0: four
	PollInterval  time.Duration // how often it looks for wishes without being told; 0: every half minute

	notifyMu    sync.Mutex // held while watchers are told, so that the last they hear is the last there was
	mu          sync.Mutex
	talks       map[string]*talkBuild
	watchers    map[int]func(slug string, p Progress)
	lastWatcher int // watchers there ever were

	wake      chan struct{}
	scheduler *scheduler
	builds    sync.WaitGroup
}

// NewBacklog is the backlog of a releaser's catalogue.
func NewBacklog(r *Builder) *Backlog {
	return &Backlog{Builder: r, talks: make(map[string]*talkBuild), watchers: make(map[int]func(string, Progress)), wake: make(chan struct{}, 1)}
}

// Phase is how far a wish has come.
type Phase string

// The steps of a wish.
const (
	Queued    Phase = "queued"     // waits for its turn
	Analysing Phase = "observing"  // its recordings are looked into
	Building  Phase = "making"     // its files are made
	LayingOut Phase = "laying out" // its bundle is
	Done      Phase = "done"
	Failed    Phase = "failed" // and rests until somebody wishes again
)

// Progress is how the bundle of a talk comes along.
type Progress struct {
	Phase         Phase
	QueuePosition int // in the queue, from 1; 0: it is not in it
	Status            // of the last making; zero: there was none since the process began

	Remaining      time.Duration        // about how long it still takes, beside the others that are being made
	RemainingKnown bool                 // Remaining says something
	Problem        string               // why it failed
	Failures       []*action.Failure    // the actions that did
	Result         BuildResult          // once done, if it was since the process began
	Request        catalog.BuildRequest //
}

// talkBuild is a talk that somebody wished for. The backlog's mu guards it.
type talkBuild struct {
	Progress
	slug               string        // never changes
	short              bool          // all that is to be made takes moments
	shortGeneration    int           // the generation that short is about
	buildingGeneration int           // the generation whose facts are being made; 0: nothing is
	factsChanged       chan struct{} // tells the making to take up newer ones
}

// Wake says that a talk was wished for.
func (b *Backlog) Wake(string) {
	select {
	case b.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Status is how the bundle of a talk comes along; ok is false if nobody ever wished for it.
func (b *Backlog) Status(slug string) (p Progress, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.talks[slug]
	if t == nil {
		return p, false
	}
	p = t.Progress
	p.QueuePosition = b.queuePosition(t)
	return p, true
}

// queuePosition is where a talk is in the queue.
func (b *Backlog) queuePosition(t *talkBuild) int {
	if t.Phase != Queued {
		return 0
	}
	n := 1
	for _, o := range b.talks {
		if o != t && o.Phase == Queued && compareTurn(o, t) < 0 {
			n++
		}
	}
	return n
}

// compareTurn orders what waits.
func compareTurn(a, b *talkBuild) int {
	return cmp.Or(cmp.Compare(b.Request.Priority, a.Request.Priority), a.Request.At.Compare(b.Request.At), cmp.Compare(a.Request.Slug, b.Request.Slug))
}

// Watch has tell called whenever something changes, up to ten times a second for each talk
// that is being made, until the returned function is called. Tell must not wait for anything.
func (b *Backlog) Watch(tell func(slug string, p Progress)) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lastWatcher++
	n := b.lastWatcher
	b.watchers[n] = tell
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, n)
	}
}

// update changes how a talk stands, and tells the watchers.
func (b *Backlog) update(t *talkBuild, how func(*talkBuild)) {
	b.notifyMu.Lock()
	defer b.notifyMu.Unlock()
	b.mu.Lock()
	how(t)
	p := t.Progress
	p.QueuePosition = b.queuePosition(t)
	tell := make([]func(string, Progress), 0, len(b.watchers))
	for _, w := range b.watchers {
		tell = append(tell, w)
	}
	b.mu.Unlock()
	for _, w := range tell {
		w(t.slug, p)
	}
}

// Run makes what is wished for until ctx ends, and then calls back what is out and waits for
// it. It is called once.
func (b *Backlog) Run(ctx context.Context) error {
	r := b.Builder
	if err := r.Catalog.EndInterruptedRuns(ctx); err != nil {
		return err
	}
	all, err := r.Catalog.BuildRequests(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		b.addRequest(w)
	}
	b.scheduler = newScheduler(r.Queue, r.MaxInFlight, r.Log)
	listening, deaf := context.WithCancel(context.WithoutCancel(ctx)) // for what is called back, too
	var listener sync.WaitGroup
	listener.Go(func() { b.scheduler.run(listening, cmp.Or(r.Conductor.PollInterval, 2*time.Second)) })
	defer listener.Wait()
	defer deaf()
	defer b.builds.Wait()
	tick := time.NewTicker(cmp.Or(b.PollInterval, 30*time.Second))
	defer tick.Stop()
	for {
		if err := b.startReady(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("cannot read what is wished for; trying again", "err", err)
		}
		select {
		case <-b.wake:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// addRequest takes up a wish as the catalogue has it.
func (b *Backlog) addRequest(w catalog.BuildRequest) {
	b.mu.Lock()
	t := b.talks[w.Slug]
	if t == nil {
		t = &talkBuild{slug: w.Slug, factsChanged: make(chan struct{}, 1)}
		b.talks[w.Slug] = t
	}
	fresh := w.Generation > t.Request.Generation || w.Generation == t.Request.Generation && w.Priority != t.Request.Priority
	b.mu.Unlock()
	if !fresh {
		return
	}
	b.update(t, func(t *talkBuild) {
		t.Request = w
		switch {
		case t.buildingGeneration > 0 && w.Generation > t.buildingGeneration:
			select {
			case t.factsChanged <- struct{}{}:
			default:
			}
		case t.buildingGeneration > 0:
		case w.Pending():
			t.Phase, t.Problem, t.Failures = Queued, "", nil
		case w.Outcome != "":
			t.Phase, t.Problem = Failed, w.Outcome
		default:
			t.Phase = Done
		}
	})
}

// startReady takes up the wishes that are open, and begins with as many as there is room for.
func (b *Backlog) startReady(ctx context.Context) error {
	open, err := b.Builder.Catalog.PendingBuilds(ctx)
	if err != nil {
		return err
	}
	for _, w := range open {
		b.addRequest(w)
	}
	for _, t := range b.queued() {
		if b.hasFreeSlot(t) {
			b.start(ctx, t)
		}
	}
	asked := 0
	for _, t := range slices.Backward(b.queued()) { // what was changed last is looked at first
		if asked == maxShortChecks {
			b.Wake(t.slug)
			break
		}
		overtakes, now := b.mayOvertake(ctx, t)
		if overtakes {
			b.start(ctx, t)
		}
		if now {
			asked++
		}
	}
	return ctx.Err()
}

// maxShortChecks is of how many talks it is found out in one go whether they have anything long to
// do, so that a new wish does not wait while it is asked of a thousand.
const maxShortChecks = 16

// queued are the talks that wait for their turn, in its order.
func (b *Backlog) queued() (all []*talkBuild) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.talks {
		if t.Phase == Queued {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, compareTurn)
	return all
}

// hasFreeSlot reports whether a talk may begin, whatever there is to do: fewer than Seats that
// matter as much have long work.
func (b *Backlog) hasFreeSlot(t *talkBuild) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	long := 0
	for _, o := range b.talks {
		if o.buildingGeneration > 0 && !o.short && o.Request.Priority >= t.Request.Priority {
			long++
		}
	}
	return long < cmp.Or(b.MaxConcurrent, 4)
}

// mayOvertake reports whether a talk may begin because it has nothing long to do; asked is true
// if that had to be found out.
func (b *Backlog) mayOvertake(ctx context.Context, t *talkBuild) (yes, asked bool) {
	b.mu.Lock()
	short := 0
	for _, o := range b.talks {
		if o.buildingGeneration > 0 && o.short {
			short++
		}
	}
	generation, judged := t.Request.Generation, t.shortGeneration == t.Request.Generation
	b.mu.Unlock()
	if short >= 2*cmp.Or(b.MaxConcurrent, 4) {
		return false, false
	}
	is := false
	if !judged {
		is = b.isShort(ctx, t.slug)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !judged {
		t.short, t.shortGeneration = is, generation
	}
	return t.short, !judged
}

// isShort reports whether all that a talk wants takes moments.
func (b *Backlog) isShort(ctx context.Context, slug string) bool {
	s, err := b.Builder.Catalog.Talk(ctx, slug)
	if err != nil {
		return false
	}
	p, err := b.Builder.Cost(ctx, s)
	return err == nil && p.Complete && p.LongActions == 0
}

// start makes a talk in a goroutine of its own.
func (b *Backlog) start(ctx context.Context, t *talkBuild) {
	b.update(t, func(t *talkBuild) {
		t.Phase, t.buildingGeneration, t.Status, t.Result = Analysing, t.Request.Generation, Status{}, BuildResult{}
		t.short = t.short && t.shortGeneration == t.Request.Generation
	})
	b.builds.Go(func() {
		b.run(ctx, t)
		b.Wake(t.slug)
	})
}

// run makes a talk and says what came of it.
func (b *Backlog) run(ctx context.Context, t *talkBuild) {
	released, err := b.build(ctx, t)
	if ctx.Err() != nil { // the wish stays open for whoever comes next
		b.update(t, func(t *talkBuild) { t.Phase, t.buildingGeneration = Queued, 0 })
		return
	}
	outcome := ""
	if err != nil {
		outcome = err.Error()
	}
	b.mu.Lock()
	generation := t.buildingGeneration
	b.mu.Unlock()
	if err := b.Builder.Catalog.FinishBuild(context.WithoutCancel(ctx), t.slug, generation, outcome); err != nil {
		b.Builder.Log.Error("cannot note what came of a wish", "talk", t.slug, "err", err)
	}
	b.update(t, func(t *talkBuild) { t.finish(released, err) })
}

// build makes what the catalogue has of a talk, with an end of the line for its queue.
func (b *Backlog) build(ctx context.Context, t *talkBuild) (released BuildResult, err error) {
	want, err := b.loadRequest(ctx, t)
	if err != nil {
		return released, err
	}
	if want.Timings, err = b.Builder.Catalog.Timings(ctx); err != nil {
		return released, err
	}
	b.mu.Lock()
	wish := t.Request
	b.mu.Unlock()
	queue := b.scheduler.openSession(wish.Priority)
	defer queue.close(context.WithoutCancel(ctx))
	by := b.Builder.Conductor
	by.Queue, by.onJobEnd = queue, queue.jobEnded
	want.Who, want.Command = wish.Who, fmt.Sprintf("%s (%s)", wish.Why, wish.Who)
	want.Changed, want.Reload = t.factsChanged, func(ctx context.Context) (BuildRequest, error) { return b.loadRequest(ctx, t) }
	want.OnStatus = func(s Status) { b.updateStatus(t, s) }
	return b.Builder.buildWith(ctx, &by, want)
}

// finish is how t stands after a making.
func (t *talkBuild) finish(released BuildResult, err error) {
	t.Phase, t.Result, t.Problem, t.Failures = Done, released, "", nil
	t.Remaining, t.RemainingKnown = 0, false
	if err != nil {
		t.Phase, t.Problem = Failed, err.Error()
	}
	var attention *ActionsFailedError
	if errors.As(err, &attention) {
		t.Failures = attention.Failures
	}
	if t.Request.Generation > t.buildingGeneration {
		t.Phase = Queued
	}
	t.Request.Built, t.Request.Outcome, t.buildingGeneration = t.buildingGeneration, t.Problem, 0
	select {
	case <-t.factsChanged: // it was told too late
	default:
	}
}

// errNoRecording is what comes of a wish for a talk that nobody has handed in a recording of.
var errNoRecording = errors.New("there is no recording of it yet")

// loadRequest is what the catalogue has of a talk. The generation is read before the facts: a
// change between the two is seen again, and never lost.
func (b *Backlog) loadRequest(ctx context.Context, t *talkBuild) (BuildRequest, error) {
	now, err := b.Builder.Catalog.BuildRequest(ctx, t.slug)
	if err != nil {
		return BuildRequest{}, err
	}
	b.mu.Lock()
	t.buildingGeneration, t.Request = now.Generation, now
	b.mu.Unlock()
	want, err := LoadBuildRequest(ctx, b.Builder.Catalog, b.Builder.Kinds, t.slug)
	if err == nil && len(want.Submission.Facts.Recordings) == 0 {
		err = errNoRecording
	}
	return want, err
}

// updateStatus takes up how a making stands.
func (b *Backlog) updateStatus(t *talkBuild, s Status) {
	b.update(t, func(t *talkBuild) {
		t.Status = s
		t.Phase = Analysing
		if s.Length > 0 {
			t.Phase = Building
		}
		if s.Idle {
			t.Phase = LayingOut
		}
		long := 0
		for _, o := range b.talks {
			if o.buildingGeneration > 0 && !o.short {
				long++
			}
		}
		share := max(1, long)
		if t.short {
			share = 1
		}
		t.RemainingKnown = s.Complete && s.RemainingWork.Unknown == 0
		t.Remaining = s.RemainingWork.Work * time.Duration(share) / time.Duration(max(1, b.Builder.WorkerSlots))
	})
}
