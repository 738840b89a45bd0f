package translation

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Pair is a source text and its translation.
type Pair struct {
	Source      string `json:"source"`
	Translation string `json:"translation"`
	Language    string `json:"language"` // of Translation, BCP 47
	Talk        string `json:"talk"`     // slug
	Cue         string `json:"cue"`      // id of the first source cue
	State       State  `json:"state"`
}

// Pairs returns the source texts of units with their translations. Units are left out if their
// translation is missing, not yet a draft or out of date, or equals the source.
func Pairs(talk, language string, units []Unit) (all []Pair) {
	for _, u := range units {
		text := JoinText(PlainCues(u.Target))
		if len(u.Source) > 0 && strings.TrimSpace(text) != "" && u.State().atLeast(Draft) && foldText(text) != foldText(JoinText(u.Source)) {
			all = append(all, Pair{Source: JoinText(u.Source), Translation: text, Language: language, Talk: talk, Cue: u.Source[0].ID, State: u.State()})
		}
	}
	return all
}

// Suggestion is an earlier translation of a similar text.
type Suggestion struct {
	Pair
	Likeness float64 `json:"likeness"` // from 0.7 to 1; 1 is equal but for white space and case
	Count    int     `json:"times"`    // how often the text was translated this way
}

// Memory is a translation memory for any number of talks and languages. It is safe for
// concurrent use. The zero Memory is empty.
type Memory struct {
	mu    sync.RWMutex
	texts []memoryText
	index map[string]int32 // in texts, by folded text
	grams map[gram][]int32 // indices in texts, ascending
}

// memoryText is a source text and its translations.
type memoryText struct {
	folded string // see foldText
	length int    // in characters
	pairs  []Pair
}

// gram is a sequence of three characters, or of two in scripts that write more with each, 21
// bits per character.
type gram uint64

// minLikeness is the least likeness that is worth suggesting.
const minLikeness = 0.7

// Bounds of the work for one suggestion.
const (
	maxGrams      = 24     // of the text's grams, rarest first
	maxCounted    = 30_000 // occurrences of these grams in other texts
	maxCandidates = 100    // texts compared by edit distance
)

// Add adds pairs to the memory. Pairs with a blank source are ignored.
func (m *Memory) Add(pairs ...Pair) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.index == nil {
		m.index, m.grams = make(map[string]int32), make(map[gram][]int32)
	}
	for _, p := range pairs {
		said := foldText(p.Source)
		if said == "" {
			continue
		}
		n, ok := m.index[said]
		if !ok {
			n = m.add(said)
		}
		m.texts[n].pairs = append(m.texts[n].pairs, p)
	}
}

func (m *Memory) add(said string) (n int32) {
	n = int32(len(m.texts))
	r := []rune(said)
	m.texts = append(m.texts, memoryText{folded: said, length: len(r)})
	m.index[said] = n
	for _, g := range textGrams(r) {
		m.grams[g] = append(m.grams[g], n)
	}
	return n
}

// foldText returns a text in lower case, with one space for each run of white space.
func foldText(text string) string { return strings.ToLower(collapseSpaces(text)) }

// textGrams returns the grams of a text, each once, sorted. A space counts as being before and
// after it.
func textGrams(text []rune) (all []gram) {
	r := make([]rune, 0, len(text)+2)
	r = append(append(append(r, ' '), text...), ' ')
	all = make([]gram, 0, len(r))
	for i := range r[1:] {
		g := gram(r[i])<<42 | gram(r[i+1])<<21
		if wide := r[i] >= 0x2e80 && unicode.In(r[i], unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul); !wide {
			if i+2 == len(r) {
				break
			}
			g |= gram(r[i+2])
		}
		all = append(all, g)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Suggest returns up to n earlier translations of a text, or of similar ones, into a language, each
// wording once. They are sorted by likeness, then by state, then by how often they were used.
func (m *Memory) Suggest(text, language string, n int) []Suggestion {
	m.mu.RLock()
	defer m.mu.RUnlock()
	said := foldText(text)
	var all []Suggestion
	if at, ok := m.index[said]; ok {
		all = m.texts[at].suggestions(language, 1)
	}
	if len(all) < n {
		all = append(all, m.similarTexts(said, language)...)
	}
	slices.SortStableFunc(all, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), slices.Index(stateOrder, b.State)-slices.Index(stateOrder, a.State), b.Count-a.Count)
	})
	return distinct(all, n)
}

