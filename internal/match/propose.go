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
	Begin  time.Time      // zero: look for it in the name
	Length time.Duration  // zero: not known
	Room   string         // where it was handed in; "" is not known
	Zone   *time.Location // of the conference, in which names tell the time
}

// Proposal is a talk that a recording may be of.
type Proposal struct {
	Slug     string
	Score    int           // higher is likelier; means nothing else
	Reasons  []string      // in words, the weightiest first
	From, To time.Duration // where to cut, from the recording's begin; both zero: not known
}

// margin is kept before and after a slot: talks begin early and end late.
const margin = time.Minute

// Talks is the talks that a recording may be of, the likeliest first; none where nothing
// speaks for any.
func Talks(r Recording, programme []Slot) []Proposal {
	if r.Begin.IsZero() {
		r.Begin, _ = Began(r.Name, r.Zone)
	}
	var all []Proposal
	for _, s := range programme {
		if p := weigh(r, s); p.Score > 0 {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.From, b.From))
	})
	return all
}

func weigh(r Recording, s Slot) (p Proposal) {
	p.Slug = s.Slug
	name := words(r.Name)
	count := func(score int, reason string, args ...any) {
		p.Score += score
		p.Reasons = append(p.Reasons, fmt.Sprintf(reason, args...))
	}
	switch {
	case holds(name, s.GUID), len(s.ID) > 2 && holds(name, s.ID):
		count(100, "the name has the talk's id")
	case holds(name, s.Slug):
		count(80, "the name has the talk's short name")
	case holds(name, s.Title):
		count(80, "the name has the talk's title")
	}
	for _, speaker := range s.Speakers {
		if holds(name, speaker) {
			count(30, "the name has the speaker %s", speaker)
		}
	}
	inRoom := s.Room != "" && (words(r.Room) == words(s.Room) || r.Room == "" && holds(name, s.Room))
	elsewhere := r.Room != "" && s.Room != "" && !inRoom
	from, to := s.Start.Sub(r.Begin), s.Start.Add(s.Length).Sub(r.Begin)
	if r.Begin.IsZero() || s.Start.IsZero() || r.Length <= 0 || to <= 0 || from >= r.Length {
		return p
	}
	p.From, p.To = max(0, from-margin), min(r.Length, to+margin)
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

var dated = regexp.MustCompile(`(?:^|\D)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_ T.]{0,3}(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?(Z?)(?:\D|$)`)

// Began is when a recording began as its name tells it, in a time zone unless it says Z;
// false if it does not.
func Began(name string, zone *time.Location) (time.Time, bool) {
	m := dated.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false
	}
	if zone = cmp.Or(zone, time.UTC); m[7] == "Z" {
		zone = time.UTC
	}
	t, err := time.ParseInLocation("20060102150405", strings.Join(m[1:6], "")+cmp.Or(m[6], "00"), zone)
	return t, err == nil
}

// words is the words of a text in lower case, with a space around each.
func words(s string) string {
	f := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	return " " + strings.Join(f, " ") + " "
}

// holds reports whether a name, as words, has a text in it.
func holds(name, text string) bool {
	w := words(text)
	return len(w) > 3 && strings.Contains(name, w)
}
