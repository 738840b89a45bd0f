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

// State is how far a talk has come.
type State string

// The states of a talk, in the order in which it comes to them.
const (
	NoRecording State = "no-recording"
	Queued      State = "queued"   // to be made
	Making      State = "making"   // being made
	Failed      State = "failed"   // somebody has to look
	Ready       State = "ready"    // to be looked at by its speaker
	Wrong       State = "wrong"    // its speaker says that something is
	Approved    State = "approved" // may be released
	Held        State = "held"     // was to be released, and must not be yet
	Released    State = "released"
	NotRecorded State = "not-recorded" // is not to be
)

// States is all of them.
func States() []State {
	return []State{NoRecording, Queued, Making, Failed, Ready, Wrong, Approved, Held, Released, NotRecorded}
}

// Waiting is whom a talk waits for, and where they work in one language, in which.
type Waiting struct {
	Role     access.Role `json:"role"`
	Language string      `json:"language,omitempty"`
}

// Stage is how a stage of a talk's pipeline stands.
type Stage struct {
	Name     string  `json:"name"`
	State    string  `json:"state"` // waiting, running, done, reused, failed, none
	Done     int     `json:"done"`  // actions
	Total    int     `json:"total"`
	Fraction float64 `json:"fraction"` // of all of it
}

// Row is a talk in the overview of all talks.
type Row struct {
	catalog.Overview
	State  State
	Why    string // it has failed, or is held
	Stages []Stage
	Left   time.Duration // until it is made, about; 0: nobody knows
	Waits  []Waiting
	Serial uint64 // rises with every change of the board
}

// Day is when the talk is given, as "2006-01-02" in the time zone that the schedule says; "" if
// it does not.
func (r Row) Day() string {
	if r.Scheduling.Start.IsZero() {
		return ""
	}
	return r.Scheduling.Start.Format(time.DateOnly)
}

// Board is the overview of all talks, kept in memory and up to date with the catalogue and
// with what is being made.
type Board struct {
	catalog *catalog.Catalog
	backlog *conductor.Backlog // nil where nothing is made

	mu      sync.Mutex
	rows    map[string]Row
	serial  uint64
	dirty   map[string]bool
	wake    chan struct{}
	readers map[chan<- Row]bool
	stages  map[string][]string // of pipelines, in order
}

// NewBoard is the board of a catalogue and of what is being made of it, which it follows from
// then on; backlog may be nil.
func NewBoard(ctx context.Context, c *catalog.Catalog, backlog *conductor.Backlog) (*Board, error) {
	b := &Board{
		catalog: c, backlog: backlog, rows: make(map[string]Row), dirty: make(map[string]bool),
		wake: make(chan struct{}, 1), readers: make(map[chan<- Row]bool), stages: make(map[string][]string),
	}
	c.OnChange(b.Touch)
	if backlog != nil {
		backlog.Watch(func(slug string, _ conductor.Progress) { b.Touch(slug) })
	}
	all, err := c.Overviews(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		b.put(b.row(o))
	}
	return b, nil
}

// Touch says that something about a talk changed. It is quick, and may be called by anybody.
func (b *Board) Touch(slug string) {
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

// together is how long changes are gathered: people do not see more, and a talk that changes
// ten times meanwhile is read once.
const together = 100 * time.Millisecond

// Run keeps the board up to date until ctx ends.
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
		case <-time.After(together):
		}
	}
}

// refresh reads all talks again that changed.
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
			b.put(b.row(o))
		}
	}
	return nil
}

// put shows a row, and tells everybody who reads along.
func (b *Board) put(r Row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	r.Serial = b.serial
	b.rows[r.Slug] = r
	for reader := range b.readers {
		select {
		case reader <- r:
		default: // who does not read misses it, and is told by the serials
		}
	}
}

// Follow has every row that changes sent to a channel, which should have room, until stop is
// called. A row that found no room is lost: its serial is missing.
func (b *Board) Follow(rows chan<- Row) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers[rows] = true
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.readers, rows)
	}
}

