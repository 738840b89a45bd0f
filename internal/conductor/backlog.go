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
	Releaser *Releaser
	Seats    int           // 0: four
	Look     time.Duration // how often it looks for wishes without being told; 0: every half minute

	telling  sync.Mutex // held while watchers are told, so that the last they hear is the last there was
	mu       sync.Mutex
	talks    map[string]*wished
	watchers map[int]func(slug string, p Progress)
	watched  int // watchers there ever were

	poked  chan struct{}
	line   *line
	making sync.WaitGroup
}

// NewBacklog is the backlog of a releaser's catalogue.
func NewBacklog(r *Releaser) *Backlog {
	return &Backlog{Releaser: r, talks: make(map[string]*wished), watchers: make(map[int]func(string, Progress)), poked: make(chan struct{}, 1)}
}

// Step is how far a wish has come.
type Step string

// The steps of a wish.
const (
	Queued    Step = "queued"     // waits for its turn
	Observing Step = "observing"  // its recordings are looked into
	Making    Step = "making"     // its files are made
	LayingOut Step = "laying out" // its bundle is
	Done      Step = "done"
	Failed    Step = "failed" // and rests until somebody wishes again
)

// Progress is how the bundle of a talk comes along.
type Progress struct {
	Step     Step
	Position int // in the queue, from 1; 0: it is not in it
	Status       // of the last making; zero: there was none since the process began

	Remaining time.Duration     // about how long it still takes, beside the others that are being made
	Guessable bool              // Remaining says something
	Problem   string            // why it failed
	Failures  []*action.Failure // the actions that did
	Released  Released          // once done, if it was since the process began
	Wish      catalog.Wished    //
}

// wished is a talk that somebody wished for. The backlog's mu guards it.
type wished struct {
	Progress
	slug    string        // never changes
	short   bool          // all that is to be made takes moments
	judged  int           // the generation that short is about
	making  int           // the generation whose facts are being made; 0: nothing is
	changed chan struct{} // tells the making to take up newer ones
}

// Poke says that a talk was wished for.
func (b *Backlog) Poke(string) {
	select {
	case b.poked <- struct{}{}:
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
	p.Position = b.position(t)
	return p, true
}

// position is where a talk is in the queue.
func (b *Backlog) position(t *wished) int {
	if t.Step != Queued {
		return 0
	}
	n := 1
	for _, o := range b.talks {
		if o != t && o.Step == Queued && first(o, t) < 0 {
			n++
		}
	}
	return n
}

// first orders what waits.
func first(a, b *wished) int {
	return cmp.Or(cmp.Compare(b.Wish.Priority, a.Wish.Priority), a.Wish.At.Compare(b.Wish.At), cmp.Compare(a.Wish.Slug, b.Wish.Slug))
}

// Watch has tell called whenever something changes, up to ten times a second for each talk
// that is being made, until the returned function is called. Tell must not wait for anything.
func (b *Backlog) Watch(tell func(slug string, p Progress)) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watched++
	n := b.watched
	b.watchers[n] = tell
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, n)
	}
}

