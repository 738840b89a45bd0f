package web

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// programmeRoutes are how the programme comes in, and is edited by hand.
func (s *Server) programmeRoutes() []route {
	return []route{
		{"GET /programme", access.Manage, s.programme},
		{"POST /programme", access.Manage, s.previewProgramme},
		{"POST /programme/import", access.Manage, s.importProgramme},
		{"POST /programme/conference", access.Manage, s.setConference},
		{"GET /talks/new", access.Manage, s.newTalk},
		{"POST /talks", access.Manage, s.makeTalk},
		{"GET /talks/{slug}/edit", access.Manage, s.editTalk},
		{"POST /talks/{slug}/edit", access.Manage, s.saveTalk},
	}
}

// programmePage is the data of the page of the programme.
type programmePage struct {
	Conference service.Conference
	Languages  string // that translations are wanted in, as they are typed
	Preview    *service.Preview
	File       string // that is previewed: its name, and what it says, for the form that takes it over
	Content    string
	Done       bool
}

func (v *visit) programmePage() (p programmePage, err error) {
	p.Conference, err = v.office.Conference(v.ctx(), v.person)
	p.Languages = strings.Join(p.Conference.Languages, ", ")
	return p, err
}

func (s *Server) programme(v *visit) error {
	p, err := v.programmePage()
	if err != nil {
		return err
	}
	return v.show("programme.html", p)
}

// previewProgramme shows what a schedule would change. The page holds the file, so that what is
// taken over is what was looked at.
func (s *Server) previewProgramme(v *visit) error {
	p, err := v.programmePage()
	if err != nil {
		return err
	}
	name, data, err := v.file("schedule")
	if err != nil {
		return v.again("programme.html", p, err)
	}
	preview, err := s.office.PreviewProgramme(v.ctx(), v.person, name, data)
	if err != nil {
		return v.again("programme.html", p, err)
	}
	p.Preview, p.File, p.Content = &preview, name, base64.StdEncoding.EncodeToString(data)
	return v.show("programme.html", p)
}

func (s *Server) importProgramme(v *visit) error {
	p, err := v.programmePage()
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(v.r.FormValue("content"))
	if err != nil {
		return inputerr.New("", "the file did not arrive as it was").Try("Choose it again")
	}
	preview, err := s.office.ImportProgramme(v.ctx(), v.person, plainName(v.r.FormValue("file")), data)
	if err != nil {
		return v.again("programme.html", p, err)
	}
	if p, err = v.programmePage(); err != nil {
		return err
	}
	p.Preview, p.Done = &preview, true
	return v.show("programme.html", p)
}

func (s *Server) setConference(v *visit) error {
	p, err := v.programmePage()
	if err != nil {
		return err
	}
	c := service.Conference{Name: v.r.FormValue("name"), URL: v.r.FormValue("url"), Zone: v.r.FormValue("zone"), Licence: v.r.FormValue("licence"),
		Languages: split(v.r.FormValue("languages"))}
	p.Conference, p.Languages = c, v.r.FormValue("languages")
	if err := s.office.SetConference(v.ctx(), v.person, c); err != nil {
		return v.again("programme.html", p, err)
	}
	return v.to("/programme")
}

// split is a list that is typed with commas or in lines.
func split(text string) (list []string) {
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ';' }) {
		list = add(list, strings.TrimSpace(one))
	}
	return list
}

// file is a file that was chosen in a form, and what it is called.
func (v *visit) file(field string) (name string, data []byte, err error) {
	f, header, err := v.r.FormFile(field)
	if err != nil {
		return "", nil, inputerr.New("", "no file was chosen").Try("Choose one")
	}
	defer f.Close()
	if data, err = io.ReadAll(f); err != nil {
		return "", nil, fmt.Errorf("read a file of a form: %w", err)
	}
	return plainName(header.Filename), data, nil
}

// entryPage is the data of the page on which a talk is edited.
type entryPage struct {
	Slug  string // "": a new one
	Typed entryForm
	Zone  string
}

