package conference

import "time"

// Trouble is something about a talk's recordings that a person should know: what it is,
// where, and what can be done.
type Trouble struct {
	Kind      string    `json:"kind"`                // for programs: see the constants
	Recording string    `json:"recording,omitempty"` // its name; "": the talk as a whole
	Spans     []Stretch `json:"spans,omitempty"`     // where; none: all of it, or nowhere in particular
	Words     string    `json:"words"`               // for people
	Try       string    `json:"try,omitempty"`       // what can be done
}

// Stretch is a part of the reel, in reel time.
type Stretch struct {
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
}

// The kinds of troubles.
const (
	NoSound     = "no-sound"     // there is no sound stream
	Silent      = "silent"       // nothing is heard, all the time or for a while
	DeadChannel = "dead-channel" // on one side alone
	Opposite    = "opposite"     // the sides cancel out
	Clipped     = "clipped"      // the sound was too loud for what recorded it
	Humming     = "hum"          // of the mains
	Speechless  = "no-speech"    // there is sound, but nobody speaks
	Black       = "black"        // nothing is seen for a while
	Frozen      = "frozen"       // the picture hangs
	Variable    = "variable"     // pictures come at varying intervals
	Gap         = "gap"          // time for which nothing was recorded
	Jump        = "jump"         // the clock was set to another time
	Desync      = "desync"       // picture and sound do not begin or end together
	TooShort    = "short"        // for its slot
	TooLong     = "long"         // for its slot
	SilentEnds  = "silent-ends"  // before and after the talk
)

// String is the trouble in a line.
func (t Trouble) String() string {
	s := t.Words
	if t.Recording != "" {
		s = t.Recording + ": " + s
	}
	if t.Try != "" {
		s += ". " + t.Try
	}
	return s
}
