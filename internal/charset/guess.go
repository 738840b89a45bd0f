package charset

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/language"
)

// candidate is one way to take a file: in an encoding, as a language.
type candidate struct {
	page     *codePage
	model    *model
	score    float64 // the logarithm of its chance, in nats
	estimate float64 // score, guessed at from characters alone
}

// What is expected before the bytes are looked at, in nats.
const (
	unlistedPage   = -6.0  // an encoding in which the language is seldom found
	perRank        = -1.0  // each step down the language's list
	otherLanguage  = -15.0 // another language than the one that was named
	englishBesides = -8.0  // English, where another was named
	chardetAgrees  = 2.0   // chardet thinks so too
)

const (
	sampleSize    = 64 << 10 // bytes of lines beyond ASCII that a guess looks at first
	shortlistSize = 60       // readings that are looked at pair by pair
	maxDeficit    = 200      // nats behind the best at which a reading may still turn out to be better
)

var guessablePages = sync.OnceValue(func() (all []*codePage) {
	for _, name := range guessableNames {
		p, err := lookupPage(name)
		if err != nil {
			panic(err)
		}
		all = append(all, p)
	}
	return all
})

// rankCandidates returns the shortlistSize best readings of the file raw, or fewer, the best first.
// odd holds its lines that are neither ASCII nor valid UTF-8, fine those that are valid UTF-8 but
// not ASCII.
func rankCandidates(odd, fine, raw string, hint Hint) []candidate {
	sample := sampleLines(odd)
	second := chardetPage(sample)
	plain := asciiEvidence(raw)
	want := modelLanguage(hint.Language)
	bytePairs := countBytePairs(sample)
	found := map[*codePage][]runePair{}
	var readings []candidate
	for _, p := range guessablePages() {
		found[p] = p.countPairs(sample, bytePairs)
		runes := countSecondRunes(found[p])
		for i, m := range models() {
			r := candidate{page: p, model: m, score: prior(p, m, want) + plain[i]}
			if p.name == second {
				r.score += chardetAgrees
			}
			r.estimate = r.score + m.scoreRunes(runes)
			readings = append(readings, r)
		}
	}
	slices.SortStableFunc(readings, func(a, b candidate) int { return cmp.Compare(b.estimate, a.estimate) })
	readings = readings[:min(shortlistSize, len(readings))]
	finePairs := countRunePairs(fine)
	return addEvidence(readings, func(r candidate) float64 { return r.model.scorePairs(found[r.page]) + r.model.scorePairs(finePairs) }, odd, len(sample) < len(odd))
}

// addEvidence returns the readings, the best first, with evidence added to the score of each. If
// excerpted, the evidence is from an excerpt of raw only. Then readings in the best one's language
// that are not far behind it are scored again by all of raw, because the few bytes in which two
// encodings differ may be outside the excerpt; the other readings are left out.
func addEvidence(readings []candidate, evidence func(candidate) float64, raw string, excerpted bool) []candidate {
	ranked := slices.Clone(readings)
	for i, r := range ranked {
		ranked[i].score += evidence(r)
	}
	byScore := func(a, b candidate) int { return cmp.Compare(b.score, a.score) }
	slices.SortStableFunc(ranked, byScore)
	if !excerpted {
		return ranked
	}
	best := ranked[0]
	bytePairs := countBytePairs(raw)
	ranked = slices.DeleteFunc(ranked, func(r candidate) bool { return r.score < best.score-maxDeficit || r.model != best.model })
	for i, r := range ranked {
		before := slices.IndexFunc(readings, func(o candidate) bool { return o.page == r.page && o.model == r.model })
		ranked[i].score = readings[before].score + r.model.scorePairs(r.page.countPairs(raw, bytePairs))
	}
	slices.SortStableFunc(ranked, byScore)
	return ranked
}

// prior returns the score, in nats, of a page and a language before the bytes are considered. want
// is the tag of the declared language, or "".
func prior(p *codePage, m *model, want string) (score float64) {
	score = unlistedPage
	if i := slices.Index(strings.Fields(m.pages), p.name); i >= 0 {
		score = perRank * float64(i)
	}
	if want != "" && want != m.tag {
		if m.tag == "en" {
			return score + englishBesides
		}
		return score + otherLanguage
	}
	return score
}

