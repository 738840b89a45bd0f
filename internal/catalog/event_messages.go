package catalog

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/message"
)

// EventEnglish puts the messages of events into words: what happened, without who and when.
// Fields of a talk and of its scheduling are named as in JSON; those that are not listed use
// "talk" and "scheduling".
var EventEnglish = message.Templates{
	"talk":                     "changed {field}",
	"talk.slug":                "added the talk",
	"talk.title":               "changed the title",
	"talk.titles":              "changed the translated titles",
	"talk.kind":                "changed the kind of session",
	"talk.speakers":            "changed the speakers",
	"talk.language":            "changed the language",
	"talk.conference":          "changed the conference's name",
	"talk.abstract":            "changed the abstract",
	"talk.abstracts":           "changed the translated abstracts",
	"talk.tags":                "changed the tags",
	"talk.licence":             "changed the licence",
	"talk.date":                "changed the date",
	"talk.url":                 "changed the talk's page",
	"talk.links":               "changed the links",
	"talk.chapters":            "changed the chapters",
	"talk.length":              "changed the length of the slot",
	"scheduling":               "changed {field} in the schedule",
	"scheduling.guid":          "changed the id in the schedule",
	"scheduling.event":         "changed the id in the schedule",
	"scheduling.room":          "changed the room",
	"scheduling.start":         "changed the start",
	"scheduling.track":         "changed the track of the programme",
	"scheduling.persons":       "changed the details of the speakers",
	"scheduling.priority":      "changed the priority",
	"scheduling.do_not_record": "changed whether the talk may be recorded",
	"scheduling.embargo":       "changed the embargo",
	"conference":               "changed the conference",
	"treatment":                "changed the processing of sound and picture",
	"recordings":               "changed the recordings",
	"cut":                      "changed the cut",
	"channels":                 "changed the audio channels",
	"out":                      "changed the directory of the bundle",
	"pipeline":                 "changed the pipeline",
	"pipeline_text":            "the pipeline's definition changed",
	"salt":                     "restarted the encoding of {rendition}",
	"track":                    "saved the subtitles in {language} (revision {revision})",
	"track.file":               "saved the subtitles in {language} (revision {revision}, {file})",
	"track.removed":            "removed the subtitles in {language}",
	"translation":              "saved the translation into {language} (revision {revision})",
	"translation.why":          "saved the translation into {language} (revision {revision}: {why})",
	"upload":                   "matched a subtitle file in {language} to the programme it was made for",
	"edition":                  "the programme changed",
	"published":                "the bundle is ready",
	"verdict.approved":         "approved the video",
	"verdict.approved.comment": "approved the video: {comment}",
	"verdict.wrong":            "reported a problem",
	"verdict.wrong.comment":    "reported a problem: {comment}",
	"release.requested":        "asked for the release",
	"release.blocked":          "asked for the release, which is blocked: {reason}",
	"release.done":             "the talk was released",
	"release.cancelled":        "cancelled the release",
	"claim.claimed":            "claimed the translation into {language}",
	"claim.released":           "gave up the translation into {language}",
	"link.created":             "created a link for {name}",
	"link.revoked":             "revoked a link",
	"arrival.added":            "uploaded the recording {name}",
	"arrival.new":              "put the recording {id} back to the unassigned ones",
	"arrival.taken":            "assigned the recording {id}",
	"arrival.dismissed":        "dismissed the recording {id}",
	"setting":                  "changed the setting {name}",
}

// Message returns what happened as a message of [EventEnglish], which can be translated. The code
// of an event that it does not know is its What.
func (e Event) Message() message.Message {
	key, detail, _ := strings.Cut(e.What, ".")
	switch key {
	case "talk", "scheduling":
		if _, known := EventEnglish[e.What]; known {
			return message.New(e.What)
		}
		return message.New(key, "field", detail)
	case "salt":
		return message.New(key, "rendition", detail)
	case "setting":
		return message.New(key, "name", detail)
	case "upload":
		return message.New(key, "language", detail)
	case "track":
		return trackEventMessage(detail, e.New)
	case "translation":
		return translationEventMessage(detail, e.New)
	case "claim":
		if e.New == nil {
			return message.New("claim.released", "language", detail)
		}
		return message.New("claim.claimed", "language", detail)
	case "verdict":
		return verdictEventMessage(stringOrEmpty(e.New))
	case "release":
		return releaseEventMessage(e.New)
	case "link":
		return linkEventMessage(e.New)
	case "arrival":
		return recordingEventMessage(e.New)
	}
	return message.New(e.What)
}

func trackEventMessage(language string, now json.RawMessage) message.Message {
	var t trackEvent
	if now == nil || json.Unmarshal(now, &t) != nil {
		return message.New("track.removed", "language", language)
	}
	if t.File == "" {
		return message.New("track", "language", language, "revision", strconv.Itoa(t.Revision))
	}
	return message.New("track.file", "language", language, "revision", strconv.Itoa(t.Revision), "file", t.File)
}

func translationEventMessage(language string, now json.RawMessage) message.Message {
	var t translationEvent
	_ = json.Unmarshal(now, &t) // an event that cannot be read is revision 0
	if t.Why == "" {
		return message.New("translation", "language", language, "revision", strconv.Itoa(t.Number))
	}
	return message.New("translation.why", "language", language, "revision", strconv.Itoa(t.Number), "why", t.Why)
}

// verdictEventMessage returns the message for a verdict as AddReview records it: the verdict, a
// space, then the comment.
func verdictEventMessage(text string) message.Message {
	verdict, comment, _ := strings.Cut(text, " ")
	if comment == "" {
		return message.New("verdict." + verdict)
	}
	return message.New("verdict."+verdict+".comment", "comment", comment)
}

// releaseEventMessage returns the message for what RequestRelease, RecordRelease and CancelRelease
// record.
func releaseEventMessage(now json.RawMessage) message.Message {
	state, reason, _ := strings.Cut(stringOrEmpty(now), " ")
	switch {
	case now == nil:
		return message.New("release.cancelled")
	case state == releaseDone:
		return message.New("release.done")
	case reason == "":
		return message.New("release.requested")
	}
	return message.New("release.blocked", "reason", reason)
}

func linkEventMessage(now json.RawMessage) message.Message {
	if now == nil {
		return message.New("link.revoked")
	}
	var link struct{ Name, Role, Language string }
	_ = json.Unmarshal(now, &link) // an event that cannot be read has no name
	return message.New("link.created", "name", link.Name, "role", link.Role, "language", link.Language)
}

func recordingEventMessage(now json.RawMessage) message.Message {
	var a struct{ ID, Name, State string }
	_ = json.Unmarshal(now, &a) // an event that cannot be read is one without a name
	if a.State == "" {
		return message.New("arrival.added", "id", a.ID, "name", a.Name)
	}
	return message.New("arrival."+a.State, "id", a.ID)
}

// stringOrEmpty returns the string that value holds as JSON, or "" if it holds no string.
func stringOrEmpty(value json.RawMessage) (text string) {
	_ = json.Unmarshal(value, &text) // not a string
	return text
}
