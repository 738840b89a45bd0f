package translation

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

func TestSuggest(t *testing.T) {
	var m Memory
	if got := m.Suggest("Anything at all.", "es", 3); got != nil {
		t.Errorf("an empty memory suggests %+v", got)
	}
	m.Add(
		Pair{"Thank you very much.", "Gracias.", "es", "a", "c0001", Draft},
		Pair{"Thank you\nvery much.", "Muchas gracias.", "es", "b", "c0001", Draft},
		Pair{"thank you very much.", "Muchas gracias.", "es", "c", "c0007", Approved},
		Pair{"Thank you very much.", "Merci beaucoup.", "fr", "a", "c0001", Approved},
		Pair{"Thank you so much.", "Mil gracias.", "es", "d", "c0001", Approved},
		Pair{"Any questions, or shall we go and eat?", "¿Preguntas, o comemos?", "es", "d", "c0100", Approved},
		Pair{"ありがとうございました", "Gracias a todos.", "es", "e", "c0001", Approved},
	)
	for _, c := range []struct {
		text, language string
		n              int
		want           []string
	}{
		{"THANK YOU  very\nmuch.", "es", 3, []string{"Muchas gracias.", "Gracias.", "Mil gracias."}},
		{"Thank you very much.", "es", 1, []string{"Muchas gracias."}},
		{"Thank you very much.", "fr", 3, []string{"Merci beaucoup."}},
		{"Thank you very, very much.", "es", 1, []string{"Muchas gracias."}},
		{"Any question, or shall we go to eat?", "es", 3, []string{"¿Preguntas, o comemos?"}},
		{"ありがとうございます", "es", 3, []string{"Gracias a todos."}},
		{"Something else altogether.", "es", 3, nil},
		{"Thank you very much.", "de", 3, nil},
		{"", "es", 3, nil},
	} {
		var got []string
		last := 1.0
		for _, s := range m.Suggest(c.text, c.language, c.n) {
			got = append(got, s.Translation)
			if s.Likeness > last || s.Likeness < minLikeness || s.Talk == "" {
				t.Errorf("“%s”: %+v", c.text, s)
			}
			last = s.Likeness
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("“%s” into %s: %q, want %q", c.text, c.language, got, c.want)
		}
	}
	if got := m.Suggest("Thank you very much.", "es", 1)[0]; got.Count != 2 || got.Talk != "c" || got.Likeness != 1 {
		t.Errorf("what was approved once and drafted once is %+v", got)
	}
}

func TestPairs_OnlyUpToDate(t *testing.T) {
	source := translationtest.Cues("a", "b", "c")
	cue := func(n int, s State) Cue {
		return Cue{Cue: translationtest.Cues("x", "y", "z")[n], SourceIDs: []string{source[n].ID}, State: s}
	}
	got := Pairs("talk", "es", Units(source, []Cue{cue(0, Approved), cue(1, NeedsEditing), cue(2, Untranslated)}))
	if want := []Pair{{"a", "x", "es", "talk", source[0].ID, Approved}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The distance is computed only near the diagonal; it must equal that of the whole table.
func TestEditDistance(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	text := func() []rune {
		r := make([]rune, rng.IntN(12))
		for i := range r {
			r[i] = 'a' + rune(rng.IntN(3))
		}
		return r
	}
	for range 5000 {
		a, b := text(), text()
		most := rng.IntN(8)
		if got, want := editDistance(a, b, most), min(most+1, fullEditDistance(a, b)); got != want {
			t.Fatalf("from %q to %q, at most %d: %d edits, want %d", string(a), string(b), most, got, want)
		}
	}
}

func fullEditDistance(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	row := make([][]int, len(a)+1)
	for i := range row {
		row[i] = make([]int, len(b)+1)
		row[i][0] = i
	}
	for j := range row[0] {
		row[0][j] = j
	}
	for i := range a {
		for j := range b {
			cost := row[i][j]
			if a[i] != b[j] {
				cost++
			}
			row[i+1][j+1] = min(cost, row[i][j+1]+1, row[i+1][j]+1)
		}
	}
	return row[len(a)][len(b)]
}
