package schedule

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"

	"golang.org/x/net/html/charset"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// xmlEvent is <event> of schedule.xml.
type xmlEvent struct {
	GUID        string `xml:"guid,attr"`
	ID          string `xml:"id,attr"`
	Code        string `xml:"code,attr"`
	Date        string `xml:"date"`
	Start       string `xml:"start"`
	Duration    string `xml:"duration"`
	Room        string `xml:"room"`
	Title       string `xml:"title"`
	Track       string `xml:"track"`
	Type        string `xml:"type"`
	Language    string `xml:"language"`
	Abstract    string `xml:"abstract"`
	Description string `xml:"description"`
	URL         string `xml:"url"`
	Recording   struct {
		Licence string `xml:"license"`
		Optout  string `xml:"optout"`
	} `xml:"recording"`
	Persons []struct {
		ID    string `xml:"id,attr"`
		Code  string `xml:"code,attr"`
		GUID  string `xml:"guid,attr"`
		Email string `xml:"email,attr"`
		Name  string `xml:",chardata"`
	} `xml:"persons>person"`
	Links []struct {
		Href  string `xml:"href,attr"`
		Title string `xml:",chardata"`
	} `xml:"links>link"`
}

// readXML parses schedule.xml, event by event. A document that defines entities of its own is an
// error. name is the file's name in errors.
func readXML(name string, data []byte) (p Programme, err error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = charset.NewReaderLabel
	day, room, known := "", "", false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p, xmlError(name, d, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "schedule":
			known = true
		case "conference":
			var c struct {
				Title string `xml:"title"`
				Zone  string `xml:"time_zone_name"`
				URL   string `xml:"url"`
			}
			if err := d.DecodeElement(&c, &start); err != nil {
				return p, xmlError(name, d, err)
			}
			p.Title, p.Zone, p.URL = singleLine(c.Title), singleLine(c.Zone), singleLine(c.URL)
		case "day":
			day = attribute(start, "date")
		case "room":
			room = attribute(start, "name")
		case "event":
			var e xmlEvent
			if err := d.DecodeElement(&e, &start); err != nil {
				return p, xmlError(name, d, err)
			}
			if err := p.add(name, e.toRaw(day, room)); err != nil {
				l, _ := d.InputPos()
				return p, inputerr.As(err).At(l)
			}
		}
	}
	if !known {
		return p, inputerr.Coded("schedule.other_xml", "is XML but not a schedule").In(name).Hint("Export the schedule as schedule.xml")
	}
	return p, nil
}

func xmlError(name string, d *xml.Decoder, err error) error {
	l, _ := d.InputPos()
	return inputerr.Coded("schedule.invalid_xml", "is not valid XML: {error}", "error", err).In(name).At(l).Hint("Export it again")
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// toRaw returns the event as a rawEvent. day and room are those of the elements around it, for
// events that have none.
func (e xmlEvent) toRaw(day, room string) rawEvent {
	r := rawEvent{
		guid: e.GUID, id: cmp.Or(e.ID, e.Code), title: e.Title, kind: e.Type, track: e.Track, language: e.Language,
		abstract: e.Abstract, description: e.Description, licence: e.Recording.Licence, optout: e.Recording.Optout == "true" || e.Recording.Optout == "1",
		url: e.URL, room: cmp.Or(e.Room, room), date: cmp.Or(e.Date, day), start: e.Start, duration: e.Duration,
	}
	var all []conference.Person
	for _, p := range e.Persons {
		all = append(all, conference.Person{Name: p.Name, ID: cmp.Or(p.GUID, p.Code, p.ID), Email: p.Email})
	}
	r.persons = uniquePersons(all)
	for _, l := range e.Links {
		if l.Href != "" {
			r.links = append(r.links, conference.Link{Title: singleLine(l.Title), URL: singleLine(l.Href)})
		}
	}
	return r
}
