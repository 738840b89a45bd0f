package bundle

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

func youtubeFor(t *testing.T, talk conference.Talk) (youtubeUpload, []string) {
	t.Helper()
	data, notes, err := YouTubeJSON(YouTubeInput{Talk: talk})
	if err != nil {
		t.Fatal(err)
	}
	var u youtubeUpload
	if err := json.Unmarshal(data, &u); err != nil {
		t.Fatal(err)
	}
	if err := u.Video.Snippet.localizedText.checkLimits("snippet"); err != nil {
		t.Errorf("YouTube would refuse it: %v", err)
	}
	return u, notes
}

func TestYouTubeJSON_Title(t *testing.T) {
	family := "👩‍👩‍👧" // one grapheme of five characters, eight as UTF-16 counts
	tests := []struct {
		name, title, want string
		notes             int
	}{
		{"within the limit", strings.Repeat("x", 100), strings.Repeat("x", 100), 0},
		{"accents count once", strings.Repeat("é", 100), strings.Repeat("é", 100), 0},
		{"one too long", strings.Repeat("x", 101), strings.Repeat("x", 99) + "…", 1},
		{"not inside a word", strings.Repeat("word ", 19) + "wonderful", strings.TrimSpace(strings.Repeat("word ", 19)) + "…", 1},
		{"cut between words", strings.Repeat("word ", 21), strings.TrimSpace(strings.Repeat("word ", 20)) + "…", 1},
		{"never inside a grapheme", strings.Repeat("x", 95) + family + "xxx", strings.Repeat("x", 95) + "…", 1},
		{"never inside a URL", "See https://example.org/" + strings.Repeat("a", 100), "See…", 1},
		{"no ellipsis at a URL", strings.Repeat("x", 83) + " https://a.org/b and more", strings.Repeat("x", 83) + "…", 1},
		{"angles", "List<String>", "List‹String›", 1},
		{"line breaks", "Two\nlines", "Two lines", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u, notes := youtubeFor(t, conference.Talk{Title: test.title})
			if u.Video.Snippet.Title != test.want {
				t.Errorf("%q, not %q", u.Video.Snippet.Title, test.want)
			}
			if len(notes) != test.notes {
				t.Errorf("notes %q, not %d", notes, test.notes)
			}
		})
	}
}

// Addresses stay valid, and each change has one note.
func TestYouTubeJSON_URLsAndTagsWithAngleBrackets(t *testing.T) {
	talk := conference.Talk{Title: "T", Abstract: "One\r\ntwo\a.", Links: []conference.Link{{Title: "A < B", URL: "https://example.org/?a=<b>"}}}
	for _, letter := range "abcdefgh" {
		talk.Tags = append(talk.Tags, strings.Repeat(string(letter), 100))
	}
	u, notes := youtubeFor(t, talk)
	if d := u.Video.Snippet.Description; d != "One\ntwo.\n\nA ‹ B: https://example.org/?a=%3Cb%3E" {
		t.Errorf("the description is %q", d)
	}
	if len(notes) != 2 || strings.Count(notes[1], ", ") != 3 || !strings.Contains(notes[1], "left out: eeee") {
		t.Errorf("notes %q", notes)
	}
}

func TestYouTubeJSON_Description(t *testing.T) {
	talk := conference.Talk{
		Title: "T", Abstract: strings.Repeat("日本語 ", 600), Speakers: []string{"Ada", "Grace"},
		Conference: "GopherCon", Date: "2026-05-01", URL: "https://example.org/t", Licence: "CC BY 4.0",
	}
	u, notes := youtubeFor(t, talk)
	d := u.Video.Snippet.Description
	if len(d) > 5000 || len(d) < 4900 || !utf8.ValidString(d) {
		t.Errorf("a description of %d bytes", len(d))
	}
	if !strings.HasSuffix(d, "語…\n\nAda, Grace\nGopherCon, 2026-05-01\nhttps://example.org/t\nCC BY 4.0") {
		t.Errorf("it ends %q", d[len(d)-120:])
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "left out: the end of the abstract") {
		t.Errorf("notes %q", notes)
	}
	v := u.Video
	if v.Status.License != "creativeCommon" || v.Status.Privacy != "private" || !v.Status.Embeddable || v.RecordingDetails.Date != "2026-05-01T00:00:00Z" {
		t.Errorf("%+v", v)
	}
}

