package subtitle

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// match returns what is left of text after the row's visible text, if text begins with that. There
// can be two answers, because a tag at the end of a row, such as the <I> of Box<I>, may be text or
// not; without a second answer, other is equal to rest.
func (g *lossCheck) match(row, text string) (rest, other string, ok bool) {
	if strings.HasPrefix(text, row) && !g.vtt {
		return text[len(row):], text[len(row):], true
	}
	other, ok = g.align(row, text, false)
	if g.vtt || g.markup > markupBars { // there are ways to write what is no markup
		return other, other, ok
	}
	rest, literally := g.align(row, text, true)
	switch {
	case !literally:
		return other, other, ok
	case !ok:
		other = rest
	}
	return rest, other, true
}

// align compares a row with the text that was read from it, and returns what is left of the text;
// ok is false if they differ. It skips markup in the row or, if literal, takes it as text if the
// text has it. A line of the text may end only where the row has <br>.
func (g *lossCheck) align(row, text string, literal bool) (rest string, ok bool) {
	before := spaceAndTab // what may stand in the text before a tag that is shown as text
	var next closingBrackets
	ok = true
	for i := 0; i < len(row) && ok; {
		if c := row[i]; c < utf8.RuneSelf && neverMarkup[c] {
			if !isBlankByte(c) {
				text, ok = cutVisible(text, row[i:i+1])
			}
			i++
			continue
		}
		n, shows := g.markupAt(row, i, &next)
		switch {
		case n == 0:
			n = runeLength(row[i:])
			text, ok = cutVisible(text, row[i:i+n])
		case literal && strings.HasPrefix(strings.TrimLeft(text, before), row[i:i+n]):
			text = strings.TrimLeft(text, before)[n:]
		default:
			if hasPrefixFold(row[i:i+n], "<br") {
				before = " \t\n"
			}
			text, ok = cutVisible(text, shows)
		}
		i += n
	}
	return text, ok
}

// cutVisible returns what is left of text after the visible characters of shown. ok is false if
// text does not begin with those. It skips invisible characters in both.
func cutVisible(text, shown string) (rest string, ok bool) {
	for len(shown) > 0 {
		n := runeLength(shown)
		if r, _ := utf8.DecodeRuneInString(shown); !isUnseen(r) {
			text = skipUnseen(text)
			if !strings.HasPrefix(text, shown[:n]) {
				return "", false
			}
			text = text[n:]
		}
		shown = shown[n:]
	}
	return text, true
}

// runeLength returns the length in bytes of the character that s begins with.
func runeLength(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// neverMarkup has the ASCII characters at which no markup begins.
var neverMarkup = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = (c >= ' ' || c == '\t') && c != 0x7f && !strings.ContainsRune(`<{[|&\^`, rune(c))
	}
	return t
}()

// skipUnseen returns s from its first visible character on.
func skipUnseen(s string) string {
	for s != "" {
		if s[0] > ' ' && s[0] < 0x7f {
			return s
		}
		r, size := utf8.DecodeRuneInString(s)
		if !isUnseen(r) {
			return s
		}
		s = s[size:]
	}
	return s
}

// isUnseen reports whether a character is invisible: white space, a control character, a word
// joiner or a byte-order mark.
func isUnseen(r rune) bool {
	return unicode.IsSpace(r) || r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2060 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// isInvisible reports whether s has no visible characters.
func isInvisible(s string) bool { return skipUnseen(s) == "" }

// atLineEnd reports whether s has a line end before its first visible character, or no visible
// character at all.
func atLineEnd(s string) bool {
	for _, r := range s {
		if r == '\n' || !isUnseen(r) {
			return r == '\n'
		}
	}
	return true
}
