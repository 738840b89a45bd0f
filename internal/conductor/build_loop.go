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

// minMaxConcurrent is the least number of talks with long work that are built side by side where
// BuildLoop.MaxConcurrent is 0.
const minMaxConcurrent = 4

// BuildLoop builds the bundles of all talks that the catalog has build requests for, several at a
// time.
//
// The requests are kept in the catalog: when the process dies, the next one goes on. A talk whose
// facts change during its build is planned again. A talk that failed is not tried again before
// the next request.
//
// At most MaxConcurrent talks with long work are built side by side. A talk of higher priority
// than all of them starts at once, and so does one that has only quick work.
type BuildLoop struct {
	Builder       *Builder
	MaxConcurrent int           // 0 means half the slots of all workers, and at least four
	PollInterval  time.Duration // between looks for requests without Wake; 0 means half a minute

	notifyMu    sync.Mutex // held while watchers are called, so that they see states in order
	mu          sync.Mutex // guards what follows; never held while a watcher is called
	talks       map[string]*talkBuild
	watchers    map[int]func(slug string, p Progress)
	lastWatcher int // its key in watchers

	wake      chan struct{}
	scheduler *scheduler
	builds    sync.WaitGroup
}

// NewBuildLoop returns a loop that builds the talks in the catalog of b. It builds nothing until
// Run is called.
func NewBuildLoop(b *Builder) *BuildLoop {
	return &BuildLoop{Builder: b, talks: make(map[string]*talkBuild), watchers: make(map[int]func(string, Progress)), wake: make(chan struct{}, 1)}
}

// Phase says how far a build has come.
type Phase string

// The phases of a build.
const (
	Queued    Phase = "queued"    // waits for its turn
	Analysing Phase = "observing" // the recordings are probed and analysed
	Building  Phase = "making"    // the files are made
	LayingOut Phase = "laying out"
	Done      Phase = "done"
	Failed    Phase = "failed" // until the next request
)

// Progress is the state of a talk's build.
type Progress struct {
	Phase         Phase
	QueuePosition int // from 1; 0 if it does not wait in the queue
	Status            // of the last build by this process

	Remaining      time.Duration // about how long the build still takes beside the others
	RemainingKnown bool          // Remaining is complete
	Problem        string        // why it failed
	Failures       []*action.Failure
	Result         BuildResult // once this process has built it
	Request        catalog.BuildRequest
}

// talkBuild is a talk that has a build request. The buildLoop's mu guards it.
type talkBuild struct {
	Progress
	slug               string // never changes
	short              bool   // only quick actions are to run
	shortGeneration    int    // the generation that short is about
	buildingGeneration int    // the generation that is being built; 0 if none is
	factsChanged       chan struct{}
}

// Wake makes Run look for new requests at once instead of at its next poll.
func (b *BuildLoop) Wake() {
	select {
	case b.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Status returns the state of a talk's build. ok is false if Run has not seen a request for the
// talk.
func (b *BuildLoop) Status(slug string) (p Progress, ok bool) {
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

// queuePosition returns the place of a talk in the queue, counted from 1, or 0 if the talk does not
// wait. It must be called with mu held.
func (b *BuildLoop) queuePosition(t *talkBuild) int {
	if t.Phase != Queued {
		return 0
	}
	n := 1
	for _, o := range b.talks {
		if o != t && o.Phase == Queued && compareByTurn(o, t) < 0 {
			n++
		}
	}
	return n
}

// compareByTurn returns a negative number if a is to be built before b: because it has a higher
// priority or, at the same priority, an older request.
func compareByTurn(a, b *talkBuild) int {
	return cmp.Or(cmp.Compare(b.Request.Priority, a.Request.Priority), a.Request.At.Compare(b.Request.At), cmp.Compare(a.Request.Slug, b.Request.Slug))
}

// Watch calls notify whenever the state of a build changes, up to ten times a second for each talk
// that is being built, until stop is called. notify must not block.
func (b *BuildLoop) Watch(notify func(slug string, p Progress)) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lastWatcher++
	n := b.lastWatcher
	b.watchers[n] = notify
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, n)
	}
}