// modelLanguage returns the tag of the language model for a BCP 47 tag, or "" if there is none.
// Some languages share the model of a similar one.
func modelLanguage(bcp47 string) string {
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

// chardetPage returns the name of the page that gogs/chardet detects in sample, or "" if it detects
// none. chardet returns equally likely results in random order; of those, the one that comes first
// in guessableNames is returned.
func chardetPage(sample string) string {
	results, err := chardet.NewTextDetector().DetectAll([]byte(sample))
	if err != nil {
		return ""
	}
	best := len(guessableNames)
	for _, r := range results {
		p, unknown := lookupPage(strings.Replace(r.Charset, "GB-", "GB", 1))
		if r.Confidence < results[0].Confidence || unknown != nil {
			continue
		}
		if i := slices.Index(guessableNames, p.name); i >= 0 {
			best = min(best, i)
		}
	}
	if best == len(guessableNames) {
		return ""
	}
	return guessableNames[best]
}

// sampleLines returns the lines of raw that are not ASCII, or an even sample of them if they are
// more than sampleSize. If there are none, it returns the beginning of raw.
func sampleLines(raw string) string {
	beyond := 0
	for rest, more := raw, true; more; {
		var line string
		line, rest, more = CutLine(rest)
		if !isASCII(line) {
			beyond += len(line) + 1
		}
	}
	every := beyond/sampleSize + 1
	var b strings.Builder
	n := 0
	for rest, more := raw, true; more; {
		var line string
		line, rest, more = CutLine(rest)
		if isASCII(line) {
			continue
		}
		n++
		if n%every == 0 || every == 1 {
			b.WriteString(line[:min(len(line), sampleSize)])
			b.WriteByte('\n')
		}
		if b.Len() > 2*sampleSize {
			break
		}
	}
	if b.Len() == 0 {
		return raw[:min(len(raw), sampleSize)]
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// runePair is how often b follows a.
type runePair struct {
	a, b rune
	n    int
}

// bytePair is how often one byte follows another.
type bytePair struct {
	a, b byte
	n    int
}

// countBytePairs returns the pairs of adjacent bytes of raw that are not both ASCII, each with how
// often it occurs.
func countBytePairs(raw string) (pairs []bytePair) {
	var seen [256][256]int32
	before := byte('\n')
	for i := 0; i < len(raw); i++ {
		seen[before][raw[i]]++
		before = raw[i]
	}
	for a := range 256 {
		for b := range 256 {
			if n := seen[a][b]; n > 0 && (a >= utf8.RuneSelf || b >= utf8.RuneSelf) {
				pairs = append(pairs, bytePair{byte(a), byte(b), int(n)})
			}
		}
	}
	return pairs
}

// countPairs returns the pairs of adjacent characters that are not both ASCII in raw, decoded in
// the page. bytePairs are the pairs of bytes in raw.
func (p *codePage) countPairs(raw string, bytePairs []bytePair) (pairs []runePair) {
	if p.single == nil || p.name == "windows-1258" { // where characters are more than a byte
		return countRunePairs(p.decode(raw))
	}
	pairs = make([]runePair, len(bytePairs))
	for i, b := range bytePairs {
		pairs[i] = runePair{p.single[b.a], p.single[b.b], b.n}
	}
	return pairs
}

// countRunePairs returns the pairs of adjacent characters in text that are not both ASCII, each
// with how often it occurs. Their order is fixed, because rounding makes sums depend on it.
func countRunePairs(text string) (pairs []runePair) {
	seen := map[[2]rune]int{}
	before := '\n'
	for _, r := range text {
		if before >= utf8.RuneSelf || r >= utf8.RuneSelf {
			seen[[2]rune{before, r}]++
		}
		before = r
	}
	for pair, n := range seen {
		pairs = append(pairs, runePair{pair[0], pair[1], n})
	}
	slices.SortFunc(pairs, func(p, q runePair) int { return cmp.Or(cmp.Compare(p.b, q.b), cmp.Compare(p.a, q.a)) })
	return pairs
}

// runeCount is how often a character comes.
type runeCount struct {
	r rune
	n int
}

// countSecondRunes returns how often each non-ASCII character, folded, comes second in pairs, so
// that each character of the text counts once.
func countSecondRunes(pairs []runePair) (runes []runeCount) {
	at := map[rune]int{}
	for _, p := range pairs {
		if p.b < utf8.RuneSelf {
			continue
		}
		r := foldRune(p.b)
		i, ok := at[r]
		if !ok {
			i = len(runes)
			at[r] = i
			runes = append(runes, runeCount{r: r})
		}
		runes[i].n += p.n
	}
	return runes
}

// scoreRunes returns a rough score in nats, from the frequencies of single characters.
func (m *model) scoreRunes(runes []runeCount) (sum float64) {
	for _, c := range runes {
		sum += float64(c.n) * math.Log(m.runeChance(c.r))
	}
	return sum
}

// What the plain letters of a file say of its language: a little, since they may be
// names, tags or another language's words.
const (
	asciiWeight = 0.05  // of what they would count for, were they the text
	asciiFloor  = -15.0 // nats
	asciiSample = 16 << 10
)

// asciiEvidence returns what the pairs of ASCII letters at the beginning of raw add to the score of
// each model, in nats: 0 for the best one, less for the others.
func asciiEvidence(raw string) []float64 {
	var counts [26][26]int
	raw = raw[:min(len(raw), asciiSample)]
	for i := 1; i < len(raw); i++ {
		if a, b := (raw[i-1]|0x20)-'a', (raw[i]|0x20)-'a'; a < 26 && b < 26 {
			counts[a][b]++
		}
	}
	gains := make([]float64, len(models()))
	for i, m := range models() {
		for a := range counts {
			for b, n := range counts[a] {
				if n > 0 {
					gains[i] += float64(n) * m.pairScore('a'+rune(a), 'a'+rune(b))
				}
			}
		}
	}
	best := slices.Max(gains)
	for i := range gains {
		gains[i] = max(asciiFloor, asciiWeight*(gains[i]-best))
	}
	return gains
}
