package check_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// TestFix checks what is fixed, and what is left to people.
func TestFix(t *testing.T) {
	for _, c := range []struct {
		what    string
		profile string
		cues    []conference.Cue
		want    []string // the changes
	}{
		{"nothing to mend", "ted", []conference.Cue{cue(1, 3, "Hello."), cue(3, 5, "World.")}, nil},
		{"order", "ted", []conference.Cue{cue(5, 7, "World."), cue(1, 3, "Hello.")},
			[]string{"cue 1: order: below the cue of 00:00:05.000 → in its place at 00:00:01.000"}},
		{"a tiny overlap", "ted", []conference.Cue{cue(1, 3.2, "Hello."), cue(3, 5, "World.")},
			[]string{"cue 1: overlap: 00:00:01.000 --> 00:00:03.200 → 00:00:01.000 --> 00:00:03.000"}},
		{"a tiny overlap, with Netflix's gap", "netflix-en", []conference.Cue{cue(1, 3.2, "Hello."), cue(3, 5, "World.")},
			[]string{"cue 1: overlap: 00:00:01.000 --> 00:00:03.200 → 00:00:01.000 --> 00:00:02.917"}},
		{"a long overlap is left to people", "ted", []conference.Cue{cue(1, 3.3, "Hello."), cue(3, 5, "World.")}, nil},
		{"an overlap that the text needs", "ted", []conference.Cue{cue(1, 2.1, "123456789 123456789 1"), cue(1.9, 5, "World.")}, nil},
		{"a tiny gap", "ted", []conference.Cue{cue(1, 2.95, "Hello."), cue(3, 5, "World.")},
			[]string{"cue 1: gap: 00:00:01.000 --> 00:00:02.950 → 00:00:01.000 --> 00:00:03.000"}},
		{"a gap that would make the cue too long", "ted", []conference.Cue{cue(1, 7.95, "Hello."), cue(8.03, 10, "World.")}, nil},
		{"a short cue with room", "ted", []conference.Cue{cue(1, 1.5, "Hello."), cue(3, 5, "World.")},
			[]string{"cue 1: too-short: 00:00:01.000 --> 00:00:01.500 → 00:00:01.000 --> 00:00:02.000"}},
		{"with less room", "ted", []conference.Cue{cue(1, 1.5, "Hello."), cue(1.8, 5, "World.")},
			[]string{"cue 1: too-short: 00:00:01.000 --> 00:00:01.500 → 00:00:01.000 --> 00:00:01.800"}},
		{"without room", "ted", []conference.Cue{cue(1, 1.5, "Hello."), cue(1.5, 5, "World.")}, nil},
		{"the gap stays free", "netflix-en", []conference.Cue{cue(1, 1.5, "Hello."), cue(1.8, 5, "World.")},
			[]string{"cue 1: too-short: 00:00:01.000 --> 00:00:01.500 → 00:00:01.000 --> 00:00:01.717"}},
		{"a fast cue with room", "ted", []conference.Cue{cue(1, 2, "123456789 123456789 123456789 12")},
			[]string{"cue 1: too-fast: 00:00:01.000 --> 00:00:02.000 → 00:00:01.000 --> 00:00:02.524"}},
		{"a long line", "ted", []conference.Cue{cue(1, 5, "and this is the whole of the story of the house in the woods")},
			[]string{"cue 1: long-line: and this is the whole of the story of the house in the woods → and this is the whole of the story / of the house in the woods"}},
		{"three lines", "ted", []conference.Cue{cue(1, 5, "and this is\nthe whole of the story\nof the house in the woods")},
			[]string{"cue 1: too-many-lines: and this is / the whole of the story / of the house in the woods → and this is the whole of the story / of the house in the woods"}},
		{"a pause is a better place", "ted", []conference.Cue{cue(1, 5, "that is what it was in the beginning, and it is no more")},
			[]string{"cue 1: long-line: that is what it was in the beginning, and it is no more → that is what it was in the beginning, / and it is no more"}},
		{"a dash at the start of a line would be another speaker", "ted", []conference.Cue{cue(1, 5, "all of the houses in woods, - and more than that again")},
			[]string{"cue 1: long-line: all of the houses in woods, - and more than that again → all of the houses in woods, - / and more than that again"}},
		{"turns stay apart", "ted", []conference.Cue{cue(1, 5, "- That is\nnot what he meant.\n- It is!")},
			[]string{"cue 1: too-many-lines: - That is / not what he meant. / - It is! → - That is not what he meant. / - It is!"}},
		{"too much for two lines", "ted", []conference.Cue{cue(1, 7, strings.Repeat("too much text ", 8))}, nil},
		{"a word too long", "ted", []conference.Cue{cue(1, 7, "see "+strings.Repeat("x", 43))}, nil},
		{"a poor break within the limits", "ted", []conference.Cue{cue(1, 3, "This is the\nhouse.")}, nil},
		{"no space to break at", "netflix-ja", []conference.Cue{cue(1, 7, "ユーザーによるコンテンツの利用")}, nil},
		{"no line break that would become a space", "netflix-ja", []conference.Cue{cue(1, 7, "ユーザー\nによる\nコンテンツ")}, nil},
		{"Spanish", "ted", []conference.Cue{cue(1, 5, "esta es toda la historia de la casa en el bosque")},
			[]string{"cue 1: long-line: esta es toda la historia de la casa en el bosque → esta es toda la historia / de la casa en el bosque"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			language := "en"
			if c.what == "Spanish" {
				language = "es"
			}
			var got []string
			_, changes := check.Fix(c.cues, profileNamed(t, c.profile), language)
			for _, change := range changes {
				got = append(got, change.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			testFix(t, c.cues, c.profile, language)
		})
	}
}

// TestFix_MovesSpans checks that spans keep to their words when white space before them
// collapses or a line is broken within them.
func TestFix_MovesSpans(t *testing.T) {
	given := conference.Cue{Start: time.Second, End: 5 * time.Second,
		Text:  " and  this \n is the whole of the \t\nstory of the house in the woods ",
		Spans: []conference.Span{{From: 6, To: 10, Italic: true}, {From: 10, To: 13, Underline: true}, {From: 26, To: 43, Bold: true}}}
	cues, _ := check.Fix([]conference.Cue{given, cue(5, 7, "")}, profileNamed(t, "bbc"), "en")
	got := cues[0]
	if want := "and this is the whole of the story\nof the house in the woods"; got.Text != want {
		t.Fatalf("got %q, want %q", got.Text, want)
	}
	if want := []string{"this", " ", "of the story\nof"}; !slices.Equal(spanned(got), want) {
		t.Errorf("spans are over %q, want %q", spanned(got), want)
	}
	if given.Spans[0].From != 6 {
		t.Error("the spans that were given have changed")
	}
}

// TestFix_SortsCues checks that a moved cue loses its line, so that fixing again leaves it
// where it is.
func TestFix_SortsCues(t *testing.T) {
	given := []conference.Cue{{Start: 1e9, End: 2e9, Text: "One.", Line: 6}, {Start: 5e9, End: 6e9, Text: "Two.", Line: 2}}
	cues, changes := check.Fix(given, profileNamed(t, "ted"), "en")
	if len(changes) != 1 || changes[0].Line != 6 || changes[0].Code != check.OutOfOrder || cues[0].Line != 0 || cues[1].Line != 2 {
		t.Errorf("got %v, %+v", changes, cues)
	}
	testFix(t, given, "ted", "en")
}

// TestFix_RandomCues checks what Fix promises on random cues.
func TestFix_RandomCues(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		profile := check.ProfileNames()[random.IntN(len(check.ProfileNames()))]
		testFix(t, randomCues(random), profile, []string{"en", "es", "ja", ""}[random.IntN(4)])
		if t.Failed() {
			t.Fatalf("with %s and seed %d", profile, seed)
		}
	}
}

// randomCues returns unrealistic cues, and some that are nearly right.
func randomCues(random *rand.Rand) (cues []conference.Cue) {
	words := strings.Fields("the and of I we will house houses, to stand. - ♪ [laughs] man: 日本語 です。 한국어 नमस्ते שלום 👩‍👩‍👧 é internationalization Lars Rasmussen")
	spaces := []string{" ", " ", " ", " ", "\n", "  ", " \n", "\t", "\n\n"}
	at := 0
	for n := random.IntN(12); n > 0; n-- {
		at += random.IntN(3000) - 200
		c := conference.Cue{Start: time.Duration(at) * time.Millisecond, End: time.Duration(at+random.IntN(4000)-100) * time.Millisecond, Position: 8 * random.IntN(8) / 7}
		if random.IntN(3) == 0 && len(cues) > 0 {
			c.Start = cues[len(cues)-1].End + time.Duration(random.IntN(300)-150)*time.Millisecond
		}
		for w := random.IntN(20); w > 0; w-- {
			from := len(c.Text)
			c.Text += words[random.IntN(len(words))]
			if random.IntN(3) == 0 {
				c.Spans = append(c.Spans, conference.Span{From: from, To: len(c.Text), Italic: true})
			}
			c.Text += spaces[random.IntN(len(spaces))]
		}
		if random.IntN(8) == 0 && len(cues) > 0 {
			c = cues[0]
		}
		cues = append(cues, c)
	}
	return cues
}

// testFix checks what Fix promises for any cues: they come out ascending, none lost, with their
// starts, words and styles; no overlap is new; the report is no worse; fixing again changes
// nothing; and the given cues are unchanged.
func testFix(t *testing.T, given []conference.Cue, profile, language string) {
	t.Helper()
	p := profileNamed(t, profile)
	copied := slices.Clone(given)
	got, changes := check.Fix(given, p, language)
	if !reflect.DeepEqual(given, copied) {
		t.Error("the cues given have changed")
	}
	sorted := slices.Clone(given)
	slices.SortStableFunc(sorted, func(a, b conference.Cue) int { return int(a.Start - b.Start) })
	if len(got) != len(sorted) {
		t.Fatalf("%d cues out of %d", len(got), len(sorted))
	}
	for i, c := range got {
		if was := sorted[i]; c.Start != was.Start || !slices.Equal(strings.Fields(c.Text), strings.Fields(was.Text)) || c.Position != was.Position || c.ID != was.ID {
			t.Errorf("cue %d: %+v out of %+v", i+1, c, was)
		} else if !slices.Equal(countWords(spanned(c)), countWords(spanned(was))) {
			t.Errorf("cue %d: looks are of %q, were of %q", i+1, spanned(c), spanned(was))
		} else if i+1 < len(got) && c.End > was.End && c.End > got[i+1].Start-p.Gap {
			t.Errorf("cue %d: grew to %s, over the next at %s", i+1, c.End, got[i+1].Start)
		}
	}
	before, after := check.Check(given, p, language, 0), check.Check(got, p, language, 0)
	if b, a := before.Counts, after.Counts; after.Share > before.Share || slices.Compare([]int{a.Errors, a.Warnings, a.Notes}, []int{b.Errors, b.Warnings, b.Notes}) > 0 {
		t.Errorf("%v in place of %v\nbefore %q\nafter  %q", a, b, messages(before), messages(after))
	}
	again, more := check.Fix(got, p, language)
	if len(more) > 0 || !reflect.DeepEqual(again, got) {
		t.Errorf("mending again changes %v, after %v", more, changes[:min(5, len(changes))])
	}
}

func messages(r check.Report) (all []string) {
	for _, f := range r.Findings {
		all = append(all, fmt.Sprintf("%d %s %s", f.Cue, f.Severity, f.Message))
	}
	return all
}

// spanned returns the text under each of a cue's spans.
func spanned(c conference.Cue) (texts []string) {
	for _, s := range c.Spans {
		texts = append(texts, c.Text[s.From:s.To])
	}
	return texts
}

// countWords counts the words of a text. In scripts written without spaces, two full-width
// characters count as a word.
func countWords(texts []string) (all []string) {
	for _, text := range texts {
		all = append(all, strings.Join(strings.Fields(text), " "))
	}
	return all
}

// BenchmarkCheckAndFix checks and fixes ten thousand cues, a talk of a day; both together take
// well under a second.
func BenchmarkCheckAndFix(b *testing.B) {
	var cues []conference.Cue
	for i := range 10_000 {
		at := time.Duration(i) * 3 * time.Second
		text := []string{"and this is the whole of the story of the house in the woods", "Пару лет назад ниша видео\nв сети была в новинку,", "ユーザーによるコンテンツの\n利用", "Hello."}[i%4]
		cues = append(cues, conference.Cue{Start: at, End: at + 2950*time.Millisecond, Text: text, Line: 4*i + 1})
	}
	b.ReportAllocs()
	for b.Loop() {
		p := profileNamed(b, "ted")
		check.Check(cues, p, "en", 0)
		check.Fix(cues, p, "en")
	}
	b.ReportMetric(float64(len(cues)*b.N)/b.Elapsed().Seconds(), "cues/s")
}
