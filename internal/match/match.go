// Package match says which talks a recording may be of, by its name, when it began, and
// the programme. A person confirms.
package match

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Slot is a talk in the programme.
type Slot struct {
	Slug, Title, GUID, ID, Room string
	Speakers                    []string
	Start                       time.Time // zero: nobody said
	Length                      time.Duration
}

// Recording is what is known of one before anybody watched it.
type Recording struct {
	Name   string         // of the file
	Start  time.Time      // zero: look for it in the name
	Length time.Duration  // zero: not known
	Room   string         // where it was handed in; "" is not known
	Zone   *time.Location // of the conference, in which names tell the time
}

// Candidate is a talk that a recording may be of.
type Candidate struct {
	Slug     string
	Score    int           // higher is likelier; means nothing else
	Reasons  []string      // in words, the weightiest first
	From, To time.Duration // where to cut, from the recording's begin; both zero: not known
}

// cutMargin is kept before and after a slot: talks begin early and end late.
const cutMargin = time.Minute

// Rank is the talks that a recording may be of, the likeliest first; none where nothing
// speaks for any.
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

func scoreTalk(r Recording, s Slot) (p Candidate) {
	p.Slug = s.Slug
	name := normalizeWords(r.Name)
	count := func(score int, reason string, args ...any) {
		p.Score += score
		p.Reasons = append(p.Reasons, fmt.Sprintf(reason, args...))
	}
	switch {
	case containsWords(name, s.GUID), len(s.ID) > 2 && containsWords(name, s.ID):
		count(100, "the name has the talk's id")
	case containsWords(name, s.Slug):
		count(80, "the name has the talk's short name")
	case containsWords(name, s.Title):
		count(80, "the name has the talk's title")
	}
	for _, speaker := range s.Speakers {
		if containsWords(name, speaker) {
			count(30, "the name has the speaker %s", speaker)
		}
	}
	inRoom := s.Room != "" && (normalizeWords(r.Room) == normalizeWords(s.Room) || r.Room == "" && containsWords(name, s.Room))
	elsewhere := r.Room != "" && s.Room != "" && !inRoom
	from, to := s.Start.Sub(r.Start), s.Start.Add(s.Length).Sub(r.Start)
	if r.Start.IsZero() || s.Start.IsZero() || r.Length <= 0 || to <= 0 || from >= r.Length {
		return p
	}
	p.From, p.To = max(0, from-cutMargin), min(r.Length, to+cutMargin)
	if elsewhere {
		return p // another room at the same time says nothing
	}
	lies := "lies partly within it"
	score := 20
	if from >= 0 && to <= r.Length {
		lies, score = "lies whole within it", 40
	}
	zone := cmp.Or(r.Zone, time.UTC)
	when := s.Start.In(zone).Format("15:04") + "–" + s.Start.Add(s.Length).In(zone).Format("15:04")
	if inRoom {
		count(score+20, "room and time fit: %s in %s %s", when, s.Room, lies)
	} else {
		count(score/2, "the time fits: %s %s", when, lies)
	}
	return p
}

var datePattern = regexp.MustCompile(`(?:^|\D)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_ T.]{0,3}(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?(Z?)(?:\D|$)`)

// StartFromName is when a recording began as its name tells it, in a time zone unless it says Z;
// false if it does not.
func StartFromName(name string, zone *time.Location) (time.Time, bool) {
	m := datePattern.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false
	}
	if zone = cmp.Or(zone, time.UTC); m[7] == "Z" {
		zone = time.UTC
	}
	t, err := time.ParseInLocation("20060102150405", strings.Join(m[1:6], "")+cmp.Or(m[6], "00"), zone)
	return t, err == nil
}

// normalizeWords is the words of a text in lower case, with a space around each.
func normalizeWords(s string) string {
	f := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	return " " + strings.Join(f, " ") + " "
}

// containsWords reports whether a name, as words, has a text in it.
func containsWords(name, text string) bool {
	w := normalizeWords(text)
	return len(w) > 3 && strings.Contains(name, w)
}
