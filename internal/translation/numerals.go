package translation

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// numeral is a word for a number or a range of numbers: words that start with twenty mean 20
// to 29.
type numeral struct {
	stem     string // in lower case: a prefix; "x." the whole word; "*x" any part of the word
	from, to int
}

// matches reports whether a word, in lower case, is this numeral.
func (n numeral) matches(word string) bool {
	if stem, ok := strings.CutSuffix(n.stem, "."); ok {
		return word == stem
	}
	if stem, ok := strings.CutPrefix(n.stem, "*"); ok {
		return strings.Contains(word, stem)
	}
	return strings.HasPrefix(word, n.stem)
}

// numerals are number words by language (ISO 639). Single digits are left out: they are not
// reported as missing.
var numerals = map[string][]numeral{
	"en": {{"ten.", 10, 10}, {"eleven", 11, 11}, {"twel", 12, 12}, {"dozen", 12, 12}, {"thirteen", 13, 13}, {"fourteen", 14, 14}, {"fifteen", 15, 15},
		{"sixteen", 16, 16}, {"seventeen", 17, 17}, {"eighteen", 18, 18}, {"nineteen", 19, 19}, {"twent", 20, 29}, {"thirt", 30, 39},
		{"fort", 40, 49}, {"fifti", 50, 59}, {"fifty", 50, 59}, {"sixt", 60, 69}, {"seventi", 70, 79}, {"seventy", 70, 79}, {"eighti", 80, 89}, {"eighty", 80, 89}, {"ninet", 90, 99},
		{"half", 50, 50}, {"half", 30, 30}, {"hundred", 100, 999}, {"thousand", 1000, 9999}, {"million", 1e6, 1e6}},
	"es": {{"diez", 10, 10}, {"decena", 10, 10}, {"décad", 10, 10}, {"once", 11, 11}, {"doce", 12, 12}, {"trece", 13, 13}, {"catorce", 14, 14}, {"quince", 15, 15},
		{"dieci", 16, 19}, {"veint", 20, 29}, {"treint", 30, 39}, {"cuarent", 40, 49}, {"cincuent", 50, 59}, {"sesent", 60, 69},
		{"setent", 70, 79}, {"ochent", 80, 89}, {"novent", 90, 99}, {"mitad", 50, 50}, {"media", 30, 30}, {"cien.", 100, 100}, {"cient", 100, 999}, {"*cientos", 200, 999}, {"*cientas", 200, 999}, {"quinient", 500, 599}, {"centenar", 100, 100}, {"mil.", 1000, 9999}, {"millón", 1e6, 1e6}},
	"pt": {{"dez.", 10, 19}, {"dezes", 16, 16}, {"dezas", 16, 17}, {"dezoito", 18, 18}, {"dezen", 19, 19}, {"dezan", 19, 19}, {"década", 10, 10}, {"onze", 11, 11}, {"doze", 12, 12}, {"dúzia", 12, 12}, {"treze", 13, 13}, {"quatorze", 14, 14}, {"catorze", 14, 14},
		{"quinze", 15, 15}, {"vinte", 20, 29}, {"trinta", 30, 39}, {"quarenta", 40, 49}, {"cinquenta", 50, 59}, {"sessenta", 60, 69},
		{"setenta", 70, 79}, {"oitenta", 80, 89}, {"noventa", 90, 99}, {"metade", 50, 50}, {"meia", 30, 30}, {"cem.", 100, 100}, {"cento", 100, 199}, {"*centos", 200, 999}, {"*centas", 200, 999}, {"quinhent", 500, 599}, {"centena", 100, 100}, {"mil.", 1000, 9999}, {"milhão", 1e6, 1e6}},
	"fr": {{"dix.", 10, 19}, {"dizain", 10, 10}, {"décennie", 10, 10}, {"onze", 11, 11}, {"douz", 12, 12}, {"treize", 13, 13}, {"quatorze", 14, 14}, {"quinz", 15, 15}, {"seize", 16, 16},
		{"vingt", 20, 29}, {"trent", 30, 39}, {"quarant", 40, 49}, {"cinquant", 50, 59}, {"soixant", 60, 79}, {"septant", 70, 79},
		{"quatre", 80, 99}, {"huitant", 80, 89}, {"nonant", 90, 99}, {"moitié", 50, 50}, {"demi", 30, 30}, {"cent.", 100, 999}, {"cents.", 100, 999}, {"centain", 100, 100}, {"mille.", 1000, 9999}, {"milliers.", 1000, 1000}, {"million", 1e6, 1e6}},
	"it": {{"dieci", 10, 10}, {"decin", 10, 10}, {"decenni", 10, 10}, {"undici", 11, 11}, {"dodici", 12, 12}, {"dozzin", 12, 12}, {"tredici", 13, 13}, {"quattordici", 14, 14},
		{"quindici", 15, 15}, {"sedici", 16, 16}, {"dicia", 17, 19}, {"diciott", 18, 18}, {"venti", 20, 29}, {"ventun", 21, 21}, {"ventott", 28, 28}, {"trent", 30, 39}, {"quarant", 40, 49},
		{"cinquant", 50, 59}, {"sessant", 60, 69}, {"settant", 70, 79}, {"ottant", 80, 89}, {"novant", 90, 99}, {"metà", 50, 50}, {"mezz", 30, 30}, {"cento", 100, 199}, {"*cento", 200, 999}, {"centinaia", 100, 100}, {"mille.", 1000, 1999}, {"*mila", 2000, 9999}, {"milione", 1e6, 1e6}},
	"de": {{"zehn", 10, 10}, {"jahrzehnt", 10, 10}, {"elf.", 11, 11}, {"zwölf", 12, 12}, {"dutzend", 12, 12}, {"*zehn", 13, 19}, {"*zwanzig", 20, 29}, {"*dreißig", 30, 39},
		{"*vierzig", 40, 49}, {"*fünfzig", 50, 59}, {"*sechzig", 60, 69}, {"*siebzig", 70, 79}, {"*achtzig", 80, 89}, {"*neunzig", 90, 99},
		{"hälfte", 50, 50}, {"halb", 30, 30}, {"hundert", 100, 999}, {"einhundert", 100, 999}, {"tausend", 1000, 9999}, {"eintausend", 1000, 9999}, {"million", 1e6, 1e6}},
	"ru": {{"десят", 10, 10}, {"одиннадцат", 11, 11}, {"двенадцат", 12, 12}, {"дюжин", 12, 12}, {"тринадцат", 13, 13}, {"четырнадцат", 14, 14}, {"пятнадцат", 15, 15},
		{"шестнадцат", 16, 16}, {"семнадцат", 17, 17}, {"восемнадцат", 18, 18}, {"девятнадцат", 19, 19}, {"двадцат", 20, 29}, {"тридцат", 30, 39},
		{"сорок", 40, 49}, {"пятьдес", 50, 59}, {"пятидес", 50, 59}, {"шестьдес", 60, 69}, {"шестидес", 60, 69}, {"семьдес", 70, 79}, {"семидес", 70, 79}, {"восемьдес", 80, 89}, {"восьмидес", 80, 89}, {"девян", 90, 99},
		{"полови", 50, 50}, {"полови", 30, 30}, {"сто.", 100, 199}, {"ста.", 100, 199}, {"двест", 200, 299}, {"*ста", 300, 499}, {"*сот", 500, 999}, {"сотн", 100, 100}, {"сотен", 100, 100}, {"тысяч", 1000, 9999}, {"миллион", 1e6, 1e6}},
	"vi": {{"mười", 10, 19}, {"tá.", 12, 12}, {"mươi", 20, 99}, {"trăm", 100, 999}, {"nghìn", 1000, 9999}, {"ngàn", 1000, 9999}, {"triệu", 1e6, 1e6}},
	"hi": {{"दस", 10, 10}, {"ग्यारह", 11, 11}, {"बारह", 12, 12}, {"पंद्रह", 15, 15}, {"बीस", 20, 20}, {"तीस", 30, 30}, {"चालीस", 40, 40}, {"पचास", 50, 50},
		{"सौ", 100, 999}, {"हज़ार", 1000, 9999}, {"हजार", 1000, 9999}, {"लाख", 1e5, 1e5}},
}

