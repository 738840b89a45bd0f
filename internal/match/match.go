// Package match suggests which talks a recording may be of, by its file name, its start and
// the schedule. A person confirms the choice.
package match

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lectern-av/lectern/internal/message"
)

// Slot is a talk in the schedule.
type Slot struct {
	Slug, Title, GUID, ID, Room string
	Speakers                    []string
	Start                       time.Time // zero if unknown
	Length                      time.Duration
}

// Recording is what is known of a recording before it is analysed.
type Recording struct {
	Name   string         // of the file
	Start  time.Time      // zero to take it from the name
	Length time.Duration  // zero if unknown
	Room   string         // in which it was recorded; "" if unknown
	Zone   *time.Location // of times in file names
}

// Candidate is a talk that a recording may be of.
type Candidate struct {
	Slug     string
	Score    int           // only for comparison: higher is more likely
	Reasons  []Reason      // most important first
	From, To time.Duration // the range to keep, from the recording's start; both zero if unknown
}

// cutMargin is added before and after a slot, as talks begin early and end late.
const cutMargin = time.Minute

// Rank returns the talks that a recording may be of, most likely first; among equally likely ones
// the earliest in the recording is first. It returns none if there is no evidence for any. If r has
// no start, the one in its file name is used.
func Rank(r Recording, programme []Slot) []Candidate {
	if r.Start.IsZero() {
		r.Start, _ = StartFromName(r.Name, r.Zone)
	}
	var all []Candidate
	for _, s := range programme {
		if p := scoreTalk(r, s); p.Score > 0 {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.From, b.From))
	})
	return all
}

// Reason is evidence that a recording is of a talk.
type Reason struct{ message.Message }

// String returns the reason in English.
func (r Reason) String() string { return English.Format(r.Message) }

// English puts reasons into words.
var English = message.Templates{
	"name-has-id":              "the file name has the talk's id",
	"name-has-slug":            "the file name has the talk's short name",
	"name-has-title":           "the file name has the talk's title",
	"name-has-speaker":         "the file name has the speaker {speaker}",
	"time-fits":                "the time fits: {slot} was recorded",
	"time-fits.partly":         "the time fits: {slot} was partly recorded",
	"room-and-time-fit":        "room and time fit: {slot} in {room} was recorded",
	"room-and-time-fit.partly": "room and time fit: {slot} in {room} was partly recorded",
}

func (c *Candidate) add(score int, code string, pairs ...string) {
	c.Score += score
	c.Reasons = append(c.Reasons, Reason{message.New(code, pairs...)})
}

// scoreTalk returns the talk in a slot as a candidate, with a score for all that suggests that the
// recording is of it.
func scoreTalk(r Recording, s Slot) Candidate {
	c := Candidate{Slug: s.Slug}
	c.matchName(r, s)
	c.matchTime(r, s)
	return c
}

// matchName raises the score if the recording's name contains the talk's GUID or id, its slug or
// its title, of which only the first that is found counts, and for each speaker in the name. An id
// of one or two characters does not count.
func (c *Candidate) matchName(r Recording, s Slot) {
	name := normalizeWords(r.Name)
	switch {
	case containsWords(name, s.GUID), len(s.ID) > 2 && containsWords(name, s.ID):
		c.add(100, "name-has-id")
	case containsWords(name, s.Slug):
		c.add(80, "name-has-slug")
	case containsWords(name, s.Title):
		c.add(80, "name-has-title")
	}
	for _, speaker := range s.Speakers {
		if containsWords(name, speaker) {
			c.add(30, "name-has-speaker", "speaker", speaker)
		}
	}
}

// matchTime sets the range to keep to the slot with cutMargin on both sides, if the recording
// overlaps the slot. The overlap raises the score most if the recording's room, or else its name,
// is that of the slot, less if a room is unknown, and not at all if the rooms differ.
func (c *Candidate) matchTime(r Recording, s Slot) {
	from, to := s.Start.Sub(r.Start), s.Start.Add(s.Length).Sub(r.Start)
	if r.Start.IsZero() || s.Start.IsZero() || r.Length <= 0 || to <= 0 || from >= r.Length {
		return
	}
	c.From, c.To = max(0, from-cutMargin), min(r.Length, to+cutMargin)
	zone := cmp.Or(r.Zone, time.UTC)
	slot := s.Start.In(zone).Format("15:04") + "–" + s.Start.Add(s.Length).In(zone).Format("15:04")
	score, partly := 40, ""
	if from < 0 || to > r.Length {
		score, partly = 20, ".partly"
	}
	inRoom := s.Room != "" && (normalizeWords(r.Room) == normalizeWords(s.Room) || r.Room == "" && containsWords(normalizeWords(r.Name), s.Room))
	switch {
	case inRoom:
		c.add(score+20, "room-and-time-fit"+partly, "slot", slot, "room", s.Room)
	case r.Room == "" || s.Room == "":
		c.add(score/2, "time-fits"+partly, "slot", slot)
	}
}

var datePattern = regexp.MustCompile(`(?:^|\D)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_ T.]{0,3}(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?(Z?)(?:\D|$)`)

// StartFromName returns the start of a recording from the date and time in its file name. They are
// in zone, or in UTC if the name says Z or zone is nil. The second result is false if the name has
// none.
func StartFromName(name string, zone *time.Location) (time.Time, bool) {
	m := datePattern.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false
	}
	zone = cmp.Or(zone, time.UTC)
	if m[7] == "Z" {
		zone = time.UTC
	}
	t, err := time.ParseInLocation("20060102150405", strings.Join(m[1:6], "")+cmp.Or(m[6], "00"), zone)
	return t, err == nil
}

// normalizeWords returns the words of a text in lower case, separated by single spaces, with a
// space at either end.
func normalizeWords(s string) string {
	f := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	return " " + strings.Join(f, " ") + " "
}

// containsWords reports whether the words of text follow one another in name, which is from
// [normalizeWords]. A text of a single ASCII letter or digit is never found.
func containsWords(name, text string) bool {
	w := normalizeWords(text)
	return len(w) > 3 && strings.Contains(name, w)
}
