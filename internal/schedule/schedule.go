// Package schedule reads conference schedules: schedule.xml from frab, pentabarf and pretalx,
// schedule.json from frab and pretalx, and pretalx's export of talks. It compares them with
// the talks that are known and returns what an import would change.
//
// The formats follow the files that these programs write, and c3voc's schema for
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
	"github.com/lectern-av/lectern/internal/message"
)

// Programme is the content of a schedule.
type Programme struct {
	Title  string // of the conference
	URL    string
	Zone   string // IANA name such as "Europe/Berlin"; "" if unknown
	Events []Event
	Notes  []string // for people: what was skipped and why

	zone *time.Location // the location of Zone once loaded
}

// Event is a talk as the schedule has it, without a slug.
type Event struct {
	Talk       conference.Talk       `json:"talk"`
	Scheduling conference.Scheduling `json:"scheduling"`
}

// MaxBytes is the size limit of a schedule.
const MaxBytes = 50 << 20

// Read parses a schedule in any of the supported formats. It returns an [inputerr.Error] if the
// schedule is invalid, is larger than MaxBytes or has no talks. name is the file's name in errors.
func Read(name string, data []byte) (Programme, error) {
	if len(data) > MaxBytes {
		return Programme{}, inputerr.Coded("schedule.too_large", "is larger than {max} MB", "max", MaxBytes>>20).In(name).Hint("Check that it is a schedule")
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
		err = inputerr.Coded("schedule.unknown_format", "is neither XML nor JSON").In(name).Hint("Export the schedule as schedule.xml or schedule.json")
	}
	if err != nil {
		return p, err
	}
	return p, validate(name, &p)
}

// NoteEnglish are the notes of a programme. Pages recognize them by these templates.
var NoteEnglish = message.Templates{
	"notes.break":    "“{title}” was skipped: it is a break",
	"notes.state":    "“{title}” was skipped: it is {state}",
	"notes.no-title": "an event without a title was skipped ({id})",
	"notes.no-id":    "an event without a title and an ID was skipped",
}

func noTitleNote(s conference.Scheduling) string {
	id := cmp.Or(s.GUID, s.Event)
	if id == "" {
		return NoteEnglish["notes.no-id"]
	}
	return NoteEnglish.Format(message.New("notes.no-title", "id", id))
}

// validate removes events without a title, with a note. It returns an error if no events are left,
// or if two have the same id.
func validate(name string, p *Programme) error {
	seen := make(map[string]string)
	var talks []Event
	for _, e := range p.Events {
		if e.Talk.Title == "" {
			p.Notes = append(p.Notes, noTitleNote(e.Scheduling))
			continue
		}
		for _, id := range eventIDs(e.Scheduling) {
			if other, ok := seen[id]; ok {
				return inputerr.Coded("schedule.same_id", "two talks have the {kind} {id}: “{first}” and “{second}”", "id", id[2:], "kind", idKind(id), "first", other, "second", e.Talk.Title).In(name).
					Hint("Correct it in the scheduling system and export again")
			}
			seen[id] = e.Talk.Title
		}
		talks = append(talks, e)
	}
	p.Events = talks
	if len(talks) == 0 {
		return inputerr.Coded("schedule.no_talks", "has no talks").In(name).Hint("Check that the schedule is published, and export it again")
	}
	return nil
}

// eventIDs returns an event's ids: its guid after "g:", and its id after "i:". Empty ones are left
// out.
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

// rawEvent is an event as strings, before it is interpreted; all formats are converted to it.
type rawEvent struct {
	guid, id, title, kind, track, room, language     string
	abstract, description, licence, url, date, start string
	duration                                         string
	optout                                           bool
	persons                                          []conference.Person
	links                                            []conference.Link
}

// breakPattern matches the titles and kinds of breaks.
var breakPattern = regexp.MustCompile(`(?i)\b(break|lunch|coffee|pause|registration|dinner|mittagspause|almuerzo|descanso|café)\b`)

