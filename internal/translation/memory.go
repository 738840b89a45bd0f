package translation

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Pair is something that was translated once.
type Pair struct {
	Source      string `json:"source"`
	Translation string `json:"translation"`
	Language    string `json:"language"` // of the translation, BCP 47
	Talk        string `json:"talk"`     // its slug
	Cue         string `json:"cue"`      // id of its first source cue
	State       State  `json:"state"`
}

// Pairs are those of a talk's translation: of each unit that is a draft at least, and
// whose source still says what it said.
func Pairs(talk, language string, units []Unit) (all []Pair) {
	for _, u := range units {
		text := JoinText(plainCues(u.Target))
		if len(u.Source) > 0 && strings.TrimSpace(text) != "" && u.State().atLeast(Draft) && foldText(text) != foldText(JoinText(u.Source)) {
			all = append(all, Pair{JoinText(u.Source), text, language, talk, u.Source[0].ID, u.State()})
		}
	}
	return all
}

// Suggestion is an earlier translation of something alike.
type Suggestion struct {
	Pair
	Likeness float64 `json:"likeness"` // 1: the source said the same, but for white space and capitals; 0.7 is the least
	Count    int     `json:"times"`    // how often it was translated so
}

// Memory is what was translated before, in all talks and languages. Any number of
// goroutines may use it at a time. The zero Memory is empty.
type Memory struct {
	mu    sync.RWMutex
	texts []memoryText
	index map[string]int32 // in texts, by what is said
	grams map[gram][]int32 // ascending, those that have it
}

// memoryText is a source text and its translations.
type memoryText struct {
	folded string // folded
	length int    // in characters
	pairs  []Pair
}

// gram is a few characters that follow each other, of 21 bits each: three, or two of a script
// that says more with each.
type gram uint64

// minLikeness is what is worth a translator's look.
const minLikeness = 0.7

// Bounds on what is looked at for one suggestion: the rarest grams of a text, how many texts
// that have them are counted, and how many of those that have most of them are compared.
const (
	maxGrams      = 24
	maxCounted    = 30_000
	maxCandidates = 100
)

// Add remembers pairs.
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

// foldText is a text in lower case, with one space for any white space.
func foldText(text string) string { return strings.ToLower(collapseSpaces(text)) }

// textGrams is the grams of a text, each once. Its beginning and its end count as spaces.
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

// Suggest is up to n earlier translations into a language of what a text says, or something
// like it: the likest first; of the same likeness, the approved ones first, then those that
// were made most often.
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

// distinct is the first n, without those that would say the same again.
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

// suggestions are the translations of a text into a language, the furthest of each wording.
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

// similarTexts is the translations of texts that are like another, but not the same.
func (m *Memory) similarTexts(said, language string) (all []Suggestion) {
	text := []rune(said)
	for _, n := range m.candidates(text) {
		t := &m.texts[n]
		if t.folded == said || !slices.ContainsFunc(t.pairs, func(p Pair) bool { return p.Language == language }) {
			continue
		}
		if likeness := likeness(text, []rune(t.folded)); likeness >= minLikeness {
			all = append(all, t.suggestions(language, likeness)...)
		}
	}
	return all
}

// candidates are the texts that have most of the rarest grams of another, and could be alike
// by their lengths.
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

// mostFrequent is up to n numbers of those that come most often among some, which it sorts.
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

// likeness is how much of two texts is the same, by the edits from one to the other; 0 if
// it is below what counts.
func likeness(a, b []rune) float64 {
	longer := max(len(a), len(b))
	most := int((1-minLikeness)*float64(longer) + 1e-9)
	d := editDistance(a, b, most)
	if d > most {
		return 0
	}
	return 1 - float64(d)/float64(longer)
}

// editDistance is how many characters must be put in, taken out or exchanged to make b of a, or
// most+1 if it is more than most.
func editDistance(a, b []rune, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	row := make([]int, len(b)+1) // to the first j of b
	for j := range row {
		row[j] = j
	}
	for i := range a {
		from, to := max(0, i-most), min(len(b), i+most+1) // further off it is more than most
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
			if j == i+most { // not reckoned in the row above
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
