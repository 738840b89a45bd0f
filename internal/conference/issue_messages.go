package conference

import "github.com/lectern-av/lectern/internal/message"

// NewIssue returns an issue in the words of IssueEnglish. variant tells sentences of one kind
// apart, and may be "". Pairs are the values of sentence and hint, as for message.New.
func NewIssue(kind IssueKind, variant string, spans []ReelSpan, pairs ...string) Issue {
	code := string(kind)
	if variant != "" {
		code += "." + variant
	}
	m := message.New(code, pairs...)
	i := Issue{Kind: kind, Spans: spans, Message: IssueEnglish.Format(m)}
	m.Code += ".hint"
	i.Hint = IssueEnglish.Format(m)
	return i
}

// IssueEnglish are the sentences of issues, by KIND.VARIANT, their hints, and under part the parts
// that their values may be lists of.
//
// They are part of a bundle's key and of its manifest: rewording one makes every bundle with that
// issue anew. Pages recognize the stored sentences by these templates.
var IssueEnglish = message.Templates{
	"no-sound":                     "the recording has no sound",
	"no-sound.hint":                "Hand in the recording that has the speaker's voice",
	"silent":                       "the sound is silent from beginning to end",
	"silent.hint":                  "Hand in the recording that has the speaker's voice, or say which stream it is under sound: in the talk's file",
	"silent.pause":                 "nothing is heard {where}",
	"silent.pause.hint":            "If it is a break, leave it out: give --cut for what comes before and after",
	"dead-channel.right":           "the right channel is silent; the left one is used on both sides",
	"dead-channel.right.hint":      channelsHint,
	"dead-channel.left":            "the left channel is silent; the right one is used on both sides",
	"dead-channel.left.hint":       channelsHint,
	"opposite":                     "the two channels are opposites of one another and would cancel out on a single loudspeaker; the left one is used on both sides",
	"opposite.hint":                channelsHint,
	"dead-channel.left-part":       "the left channel is silent {where}",
	"dead-channel.left-part.hint":  "With --channels right the other is used on both sides",
	"dead-channel.right-part":      "the right channel is silent {where}",
	"dead-channel.right-part.hint": "With --channels left the other is used on both sides",
	"clipped.one":                  "the sound is clipped in 1 place, {where}",
	"clipped.one.hint":             clippedHint,
	"clipped.many":                 "the sound is clipped in {n} places, {where}",
	"clipped.many.hint":            clippedHint,
	"hum":                          "the mains hum at {hz} Hz, {level} dB under the talk",
	"hum.hint":                     "Say high-pass: {cutoff} under sound: in the talk's file, and listen",
	"no-speech":                    "there is sound, but hardly any speech in it",
	"no-speech.hint":               "Listen to it: is it the right recording, and was the microphone on?",
	"black":                        "the picture is black {where}",
	"black.hint":                   blackHint,
	"black.about":                  "the picture is black {where} (give or take {about} s)",
	"black.about.hint":             blackHint,
	"frozen":                       "the picture is the same from beginning to end",
	"frozen.hint":                  "See whether it is the right recording, or one of a camera that hung",
	"frozen.part":                  "the picture stands still {where}, and moves all the time elsewhere",
	"frozen.part.hint":             frozenHint,
	"frozen.about":                 "the picture stands still {where}, and moves all the time elsewhere (give or take {about} s)",
	"frozen.about.hint":            frozenHint,
	"variable":                     "pictures come at varying intervals; they are taken at {rate} a second",
	"variable.hint":                "Nothing need be done; the programme has a constant rate",
	"gap.picture":                  "no picture was recorded {where}; the last picture stays there",
	"gap.picture.hint":             gapHint,
	"gap.sound":                    "no sound was recorded {where}; there is silence there",
	"gap.sound.hint":               gapHint,
	"jump":                         "the clock jumps {jumps}, as where a recorder was started again; what comes after follows at once",
	"jump.hint":                    "Have a look there; what is missing was not recorded",
	"desync":                       "picture and sound do not go together: the sound begins {begins} and ends {ends}",
	"desync.hint":                  "See whether lips and voice agree near the end; if not, export it anew",
	"short":                        lengthText,
	"short.hint":                   "Is a recording missing, or does --cut leave out too much?",
	"long":                         lengthText,
	"long.hint":                    "Give --cut for what belongs to the talk",
	"silent-ends.start":            "silence until {start}",
	"silent-ends.start.hint":       silentEndsHint,
	"silent-ends.end":              "silence after {end}",
	"silent-ends.end.hint":         silentEndsHint,
	"silent-ends.both":             "silence until {start} and after {end}",
	"silent-ends.both.hint":        silentEndsHint,

	"part.span":    "from {from} to {to}",
	"part.at":      "at {from}",
	"part.one":     "and 1 more time",
	"part.many":    "and {n} more times",
	"part.forward": "forward by {by} at {at}",
	"part.back":    "back by {by} at {at}",
	"part.after":   "{by} s after the picture",
	"part.before":  "{by} s before it",
	"part.with":    "with it",
}

// Sentences that several variants share.
const (
	channelsHint   = "--channels decides it otherwise"
	clippedHint    = "What was lost does not come back: use another recording of the sound, if there is one"
	blackHint      = "If nothing is to be seen there, cut it out, or look for another recording"
	frozenHint     = "The camera may have hung: look for another recording of that part"
	gapHint        = "Copy it again from the camera; if that is no better, cut it out"
	lengthText     = "{kept} is kept of the recordings, and the slot is of {slot}"
	silentEndsHint = "To leave it out: --cut {cut}"
)
