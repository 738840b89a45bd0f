package conference

import "github.com/lectern-av/lectern/internal/message"

// NewIssue returns an issue with a message and a hint from IssueEnglish. variant selects one of
// several sentences of a kind, and may be "". pairs are the names and values for both, as for
// message.New.
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
	"no-sound.hint":                "Upload the recording with the speaker's voice",
	"silent":                       "the sound is silent throughout",
	"silent.hint":                  "Upload the recording with the speaker's voice, or choose its stream under sound: in the talk's file",
	"silent.pause":                 "silence {where}",
	"silent.pause.hint":            "If this is a break, trim it (--cut keeps the parts before and after)",
	"dead-channel.right":           "the right channel is silent; the left one is used for both",
	"dead-channel.right.hint":      channelsHint,
	"dead-channel.left":            "the left channel is silent; the right one is used for both",
	"dead-channel.left.hint":       channelsHint,
	"opposite":                     "the channels have opposite phase and would cancel out in mono; the left one is used for both",
	"opposite.hint":                channelsHint,
	"dead-channel.left-part":       "the left channel is silent {where}",
	"dead-channel.left-part.hint":  "To use the right channel for both, choose it (--channels right)",
	"dead-channel.right-part":      "the right channel is silent {where}",
	"dead-channel.right-part.hint": "To use the left channel for both, choose it (--channels left)",
	"clipped.one":                  "the sound is clipped in 1 place, {where}",
	"clipped.one.hint":             clippedHint,
	"clipped.many":                 "the sound is clipped in {n} places, {where}",
	"clipped.many.hint":            clippedHint,
	"hum":                          "mains hum at {hz} Hz, {level} dB below the speech",
	"hum.hint":                     "Set high-pass: {cutoff} under sound: in the talk's file, then listen to the result",
	"no-speech":                    "there is sound, but almost no speech",
	"no-speech.hint":               "Check that this is the right recording and that the microphone was on",
	"black":                        "the picture is black {where}",
	"black.hint":                   blackHint,
	"black.about":                  "the picture is black {where} (within {about} s)",
	"black.about.hint":             blackHint,
	"frozen":                       "the picture never changes",
	"frozen.hint":                  "Check that this is the right recording; the camera may have frozen",
	"frozen.part":                  "the picture is frozen {where}; it moves everywhere else",
	"frozen.part.hint":             frozenHint,
	"frozen.about":                 "the picture is frozen {where} (within {about} s); it moves everywhere else",
	"frozen.about.hint":            frozenHint,
	"variable":                     "the frame rate varies; the video gets {rate} frames per second",
	"variable.hint":                "You don't need to do anything: the published video has a constant frame rate",
	"gap.picture":                  "no picture was recorded {where}; the last picture is shown",
	"gap.picture.hint":             gapHint,
	"gap.sound":                    "no sound was recorded {where}; it is silent",
	"gap.sound.hint":               gapHint,
	"jump":                         "the recorder's clock jumps {jumps}, as if it was restarted; the parts are joined without a gap",
	"jump.hint":                    "Watch that part; anything missing was not recorded",
	"desync":                       "picture and sound don't match: the sound starts {begins} and ends {ends}",
	"desync.hint":                  "Check that lips and voice match near the end; if not, export the recording again",
	"short":                        lengthText,
	"short.hint":                   "Check whether a recording is missing or too much was trimmed (--cut)",
	"long":                         lengthText,
	"long.hint":                    "Trim it to the talk (--cut)",
	"silent-ends.start":            "silence until {start}",
	"silent-ends.start.hint":       silentEndsHint,
	"silent-ends.end":              "silence after {end}",
	"silent-ends.end.hint":         silentEndsHint,
	"silent-ends.both":             "silence until {start} and after {end}",
	"silent-ends.both.hint":        silentEndsHint,

	"timecode":                      "the sound is timecode, not a voice",
	"timecode.hint":                 "Upload the recording with the speaker's voice",
	"timecode.right":                "the right channel has timecode instead of sound; the left one is used for both",
	"timecode.right.hint":           channelsHint,
	"timecode.left":                 "the left channel has timecode instead of sound; the right one is used for both",
	"timecode.left.hint":            channelsHint,
	"dead-channel.right-voice":      "there is no speech on the right channel; the left one is used for both",
	"dead-channel.right-voice.hint": channelsHint,
	"dead-channel.left-voice":       "there is no speech on the left channel; the right one is used for both",
	"dead-channel.left-voice.hint":  channelsHint,
	"opposite.right":                "the channels have opposite phase and would cancel out in mono; the right one is used for both",
	"opposite.right.hint":           channelsHint,
	"opposite.left-part":            "the channels have opposite phase {where} and would cancel out in mono there; the left one is used for both",
	"opposite.left-part.hint":       channelsHint,
	"opposite.right-part":           "the channels have opposite phase {where} and would cancel out in mono there; the right one is used for both",
	"opposite.right-part.hint":      channelsHint,
	"channels.stream":               "sound stream {used} is used, where speech is heard; {others}",
	"channels.stream.hint":          numbersHint,
	"channels.one":                  "channel {used} is used, where speech is heard; {others}",
	"channels.one.hint":             numbersHint,
	"channels.mix":                  "channels {used} are mixed, since each has speech that the others lack; {others}",
	"channels.mix.hint":             numbersHint,
	"channels.none":                 "no speech is heard on any channel; sound stream {used} is used; {others}",
	"channels.none.hint":            numbersHint,
	"clicks":                        "clicks far louder than the talk were limited {where}",
	"clicks.hint":                   "Listen to that part. To silence it, set mute: in the talk's file",
	"quiet-parts":                   "people speak much more softly {where}",
	"quiet-parts.hint":              "To even it out, set level: true under sound: in the talk's file",
	"uneven":                        "it is {by} dB softer than the loudest recording, and was raised to match",
	"uneven.hint":                   "Listen to where one recording follows the other",
	"sound-change":                  "the sound changes {where}: {before} becomes {after}; it was converted",
	"sound-change.hint":             "Listen to that part",
	"loudness":                      "the sound has {lufs} LUFS and a peak of {peak} dBTP instead of {target} and {ceiling}",
	"loudness.hint":                 "Listen to the video before you publish it",
	"amplified":                     "the sound was very quiet; it was raised by {by} dB, with its noise",
	"amplified.hint":                "Listen to the video before you publish it; another recording may be better",

	"part.is-voice":    "{at} has speech, too",
	"part.is-timecode": "{at} has timecode",
	"part.is-other":    "{at} has no speech",
	"part.is-silent":   "{at} is silent",
	"part.is-all":      "nothing else was recorded",

	"part.span":    "from {from} to {to}",
	"part.at":      "at {from}",
	"part.one":     "and 1 more time",
	"part.many":    "and {n} more times",
	"part.forward": "forward by {by} at {at}",
	"part.back":    "back by {by} at {at}",
	"part.after":   "{by} s after the picture",
	"part.before":  "{by} s before the picture",
	"part.with":    "with the picture",
}

// Sentences that several variants share.
const (
	numbersHint    = "To use other channels, choose them (--channels 2:1 is channel 1 of sound stream 2)"
	channelsHint   = "Choose other channels if this is wrong (--channels)"
	clippedHint    = "Clipped sound can't be restored: use another recording of the sound if you have one"
	blackHint      = "Trim that part, or use another recording"
	frozenHint     = "The camera may have frozen: use another recording of that part if you have one"
	gapHint        = "Copy the file from the camera again; if that doesn't help, trim that part"
	lengthText     = "the trimmed recordings last {kept}, but the slot lasts {slot}"
	silentEndsHint = "To trim it: --cut {cut}"
)
