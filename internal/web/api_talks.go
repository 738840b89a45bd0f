package web

import (
	"context"
	"net/http"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/service"
)

// Talk is the JSON form of a talk in a list.
type Talk struct {
	Slug       string                  `json:"slug"`
	Title      string                  `json:"title"`
	Kind       string                  `json:"kind"`
	Language   string                  `json:"language" doc:"The spoken language (BCP 47)."`
	Speakers   []string                `json:"speakers"`
	Scheduling conference.Scheduling   `json:"scheduling"`
	Recordings int                     `json:"recordings"`
	Tracks     []service.TalkTrack     `json:"tracks"`
	State      service.TalkState       `json:"state"`
	Why        string                  `json:"why,omitempty" doc:"Why it failed, or why its release is blocked."`
	Stages     []service.StageProgress `json:"stages"`
	Left       float64                 `json:"seconds_left,omitempty" doc:"Estimated seconds until it is processed."`
	Waits      []service.WaitingFor    `json:"waits" doc:"The roles that have something to do next."`
	Published  *time.Time              `json:"published,omitempty"`
	Released   *time.Time              `json:"released,omitempty"`
}

func apiTalk(r service.TalkSummary) Talk {
	return Talk{
		Slug: r.Slug, Title: r.Title, Kind: r.Kind, Language: r.Language, Speakers: nonNil(r.Speakers), Scheduling: r.Scheduling,
		Recordings: r.Recordings, Tracks: nonNil(r.Tracks), State: r.State, Why: r.Reason, Stages: nonNil(r.Stages),
		Left: r.TimeLeft.Seconds(), Waits: nonNil(r.WaitingFor), Published: optionalTime(r.Published), Released: optionalTime(r.Released),
	}
}

