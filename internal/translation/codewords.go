package translation

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says why a word stays the same in every language.
type tokenKind string

const (
	address    tokenKind = "address"   // URL, host or mail address
	codeWord   tokenKind = "code word" // getName, snake_case, list(), index.html, --flag
	properName tokenKind = "name"      // JavaScript, HTTP; some are translated
)

// token is a word that stays the same in every language.
type token struct {
	kind tokenKind
	text string
}

// tokenPatterns find tokens, most specific first. Text that one pattern matched is hidden from
// the later ones.
var tokenPatterns = []struct {
	kind    tokenKind
	pattern *regexp.Regexp
}{
	{address, regexp.MustCompile(`(?i)\b(?:https?|ftp)://[\w\-.~/%?&=+#:@!$*;,]+|\bwww\.[\w\-.~/%?&=+#:@!$*;,]+`)},
	{address, regexp.MustCompile(`\b[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+`)},
	{address, regexp.MustCompile(`(?i)\b(?:[a-z0-9\-]+\.)+(?:com|org|net|edu|gov|io|dev|info|app|eu|ly)\b(?:/[\w\-.~/%?&=+#:@!$*;,]*)?`)},
	{codeWord, regexp.MustCompile(`(?i)\b[\w\-]+(?:\.[\w\-]+)*\.(?:go|py|js|ts|html|htm|css|xml|json|yaml|yml|txt|csv|pdf|png|jpg|jpeg|gif|svg|mp3|mp4|mkv|webm|srt|vtt|zip|tar|gz|exe|dll|sh|php|sql|java|cpp|rb|toml|ini|cfg|conf)\b`)},
	{codeWord, regexp.MustCompile(`\b[A-Za-z_][\w.]*\(\)`)},
	{codeWord, regexp.MustCompile(`(?:^|\s)--[a-z][\w\-]*(?:=[\w\-./]+)?`)},
	{codeWord, regexp.MustCompile(`\b\w*[A-Za-z0-9]_[A-Za-z0-9]\w*\b`)},
	{codeWord, regexp.MustCompile(`\b[a-z]+[A-Z]\w*\b`)},
	{properName, regexp.MustCompile(`\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b`)},
	{properName, regexp.MustCompile(`\b[A-Z][A-Z0-9]+s?\b`)},
}

// hyphenDash matches two hyphens used as a dash, as transcripts do where a speaker breaks off.
var hyphenDash = regexp.MustCompile(`\w--|--\s|--$`)

// stageDirection matches a transcript's labels of speakers and sounds.
var stageDirection = regexp.MustCompile(`\[[^\]]*\]|\([A-Z][A-Z .,'’\-]*\)|(?m:^[\s>\-]*[A-Z][A-Z .'’\-0-9]*:)`)

// tokenizer finds the tokens in the texts of one talk.
type tokenizer struct {
	hyphensAreDashes bool // this talk's transcript uses two hyphens as a dash
}

// tokens returns the words of a text that should be the same in every language, such as addresses,
// code and names, each once.
func (l tokenizer) tokens(text string) (all []token) {
	text = stageDirection.ReplaceAllString(text, " ")
	shouted := isUppercase(text)
	for _, p := range tokenPatterns {
		text = p.pattern.ReplaceAllStringFunc(text, func(s string) string {
			t := token{p.kind, strings.TrimRight(strings.TrimSpace(s), ".,;:!?")}
			dull := strings.HasPrefix(t.text, "--") && l.hyphensAreDashes || p.kind == properName && (shouted || isLocalized(t.text))
			if !dull && !slices.Contains(all, t) {
				all = append(all, t)
			}
			return " \x00 "
		})
	}
	return all
}

// isUppercase reports whether a text has more capitals than small letters, and more than 6.
func isUppercase(text string) bool {
	upper, lower := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	return upper > 6 && upper > lower
}

// isLocalized reports whether an abbreviation or a name usually has another form in other
// languages.
func isLocalized(s string) bool {
	switch s {
	case "OK", "AM", "PM", "US", "USA", "UK", "EU", "UN", "TV", "AD", "BC", "DVD", "CEO", "CTO", "PR", "ID", "II", "III", "IV", "VI", "VII", "PhD", "DNA", "NGO", "FAQ", "FAQs":
		return true
	}
	return strings.HasPrefix(s, "Mc") || strings.HasPrefix(s, "Mac") && s != "MacOS"
}

// foundIn reports whether a text contains the token: a code word exactly; an address ignoring case
// and spaces; a name ignoring case, spaces, punctuation and the s of a plural such as APIs.
func (t token) foundIn(text string) bool {
	switch t.kind {
	case address:
		return containsWord(strings.ToLower(text), t.address()) || containsWord(strings.ToLower(removeSpaces(text)), t.address())
	case codeWord:
		return containsWord(text, t.text)
	}
	word := t.text
	if n := len(word) - 1; n >= 2 && word[n] == 's' && unicode.IsUpper(rune(word[n-1])) {
		word = word[:n] // APIs: the plural s may be dropped
	}
	return strings.Contains(lettersAndDigits(text), lettersAndDigits(word))
}

// foundIgnoringSpelling reports whether the letters and digits of the token follow each other in a
// text, ignoring case, spaces and punctuation, even within other words.
func (t token) foundIgnoringSpelling(text string) bool {
	return strings.Contains(lettersAndDigits(text), lettersAndDigits(t.text))
}

// address returns the part of an address that a translation must keep, in lower case: it has no
// scheme, no www. and no slash at the end.
func (t token) address() string {
	s := strings.ToLower(t.text)
	for _, p := range []string{"https://", "http://", "www."} {
		s = strings.TrimPrefix(s, p)
	}
	return strings.TrimRight(s, "/")
}

// containsWord reports whether a text contains word with no ASCII letter, digit or underscore next
// to it. Dots and slashes after the word are skipped, since a longer address may follow.
func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		from += i
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		after, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[from+len(word):], "./"))
		if !isASCIIWordRune(before) && !isASCIIWordRune(after) {
			return true
		}
		from++
	}
}

// isASCIIWordRune reports whether r is an ASCII letter or digit, or an underscore.
func isASCIIWordRune(r rune) bool {
	return r == '_' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func removeSpaces(text string) string { return strings.Join(strings.Fields(text), "") }

// lettersAndDigits returns the letters and digits of a text in lower case.
func lettersAndDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.L, unicode.N) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
