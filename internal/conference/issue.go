package conference

import "time"

// Issue is a problem of a talk's recordings: what it is, where, and what can be done.
type Issue struct {
	Kind      string     `json:"kind"`                // for programs: see the constants
	Recording string     `json:"recording,omitempty"` // its name; "": the talk as a whole
	Spans     []ReelSpan `json:"spans,omitempty"`     // where; none: all of it, or nowhere in particular
	Message   string     `json:"words"`               // for people
	Hint      string     `json:"try,omitempty"`       // what can be done
}

// ReelSpan is a part of the reel, in reel time.
type ReelSpan struct {
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
}

// The kinds of troubles.
const (
	IssueNoAudio           = "no-sound"     // there is no sound stream
	IssueSilent            = "silent"       // nothing is heard, all the time or for a while
	IssueDeadChannel       = "dead-channel" // on one side alone
	IssueOppositePhase     = "opposite"     // the sides cancel out
	IssueClipped           = "clipped"      // the sound was too loud for what recorded it
	IssueHum               = "hum"          // of the mains
	IssueNoSpeech          = "no-speech"    // there is sound, but nobody speaks
	IssueBlack             = "black"        // nothing is seen for a while
	IssueFrozen            = "frozen"       // the picture hangs
	IssueVariableFrameRate = "variable"     // pictures come at varying intervals
	IssueGap               = "gap"          // time for which nothing was recorded
	IssueClockJump         = "jump"         // the clock was set to another time
	IssueDesync            = "desync"       // picture and sound do not begin or end together
	IssueTooShort          = "short"        // for its slot
	IssueTooLong           = "long"         // for its slot
	IssueSilentEnds        = "silent-ends"  // before and after the talk
)

// String formats the issue as one line.
func (t Issue) String() string {
	s := t.Message
	if t.Recording != "" {
		s = t.Recording + ": " + s
	}
	if t.Hint != "" {
		s += ". " + t.Hint
	}
	return s
}
