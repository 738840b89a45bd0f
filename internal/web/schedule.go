package web

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// scheduleRoutes returns the routes on which organisers import and edit the programme.
func (s *Server) scheduleRoutes() []route {
	return []route{
		{"GET /schedule", access.ManageConference, s.schedule},
		{"POST /schedule", access.ManageConference, s.previewSchedule},
		{"POST /schedule/import", access.ManageConference, s.importSchedule},
		{"POST /schedule/conference", access.ManageConference, s.setConference},
		{"GET /talks/new", access.ManageConference, s.newTalk},
		{"POST /talks", access.ManageConference, s.createTalk},
		{"GET /talks/{slug}/edit", access.ManageConference, s.editTalk},
		{"POST /talks/{slug}/edit", access.ManageConference, s.saveTalk},
	}
}

// schedulePage is the data of schedule.html.
type schedulePage struct {
	Settings  service.ConferenceSettings
	Languages string // to translate into, as typed
	Preview   *service.ImportPreview
	File      string // the name of the previewed file; Content is its base64, for the form that imports it
	Content   string
	Imported  bool
}

func (v *request) newSchedulePage() (p schedulePage, err error) {
	p.Settings, err = v.service.Schedule.ConferenceSettings(v.ctx(), v.person)
	p.Languages = strings.Join(p.Settings.Languages, ", ")
	return p, err
}

func (s *Server) schedule(v *request) error {
	p, err := v.newSchedulePage()
	if err != nil {
		return err
	}
	return v.render("schedule.html", p)
}

// previewSchedule shows what importing a schedule would change. The page contains the file itself,
// so that confirming it imports exactly what was previewed.
func (s *Server) previewSchedule(v *request) error {
	p, err := v.newSchedulePage()
	if err != nil {
		return err
	}
	name, data, err := v.formFile("schedule")
	if err != nil {
		return v.renderInvalid("schedule.html", p, err)
	}
	preview, err := s.service.Schedule.PreviewImport(v.ctx(), v.person, name, data)
	if err != nil {
		return v.renderInvalid("schedule.html", p, err)
	}
	p.Preview, p.File, p.Content = &preview, name, base64.StdEncoding.EncodeToString(data)
	return v.render("schedule.html", p)
}

func (s *Server) importSchedule(v *request) error {
	p, err := v.newSchedulePage()
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(v.r.FormValue("content"))
	if err != nil {
		return inputerr.Coded("file.changed", "the file changed on its way to the server").Hint("Choose it again")
	}
	preview, err := s.service.Schedule.Import(v.ctx(), v.person, cleanName(v.r.FormValue("file")), data)
	if err != nil {
		return v.renderInvalid("schedule.html", p, err)
	}
	if p, err = v.newSchedulePage(); err != nil {
		return err
	}
	p.Preview, p.Imported = &preview, true
	return v.render("schedule.html", p)
}

func (s *Server) setConference(v *request) error {
	p, err := v.newSchedulePage()
	if err != nil {
		return err
	}
	c := service.ConferenceSettings{Name: v.r.FormValue("name"), URL: v.r.FormValue("url"), Zone: v.r.FormValue("zone"), Licence: v.r.FormValue("licence"),
		Languages: splitList(v.r.FormValue("languages"))}
	p.Settings, p.Languages = c, v.r.FormValue("languages")
	if err := s.service.Schedule.SetConferenceSettings(v.ctx(), v.person, c); err != nil {
		return v.renderInvalid("schedule.html", p, err)
	}
	return v.redirect("/schedule")
}

// splitList splits a typed list at commas, semicolons and line ends. It leaves out empty and
// repeated elements.
func splitList(text string) (list []string) {
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ';' }) {
		list = appendUnique(list, strings.TrimSpace(one))
	}
	return list
}

// scheduleEntryPage is the data of entry.html.
type scheduleEntryPage struct {
	Slug string // "": a new talk
	Form scheduleEntryForm
	Zone string
}

// scheduleEntryForm holds the fields of entry.html as they were typed.
type scheduleEntryForm struct {
	Title, Kind, Language, Licence, Abstract, Speakers, URL, Tags string
	Room, Stream, Start, Minutes, Priority, Embargo               string
	DoNotRecord                                                   bool
}

const datetimeLocal = "2006-01-02T15:04" // of <input type="datetime-local">

