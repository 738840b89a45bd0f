package subtitle

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// match is what is left of out after what the line s shows, if out begins with that. There
// can be two answers: a tag like the I of Box<I>, at the end of a line, may be text or not.
func (g *lossCheck) match(s, out string) (rest, other string, ok bool) {
	if strings.HasPrefix(out, s) && !g.vtt {
		return out[len(s):], out[len(s):], true
	}
	other, ok = g.align(s, out, false)
	if g.vtt || g.markup > markupBars { // there are ways to write what is no markup
		return other, other, ok
	}
	rest, literally := g.align(s, out, true)
	switch {
	case !literally:
		return other, other, ok
	case !ok:
		other = rest
	}
	return rest, other, true
}

// align walks along a line and the text that should come of it. Markup is passed over
// or, where literal, taken for text if the text has it. A line ends only at br.
func (g *lossCheck) align(s, out string, literal bool) (rest string, ok bool) {
	between := " \t" // before a tag that is text
	var far [2]int   // where the next > and the next } stand, so that they are looked for once
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && neverMarkup[c] {
			if c != ' ' && c != '\t' {
				if out = skipUnseen(out); out == "" || out[0] != c {
					return "", false
				}
				out = out[1:]
			}
			i++
			continue
		}
		n, shows := g.markupAt(s, i, &far)
		switch {
		case n == 0:
			r, size := utf8.DecodeRuneInString(s[i:])
			i += size
			if isUnseen(r) {
				continue
			}
			if out = skipUnseen(out); !strings.HasPrefix(out, s[i-size:i]) {
				return "", false
			}
			out = out[size:]
		case literal && strings.HasPrefix(strings.TrimLeft(out, between), s[i:i+n]):
			out = strings.TrimLeft(out, between)[n:]
			i += n
		default:
			if n >= 4 && strings.EqualFold(s[i:i+3], "<br") {
				between = " \t\n"
			}
			i += n
			for _, r := range shows {
				if isUnseen(r) {
					continue
				}
				out = skipUnseen(out)
				q, size := utf8.DecodeRuneInString(out)
				if q != r {
					return "", false
				}
				out = out[size:]
			}
		}
	}
	return out, true
}

// neverMarkup are the ASCII characters that are never markup.
var neverMarkup = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = (c > ' ' || c == '\t' || c == ' ') && c != 0x7f && !strings.ContainsRune(`<{[|&\^`, rune(c))
	}
	return t
}()

// skipUnseen is s after what nobody sees.
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

// isUnseen reports whether a character leaves nothing on the screen.
func isUnseen(r rune) bool {
	return unicode.IsSpace(r) || r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2060 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// atLineEnd reports whether nothing is left of the line that s begins with.
func atLineEnd(s string) bool {
	for _, r := range s {
		if r == '\n' || !isUnseen(r) {
			return r == '\n'
		}
	}
	return true
}

func isInvisible(s string) bool { return skipUnseen(s) == "" }
