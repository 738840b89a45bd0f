package conference

import "time"

// Issue is a problem of a talk's recordings: what it is, where, and what can be done.
type Issue struct {
	Kind      IssueKind  `json:"kind"`                // see the constants
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

// IssueKind identifies a kind of issue. It is stable: translations refer to it.
type IssueKind string

// The kinds of issues.
const (
	IssueNoAudio           IssueKind = "no-sound"     // there is no audio stream
	IssueSilent            IssueKind = "silent"       // silence, all the time or for a while
	IssueDeadChannel       IssueKind = "dead-channel" // one channel is silent
	IssueOppositePhase     IssueKind = "opposite"     // the channels cancel each other out
	IssueClipped           IssueKind = "clipped"      // the recording level was too high
	IssueHum               IssueKind = "hum"          // mains hum
	IssueNoSpeech          IssueKind = "no-speech"    // there is sound, but no speech
	IssueBlack             IssueKind = "black"        // the picture is black for a while
	IssueFrozen            IssueKind = "frozen"       // the picture stands still
	IssueVariableFrameRate IssueKind = "variable"     // frames come at varying intervals
	IssueGap               IssueKind = "gap"          // a stretch of time was not recorded
	IssueClockJump         IssueKind = "jump"         // the recorder's clock was set
	IssueDesync            IssueKind = "desync"       // picture and sound do not begin or end together
	IssueTooShort          IssueKind = "short"        // for its slot
	IssueTooLong           IssueKind = "long"         // for its slot
	IssueSilentEnds        IssueKind = "silent-ends"  // silence before and after the talk
	IssueTimecode          IssueKind = "timecode"     // a channel has timecode instead of sound
	IssueChannelChoice     IssueKind = "channels"     // the voice was looked for on several streams or channels
	IssueClicks            IssueKind = "clicks"       // far louder than anything else
	IssueLoudness          IssueKind = "loudness"     // the programme misses the loudness asked for
	IssueAmplified         IssueKind = "amplified"    // the sound was raised very much, with its noise
	IssueUnevenReel        IssueKind = "uneven"       // the recordings are not equally loud
	IssueQuietParts        IssueKind = "quiet-parts"  // some speak much softer than others
	IssueSoundChanges      IssueKind = "sound-change" // the format of the sound changes
)

// String returns the issue as one line: the recording, the message and the hint.
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
