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

// Explainer is what people call that of which a talk's keys hold only hashes.
type Explainer struct {
	recordings map[string]string // by content
	tracks     map[action.Key]conference.Track
}

// New is what the catalogue knows of a talk's recordings and tracks, those of earlier
// runs too.
func New(ctx context.Context, books *catalog.Catalog, slug string) (Explainer, error) {
	names := Explainer{make(map[string]string), make(map[action.Key]conference.Track)}
	events, err := books.Events(ctx, slug)
	if err != nil {
		return names, err
	}
	for _, e := range events {
		var recordings []conference.Recording
		if e.What != "recordings" || e.New == nil {
			continue
		}
		if err := json.Unmarshal(e.New, &recordings); err != nil {
			return names, fmt.Errorf("recordings of %s: %w", slug, err)
		}
		for _, r := range recordings {
			names.recordings[r.SHA256] = r.Name
		}
	}
	revisions, err := books.Revisions(ctx, slug)
	if err != nil {
		return names, err
	}
	translated, err := translation.Service{Catalog: books}.ReleasableTracks(ctx, slug)
	for _, t := range append(revisions, translated...) {
		key, _ := plan.TrackKey(t)
		names.tracks[key] = t
	}
	return names, err
}

// inputText says what became of an input, which was and is what these hashes stand for; made
// is the slot that makes it now, if one does.
func (n Explainer) inputText(role string, was, is action.Key, made string) string {
	name, _, _ := strings.Cut(role, "/")
	switch {
	case made != "":
		return "it is made of another " + made
	case is == "":
		return "it is made without " + role + " now"
	case name == "recording":
		return n.recordingText(string(was), string(is))
	case name == "track":
		return n.trackText(was, is)
	case name == "times":
		return "cues come at other times"
	}
	return "what was handed in as " + role + " is another"
}

func (n Explainer) recordingText(was, is string) string {
	switch old, now := n.recordings[was], n.recordings[is]; {
	case now == "":
		return "the recording is another file"
	case old == now || old == "":
		return fmt.Sprintf("the recording %s is another file than before", now)
	default:
		return fmt.Sprintf("the recording is %s; it was %s", now, old)
	}
}

// trackText says which cues are not what they were.
func (n Explainer) trackText(was, is action.Key) string {
	old, known := n.tracks[was]
	now := n.tracks[is]
	if !known || now.Language == "" {
		return "the subtitles changed"
	}
	said := fmt.Sprintf("the subtitles in %s changed", now.Language)
	var cues []string
	for _, c := range compare.Compare(old.Cues, now.Cues).Changes {
		switch {
		case c.Kind == compare.Unchanged && !c.Rebroken:
		case c.Kind == compare.Deleted:
			cues = append(cues, fmt.Sprintf("the old cue %d was deleted", c.Old[0].Index))
		case c.Kind == compare.Unchanged:
			cues = append(cues, fmt.Sprintf("cue %d was broken into other lines", c.New[0].Index))
		default:
			cues = append(cues, fmt.Sprintf("cue %d was %s", c.New[0].Index, c.Kind))
		}
	}
	const enough = 4
	if more := len(cues) - enough; more > 1 {
		cues = append(cues[:enough], fmt.Sprintf("and %d more", more))
	}
	if len(cues) == 0 {
		return said
	}
	return said + ": " + strings.Join(cues, ", ")
}

// parameterText says how a parameter changed. Frames among them are at rate.
func (n Explainer) parameterText(path string, old, now json.RawMessage, rate timeline.Rate) string {
	if strings.HasPrefix(path, "edition.recordings") && isHash(old) && isHash(now) {
		return n.recordingText(unquote(old), unquote(now))
	}
	path = listIndex.ReplaceAllStringFunc(path, func(s string) string { // people count from one
		i, err := strconv.Atoi(s[1 : len(s)-1])
		if err != nil {
			return s
		}
		return fmt.Sprintf("[%d]", i+1)
	})
	for _, t := range parameterNames {
		m := t.path.FindStringSubmatchIndex(path)
		if m == nil {
			continue
		}
		what := string(t.path.ExpandString(nil, t.says, path, m))
		if m[1] < len(path) { // a part of it
			return what + " changed"
		}
		return changeText(what, t.kind.format(old, rate), t.kind.format(now, rate))
	}
	return changeText(path, verbatim.format(old, rate), verbatim.format(now, rate))
}

