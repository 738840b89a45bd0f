package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

// TalkState says how far a talk has come. Its values are part of the API and of addresses.
type TalkState string

// The states of a talk, in the order in which a talk goes through them.
const (
	StateNoRecording      TalkState = "no-recording"
	StateQueued           TalkState = "queued"   // waiting to be processed
	StateProcessing       TalkState = "making"   // being processed
	StateFailed           TalkState = "failed"   // needs attention
	StateReadyForReview   TalkState = "ready"    // its speaker may review it
	StateChangesRequested TalkState = "wrong"    // its speaker asks for changes
	StateApproved         TalkState = "approved" // may be released
	StateOnHold           TalkState = "held"     // its release was requested and is blocked
	StateReleased         TalkState = "released"
	StateNotRecorded      TalkState = "not-recorded" // marked as not to be recorded
)

// TalkStates returns all states, in the order in which a talk goes through them.
func TalkStates() []TalkState {
	return []TalkState{StateNoRecording, StateQueued, StateProcessing, StateFailed, StateReadyForReview, StateChangesRequested, StateApproved, StateOnHold, StateReleased, StateNotRecorded}
}

// WaitingFor names the role that has to do something for a talk next.
type WaitingFor struct {
	Role     access.Role `json:"role"`
	Language string      `json:"language,omitempty"`
}

// StageProgress counts the actions of one stage of a talk's pipeline.
type StageProgress struct {
	Name     string  `json:"name"`
	State    string  `json:"state"` // waiting, running, done, reused, failed, none
	Done     int     `json:"done"`  // actions
	Total    int     `json:"total"`
	Fraction float64 `json:"fraction"` // of the stage that is done, from 0 to 1
}

// TalkSummary is one row of the list of all talks.
type TalkSummary struct {
	catalog.Overview
	State      TalkState
	Reason     string // why it failed, or why its release is blocked
	Stages     []StageProgress
	TimeLeft   time.Duration // estimated time until it is processed; 0: unknown
	WaitingFor []WaitingFor
	Version    uint64 // increases with every change of the board
}

// Day returns the day of the talk as "2006-01-02", in the time zone of its start time. It returns
// "" for a talk without a time.
func (r TalkSummary) Day() string {
	if r.Scheduling.Start.IsZero() {
		return ""
	}
	return r.Scheduling.Start.Format(time.DateOnly)
}

// Board keeps the summaries of all talks in memory. It follows the catalog and the build loop.
type Board struct {
	catalog   *catalog.Catalog
	buildLoop *conductor.BuildLoop // nil where no talk is built

	mu                   sync.Mutex
	talks                map[string]TalkSummary
	serial               uint64
	dirty                map[string]bool
	wake                 chan struct{}
	subscribers          map[chan<- TalkSummary]bool
	stageNamesByPipeline map[string][]string // in the order of the pipeline
}

// NewBoard returns a board with the summaries of all talks in c. It subscribes to changes in c and
// in buildLoop, which may be nil; call Run to have them applied.
func NewBoard(ctx context.Context, c *catalog.Catalog, buildLoop *conductor.BuildLoop) (*Board, error) {
	b := &Board{
		catalog: c, buildLoop: buildLoop, talks: make(map[string]TalkSummary), dirty: make(map[string]bool),
		wake: make(chan struct{}, 1), subscribers: make(map[chan<- TalkSummary]bool), stageNamesByPipeline: make(map[string][]string),
	}
	c.OnChange(b.MarkChanged)
	if buildLoop != nil {
		buildLoop.Watch(func(slug string, _ conductor.Progress) { b.MarkChanged(slug) })
	}
	all, err := c.Overviews(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		b.store(b.summarize(o))
	}
	return b, nil
}

// MarkChanged schedules the summary of a talk to be read again. It never blocks, and ignores an
// empty slug.
func (b *Board) MarkChanged(slug string) {
	if slug == "" {
		return
	}
	b.mu.Lock()
	b.dirty[slug] = true
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// coalesceDelay is the shortest time between two rounds of reading changed talks, so that a talk
// that changes ten times within it is read once.
const coalesceDelay = 100 * time.Millisecond

// Run reads the summaries of changed talks again until ctx ends, at most every coalesceDelay. It
// stops with an error if the catalog cannot be read.
func (b *Board) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		}
		if err := b.refresh(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(coalesceDelay):
		}
	}
}