func TestYouTubeJSON_Tags(t *testing.T) {
	tests := []struct {
		name       string
		tags, want []string
		notes      int
	}{
		{"exactly", []string{strings.Repeat("x", 250), strings.Repeat("y", 249)}, []string{strings.Repeat("x", 250), strings.Repeat("y", 249)}, 0},
		{"quotes count", []string{strings.Repeat("x", 250), strings.Repeat("y", 246) + " z"}, []string{strings.Repeat("x", 250)}, 1},
		{"a comma parts two", []string{"go, web", "go"}, []string{"go", "web"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u, notes := youtubeFor(t, conference.Talk{Title: "T", Tags: test.tags})
			if !reflect.DeepEqual(u.Video.Snippet.Tags, test.want) || len(notes) != test.notes {
				t.Errorf("%q with notes %q", u.Video.Snippet.Tags, notes)
			}
			if n := tagsLength(u.Video.Snippet.Tags); n > 500 {
				t.Errorf("the tags count %d", n)
			}
		})
	}
}

func TestYouTubeJSON_Languages(t *testing.T) {
	tracks := []Track{
		{Language: "es-419", Files: []string{"captions/t.es-419.srt", "captions/t.es-419.vtt"}},
		{Language: "en", Files: []string{"captions/t.en.vtt", "captions/t.en.srt"}},
	}
	talk := conference.Talk{Title: "Hello", Abstract: "About.", Kind: "tutorial", Language: "en", Titles: map[string]string{"es-419": "Hola"}}
	data, _, err := YouTubeJSON(YouTubeInput{Talk: talk, Tracks: tracks})
	if err != nil {
		t.Fatal(err)
	}
	var u youtubeUpload
	if err := json.Unmarshal(data, &u); err != nil {
		t.Fatal(err)
	}
	if len(u.Captions) != 2 || u.Captions[0].File != "captions/t.en.srt" || u.Captions[1].Body.Snippet.Language != "es-419" {
		t.Errorf("captions %+v", u.Captions)
	}
	if got := u.Video.Localizations["es-419"]; got.Title != "Hola" || got.Description != "About." {
		t.Errorf("localized %+v", got)
	}
	if s := u.Video.Snippet; s.CategoryID != "27" || s.DefaultAudioLanguage != "en" {
		t.Errorf("%+v", s)
	}
}

// Descriptions follow the conference's template, in every language with a title or abstract.
func TestYouTubeJSON_DescriptionTemplate(t *testing.T) {
	told := YouTubeInput{
		Talk: conference.Talk{
			Title: "Loops", Titles: map[string]string{"es": "Bucles"}, Abstract: "Round.", Language: "en",
			Speakers: []string{"Ada"}, Licence: "CC0", Tags: []string{"go", "loops"}, URL: "https://example.org/1",
			Links: []conference.Link{{Title: "Slides", URL: "https://example.org/s"}, {URL: "https://example.org/c"}},
			Chapters: []conference.Chapter{
				{At: 0, Title: "Start", Titles: map[string]string{"es": "Principio"}},
				{At: 30 * time.Second, Title: "Middle <em>"},
				{At: 4000 * time.Second, Title: "End"},
			},
		},
		Conference: conference.Conference{URL: "https://example.org", Description: "{abstract}\n{links}\n\n{chapters}\n\nMore: {conference-url}\n#{tags}\n"},
		Programme:  timeline.Programme{Rate: timeline.Rate{Num: 25, Den: 1}, Opening: 125, Kept: []timeline.Range{{From: 0, To: 25 * 5000}}},
	}
	data, notes, err := YouTubeJSON(told)
	if err != nil {
		t.Fatal(err)
	}
	var u youtubeUpload
	if err := json.Unmarshal(data, &u); err != nil {
		t.Fatal(err)
	}
	const want = `Round.
Slides: https://example.org/s
https://example.org/c

0:00:00 %s
0:00:35 Middle ‹em›
1:06:45 End

More: https://example.org
#go, loops`
	if got := u.Video.Snippet.Description; got != fmt.Sprintf(want, "Start") {
		t.Errorf("got\n%s", got)
	}
	if got := u.Video.Localizations["es"]; got.Title != "Bucles" || got.Description != fmt.Sprintf(want, "Principio") {
		t.Errorf("in Spanish: %s\n%s", got.Title, got.Description)
	}
	if len(notes) != 2 { // of the angles, in two languages
		t.Errorf("notes %q", notes)
	}
}