// change changes how a talk stands, and tells the watchers.
func (b *Backlog) change(t *wished, how func(*wished)) {
	b.telling.Lock()
	defer b.telling.Unlock()
	b.mu.Lock()
	how(t)
	p := t.Progress
	p.Position = b.position(t)
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
	r := b.Releaser
	if err := r.Catalog.EndLostRuns(ctx); err != nil {
		return err
	}
	all, err := r.Catalog.Wishes(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		b.remember(w)
	}
	b.line = newLine(r.Queue, r.Window, r.Log)
	listening, deaf := context.WithCancel(context.WithoutCancel(ctx)) // for what is called back, too
	var listener sync.WaitGroup
	listener.Go(func() { b.line.run(listening, cmp.Or(r.Conductor.Look, 2*time.Second)) })
	defer listener.Wait()
	defer deaf()
	defer b.making.Wait()
	tick := time.NewTicker(cmp.Or(b.Look, 30*time.Second))
	defer tick.Stop()
	for {
		if err := b.look(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("cannot read what is wished for; trying again", "err", err)
		}
		select {
		case <-b.poked:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// remember takes up a wish as the catalogue has it.
func (b *Backlog) remember(w catalog.Wished) {
	b.mu.Lock()
	t := b.talks[w.Slug]
	if t == nil {
		t = &wished{slug: w.Slug, changed: make(chan struct{}, 1)}
		b.talks[w.Slug] = t
	}
	fresh := w.Generation > t.Wish.Generation || w.Generation == t.Wish.Generation && w.Priority != t.Wish.Priority
	b.mu.Unlock()
	if !fresh {
		return
	}
	b.change(t, func(t *wished) {
		t.Wish = w
		switch {
		case t.making > 0 && w.Generation > t.making:
			select {
			case t.changed <- struct{}{}:
			default:
			}
		case t.making > 0:
		case w.Open():
			t.Step, t.Problem, t.Failures = Queued, "", nil
		case w.Outcome != "":
			t.Step, t.Problem = Failed, w.Outcome
		default:
			t.Step = Done
		}
	})
}

// look takes up the wishes that are open, and begins with as many as there is room for.
func (b *Backlog) look(ctx context.Context) error {
	open, err := b.Releaser.Catalog.OpenWishes(ctx)
	if err != nil {
		return err
	}
	for _, w := range open {
		b.remember(w)
	}
	for _, t := range b.waiting() {
		if b.seat(t) {
			b.begin(ctx, t)
		}
	}
	asked := 0
	for _, t := range slices.Backward(b.waiting()) { // what was changed last is looked at first
		if asked == askAtOnce {
			b.Poke(t.slug)
			break
		}
		overtakes, now := b.overtakes(ctx, t)
		if overtakes {
			b.begin(ctx, t)
		}
		if now {
			asked++
		}
	}
	return ctx.Err()
}

// askAtOnce is of how many talks it is found out in one go whether they have anything long to
// do, so that a new wish does not wait while it is asked of a thousand.
const askAtOnce = 16

// waiting are the talks that wait for their turn, in its order.
func (b *Backlog) waiting() (all []*wished) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.talks {
		if t.Step == Queued {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, first)
	return all
}

// seat reports whether a talk may begin, whatever there is to do: fewer than Seats that
// matter as much have long work.
func (b *Backlog) seat(t *wished) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	long := 0
	for _, o := range b.talks {
		if o.making > 0 && !o.short && o.Wish.Priority >= t.Wish.Priority {
			long++
		}
	}
	return long < cmp.Or(b.Seats, 4)
}

// overtakes reports whether a talk may begin because it has nothing long to do; asked is true
// if that had to be found out.
func (b *Backlog) overtakes(ctx context.Context, t *wished) (yes, asked bool) {
	b.mu.Lock()
	short := 0
	for _, o := range b.talks {
		if o.making > 0 && o.short {
			short++
		}
	}
	generation, judged := t.Wish.Generation, t.judged == t.Wish.Generation
	b.mu.Unlock()
	if short >= 2*cmp.Or(b.Seats, 4) {
		return false, false
	}
	is := false
	if !judged {
		is = b.isShort(ctx, t.slug)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !judged {
		t.short, t.judged = is, generation
	}
	return t.short, !judged
}

// isShort reports whether all that a talk wants takes moments.
func (b *Backlog) isShort(ctx context.Context, slug string) bool {
	s, err := b.Releaser.Catalog.Talk(ctx, slug)
	if err != nil {
		return false
	}
	p, err := b.Releaser.Price(ctx, s)
	return err == nil && p.Complete && p.Long == 0
}

// begin makes a talk in a goroutine of its own.
func (b *Backlog) begin(ctx context.Context, t *wished) {
	b.change(t, func(t *wished) {
		t.Step, t.making, t.Status, t.Released = Observing, t.Wish.Generation, Status{}, Released{}
		t.short = t.short && t.judged == t.Wish.Generation
	})
	b.making.Go(func() {
		b.make(ctx, t)
		b.Poke(t.slug)
	})
}

// make makes a talk and says what came of it.
func (b *Backlog) make(ctx context.Context, t *wished) {
	released, err := b.release(ctx, t)
	if ctx.Err() != nil { // the wish stays open for whoever comes next
		b.change(t, func(t *wished) { t.Step, t.making = Queued, 0 })
		return
	}
	outcome := ""
	if err != nil {
		outcome = err.Error()
	}
	b.mu.Lock()
	generation := t.making
	b.mu.Unlock()
	if err := b.Releaser.Catalog.WishMade(context.WithoutCancel(ctx), t.slug, generation, outcome); err != nil {
		b.Releaser.Log.Error("cannot note what came of a wish", "talk", t.slug, "err", err)
	}
	b.change(t, func(t *wished) { t.end(released, err) })
}

// release makes what the catalogue has of a talk, with an end of the line for its queue.
func (b *Backlog) release(ctx context.Context, t *wished) (released Released, err error) {
	want, err := b.standing(ctx, t)
	if err != nil {
		return released, err
	}
	if want.Paces, err = b.Releaser.Catalog.Paces(ctx); err != nil {
		return released, err
	}
	b.mu.Lock()
	wish := t.Wish
	b.mu.Unlock()
	queue := b.line.join(wish.Priority)
	defer queue.leave(context.WithoutCancel(ctx))
	by := b.Releaser.Conductor
	by.Queue, by.landed = queue, queue.landed
	want.Who, want.Command = wish.Who, fmt.Sprintf("%s (%s)", wish.Why, wish.Who)
	want.Changed, want.Reload = t.changed, func(ctx context.Context) (Release, error) { return b.standing(ctx, t) }
	want.Watch = func(s Status) { b.watch(t, s) }
	return b.Releaser.release(ctx, &by, want)
}

// end is how t stands after a making.
func (t *wished) end(released Released, err error) {
	t.Step, t.Released, t.Problem, t.Failures = Done, released, "", nil
	t.Remaining, t.Guessable = 0, false
	if err != nil {
		t.Step, t.Problem = Failed, err.Error()
	}
	var attention *NeedsAttention
	if errors.As(err, &attention) {
		t.Failures = attention.Failures
	}
	if t.Wish.Generation > t.making {
		t.Step = Queued
	}
	t.Wish.Made, t.Wish.Outcome, t.making = t.making, t.Problem, 0
	select {
	case <-t.changed: // it was told too late
	default:
	}
}

// errNothing is what comes of a wish for a talk that nobody has handed in a recording of.
var errNothing = errors.New("there is no recording of it yet")

// standing is what the catalogue has of a talk. The generation is read before the facts: a
// change between the two is seen again, and never lost.
func (b *Backlog) standing(ctx context.Context, t *wished) (Release, error) {
	now, err := b.Releaser.Catalog.WishFor(ctx, t.slug)
	if err != nil {
		return Release{}, err
	}
	b.mu.Lock()
	t.making, t.Wish = now.Generation, now
	b.mu.Unlock()
	want, err := Standing(ctx, b.Releaser.Catalog, b.Releaser.Kinds, t.slug)
	if err == nil && len(want.Submission.Facts.Recordings) == 0 {
		err = errNothing
	}
	return want, err
}

// watch takes up how a making stands.
func (b *Backlog) watch(t *wished, s Status) {
	b.change(t, func(t *wished) {
		t.Status = s
		t.Step = Observing
		if s.Length > 0 {
			t.Step = Making
		}
		if s.Over {
			t.Step = LayingOut
		}
		long := 0
		for _, o := range b.talks {
			if o.making > 0 && !o.short {
				long++
			}
		}
		share := max(1, long)
		if t.short {
			share = 1
		}
		t.Guessable = s.Complete && s.Left.Unknown == 0
		t.Remaining = s.Left.Work * time.Duration(share) / time.Duration(max(1, b.Releaser.Slots))
	})
}
