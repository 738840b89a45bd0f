package explain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

// Explainer knows what people call the recordings and tracks of which a talk's keys hold hashes.
type Explainer struct {
	recordings map[string]string // names by SHA-256
	tracks     map[action.Key]conference.Track
}

// New returns an Explainer that knows the names of all recordings that a talk has ever had, and the
// revisions of its tracks.
func New(ctx context.Context, c *catalog.Catalog, slug string) (Explainer, error) {
	e := Explainer{recordings: make(map[string]string), tracks: make(map[action.Key]conference.Track)}
	events, err := c.Events(ctx, slug)
	if err != nil {
		return e, err
	}
	for _, event := range events {
		var recordings []conference.Recording
		if event.What != "recordings" || event.New == nil {
			continue
		}
		if err := json.Unmarshal(event.New, &recordings); err != nil {
			return e, fmt.Errorf("recordings of %s: %w", slug, err)
		}
		for _, r := range recordings {
			e.recordings[r.SHA256] = r.Name
		}
	}
	revisions, err := c.Revisions(ctx, slug)
	if err != nil {
		return e, err
	}
	translated, err := translation.Service{Catalog: c}.ReleasableTracks(ctx, slug)
	for _, t := range append(revisions, translated...) {
		key, _ := plan.TrackKey(t)
		e.tracks[key] = t
	}
	return e, err
}

// inputText returns a clause for people that describes the change of an input. before is "" for a
// new input, and now is "" for a removed one. madeBy is the slot that makes the input now, or "" if
// it was submitted.
func (e Explainer) inputText(role string, before, now action.Key, madeBy string) string {
	name, _, _ := strings.Cut(role, "/")
	switch {
	case madeBy != "":
		return "its input " + madeBy + " changed"
	case now == "":
		return "it no longer reads " + role
	case name == plan.RoleRecording:
		return e.recordingText(string(before), string(now))
	case name == plan.RoleTrack:
		return e.trackText(before, now)
	case name == plan.RoleCueTimes:
		return "the times of cues changed"
	}
	return "the file submitted as " + role + " changed"
}

// recordingText returns a clause that describes the change of a recording. before and now are its
// SHA-256.
func (e Explainer) recordingText(before, now string) string {
	switch oldName, newName := e.recordings[before], e.recordings[now]; {
	case newName == "":
		return "the recording changed"
	case oldName == newName || oldName == "":
		return fmt.Sprintf("the content of the recording %s changed", newName)
	default:
		return fmt.Sprintf("the recording changed from %s to %s", oldName, newName)
	}
}

// trackText returns a clause about a changed track that lists the changed cues. If there are more
// than five, it lists four and the number of the others.
func (e Explainer) trackText(before, now action.Key) string {
	oldTrack, known := e.tracks[before]
	newTrack := e.tracks[now]
	if !known || newTrack.Language == "" {
		return "the subtitles changed"
	}
	text := fmt.Sprintf("the subtitles in %s changed", newTrack.Language)
	var cues []string
	for _, c := range compare.Compare(oldTrack.Cues, newTrack.Cues).Changes {
		switch {
		case c.Kind == compare.Unchanged && !c.Rebroken:
		case c.Kind == compare.Deleted:
			cues = append(cues, fmt.Sprintf("the old cue %d was deleted", c.Old[0].Index))
		case c.Kind == compare.Unchanged:
			cues = append(cues, fmt.Sprintf("the line breaks of cue %d changed", c.New[0].Index))
		default:
			cues = append(cues, fmt.Sprintf("cue %d was %s", c.New[0].Index, c.Kind))
		}
	}
	const maxListed = 4
	if more := len(cues) - maxListed; more > 1 {
		cues = append(cues[:maxListed], fmt.Sprintf("and %d more", more))
	}
	if len(cues) == 0 {
		return text
	}
	return text + ": " + strings.Join(cues, ", ")
}

// parameterText returns a clause that describes the change of the parameter at path. rate is that
// of the frame numbers, which are shown as times.
func (e Explainer) parameterText(path string, before, now json.RawMessage, rate timeline.Rate) string {
	if strings.HasPrefix(path, "edition.recordings") && isHash(before) && isHash(now) {
		return e.recordingText(unquote(before), unquote(now))
	}
	path = listIndex.ReplaceAllStringFunc(path, func(s string) string { // people count from one
		i, err := strconv.Atoi(s[1 : len(s)-1])
		if err != nil {
			return s
		}
		return fmt.Sprintf("[%d]", i+1)
	})
	for _, p := range parameterNames {
		m := p.path.FindStringSubmatchIndex(path)
		if m == nil {
			continue
		}
		name := string(p.path.ExpandString(nil, p.name, path, m))
		if m[1] < len(path) { // only a part of it changed
			return name + " changed"
		}
		return changeText(name, p.kind.format(before, rate), p.kind.format(now, rate))
	}
	return changeText(path, verbatim.format(before, rate), verbatim.format(now, rate))
}

