package conference

import (
	"reflect"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

const second = time.Second

func TestSections_FollowCut(t *testing.T) {
	const fps = 25
	kept := func(seconds ...int64) (all []timeline.Range) {
		for i := 0; i < len(seconds); i += 2 {
			all = append(all, timeline.Range{From: seconds[i] * fps, To: seconds[i+1] * fps})
		}
		return all
	}
	chapters := []Chapter{{At: 10 * second, Title: "a"}, {At: 60 * second, Title: "b"}, {At: 120 * second, Title: "c"}}
	for _, c := range []struct {
		name string
		kept []timeline.Range
		want []Section
		lost []string
	}{
		{"all of them, from the first on", kept(10, 180), []Section{
			{timeline.Span{From: 0, To: 55 * second}, "a"}, // five seconds of opening card are part of it
			{timeline.Span{From: 55 * second, To: 115 * second}, "b"},
			{timeline.Span{From: 115 * second, To: 179 * second}, "c"}, // and four of the closing card
		}, nil},
		{"with something before the first", kept(0, 180), []Section{
			{timeline.Span{From: 0, To: 15 * second}, "The Talk"},
			{timeline.Span{From: 15 * second, To: 65 * second}, "a"},
			{timeline.Span{From: 65 * second, To: 125 * second}, "b"},
			{timeline.Span{From: 125 * second, To: 189 * second}, "c"},
		}, nil},
		{"the first a little late", kept(2, 180), []Section{
			{timeline.Span{From: 0, To: 63 * second}, "a"},
			{timeline.Span{From: 63 * second, To: 123 * second}, "b"},
			{timeline.Span{From: 123 * second, To: 187 * second}, "c"},
		}, nil},
		{"a break over the second, all but nine seconds of it", kept(10, 50, 111, 180), []Section{
			{timeline.Span{From: 0, To: 54 * second}, "a"}, // and the nine seconds
			{timeline.Span{From: 54 * second, To: 118 * second}, "c"},
		}, []string{"b"}},
		{"from the middle of the second", kept(80, 180), []Section{
			{timeline.Span{From: 0, To: 45 * second}, "b"},
			{timeline.Span{From: 45 * second, To: 109 * second}, "c"},
		}, []string{"a"}},
		{"none", kept(2, 8), nil, []string{"a", "b", "c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			talk := Talk{Title: "The Talk", Chapters: chapters}
			got, lost := talk.Sections(timeline.Programme{Rate: timeline.Rate{Num: fps, Den: 1}, Opening: 5 * fps, Kept: c.kept, Closing: 4 * fps})
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
			var names []string
			for _, l := range lost {
				names = append(names, l.Title)
			}
			if !reflect.DeepEqual(names, c.lost) {
				t.Errorf("lost %q, want %q", names, c.lost)
			}
		})
	}
}

func TestLocalized(t *testing.T) {
	talk := Talk{
		Title: "Loops", Titles: map[string]string{"es": "Bucles", "es-419": "Ciclos", "zh-Hant": "迴圈"},
		Abstract: "Round and round.", Abstracts: map[string]string{"es": "Vueltas y vueltas."},
		Language: "en", Chapters: []Chapter{{Title: "Start", Titles: map[string]string{"fr": "Début"}}},
	}
	for _, c := range []struct{ tag, title, abstract, chapter string }{
		{"en", "Loops", "Round and round.", "Start"},
		{"es", "Bucles", "Vueltas y vueltas.", "Start"},
		{"es-MX", "Ciclos", "Vueltas y vueltas.", "Start"},
		{"es-ES", "Bucles", "Vueltas y vueltas.", "Start"},
		{"fr-CA", "Loops", "Round and round.", "Début"},
		{"zh-Hans", "Loops", "Round and round.", "Start"},
	} {
		in := talk.Localized(c.tag)
		if in.Title != c.title || in.Abstract != c.abstract || in.Chapters[0].Title != c.chapter {
			t.Errorf("in %s: %q, %q, %q", c.tag, in.Title, in.Abstract, in.Chapters[0].Title)
		}
	}
	if got := talk.OtherLanguages(); !reflect.DeepEqual(got, []string{"es", "es-419", "fr", "zh-Hant"}) {
		t.Errorf("languages %q", got)
	}
	if talk.Chapters[0].Title != "Start" {
		t.Error("the talk itself was changed")
	}
}