// numberSet holds the numbers in a text, whether in digits or in words.
type numberSet struct {
	values map[string]bool
	ranges []numeral
}

// fractionPattern matches fractions such as 1 1/2.
var fractionPattern = regexp.MustCompile(`(?:(\d+) )?(\d)/([2-9])`)

// parseNumbers returns the numbers in a text: in digits, as fractions, in Roman and Chinese
// numerals, and in the number words of the language tag.
func parseNumbers(text, tag string) (a numberSet) {
	a.values = make(map[string]bool)
	for _, f := range findNumbers(text) {
		for _, r := range slices.Concat(f.readings, f.parts) {
			a.values[r] = true
		}
	}
	for _, m := range fractionPattern.FindAllStringSubmatch(string(toASCIIDigits(text)), -1) {
		whole, _ := strconv.Atoi(m[1])
		over, _ := strconv.Atoi(m[2])
		under, _ := strconv.Atoi(m[3])
		a.values[formatDecimal(float64(whole)+float64(over)/float64(under))] = true
	}
	base, _, _ := language.Make(tag).Raw()
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
	for _, w := range words {
		if n, ok := parseRoman(w); ok {
			a.values[strconv.Itoa(n)] = true
		}
		lower := strings.ToLower(w)
		for _, n := range numerals[base.String()] {
			if n.matches(lower) {
				a.ranges = append(a.ranges, n)
			}
		}
	}
	for _, n := range findHanNumbers(text) {
		a.values[n] = true
	}
	return a
}

