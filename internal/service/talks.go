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

// TalkDetails is all that there is to know of a talk, but for its cues.
type TalkDetails struct {
	TalkSummary
	Facts     conference.Facts
	History   []catalog.Event // the newest first
	Failures  []*action.Failure
	StartedAt time.Time // the last making
	EndedAt   time.Time
	Links     []catalog.Link // that let somebody in to this talk; for who may see them
}

// maxHistory is how many changes a talk's page tells of.
const maxHistory = 200

// TalkDetails is what a person may see of a talk.
func (o *Service) TalkDetails(ctx context.Context, p access.Person, slug string) (TalkDetails, error) {
	row, err := o.TalkSummary(p, slug)
	if err != nil {
		return TalkDetails{}, err
	}
	t := TalkDetails{TalkSummary: row}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return t, err
	}
	t.Facts = s.Facts
	if t.History, err = o.Catalog.Events(ctx, slug); err != nil {
		return t, err
	}
	slices.Reverse(t.History)
	t.History = t.History[:min(len(t.History), maxHistory)]
	if err := o.addLastRun(ctx, &t); err != nil {
		return t, err
	}
	if p.May(access.ManageConference, "", "") {
		links, err := o.Catalog.Links(ctx)
		if err != nil {
			return t, err
		}
		t.Links = slices.DeleteFunc(links, func(l catalog.Link) bool { return l.Talk != slug })
	}
	return t, nil
}

// addLastRun is what failed when the talk was made last.
func (o *Service) addLastRun(ctx context.Context, t *TalkDetails) error {
	runs, err := o.Catalog.LastRuns(ctx, t.Slug, 1)
	if err != nil || len(runs) == 0 {
		return err
	}
	t.StartedAt, t.EndedAt = runs[0].Started, runs[0].Ended
	for _, s := range runs[0].Slots {
		if s.State == catalog.SlotFailed && s.Failure != nil && !slices.ContainsFunc(t.Failures, func(f *action.Failure) bool { return f.Message == s.Failure.Message && f.Slot == s.Failure.Slot }) {
			t.Failures = append(t.Failures, s.Failure)
		}
	}
	return nil
}

// ProcessingOptions is what volunteers decide of a talk's recordings.
type ProcessingOptions struct {
	Cut      []conference.KeptRange
	Channels conference.Channels
	Pipeline string // the name of one that Lectern ships, or the talk's own
}

// setProcessingOptions makes a submission's handling another one.
func setProcessingOptions(s *catalog.Submission, h ProcessingOptions) error {
	s.Facts.Cut, s.Facts.Channels = h.Cut, h.Channels
	if h.Pipeline == s.Pipeline {
		return nil
	}
	if !slices.Contains(pipelines.Names(), h.Pipeline) { // anybody's file could be read else
		return inputerr.New("", "there is no pipeline %q", h.Pipeline).Hint("Take one of %v", pipelines.Names())
	}
	p, err := pipelines.Load(h.Pipeline, worker.PipelineKinds(worker.Kinds()))
	s.Pipeline, s.PipelineText = h.Pipeline, p.Text
	return err
}

// SetProcessingOptions decides how a talk's recordings are handled.
func (o *Service) SetProcessingOptions(ctx context.Context, p access.Person, slug string, h ProcessingOptions) error {
	by, err := p.GrantFor(access.ManageRecordings, slug, "")
	if err != nil {
		return err
	}
	_, err = o.editTalk(ctx, by.Name, slug, func(s *catalog.Submission) error { return setProcessingOptions(s, h) })
	return err
}

// EstimateCost is what it would cost to handle a talk's recordings otherwise. It changes nothing.
func (o *Service) EstimateCost(ctx context.Context, p access.Person, slug string, h ProcessingOptions) (conductor.Cost, error) {
	if !p.May(access.ManageRecordings, slug, "") {
		return conductor.Cost{}, access.ErrForbidden
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return conductor.Cost{}, err
	}
	if err := setProcessingOptions(&s, h); err != nil {
		return conductor.Cost{}, err
	}
	return o.Builder.Cost(ctx, s)
}

// editTalk changes a talk, and has what follows from that made.
func (o *Service) editTalk(ctx context.Context, who, slug string, do func(*catalog.Submission) error) (catalog.Submission, error) {
	s, err := o.Catalog.Edit(ctx, who, slug, do)
	if err == nil {
		o.enqueueReconcile(slug)
	}
	return s, err
}

// enqueueReconcile has somebody look whether there is something to make.
func (o *Service) enqueueReconcile(slug string) {
	if o.Backlog != nil {
		o.Backlog.Wake()
	}
}

// Retry has a talk made again of what there is.
func (o *Service) Retry(ctx context.Context, p access.Person, slug string) error {
	by, err := p.GrantFor(access.ManageRecordings, slug, "")
	if err != nil {
		return err
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return err
	}
	if len(s.Facts.Recordings) == 0 {
		return inputerr.New(slug, "has no recording that it could be made of").Hint("Hand one in, or say which of those that came it is")
	}
	if err := o.Catalog.RequestBuild(ctx, by.Name, slug, "tried again"); err != nil {
		return err
	}
	o.enqueueReconcile(slug)
	return nil
}
