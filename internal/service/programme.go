package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/schedule"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

// conferenceSetting is the name of the setting that holds a Conference.
const conferenceSetting = "conference"

// Conference is what holds for all of a conference's talks.
type Conference struct {
	Name      string   `json:"name"`
	URL       string   `json:"url"`
	Zone      string   `json:"zone"`      // IANA, "Europe/Berlin"
	Licence   string   `json:"licence"`   // of talks that say none
	Languages []string `json:"languages"` // that translations are wanted in, BCP 47
}

// Conference is what was set of the conference.
func (o *Office) Conference(ctx context.Context, p access.Person) (c Conference, err error) {
	if !p.May(access.Enter, "", "") {
		return c, access.ErrForbidden
	}
	_, err = o.Catalog.Setting(ctx, conferenceSetting, &c)
	return c, err
}

// SetConference sets it.
func (o *Office) SetConference(ctx context.Context, p access.Person, c Conference) error {
	by, err := p.As(access.Manage, "", "")
	if err != nil {
		return err
	}
	if _, err := time.LoadLocation(c.Zone); err != nil {
		return inputerr.New("", "%q is no time zone", c.Zone).Try("Write it like Europe/Berlin")
	}
	for i, l := range c.Languages {
		if c.Languages[i], err = subtitle.Language(l); err != nil {
			return err
		}
	}
	return o.Catalog.Set(ctx, by.Name, conferenceSetting, c)
}

// Preview is what a schedule would change.
type Preview struct {
	Programme schedule.Programme
	Changes   []schedule.Change
}

