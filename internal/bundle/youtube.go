package bundle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// What YouTube takes.
const (
	maxTitle       = 100  // characters, counted as UTF-16 does, which is never less
	maxDescription = 5000 // bytes
	maxTags        = 500  // characters, with commas between, and quotes round tags with spaces
)

// YouTubeInput is what a video platform is told.
type YouTubeInput struct {
	Talk       conference.Talk
	Conference conference.Conference // whose template describes the talk; see [conference.Describe]
	Programme  timeline.Programme
	Tracks     []Track
}

// youtubeUpload is youtube.json.
type youtubeUpload struct {
	Video    videoInsert     `json:"videos.insert"`
	Captions []captionInsert `json:"captions.insert"`
}

type videoInsert struct {
	Snippet          snippet                  `json:"snippet"`
	Localizations    map[string]localizedText `json:"localizations,omitempty"` // by BCP 47
	Status           videoStatus              `json:"status"`
	RecordingDetails *recordingDetails        `json:"recordingDetails,omitempty"`
}

type snippet struct {
	localizedText
	Tags                 []string `json:"tags,omitempty"`
	CategoryID           string   `json:"categoryId"`
	DefaultLanguage      string   `json:"defaultLanguage,omitempty"`
	DefaultAudioLanguage string   `json:"defaultAudioLanguage,omitempty"`
}

type localizedText struct {
	Title       string `json:"title"`
	Description string `json:"description"`
}

type videoStatus struct {
	Privacy     string `json:"privacyStatus"`
	License     string `json:"license"`
	Embeddable  bool   `json:"embeddable"`
	MadeForKids bool   `json:"selfDeclaredMadeForKids"`
}

type recordingDetails struct {
	Date string `json:"recordingDate"`
}

