package service

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

// Talks shows talks and changes what holds for one talk as a whole.
type Talks struct {
	catalog *catalog.Catalog
	board   *Board
	editor  *talkEditor
	builder *conductor.Builder
}

// talkEditor changes the facts of talks and has the conductor reconcile them.
type talkEditor struct {
	catalog   *catalog.Catalog
	buildLoop *conductor.BuildLoop // nil where no talk is built
}

// TalkDetails holds everything about a talk except its cues.
type TalkDetails struct {
	TalkSummary
	Facts     conference.Facts
	History   []catalog.Event // the newest first
	Failures  []*action.Failure
	StartedAt time.Time // of the last run
	EndedAt   time.Time
	Links     []catalog.Link // for this talk alone; for people who may see them
}

// maxHistory limits the number of changes in TalkDetails.
const maxHistory = 200

// Details returns everything about a talk except its cues. Links are included only if p has
// access.ManageConference. It requires access.ViewTalk.
func (svc *Talks) Details(ctx context.Context, p access.Person, slug string) (TalkDetails, error) {
	row, err := svc.Summary(p, slug)
	if err != nil {
		return TalkDetails{}, err
	}
	t := TalkDetails{TalkSummary: row}
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return t, err
	}
	t.Facts = s.Facts
	if t.History, err = svc.catalog.Events(ctx, slug); err != nil {
		return t, err
	}
	redactHistory(p, slug, t.History)
	slices.Reverse(t.History)
	t.History = t.History[:min(len(t.History), maxHistory)]
	if err := svc.addLastRun(ctx, &t); err != nil {
		return t, err
	}
	if p.May(access.ManageConference, "", "") {
		links, err := svc.catalog.Links(ctx)
		if err != nil {
			return t, err
		}
		t.Links = slices.DeleteFunc(links, func(l catalog.Link) bool { return l.Talk != slug })
	}
	return t, nil
}

// addLastRun adds the start, the end and the failures of the talk's last run, each distinct failure
// once.
func (svc *Talks) addLastRun(ctx context.Context, t *TalkDetails) error {
	runs, err := svc.catalog.LastRuns(ctx, t.Slug, 1)
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

// ProcessingOptions are the choices that volunteers make for a talk's recordings.
type ProcessingOptions struct {
	Cut      []conference.KeptRange
	Channels conference.Channels
	Pipeline string // the name of a built-in pipeline, or the talk's own
}

// setProcessingOptions writes h to a submission that need not be saved. It refuses pipelines other
// than the present one and those that come with Lectern, since any other name would be read as a
// file.
func setProcessingOptions(s *catalog.Submission, h ProcessingOptions) error {
	if _, err := h.Channels.Terms(); err != nil {
		return inputerr.Coded("channels.unknown", "there is no choice of channels {channels}", "channels", strconv.Quote(string(h.Channels))).
			Hint("Choose auto, left, right, mix or stereo, or name channels by number: 2, 2:1 (stream:channel) or 1:1+2:1")
	}
	if err := plan.CheckCutRecordings(h.Cut, len(s.Facts.Recordings)); err != nil {
		return err
	}
	s.Facts.Cut, s.Facts.Channels = h.Cut, h.Channels
	if h.Pipeline == s.Pipeline {
		return nil
	}
	if !slices.Contains(pipelines.Names(), h.Pipeline) { // otherwise any file could be read
		return inputerr.Coded("pipeline.unknown", "there is no pipeline {pipeline}", "pipeline", strconv.Quote(h.Pipeline), "known", strings.Join(pipelines.Names(), ", ")).Hint("Use one of {known}")
	}
	p, err := pipelines.Load(h.Pipeline, worker.PipelineKinds(worker.Kinds()))
	s.Pipeline, s.PipelineText = h.Pipeline, p.Text
	return err
}

// SetProcessingOptions changes the cut, the channels and the pipeline of a talk, and has it built.
// It requires access.ManageRecordings. An unknown pipeline is an *inputerr.Error.
func (svc *Talks) SetProcessingOptions(ctx context.Context, p access.Person, slug string, h ProcessingOptions) error {
	by, err := p.GrantFor(access.ManageRecordings, slug, "")
	if err != nil {
		return err
	}
	_, err = svc.editor.edit(ctx, by.Name, slug, func(s *catalog.Submission) error { return setProcessingOptions(s, h) })
	return err
}

// EstimateCost returns what building the talk with the options h would cost. It changes nothing. It
// requires access.ManageRecordings.
func (svc *Talks) EstimateCost(ctx context.Context, p access.Person, slug string, h ProcessingOptions) (conductor.Cost, error) {
	if !p.May(access.ManageRecordings, slug, "") {
		return conductor.Cost{}, access.ErrForbidden
	}
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return conductor.Cost{}, err
	}
	if err := setProcessingOptions(&s, h); err != nil {
		return conductor.Cost{}, err
	}
	return svc.builder.Cost(ctx, s)
}

