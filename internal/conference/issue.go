package conference

import "time"

// Issue is a problem of a talk's recordings: what it is, where, and what can be done.
type Issue struct {
	Kind      string     `json:"kind"`                // see the constants
	Recording string     `json:"recording,omitempty"` // its name; "": the talk as a whole
	Spans     []ReelSpan `json:"spans,omitempty"`     // where; empty: everywhere, or at no particular time
	Message   string     `json:"words"`               // what the problem is, for people
	Hint      string     `json:"try,omitempty"`       // what to do about it
}

// ReelSpan is a part of the reel, in reel time.
type ReelSpan struct {
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
}

// The kinds of troubles.
const (
	IssueNoAudio           = "no-sound"     // there is no audio stream
	IssueSilent            = "silent"       // silence, all the time or for a while
	IssueDeadChannel       = "dead-channel" // one channel is silent
	IssueOppositePhase     = "opposite"     // the channels cancel each other out
	IssueClipped           = "clipped"      // the recording level was too high
	IssueHum               = "hum"          // mains hum
	IssueNoSpeech          = "no-speech"    // there is sound, but no speech
	IssueBlack             = "black"        // the picture is black for a while
	IssueFrozen            = "frozen"       // the picture stands still
	IssueVariableFrameRate = "variable"     // frames come at varying intervals
	IssueGap               = "gap"          // a stretch of time was not recorded
	IssueClockJump         = "jump"         // the recorder's clock was set
	IssueDesync            = "desync"       // picture and sound do not begin or end together
	IssueTooShort          = "short"        // for its slot
	IssueTooLong           = "long"         // for its slot
	IssueSilentEnds        = "silent-ends"  // silence before and after the talk
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
