package subtitle

import (
	"strings"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/charset"
)

// rowScanner reads a file line by line, as it came: lines end in LF, CR LF, CR or CR CR LF.
type rowScanner struct {
	rest    string
	sawText bool // set by the caller

	text string // of the current line, without control characters and blanks around it
	line int    // its number, from 1
}

func newRowScanner(text string) *rowScanner { return &rowScanner{rest: withoutControls(text)} }

// next advances to the next line, and reports whether there is one.
func (s *rowScanner) next() bool {
	if s.rest == "" {
		return false
	}
	row, rest, _ := charset.CutLine(s.rest)
	s.text, s.rest = strings.Trim(row, spaceAndTab), rest
	s.line++
	return true
}

// isBlank reports whether the current line has nothing visible.
func (s *rowScanner) isBlank() bool {
	return s.text == "" || s.text[0] >= utf8.RuneSelf && isBlank(s.text)
}

// withoutControls returns text without control characters other than tabs and line ends. Page
// breaks and the like become spaces.
func withoutControls(text string) string {
	if !hasControls(text) {
		return text
	}
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

// hasControls reports whether withoutControls would change text.
func hasControls(text string) bool {
	for i := 0; i < len(text); i++ {
		if !mayNeedCleaning[text[i]] || text[i] == '\r' {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(text[i:]); isControlRune(r) {
			return true
		}
	}
	return false
}
