package service

import (
	"context"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

// Talk is all that there is to know of a talk, but for its cues.
type Talk struct {
	Row
	Facts    conference.Facts
	History  []catalog.Event // the newest first
	Failures []*action.Failure
	Begun    time.Time // the last making
	Ended    time.Time
	Links    []catalog.Link // that let somebody in to this talk; for who may see them
}

// mostHistory is how many changes a talk's page tells of.
const mostHistory = 200

// Talk is what a person may see of a talk.
func (o *Office) Talk(ctx context.Context, p access.Person, slug string) (Talk, error) {
	row, err := o.Row(p, slug)
	if err != nil {
		return Talk{}, err
	}
	t := Talk{Row: row}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return t, err
	}
	t.Facts = s.Facts
	if t.History, err = o.Catalog.Events(ctx, slug); err != nil {
		return t, err
	}
	slices.Reverse(t.History)
	t.History = t.History[:min(len(t.History), mostHistory)]
	if err := o.lastRun(ctx, &t); err != nil {
		return t, err
	}
	if p.May(access.Manage, "", "") {
		links, err := o.Catalog.Links(ctx)
		if err != nil {
			return t, err
		}
		t.Links = slices.DeleteFunc(links, func(l catalog.Link) bool { return l.Talk != slug })
	}
	return t, nil
}

// lastRun is what failed when the talk was made last.
func (o *Office) lastRun(ctx context.Context, t *Talk) error {
	runs, err := o.Catalog.LastRuns(ctx, t.Slug, 1)
	if err != nil || len(runs) == 0 {
		return err
	}
	t.Begun, t.Ended = runs[0].Begun, runs[0].Ended
	for _, s := range runs[0].Slots {
		if s.State == catalog.Failed && s.Failure != nil && !slices.ContainsFunc(t.Failures, func(f *action.Failure) bool { return f.Message == s.Failure.Message && f.Slot == s.Failure.Slot }) {
			t.Failures = append(t.Failures, s.Failure)
		}
	}
	return nil
}

// Handling is what volunteers decide of a talk's recordings.
type Handling struct {
	Cut      []conference.Keep
	Channels conference.Channels
	Pipeline string // the name of one that Lectern ships, or the talk's own
}

// handle makes a submission's handling another one.
func handle(s *catalog.Submission, h Handling) error {
	s.Facts.Cut, s.Facts.Channels = h.Cut, h.Channels
	if h.Pipeline == s.Pipeline {
		return nil
	}
	if !slices.Contains(pipelines.Names(), h.Pipeline) { // anybody's file could be read else
		return inputerr.New("", "there is no pipeline %q", h.Pipeline).Try("Take one of %v", pipelines.Names())
	}
	p, err := pipelines.Load(h.Pipeline, worker.PipelineKinds(worker.Kinds()))
	s.Pipeline, s.PipelineText = h.Pipeline, p.Text
	return err
}

// Handle decides how a talk's recordings are handled.
func (o *Office) Handle(ctx context.Context, p access.Person, slug string, h Handling) error {
	by, err := p.As(access.Record, slug, "")
	if err != nil {
		return err
	}
	_, err = o.edit(ctx, by.Name, slug, func(s *catalog.Submission) error { return handle(s, h) })
	return err
}

// Price is what it would cost to handle a talk's recordings otherwise. It changes nothing.
func (o *Office) Price(ctx context.Context, p access.Person, slug string, h Handling) (conductor.Price, error) {
	if !p.May(access.Record, slug, "") {
		return conductor.Price{}, access.ErrForbidden
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return conductor.Price{}, err
	}
	if err := handle(&s, h); err != nil {
		return conductor.Price{}, err
	}
	return o.Releaser.Price(ctx, s)
}

// edit changes a talk, and has what follows from that made.
func (o *Office) edit(ctx context.Context, who, slug string, do func(*catalog.Submission) error) (catalog.Submission, error) {
	s, err := o.Catalog.Edit(ctx, who, slug, do)
	if err == nil {
		o.poke(slug)
	}
	return s, err
}

// poke has somebody look whether there is something to make.
func (o *Office) poke(slug string) {
	if o.Backlog != nil {
		o.Backlog.Poke(slug)
	}
}

// LookAgain takes up what another program on this machine changed of a talk in the catalogue.
func (o *Office) LookAgain(p access.Person, slug string) error {
	if !p.May(access.Record, slug, "") {
		return access.ErrForbidden
	}
	o.Board.Touch(slug)
	o.poke(slug)
	return nil
}

// Retry has a talk made again of what there is.
func (o *Office) Retry(ctx context.Context, p access.Person, slug string) error {
	by, err := p.As(access.Record, slug, "")
	if err != nil {
		return err
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return err
	}
	if len(s.Facts.Recordings) == 0 {
		return inputerr.New(slug, "has no recording that it could be made of").Try("Hand one in, or say which of those that came it is")
	}
	if err := o.Catalog.Wish(ctx, by.Name, slug, "tried again"); err != nil {
		return err
	}
	o.poke(slug)
	return nil
}
