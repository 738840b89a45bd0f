package schedule

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
)

// jsonText is a string in JSON. It accepts a number, an object with a name or title, or texts
// by language, of which it takes the English one or else the first.
type jsonText string

// UnmarshalJSON decodes a string or what exporters write instead of one; see jsonText. It never
// fails.
func (t *jsonText) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = jsonText(s)
		return nil
	}
	var many map[string]string
	if json.Unmarshal(b, &many) == nil {
		*t = jsonText(many["en"])
		for _, language := range slices.Sorted(maps.Keys(many)) {
			if *t == "" {
				*t = jsonText(many[language])
			}
		}
		return nil
	}
	var named struct {
		Name  *jsonText `json:"name"`
		Title *jsonText `json:"title"`
	}
	switch {
	case string(b) == "null":
	case json.Unmarshal(b, &named) == nil && named.Name != nil:
		*t = *named.Name
	case json.Unmarshal(b, &named) == nil && named.Title != nil:
		*t = *named.Title
	default:
		*t = jsonText(strings.Trim(string(b), `"`)) // a number or boolean
	}
	return nil
}

// jsonEvent is an event of schedule.json, or a talk of pretalx's export, which shares most
// fields.
type jsonEvent struct {
	GUID        jsonText `json:"guid"`
	ID          jsonText `json:"id"`
	Code        jsonText `json:"code"`
	Date        jsonText `json:"date"`
	Start       jsonText `json:"start"`
	Duration    jsonText `json:"duration"`
	Room        jsonText `json:"room"`
	Title       jsonText `json:"title"`
	Track       jsonText `json:"track"`
	Type        jsonText `json:"type"`
	Kind        jsonText `json:"submission_type"`
	Language    jsonText `json:"language"`
	Locale      jsonText `json:"content_locale"`
	Abstract    jsonText `json:"abstract"`
	Description jsonText `json:"description"`
	URL         jsonText `json:"url"`
	Licence     jsonText `json:"recording_license"`
	DoNotRecord bool     `json:"do_not_record"`
	State       jsonText `json:"state"`
	Persons     []jsonPerson
	Speakers    []jsonPerson
	Links       []struct {
		URL   jsonText `json:"url"`
		Title jsonText `json:"title"`
	} `json:"links"`
	Slot *struct {
		Start jsonText `json:"start"`
		End   jsonText `json:"end"`
		Room  jsonText `json:"room"`
	} `json:"slot"`
}

type jsonPerson struct {
	GUID   jsonText `json:"guid"`
	Code   jsonText `json:"code"`
	ID     jsonText `json:"id"`
	Name   jsonText `json:"name"`
	Public jsonText `json:"public_name"`
	Email  jsonText `json:"email"`
}

// UnmarshalJSON decodes a person. One that is not an object is just a name or a code, which becomes
// the name.
func (p *jsonPerson) UnmarshalJSON(b []byte) error {
	type plain jsonPerson
	if len(b) > 0 && b[0] == '{' {
		return json.Unmarshal(b, (*plain)(p))
	}
	return p.Name.UnmarshalJSON(b)
}

// readJSON parses schedule.json, or a list of talks from pretalx. Talks of that list that are
// neither accepted nor confirmed are skipped with a note. name is the file's name in errors.
func readJSON(name string, data []byte) (p Programme, err error) {
	var file struct {
		Schedule *struct {
			URL        jsonText `json:"base_url"`
			Conference struct {
				Title jsonText `json:"title"`
				Zone  jsonText `json:"time_zone_name"`
				URL   jsonText `json:"url"`
				Days  []struct {
					Date  jsonText               `json:"date"`
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
		return p, jsonError(name, data, err)
	}
	if file.Schedule == nil {
		for _, e := range slices.Concat(list, file.Results, file.Talks) {
			if state := string(e.State); state != "" && state != "accepted" && state != "confirmed" {
				p.Notes = append(p.Notes, NoteEnglish.Format(message.New("notes.state", "title", singleLine(string(e.Title)), "state", state)))
				continue
			}
			if err := p.add(name, e.toRaw("", "")); err != nil {
				return p, err
			}
		}
		return p, nil
	}
	c := file.Schedule.Conference
	p.Title, p.Zone, p.URL = singleLine(string(c.Title)), singleLine(string(c.Zone)), singleLine(string(c.URL))
	for _, day := range c.Days {
		for _, room := range slices.Sorted(maps.Keys(day.Rooms)) {
			for _, e := range day.Rooms[room] {
				if err := p.add(name, e.toRaw(string(day.Date), room)); err != nil {
					return p, err
				}
			}
		}
	}
	return p, nil
}

// jsonError returns an [inputerr.Error] for an error of decoding data as JSON, with its line.
func jsonError(name string, data []byte, err error) error {
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
	return inputerr.Coded("schedule.invalid_json", "is not a valid schedule in JSON: {error}", "error", err).In(name).At(l).Hint("Export it again")
}

// toRaw returns the event as a rawEvent. day and room are those of the list that it is in, for
// events that have none.
func (e jsonEvent) toRaw(day, room string) rawEvent {
	r := rawEvent{
		guid: string(e.GUID), id: string(cmp.Or(e.ID, e.Code)), title: string(e.Title), kind: string(e.Type + " " + e.Kind), track: string(e.Track),
		language: string(cmp.Or(e.Language, e.Locale)), abstract: string(e.Abstract), description: string(e.Description),
		licence: string(e.Licence), optout: e.DoNotRecord, url: string(e.URL),
		room: string(e.Room), date: string(e.Date), start: string(e.Start), duration: string(e.Duration),
	}
	if e.Slot != nil {
		r.date, r.room = string(e.Slot.Start), string(e.Slot.Room)
		from, errFrom := parseStart(string(e.Slot.Start), "", loadZone(""))
		to, errTo := parseStart(string(e.Slot.End), "", loadZone(""))
		if errFrom == nil && errTo == nil && to.After(from) && r.duration == "" {
			r.duration = formatMinutes(int(to.Sub(from).Minutes()))
		}
	}
	r.room, r.date = cmp.Or(r.room, room), cmp.Or(r.date, day)
	var all []conference.Person
	for _, p := range slices.Concat(e.Persons, e.Speakers) {
		all = append(all, conference.Person{
			Name: string(cmp.Or(p.Public, p.Name)), ID: string(cmp.Or(p.GUID, p.Code, p.ID)), Email: string(p.Email),
		})
	}
	r.persons = uniquePersons(all)
	for _, l := range e.Links {
		if l.URL != "" {
			r.links = append(r.links, conference.Link{Title: singleLine(string(l.Title)), URL: singleLine(string(l.URL))})
		}
	}
	return r
}
