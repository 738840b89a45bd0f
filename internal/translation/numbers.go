package translation

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// number is a number in a text, in digits.
type number struct {
	text     string   // as written, in ASCII digits
	readings []string // its possible values: 1.000 is 1000 or 1, 5 million is 5 or 5000000
	parts    []string // the numbers of a time, date or version
}

// isDigit reports whether the number is a single digit. Such numbers are often written as words.
func (f number) isDigit() bool { return len(f.readings[0]) == 1 }

// findNumbers returns the numbers that are written in digits of any script, with words such as
// million after them. Digits that are part of a word, as in HTML5, are left out.
func findNumbers(text string) (all []number) {
	r := toASCIIDigits(text)
	before := 0.0 // the value of 3万 in 3万5000
	for i := 0; i < len(r); {
		if !isASCIIDigit(r[i]) {
			i++
			before = 0
			continue
		}
		n := scanDigits(r, i)
		powers, end, joined := scanMagnitudes(r, n.end)
		if !partOfWord(r, i) {
			found := n.numbers(powers)
			last := &found[len(found)-1]
			if before > 0 {
				last.readings = append(last.readings, formatDecimal(before+last.maxReading()))
			}
			before = 0
			if joined {
				before = last.maxReading()
			}
			all = append(all, found...)
		}
		i = end
	}
	return all
}

// maxReading returns the greatest value that the number may have.
func (f number) maxReading() (most float64) {
	for _, r := range f.readings {
		if v, err := strconv.ParseFloat(r, 64); err == nil {
			most = max(most, v)
		}
	}
	return most
}

// toASCIIDigits returns a text with the digits of other scripts, and the signs between them,
// replaced by ASCII ones.
func toASCIIDigits(text string) []rune {
	r := []rune(text)
	for i, c := range r {
		switch {
		case c == '٫':
			r[i] = '.'
		case c == '٬':
			r[i] = ','
		case c == '．' || c == '，' || c == '：':
			r[i] = map[rune]rune{'．': '.', '，': ',', '：': ':'}[c]
		case c > unicode.MaxASCII && unicode.Is(unicode.Nd, c):
			r[i] = '0' + digitValue(c)
		}
	}
	return r
}

