package subtitle

import "strings"

// digitChars are the ASCII digits.
const digitChars = "0123456789"

// spaceAndTab are the blanks that stand between the parts of a line.
const spaceAndTab = " \t"

// isDigit reports whether c is an ASCII digit.
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isLetter reports whether c is an ASCII letter.
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isBlankByte reports whether c is a space or a tab.
func isBlankByte(c byte) bool { return c == ' ' || c == '\t' }

// startsWithDigit reports whether s begins with an ASCII digit.
func startsWithDigit(s string) bool { return s != "" && isDigit(s[0]) }

// prefixLength returns the length of the longest prefix of s that consists of characters
// of set.
func prefixLength(s, set string) int { return len(s) - len(strings.TrimLeft(s, set)) }

// consistsOf reports whether s has no characters but those of set.
func consistsOf(s, set string) bool { return strings.Trim(s, set) == "" }

// countDigits returns how many ASCII digits there are in s.
func countDigits(s string) (n int) {
	for i := range len(s) {
		if isDigit(s[i]) {
			n++
		}
	}
	return n
}

// hasPrefixFold reports whether s begins with prefix, ignoring case. prefix must be ASCII.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
