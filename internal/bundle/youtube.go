package bundle

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fault"
)

// What YouTube takes.
const (
	maxTitle       = 100  // characters, counted as UTF-16 does, which is never less
	maxDescription = 5000 // bytes
	maxTags        = 500  // characters, with commas between, and quotes round tags with spaces
)

// Localized is a talk's title and abstract in another language.
type Localized struct {
	Title    string
	Abstract string
}

// upload is youtube.json.
type upload struct {
	Video    insertVideo     `json:"videos.insert"`
	Captions []insertCaption `json:"captions.insert"`
}

type insertVideo struct {
	Snippet          snippet         `json:"snippet"`
	Localizations    map[string]text `json:"localizations,omitempty"` // by BCP 47
	Status           status          `json:"status"`
	RecordingDetails *recorded       `json:"recordingDetails,omitempty"`
}

type snippet struct {
	text
	Tags                 []string `json:"tags,omitempty"`
	CategoryID           string   `json:"categoryId"`
	DefaultLanguage      string   `json:"defaultLanguage,omitempty"`
	DefaultAudioLanguage string   `json:"defaultAudioLanguage,omitempty"`
}

type text struct {
	Title       string `json:"title"`
	Description string `json:"description"`
}

type status struct {
	Privacy     string `json:"privacyStatus"`
	License     string `json:"license"`
	Embeddable  bool   `json:"embeddable"`
	MadeForKids bool   `json:"selfDeclaredMadeForKids"`
}

type recorded struct {
	Date string `json:"recordingDate"`
}

type insertCaption struct {
	File string      `json:"file"` // in the bundle
	Body captionBody `json:"body"` // videoId is YouTube's answer to videos.insert
}

type captionBody struct {
	Snippet captionSnippet `json:"snippet"`
}

type captionSnippet struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	IsDraft  bool   `json:"isDraft"`
}

// YouTube is youtube.json of a talk: "videos.insert" holds the body of that request and
// "captions.insert" one {file, body} for each track's SRT file. What YouTube would refuse
// is replaced or shortened, and every such change is a note in words. The video is
// private until somebody publishes it.
func YouTube(talk conference.Talk, tracks []Track, localized map[string]Localized) (data []byte, notes []string, err error) {
	if strings.TrimSpace(talk.Title) == "" {
		return nil, nil, fault.New("", "the talk %s has no title, and YouTube takes no video without one", talk.Slug).Try("Give it one with --title")
	}
	e := &editor{}
	v := insertVideo{
		Snippet: snippet{
			text:                 e.text("", talk, talk.Title, talk.Abstract),
			Tags:                 e.tags(talk.Tags),
			CategoryID:           "28", // Science & Technology
			DefaultLanguage:      talk.Language,
			DefaultAudioLanguage: talk.Language,
		},
		Status: status{Privacy: "private", License: "youtube", Embeddable: true},
	}
	if talk.Kind == "tutorial" {
		v.Snippet.CategoryID = "27" // Education
	}
	if ccBy.MatchString(talk.Licence) {
		v.Status.License = "creativeCommon"
	}
	if talk.Date != "" {
		v.RecordingDetails = &recorded{talk.Date + "T00:00:00Z"}
	}
	for _, language := range sortedKeys(localized) {
		if v.Localizations == nil {
			v.Localizations = map[string]text{}
		}
		l := localized[language]
		v.Localizations[language] = e.text(language+" ", talk, cmp.Or(l.Title, talk.Title), cmp.Or(l.Abstract, talk.Abstract))
	}
	data, err = indented(upload{v, captionsOf(tracks)})
	return data, e.notes, err
}

func captionsOf(tracks []Track) []insertCaption {
	all := []insertCaption{}
	for _, t := range slices.SortedFunc(slices.Values(tracks), func(a, b Track) int { return cmp.Compare(a.Language, b.Language) }) {
		for _, file := range t.Files {
			if strings.HasSuffix(file, ".srt") {
				all = append(all, insertCaption{file, captionBody{captionSnippet{Language: t.Language}}})
			}
		}
	}
	return all
}

// ccBy is the one Creative Commons licence that YouTube knows.
var ccBy = regexp.MustCompile(`(?i)^\s*(cc[ -]by|creative commons attribution)([ -][\d.]+)?(\s+(international|unported|generic))?\s*$|creativecommons\.org/licenses/by/`)