// digitValue returns the value of a decimal digit of any script. It relies on Unicode listing the
// ten digits of each script in order.
func digitValue(c rune) rune {
	for _, t := range unicode.Nd.R16 {
		if c >= rune(t.Lo) && c <= rune(t.Hi) {
			return (c - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if c >= rune(t.Lo) && c <= rune(t.Hi) {
			return (c - rune(t.Lo)) % 10
		}
	}
	return 0
}

func isASCIIDigit(r rune) bool { return r >= '0' && r <= '9' }

// joinsDigits reports whether r, right before a digit, makes one word with it: an underscore, or a
// Latin, Cyrillic or Greek letter.
func joinsDigits(r rune) bool {
	return r == '_' || unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek)
}

// partOfWord reports whether the digits at r[i] continue a word, as in HTML5 and H.264, but not as
// in 10h30.
func partOfWord(r []rune, i int) bool {
	if i > 1 && r[i-1] == '.' && unicode.IsUpper(r[i-2]) && (i == 2 || !unicode.IsLetter(r[i-3])) {
		return true
	}
	return i > 0 && joinsDigits(r[i-1]) && (i == 1 || !isASCIIDigit(r[i-2]))
}

// digitRun is a run of digit groups with single signs between them.
type digitRun struct {
	groups []string
	signs  []rune // between groups; every kind of space is ' '
	end    int
}

// scanDigits returns the run of digits that starts at r[i]. It includes further groups of digits
// after points, commas and colons, and after spaces and apostrophes if they group thousands.
func scanDigits(r []rune, i int) (d digitRun) {
	run := func(at int) (to int) {
		for to = at; to < len(r) && isASCIIDigit(r[to]); {
			to++
		}
		return to
	}
	d.end = run(i)
	d.groups = []string{string(r[i:d.end])}
	for d.end+1 < len(r) && isASCIIDigit(r[d.end+1]) {
		end := run(d.end + 1)
		group := string(r[d.end+1 : end])
		var sign rune
		switch r[d.end] {
		case '.', ',', ':':
			sign = r[d.end]
		case ' ', '\u00a0', '\u202f', '\u2009', '\'', '’': // 1 000, but not 10 20
			if len(group) == 3 && len(d.groups[0]) <= 3 && (len(d.signs) == 0 || d.signs[0] == ' ') {
				sign = ' '
			}
		}
		if sign == 0 {
			break
		}
		d.groups, d.signs, d.end = append(d.groups, group), append(d.signs, sign), end
	}
	return d
}

// isThousands reports whether the first groups can be one number that is grouped by thousands;
// groups is how many.
func (d digitRun) isThousands(groups int) bool {
	if len(d.groups[0]) > 3 || d.groups[0] == "0" || groups < 2 {
		return false
	}
	for _, g := range d.groups[1:groups] {
		if len(g) != 3 {
			return false
		}
	}
	return true
}

// numbers returns the numbers that the digits can mean: mostly one with all its readings, but
// several for a list such as 1,2,3. powers are the powers of ten of a word after the last group;
// see [scanMagnitudes].
func (d digitRun) numbers(powers []int) []number {
	n := len(d.groups)
	text := d.groups[0]
	for i, g := range d.groups[1:] {
		text += string(d.signs[i]) + g
	}
	whole := strings.Join(d.groups, "")
	decimal := strings.Join(d.groups[:n-1], "") + "." + d.groups[n-1]
	equalSigns := n < 2 || !slices.ContainsFunc(d.signs, func(s rune) bool { return s != d.signs[0] })
	parts := number{text: text, readings: []string{text}, parts: groupValues(d.groups)}
	switch {
	case n == 1:
		return []number{newNumber(text, powers, whole)}
	case slices.Contains(d.signs, ':'): // a time
		return []number{parts}
	case n == 2 && d.isThousands(n) && d.signs[0] != ' ': // 1.234 may be a decimal
		return []number{newNumber(text, powers, whole, decimal)}
	case equalSigns && d.isThousands(n):
		return []number{newNumber(text, powers, whole)}
	case n == 2:
		f := newNumber(text, powers, decimal)
		f.parts = parts.parts // 10.30 may be a time
		return []number{f}
	case equalSigns && d.signs[0] == '.': // a date or version
		return []number{parts}
	case !equalSigns && d.isThousands(n-1): // 1.234,5
		return []number{newNumber(text, powers, decimal)}
	}
	return d.separate(powers)
}

// separate returns each group of digits as a number of its own.
func (d digitRun) separate(powers []int) (all []number) {
	for i, g := range d.groups {
		p := powers
		if i < len(d.groups)-1 {
			p = nil
		}
		all = append(all, newNumber(g, p, g))
	}
	return all
}

// newNumber returns a number that can have any of values, or one multiplied by any of the powers of
// ten. A decade such as 1990 can also be 90.
func newNumber(text string, powers []int, values ...string) number {
	f := number{text: text}
	for _, s := range values {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v >= 1e15 { // too long for a quantity
			f.readings = append(f.readings, s)
			continue
		}
		f.readings = append(f.readings, formatDecimal(v))
		for _, p := range powers {
			f.readings = append(f.readings, formatDecimal(v*math.Pow10(p)))
		}
		if v >= 1900 && v < 2100 && int(v)%10 == 0 { // a decade, such as the nineties
			f.readings = append(f.readings, formatDecimal(float64(int(v)%100)))
		}
	}
	return f
}

func groupValues(groups []string) (all []string) {
	for _, g := range groups {
		all = append(all, newNumber(g, nil, g).readings[0])
	}
	return all
}

// formatDecimal returns a value as number.readings has it: as a decimal with up to six places.
func formatDecimal(v float64) string {
	return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64)
}

// magnitude is a word after a number that multiplies it.
type magnitude struct {
	word   string // in lower case; with * at the end, a prefix
	powers []int
}

