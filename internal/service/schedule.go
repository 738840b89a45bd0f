package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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

// Schedule holds the settings of the conference and its programme: what is imported from a
// schedule and what organisers edit by hand.
type Schedule struct {
	catalog   *catalog.Catalog
	board     *Board
	editor    *talkEditor
	bundleDir string
}

// conferenceSettingKey names the catalog setting that holds ConferenceSettings.
const conferenceSettingKey = "conference"

// ConferenceSettings are the settings that apply to all talks.
type ConferenceSettings struct {
	Name      string   `json:"name"`
	URL       string   `json:"url"`
	Zone      string   `json:"zone"`      // IANA, "Europe/Berlin"
	Licence   string   `json:"licence"`   // of talks without one
	Languages []string `json:"languages"` // to translate into (BCP 47)
}

// ConferenceSettings returns the settings of the conference, or zero if none were saved. It
// requires access.Enter.
func (svc *Schedule) ConferenceSettings(ctx context.Context, p access.Person) (c ConferenceSettings, err error) {
	if !p.May(access.Enter, "", "") {
		return c, access.ErrForbidden
	}
	_, err = svc.catalog.Setting(ctx, conferenceSettingKey, &c)
	return c, err
}

// SetConferenceSettings replaces the settings of the conference. An unknown time zone or language
// is an *inputerr.Error. It requires access.ManageConference.
func (svc *Schedule) SetConferenceSettings(ctx context.Context, p access.Person, c ConferenceSettings) error {
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return err
	}
	if _, err := time.LoadLocation(c.Zone); err != nil {
		return inputerr.Coded("zone.unknown", "{zone} is not a time zone", "zone", strconv.Quote(c.Zone)).Hint("Write it like Europe/Berlin")
	}
	for i, l := range c.Languages {
		if c.Languages[i], err = subtitle.CanonicalLanguage(l); err != nil {
			return err
		}
	}
	return svc.catalog.SaveSetting(ctx, by.Name, conferenceSettingKey, c)
}

// ImportPreview lists what the import of a schedule changes.
type ImportPreview struct {
	Programme schedule.Programme
	Changes   []schedule.Change
}

// Count returns how many of the changes that the import would make are of a kind, such as new talks.
func (p ImportPreview) Count(kind schedule.ChangeKind) (n int) {
	for _, c := range p.Changes {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

// PreviewImport reads a schedule file in any supported format and returns what importing it would
// change. name is the file's, for messages. An unreadable file is an *inputerr.Error. It requires
// access.ManageConference.
func (svc *Schedule) PreviewImport(ctx context.Context, p access.Person, name string, data []byte) (ImportPreview, error) {
	if !p.May(access.ManageConference, "", "") {
		return ImportPreview{}, access.ErrForbidden
	}
	programme, err := schedule.Read(name, data)
	if err != nil {
		return ImportPreview{}, err
	}
	there, err := svc.catalog.Programme(ctx)
	if err != nil {
		return ImportPreview{}, err
	}
	var known []schedule.KnownTalk
	for _, s := range there {
		k := schedule.KnownTalk{Slug: s.Talk.Slug, Current: schedule.Event{Talk: s.Talk, Scheduling: s.Scheduling}}
		if s.Imported != nil {
			if err := json.Unmarshal(s.Imported, &k.LastImported); err != nil {
				return ImportPreview{}, fmt.Errorf("read the last import of %s: %w", k.Slug, err)
			}
		}
		known = append(known, k)
	}
	return ImportPreview{programme, schedule.Compare(known, programme)}, nil
}

// Import makes the changes that PreviewImport returns, except that talks missing from the file are
// not removed. Uploaded files and edits by hand stay. Settings of the conference that are empty are
// filled in from the file. It requires access.ManageConference.
func (svc *Schedule) Import(ctx context.Context, p access.Person, name string, data []byte) (ImportPreview, error) {
	preview, err := svc.PreviewImport(ctx, p, name, data)
	if err != nil {
		return preview, err
	}
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return preview, err
	}
	set, err := svc.ConferenceSettings(ctx, p)
	if err != nil {
		return preview, err
	}
	before := set
	set.Name, set.URL, set.Zone = cmp.Or(set.Name, preview.Programme.Title), cmp.Or(set.URL, preview.Programme.URL), cmp.Or(set.Zone, preview.Programme.Zone)
	if set.Name != before.Name || set.URL != before.URL || set.Zone != before.Zone {
		if err := svc.catalog.SaveSetting(ctx, by.Name, conferenceSettingKey, set); err != nil {
			return preview, err
		}
	}
	var talks []catalog.ProgrammeEntry
	for _, c := range preview.Changes {
		if c.Kind == schedule.Removed {
			continue
		}
		imported, err := json.Marshal(c.Imported)
		if err != nil {
			return preview, err
		}
		s, err := svc.newScheduledTalk(c.After, set)
		if err != nil {
			return preview, err
		}
		s.Imported = imported
		talks = append(talks, s)
	}
	return preview, svc.catalog.SaveProgramme(ctx, by.Name, talks)
}

// newScheduledTalk returns the catalog entry for a talk of the schedule. Missing details come from
// the settings of the conference, and the pipeline is the one named like the kind of talk.
func (svc *Schedule) newScheduledTalk(e schedule.Event, set ConferenceSettings) (catalog.ProgrammeEntry, error) {
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
		return catalog.ProgrammeEntry{}, err
	}
	fresh := catalog.Submission{Out: svc.bundleDir, Pipeline: name, PipelineText: pipeline.Text}
	fresh.Facts.Channels = conference.ChannelsAuto
	fresh.Facts.Conference = conference.Conference{Name: set.Name, URL: set.URL}
	return catalog.ProgrammeEntry{Talk: e.Talk, Scheduling: e.Scheduling, Initial: fresh}, nil
}