// update calls change to change the state of a build, with mu held, and then calls the watchers
// with the new state.
func (b *BuildLoop) update(t *talkBuild, change func(*talkBuild)) {
	b.notifyMu.Lock()
	defer b.notifyMu.Unlock()
	b.mu.Lock()
	change(t)
	p := t.Progress
	p.QueuePosition = b.queuePosition(t)
	watchers := make([]func(string, Progress), 0, len(b.watchers))
	for _, w := range b.watchers {
		watchers = append(watchers, w)
	}
	b.mu.Unlock()
	for _, notify := range watchers {
		notify(t.slug, p)
	}
}

// Run builds the talks that the catalog has requests for, until ctx ends. Then it cancels the
// running builds, waits for them and returns nil. Their requests stay pending. Run returns an error
// only if it cannot read the catalog at the start. It must be called only once.
func (b *BuildLoop) Run(ctx context.Context) error {
	builder := b.Builder
	if err := builder.Catalog.EndInterruptedRuns(ctx); err != nil {
		return err
	}
	all, err := builder.Catalog.BuildRequests(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		b.addRequest(r)
	}
	b.scheduler = newScheduler(builder.Queue, builder.MaxInFlight, builder.WorkerSlots, builder.Log)
	b.scheduler.slotsChanged = b.Wake
	routing, stopRouting := context.WithCancel(context.WithoutCancel(ctx)) // until the cancelled builds have ended, too
	var router sync.WaitGroup
	router.Go(func() { b.scheduler.run(routing, cmp.Or(builder.Conductor.PollInterval, 2*time.Second)) })
	defer router.Wait()
	defer stopRouting()
	defer b.builds.Wait()
	tick := time.NewTicker(cmp.Or(b.PollInterval, 30*time.Second))
	defer tick.Stop()
	for {
		if err := b.startReady(ctx); err != nil && ctx.Err() == nil {
			builder.Log.Error("cannot read the build requests; trying again", "err", err)
		}
		select {
		case <-b.wake:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// addRequest updates a talk's state to a request from the catalog. If the talk is being built and
// the request is for newer facts, it signals the build to reload them. A request that is already
// known changes nothing.
func (b *BuildLoop) addRequest(r catalog.BuildRequest) {
	b.mu.Lock()
	t := b.talks[r.Slug]
	if t == nil {
		t = &talkBuild{slug: r.Slug, factsChanged: make(chan struct{}, 1)}
		b.talks[r.Slug] = t
	}
	isNew := r.Generation > t.Request.Generation || r.Generation == t.Request.Generation && r.Priority != t.Request.Priority
	b.mu.Unlock()
	if !isNew {
		return
	}
	b.update(t, func(t *talkBuild) {
		t.Request = r
		switch {
		case t.buildingGeneration > 0 && r.Generation > t.buildingGeneration:
			select {
			case t.factsChanged <- struct{}{}:
			default:
			}
		case t.buildingGeneration > 0:
		case r.Pending():
			t.Phase, t.Problem, t.Failures = Queued, "", nil
		case r.Outcome != "":
			t.Phase, t.Problem = Failed, r.Outcome
		default:
			t.Phase = Done
		}
	})
}

// maxShortChecks is how many talks are planned in one go to find out whether they have only quick
// work, so that a new request does not wait while a thousand are.
const maxShortChecks = 16

// startReady reads the pending requests and starts as many builds as there is room for. It also
// starts talks that may overtake others because they have only quick work.
func (b *BuildLoop) startReady(ctx context.Context) error {
	pending, err := b.Builder.Catalog.PendingBuilds(ctx)
	if err != nil {
		return err
	}
	for _, r := range pending {
		b.addRequest(r)
	}
	for _, t := range b.queued() {
		if b.hasFreeSlot(t) {
			b.start(ctx, t)
		}
	}
	checks := 0
	for _, t := range slices.Backward(b.queued()) { // the newest request is checked first
		if checks == maxShortChecks {
			b.Wake()
			break
		}
		yes, checked := b.mayOvertake(ctx, t)
		if yes {
			b.start(ctx, t)
		}
		if checked {
			checks++
		}
	}
	return ctx.Err()
}

// queued returns the waiting talks in the order in which they will be built.
func (b *BuildLoop) queued() (all []*talkBuild) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.talks {
		if t.Phase == Queued {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, compareByTurn)
	return all
}

// maxConcurrent returns how many talks with long work are built side by side.
func (b *BuildLoop) maxConcurrent() int {
	return cmp.Or(b.MaxConcurrent, max(minMaxConcurrent, b.workerSlots()/2))
}

// workerSlots returns how many jobs all workers run at once.
func (b *BuildLoop) workerSlots() int {
	if b.scheduler == nil {
		return max(1, b.Builder.WorkerSlots)
	}
	n, _ := b.scheduler.Slots(context.Background())
	return n
}

// hasFreeSlot reports whether t may start now. It may if fewer than MaxConcurrent talks with long
// work, of the same or a higher priority, are being built.
func (b *BuildLoop) hasFreeSlot(t *talkBuild) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	long := 0
	for _, o := range b.talks {
		if o.buildingGeneration > 0 && !o.short && o.Request.Priority >= t.Request.Priority {
			long++
		}
	}
	return long < b.maxConcurrent()
}

// mayOvertake reports whether a talk may start before its turn because it has only quick work. It
// returns false if twice MaxConcurrent such talks are being built. checked is true if the talk was
// planned to find out, which takes time.
func (b *BuildLoop) mayOvertake(ctx context.Context, t *talkBuild) (yes, checked bool) {
	b.mu.Lock()
	overtaking := 0
	for _, o := range b.talks {
		if o.buildingGeneration > 0 && o.short {
			overtaking++
		}
	}
	generation, known := t.Request.Generation, t.shortGeneration == t.Request.Generation
	b.mu.Unlock()
	if overtaking >= 2*b.maxConcurrent() {
		return false, false
	}
	short := !known && b.isShort(ctx, t.slug)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !known {
		t.short, t.shortGeneration = short, generation
	}
	return t.short, !known
}

// isShort plans a talk and reports whether only quick actions are missing from its bundle. It
// returns false if that is not known yet.
func (b *BuildLoop) isShort(ctx context.Context, slug string) bool {
	s, err := b.Builder.Catalog.Talk(ctx, slug)
	if err != nil {
		return false
	}
	c, err := b.Builder.Cost(ctx, s)
	return err == nil && c.Complete && c.LongActions == 0
}

// start marks a talk as being built and builds it in a goroutine. At the end it wakes Run.
func (b *BuildLoop) start(ctx context.Context, t *talkBuild) {
	b.update(t, func(t *talkBuild) {
		t.Phase, t.buildingGeneration, t.Status, t.Result = Analysing, t.Request.Generation, Status{}, BuildResult{}
		t.short = t.short && t.shortGeneration == t.Request.Generation
	})
	b.builds.Go(func() {
		b.run(ctx, t)
		b.Wake()
	})
}

// run builds a talk, saves the outcome in the catalog and updates the talk's state. If ctx ends
// meanwhile, the talk is queued again and its request stays pending.
func (b *BuildLoop) run(ctx context.Context, t *talkBuild) {
	result, err := b.build(ctx, t)
	if ctx.Err() != nil {
		b.update(t, func(t *talkBuild) { t.Phase, t.buildingGeneration = Queued, 0 })
		return
	}
	b.mu.Lock()
	generation := t.buildingGeneration
	b.mu.Unlock()
	if saveErr := b.Builder.Catalog.FinishBuild(context.WithoutCancel(ctx), t.slug, generation, err); saveErr != nil {
		b.Builder.Log.Error("cannot save the outcome of a build", "talk", t.slug, "err", saveErr)
	}
	b.update(t, func(t *talkBuild) { t.finish(result, err) })
}

// build builds the bundle of a talk from its facts in the catalog. Its jobs go through the
// scheduler that all builds share.
func (b *BuildLoop) build(ctx context.Context, t *talkBuild) (BuildResult, error) {
	request, err := b.loadRequest(ctx, t)
	if err != nil {
		return BuildResult{}, err
	}
	if request.Timings, err = b.Builder.Catalog.Timings(ctx); err != nil {
		return BuildResult{}, err
	}
	b.mu.Lock()
	requested := t.Request
	b.mu.Unlock()
	session := b.scheduler.openSession(requested.Priority)
	defer session.close(context.WithoutCancel(ctx))
	conductor := b.Builder.Conductor
	conductor.Queue, conductor.onJobEnd = session, session.jobEnded
	request.Who, request.Command = requested.Who, fmt.Sprintf("%s (%s)", requested.Why, requested.Who)
	request.Changed, request.Reload = t.factsChanged, func(ctx context.Context) (BuildRequest, error) { return b.loadRequest(ctx, t) }
	request.OnStatus = func(s Status) { b.updateStatus(t, s) }
	return b.Builder.buildWith(ctx, &conductor, request)
}

// finish updates t to the result of its build. If a newer request came meanwhile, the talk is
// queued again. The caller holds the mutex of the BuildLoop.
func (t *talkBuild) finish(result BuildResult, err error) {
	t.Phase, t.Result, t.Problem, t.Failures = Done, result, "", nil
	t.Remaining, t.RemainingKnown = 0, false
	if err != nil {
		t.Phase, t.Problem = Failed, err.Error()
	}
	var actionsFailed *ActionsFailedError
	if errors.As(err, &actionsFailed) {
		t.Failures = actionsFailed.Failures
	}
	if t.Request.Generation > t.buildingGeneration {
		t.Phase = Queued
	}
	t.Request.Built, t.Request.Outcome, t.buildingGeneration = t.buildingGeneration, t.Problem, 0
	select {
	case <-t.factsChanged: // the signal came too late for this build
	default:
	}
}

// errNoRecording is the outcome for a talk without recordings.
var errNoRecording = errors.New("there is no recording yet")

// loadRequest returns the request to build a talk from its present facts in the catalog, and
// errNoRecording if the talk has no recording. It reads the generation of the facts before the
// facts, so that a change between the two causes another build and is never missed.
func (b *BuildLoop) loadRequest(ctx context.Context, t *talkBuild) (BuildRequest, error) {
	now, err := b.Builder.Catalog.BuildRequest(ctx, t.slug)
	if err != nil {
		return BuildRequest{}, err
	}
	b.mu.Lock()
	t.buildingGeneration, t.Request = now.Generation, now
	b.mu.Unlock()
	request, err := LoadBuildRequest(ctx, b.Builder.Catalog, b.Builder.Kinds, t.slug)
	if err == nil && len(request.Submission.Facts.Recordings) == 0 {
		err = errNoRecording
	}
	return request, err
}

// updateStatus updates the phase and the estimated remaining time of a build from the status of its
// reconciler. The estimate assumes that all talks with long work share the workers equally.
func (b *BuildLoop) updateStatus(t *talkBuild, s Status) {
	b.update(t, func(t *talkBuild) {
		t.Status = s
		switch {
		case s.Idle:
			t.Phase = LayingOut
		case s.Length > 0:
			t.Phase = Building
		default:
			t.Phase = Analysing
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
		t.Remaining = s.RemainingWork.Work * time.Duration(share) / time.Duration(b.workerSlots())
	})
}