// has reports whether the set has a number in one of its readings, or all its parts. The hour of a
// time matches in the 12-hour and the 24-hour clock.
func (a numberSet) has(f number) bool {
	for _, r := range f.readings {
		if a.hasValue(r) {
			return true
		}
	}
	for i, p := range f.parts {
		if a.hasValue(p) || len(p) == 1 && len(a.ranges) > 0 { // half past nine for 9:30
			continue
		}
		n, err := strconv.Atoi(p)
		if err != nil || i > 0 || n > 24 || !a.values[strconv.Itoa(n+12)] && !a.values[strconv.Itoa(n-12)] {
			return false
		}
	}
	return len(f.parts) > 0
}

func (a numberSet) hasValue(s string) bool {
	if a.values[s] {
		return true
	}
	n, err := strconv.Atoi(s)
	return err == nil && slices.ContainsFunc(a.ranges, func(r numeral) bool { return n >= r.from && n <= r.to })
}

// parseRoman returns the value of a Roman numeral of two capitals or more, up to C. ok is false for
// other words. It does not check that the numeral is well-formed.
func parseRoman(word string) (sum int, ok bool) {
	if len(word) < 2 {
		return 0, false
	}
	last := 1000
	for i := range len(word) {
		n := map[byte]int{'I': 1, 'V': 5, 'X': 10, 'L': 50, 'C': 100}[word[i]]
		if n == 0 {
			return 0, false
		}
		if n > last {
			sum -= 2 * last
		}
		sum, last = sum+n, n
	}
	return sum, true
}

const hanDigits = "〇一二三四五六七八九"

// hanDigit returns the value of a Chinese digit, or -1 if r is not one.
func hanDigit(r rune) int {
	switch r {
	case '零':
		return 0
	case '两', '兩':
		return 2
	}
	if i := strings.IndexRune(hanDigits, r); i >= 0 {
		return i / len("〇")
	}
	return -1
}

// findHanNumbers returns, in digits, the numbers that are written in Chinese signs, such as 二十五 and
// 二〇〇九.
func findHanNumbers(text string) (all []string) {
	var run []rune
	end := func() {
		if len(run) > 0 {
			all = append(all, parseHanNumber(run)...)
		}
		run = run[:0]
	}
	for _, r := range text {
		if hanDigit(r) >= 0 || cjkMagnitude(r) > 0 && unicode.Is(unicode.Han, r) {
			run = append(run, r)
		} else {
			end()
		}
	}
	end()
	return all
}

func parseHanNumber(run []rune) []string {
	plain := ""
	total, section, digit := 0, 0, 0
	for _, r := range run {
		if d := hanDigit(r); d >= 0 {
			plain += strconv.Itoa(d)
			digit = d
			continue
		}
		unit := 1
		for range cjkMagnitude(r) {
			unit *= 10
		}
		if unit < 10000 {
			section += max(1, digit) * unit
		} else {
			total += max(1, section+digit) * unit
			section = 0
		}
		digit = 0
	}
	if len([]rune(plain)) == len(run) {
		return []string{newNumber(plain, nil, plain).readings[0]}
	}
	return []string{strconv.Itoa(total + section + digit)}
}