func newEntryForm(e service.ScheduleEntry, zone *time.Location) scheduleEntryForm {
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format(datetimeLocal)
	}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return scheduleEntryForm{
		Title: e.Title, Kind: e.Kind, Language: e.Language, Licence: e.Licence, Abstract: e.Abstract,
		Speakers: strings.Join(e.Speakers, "\n"), URL: e.URL, Tags: strings.Join(e.Tags, ", "),
		Room: e.Room, Stream: e.Stream, Start: moment(e.Start), Minutes: number(int(e.Length.Minutes())),
		Priority: number(e.Priority), Embargo: moment(e.Embargo), DoNotRecord: e.DoNotRecord,
	}
}

func (v *request) readEntryForm() scheduleEntryForm {
	f := v.r.FormValue
	return scheduleEntryForm{
		Title: f("title"), Kind: f("kind"), Language: f("language"), Licence: f("licence"), Abstract: f("abstract"),
		Speakers: f("speakers"), URL: f("url"), Tags: f("tags"),
		Room: f("room"), Stream: f("track"), Start: f("start"), Minutes: f("minutes"),
		Priority: f("priority"), Embargo: f("embargo"), DoNotRecord: f("do_not_record") != "",
	}
}

// parse converts the typed fields to an entry. zone is the time zone of typed times. An invalid
// time or number is an *inputerr.Error.
func (f scheduleEntryForm) parse(zone *time.Location) (e service.ScheduleEntry, err error) {
	moment := func(what, text string) (t time.Time) {
		if text == "" || err != nil {
			return t
		}
		if t, err = time.ParseInLocation(datetimeLocal, text, zone); err != nil {
			err = inputerr.Coded("text.not_a_time", "{text} is not a time", "text", strconv.Quote(text)).In(what).Hint("Write it as 2026-07-14T10:00")
		}
		return t
	}
	number := func(what, text string) (n int) {
		if text == "" || err != nil {
			return 0
		}
		if n, err = strconv.Atoi(text); err != nil || n < -1000 || n > 100_000 {
			err = inputerr.Coded("text.not_a_number", "{text} is not a valid number", "text", strconv.Quote(text)).In(what)
		}
		return n
	}
	e = service.ScheduleEntry{
		Title: f.Title, Kind: f.Kind, Language: f.Language, Licence: f.Licence, Abstract: f.Abstract, URL: f.URL, Tags: splitList(f.Tags),
		Room: f.Room, Stream: f.Stream, Start: moment("start", f.Start), Length: time.Duration(number("minutes", f.Minutes)) * time.Minute,
		Priority: number("priority", f.Priority), Embargo: moment("embargo", f.Embargo), DoNotRecord: f.DoNotRecord,
	}
	for name := range strings.Lines(strings.ReplaceAll(f.Speakers, "\r\n", "\n")) {
		e.Speakers = appendUnique(e.Speakers, strings.TrimSpace(name))
	}
	return e, err
}

func (s *Server) newTalk(v *request) error {
	zone, err := s.service.Schedule.TimeZone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	return v.render("entry.html", scheduleEntryPage{Form: scheduleEntryForm{Kind: "talk", Language: "en"}, Zone: zone.String()})
}

func (s *Server) createTalk(v *request) error {
	zone, err := s.service.Schedule.TimeZone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	page := scheduleEntryPage{Form: v.readEntryForm(), Zone: zone.String()}
	e, err := page.Form.parse(zone)
	if err != nil {
		return v.renderInvalid("entry.html", page, err)
	}
	slug, err := s.service.Schedule.CreateTalk(v.ctx(), v.person, e)
	if err != nil {
		return v.renderInvalid("entry.html", page, err)
	}
	return v.redirect("/talks/" + slug)
}

func (s *Server) editTalk(v *request) error {
	zone, err := s.service.Schedule.TimeZone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	e, err := s.service.Schedule.Entry(v.ctx(), v.person, v.slug())
	if err != nil {
		return err
	}
	return v.render("entry.html", scheduleEntryPage{v.slug(), newEntryForm(e, zone), zone.String()})
}

func (s *Server) saveTalk(v *request) error {
	zone, err := s.service.Schedule.TimeZone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	page := scheduleEntryPage{v.slug(), v.readEntryForm(), zone.String()}
	e, err := page.Form.parse(zone)
	if err == nil {
		err = s.service.Schedule.UpdateEntry(v.ctx(), v.person, v.slug(), e)
	}
	if err != nil {
		return v.renderInvalid("entry.html", page, err)
	}
	return v.redirect("/talks/" + v.slug())
}