// refresh reads the summaries of all talks that were marked as changed since the last call.
func (b *Board) refresh(ctx context.Context) error {
	b.mu.Lock()
	dirty := b.dirty
	b.dirty = make(map[string]bool)
	b.mu.Unlock()
	for slug := range dirty {
		found, err := b.catalog.Overviews(ctx, slug)
		if err != nil {
			return err
		}
		for _, o := range found {
			b.store(b.summarize(o))
		}
	}
	return nil
}

// store saves a summary with the next version number and sends it to all subscribers. It never
// blocks: a subscriber whose channel is full does not get it.
func (b *Board) store(r TalkSummary) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	r.Version = b.serial
	b.talks[r.Slug] = r
	for reader := range b.subscribers {
		select {
		case reader <- r:
		default: // the gap in the versions shows that it was dropped
		}
	}
}

// Subscribe sends every new summary to rows until stop is called. If rows is full, the summary is
// dropped, and the reader sees a gap in the version numbers.
func (b *Board) Subscribe(rows chan<- TalkSummary) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers[rows] = true
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subscribers, rows)
	}
}

// Talks returns the summaries of all talks, by time, room and slug. Talks without a time come last.
func (b *Board) Talks() []TalkSummary {
	b.mu.Lock()
	all := make([]TalkSummary, 0, len(b.talks))
	for _, r := range b.talks {
		all = append(all, r)
	}
	b.mu.Unlock()
	slices.SortFunc(all, func(a, b TalkSummary) int {
		x, y := a.Scheduling.Start, b.Scheduling.Start
		return cmp.Or(compareTrueFirst(x.IsZero(), y.IsZero()), x.Compare(y), cmp.Compare(a.Scheduling.Room, b.Scheduling.Room), cmp.Compare(a.Slug, b.Slug))
	})
	return all
}

func compareTrueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Talk returns the summary of a talk. ok is false if there is no such talk.
func (b *Board) Talk(slug string) (TalkSummary, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.talks[slug]
	return r, ok
}

// summarize returns the summary of a talk. o is its entry in the catalog; the progress of a running
// build comes from the build loop.
func (b *Board) summarize(o catalog.Overview) TalkSummary {
	r := TalkSummary{Overview: o, Stages: b.lastRunStages(o)}
	var making TalkState
	if b.buildLoop != nil {
		p, _ := b.buildLoop.Status(o.Slug)
		making = stateFromStep(p.Phase)
		if making == StateProcessing {
			overlayLiveProgress(r.Stages, p.Stages)
			if p.RemainingKnown {
				r.TimeLeft = p.Remaining
			}
		}
	}
	r.State, r.Reason = talkState(o, making)
	r.WaitingFor = waitingFor(r)
	return r
}

// stateFromStep returns the talk state that a phase of the build loop stands for. It returns "" if
// the talk neither waits nor is being built.
func stateFromStep(s conductor.Phase) TalkState {
	switch s {
	case conductor.Queued:
		return StateQueued
	case conductor.Analysing, conductor.Building, conductor.LayingOut:
		return StateProcessing
	}
	return ""
}

// overlayLiveProgress replaces the progress in stages by that of the running build, in which a
// stage that does not appear is waiting.
func overlayLiveProgress(stages []StageProgress, now []conductor.StageStatus) {
	for i := range stages {
		st := &stages[i]
		*st = StageProgress{Name: st.Name, State: "waiting"}
		at := slices.IndexFunc(now, func(n conductor.StageStatus) bool { return n.Name == st.Name })
		if at < 0 {
			continue
		}
		n := now[at]
		st.Done, st.Total = n.Done+n.Reused, n.Total+n.Reused
		if n.Total > 0 {
			st.Fraction = (float64(n.Done) + n.PartlyDone) / float64(n.Total)
		}
		switch {
		case n.Failed > 0:
			st.State = "failed"
		case n.Total == 0 && n.Reused > 0:
			st.State, st.Fraction = "reused", 1
		case n.Total > 0 && n.Done == n.Total:
			st.State = "done"
		case n.Busy > 0:
			st.State = "running"
		}
	}
}

