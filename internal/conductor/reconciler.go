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
	absent     state = iota
	dispatched       // a job is out for it
	present
	failed // for good
)

// node is one action of the plan, and how it stands.
type node struct {
	action        action.Action
	order         int // in the plan
	group         catalog.TimingGroup
	state         state
	ran           bool // made by this run, not found
	needed        bool
	missingInputs int     // inputs that are not present
	dependents    []*node // the wants that read it
	failures      int
	lost          int
	attempt       int // of the last job
	started       time.Time
	took          time.Duration
	failure       *action.Failure
	recordedState string // the state that was last recorded
}

// inflightJob is a job that is out.
type inflightJob struct {
	job         action.Job
	nodes       []*node
	sent        bool // the queue took it
	running     bool
	missedPolls int // looks in a row at which nobody knew of it
	fraction    float64
	speed       float64
}

// reconciler is one target on its way.
type reconciler struct {
	*Conductor
	target     Target
	graph      plan.Graph
	observed   map[action.Key]action.Artifact
	nodes      map[action.Key]*node
	ready      []*node // needed, absent, all inputs present; by order
	inflight   map[string]*inflightJob
	failures   []*action.Failure
	saltRaises map[string]int // how often a rendition's salt was
	accepted   bool
	runID      int64 // in the catalogue; 0: nothing was accepted yet
	lastReport time.Time
	measured   map[catalog.TimingGroup]catalog.Timing // of what this making made
	groupSizes map[catalog.TimingGroup]int            // how many actions of each the graph has
}

func newReconciler(c *Conductor, t Target) *reconciler {
	return &reconciler{
		Conductor:  c,
		target:     t,
		observed:   make(map[action.Key]action.Artifact),
		nodes:      make(map[action.Key]*node),
		inflight:   make(map[string]*inflightJob),
		saltRaises: make(map[string]int),
		measured:   make(map[catalog.TimingGroup]catalog.Timing),
	}
}

// replan plans as far as the observations reach, and compares with the store.
func (m *reconciler) replan(ctx context.Context) error {
	g, err := m.plan(ctx)
	if err != nil {
		return err
	}
	if g.Edition != nil && !m.accepted && m.target.Accept != nil {
		if m.runID, err = m.target.Accept(ctx, g); err != nil {
			return err
		}
		m.accepted = true
		if g, err = m.plan(ctx); err != nil {
			return err
		}
	}
	if err := m.storeGiven(ctx, g); err != nil {
		return err
	}
	return m.setGraph(ctx, g)
}

// plan plans until the store has no observation that the plan has not seen.
func (m *reconciler) plan(ctx context.Context) (g plan.Graph, err error) {
	for again := true; again; {
		if g, err = m.target.Plan(m.observed); err != nil {
			return g, err
		}
		if again, err = m.loadObservations(ctx, g); err != nil {
			return g, err
		}
	}
	return g, nil
}

// storeGiven stores the inputs that came with the facts, where they are not there.
func (m *reconciler) storeGiven(ctx context.Context, g plan.Graph) error {
	for key, content := range g.InlineInputs {
		if err := m.storeGivenFile(ctx, key, content); err != nil {
			return fmt.Errorf("store what the talk came with: %w", err)
		}
	}
	return nil
}

// storeGivenFile stores an input under the name that plan.GivenFile says.
func (m *reconciler) storeGivenFile(ctx context.Context, key action.Key, content []byte) error {
	if has, err := m.Store.Has(ctx, key); err != nil || has {
		return err
	}
	dir, release, err := m.Store.Scratch("given")
	if err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(dir, plan.InlineInputFile), content, 0o600)
	if err == nil {
		a := action.Artifact{Key: key, Kind: "given", Files: []action.File{{Name: plan.InlineInputFile}}}
		_, err = m.Store.Put(ctx, a, dir)
	}
	return errors.Join(err, release())
}