// edit changes a talk with do, in one transaction, and has it built again if needed. It returns the
// saved submission.
func (e *talkEditor) edit(ctx context.Context, who, slug string, do func(*catalog.Submission) error) (catalog.Submission, error) {
	s, err := e.catalog.Edit(ctx, who, slug, do)
	if err == nil {
		e.reconcile(slug)
	}
	return s, err
}

// reconcile wakes the build loop, which then finds what has to be built.
func (e *talkEditor) reconcile(slug string) {
	if e.buildLoop != nil {
		e.buildLoop.Wake()
	}
}

// Retry requests that a talk is built again, such as after a failure. Artifacts that exist are
// reused. It requires access.ManageRecordings. A talk without recordings is an *inputerr.Error.
func (svc *Talks) Retry(ctx context.Context, p access.Person, slug string) error {
	by, err := p.GrantFor(access.ManageRecordings, slug, "")
	if err != nil {
		return err
	}
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return err
	}
	if len(s.Facts.Recordings) == 0 {
		return plan.NoRecordingError(slug)
	}
	if err := svc.catalog.RequestBuild(ctx, by.Name, slug, "tried again"); err != nil {
		return err
	}
	svc.editor.reconcile(slug)
	return nil
}

// TalkDescription is the text about a talk that its speaker may correct.
type TalkDescription struct {
	Title    string
	Abstract string
	Speakers []string // as they are shown
}

// clean returns the description with its texts cleaned by cleanText and without empty speakers. A
// text that cleanText refuses is an *inputerr.Error.
func (d TalkDescription) clean() (p TalkDescription, err error) {
	if p.Title, err = cleanText("title", d.Title, 300); err != nil {
		return p, err
	}
	if p.Abstract, err = cleanText("abstract", d.Abstract, 20_000); err != nil {
		return p, err
	}
	for _, name := range d.Speakers {
		if name, err = cleanText("speakers", name, 200); err != nil {
			return p, err
		}
		if name != "" {
			p.Speakers = append(p.Speakers, name)
		}
	}
	return p, nil
}

// SetDescription replaces the title, the abstract and the speakers of a talk, and has it built
// again if needed. It requires access.EditTalk. An empty title is an *inputerr.Error.
func (svc *Talks) SetDescription(ctx context.Context, p access.Person, slug string, d TalkDescription) error {
	by, err := p.GrantFor(access.EditTalk, slug, "")
	if err != nil {
		return err
	}
	if d, err = d.clean(); err != nil {
		return err
	}
	if d.Title == "" {
		return inputerr.Coded("text.empty", "is empty").In("title").Hint("Fill it in")
	}
	_, err = svc.editor.edit(ctx, by.Name, slug, func(s *catalog.Submission) error {
		s.Facts.Talk.Title, s.Facts.Talk.Abstract, s.Facts.Talk.Speakers = d.Title, d.Abstract, d.Speakers
		return nil
	})
	return err
}
