package subtitle

import (
	"html"
	"strings"
)

// entityLength returns the length of the entity, including its semicolon, that s begins with, or 0.
func entityLength(s string) int {
	end := strings.IndexByte(s[:min(len(s), 34)], ';')
	if end < 2 {
		return 0
	}
	if html.UnescapeString(s[:end+1]) == s[:end+1] {
		return 0
	}
	for i := 1; i < end; i++ {
		if c := s[i]; !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '#' && i == 1) {
			return 0
		}
	}
	return end + 1
}

// unescapeEntities decodes the HTML entities of s. Those of control characters become spaces.
func unescapeEntities(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		n := entityLength(s)
		if n == 0 {
			b.WriteByte('&')
			s = s[1:]
		} else {
			b.WriteString(strings.Map(func(r rune) rune {
				if isControlRune(r) {
					return ' '
				}
				return r
			}, html.UnescapeString(s[:n])))
			s = s[n:]
		}
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// isControlRune reports whether r is a control character, a line separator, a byte-order mark or a
// noncharacter.
func isControlRune(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfeff || r&0xfffe == 0xfffe || r == 0x2028 || r == 0x2029
}
