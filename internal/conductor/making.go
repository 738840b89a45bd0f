package conductor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/queue"
	"github.com/lectern-av/lectern/internal/store"
)

type state int

const (
	absent state = iota
	flying       // a job is out for it
	present
	failed // for good
)

// want is one action of the plan, and how it stands.
type want struct {
	action   action.Action
	order    int // in the plan
	group    catalog.Group
	state    state
	ran      bool // made by this run, not found
	needed   bool
	waits    int     // inputs that are not present
	users    []*want // the wants that read it
	failures int
	lost     int
	attempt  int // of the last job
	began    time.Time
	took     time.Duration
	failure  *action.Failure
	recorded string // the state that was last recorded
}

// flight is a job that is out.
type flight struct {
	job      action.Job
	wants    []*want
	sent     bool // the queue took it
	running  bool
	gone     int // looks in a row at which nobody knew of it
	fraction float64
	speed    float64
}

// making is one target on its way.
type making struct {
	*Conductor
	target   Target
	graph    plan.Graph
	observed map[action.Key]action.Artifact
	wants    map[action.Key]*want
	ready    []*want // needed, absent, all inputs present; by order
	flights  map[string]*flight
	failed   []*action.Failure
	raised   map[string]int // how often a rendition's salt was
	accepted bool
	run      int64 // in the catalogue; 0: nothing was accepted yet
	watched  time.Time
	paces    map[catalog.Group]catalog.Pace // of what this making made
	groups   map[catalog.Group]int          // how many actions of each the graph has
}

func newMaking(c *Conductor, t Target) *making {
	return &making{
		Conductor: c,
		target:    t,
		observed:  make(map[action.Key]action.Artifact),
		wants:     make(map[action.Key]*want),
		flights:   make(map[string]*flight),
		raised:    make(map[string]int),
		paces:     make(map[catalog.Group]catalog.Pace),
	}
}

// replan plans as far as the observations reach, and compares with the store.
func (m *making) replan(ctx context.Context) error {
	g, err := m.plan(ctx)
	if err != nil {
		return err
	}
	if g.Edition != nil && !m.accepted && m.target.Accept != nil {
		if m.run, err = m.target.Accept(ctx, g); err != nil {
			return err
		}
		m.accepted = true
		if g, err = m.plan(ctx); err != nil {
			return err
		}
	}
	if err := m.give(ctx, g); err != nil {
		return err
	}
	return m.compare(ctx, g)
}

// plan plans until the store has no observation that the plan has not seen.
func (m *making) plan(ctx context.Context) (g plan.Graph, err error) {
	for again := true; again; {
		if g, err = m.target.Plan(m.observed); err != nil {
			return g, err
		}
		if again, err = m.observe(ctx, g); err != nil {
			return g, err
		}
	}
	return g, nil
}

// give stores the inputs that came with the facts, where they are not there.
func (m *making) give(ctx context.Context, g plan.Graph) error {
	for key, content := range g.Given {
		if err := m.giveOne(ctx, key, content); err != nil {
			return fmt.Errorf("store what the talk came with: %w", err)
		}
	}
	return nil
}

// giveOne stores an input under the name that plan.GivenFile says.
func (m *making) giveOne(ctx context.Context, key action.Key, content []byte) error {
	if has, err := m.Store.Has(ctx, key); err != nil || has {
		return err
	}
	dir, release, err := m.Store.Scratch("given")
	if err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(dir, plan.GivenFile), content, 0o600)
	if err == nil {
		a := action.Artifact{Key: key, Kind: "given", Files: []action.File{{Name: plan.GivenFile}}}
		_, err = m.Store.Put(ctx, a, dir)
	}
	return errors.Join(err, release())
}

// observe takes up the observations that are in the store; it reports whether there
// were new ones.
func (m *making) observe(ctx context.Context, g plan.Graph) (bool, error) {
	found := false
	for _, key := range g.Observe {
		if _, known := m.observed[key]; known {
			continue
		}
		has, err := m.Store.Has(ctx, key)
		if err != nil || !has {
			if err != nil {
				return false, err
			}
			continue
		}
		if m.observed[key], err = m.Store.Get(ctx, key); err != nil {
			return false, fmt.Errorf("read an observation: %w", err)
		}
		found = true
	}
	return found, nil
}

// compare makes g the graph: it takes the wants over from the last one and looks for the
// new ones in the store.
func (m *making) compare(ctx context.Context, g plan.Graph) error {
	wants := make(map[action.Key]*want, len(g.Actions))
	m.groups = make(map[catalog.Group]int)
	for i, a := range g.Actions {
		w := m.wants[a.Key]
		if w == nil {
			has, err := m.has(ctx, a.Key, a.Key == g.Final)
			if err != nil {
				return err
			}
			w = &want{}
			if has {
				w.state = present
			}
		}
		w.action, w.order, w.group = a, i, catalog.GroupOf(a.Kind, a.Slot)
		m.groups[w.group]++
		wants[a.Key] = w
	}
	m.graph, m.wants = g, wants
	m.link()
	return nil
}