// Count is how many talks it does something to.
func (p Preview) Count(kind schedule.Kind) (n int) {
	for _, c := range p.Changes {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

// PreviewProgramme reads a schedule, and says what it would change. Nothing is.
func (o *Office) PreviewProgramme(ctx context.Context, p access.Person, name string, data []byte) (Preview, error) {
	if !p.May(access.Manage, "", "") {
		return Preview{}, access.ErrForbidden
	}
	programme, err := schedule.Read(name, data)
	if err != nil {
		return Preview{}, err
	}
	there, err := o.Catalog.Programme(ctx)
	if err != nil {
		return Preview{}, err
	}
	var known []schedule.Known
	for _, s := range there {
		k := schedule.Known{Slug: s.Talk.Slug, Now: schedule.Event{Talk: s.Talk, Scheduling: s.Scheduling}}
		if s.Imported != nil {
			if err := json.Unmarshal(s.Imported, &k.Imported); err != nil {
				return Preview{}, fmt.Errorf("read what the schedule said of %s: %w", k.Slug, err)
			}
		}
		known = append(known, k)
	}
	return Preview{programme, schedule.Compare(known, programme)}, nil
}

// ImportProgramme takes a schedule over: what PreviewProgramme says. Nothing that was handed in
// is touched.
func (o *Office) ImportProgramme(ctx context.Context, p access.Person, name string, data []byte) (Preview, error) {
	preview, err := o.PreviewProgramme(ctx, p, name, data)
	if err != nil {
		return preview, err
	}
	by, err := p.As(access.Manage, "", "")
	if err != nil {
		return preview, err
	}
	set, err := o.Conference(ctx, p)
	if err != nil {
		return preview, err
	}
	before := set
	set.Name, set.URL, set.Zone = cmp.Or(set.Name, preview.Programme.Title), cmp.Or(set.URL, preview.Programme.URL), cmp.Or(set.Zone, preview.Programme.Zone)
	if set.Name != before.Name || set.URL != before.URL || set.Zone != before.Zone {
		if err := o.Catalog.Set(ctx, by.Name, conferenceSetting, set); err != nil {
			return preview, err
		}
	}
	var talks []catalog.Scheduled
	for _, c := range preview.Changes {
		if c.Kind == schedule.Gone {
			continue
		}
		imported, err := json.Marshal(c.Says)
		if err != nil {
			return preview, err
		}
		s, err := o.scheduled(c.After, set)
		if err != nil {
			return preview, err
		}
		s.Imported = imported
		talks = append(talks, s)
	}
	return preview, o.Catalog.SaveProgramme(ctx, by.Name, talks)
}

// scheduled is a talk as the catalogue takes it, with what the conference says where it does
// not.
func (o *Office) scheduled(e schedule.Event, set Conference) (catalog.Scheduled, error) {
	e.Talk.Kind = cmp.Or(e.Talk.Kind, "talk")
	e.Talk.Language = cmp.Or(e.Talk.Language, "en")
	e.Talk.Licence = cmp.Or(e.Talk.Licence, set.Licence)
	e.Talk.Conference = cmp.Or(e.Talk.Conference, set.Name)
	name := "talk"
	if slices.Contains(pipelines.Names(), e.Talk.Kind) {
		name = e.Talk.Kind
	}
	pipeline, err := pipelines.Load(name, worker.PipelineKinds(worker.Kinds()))
	if err != nil {
		return catalog.Scheduled{}, err
	}
	fresh := catalog.Submission{Out: o.Bundles, Pipeline: name, PipelineText: pipeline.Text}
	fresh.Facts.Channels = conference.ChannelsAuto
	fresh.Facts.Conference = conference.Conference{Name: set.Name, URL: set.URL}
	return catalog.Scheduled{Talk: e.Talk, Scheduling: e.Scheduling, Fresh: fresh}, nil
}

// Entry is a talk's entry in the programme, as people edit it.
type Entry struct {
	Title       string
	Kind        string // "talk" or "tutorial"
	Language    string // BCP 47
	Licence     string
	Abstract    string
	Speakers    []string
	URL         string
	Tags        []string
	Room        string
	Stream      string
	Start       time.Time
	Length      time.Duration
	Priority    int
	DoNotRecord bool
	Embargo     time.Time
}

// Entry is a talk's, as it stands.
func (o *Office) Entry(ctx context.Context, p access.Person, slug string) (Entry, error) {
	if !p.May(access.Manage, "", "") {
		return Entry{}, access.ErrForbidden
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return Entry{}, err
	}
	place, err := o.Catalog.Scheduling(ctx, slug)
	t := s.Facts.Talk
	return Entry{
		t.Title, t.Kind, t.Language, t.Licence, t.Abstract, t.Speakers, t.URL, t.Tags,
		place.Room, place.Stream, place.Start, t.Length, place.Priority, place.DoNotRecord, place.Embargo,
	}, err
}

// NewTalk makes a talk by hand, and says what it is called in files.
func (o *Office) NewTalk(ctx context.Context, p access.Person, e Entry) (slug string, err error) {
	by, err := p.As(access.Manage, "", "")
	if err != nil {
		return "", err
	}
	var event schedule.Event
	if err := e.onto(&event); err != nil {
		return "", err
	}
	base := conference.Slug(event.Talk.Title)
	for n := 1; ; n++ {
		if slug = base; n > 1 {
			slug = fmt.Sprintf("%s-%d", base, n)
		}
		if taken, err := o.Catalog.SlugTaken(ctx, slug); err != nil || !taken {
			if err != nil {
				return "", err
			}
			break
		}
	}
	event.Talk.Slug = slug
	set, err := o.Conference(ctx, p)
	if err != nil {
		return "", err
	}
	s, err := o.scheduled(event, set)
	if err != nil {
		return "", err
	}
	return slug, o.Catalog.SaveProgramme(ctx, by.Name, []catalog.Scheduled{s})
}

// EditTalk changes a talk's entry.
func (o *Office) EditTalk(ctx context.Context, p access.Person, slug string, e Entry) error {
	by, err := p.As(access.Manage, "", "")
	if err != nil {
		return err
	}
	there, err := o.Catalog.Programme(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(there, func(s catalog.Scheduled) bool { return s.Talk.Slug == slug })
	if i < 0 {
		return fmt.Errorf("talk %s: %w", slug, catalog.ErrNone)
	}
	event := schedule.Event{Talk: there[i].Talk, Scheduling: there[i].Scheduling}
	if err := e.onto(&event); err != nil {
		return err
	}
	there[i].Talk, there[i].Scheduling = event.Talk, event.Scheduling
	if err := o.Catalog.SaveProgramme(ctx, by.Name, there[i:i+1]); err != nil {
		return err
	}
	o.poke(slug)
	return nil
}

// onto writes an entry over what is there.
func (e Entry) onto(event *schedule.Event) (err error) {
	t, s := &event.Talk, &event.Scheduling
	said, err := Described{e.Title, e.Abstract, e.Speakers}.plain()
	if err != nil {
		return err
	}
	if said.Title == "" {
		return inputerr.New("title", "is empty").Try("Give the talk one: its name in files is made of it")
	}
	t.Title, t.Abstract, t.Speakers = said.Title, said.Abstract, said.Speakers
	if e.Kind != "talk" && e.Kind != "tutorial" {
		return inputerr.New("kind", "%q is neither talk nor tutorial", e.Kind)
	}
	if t.Language, err = subtitle.Language(cmp.Or(e.Language, "en")); err != nil {
		return err
	}
	s.Persons = slices.DeleteFunc(slices.Clone(s.Persons), func(p conference.Person) bool { return !slices.Contains(t.Speakers, p.Name) })
	t.Kind, t.Licence, t.URL, t.Tags, t.Length = e.Kind, e.Licence, e.URL, e.Tags, e.Length
	s.Room, s.Stream, s.Start, s.Priority, s.DoNotRecord, s.Embargo = e.Room, e.Stream, e.Start, e.Priority, e.DoNotRecord, e.Embargo
	t.Date = ""
	if !s.Start.IsZero() {
		t.Date = s.Start.Format(time.DateOnly)
	}
	return nil
}

// plainText is a text that people typed, of so many characters at most, without those that
// nobody sees and that turn the direction of what stands beside it.
func plainText(what, text string, most int) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if n := len([]rune(text)); n > most {
		return "", inputerr.New(what, "is %d characters long, and %d are the most", n, most).Try("Shorten it")
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == unicode.ReplacementChar {
			return "", inputerr.New(what, "has a character in it (U+%04X) that nobody sees", r).Try("Type it anew, or paste it as plain text")
		}
	}
	return text, nil
}

// Zone is the time zone of the conference.
func (o *Office) Zone(ctx context.Context, p access.Person) (*time.Location, error) {
	c, err := o.Conference(ctx, p)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" {
		return o.zone(), nil
	}
	return zone, nil
}
