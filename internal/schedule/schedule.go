// Package schedule reads the programmes of conferences: schedule.xml as frab, pentabarf and
// pretalx write it, schedule.json as frab and pretalx do, and pretalx's export of talks. It
// compares them with what is there, and says what would change before anything does.
//
// The forms are described by the files that these programs write, and by c3voc's schema for
// schedule.xml.
package schedule

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// Programme is what a schedule says.
type Programme struct {
	Title  string // of the conference
	URL    string
	Zone   string // IANA, "Europe/Berlin"; "": it does not say
	Events []Event
	Notes  []string // for people: what was left out, and why

	zone *time.Location // of that name, once it was looked up
}

// Event is a talk as a schedule says it. The talk has no slug.
type Event struct {
	Talk       conference.Talk       `json:"talk"`
	Scheduling conference.Scheduling `json:"scheduling"`
}

// MaxBytes is how long a schedule may be, in bytes.
const MaxBytes = 50 << 20

// Read reads a schedule, whichever form it has. What it cannot read is a *inputerr.Fault.
func Read(name string, data []byte) (Programme, error) {
	if len(data) > MaxBytes {
		return Programme{}, inputerr.New(name, "is longer than %d MB", MaxBytes>>20).Hint("Look whether it is a schedule")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var p Programme
	var err error
	switch start := bytes.TrimLeft(data, " \t\r\n"); {
	case bytes.HasPrefix(start, []byte("<")):
		p, err = readXML(name, data)
	case bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("[")):
		p, err = readJSON(name, data)
	default:
		err = inputerr.New(name, "is neither XML nor JSON").Hint("Export the programme as schedule.xml or schedule.json")
	}
	if err != nil {
		return p, err
	}
	return p, validate(name, &p)
}

// validate leaves out what is no talk, and refuses a schedule that contradicts itself.
func validate(name string, p *Programme) error {
	seen := make(map[string]string)
	var talks []Event
	for _, e := range p.Events {
		if e.Talk.Title == "" {
			p.Notes = append(p.Notes, fmt.Sprintf("an event without a title is left out (%s)", cmp.Or(e.Scheduling.GUID, e.Scheduling.Event, "no id")))
			continue
		}
		for _, id := range eventIDs(e.Scheduling) {
			if other, ok := seen[id]; ok {
				return inputerr.New(name, "%s is the %s of two talks, “%s” and “%s”", id[2:], idKind(id), other, e.Talk.Title).
					Hint("Correct it where the schedule was made")
			}
			seen[id] = e.Talk.Title
		}
		talks = append(talks, e)
	}
	p.Events = talks
	if len(talks) == 0 {
		return inputerr.New(name, "has no talk in it").Hint("Look whether the schedule has been published, and export it again")
	}
	return nil
}

// eventIDs are those of an event, marked by their kind.
func eventIDs(s conference.Scheduling) (all []string) {
	if s.GUID != "" {
		all = append(all, "g:"+s.GUID)
	}
	if s.Event != "" {
		all = append(all, "i:"+s.Event)
	}
	return all
}

func idKind(id string) string {
	if strings.HasPrefix(id, "g:") {
		return "guid"
	}
	return "id"
}

// rawEvent is an event in the words of a file, whichever form it has.
type rawEvent struct {
	guid, id, title, kind, track, room, language     string
	abstract, description, licence, url, date, start string
	duration                                         string
	optout                                           bool
	persons                                          []conference.Person
	links                                            []conference.Link
}

// breakPattern are events that nobody speaks at.
var breakPattern = regexp.MustCompile(`(?i)\b(break|lunch|coffee|pause|registration|dinner|mittagspause|almuerzo|descanso|café)\b`)

// parse is what the words mean. ok is false for what is no talk; why says so.
func (r rawEvent) parse(name string, zone *time.Location) (e Event, why string, err error) {
	if len(r.persons) == 0 && breakPattern.MatchString(r.title+" "+r.kind) {
		return e, fmt.Sprintf("“%s” is a break, and left out", r.title), nil
	}
	t, s := &e.Talk, &e.Scheduling
	t.Title = singleLine(r.title)
	t.Abstract = plainText(r.abstract)
	if d := plainText(r.description); d != "" && d != t.Abstract {
		t.Abstract = strings.TrimSpace(t.Abstract + "\n\n" + d)
	}
	t.Licence, t.URL, t.Links = singleLine(r.licence), singleLine(r.url), r.links
	t.Language = parseLanguage(r.language)
	if t.Length, err = parseLength(r.duration); err != nil {
		return e, "", inputerr.New(name, "the length of “%s” (%q) is no time", t.Title, r.duration).Hint("Write it as 00:30")
	}
	t.Kind = "talk"
	if tutorialPattern.MatchString(r.kind) || t.Length >= 90*time.Minute {
		t.Kind = "tutorial"
	}
	for _, p := range r.persons {
		if p.Name = singleLine(p.Name); p.Name != "" {
			t.Speakers = append(t.Speakers, p.Name)
			s.Persons = append(s.Persons, p)
		}
	}
	s.GUID, s.Event, s.Room, s.Stream, s.DoNotRecord = singleLine(r.guid), singleLine(r.id), singleLine(r.room), singleLine(r.track), r.optout
	if s.Start, err = parseStart(r.date, r.start, zone); err != nil {
		return e, "", inputerr.New(name, "the start of “%s” (%q) is no time", t.Title, cmp.Or(r.date, r.start)).Hint("Write it as 2026-07-14T10:00:00+02:00")
	}
	if !s.Start.IsZero() {
		t.Date = s.Start.Format(time.DateOnly)
	}
	return e, "", nil
}