// ScheduleEntry is a talk's entry in the programme, as organisers edit it.
type ScheduleEntry struct {
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

// Entry returns a talk's entry in the programme. It requires access.ManageConference.
func (svc *Schedule) Entry(ctx context.Context, p access.Person, slug string) (ScheduleEntry, error) {
	if !p.May(access.ManageConference, "", "") {
		return ScheduleEntry{}, access.ErrForbidden
	}
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return ScheduleEntry{}, err
	}
	place, err := svc.catalog.Scheduling(ctx, slug)
	t := s.Facts.Talk
	return ScheduleEntry{
		Title: t.Title, Kind: t.Kind, Language: t.Language, Licence: t.Licence, Abstract: t.Abstract, Speakers: t.Speakers, URL: t.URL, Tags: t.Tags,
		Room: place.Room, Stream: place.Stream, Start: place.Start, Length: t.Length, Priority: place.Priority, DoNotRecord: place.DoNotRecord, Embargo: place.Embargo,
	}, err
}

// CreateTalk adds a talk to the programme and returns its slug, which is made from the title. It
// requires access.ManageConference. An invalid entry is an *inputerr.Error.
func (svc *Schedule) CreateTalk(ctx context.Context, p access.Person, e ScheduleEntry) (slug string, err error) {
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return "", err
	}
	var event schedule.Event
	if err := e.applyTo(&event); err != nil {
		return "", err
	}
	slug, err = conference.UnusedSlug(conference.Slug(event.Talk.Title), func(slug string) (bool, error) {
		return svc.catalog.SlugTaken(ctx, slug)
	})
	if err != nil {
		return "", err
	}
	event.Talk.Slug = slug
	set, err := svc.ConferenceSettings(ctx, p)
	if err != nil {
		return "", err
	}
	s, err := svc.newScheduledTalk(event, set)
	if err != nil {
		return "", err
	}
	return slug, svc.catalog.SaveProgramme(ctx, by.Name, []catalog.ProgrammeEntry{s})
}

// UpdateEntry replaces a talk's entry in the programme and has the talk built again if needed. It
// requires access.ManageConference. An invalid entry is an *inputerr.Error.
func (svc *Schedule) UpdateEntry(ctx context.Context, p access.Person, slug string, e ScheduleEntry) error {
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return err
	}
	there, err := svc.catalog.Programme(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(there, func(s catalog.ProgrammeEntry) bool { return s.Talk.Slug == slug })
	if i < 0 {
		return fmt.Errorf("talk %s: %w", slug, catalog.ErrNotFound)
	}
	event := schedule.Event{Talk: there[i].Talk, Scheduling: there[i].Scheduling}
	if err := e.applyTo(&event); err != nil {
		return err
	}
	there[i].Talk, there[i].Scheduling = event.Talk, event.Scheduling
	if err := svc.catalog.SaveProgramme(ctx, by.Name, there[i:i+1]); err != nil {
		return err
	}
	svc.editor.reconcile(slug)
	return nil
}

// applyTo validates the entry and writes its fields to event. Contacts of people who are no longer
// speakers are removed from event.
func (e ScheduleEntry) applyTo(event *schedule.Event) (err error) {
	t, s := &event.Talk, &event.Scheduling
	said, err := TalkDescription{e.Title, e.Abstract, e.Speakers}.clean()
	if err != nil {
		return err
	}
	if said.Title == "" {
		return inputerr.Coded("text.empty", "is empty").In("title").Hint("Fill it in")
	}
	t.Title, t.Abstract, t.Speakers = said.Title, said.Abstract, said.Speakers
	if e.Kind != "talk" && e.Kind != "tutorial" {
		return inputerr.Coded("kind.unknown", "{kind} is neither talk nor tutorial", "kind", strconv.Quote(e.Kind)).In("kind")
	}
	if t.Language, err = subtitle.CanonicalLanguage(cmp.Or(e.Language, "en")); err != nil {
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

// cleanText returns a typed text without surrounding space and with \n as line ends. If it has more
// than most characters, or control characters, or characters that change the direction of text, it
// returns an *inputerr.Error about the field what.
func cleanText(what, text string, most int) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if n := len([]rune(text)); n > most {
		return "", inputerr.Coded("text.too_long", "has {count} characters, and {max} are allowed", "count", n, "max", most).In(what).Hint("Shorten it")
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == unicode.ReplacementChar {
			return "", inputerr.Coded("text.invisible", "contains an invisible character ({character})", "character", fmt.Sprintf("U+%04X", r)).In(what).Hint("Type it again, or paste it as plain text")
		}
	}
	return text, nil
}

// TimeZone returns the time zone of the conference: the one in its settings, else the one of the
// first talk with a time, else the local one. It requires access.Enter.
func (svc *Schedule) TimeZone(ctx context.Context, p access.Person) (*time.Location, error) {
	c, err := svc.ConferenceSettings(ctx, p)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" {
		return svc.board.timeZone(), nil
	}
	return zone, nil
}