// parse returns the event with its fields parsed. If it is a break and not a talk, skipped is a
// note for people. Times without a zone are in zone. name is the file's name in errors.
func (r rawEvent) parse(name string, zone *time.Location) (e Event, skipped string, err error) {
	if len(r.persons) == 0 && breakPattern.MatchString(r.title+" "+r.kind) {
		return e, NoteEnglish.Format(message.New("notes.break", "title", r.title)), nil
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
		return e, "", inputerr.Coded("schedule.duration", "the length of “{title}” ({text}) is not a duration", "title", t.Title, "text", strconv.Quote(r.duration)).In(name).Hint("Write it as 00:30")
	}
	t.Kind = "talk"
	if tutorialPattern.MatchString(r.kind) || t.Length >= 90*time.Minute {
		t.Kind = "tutorial"
	}
	for _, p := range r.persons {
		p.Name = singleLine(p.Name)
		if p.Name != "" {
			t.Speakers = append(t.Speakers, p.Name)
			s.Persons = append(s.Persons, p)
		}
	}
	s.GUID, s.Event, s.Room, s.Stream, s.DoNotRecord = singleLine(r.guid), singleLine(r.id), singleLine(r.room), singleLine(r.track), r.optout
	if s.Start, err = parseStart(r.date, r.start, zone); err != nil {
		return e, "", inputerr.Coded("schedule.start", "the start of “{title}” ({text}) is not a time", "title", t.Title, "text", strconv.Quote(cmp.Or(r.date, r.start))).In(name).Hint("Write it as 2026-07-14T10:00:00+02:00")
	}
	if !s.Start.IsZero() {
		t.Date = s.Start.Format(time.DateOnly)
	}
	return e, "", nil
}

var tutorialPattern = regexp.MustCompile(`(?i)tutorial|workshop|taller|training`)

// parseLanguage returns the BCP 47 tag of a language given as a tag or a name, or "" if it is
// unknown.
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

// parseLength parses a duration such as "00:30", "1:30" (hours and minutes), "00:30:00" or "30"
// (minutes). "" is 0.
func parseLength(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if text == "" {
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

// parseStart parses the start of an event. date is a full date and time, in zone unless it has its
// own, or just a date; then start is the time of day. Without a date, the start is zero.
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

// inZone returns a moment in the conference's time zone, so that pages show the schedule's local
// times. If zone is UTC, the conference's is unknown, and t stays in its own.
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

// isInvisible reports whether r is a control character other than a line feed or tab, or one that
// changes the direction of text.
func isInvisible(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// plainText returns a text without HTML and invisible characters, with an empty line between
// paragraphs.
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

// singleLine returns a text on one line, without HTML and invisible characters.
func singleLine(text string) string { return strings.Join(strings.Fields(plainText(text)), " ") }

// loadZone returns the time zone with an IANA name, or UTC if it is unknown.
func loadZone(name string) *time.Location {
	if z, err := time.LoadLocation(strings.TrimSpace(name)); err == nil && name != "" {
		return z
	}
	return time.UTC
}

// add parses an event and appends it to p.Events, or appends a note to p.Notes if it is not a talk.
// p.Zone must be set before the first call. The error is that of parse.
func (p *Programme) add(name string, r rawEvent) error {
	if p.zone == nil {
		p.zone = loadZone(p.Zone)
	}
	e, skipped, err := r.parse(name, p.zone)
	if err != nil {
		return err
	}
	if skipped != "" {
		p.Notes = append(p.Notes, skipped)
		return nil
	}
	p.Events = append(p.Events, e)
	return nil
}

// uniquePersons returns persons without those whose name and id both equal those of an earlier one.
func uniquePersons(list []conference.Person) (all []conference.Person) {
	for _, p := range list {
		if !slices.ContainsFunc(all, func(o conference.Person) bool { return o.Name == p.Name && o.ID == p.ID }) {
			all = append(all, p)
		}
	}
	return all
}

// formatMinutes returns a number of minutes as schedules write it, such as "1:30".
func formatMinutes(n int) string { return fmt.Sprintf("%d:%02d", n/60, n%60) }