var tutorialPattern = regexp.MustCompile(`(?i)tutorial|workshop|taller|training`)

// parseLanguage is a language (BCP 47) that a schedule names in one of many ways.
func parseLanguage(text string) string {
	names := map[string]string{"english": "en", "german": "de", "deutsch": "de", "spanish": "es", "español": "es", "french": "fr", "français": "fr", "portuguese": "pt", "italian": "it"}
	text = strings.TrimSpace(text)
	if tag, ok := names[strings.ToLower(text)]; ok {
		return tag
	}
	tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
	if err != nil || tag == language.Und {
		return ""
	}
	return tag.String()
}

// parseLength is "00:30", "1:30", "00:30:00" or minutes.
func parseLength(text string) (time.Duration, error) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) == 1 {
		parts = []string{"0", text}
	}
	if len(parts) > 3 {
		return 0, strconv.ErrSyntax
	}
	var d time.Duration
	unit := []time.Duration{time.Hour, time.Minute, time.Second}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return 0, err
		}
		d += time.Duration(n) * unit[i]
	}
	return d, nil
}

// parseStart is when something starts: a date with its zone or, if there is none, one in the
// conference's; or the day's date and a time of day.
func parseStart(date, start string, zone *time.Location) (time.Time, error) {
	date, start = strings.TrimSpace(date), strings.TrimSpace(start)
	if date == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05.999Z0700", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(form, date); err == nil {
			return inZone(t, zone), nil
		}
	}
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(form, date, zone); err == nil {
			return t, nil
		}
	}
	if start == "" {
		start = "00:00"
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", date+" "+start, zone)
	if err != nil {
		return time.ParseInLocation("2006-01-02 15:04:05", date+" "+start, zone)
	}
	return t, nil
}

// inZone is a moment in the zone of the conference, if that is known. Half an hour past ten in
// the schedule is to be that on every page.
func inZone(t time.Time, zone *time.Location) time.Time {
	if zone == time.UTC {
		return t
	}
	return t.In(zone)
}

var (
	htmlTags      = regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>|<[a-zA-Z/!][^>]*>`)
	paragraphEnds = regexp.MustCompile(`(?i)</(p|h[1-6]|div|ul|ol)>`)
	lineBreaks    = regexp.MustCompile(`(?i)<(br ?/?|/li)>`)
	blanks        = regexp.MustCompile(`[ \t]+`)
	blankLines    = regexp.MustCompile(`\n{3,}`)
)

// isInvisible reports whether a character is one that nobody sees, and that turns what is around it.
func isInvisible(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// plainText is a text without HTML, and without characters that nobody sees, in paragraphs.
func plainText(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.ContainsAny(text, "<&") {
		text = lineBreaks.ReplaceAllString(paragraphEnds.ReplaceAllString(text, "\n\n"), "\n")
		text = html.UnescapeString(htmlTags.ReplaceAllString(text, ""))
	}
	text = strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(blanks.ReplaceAllString(l, " "))
	}
	return strings.TrimSpace(blankLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

// singleLine is a text in one line, without HTML.
func singleLine(text string) string { return strings.Join(strings.Fields(plainText(text)), " ") }

// loadZone is the place that a schedule names, or UTC.
func loadZone(name string) *time.Location {
	if z, err := time.LoadLocation(strings.TrimSpace(name)); err == nil && name != "" {
		return z
	}
	return time.UTC
}

// add reads one event into the programme.
func (p *Programme) add(name string, r rawEvent) error {
	if p.zone == nil {
		p.zone = loadZone(p.Zone)
	}
	e, why, err := r.parse(name, p.zone)
	if err != nil {
		return err
	}
	if why != "" {
		p.Notes = append(p.Notes, why)
		return nil
	}
	p.Events = append(p.Events, e)
	return nil
}

// uniquePersons are speakers, each once.
func uniquePersons(list []conference.Person) (all []conference.Person) {
	for _, p := range list {
		if !slices.ContainsFunc(all, func(o conference.Person) bool { return o.Name == p.Name && o.ID == p.ID }) {
			all = append(all, p)
		}
	}
	return all
}

// formatMinutes is minutes as a schedule writes a length.
func formatMinutes(n int) string { return fmt.Sprintf("%d:%02d", n/60, n%60) }