// magnitudes are words that multiply a number. A billion has two values.
var magnitudes = []magnitude{
	{"k", []int{3}}, {"m", []int{6}}, {"b", []int{9}}, {"bn", []int{9}},
	{"hundred*", []int{2}}, {"thousand*", []int{3}}, {"mil", []int{3}}, {"mille", []int{3}}, {"mila", []int{3}},
	{"millard*", []int{9}}, {"milliard*", []int{9}}, {"miliard*", []int{9}}, {"milhar*", []int{3}}, {"miles", []int{3}},
	{"million*", []int{6}}, {"millon*", []int{6}}, {"millón", []int{6}}, {"milhõ*", []int{6}}, {"milhã*", []int{6}}, {"milion*", []int{6}}, {"mio", []int{6}}, {"mi", []int{6}},
	{"billion*", []int{9, 12}}, {"billon*", []int{9, 12}}, {"billón", []int{9, 12}}, {"bilh*", []int{9}}, {"bilion*", []int{9, 12}}, {"mrd", []int{9}}, {"bi", []int{9}},
	{"trillion*", []int{12, 18}}, {"trillon*", []int{12, 18}}, {"trilh*", []int{12}}, {"tausend*", []int{3}}, {"hundert*", []int{2}}, {"tsd", []int{3}},
	{"тыс*", []int{3}}, {"миллион*", []int{6}}, {"млн", []int{6}}, {"миллиард*", []int{9}}, {"млрд", []int{9}}, {"триллион*", []int{12}},
	{"nghìn", []int{3}}, {"ngàn", []int{3}}, {"triệu", []int{6}}, {"tỷ", []int{9}}, {"tỉ", []int{9}},
	{"सौ", []int{2}}, {"हज़ार", []int{3}}, {"हजार", []int{3}}, {"लाख", []int{5}}, {"करोड़", []int{7}}, {"मिलियन", []int{6}}, {"बिलियन", []int{9}},
	{"ألف", []int{3}}, {"آلاف", []int{3}}, {"مليون", []int{6}}, {"ملايين", []int{6}}, {"مليار*", []int{9}},
}

// cjkMagnitude returns the exponent of the power of ten that a Chinese, Japanese or Korean sign
// stands for, or 0.
func cjkMagnitude(r rune) int {
	switch r {
	case '十':
		return 1
	case '百', '백':
		return 2
	case '千', '천':
		return 3
	case '万', '萬', '만':
		return 4
	case '亿', '億', '억':
		return 8
	case '兆', '조':
		return 12
	}
	return 0
}

// scanMagnitudes reads the words or signs that multiply a number ending at r[i]. It returns the
// exponents of ten that they may mean, and where they end. joined says that digits may follow
// without a space, as in 3万5000.
func scanMagnitudes(r []rune, i int) (powers []int, end int, joined bool) {
	end = i
	sum := 0
	for end < len(r) && cjkMagnitude(r[end]) > 0 {
		sum += cjkMagnitude(r[end])
		end++
	}
	if sum > 0 {
		return []int{sum}, end, true
	}
	sums := []int{0}
	for range 2 { // two words, as in 2 mil millones
		from := end
		if from < len(r) && strings.ContainsRune(" -\n\u00a0\u202f", r[from]) {
			from++
		}
		to := from
		for to < len(r) && unicode.In(r[to], unicode.L, unicode.M) {
			to++
		}
		found := wordMagnitude(strings.ToLower(string(r[from:to])), from == i)
		if found == nil {
			break
		}
		var next []int
		for _, s := range sums {
			for _, p := range found {
				next = append(next, s+p)
			}
		}
		powers, sums, end = append(powers, next...), next, to
	}
	return powers, end, false
}

// wordMagnitude returns the exponents of ten that a word after a number may mean, or nil. attached
// says that it follows the number without a space; words of one or two letters count only then.
func wordMagnitude(word string, attached bool) []int {
	if word == "" || len(word) < 3 && !attached && word != "mi" && word != "bi" {
		return nil
	}
	for _, m := range magnitudes {
		stem, open := strings.CutSuffix(m.word, "*")
		if word == stem || open && strings.HasPrefix(word, stem) {
			return m.powers
		}
	}
	return nil
}