// entryForm is a talk's entry as it is typed.
type entryForm struct {
	Title, Kind, Language, Licence, Abstract, Speakers, URL, Tags string
	Room, Stream, Start, Minutes, Priority, Embargo               string
	DoNotRecord                                                   bool
}

const typedTime = "2006-01-02T15:04" // of <input type="datetime-local">

func formOf(e service.Entry, zone *time.Location) entryForm {
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format(typedTime)
	}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return entryForm{
		e.Title, e.Kind, e.Language, e.Licence, e.Abstract, strings.Join(e.Speakers, "\n"), e.URL, strings.Join(e.Tags, ", "),
		e.Room, e.Stream, moment(e.Start), number(int(e.Length.Minutes())), number(e.Priority), moment(e.Embargo), e.DoNotRecord,
	}
}

func (v *visit) typedEntry() entryForm {
	f := v.r.FormValue
	return entryForm{
		f("title"), f("kind"), f("language"), f("licence"), f("abstract"), f("speakers"), f("url"), f("tags"),
		f("room"), f("track"), f("start"), f("minutes"), f("priority"), f("embargo"), f("do_not_record") != "",
	}
}

// entry is what was typed.
func (f entryForm) entry(zone *time.Location) (e service.Entry, err error) {
	moment := func(what, text string) (t time.Time) {
		if text == "" || err != nil {
			return t
		}
		if t, err = time.ParseInLocation(typedTime, text, zone); err != nil {
			err = inputerr.New(what, "%q is no time", text).Try("Write it as 2026-07-14T10:00")
		}
		return t
	}
	number := func(what, text string) (n int) {
		if text == "" || err != nil {
			return 0
		}
		if n, err = strconv.Atoi(text); err != nil || n < -1000 || n > 100_000 {
			err = inputerr.New(what, "%q is no number that makes sense here", text)
		}
		return n
	}
	e = service.Entry{
		Title: f.Title, Kind: f.Kind, Language: f.Language, Licence: f.Licence, Abstract: f.Abstract, URL: f.URL, Tags: split(f.Tags),
		Room: f.Room, Stream: f.Stream, Start: moment("start", f.Start), Length: time.Duration(number("minutes", f.Minutes)) * time.Minute,
		Priority: number("priority", f.Priority), Embargo: moment("embargo", f.Embargo), DoNotRecord: f.DoNotRecord,
	}
	for name := range strings.Lines(strings.ReplaceAll(f.Speakers, "\r\n", "\n")) {
		e.Speakers = add(e.Speakers, strings.TrimSpace(name))
	}
	return e, err
}

func (s *Server) newTalk(v *visit) error {
	zone, err := s.office.Zone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	return v.show("entry.html", entryPage{Typed: entryForm{Kind: "talk", Language: "en"}, Zone: zone.String()})
}

func (s *Server) makeTalk(v *visit) error {
	zone, err := s.office.Zone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	page := entryPage{Typed: v.typedEntry(), Zone: zone.String()}
	e, err := page.Typed.entry(zone)
	if err != nil {
		return v.again("entry.html", page, err)
	}
	slug, err := s.office.NewTalk(v.ctx(), v.person, e)
	if err != nil {
		return v.again("entry.html", page, err)
	}
	return v.to("/talks/" + slug)
}

func (s *Server) editTalk(v *visit) error {
	zone, err := s.office.Zone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	e, err := s.office.Entry(v.ctx(), v.person, v.slug())
	if err != nil {
		return err
	}
	return v.show("entry.html", entryPage{v.slug(), formOf(e, zone), zone.String()})
}

func (s *Server) saveTalk(v *visit) error {
	zone, err := s.office.Zone(v.ctx(), v.person)
	if err != nil {
		return err
	}
	page := entryPage{v.slug(), v.typedEntry(), zone.String()}
	e, err := page.Typed.entry(zone)
	if err == nil {
		err = s.office.EditTalk(v.ctx(), v.person, v.slug(), e)
	}
	if err != nil {
		return v.again("entry.html", page, err)
	}
	return v.to("/talks/" + v.slug())
}