// Rows is all talks by day, time and room; those that no schedule knows come last.
func (b *Board) Rows() []Row {
	b.mu.Lock()
	all := make([]Row, 0, len(b.rows))
	for _, r := range b.rows {
		all = append(all, r)
	}
	b.mu.Unlock()
	slices.SortFunc(all, func(a, b Row) int {
		x, y := a.Scheduling.Start, b.Scheduling.Start
		return cmp.Or(boolCompare(x.IsZero(), y.IsZero()), x.Compare(y), cmp.Compare(a.Scheduling.Room, b.Scheduling.Room), cmp.Compare(a.Slug, b.Slug))
	})
	return all
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Row is a talk's, if there is such a talk.
func (b *Board) Row(slug string) (Row, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.rows[slug]
	return r, ok
}

// row is how a talk is shown.
func (b *Board) row(o catalog.Overview) Row {
	r := Row{Overview: o, Stages: b.stagesOf(o)}
	var making State
	if b.backlog != nil {
		p, _ := b.backlog.Status(o.Slug)
		making = stateOfStep(p.Step)
		if making == Making {
			overlay(r.Stages, p.Stages)
			if p.Guessable {
				r.Left = p.Remaining
			}
		}
	}
	r.State, r.Why = stateOf(o, making)
	r.Waits = waits(r)
	return r
}

// stateOfStep is the state of a talk that the backlog has in hand; "" where it has not.
func stateOfStep(s conductor.Step) State {
	switch s {
	case conductor.Queued:
		return Queued
	case conductor.Observing, conductor.Making, conductor.LayingOut:
		return Making
	}
	return ""
}

// overlay shows how stages stand that are being made.
func overlay(stages []Stage, now []conductor.StageStatus) {
	for i := range stages {
		st := &stages[i]
		*st = Stage{Name: st.Name, State: "waiting"}
		at := slices.IndexFunc(now, func(n conductor.StageStatus) bool { return n.Name == st.Name })
		if at < 0 {
			continue
		}
		n := now[at]
		st.Done, st.Total = n.Done+n.Reused, n.Total+n.Reused
		if n.Total > 0 {
			st.Fraction = (float64(n.Done) + n.Running) / float64(n.Total)
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

func stateOf(o catalog.Overview, making State) (State, string) {
	switch {
	case o.Scheduling.DoNotRecord:
		return NotRecorded, ""
	case o.Recordings == 0:
		return NoRecording, ""
	case making != "":
		return making, ""
	case o.Wished:
		return Queued, ""
	case o.Failure != "":
		return Failed, o.Failure
	case !o.Released.IsZero():
		return Released, ""
	case o.Wanted && o.Refused != "":
		return Held, o.Refused
	case o.Verdict == "wrong":
		return Wrong, o.Words
	case o.Verdict == "approved":
		return Approved, ""
	case !o.Published.IsZero():
		return Ready, ""
	}
	return Queued, ""
}

// waits is whom a talk waits for.
func waits(r Row) (all []Waiting) {
	switch r.State {
	case NoRecording, Failed, Wrong:
		all = append(all, Waiting{Role: access.Volunteer})
	case Ready:
		all = append(all, Waiting{Role: access.Speaker})
	case Approved:
		all = append(all, Waiting{Role: access.Organiser})
	case NotRecorded:
		return nil
	}
	for _, t := range r.Tracks {
		switch {
		case t.Kind != conference.Translation:
		case t.State == "in-review":
			all = append(all, Waiting{access.Reviewer, t.Language})
		case t.State != conference.Approved:
			all = append(all, Waiting{access.Translator, t.Language})
		}
	}
	return all
}

// stagesOf is how the stages of a talk stood when its last run ended.
func (b *Board) stagesOf(o catalog.Overview) (stages []Stage) {
	place := make(map[string]int)
	for i, name := range b.order(o.Pipeline) {
		stages = append(stages, Stage{Name: name, State: "waiting"})
		place[name] = i
	}
	for _, s := range o.Stages {
		i, ok := place[s.Stage]
		if !ok {
			continue
		}
		st := &stages[i]
		st.Total += s.N
		if s.State == catalog.Ran || s.State == catalog.Reused {
			st.Done += s.N
		}
		if s.State == catalog.Failed {
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

// order is a pipeline's stages; a pipeline that cannot be read any more has none.
func (b *Board) order(pipeline string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	names, ok := b.stages[pipeline]
	if ok {
		return names
	}
	p, err := pipelines.Load(pipeline, worker.PipelineKinds(worker.Kinds()))
	if err == nil {
		for _, s := range p.Stages {
			names = append(names, s.Name)
		}
	}
	b.stages[pipeline] = names
	return names
}

// Talks is all talks, for who may see them all.
func (o *Office) Talks(p access.Person) ([]Row, error) {
	if !p.May(access.Conference, "", "") {
		return nil, access.ErrForbidden
	}
	return o.Board.Rows(), nil
}

// Row is one talk, as the overview shows it.
func (o *Office) Row(p access.Person, slug string) (Row, error) {
	if !p.May(access.See, slug, "") {
		return Row{}, access.ErrForbidden
	}
	r, ok := o.Board.Row(slug)
	if !ok {
		return r, fmt.Errorf("talk %s: %w", slug, catalog.ErrNone)
	}
	return r, nil
}