// has asks the store for an artifact. The final one is there only with everything that it
// lists: without, it goes too, and all that is missing is made again.
func (m *making) has(ctx context.Context, key action.Key, final bool) (bool, error) {
	has, err := m.Store.Has(ctx, key)
	if err != nil || !has || !final {
		return has, err
	}
	a, err := m.Store.Get(ctx, key)
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	if err != nil || a.Facts == nil {
		return err == nil, err
	}
	var facts plan.BundleFacts
	if err := json.Unmarshal(a.Facts, &facts); err != nil {
		return false, fmt.Errorf("facts of the bundle: %w", err)
	}
	for _, e := range facts.Layout {
		if e.Key == "" {
			continue
		}
		_, err := m.Store.Get(ctx, e.Key)
		if errors.Is(err, store.ErrNone) {
			m.Log.Warn("a file of the bundle is gone from the store; making it again", "file", e.Path)
			return false, m.Store.Forget(ctx, key)
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// link works out what waits for what, what is needed, and what is ready.
func (m *making) link() {
	for _, w := range m.wants {
		w.waits, w.users, w.needed = 0, nil, false
	}
	for _, w := range m.wants {
		for _, key := range distinct(w.action.Inputs) {
			if input := m.wants[key]; input != nil {
				input.users = append(input.users, w)
				if input.state != present {
					w.waits++
				}
			}
		}
	}
	if m.graph.Complete {
		m.need(m.wants[m.graph.Final])
	} else {
		for _, w := range m.wants { // nobody knows yet what else will read it
			if len(w.users) == 0 {
				m.need(w)
			}
		}
	}
	m.ready = m.ready[:0]
	for _, w := range m.wants {
		if w.needed && w.state == absent && w.waits == 0 {
			m.ready = append(m.ready, w)
		}
	}
	slices.SortFunc(m.ready, byOrder)
}

// need marks what has to be made so that w is there.
func (m *making) need(w *want) {
	if w == nil || w.needed || w.state == present || w.state == failed {
		return
	}
	w.needed = true
	for _, key := range w.action.Inputs {
		m.need(m.wants[key])
	}
}

func distinct(inputs map[string]action.Key) []action.Key {
	return slices.Compact(slices.Sorted(maps.Values(inputs)))
}

func byOrder(a, b *want) int { return a.order - b.order }

// dispatch sends out jobs while there is room: for quick ones there is, however many long
// ones are out.
func (m *making) dispatch(ctx context.Context) error {
	for {
		first := m.mayGo()
		if first == nil {
			return nil
		}
		f := m.nextJob(first)
		m.flights[f.job.ID] = f
		if err := m.send(ctx, f); err != nil {
			return err
		}
	}
}

// mayGo is the first ready want that there is room for; nil: there is none.
func (m *making) mayGo() *want {
	out := make(map[bool]int)
	for _, f := range m.flights {
		out[f.job.Quick()]++
	}
	for _, w := range m.ready {
		if out[w.action.Quick] < max(1, m.Window) {
			return w
		}
	}
	return nil
}

// send gives a job to the queue. Where that does not take it, the next looks try again.
func (m *making) send(ctx context.Context, f *flight) error {
	err := m.Queue.Dispatch(ctx, f.job, jobTimeout)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		m.Log.Warn("queue does not take jobs; trying again", "err", err)
	}
	f.sent = err == nil
	return nil
}

// nextJob takes a ready want, and those that share its decode, into a job. What
// has failed before goes alone: one encoder that always fails must not take others along.
func (m *making) nextJob(first *want) *flight {
	together := func(w *want) bool {
		return w == first || first.action.Share != "" && first.failures+w.failures == 0 &&
			w.action.Kind == first.action.Kind && w.action.Share == first.action.Share
	}
	f := &flight{job: action.Job{Originals: make(map[action.Key]action.Original)}}
	rest := m.ready[:0:0]
	for _, w := range m.ready {
		if !together(w) {
			rest = append(rest, w)
			continue
		}
		w.state, w.began = flying, time.Now()
		f.wants = append(f.wants, w)
		f.job.Actions = append(f.job.Actions, w.action)
		f.job.Attempt = max(f.job.Attempt, w.attempt+1)
		for _, key := range w.action.Inputs {
			if o, ok := m.target.Originals[key]; ok {
				f.job.Originals[key] = o
			}
		}
	}
	m.ready = rest
	for _, w := range f.wants {
		w.attempt = f.job.Attempt
	}
	f.job.ID = jobID(f.job)
	return f
}

// jobID is the same for the same actions at the same attempt, so that a job which is
// dispatched twice is one job.
func jobID(j action.Job) string {
	var b strings.Builder
	for _, a := range j.Actions {
		b.WriteString(string(a.Key))
	}
	fmt.Fprintf(&b, "#%d", j.Attempt)
	return string(action.KeyOf([]byte(b.String())))[:32]
}

// hear takes a worker's word as a reason to look.
func (m *making) hear(ctx context.Context, e action.Event) error {
	if e.Job == "" { // words may have been lost: look at everything
		return m.look(ctx)
	}
	f := m.flights[e.Job]
	if f == nil {
		return nil
	}
	f.gone = 0
	switch e.Type {
	case action.Started:
		f.running = true
		for _, w := range f.wants {
			w.began = time.Now()
		}
	case action.Progress:
		f.running, f.fraction, f.speed = true, e.Fraction, e.Speed
	case action.Done:
		// A network file system may show the artifact later than the message. Then the
		// looks find it, and only if they do not is the job lost.
		if there, err := m.allThere(ctx, f); err != nil || !there {
			return err
		}
		return m.land(ctx, f, nil)
	case action.Failed:
		return m.land(ctx, f, e.Failure)
	}
	return nil
}

// look asks after every job that is out.
func (m *making) look(ctx context.Context) error {
	for _, f := range m.flights {
		there, err := m.allThere(ctx, f)
		if err != nil {
			return err
		}
		if there {
			if err := m.land(ctx, f, nil); err != nil {
				return err
			}
			continue
		}
		if err := m.seek(ctx, f); err != nil {
			return err
		}
	}
	return m.record(ctx)
}

// seek asks the queue after a job. One that nobody knows of at two looks in a row goes
// out again as a new attempt.
func (m *making) seek(ctx context.Context, f *flight) error {
	if !f.sent {
		return m.send(ctx, f)
	}
	at, err := m.Queue.State(ctx, f.job.ID)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		m.Log.Warn("queue does not answer; trying again", "err", err)
		return nil
	case at != queue.Gone:
		f.gone, f.running = 0, at == queue.Running
		return nil
	}
	if f.gone++; f.gone < 2 {
		return nil
	}
	m.Log.Info("job vanished; sending it again", "slot", f.job.Actions[0].Slot, "attempt", f.job.Attempt)
	return m.land(ctx, f, nil)
}

func (m *making) allThere(ctx context.Context, f *flight) (bool, error) {
	for _, w := range f.wants {
		has, err := m.Store.Has(ctx, w.action.Key)
		if err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

// land ends a flight: what is in the store is made, whatever was said; the rest goes out
// again, or has failed for good.
func (m *making) land(ctx context.Context, f *flight, failure *action.Failure) error {
	m.letGo(f)
	if failure != nil && failure.Fault != nil {
		return failure.Fault
	}
	observed, wanted := false, false
	for _, w := range f.wants {
		if m.wants[w.action.Key] != w {
			continue // no plan has it any more
		}
		wanted = true
		has, err := m.Store.Has(ctx, w.action.Key)
		if err != nil {
			return err
		}
		if has {
			w.state, w.ran, w.took = present, true, time.Since(w.began)
			m.paces[w.group] = m.paces[w.group].Plus(catalog.Pace{Took: w.took, Programme: m.part(w), Actions: 1})
			m.arrived(w)
			observed = observed || slices.Contains(m.graph.Observe, w.action.Key)
			continue
		}
		m.missed(w, failure)
	}
	switch {
	case failure != nil && wanted && m.canRaise(failure.Unlike):
		return m.raise(ctx, failure)
	case failure != nil:
		m.Log.Warn("failed", "slot", failure.Slot, "attempt", f.job.Attempt, "err", failure.Message)
		if err := m.reconsider(ctx, f); err != nil {
			return err
		}
	}
	if observed {
		return m.replan(ctx)
	}
	return nil
}

// letGo forgets a job that is over.
func (m *making) letGo(f *flight) {
	delete(m.flights, f.job.ID)
	if m.landed != nil {
		m.landed(f.job.ID)
	}
}

// change takes up facts that are not what they were. What is wanted still goes on; what
// failed is tried anew, for that may be why somebody changed something.
func (m *making) change(ctx context.Context) (err error) {
	if m.target.Originals, err = m.target.Reload(ctx); err != nil {
		return err
	}
	for _, w := range m.wants {
		if w.state == failed {
			w.state, w.failures, w.lost, w.failure = absent, 0, 0, nil
		}
	}
	m.failed, m.accepted = nil, false
	if err := m.replan(ctx); err != nil {
		return err
	}
	return m.callBack(ctx)
}

// callBack cancels the jobs that nobody wants any more, except those that are over in a
// moment anyway.
func (m *making) callBack(ctx context.Context) error {
	for id, f := range m.flights {
		wanted := slices.ContainsFunc(f.wants, func(w *want) bool { return m.wants[w.action.Key] == w })
		if wanted || f.job.Quick() {
			continue
		}
		if err := m.Queue.Cancel(ctx, id); err != nil {
			m.Log.Warn("cannot call a job back that nobody wants any more", "slot", f.job.Actions[0].Slot, "err", err)
		}
		m.letGo(f)
	}
	return ctx.Err()
}

// missed lets a want that its job did not make try again, or gives it up. A failure of
// nil says that the job was lost.
func (m *making) missed(w *want, failure *action.Failure) {
	w.state = absent
	if failure != nil {
		w.failures++
	} else if w.lost++; w.lost > lostAttempts {
		failure = &action.Failure{Slot: w.action.Slot, Message: "its worker died again and again"}
	}
	w.failure = cmp.Or(failure, w.failure)
	if w.failures < Attempts && w.lost <= lostAttempts {
		if w.waits == 0 { // else what it reads has gone, and brings it along when it is back
			m.insert(w)
		}
		return
	}
	w.state = failed
	if !slices.Contains(m.failed, w.failure) { // which several of one job may share
		m.failed = append(m.failed, w.failure)
	}
}

// arrived lets those go that waited for w.
func (m *making) arrived(w *want) {
	for _, u := range w.users {
		if u.waits--; u.waits == 0 && u.needed && u.state == absent {
			m.insert(u)
		}
	}
}

func (m *making) insert(w *want) {
	i, _ := slices.BinarySearchFunc(m.ready, w, byOrder)
	m.ready = slices.Insert(m.ready, i, w)
}

// reconsider looks, after a failure, whether what the job reads is still there.
func (m *making) reconsider(ctx context.Context, f *flight) error {
	if err := m.give(ctx, m.graph); err != nil {
		return err
	}
	lost := false
	for _, w := range f.wants {
		for _, key := range w.action.Inputs {
			input := m.wants[key]
			if input == nil || input.state != present {
				continue
			}
			has, err := m.Store.Has(ctx, key)
			if err != nil {
				return err
			}
			if !has {
				input.state, lost = absent, true
			}
		}
	}
	if lost {
		m.link()
	}
	return nil
}

// canRaise says whether new keys may help the rendition: they did not if it has had some.
func (m *making) canRaise(rendition string) bool {
	return rendition != "" && m.target.RaiseSalt != nil && m.raised[rendition] < Attempts
}

// raise gives a rendition whose segments cannot be joined new keys.
func (m *making) raise(ctx context.Context, failure *action.Failure) error {
	m.raised[failure.Unlike]++
	m.Log.Warn("segments cannot be joined; encoding the rendition anew", "rendition", failure.Unlike)
	if err := m.target.RaiseSalt(ctx, failure.Unlike); err != nil {
		return errors.Join(failure, err)
	}
	return m.replan(ctx)
}

// cancel calls back what is out.
func (m *making) cancel(ctx context.Context) {
	for id := range m.flights {
		if err := m.Queue.Cancel(ctx, id); err != nil {
			m.Log.Debug("cancel", "job", id, "err", err)
			return
		}
	}
}

// record writes down the states that changed since it last did.
func (m *making) record(ctx context.Context) error {
	if m.Recorder == nil || m.run == 0 {
		return nil
	}
	var slots []catalog.Slot
	for _, a := range m.graph.Actions {
		w := m.wants[a.Key]
		if s := w.said(); s != w.recorded {
			w.recorded = s
			slots = append(slots, catalog.Slot{
				Slot: a.Slot, Kind: a.Kind, Key: a.Key, Preimage: m.graph.Preimages[a.Key],
				State: s, Attempts: w.attempt, Took: w.took, Failure: w.failure,
			})
		}
	}
	if len(slots) == 0 {
		return nil
	}
	if err := m.Recorder.RecordSlots(ctx, m.run, slots); err != nil {
		return fmt.Errorf("record the states of actions: %w", err)
	}
	return nil
}

// said is the word for how a want stands.
func (w *want) said() string {
	switch {
	case w.state == present && w.ran:
		return "ran"
	case w.state == present:
		return "reused"
	case w.state == failed:
		return "failed"
	}
	return "waiting"
}

// counts says by kind what ran and what was there; what nobody needed, and is not there,
// counts as neither.
func (m *making) counts() map[string]Count {
	counts := make(map[string]Count)
	for _, w := range m.wants {
		c := counts[w.action.Kind]
		switch {
		case w.ran:
			c.Ran++
		case w.state == present:
			c.Reused++
		}
		counts[w.action.Kind] = c
	}
	return counts
}
