package conference

import "time"

// Scheduling is a talk's place in the programme of its conference, and whether it may be
// published. No output depends on it.
type Scheduling struct {
	GUID     string    `json:"guid,omitempty"`     // the schedule's own, for ever the same
	Event    string    `json:"event,omitempty"`    // the schedule's own id
	Room     string    `json:"room,omitempty"`     //
	Start    time.Time `json:"start,omitzero"`     // zero: nobody said
	Stream   string    `json:"track,omitempty"`    // the strand of the programme, which schedules call a track
	Persons  []Person  `json:"persons,omitempty"`  // the speakers, as far as more than their names is known
	Priority int       `json:"priority,omitempty"` // higher goes first; 0 is as usual

	DoNotRecord bool      `json:"do_not_record,omitempty"` // it must not be published, ever
	Embargo     time.Time `json:"embargo,omitzero"`        // it must not be published before; zero: it may at once
}

// Person is a speaker, as a schedule describes them.
type Person struct {
	Name  string `json:"name"`
	ID    string `json:"id,omitempty"` // the schedule's own
	Email string `json:"email,omitempty"`
}

// PublishBlocker returns why a talk may not be published at a time, in words for people; "" if
// it may.
func (s Scheduling) PublishBlocker(now time.Time) string {
	switch {
	case s.DoNotRecord:
		return "it is not to be recorded, says the programme"
	case now.Before(s.Embargo):
		return "it is under embargo until " + s.Embargo.Format("2006-01-02 15:04 MST")
	}
	return ""
}
