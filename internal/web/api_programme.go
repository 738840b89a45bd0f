package web

import (
	"context"
	"net/http"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/schedule"
	"github.com/lectern-av/lectern/internal/service"
)

// Import is what a schedule changes, or would.
type Import struct {
	Changes []schedule.Change `json:"changes"`
	Notes   []string          `json:"notes"`
}

type scheduleInput struct {
	Name    string `query:"name" doc:"What the file is called, for messages." default:"schedule"`
	RawBody []byte `contentType:"application/octet-stream"`
}

// Entry is a talk's entry in the programme.
type Entry struct {
	Title       string     `json:"title" maxLength:"300"`
	Kind        string     `json:"kind,omitempty" enum:"talk,tutorial" default:"talk"`
	Language    string     `json:"language,omitempty" default:"en" doc:"That is spoken (BCP 47)."`
	Licence     string     `json:"licence,omitempty"`
	Abstract    string     `json:"abstract,omitempty"`
	Speakers    []string   `json:"speakers,omitempty"`
	URL         string     `json:"url,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	Room        string     `json:"room,omitempty"`
	Track       string     `json:"track,omitempty"`
	Start       *time.Time `json:"start,omitempty"`
	Minutes     int        `json:"minutes,omitempty"`
	Priority    int        `json:"priority,omitempty" doc:"Higher goes first; 0 is as usual."`
	DoNotRecord bool       `json:"do_not_record,omitempty"`
	Embargo     *time.Time `json:"embargo,omitempty" doc:"It is not released before then."`
}

func (e Entry) entry() service.Entry {
	at := func(t *time.Time) time.Time {
		if t == nil {
			return time.Time{}
		}
		return *t
	}
	return service.Entry{
		Title: e.Title, Kind: e.Kind, Language: e.Language, Licence: e.Licence, Abstract: e.Abstract, Speakers: e.Speakers, URL: e.URL, Tags: e.Tags,
		Room: e.Room, Stream: e.Track, Start: at(e.Start), Length: time.Duration(e.Minutes) * time.Minute, Priority: e.Priority,
		DoNotRecord: e.DoNotRecord, Embargo: at(e.Embargo),
	}
}

func (a *api) programmeOperations() {
	operate(a, operation{"preview-programme", http.MethodPost, "/programme/preview", "Say what a schedule would change. Nothing is.", access.Manage}, a.previewProgramme)
	operate(a, operation{"import-programme", http.MethodPost, "/programme/import", "Take a schedule over.", access.Manage}, a.importProgramme)
	operate(a, operation{"get-conference", http.MethodGet, "/conference", "Tell what holds for the whole conference.", access.Enter}, a.getConference)
	operate(a, operation{"set-conference", http.MethodPut, "/conference", "Set what holds for the whole conference.", access.Manage}, a.putConference)
	operate(a, operation{"make-talk", http.MethodPost, "/talks", "Make a talk by hand.", access.Manage}, a.postTalk)
	operate(a, operation{"edit-talk", http.MethodPut, "/talks/{slug}/entry", "Change a talk's entry in the programme.", access.Manage}, a.putEntry)
}

func importOf(p service.Preview) *body[Import] {
	return &body[Import]{Import{list(p.Changes), list(p.Programme.Notes)}}
}

func (a *api) previewProgramme(ctx context.Context, p access.Person, in *scheduleInput) (*body[Import], error) {
	preview, err := a.office.PreviewProgramme(ctx, p, in.Name, in.RawBody)
	return importOf(preview), err
}

func (a *api) importProgramme(ctx context.Context, p access.Person, in *scheduleInput) (*body[Import], error) {
	preview, err := a.office.ImportProgramme(ctx, p, in.Name, in.RawBody)
	return importOf(preview), err
}

func (a *api) getConference(ctx context.Context, p access.Person, _ *struct{}) (*body[service.Conference], error) {
	c, err := a.office.Conference(ctx, p)
	c.Languages = list(c.Languages)
	return &body[service.Conference]{c}, err
}

func (a *api) putConference(ctx context.Context, p access.Person, in *body[service.Conference]) (*struct{}, error) {
	return nil, a.office.SetConference(ctx, p, in.Body)
}

// Made names what was made.
type Made struct {
	Slug string `json:"slug"`
}

func (a *api) postTalk(ctx context.Context, p access.Person, in *body[Entry]) (*body[Made], error) {
	slug, err := a.office.NewTalk(ctx, p, in.Body.entry())
	return &body[Made]{Made{slug}}, err
}

func (a *api) putEntry(ctx context.Context, p access.Person, in *struct {
	Slug string `path:"slug"`
	Body Entry
}) (*struct{}, error) {
	return nil, a.office.EditTalk(ctx, p, in.Slug, in.Body.entry())
}