// changeText is the sentence. A value of no words is not told, one of nil is none.
func changeText(what string, old, now *string) string {
	switch {
	case old == nil && *now == "":
		return what + " is new"
	case now == nil && *old == "":
		return what + " is gone"
	case old == nil:
		return fmt.Sprintf("%s is new: %s", what, *now)
	case now == nil:
		return fmt.Sprintf("%s is gone; it was %s", what, *old)
	case *old == *now: // told in no words, or different in what words leave out
		return what + " changed"
	}
	return fmt.Sprintf("%s changed from %s to %s", what, *old, *now)
}

// listIndex is a place in a list, as paths have it.
var listIndex = regexp.MustCompile(`\[\d+\]`)

// parameterNames are what people call the parameters of actions, by their paths. The first that
// fits counts; others are called by their paths.
var parameterNames = []struct {
	path *regexp.Regexp
	says string
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
	{regexp.MustCompile(`^talk\.([a-z]+)`), "what is said of the talk ($1)", verbatim},
	{regexp.MustCompile(`^conference\.description$`), "the template for descriptions", omitted},
	{regexp.MustCompile(`^conference\b`), "what is said of the conference", omitted},
	{regexp.MustCompile(`^tracks\[(.+)\]\.revision$`), "the revision of the subtitles in $1", verbatim},
	{regexp.MustCompile(`^tracks\[(.+)\]\.state$`), "the state of the subtitles in $1", verbatim},
	{regexp.MustCompile(`^tracks\[(.+)\]\.`), "the file with the subtitles in $1", omitted},
	{regexp.MustCompile(`^tracks\[(.+)\]$`), "the track of subtitles in $1", omitted},
	{regexp.MustCompile(`^entries\[(.+?)\]`), "what is laid out as $1", omitted},
	{regexp.MustCompile(`^edition(?:\.id|\.recordings.*)?$`), "the edition, as which the programme is known,", omitted},
	{regexp.MustCompile(`(?:^|\.)(opening|closing)$`), "the length of the $1 card", frameCount},
	{regexp.MustCompile(`kept\[(\d+)\]\.from$|^pieces\[(\d+)\]\.range\.from$`), "where kept range $1$2 begins", frameCount},
	{regexp.MustCompile(`kept\[(\d+)\]\.to$|^pieces\[(\d+)\]\.range\.to$`), "where kept range $1$2 ends", frameCount},
	{regexp.MustCompile(`kept$|^pieces$`), "the list of kept ranges", omitted},
	{regexp.MustCompile(`^range\.from$`), "where it begins in the recording", frameCount},
	{regexp.MustCompile(`^range\.to$`), "where it ends in the recording", frameCount},
	{regexp.MustCompile(`^frames$`), "its length", frameCount},
	{regexp.MustCompile(`^lufs$`), "the loudness", verbatim},
	{regexp.MustCompile(`^subtitles$`), "the list of languages in it", verbatim},
	{regexp.MustCompile(`^salt$`), "the number of times that its segments could not be joined", verbatim},
	{regexp.MustCompile(`^encoding\.(.+)$`), "$1", verbatim},
	{regexp.MustCompile(`^pictures\.`), "what was found out about the recording's pictures", omitted},
}

// valueKind is how values of a parameter are told.
type valueKind int

const (
	omitted valueKind = iota
	verbatim
	frameCount // at some rate
)

// format is a value in words: nil where there is none, nothing where it is not told.
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

// jsonText is a JSON value as people write it: strings in quotation marks of theirs, lists
// with commas, and nothing for what is more than that.
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

// truncate is the beginning of a text, as much as goes into a line.
func truncate(s string) string {
	const enough = 60
	if r := []rune(s); len(r) > enough {
		return string(r[:enough-1]) + "…"
	}
	return s
}