// distinct returns the first n suggestions with different translations.
func distinct(all []Suggestion, n int) (some []Suggestion) {
	seen := make(map[string]bool)
	for _, s := range all {
		if len(some) == n {
			break
		}
		if !seen[s.Translation] {
			seen[s.Translation] = true
			some = append(some, s)
		}
	}
	return some
}

// suggestions returns the translations of a text into a language, each wording once in its most
// advanced state. likeness is that of all of them.
func (r memoryText) suggestions(language string, likeness float64) (all []Suggestion) {
	for _, p := range r.pairs {
		if p.Language != language {
			continue
		}
		at := slices.IndexFunc(all, func(s Suggestion) bool { return s.Translation == p.Translation })
		if at < 0 {
			all = append(all, Suggestion{p, likeness, 1})
			continue
		}
		all[at].Count++
		if !all[at].State.atLeast(p.State) {
			all[at].Pair = p
		}
	}
	return all
}

// similarTexts returns translations of texts that are similar to said, which is folded, but not
// equal to it.
func (m *Memory) similarTexts(said, language string) (all []Suggestion) {
	text := []rune(said)
	for _, n := range m.candidates(text) {
		t := &m.texts[n]
		if t.folded == said || !slices.ContainsFunc(t.pairs, func(p Pair) bool { return p.Language == language }) {
			continue
		}
		if likeness := textSimilarity(text, []rune(t.folded)); likeness >= minLikeness {
			all = append(all, t.suggestions(language, likeness)...)
		}
	}
	return all
}

// candidates returns the indexes of up to maxCandidates texts of similar length that share the most
// of the rarest grams with text.
func (m *Memory) candidates(text []rune) []int32 {
	grams := textGrams(text)
	grams = slices.DeleteFunc(grams, func(g gram) bool { return m.grams[g] == nil })
	slices.SortFunc(grams, func(a, b gram) int { return len(m.grams[a]) - len(m.grams[b]) })
	shortest, longest := minLikeness*float64(len(text)), float64(len(text))/minLikeness
	var hits []int32
	looked := 0
	for i, g := range grams {
		list := m.grams[g]
		if i >= maxGrams || i > 0 && looked+len(list) > maxCounted {
			break
		}
		looked += len(list)
		for _, n := range list {
			if l := float64(m.texts[n].length); l >= shortest && l <= longest {
				hits = append(hits, n)
			}
		}
	}
	return mostFrequent(hits, maxCandidates)
}

// mostFrequent returns the n most frequent numbers in some, the most frequent first. It sorts some.
func mostFrequent(some []int32, n int) (all []int32) {
	slices.Sort(some)
	type count struct{ of, times int32 }
	var counts []count
	for _, s := range some {
		if last := len(counts) - 1; last >= 0 && counts[last].of == s {
			counts[last].times++
		} else {
			counts = append(counts, count{s, 1})
		}
	}
	slices.SortFunc(counts, func(a, b count) int { return cmp.Or(cmp.Compare(b.times, a.times), cmp.Compare(a.of, b.of)) })
	for _, c := range counts[:min(n, len(counts))] {
		all = append(all, c.of)
	}
	return all
}

// textSimilarity returns how similar two texts are, from 0 to 1: 1 less their edit distance as a
// share of the longer one. It returns 0 if that is below [minLikeness].
func textSimilarity(a, b []rune) float64 {
	longer := max(len(a), len(b))
	most := int((1-minLikeness)*float64(longer) + 1e-9)
	d := editDistance(a, b, most)
	if d > most {
		return 0
	}
	return 1 - float64(d)/float64(longer)
}

// editDistance returns the Levenshtein distance of a and b, or most+1 if it is more than most.
func editDistance(a, b []rune, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	row := make([]int, len(b)+1) // row[j] is the distance to the first j characters of b
	for j := range row {
		row[j] = j
	}
	for i := range a {
		from, to := max(0, i-most), min(len(b), i+most+1) // cells further from the diagonal exceed most
		diagonal := row[from]
		row[from] = most + 1
		if from == 0 {
			row[0] = i + 1
		}
		least := row[from]
		for j := from; j < to; j++ {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			up := diagonal
			if j == i+most { // not computed in the previous row
				up = most + 1
			}
			row[j+1] = min(cost, up+1, row[j]+1)
			least = min(least, row[j+1])
		}
		if least > most {
			return most + 1
		}
	}
	return min(row[len(b)], most+1)
}