// nonNil returns l, or an empty slice if l is nil, so that JSON has [] and not null.
func nonNil[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// TalkDetails is the JSON form of a talk with everything but its cues.
type TalkDetails struct {
	Talk
	Said     conference.Talk        `json:"said" doc:"Title, abstract, speakers and so on."`
	Parts    []conference.Recording `json:"parts" doc:"The recordings of the talk, in order."`
	Handling ProcessingOptions      `json:"handling"`
	Failures []string               `json:"failures"`
	History  []service.Event        `json:"history" doc:"The newest first."`
}

// ProcessingOptions is the JSON form of the choices that volunteers make for a talk's recordings.
type ProcessingOptions struct {
	Cut      []string            `json:"cut,omitempty" doc:"Ranges to keep, such as 00:03:10-00:33:20. N: before a range means the clock of recording N. Without ranges, everything is kept."`
	Channels conference.Channels `json:"channels,omitempty" pattern:"^(auto|left|right|mix|stereo|([1-9][0-9]?:)?([1-9][0-9]?|stereo)([+]([1-9][0-9]?:)?([1-9][0-9]?|stereo))*)$" default:"auto" doc:"auto, left, right, mix, stereo, or by number: 2 is a channel, 2:1 stream:channel, 2:stereo a stream, 1:1+2:1 a mix."`
	Pipeline string              `json:"pipeline" doc:"The name of the pipeline."`
}

func (h ProcessingOptions) parse(recordings int) (service.ProcessingOptions, error) {
	read := service.ProcessingOptions{Channels: h.Channels, Pipeline: h.Pipeline}
	for i, text := range h.Cut {
		k, err := plan.ParseCut(text, recordings)
		if err != nil {
			return read, cutError(i+1, text, err)
		}
		read.Cut = append(read.Cut, k)
	}
	return read, nil
}

type slugInput struct {
	Slug string `path:"slug"`
}

func (a *api) talkOperations() {
	registerOperation(a, operation{name: "list-talks", method: http.MethodGet, path: "/talks", summary: "List all talks, by day, time and room.", act: access.ViewConference}, a.listTalks)
	registerOperation(a, operation{name: "get-talk", method: http.MethodGet, path: "/talks/{slug}", summary: "Get everything about a talk except its cues.", act: access.ViewTalk}, a.getTalk)
	registerOperation(a, operation{name: "set-processing", method: http.MethodPut, path: "/talks/{slug}/processing", summary: "Set the cut, the channels and the pipeline of a talk, and process it.", act: access.ManageRecordings}, a.putProcessing)
	registerOperation(a, operation{name: "estimate-processing", method: http.MethodPost, path: "/talks/{slug}/processing/estimate", summary: "Estimate the cost of another cut, other channels or another pipeline. Nothing is changed.", act: access.ManageRecordings}, a.estimateCost)
	registerOperation(a, operation{name: "retry-talk", method: http.MethodPost, path: "/talks/{slug}/retry", summary: "Process a talk again.", act: access.ManageRecordings}, a.retryTalk)
	registerOperation(a, operation{name: "list-recordings", method: http.MethodGet, path: "/recordings", summary: "List the uploaded recordings, the newest first. Upload them to /uploads/ by the tus protocol, version 1.0.", act: access.ManageRecordings}, a.listArrivals)
	registerOperation(a, operation{name: "assign-recording", method: http.MethodPost, path: "/recordings/{id}/assign", summary: "Assign a recording to talks.", act: access.ManageRecordings}, a.assignArrival)
	registerOperation(a, operation{name: "dismiss-recording", method: http.MethodPost, path: "/recordings/{id}/dismiss", summary: "Mark a recording as not a talk.", act: access.ManageRecordings}, a.dismissArrival)
	registerOperation(a, operation{name: "reopen-recording", method: http.MethodPost, path: "/recordings/{id}/reopen", summary: "Put a dismissed recording back among those to assign.", act: access.ManageRecordings}, a.reopenRecording)
	registerOperation(a, operation{name: "unassign-recording", method: http.MethodDelete, path: "/talks/{slug}/recordings/{sha256}", summary: "Unassign a recording from a talk. The recording itself is kept.", act: access.ManageRecordings}, a.unassignRecording)
}

func (a *api) listTalks(_ context.Context, p access.Person, _ *struct{}) (*body[[]Talk], error) {
	rows, err := a.service.Talks.List(p)
	all := make([]Talk, len(rows))
	for i, r := range rows {
		all[i] = apiTalk(r)
	}
	return &body[[]Talk]{all}, err
}

func (a *api) getTalk(ctx context.Context, p access.Person, in *slugInput) (*body[TalkDetails], error) {
	t, err := a.service.Talks.Details(ctx, p, in.Slug)
	if err != nil {
		return nil, err
	}
	whole := TalkDetails{
		Talk: apiTalk(t.TalkSummary), Said: t.Facts.Talk, Parts: nonNil(t.Facts.Recordings), Failures: []string{}, History: nonNil(t.History),
		Handling: ProcessingOptions{Cut: []string{}, Channels: t.Facts.Channels, Pipeline: t.Pipeline},
	}
	for _, k := range t.Facts.Cut {
		whole.Handling.Cut = append(whole.Handling.Cut, plan.FormatCut(k))
	}
	for _, f := range t.Failures {
		whole.Failures = append(whole.Failures, f.Error())
	}
	return &body[TalkDetails]{whole}, nil
}

type processingInput struct {
	Slug string `path:"slug"`
	Body ProcessingOptions
}

// readProcessingOptions parses the processing options in the body of a request. It loads the talk,
// since ranges of the cut may name a recording by its number.
func (a *api) readProcessingOptions(ctx context.Context, p access.Person, in *processingInput) (service.ProcessingOptions, error) {
	t, err := a.service.Talks.Details(ctx, p, in.Slug)
	if err != nil {
		return service.ProcessingOptions{}, err
	}
	return in.Body.parse(len(t.Facts.Recordings))
}

func (a *api) putProcessing(ctx context.Context, p access.Person, in *processingInput) (*struct{}, error) {
	h, err := a.readProcessingOptions(ctx, p, in)
	if err != nil {
		return nil, err
	}
	return nil, a.service.Talks.SetProcessingOptions(ctx, p, in.Slug, h)
}

// CostEstimate is the JSON form of what a change would cost.
type CostEstimate struct {
	Stages  []StageCost `json:"stages"`
	Seconds float64     `json:"seconds" doc:"The estimated time on an idle machine."`
	Sure    bool        `json:"sure" doc:"Everything is known; otherwise more may be found while processing."`
}

// StageCost counts the actions that a change would run and reuse in one stage.
type StageCost struct {
	Name  string `json:"name"`
	Make  int    `json:"make" doc:"Actions to run."`
	There int    `json:"there" doc:"Actions whose results are reused."`
}

func apiCostEstimate(p conductor.Cost) CostEstimate {
	price := CostEstimate{Stages: []StageCost{}, Seconds: p.Time.Seconds(), Sure: p.Sure()}
	for _, s := range p.Stages {
		price.Stages = append(price.Stages, StageCost{s.Name, s.Make, s.There})
	}
	return price
}

func (a *api) estimateCost(ctx context.Context, p access.Person, in *processingInput) (*body[CostEstimate], error) {
	h, err := a.readProcessingOptions(ctx, p, in)
	if err != nil {
		return nil, err
	}
	price, err := a.service.Talks.EstimateCost(ctx, p, in.Slug, h)
	return &body[CostEstimate]{apiCostEstimate(price)}, err
}

func (a *api) retryTalk(ctx context.Context, p access.Person, in *slugInput) (*struct{}, error) {
	return nil, a.service.Talks.Retry(ctx, p, in.Slug)
}

// Arrival is the JSON form of a recording that has arrived.
type Arrival struct {
	ID        string                     `json:"id"`
	Name      string                     `json:"name"`
	SHA256    string                     `json:"sha256"`
	Size      int64                      `json:"size" doc:"Bytes."`
	Who       string                     `json:"who"`
	Room      string                     `json:"room,omitempty"`
	Begun     *time.Time                 `json:"begun,omitempty"`
	State     string                     `json:"state" enum:"new,taken,dismissed"`
	Arrived   time.Time                  `json:"arrived"`
	Talks     []string                   `json:"talks"`
	Found     *service.InspectionSummary `json:"found,omitempty"`
	Proposals []string                   `json:"proposals" doc:"Slugs of talks that the recording may belong to, the likeliest first."`
}

func (a *api) listArrivals(ctx context.Context, p access.Person, _ *struct{}) (*body[[]Arrival], error) {
	arrivals, err := a.service.Recordings.List(ctx, p)
	all := make([]Arrival, len(arrivals))
	for i, r := range arrivals {
		all[i] = Arrival{ID: r.ID, Name: r.Name, SHA256: r.SHA256, Size: r.Size, Who: r.Who, Room: r.Room, Begun: optionalTime(r.StartedAt),
			State: string(r.State), Arrived: r.At, Talks: nonNil(r.Talks), Found: r.Inspection, Proposals: []string{}}
		for _, proposal := range r.Proposals {
			all[i].Proposals = append(all[i].Proposals, proposal.Slug)
		}
	}
	return &body[[]Arrival]{all}, err
}

// Assignment names the talks that a recording is assigned to.
type Assignment struct {
	Talks   []string `json:"talks" minItems:"1" doc:"The slugs of the talks."`
	Instead bool     `json:"instead,omitempty" doc:"Replace the existing recordings instead of adding to them."`
}

type idInput struct {
	ID string `path:"id"`
}

func (a *api) assignArrival(ctx context.Context, p access.Person, in *struct {
	ID   string `path:"id"`
	Body Assignment
}) (*struct{}, error) {
	return nil, a.service.Recordings.Assign(ctx, p, in.ID, in.Body.Talks, in.Body.Instead)
}

func (a *api) dismissArrival(ctx context.Context, p access.Person, in *idInput) (*struct{}, error) {
	return nil, a.service.Recordings.Dismiss(ctx, p, in.ID)
}

func (a *api) reopenRecording(ctx context.Context, p access.Person, in *idInput) (*struct{}, error) {
	return nil, a.service.Recordings.Restore(ctx, p, in.ID)
}

func (a *api) unassignRecording(ctx context.Context, p access.Person, in *struct {
	Slug   string `path:"slug"`
	SHA256 string `path:"sha256"`
}) (*struct{}, error) {
	return nil, a.service.Recordings.Unassign(ctx, p, in.Slug, in.SHA256)
}