// editor brings texts within YouTube's limits and notes what it changed.
type editor struct {
	notes []string
}

func (e *editor) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// text is the title, and a description made of the abstract and the talk's particulars.
func (e *editor) text(of string, talk conference.Talk, title, abstract string) text {
	title = e.angles(of+"title", strings.Join(strings.Fields(title), " "))
	if whole := title; titleLen(whole) > maxTitle {
		title = shorten(whole, maxTitle, titleLen)
		e.note("YouTube: the %stitle has %d characters and may have %d; it was shortened to “%s”", of, titleLen(whole), maxTitle, title)
	}
	abstract = e.angles(of+"description", strings.TrimSpace(abstract))
	foot := e.angles(of+"description", particulars(talk))
	if len(foot) > maxDescription {
		e.note("YouTube: the talk's particulars alone have %d bytes; they were shortened", len(foot))
		foot = shorten(foot, maxDescription, byteLen)
	}
	between := ""
	if abstract != "" && foot != "" {
		between = "\n\n"
	}
	if room := maxDescription - len(between) - len(foot); len(abstract) > room {
		e.note("YouTube: the %sdescription has %d bytes and may have %d; the abstract was shortened", of, len(abstract)+len(between)+len(foot), maxDescription)
		if abstract = shorten(abstract, room, byteLen); abstract == "" {
			between = ""
		}
	}
	return text{title, abstract + between + foot}
}

// particulars is what stands below an abstract.
func particulars(t conference.Talk) string {
	var lines []string
	for _, l := range []string{
		strings.Join(t.Speakers, ", "),
		strings.Join(nonEmpty(t.Conference, t.Date), ", "),
		t.URL,
		t.Licence,
	} {
		lines = append(lines, nonEmpty(strings.TrimSpace(l))...)
	}
	return strings.Join(lines, "\n")
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// angles replaces what YouTube refuses in any text.
func (e *editor) angles(of, s string) string {
	if strings.ContainsAny(s, "<>") {
		e.note("YouTube: the %s may not hold < or >; they became ‹ and ›", of)
		s = strings.NewReplacer("<", "‹", ">", "›").Replace(s)
	}
	return s
}

// tags keeps the first tags that fit.
func (e *editor) tags(all []string) (kept []string) {
	for _, t := range all {
		for _, t := range strings.Split(e.angles("tag "+t, t), ",") {
			if t = strings.Join(strings.Fields(t), " "); t == "" || slices.Contains(kept, t) {
				continue
			}
			if tagsLen(append(slices.Clone(kept), t)) > maxTags {
				e.note("YouTube: the tags may have %d characters together; “%s” was left out", maxTags, t)
				continue
			}
			kept = append(kept, t)
		}
	}
	return kept
}

// tagsLen counts tags as YouTube does.
func tagsLen(tags []string) (n int) {
	for i, t := range tags {
		if i > 0 {
			n++
		}
		if strings.Contains(t, " ") {
			n += 2
		}
		n += titleLen(t)
	}
	return n
}

func titleLen(s string) int { return len(utf16.Encode([]rune(s))) }
func byteLen(s string) int  { return len(s) }

var urls = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+`)

// shorten cuts s so that it measures at most limit with an ellipsis at its end: between
// words where that costs little, never inside a grapheme or a URL.
func shorten(s string, limit int, measure func(string) int) string {
	const ellipsis = "…"
	room := limit - measure(ellipsis)
	if room <= 0 {
		return ""
	}
	end, word := 0, 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		from, to := g.Positions()
		if measure(s[:to]) > room {
			break
		}
		if strings.TrimSpace(g.Str()) == "" {
			word = from
		}
		end = to
	}
	if r, _ := utf8.DecodeRuneInString(s[end:]); r != ' ' && r != '\n' && word > end*4/5 {
		end = word
	}
	for _, u := range urls.FindAllStringIndex(s, -1) {
		if u[0] < end && end <= u[1] { // or the ellipsis would be part of it
			end = u[0]
		}
	}
	return strings.TrimRight(s[:end], " \t\n.,;:–-") + ellipsis
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