type captionInsert struct {
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

// YouTubeJSON is youtube.json of a talk: "videos.insert" holds the body of that request and
// "captions.insert" one {file, body} for each track's SRT file. What YouTube would refuse
// is replaced or shortened, and every such change is a note in words. The video is
// private until somebody publishes it.
func YouTubeJSON(told YouTubeInput) (data []byte, notes []string, err error) {
	talk := told.Talk
	if strings.TrimSpace(talk.Title) == "" {
		return nil, nil, inputerr.New("", "the talk %s has no title, and YouTube takes no video without one", talk.Slug).Hint("Give it one with --title")
	}
	e := &sanitizer{}
	v := videoInsert{
		Snippet: snippet{
			localizedText:        e.titleAndDescription("", talk, told),
			Tags:                 e.fitTags(talk.Tags),
			CategoryID:           "28", // Science & Technology
			DefaultLanguage:      talk.Language,
			DefaultAudioLanguage: talk.Language,
		},
		Status: videoStatus{Privacy: "private", License: "youtube", Embeddable: true},
	}
	if talk.Kind == "tutorial" {
		v.Snippet.CategoryID = "27" // Education
	}
	if creativeCommonsBY.MatchString(talk.Licence) {
		v.Status.License = "creativeCommon"
	}
	if talk.Date != "" {
		v.RecordingDetails = &recordingDetails{talk.Date + "T00:00:00Z"}
	}
	for _, language := range talk.OtherLanguages() {
		if v.Localizations == nil {
			v.Localizations = map[string]localizedText{}
		}
		v.Localizations[language] = e.titleAndDescription(language+" ", talk.Localized(language), told)
	}
	data, err = indentedJSON(youtubeUpload{v, captionInserts(told.Tracks)})
	return data, e.notes, err
}

// decodeYouTubeUpload reads youtube.json.
func decodeYouTubeUpload(b []byte) (u youtubeUpload, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return u, d.Decode(&u)
}

// captionInserts are the requests for all tracks but drafts, which nobody has read.
func captionInserts(tracks []Track) []captionInsert {
	all := []captionInsert{}
	tracks = slices.DeleteFunc(slices.Clone(tracks), func(t Track) bool { return t.State == conference.TrackDraft })
	for _, t := range slices.SortedFunc(slices.Values(tracks), func(a, b Track) int { return cmp.Compare(a.Language, b.Language) }) {
		for _, file := range t.Files {
			if strings.HasSuffix(file, ".srt") {
				all = append(all, captionInsert{file, captionBody{captionSnippet{Language: t.Language}}})
			}
		}
	}
	return all
}

// creativeCommonsBY is the one Creative Commons licence that YouTube knows.
var creativeCommonsBY = regexp.MustCompile(`(?i)^\s*(cc[ -]by|creative commons attribution)([ -][\d.]+)?(\s+(international|unported|generic))?\s*$|creativecommons\.org/licenses/by/`)

// sanitizer brings texts within YouTube's limits and notes what it changed.
type sanitizer struct {
	notes []string
}

func (e *sanitizer) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// titleAndDescription is the title and the description of a talk, which is in the language called of.
func (e *sanitizer) titleAndDescription(of string, talk conference.Talk, told YouTubeInput) localizedText {
	title := e.replaceAngleBrackets(of+"title", strings.Join(strings.Fields(talk.Title), " "))
	if whole := title; utf16Length(whole) > maxTitle {
		title = shorten(whole, maxTitle, utf16Length)
		e.note("YouTube: the %stitle has %d characters and may have %d; it was shortened to “%s”", of, utf16Length(whole), maxTitle, title)
	}
	known := map[string]string{
		"title": talk.Title, "abstract": talk.Abstract, "chapters": e.chapterLines(of, talk, told.Programme),
		"speakers": strings.Join(talk.Speakers, ", "), "conference": talk.Conference, "date": talk.Date,
		"conference-url": escapeURL(told.Conference.URL), "url": escapeURL(talk.URL), "links": linkLines(talk.Links), "licence": talk.Licence,
		"tags": strings.Join(talk.Tags, ", "),
	}
	template := cmp.Or(told.Conference.Description, conference.DefaultDescription)
	for word, said := range known {
		known[word] = stripControl(said)
	}
	if whole := conference.FillDescription(template, known); e.replaceAngleBrackets(of+"description", whole) != whole { // before it is measured: they take more bytes
		template = angleBrackets.Replace(template)
		for word, said := range known {
			known[word] = angleBrackets.Replace(said)
		}
	}
	return localizedText{title, e.fitDescription(of, template, known)}
}

// dropOrder are what goes, one after the other, where shortening the abstract is not enough.
var dropOrder = []string{"", "tags", "links", "chapters"}

// fitDescription is a description that is not too long: of the abstract there is as much as goes,
// and where even without it there is too much, tags, links and chapters go, in that order.
func (e *sanitizer) fitDescription(of, template string, known map[string]string) string {
	whole := conference.FillDescription(template, known)
	if len(whole) <= maxDescription {
		return whole
	}
	known = maps.Clone(known)
	abstract := known["abstract"]
	for _, drop := range dropOrder {
		if drop != "" {
			known[drop] = ""
		}
		known["abstract"] = abstract
		over := len(conference.FillDescription(template, known)) - maxDescription
		if over > 0 {
			known["abstract"] = shorten(abstract, len(abstract)-over, byteLength)
		}
		if d := conference.FillDescription(template, known); len(d) <= maxDescription {
			e.note("YouTube: the %sdescription has %d bytes and may have %d; left out: %s", of, len(whole), maxDescription, describeOmission(drop, over > 0))
			return d
		}
	}
	e.note("YouTube: the %sdescription has %d bytes and may have %d, and what is said of every talk is too long already; it was shortened", of, len(whole), maxDescription)
	return shorten(conference.FillDescription(template, known), maxDescription, byteLength)
}

// describeOmission says what went when drop, and what goes before it, had to.
func describeOmission(drop string, cut bool) string {
	var gone []string
	if cut {
		gone = append(gone, "the end of the abstract")
	}
	gone = append(gone, dropOrder[1:slices.Index(dropOrder, drop)+1]...)
	return strings.Join(gone, ", ")
}

// minChapters is how many there must be for YouTube to take them for chapters. That the
// first is at 0:00 and none is shorter than ten seconds, [conference.Talk.Sections] sees to.
const minChapters = 3

// chapterLines are the talk's as YouTube finds them in a description.
func (e *sanitizer) chapterLines(of string, talk conference.Talk, p timeline.Programme) string {
	sections, _ := talk.Sections(p)
	if n := len(sections); n > 0 && n < minChapters && of == "" {
		e.note("YouTube: it takes three chapters at least, and there are %d; they are not in the description", n)
	}
	if len(sections) < minChapters {
		return ""
	}
	var lines []string
	for _, s := range sections {
		at := int(s.From.Seconds())
		stamp := fmt.Sprintf("%d:%02d", at/60, at%60)
		if sections[len(sections)-1].From >= time.Hour {
			stamp = fmt.Sprintf("%d:%02d:%02d", at/3600, at/60%60, at%60)
		}
		lines = append(lines, stamp+" "+strings.Join(strings.Fields(s.Title), " "))
	}
	return strings.Join(lines, "\n")
}

func linkLines(all []conference.Link) string {
	var lines []string
	for _, l := range all {
		line := escapeURL(l.URL)
		if l.Title != "" {
			line = l.Title + ": " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// stripControl is text without the characters that only machines write, such as the returns of
// Windows.
func stripControl(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// escapeURL is a URL in which what YouTube refuses is written so that it still leads there.
func escapeURL(url string) string { return urlEscaper.Replace(url) }

var urlEscaper = strings.NewReplacer("<", "%3C", ">", "%3E")

// replaceAngleBrackets replaces what YouTube refuses in any text.
func (e *sanitizer) replaceAngleBrackets(of, s string) string {
	if strings.ContainsAny(s, "<>") {
		e.note("YouTube: the %s may not hold < or >; they became ‹ and ›", of)
		s = angleBrackets.Replace(s)
	}
	return s
}

var angleBrackets = strings.NewReplacer("<", "‹", ">", "›")

// fitTags keeps the first tags that fit.
func (e *sanitizer) fitTags(all []string) (kept []string) {
	var over []string
	for _, t := range all {
		for _, t := range strings.Split(e.replaceAngleBrackets("tag "+t, t), ",") {
			if t = strings.Join(strings.Fields(t), " "); t == "" || slices.Contains(kept, t) {
				continue
			}
			if tagsLength(append(slices.Clone(kept), t)) > maxTags {
				over = append(over, t)
				continue
			}
			kept = append(kept, t)
		}
	}
	if len(over) > 0 {
		e.note("YouTube: the tags may have %d characters together; left out: %s", maxTags, strings.Join(over, ", "))
	}
	return kept
}

// tagsLength counts tags as YouTube does.
func tagsLength(tags []string) (n int) {
	for i, t := range tags {
		if i > 0 {
			n++
		}
		if strings.Contains(t, " ") {
			n += 2
		}
		n += utf16Length(t)
	}
	return n
}

func utf16Length(s string) int { return len(utf16.Encode([]rune(s))) }
func byteLength(s string) int  { return len(s) }

var urlPattern = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+`)

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
	for _, u := range urlPattern.FindAllStringIndex(s, -1) {
		if u[0] < end && end <= u[1] { // or the ellipsis would be part of it
			end = u[0]
		}
	}
	return strings.TrimRight(s[:end], " \t\n.,;:–-") + ellipsis
}
