package subtitle

import (
	"strings"
	"unicode/utf8"
)

// rowScanner goes through the lines of a text as it came: LF, CR LF, CR and CR CR LF.
type rowScanner struct {
	rest    string
	nextLF  int // where the next line feed is in rest, -1: not looked for, len(rest): nowhere
	hasCR   bool
	sawText bool

	text string // without blanks and control characters around it
	line int
}

func newRowScanner(text string) *rowScanner {
	return &rowScanner{rest: withoutControls(text), nextLF: -1, hasCR: strings.IndexByte(text, '\r') >= 0}
}

// withoutControls is text without control characters, which it seldom has.
func withoutControls(text string) string {
	for i := 0; i < len(text); i++ {
		if mayNeedCleaning[text[i]] && text[i] != '\r' {
			if r, _ := utf8.DecodeRuneInString(text[i:]); isControlRune(r) {
				return strings.Map(func(r rune) rune {
					switch {
					case r == '\n' || r == '\r' || r == '\t':
						return r
					case r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
						return ' '
					case isControlRune(r):
						return -1
					}
					return r
				}, text)
			}
		}
	}
	return text
}

// next goes to the next line.
func (g *rowScanner) next() bool {
	if g.rest == "" {
		return false
	}
	if g.nextLF < 0 {
		if g.nextLF = strings.IndexByte(g.rest, '\n'); g.nextLF < 0 {
			g.nextLF = len(g.rest)
		}
	}
	end := g.nextLF
	if g.hasCR {
		if cr := strings.IndexByte(g.rest[:end], '\r'); cr >= 0 {
			end = cr
		}
	}
	row, after := g.rest[:end], g.rest[end:]
	for _, ending := range [...]string{"\n", "\r\n", "\r\r\n", "\r"} {
		if strings.HasPrefix(after, ending) {
			after = after[len(ending):]
			break
		}
	}
	if g.nextLF -= len(g.rest) - len(after); g.nextLF < 0 {
		g.nextLF = -1
	}
	g.rest, g.text = after, strings.Trim(row, " \t")
	g.line++
	return true
}
