package charset

import (
	"math"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// model is how likely a language's characters follow each other. It looks at nothing but
// pairs with a character beyond ASCII: the rest is alike in nearly every encoding, and in
// subtitles much of it is timings and tags.
type model struct {
	*languageProfile
	chance map[rune]float64    // of a character, by fold
	pairs  map[[2]rune]float64 // how often the sample holds a pair, by fold
	from   map[rune]float64    // how often the sample holds a pair with this first
}

// models are those of all languages.
var models = sync.OnceValue(func() (all []*model) {
	for i := range languages {
		all = append(all, newModel(&languages[i]))
	}
	return all
})

// What the model of a language is mixed from besides its sample, in characters.
const (
	letterWeight = 0.5 // for each letter of the alphabet, so that a rare one is not a strange one
	listWeight   = 400 // for a list of the most frequent Han or Hangul, falling as Zipf has it
	levelWeight  = 150 // for the common ones by their national standard
	backoff      = 10  // what a character's general chance counts for against the pairs seen after another
)

func newModel(l *languageProfile) *model {
	m := &model{languageProfile: l, chance: map[rune]float64{}, pairs: map[[2]rune]float64{}, from: map[rune]float64{}}
	before := ' '
	for _, r := range l.sample {
		r = foldRune(r)
		m.chance[r]++
		m.pairs[[2]rune{before, r}]++
		m.from[before]++
		before = r
	}
	length := float64(utf8.RuneCountInString(l.sample))
	m.addLetters()
	for sign, share := range signFrequencies {
		m.chance[sign] += share * length
	}
	all := 0.0
	for _, n := range m.chance {
		all += n
	}
	for r := range m.chance {
		m.chance[r] /= all
	}
	return m
}

// addLetters adds the language's letters to the counts of the model: equally for an alphabet, and
// by rank for Han and Hangul.
func (m *model) addLetters() {
	level, ok := commonCharacters[m.tag]
	if !ok {
		for _, r := range m.letters {
			m.chance[r] += letterWeight
		}
		return
	}
	ranked := []rune(m.letters)
	zipf := 0.0
	for i := range ranked {
		zipf += 1 / float64(i+20)
	}
	for i, r := range ranked {
		m.chance[r] += listWeight / zipf / float64(i+20)
	}
	common := level.characters()
	for _, r := range common {
		m.chance[r] += levelWeight / float64(len(common))
	}
}

// commonCharacters are where the standards of each country put the characters in common use: the
// first level of GB 2312, Big5, JIS X 0208, and the Hangul of KS X 1001.
var commonCharacters = map[string]byteRange{
	"zh-Hans": {"gb18030", 0xB0, 0xD7, 0xA1},
	"zh-Hant": {"big5", 0xA4, 0xC6, 0x40},
	"ja":      {"euc-jp", 0xB0, 0xCF, 0xA1},
	"ko":      {"euc-kr", 0xB0, 0xC8, 0xA1},
}

type byteRange struct {
	page        string
	first, last byte // of the first bytes
	second      byte // the first of the second bytes
}

func (l byteRange) characters() (all []rune) {
	p, err := lookupPage(l.page)
	if err != nil {
		panic(err)
	}
	for a := int(l.first); a <= int(l.last); a++ {
		for b := int(l.second); b < 0xFF; b++ {
			if r := []rune(p.decode(string([]byte{byte(a), byte(b)}))); len(r) == 1 && unicode.IsLetter(r[0]) {
				all = append(all, r[0])
			}
		}
	}
	return all
}

// signFrequencies are how often characters other than letters come in any language's subtitles.
var signFrequencies = map[rune]float64{
	' ': 0.15, '0': 0.01, '.': 0.02, ',': 0.02, '-': 0.005, '?': 0.003, '!': 0.003, '\'': 0.003, '"': 0.003, ':': 0.003,
	';': 0.0005, '(': 0.0005, ')': 0.0005, '[': 0.0005, ']': 0.0005, '<': 0.002, '>': 0.002, '/': 0.001, '&': 0.0003, '*': 0.0003, '#': 0.0003,
	'’': 1e-3, '“': 5e-4, '”': 5e-4, '„': 1e-4, '«': 2e-4, '»': 2e-4, '‘': 1e-4, '‚': 1e-5, '‹': 3e-6, '›': 3e-6,
	'–': 5e-4, '—': 5e-4, '…': 5e-4, '\u00a0': 2e-4, '♪': 2e-4, '♫': 1e-4, '•': 1e-4, '·': 5e-5, '°': 5e-5, '€': 5e-5, '£': 3e-5,
	'©': 3e-5, '®': 3e-5, '™': 3e-5, '½': 2e-5, '¼': 1e-5, '¾': 1e-5, '²': 1e-5, '³': 1e-5, '×': 1e-5, '§': 1e-5, '№': 1e-5,
	'\u200e': 1e-5, '\u200f': 1e-5, '\u200b': 1e-6, '\u200c': 1e-5, '\u200d': 1e-6, '\ufeff': 1e-6, '¿': 1e-6, '¡': 1e-6, 'ª': 1e-6, 'º': 1e-6, '\u00ad': 1e-6,
	'、': 1e-6, '。': 1e-6, '，': 1e-6, '！': 1e-6, '？': 1e-6, '：': 1e-6, '「': 1e-6, '」': 1e-6, '《': 1e-6, '》': 1e-6, '\u3000': 1e-5,
}

// runeChance returns the probability of a folded character in the language's subtitles.
func (m *model) runeChance(r rune) float64 {
	if p, ok := m.chance[r]; ok {
		return p
	}
	switch {
	case r == utf8.RuneError, isC1(r), r < ' ':
		return 1e-9
	case unicode.In(r, unicode.Han, unicode.Hangul):
		return 1e-8
	case 0xFF61 <= r && r < 0xFFA0: // half-width kana
		return 1e-8
	case r < utf8.RuneSelf:
		return 1e-4
	case unicode.IsLetter(r), unicode.Is(unicode.Mn, r):
		if unicode.Is(unicode.Latin, r) {
			return 2e-6
		}
		return 2e-7
	case 0x2500 <= r && r < 0x2600: // boxes, of which KOI8 and the pages of DOS are full
		return 1e-8
	case !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return 1e-10
	}
	return 5e-7
}

// score returns the logarithm of the probability of text in the language, in nats.
func (m *model) score(text string) float64 {
	return m.scorePairs(countRunePairs(text))
}

// scorePairs returns the score of pairs of characters in nats. Subtitles have ordinary case
// throughout, or capitals throughout; the more likely of the two counts.
func (m *model) scorePairs(pairs []runePair) float64 {
	letters, ordinary, capitals := 0.0, 0.0, 0.0
	for _, p := range pairs {
		n := float64(p.n)
		letters += n * m.pairScore(p.a, p.b)
		usual, shouted := caseChances(p.a, p.b)
		ordinary += n * math.Log(usual)
		capitals += n * math.Log(shouted)
	}
	return letters + max(ordinary, capitals)
}

// pairScore returns the logarithm of the probability that b follows a, ignoring case.
func (m *model) pairScore(a, b rune) float64 {
	fa, fb := foldRune(a), foldRune(b)
	seen := m.pairs[[2]rune{fa, fb}]
	return math.Log((seen + backoff*m.runeChance(fb)*pairFit(a, b)) / (m.from[fa] + backoff))
}

// foldRune returns the character that represents r in a model, as their difference says little
// about the encoding: lower case for capitals, a space for line ends and tabs, 0 for all digits,
// and ş and ţ with a cedilla for those with a comma.
func foldRune(r rune) rune {
	switch {
	case r == ' ', r == '\n', r == '\r', r == '\t':
		return ' '
	case '0' <= r && r <= '9':
		return '0'
	case r == 'İ': // whose lower case would be the i of ASCII
		return r
	case r == 'ș':
		return 'ş'
	case r == 'ț':
		return 'ţ'
	case r == 'Ș':
		return 'ş'
	case r == 'Ț':
		return 'ţ'
	}
	return unicode.ToLower(r)
}

// caseChances returns the probability that b is upper or lower case, as it is, after a: in ordinary
// writing, where capitals begin words, and in all capitals.
func caseChances(a, b rune) (ordinary, capitals float64) {
	upper := unicode.IsUpper(b)
	switch {
	case !upper && !unicode.IsLower(b):
		return 1, 1
	case unicode.IsLower(a) && upper:
		return 0.002, 0.1
	case unicode.IsLower(a):
		return 0.998, 0.9
	case unicode.IsUpper(a) && upper:
		return 0.3, 0.99
	case unicode.IsUpper(a):
		return 0.7, 0.01
	case upper:
		return 0.25, 0.97
	}
	return 0.75, 0.03
}

// pairFit returns from 0 to 1 how well b follows a, for pairs that the model has not counted.
// Symbols other than punctuation seldom touch letters: "a€" gets 0.1, "a”" gets 1.
func pairFit(a, b rune) float64 {
	la, lb := unicode.IsLetter(a), unicode.IsLetter(b)
	switch {
	case !la && b == '’':
		return 0.1
	case la == lb:
		return 1
	case la && strings.ContainsRune("“„«¿¡", b), lb && strings.ContainsRune("”»…", a):
		return 0.2
	case la && isSymbolExcept(b, "’”»…\u00a0、。，！？：；「」《》"), lb && isSymbolExcept(a, "‘“«„¿¡–—\u00a0、。，！？：；「」《》"):
		return 0.1
	}
	return 1
}

// isSymbolExcept reports whether r is neither ASCII, nor a combining mark, nor in usual, the usual
// punctuation marks. r must not be a letter.
func isSymbolExcept(r rune, usual string) bool {
	return r >= utf8.RuneSelf && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(usual, r)
}
