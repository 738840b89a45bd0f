package conference

import (
	"time"

	"github.com/lectern-av/lectern/internal/message"
)

// Scheduling is a talk's place in the programme of its conference, and whether it may be
// published. No output depends on it.
type Scheduling struct {
	GUID     string    `json:"guid,omitempty"`     // assigned by the schedule; never changes
	Event    string    `json:"event,omitempty"`    // id assigned by the schedule
	Room     string    `json:"room,omitempty"`     //
	Start    time.Time `json:"start,omitzero"`     // zero: unknown
	Stream   string    `json:"track,omitempty"`    // which schedules call a track
	Persons  []Person  `json:"persons,omitempty"`  // the speakers of whom more than the name is known
	Priority int       `json:"priority,omitempty"` // higher goes first; 0 is normal

	DoNotRecord bool      `json:"do_not_record,omitempty"` // must never be published
	Embargo     time.Time `json:"embargo,omitzero"`        // must not be published before; zero: no embargo
}

// Person is a speaker, as a schedule describes them.
type Person struct {
	Name  string `json:"name"`
	ID    string `json:"id,omitempty"` // assigned by the schedule
	Email string `json:"email,omitempty"`
}

// BlockerEnglish puts the reasons why a talk may not be published into words.
var BlockerEnglish = message.Templates{
	"do-not-record": "the programme says that it must not be recorded",
	"embargo":       "it is under embargo until {until}",
}

// PublishBlocker returns in English why a talk may not be published at a time, or "" if it may.
func (s Scheduling) PublishBlocker(now time.Time) string {
	m, blocked := s.PublishBlockerMessage(now)
	if !blocked {
		return ""
	}
	return BlockerEnglish.Format(m)
}

// PublishBlockerMessage returns why a talk may not be published at a time, as a message of
// [BlockerEnglish]. blocked is false if it may.
func (s Scheduling) PublishBlockerMessage(now time.Time) (m message.Message, blocked bool) {
	switch {
	case s.DoNotRecord:
		return message.New("do-not-record"), true
	case now.Before(s.Embargo):
		return message.New("embargo", "until", s.Embargo.Format("2006-01-02 15:04 MST")), true
	}
	return message.Message{}, false
}