// changeText returns a clause that describes how a value changed. name is what people call the
// value. A nil value is absent, and "" is one that is not shown. At most one of the two is nil.
func changeText(name string, before, now *string) string {
	switch {
	case before == nil && *now == "":
		return name + " was added"
	case now == nil && *before == "":
		return name + " was removed"
	case before == nil:
		return fmt.Sprintf("%s was added: %s", name, *now)
	case now == nil:
		return fmt.Sprintf("%s was removed; it was %s", name, *before)
	case *before == *now: // not shown, or shown without what differs
		return name + " changed"
	}
	return fmt.Sprintf("%s changed from %s to %s", name, *before, *now)
}

// listIndex matches an index in a path.
var listIndex = regexp.MustCompile(`\[\d+\]`)

// parameterNames names the parameters of actions by their paths. The first match counts; other
// parameters are called by their paths.
var parameterNames = []struct {
	path *regexp.Regexp
	name string // $1 stands for the first group of path
	kind valueKind
}{
	{regexp.MustCompile(`^(?:talk\.|metadata\.)?title$`), "the title", verbatim},
	{regexp.MustCompile(`^(?:talk\.)?speakers|^metadata\.artist$`), "the list of speakers", verbatim},
	{regexp.MustCompile(`^(?:talk\.)?conference$|^metadata\.album$`), "the conference's name", verbatim},
	{regexp.MustCompile(`^metadata\.copyright$`), "the licence", verbatim},
	{regexp.MustCompile(`^note$`), "the last line of the card", verbatim},
	{regexp.MustCompile(`^talk\.titles\.(.+)$`), "the title in $1", verbatim},
	{regexp.MustCompile(`^talk\.abstracts\.(.+)$`), "the abstract in $1", omitted},
	{regexp.MustCompile(`^talk\.abstract$`), "the abstract", omitted},
	{regexp.MustCompile(`^talk\.chapters`), "the list of chapters", omitted},
	{regexp.MustCompile(`^talk\.([a-z]+)`), "the talk's $1", verbatim},
	{regexp.MustCompile(`^conference\.description$`), "the description template", omitted},
	{regexp.MustCompile(`^conference\b`), "the conference's details", omitted},
	{regexp.MustCompile(`^tracks\[(.+)\]\.revision$`), "the revision of the subtitles in $1", verbatim},
	{regexp.MustCompile(`^tracks\[(.+)\]\.state$`), "the state of the subtitles in $1", verbatim},
	{regexp.MustCompile(`^tracks\[(.+)\]\.`), "the subtitle file in $1", omitted},
	{regexp.MustCompile(`^tracks\[(.+)\]$`), "the subtitle track in $1", omitted},
	{regexp.MustCompile(`^entries\[(.+?)\]`), "the content of $1", omitted},
	{regexp.MustCompile(`^edition(?:\.id|\.recordings.*)?$`), "the edition", omitted},
	{regexp.MustCompile(`(?:^|\.)(opening|closing)$`), "the length of the $1 card", frameCount},
	{regexp.MustCompile(`kept\[(\d+)\]\.from$|^pieces\[(\d+)\]\.range\.from$`), "the start of kept range $1$2", frameCount},
	{regexp.MustCompile(`kept\[(\d+)\]\.to$|^pieces\[(\d+)\]\.range\.to$`), "the end of kept range $1$2", frameCount},
	{regexp.MustCompile(`kept$|^pieces$`), "the list of kept ranges", omitted},
	{regexp.MustCompile(`^range\.from$`), "its start in the recording", frameCount},
	{regexp.MustCompile(`^range\.to$`), "its end in the recording", frameCount},
	{regexp.MustCompile(`^frames$`), "its length", frameCount},
	{regexp.MustCompile(`^lufs$`), "the loudness", verbatim},
	{regexp.MustCompile(`^subtitles$`), "its list of subtitle languages", verbatim},
	{regexp.MustCompile(`^salt$`), "the number of times that its segments could not be joined", verbatim},
	{regexp.MustCompile(`^encoding\.(.+)$`), "$1", verbatim},
	{regexp.MustCompile(`^pictures\.`), "the properties of the recording's video", omitted},
}

// valueKind says how the values of a parameter are shown.
type valueKind int

const (
	omitted valueKind = iota
	verbatim
	frameCount // as a time
)

// format returns a JSON value as text for people: nil if it is absent, "" if this kind of value is
// not shown. Frame numbers are at rate.
func (k valueKind) format(v json.RawMessage, rate timeline.Rate) *string {
	if v == nil {
		return nil
	}
	var n int64
	switch {
	case k == omitted || isHash(v):
		return new("")
	case k == frameCount && !rate.IsZero() && json.Unmarshal(v, &n) == nil:
		return new(timeline.FormatClock(rate.Time(n)))
	}
	return new(jsonText(v))
}

// jsonText returns a JSON value for people: a string in quotation marks, a list of strings
// separated by commas, both truncated. It returns "" for objects and other lists.
func jsonText(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return "“" + truncate(s) + "”"
	}
	var list []string
	if json.Unmarshal(v, &list) == nil {
		return truncate(strings.Join(list, ", "))
	}
	if bytes.ContainsAny(v, "{[") {
		return ""
	}
	return string(v)
}

func unquote(v json.RawMessage) string { return string(bytes.Trim(v, `"`)) }

// truncate returns s, cut to 60 characters of which the last is then an ellipsis.
func truncate(s string) string {
	const maxLength = 60
	if r := []rune(s); len(r) > maxLength {
		return string(r[:maxLength-1]) + "…"
	}
	return s
}
