package web

import (
	"context"
	"net/http"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/schedule"
	"github.com/lectern-av/lectern/internal/service"
)

// ScheduleChanges lists what importing a schedule changes, or would change.
type ScheduleChanges struct {
	Changes []schedule.Change `json:"changes"`
	Notes   []string          `json:"notes"`
}

type scheduleInput struct {
	Name    string `query:"name" doc:"The name of the file, for messages." default:"schedule"`
	RawBody []byte `contentType:"application/octet-stream"`
}

// ScheduleEntry is the JSON form of a talk's entry in the programme.
type ScheduleEntry struct {
	Title       string     `json:"title" maxLength:"300"`
	Kind        string     `json:"kind,omitempty" enum:"talk,tutorial" default:"talk"`
	Language    string     `json:"language,omitempty" default:"en" doc:"The spoken language (BCP 47)."`
	Licence     string     `json:"licence,omitempty"`
	Abstract    string     `json:"abstract,omitempty"`
	Speakers    []string   `json:"speakers,omitempty"`
	URL         string     `json:"url,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	Room        string     `json:"room,omitempty"`
	Track       string     `json:"track,omitempty"`
	Start       *time.Time `json:"start,omitempty"`
	Minutes     int        `json:"minutes,omitempty"`
	Priority    int        `json:"priority,omitempty" doc:"Talks with a higher priority are processed first; 0 is normal."`
	DoNotRecord bool       `json:"do_not_record,omitempty"`
	Embargo     *time.Time `json:"embargo,omitempty" doc:"The talk is not released before this time."`
}

func (e ScheduleEntry) entry() service.ScheduleEntry {
	at := func(t *time.Time) time.Time {
		if t == nil {
			return time.Time{}
		}
		return *t
	}
	return service.ScheduleEntry{
		Title: e.Title, Kind: e.Kind, Language: e.Language, Licence: e.Licence, Abstract: e.Abstract, Speakers: e.Speakers, URL: e.URL, Tags: e.Tags,
		Room: e.Room, Stream: e.Track, Start: at(e.Start), Length: time.Duration(e.Minutes) * time.Minute, Priority: e.Priority,
		DoNotRecord: e.DoNotRecord, Embargo: at(e.Embargo),
	}
}

func (a *api) scheduleOperations() {
	registerOperation(a, operation{name: "preview-schedule", method: http.MethodPost, path: "/schedule/preview", summary: "List what importing a schedule would change.", act: access.ManageConference}, a.previewImport)
	registerOperation(a, operation{name: "import-schedule", method: http.MethodPost, path: "/schedule/import", summary: "Import a schedule.", act: access.ManageConference}, a.importScheduleFile)
	registerOperation(a, operation{name: "get-conference", method: http.MethodGet, path: "/conference", summary: "Get the settings of the conference.", act: access.Enter}, a.getConference)
	registerOperation(a, operation{name: "set-conference", method: http.MethodPut, path: "/conference", summary: "Set the settings of the conference.", act: access.ManageConference}, a.putConference)
	registerOperation(a, operation{name: "create-talk", method: http.MethodPost, path: "/talks", summary: "Create a talk.", act: access.ManageConference}, a.postTalk)
	registerOperation(a, operation{name: "edit-talk", method: http.MethodPut, path: "/talks/{slug}/entry", summary: "Change a talk's entry in the programme.", act: access.ManageConference}, a.putEntry)
}

func apiImport(p service.ImportPreview) *body[ScheduleChanges] {
	return &body[ScheduleChanges]{ScheduleChanges{nonNil(p.Changes), nonNil(p.Programme.Notes)}}
}

func (a *api) previewImport(ctx context.Context, p access.Person, in *scheduleInput) (*body[ScheduleChanges], error) {
	preview, err := a.service.Schedule.PreviewImport(ctx, p, in.Name, in.RawBody)
	return apiImport(preview), err
}

func (a *api) importScheduleFile(ctx context.Context, p access.Person, in *scheduleInput) (*body[ScheduleChanges], error) {
	preview, err := a.service.Schedule.Import(ctx, p, in.Name, in.RawBody)
	return apiImport(preview), err
}

func (a *api) getConference(ctx context.Context, p access.Person, _ *struct{}) (*body[service.ConferenceSettings], error) {
	c, err := a.service.Schedule.ConferenceSettings(ctx, p)
	c.Languages = nonNil(c.Languages)
	return &body[service.ConferenceSettings]{c}, err
}

func (a *api) putConference(ctx context.Context, p access.Person, in *body[service.ConferenceSettings]) (*struct{}, error) {
	return nil, a.service.Schedule.SetConferenceSettings(ctx, p, in.Body)
}

// CreatedTalk names a talk that was created.
type CreatedTalk struct {
	Slug string `json:"slug"`
}

func (a *api) postTalk(ctx context.Context, p access.Person, in *body[ScheduleEntry]) (*body[CreatedTalk], error) {
	slug, err := a.service.Schedule.CreateTalk(ctx, p, in.Body.entry())
	return &body[CreatedTalk]{CreatedTalk{slug}}, err
}

func (a *api) putEntry(ctx context.Context, p access.Person, in *struct {
	Slug string `path:"slug"`
	Body ScheduleEntry
}) (*struct{}, error) {
	return nil, a.service.Schedule.UpdateEntry(ctx, p, in.Slug, in.Body.entry())
}
