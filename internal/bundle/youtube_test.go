package bundle

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fault"
)

func youtubeOf(t *testing.T, talk conference.Talk) (upload, []string) {
	t.Helper()
	data, notes, err := YouTube(talk, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var u upload
	if err := json.Unmarshal(data, &u); err != nil {
		t.Fatal(err)
	}
	if err := u.Video.Snippet.text.check(); err != nil {
		t.Errorf("YouTube would refuse it: %v", err)
	}
	return u, notes
}

func TestYouTubeTitle(t *testing.T) {
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
			u, notes := youtubeOf(t, conference.Talk{Title: test.title})
			if u.Video.Snippet.Title != test.want {
				t.Errorf("%q, not %q", u.Video.Snippet.Title, test.want)
			}
			if len(notes) != test.notes {
				t.Errorf("notes %q, not %d", notes, test.notes)
			}
		})
	}
}

func TestYouTubeDescription(t *testing.T) {
	talk := conference.Talk{
		Title: "T", Abstract: strings.Repeat("日本語 ", 600), Speakers: []string{"Ada", "Grace"},
		Conference: "GopherCon", Date: "2026-05-01", URL: "https://example.org/t", Licence: "CC BY 4.0",
	}
	u, notes := youtubeOf(t, talk)
	d := u.Video.Snippet.Description
	if len(d) > 5000 || len(d) < 4900 || !utf8.ValidString(d) {
		t.Errorf("a description of %d bytes", len(d))
	}
	if !strings.HasSuffix(d, "語…\n\nAda, Grace\nGopherCon, 2026-05-01\nhttps://example.org/t\nCC BY 4.0") {
		t.Errorf("it ends %q", d[len(d)-120:])
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "abstract was shortened") {
		t.Errorf("notes %q", notes)
	}
	v := u.Video
	if v.Status.License != "creativeCommon" || v.Status.Privacy != "private" || !v.Status.Embeddable || v.RecordingDetails.Date != "2026-05-01T00:00:00Z" {
		t.Errorf("%+v", v)
	}
}

func TestYouTubeTags(t *testing.T) {
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
			u, notes := youtubeOf(t, conference.Talk{Title: "T", Tags: test.tags})
			if !reflect.DeepEqual(u.Video.Snippet.Tags, test.want) || len(notes) != test.notes {
				t.Errorf("%q with notes %q", u.Video.Snippet.Tags, notes)
			}
			if n := tagsLen(u.Video.Snippet.Tags); n > 500 {
				t.Errorf("the tags count %d", n)
			}
		})
	}
}

func TestYouTubeLanguages(t *testing.T) {
	tracks := []Track{
		{Language: "es-419", Files: []string{"captions/t.es-419.srt", "captions/t.es-419.vtt"}},
		{Language: "en", Files: []string{"captions/t.en.vtt", "captions/t.en.srt"}},
	}
	talk := conference.Talk{Title: "Hello", Abstract: "About.", Kind: "tutorial", Language: "en"}
	data, _, err := YouTube(talk, tracks, map[string]Localized{"es-419": {Title: "Hola"}})
	if err != nil {
		t.Fatal(err)
	}
	var u upload
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

func TestYouTubeWithoutATitle(t *testing.T) {
	if _, _, err := YouTube(conference.Talk{Title: " "}, nil, nil); fault.Of(err) == nil {
		t.Errorf("%v", err)
	}
}

// Whatever the text and the limit, what is left is whole graphemes from its start.
func FuzzShorten(f *testing.F) {
	f.Add("See https://example.org/a?b for é́ and 👩‍👩‍👧 at the end", 30)
	f.Add("日本語テキスト", 10)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if !utf8.ValidString(s) || byteLen(s) <= limit || limit < 0 {
			t.Skip()
		}
		got := shorten(s, limit, byteLen)
		if byteLen(got) > limit {
			t.Fatalf("%q has %d bytes, more than %d", got, byteLen(got), limit)
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