// loadObservations takes up the observations that are in the store; it reports whether there
// were new ones.
func (m *reconciler) loadObservations(ctx context.Context, g plan.Graph) (bool, error) {
	found := false
	for _, key := range g.ObservationKeys {
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

// setGraph makes g the graph: it takes the wants over from the last one and looks for the
// new ones in the store.
func (m *reconciler) setGraph(ctx context.Context, g plan.Graph) error {
	wants := make(map[action.Key]*node, len(g.Actions))
	m.groupSizes = make(map[catalog.TimingGroup]int)
	for i, a := range g.Actions {
		w := m.nodes[a.Key]
		if w == nil {
			has, err := m.isPresent(ctx, a.Key, a.Key == g.BundleKey)
			if err != nil {
				return err
			}
			w = &node{}
			if has {
				w.state = present
			}
		}
		w.action, w.order, w.group = a, i, catalog.TimingGroupOf(a.Kind, a.Slot)
		m.groupSizes[w.group]++
		wants[a.Key] = w
	}
	m.graph, m.nodes = g, wants
	m.linkNodes()
	return nil
}

// isPresent asks the store for an artifact. The final one is there only with everything that it
// lists: without, it goes too, and all that is missing is made again.
func (m *reconciler) isPresent(ctx context.Context, key action.Key, final bool) (bool, error) {
	has, err := m.Store.Has(ctx, key)
	if err != nil || !has || !final {
		return has, err
	}
	a, err := m.Store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
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
		if errors.Is(err, store.ErrNotFound) {
			m.Log.Warn("a file of the bundle is gone from the store; making it again", "file", e.Path)
			return false, m.Store.Forget(ctx, key)
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// linkNodes works out what waits for what, what is needed, and what is ready.
func (m *reconciler) linkNodes() {
	for _, w := range m.nodes {
		w.missingInputs, w.dependents, w.needed = 0, nil, false
	}
	for _, w := range m.nodes {
		for _, key := range distinctKeys(w.action.Inputs) {
			if input := m.nodes[key]; input != nil {
				input.dependents = append(input.dependents, w)
				if input.state != present {
					w.missingInputs++
				}
			}
		}
	}
	if m.graph.Complete {
		m.markNeeded(m.nodes[m.graph.BundleKey])
	} else {
		for _, w := range m.nodes { // nobody knows yet what else will read it
			if len(w.dependents) == 0 {
				m.markNeeded(w)
			}
		}
	}
	m.ready = m.ready[:0]
	for _, w := range m.nodes {
		if w.needed && w.state == absent && w.missingInputs == 0 {
			m.ready = append(m.ready, w)
		}
	}
	slices.SortFunc(m.ready, byPlanOrder)
}

// markNeeded marks what has to be made so that w is there.
func (m *reconciler) markNeeded(w *node) {
	if w == nil || w.needed || w.state == present || w.state == failed {
		return
	}
	w.needed = true
	for _, key := range w.action.Inputs {
		m.markNeeded(m.nodes[key])
	}
}

func distinctKeys(inputs map[string]action.Key) []action.Key {
	return slices.Compact(slices.Sorted(maps.Values(inputs)))
}

func byPlanOrder(a, b *node) int { return a.order - b.order }

// dispatchReady sends out jobs while there is room: for quick ones there is, however many long
// ones are out.
func (m *reconciler) dispatchReady(ctx context.Context) error {
	for {
		first := m.nextReady()
		if first == nil {
			return nil
		}
		f := m.newJob(first)
		m.inflight[f.job.ID] = f
		if err := m.sendJob(ctx, f); err != nil {
			return err
		}
	}
}

// nextReady is the first ready want that there is room for; nil: there is none.
func (m *reconciler) nextReady() *node {
	out := make(map[bool]int)
	for _, f := range m.inflight {
		out[f.job.Quick()]++
	}
	for _, w := range m.ready {
		if out[w.action.Quick] < max(1, m.MaxInFlight) {
			return w
		}
	}
	return nil
}

// sendJob gives a job to the queue. Where that does not take it, the next looks try again.
func (m *reconciler) sendJob(ctx context.Context, f *inflightJob) error {
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

// newJob takes a ready want, and those that share its decode, into a job. What
// has failed before goes alone: one encoder that always fails must not take others along.
func (m *reconciler) newJob(first *node) *inflightJob {
	together := func(w *node) bool {
		return w == first || first.action.Share != "" && first.failures+w.failures == 0 &&
			w.action.Kind == first.action.Kind && w.action.Share == first.action.Share
	}
	f := &inflightJob{job: action.Job{Originals: make(map[action.Key]action.Original)}}
	rest := m.ready[:0:0]
	for _, w := range m.ready {
		if !together(w) {
			rest = append(rest, w)
			continue
		}
		w.state, w.started = dispatched, time.Now()
		f.nodes = append(f.nodes, w)
		f.job.Actions = append(f.job.Actions, w.action)
		f.job.Attempt = max(f.job.Attempt, w.attempt+1)
		for _, key := range w.action.Inputs {
			if o, ok := m.target.Originals[key]; ok {
				f.job.Originals[key] = o
			}
		}
	}
	m.ready = rest
	for _, w := range f.nodes {
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

// handleEvent takes a worker's word as a reason to look.
func (m *reconciler) handleEvent(ctx context.Context, e action.Event) error {
	if e.Job == "" { // words may have been lost: look at everything
		return m.poll(ctx)
	}
	f := m.inflight[e.Job]
	if f == nil {
		return nil
	}
	f.missedPolls = 0
	switch e.Type {
	case action.JobStarted:
		f.running = true
		for _, w := range f.nodes {
			w.started = time.Now()
		}
	case action.JobProgress:
		f.running, f.fraction, f.speed = true, e.Fraction, e.Speed
	case action.JobDone:
		// A network file system may show the artifact later than the message. Then the
		// looks find it, and only if they do not is the job lost.
		if there, err := m.allPresent(ctx, f); err != nil || !there {
			return err
		}
		return m.finishJob(ctx, f, nil)
	case action.JobFailed:
		return m.finishJob(ctx, f, e.Failure)
	}
	return nil
}

// poll asks after every job that is out.
func (m *reconciler) poll(ctx context.Context) error {
	for _, f := range m.inflight {
		there, err := m.allPresent(ctx, f)
		if err != nil {
			return err
		}
		if there {
			if err := m.finishJob(ctx, f, nil); err != nil {
				return err
			}
			continue
		}
		if err := m.checkJob(ctx, f); err != nil {
			return err
		}
	}
	return m.recordStates(ctx)
}

// checkJob asks the queue after a job. One that nobody knows of at two looks in a row goes
// out again as a new attempt.
func (m *reconciler) checkJob(ctx context.Context, f *inflightJob) error {
	if !f.sent {
		return m.sendJob(ctx, f)
	}
	at, err := m.Queue.State(ctx, f.job.ID)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		m.Log.Warn("queue does not answer; trying again", "err", err)
		return nil
	case at != queue.Gone:
		f.missedPolls, f.running = 0, at == queue.Running
		return nil
	}
	if f.missedPolls++; f.missedPolls < 2 {
		return nil
	}
	m.Log.Info("job vanished; sending it again", "slot", f.job.Actions[0].Slot, "attempt", f.job.Attempt)
	return m.finishJob(ctx, f, nil)
}

func (m *reconciler) allPresent(ctx context.Context, f *inflightJob) (bool, error) {
	for _, w := range f.nodes {
		has, err := m.Store.Has(ctx, w.action.Key)
		if err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

// finishJob ends a flight: what is in the store is made, whatever was said; the rest goes out
// again, or has failed for good.
func (m *reconciler) finishJob(ctx context.Context, f *inflightJob, failure *action.Failure) error {
	m.dropJob(f)
	if failure != nil && failure.InputError != nil {
		return failure.InputError
	}
	observed, wanted := false, false
	for _, w := range f.nodes {
		if m.nodes[w.action.Key] != w {
			continue // no plan has it any more
		}
		wanted = true
		has, err := m.Store.Has(ctx, w.action.Key)
		if err != nil {
			return err
		}
		if has {
			w.state, w.ran, w.took = present, true, time.Since(w.started)
			m.measured[w.group] = m.measured[w.group].Add(catalog.Timing{Took: w.took, Programme: m.programmeShare(w), Actions: 1})
			m.unblockDependents(w)
			observed = observed || slices.Contains(m.graph.ObservationKeys, w.action.Key)
			continue
		}
		m.retryOrFail(w, failure)
	}
	switch {
	case failure != nil && wanted && m.canRaiseSalt(failure.MismatchedRendition):
		return m.raiseSalt(ctx, failure)
	case failure != nil:
		m.Log.Warn("failed", "slot", failure.Slot, "attempt", f.job.Attempt, "err", failure.Message)
		if err := m.recheckInputs(ctx, f); err != nil {
			return err
		}
	}
	if observed {
		return m.replan(ctx)
	}
	return nil
}

// dropJob forgets a job that is over.
func (m *reconciler) dropJob(f *inflightJob) {
	delete(m.inflight, f.job.ID)
	if m.onJobEnd != nil {
		m.onJobEnd(f.job.ID)
	}
}

// reload takes up facts that are not what they were. What is wanted still goes on; what
// failed is tried anew, for that may be why somebody changed something.
func (m *reconciler) reload(ctx context.Context) (err error) {
	if m.target.Originals, err = m.target.Reload(ctx); err != nil {
		return err
	}
	for _, w := range m.nodes {
		if w.state == failed {
			w.state, w.failures, w.lost, w.failure = absent, 0, 0, nil
		}
	}
	m.failures, m.accepted = nil, false
	if err := m.replan(ctx); err != nil {
		return err
	}
	return m.cancelUnneeded(ctx)
}

// cancelUnneeded cancels the jobs that nobody wants any more, except those that are over in a
// moment anyway.
func (m *reconciler) cancelUnneeded(ctx context.Context) error {
	for id, f := range m.inflight {
		wanted := slices.ContainsFunc(f.nodes, func(w *node) bool { return m.nodes[w.action.Key] == w })
		if wanted || f.job.Quick() {
			continue
		}
		if err := m.Queue.Cancel(ctx, id); err != nil {
			m.Log.Warn("cannot call a job back that nobody wants any more", "slot", f.job.Actions[0].Slot, "err", err)
		}
		m.dropJob(f)
	}
	return ctx.Err()
}

// retryOrFail lets a want that its job did not make try again, or gives it up. A failure of
// nil says that the job was lost.
func (m *reconciler) retryOrFail(w *node, failure *action.Failure) {
	w.state = absent
	if failure != nil {
		w.failures++
	} else if w.lost++; w.lost > maxLostAttempts {
		failure = &action.Failure{Slot: w.action.Slot, Message: "its worker died again and again"}
	}
	w.failure = cmp.Or(failure, w.failure)
	if w.failures < MaxAttempts && w.lost <= maxLostAttempts {
		if w.missingInputs == 0 { // else what it reads has gone, and brings it along when it is back
			m.insertReady(w)
		}
		return
	}
	w.state = failed
	if !slices.Contains(m.failures, w.failure) { // which several of one job may share
		m.failures = append(m.failures, w.failure)
	}
}

// unblockDependents lets those go that waited for w.
func (m *reconciler) unblockDependents(w *node) {
	for _, u := range w.dependents {
		if u.missingInputs--; u.missingInputs == 0 && u.needed && u.state == absent {
			m.insertReady(u)
		}
	}
}

func (m *reconciler) insertReady(w *node) {
	i, _ := slices.BinarySearchFunc(m.ready, w, byPlanOrder)
	m.ready = slices.Insert(m.ready, i, w)
}

// recheckInputs looks, after a failure, whether what the job reads is still there.
func (m *reconciler) recheckInputs(ctx context.Context, f *inflightJob) error {
	if err := m.storeGiven(ctx, m.graph); err != nil {
		return err
	}
	lost := false
	for _, w := range f.nodes {
		for _, key := range w.action.Inputs {
			input := m.nodes[key]
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
		m.linkNodes()
	}
	return nil
}

// canRaiseSalt says whether new keys may help the rendition: they did not if it has had some.
func (m *reconciler) canRaiseSalt(rendition string) bool {
	return rendition != "" && m.target.RaiseSalt != nil && m.saltRaises[rendition] < MaxAttempts
}

// raiseSalt gives a rendition whose segments cannot be joined new keys.
func (m *reconciler) raiseSalt(ctx context.Context, failure *action.Failure) error {
	m.saltRaises[failure.MismatchedRendition]++
	m.Log.Warn("segments cannot be joined; encoding the rendition anew", "rendition", failure.MismatchedRendition)
	if err := m.target.RaiseSalt(ctx, failure.MismatchedRendition); err != nil {
		return errors.Join(failure, err)
	}
	return m.replan(ctx)
}

// cancelAll calls back what is out.
func (m *reconciler) cancelAll(ctx context.Context) {
	for id := range m.inflight {
		if err := m.Queue.Cancel(ctx, id); err != nil {
			m.Log.Debug("cancel", "job", id, "err", err)
			return
		}
	}
}

// recordStates writes down the states that changed since it last did.
func (m *reconciler) recordStates(ctx context.Context) error {
	if m.Recorder == nil || m.runID == 0 {
		return nil
	}
	var slots []catalog.SlotResult
	for _, a := range m.graph.Actions {
		w := m.nodes[a.Key]
		if s := w.stateName(); s != w.recordedState {
			w.recordedState = s
			slots = append(slots, catalog.SlotResult{
				Slot: a.Slot, Kind: a.Kind, Key: a.Key, Preimage: m.graph.Preimages[a.Key],
				State: s, Attempts: w.attempt, Took: w.took, Failure: w.failure,
			})
		}
	}
	if len(slots) == 0 {
		return nil
	}
	if err := m.Recorder.RecordSlots(ctx, m.runID, slots); err != nil {
		return fmt.Errorf("record the states of actions: %w", err)
	}
	return nil
}

// stateName is the word for how a want stands.
func (w *node) stateName() string {
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
func (m *reconciler) counts() map[string]Count {
	counts := make(map[string]Count)
	for _, w := range m.nodes {
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
