package charset

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/language"
)

// reading is one way to take a file: in an encoding, as a language.
type reading struct {
	page  *page
	model *model
	score float64 // the logarithm of its chance, in nats
}

// What is expected before the bytes are looked at, in nats.
const (
	strangePage     = -6.0  // an encoding in which the language is seldom found
	laterPage       = -1.0  // each step down the language's list
	strangeLanguage = -15.0 // another language than the one that was named
	alsoEnglish     = -8.0  // English, where another was named
	seconded        = 2.0   // chardet thinks so too
)

const (
	sampled  = 64 << 10 // bytes of lines beyond ASCII that a guess looks at first
	shortest = 60       // readings that are looked at pair by pair
)

var legacyPages = sync.OnceValue(func() (all []*page) {
	for _, name := range legacy {
		p, err := lookup(name)
		if err != nil {
			panic(err)
		}
		all = append(all, p)
	}
	return all
})

// guess is how best to take raw, none of whose lines is UTF-8, of a file whose other
// lines are those of fine, which is text. The readings that follow are the next best.
func guess(raw, fine string, hint Hint) []reading {
	sample := excerpt(raw)
	second := chardetSays(sample)
	evidence := map[*page][]pairCount{}
	var readings []reading
	finePairs := countText(fine)
	for _, p := range legacyPages() {
		evidence[p] = p.count(sample)
		for _, m := range models() {
			r := reading{p, m, prior(p, m, hint)}
			if p.name == second {
				r.score += seconded
			}
			readings = append(readings, r)
		}
	}
	rough := make(map[reading]float64, len(readings))
	for _, r := range readings {
		rough[r] = r.score + r.model.each(evidence[r.page])
	}
	slices.SortStableFunc(readings, func(a, b reading) int { return descending(rough[a], rough[b]) })
	readings = readings[:min(shortest, len(readings))]
	for i, r := range readings {
		readings[i].score += r.model.all(evidence[r.page]) + r.model.all(finePairs)
	}
	slices.SortStableFunc(readings, func(a, b reading) int { return descending(a.score, b.score) })
	if readings[0].page.single != nil && len(sample) < len(raw) {
		readings = recount(readings, raw, finePairs, hint)
	}
	return readings
}

// recount scores the readings in pages of single bytes again by all of raw: the few bytes
// in which two such pages differ may lie outside of a sample.
func recount(readings []reading, raw string, fine []pairCount, hint Hint) (again []reading) {
	evidence := map[*page][]pairCount{}
	for _, r := range readings {
		if r.page.single == nil {
			continue
		}
		if evidence[r.page] == nil {
			evidence[r.page] = r.page.count(raw)
		}
		r.score = prior(r.page, r.model, hint) + r.model.all(evidence[r.page]) + r.model.all(fine)
		again = append(again, r)
	}
	slices.SortStableFunc(again, func(a, b reading) int { return descending(a.score, b.score) })
	return again
}

func descending(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// prior is what a reading is worth before the bytes are looked at.
func prior(p *page, m *model, hint Hint) (score float64) {
	score = strangePage
	if i := slices.Index(strings.Fields(m.pages), p.name); i >= 0 {
		score = laterPage * float64(i)
	}
	if want := modelTag(hint.Language); want != "" && want != m.tag {
		if m.tag == "en" {
			return score + alsoEnglish
		}
		return score + strangeLanguage
	}
	return score
}

// modelTag is the tag of the model for a BCP 47 tag; "" if there is none.
func modelTag(bcp47 string) string {
	tag, err := language.Parse(bcp47)
	if bcp47 == "" || err != nil {
		return ""
	}
	base, _ := tag.Base()
	script, _ := tag.Script()
	name := base.String()
	switch name {
	case "zh", "yue", "wuu":
		name = "zh-" + script.String()
	case "no", "nn":
		name = "nb"
	case "bs", "sh":
		name = "hr"
	case "sr":
		if script.String() == "Latn" {
			name = "hr"
		}
	case "gl":
		name = "pt"
	case "mo":
		name = "ro"
	}
	for _, l := range languages {
		if l.tag == name {
			return name
		}
	}
	return ""
}

// chardetSays is the page that gogs/chardet takes sample for; "" if it cannot tell.
func chardetSays(sample string) string {
	best, err := chardet.NewTextDetector().DetectBest([]byte(sample))
	if err != nil {
		return ""
	}
	p, unknown := lookup(strings.Replace(best.Charset, "GB-", "GB", 1))
	if unknown != nil {
		return ""
	}
	return p.name
}

// excerpt is the lines of raw beyond ASCII; of a long file, some from everywhere in it.
func excerpt(raw string) string {
	beyond := 0
	for rest, more := raw, true; more; {
		var line string
		if line, rest, more = CutLine(rest); !ascii(line) {
			beyond += len(line) + 1
		}
	}
	every := beyond/sampled + 1
	var b strings.Builder
	n := 0
	for rest, more := raw, true; more; {
		var line string
		if line, rest, more = CutLine(rest); ascii(line) {
			continue
		}
		if n++; n%every == 0 || every == 1 {
			b.WriteString(line[:min(len(line), sampled)])
			b.WriteByte('\n')
		}
		if b.Len() > 2*sampled {
			break
		}
	}
	if b.Len() == 0 {
		return raw[:min(len(raw), sampled)]
	}
	return b.String()
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// pairCount is how often b follows a.
type pairCount struct {
	a, b rune
	n    int
}

// count counts the pairs beyond ASCII of raw, read in the page.
func (p *page) count(raw string) (pairs []pairCount) {
	if p.single == nil || p.name == "windows-1258" {
		return countText(p.decode(raw))
	}
	var seen [256][256]int32
	before := byte('\n')
	for i := 0; i < len(raw); i++ {
		seen[before][raw[i]]++
		before = raw[i]
	}
	for a := range 256 {
		for b := range 256 {
			if n := seen[a][b]; n > 0 && (a >= utf8.RuneSelf || b >= utf8.RuneSelf) {
				pairs = append(pairs, pairCount{p.single[a], p.single[b], int(n)})
			}
		}
	}
	return pairs
}

// countText counts the pairs beyond ASCII of text.
func countText(text string) (pairs []pairCount) {
	seen := map[[2]rune]int{}
	before := '\n'
	for _, r := range text {
		if before >= utf8.RuneSelf || r >= utf8.RuneSelf {
			seen[[2]rune{before, r}]++
		}
		before = r
	}
	for pair, n := range seen {
		pairs = append(pairs, pairCount{pair[0], pair[1], n})
	}
	return pairs
}

// all is the score of pairs.
func (m *model) all(pairs []pairCount) (sum float64) {
	for _, p := range pairs {
		sum += float64(p.n) * m.pair(p.a, p.b)
	}
	return sum
}

// each is a rough score of pairs, by the second of each alone.
func (m *model) each(pairs []pairCount) (sum float64) {
	counts := map[rune]int{}
	for _, p := range pairs {
		if p.b >= utf8.RuneSelf {
			counts[fold(p.b)] += p.n
		}
	}
	for r, n := range counts {
		sum += float64(n) * math.Log(m.of(r))
	}
	return sum
}