func talkState(o catalog.Overview, making TalkState) (TalkState, string) {
	switch {
	case o.Scheduling.DoNotRecord:
		return StateNotRecorded, ""
	case o.Recordings == 0:
		return StateNoRecording, ""
	case making != "":
		return making, ""
	case o.BuildPending:
		return StateQueued, ""
	case o.BuildFailure != "":
		return StateFailed, o.BuildFailure
	case !o.Released.IsZero():
		return StateReleased, ""
	case o.ReleaseRequested && o.ReleaseBlocked != "":
		return StateOnHold, o.ReleaseBlocked
	case o.Verdict == "wrong":
		return StateChangesRequested, o.VerdictComment
	case o.Verdict == "approved":
		return StateApproved, ""
	case !o.Published.IsZero():
		return StateReadyForReview, ""
	}
	return StateQueued, ""
}

// waitingFor returns the roles that have to do something for a talk next: because of its state, and
// because of each unfinished translation.
func waitingFor(r TalkSummary) (all []WaitingFor) {
	switch r.State {
	case StateNoRecording, StateFailed, StateChangesRequested:
		all = append(all, WaitingFor{Role: access.Volunteer})
	case StateReadyForReview:
		all = append(all, WaitingFor{Role: access.Speaker})
	case StateApproved:
		all = append(all, WaitingFor{Role: access.Organiser})
	case StateNotRecorded:
		return nil
	}
	for _, t := range r.Tracks {
		switch {
		case t.Kind != conference.Translation:
		case t.State == "in-review":
			all = append(all, WaitingFor{access.Reviewer, t.Language})
		case t.State != conference.TrackApproved:
			all = append(all, WaitingFor{access.Translator, t.Language})
		}
	}
	return all
}

// lastRunStages returns the progress that each stage had at the end of the talk's last run, in the
// order of the pipeline.
func (b *Board) lastRunStages(o catalog.Overview) (stages []StageProgress) {
	place := make(map[string]int)
	for i, name := range b.stageNames(o.Pipeline) {
		stages = append(stages, StageProgress{Name: name, State: "waiting"})
		place[name] = i
	}
	for _, s := range o.Stages {
		i, ok := place[s.Stage]
		if !ok {
			continue
		}
		st := &stages[i]
		st.Total += s.Count
		if s.State == catalog.SlotRan || s.State == catalog.SlotReused {
			st.Done += s.Count
		}
		if s.State == catalog.SlotFailed {
			st.State = "failed"
		}
	}
	for i := range stages {
		st := &stages[i]
		if st.Total == 0 && !o.Published.IsZero() {
			st.State = "none"
		}
		if st.Total > 0 {
			st.Fraction = float64(st.Done) / float64(st.Total)
			if st.State != "failed" && st.Done == st.Total {
				st.State = "done"
			}
		}
	}
	return stages
}

// stageNames returns the names of a pipeline's stages in order, or nil if the pipeline cannot be
// loaded. It remembers the result.
func (b *Board) stageNames(pipeline string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	names, ok := b.stageNamesByPipeline[pipeline]
	if ok {
		return names
	}
	p, err := pipelines.Load(pipeline, worker.PipelineKinds(worker.Kinds()))
	if err == nil {
		for _, s := range p.Stages {
			names = append(names, s.Name)
		}
	}
	b.stageNamesByPipeline[pipeline] = names
	return names
}

// List returns the summaries of all talks, as Board.Talks does. It requires access.ViewConference.
func (svc *Talks) List(p access.Person) ([]TalkSummary, error) {
	if !p.May(access.ViewConference, "", "") {
		return nil, access.ErrForbidden
	}
	all := svc.board.Talks()
	for i := range all {
		all[i] = all[i].visibleTo(p)
	}
	return all, nil
}

// Summary returns the summary of one talk. It returns access.ErrForbidden if p may not see the
// talk, and catalog.ErrNotFound if there is no such talk.
func (svc *Talks) Summary(p access.Person, slug string) (TalkSummary, error) {
	if !p.May(access.ViewTalk, slug, "") {
		return TalkSummary{}, access.ErrForbidden
	}
	r, ok := svc.board.Talk(slug)
	if !ok {
		return r, fmt.Errorf("talk %s: %w", slug, catalog.ErrNotFound)
	}
	return r.visibleTo(p), nil
}

// timeZone returns the time zone of the first talk that has a time, or the local one if no talk
// has.
func (b *Board) timeZone() *time.Location {
	for _, r := range b.Talks() {
		if !r.Scheduling.Start.IsZero() {
			return r.Scheduling.Start.Location()
		}
	}
	return time.Local
}