// Parts are left out in a fixed order, and no character or URL is cut.
func TestYouTubeJSON_DescriptionTooLong(t *testing.T) {
	url := "https://example.org/" + strings.Repeat("x", 80)
	var links []conference.Link
	for range 60 { // 6,060 bytes
		links = append(links, conference.Link{URL: url})
	}
	long := strings.Repeat("é ", 2000)
	for _, c := range []struct {
		name  string
		talk  conference.Talk
		keeps []string
		lacks []string
	}{
		{"a long abstract", conference.Talk{Abstract: long, Licence: "CC0"}, []string{"é…", "CC0"}, nil},
		{"too many links", conference.Talk{Abstract: "Short.", Links: links, Licence: "CC0"}, []string{"Short.", "CC0"}, []string{url}},
		{"what is left is too long", conference.Talk{Abstract: "Short.", Licence: strings.Repeat("by ", 3000)}, []string{"by…"}, []string{"Short."}},
	} {
		c.talk.Title = "T"
		u, notes := youtubeFor(t, c.talk)
		d := u.Video.Snippet.Description
		if len(d) > maxDescription || !utf8.ValidString(d) || len(notes) != 1 {
			t.Errorf("%s: %d bytes, notes %q", c.name, len(d), notes)
		}
		for _, s := range c.keeps {
			if !strings.Contains(d, s) {
				t.Errorf("%s: without %q: %.200q", c.name, s, d)
			}
		}
		for _, s := range c.lacks {
			if strings.Contains(d, s) {
				t.Errorf("%s: with %q", c.name, s)
			}
		}
	}
}

func TestYouTubeJSON_AtLeastThreeChapters(t *testing.T) {
	chapters := []conference.Chapter{{Title: "One"}, {At: time.Minute, Title: "Two"}}
	data, notes, err := YouTubeJSON(YouTubeInput{
		Talk:      conference.Talk{Title: "T", Abstract: "A.", Chapters: chapters},
		Programme: timeline.Programme{Rate: timeline.Rate{Num: 25, Den: 1}, Kept: []timeline.Range{{From: 0, To: 5000}}},
	})
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "three chapters") {
		t.Errorf("%q, %v", notes, err)
	}
	if strings.Contains(string(data), "One") {
		t.Errorf("%s", data)
	}
}

func TestYouTubeJSON_NoTitle(t *testing.T) {
	if _, _, err := YouTubeJSON(YouTubeInput{Talk: conference.Talk{Title: " "}}); inputerr.As(err) == nil {
		t.Errorf("%v", err)
	}
}

// A shortened text is a prefix of whole graphemes, for any text and limit.
func FuzzShorten(f *testing.F) {
	f.Add("See https://example.org/a?b for é́ and 👩‍👩‍👧 at the end", 30)
	f.Add("日本語テキスト", 10)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if !utf8.ValidString(s) || byteLength(s) <= limit || limit < 0 {
			t.Skip()
		}
		got := shorten(s, limit, byteLength)
		if byteLength(got) > limit {
			t.Fatalf("%q has %d bytes, more than %d", got, byteLength(got), limit)
		}
		kept := strings.TrimSuffix(got, "…")
		if !strings.HasPrefix(s, kept) {
			t.Fatalf("%q is not how %q begins", kept, s)
		}
		at := 0
		for g := uniseg.NewGraphemes(s); g.Next() && at < len(kept); {
			at += len(g.Str())
		}
		if at != len(kept) {
			t.Fatalf("%q cuts a grapheme of %q", kept, s)
		}
	})
}
