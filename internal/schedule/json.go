package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// text is a string in JSON, or a number, or one text of several by language.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
		return nil
	}
	var many map[string]string
	if json.Unmarshal(b, &many) == nil {
		*t = text(many["en"])
		for _, language := range slices.Sorted(maps.Keys(many)) {
			if *t == "" {
				*t = text(many[language])
			}
		}
		return nil
	}
	var named struct {
		Name  *text `json:"name"`
		Title *text `json:"title"`
	}
	switch {
	case string(b) == "null":
	case json.Unmarshal(b, &named) == nil && named.Name != nil:
		*t = *named.Name
	case json.Unmarshal(b, &named) == nil && named.Title != nil:
		*t = *named.Title
	default:
		*t = text(strings.Trim(string(b), `"`)) // a number, or true
	}
	return nil
}

// jsonEvent is an event of schedule.json, and a talk of pretalx's export, which have most in
// common.
type jsonEvent struct {
	GUID        text `json:"guid"`
	ID          text `json:"id"`
	Code        text `json:"code"`
	Date        text `json:"date"`
	Start       text `json:"start"`
	Duration    text `json:"duration"`
	Room        text `json:"room"`
	Title       text `json:"title"`
	Track       text `json:"track"`
	Type        text `json:"type"`
	Kind        text `json:"submission_type"`
	Language    text `json:"language"`
	Locale      text `json:"content_locale"`
	Abstract    text `json:"abstract"`
	Description text `json:"description"`
	URL         text `json:"url"`
	Licence     text `json:"recording_license"`
	DoNotRecord bool `json:"do_not_record"`
	State       text `json:"state"`
	Persons     []jsonPerson
	Speakers    []jsonPerson
	Links       []struct {
		URL   text `json:"url"`
		Title text `json:"title"`
	} `json:"links"`
	Slot *struct {
		Start text `json:"start"`
		End   text `json:"end"`
		Room  text `json:"room"`
	} `json:"slot"`
}

type jsonPerson struct {
	GUID   text `json:"guid"`
	Code   text `json:"code"`
	ID     text `json:"id"`
	Name   text `json:"name"`
	Public text `json:"public_name"`
	Email  text `json:"email"`
}

// UnmarshalJSON implements json.Unmarshaler: a speaker may be no more than a name or a code.
func (p *jsonPerson) UnmarshalJSON(b []byte) error {
	type plain jsonPerson
	if len(b) > 0 && b[0] == '{' {
		return json.Unmarshal(b, (*plain)(p))
	}
	return p.Name.UnmarshalJSON(b)
}

// readJSON reads schedule.json, or a list of pretalx's talks.
func readJSON(name string, data []byte) (p Programme, err error) {
	var file struct {
		Schedule *struct {
			URL        text `json:"base_url"`
			Conference struct {
				Title text `json:"title"`
				Zone  text `json:"time_zone_name"`
				URL   text `json:"url"`
				Days  []struct {
					Date  text                   `json:"date"`
					Rooms map[string][]jsonEvent `json:"rooms"`
				} `json:"days"`
			} `json:"conference"`
		} `json:"schedule"`
		Results []jsonEvent `json:"results"`
		Talks   []jsonEvent `json:"talks"`
	}
	var list []jsonEvent
	into := any(&file)
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("[")) {
		into = &list
	}
	if err := json.Unmarshal(data, into); err != nil {
		return p, wrongJSON(name, data, err)
	}
	if file.Schedule == nil {
		for _, e := range slices.Concat(list, file.Results, file.Talks) {
			if state := string(e.State); state != "" && state != "accepted" && state != "confirmed" {
				p.Notes = append(p.Notes, "“"+line(string(e.Title))+"” is "+state+", and left out")
				continue
			}
			if err := p.add(name, e.raw("", "")); err != nil {
				return p, err
			}
		}
		return p, nil
	}
	c := file.Schedule.Conference
	p.Title, p.Zone, p.URL = line(string(c.Title)), line(string(c.Zone)), line(string(c.URL))
	for _, day := range c.Days {
		for _, room := range slices.Sorted(maps.Keys(day.Rooms)) {
			for _, e := range day.Rooms[room] {
				if err := p.add(name, e.raw(string(day.Date), room)); err != nil {
					return p, err
				}
			}
		}
	}
	return p, nil
}

// wrongJSON says where JSON is wrong.
func wrongJSON(name string, data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	at := int64(len(data))
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	l := 1 + bytes.Count(data[:min(at, int64(len(data)))], []byte("\n"))
	return inputerr.New(name, "is no JSON that can be read: %v", err).At(l).Try("Export it again")
}

func (e jsonEvent) raw(day, room string) raw {
	r := raw{
		guid: string(e.GUID), id: string(e.ID), title: string(e.Title), kind: string(e.Type + " " + e.Kind), track: string(e.Track),
		room: string(e.Room), spoken: string(e.Language), abstract: string(e.Abstract), description: string(e.Description),
		licence: string(e.Licence), optout: e.DoNotRecord, url: string(e.URL), date: string(e.Date), start: string(e.Start), duration: string(e.Duration),
	}
	if r.id == "" {
		r.id = string(e.Code)
	}
	if r.spoken == "" {
		r.spoken = string(e.Locale)
	}
	if e.Slot != nil {
		r.date, r.room = string(e.Slot.Start), string(e.Slot.Room)
		from, errFrom := begin(string(e.Slot.Start), "", zoneOf(""))
		to, errTo := begin(string(e.Slot.End), "", zoneOf(""))
		if errFrom == nil && errTo == nil && to.After(from) && r.duration == "" {
			r.duration = formatMinutes(int(to.Sub(from).Minutes()))
		}
	}
	if r.room == "" {
		r.room = room
	}
	if r.date == "" {
		r.date = day
	}
	var all []conference.Person
	for _, p := range slices.Concat(e.Persons, e.Speakers) {
		one := conference.Person{Name: string(p.Public), ID: string(p.GUID), Email: string(p.Email)}
		if one.Name == "" {
			one.Name = string(p.Name)
		}
		if one.ID == "" {
			one.ID = string(p.Code)
		}
		if one.ID == "" {
			one.ID = string(p.ID)
		}
		all = append(all, one)
	}
	r.persons = persons(all)
	for _, l := range e.Links {
		if l.URL != "" {
			r.links = append(r.links, conference.Link{Title: line(string(l.Title)), URL: line(string(l.URL))})
		}
	}
	return r
}
