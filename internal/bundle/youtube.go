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

// YouTube's limits for the text of a video.
const (
	maxTitle       = 100  // UTF-16 code units, which are never fewer than characters
	maxDescription = 5000 // bytes
	maxTags        = 500  // characters, counting commas between tags and quotes around tags with spaces
)

// YouTubeInput is what youtube.json is made of.
type YouTubeInput struct {
	Talk       conference.Talk
	Conference conference.Conference // with the template of descriptions; see [conference.Describe]
	Programme  timeline.Programme
	Tracks     []Track
}

// youtubeUpload is the content of youtube.json: bodies of requests to YouTube's Data API.
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
	Body captionBody `json:"body"` // the uploader adds videoId, which YouTube returns for videos.insert
}

type captionBody struct {
	Snippet captionSnippet `json:"snippet"`
}

type captionSnippet struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	IsDraft  bool   `json:"isDraft"`
}

// YouTubeJSON returns youtube.json for a talk: "videos.insert" is the body of that request and
// "captions.insert" has one {file, body} for the SRT file of each track that is not a draft. The
// video is private. Text that YouTube would refuse is replaced or shortened; notes describe each
// change. A talk without a title is an error.
func YouTubeJSON(told YouTubeInput) (data []byte, notes []string, err error) {
	talk := told.Talk
	if strings.TrimSpace(talk.Title) == "" {
		return nil, nil, inputerr.New("", "the talk %s has no title, which YouTube requires", talk.Slug).Hint("Add one with --title")
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

// decodeYouTubeUpload parses youtube.json. An unknown field is an error.
func decodeYouTubeUpload(b []byte) (u youtubeUpload, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return u, d.Decode(&u)
}

// captionInserts returns a captions.insert request for the SRT file of each track that is not a
// draft, by language.
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

// creativeCommonsBY matches the only Creative Commons licence that YouTube offers.
var creativeCommonsBY = regexp.MustCompile(`(?i)^\s*(cc[ -]by|creative commons attribution)([ -][\d.]+)?(\s+(international|unported|generic))?\s*$|creativecommons\.org/licenses/by/`)

// sanitizer makes texts conform to YouTube's rules and collects notes of its changes.
type sanitizer struct {
	notes []string
}

func (e *sanitizer) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// titleAndDescription returns title and description of a talk in one language, within YouTube's
// rules, with notes of what was changed. of is that language and a space, for the notes, or "" for
// the language of the talk.
func (e *sanitizer) titleAndDescription(of string, talk conference.Talk, told YouTubeInput) localizedText {
	title := e.replaceAngleBrackets(of+"title", strings.Join(strings.Fields(talk.Title), " "))
	if whole := title; utf16Length(whole) > maxTitle {
		title = shorten(whole, maxTitle, utf16Length)
		e.note("YouTube: the %stitle has %d characters, and %d are allowed; shortened to “%s”", of, utf16Length(whole), maxTitle, title)
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
	if whole := conference.FillDescription(template, known); e.replaceAngleBrackets(of+"description", whole) != whole { // replace them before measuring: ‹ and › take more bytes
		template = angleBrackets.Replace(template)
		for word, said := range known {
			known[word] = angleBrackets.Replace(said)
		}
	}
	return localizedText{title, e.fitDescription(of, template, known)}
}

// dropOrder lists what is left out of a description, one after the other, if shortening the
// abstract is not enough.
var dropOrder = []string{"", "tags", "links", "chapters"}

// fitDescription fills in the template, and returns the description within YouTube's limit. If it
// is too long, the abstract is shortened; if that is not enough, tags, links and chapters are left
// out, in this order; at last, the end is cut off. A note describes what is missing.
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
			e.note("YouTube: the %sdescription has %d bytes, and %d are allowed; left out: %s", of, len(whole), maxDescription, describeOmission(drop, over > 0))
			return d
		}
	}
	e.note("YouTube: the %sdescription has %d bytes, and %d are allowed; the template alone is too long, so the end was cut off", of, len(whole), maxDescription)
	return shorten(conference.FillDescription(template, known), maxDescription, byteLength)
}

// describeOmission returns in words what was left out: everything in dropOrder up to drop and, if
// cut, the end of the abstract.
func describeOmission(drop string, cut bool) string {
	var gone []string
	if cut {
		gone = append(gone, "the end of the abstract")
	}
	gone = append(gone, dropOrder[1:slices.Index(dropOrder, drop)+1]...)
	return strings.Join(gone, ", ")
}

// minChapters is how many chapters a description needs for YouTube to show them. YouTube's other
// rules, the first at 0:00 and each ten seconds or longer, [conference.Talk.Sections] keeps.
const minChapters = 3

// chapterLines returns the chapters in the form that YouTube recognises in a description. If there
// are fewer than minChapters, it returns "", and adds a note for the language of the talk. of is as
// in titleAndDescription.
func (e *sanitizer) chapterLines(of string, talk conference.Talk, p timeline.Programme) string {
	sections, _ := talk.Sections(p)
	if n := len(sections); n > 0 && n < minChapters && of == "" {
		e.note("YouTube: at least three chapters are required, and the talk has %d; left out of the description", n)
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

// stripControl returns s without control characters, such as carriage returns, except newlines and
// tabs.
func stripControl(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// escapeURL returns a URL with < and > percent-encoded, because YouTube refuses them.
func escapeURL(url string) string { return urlEscaper.Replace(url) }

var urlEscaper = strings.NewReplacer("<", "%3C", ">", "%3E")

// replaceAngleBrackets returns s with < and >, which YouTube refuses in any text, replaced by ‹ and
// ›, and adds a note if there were any. of names the text in the note.
func (e *sanitizer) replaceAngleBrackets(of, s string) string {
	if strings.ContainsAny(s, "<>") {
		e.note("YouTube: < and > are not allowed in the %s; replaced with ‹ and ›", of)
		s = angleBrackets.Replace(s)
	}
	return s
}

var angleBrackets = strings.NewReplacer("<", "‹", ">", "›")

// fitTags returns the tags that fit within YouTube's limit, in their order, each once. A tag with
// commas becomes several. Those that do not fit are noted.
func (e *sanitizer) fitTags(all []string) (kept []string) {
	var over []string
	for _, t := range all {
		for _, t := range strings.Split(e.replaceAngleBrackets("tag "+t, t), ",") {
			t = strings.Join(strings.Fields(t), " ")
			if t == "" || slices.Contains(kept, t) {
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
		e.note("YouTube: all tags together may have %d characters; left out: %s", maxTags, strings.Join(over, ", "))
	}
	return kept
}

// tagsLength returns the length of tags as YouTube counts it, in UTF-16 code units, with commas
// between tags and quotes around those with spaces.
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

// shorten returns the beginning of s, which is too long, and an ellipsis, so that their measure is
// at most limit. It cuts between words if that costs less than a fifth, and never inside a grapheme
// or a URL. If limit has no room for text, it returns "".
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
	r, _ := utf8.DecodeRuneInString(s[end:])
	if r != ' ' && r != '\n' && word > end*4/5 {
		end = word
	}
	for _, u := range urlPattern.FindAllStringIndex(s, -1) {
		if u[0] < end && end <= u[1] { // the ellipsis would become part of the URL
			end = u[0]
		}
	}
	return strings.TrimRight(s[:end], " \t\n.,;:–-") + ellipsis
}
