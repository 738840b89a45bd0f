package subtitle

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// checkEBU compares, for each subtitle of an EBU STL file, the number of printing bytes in its
// blocks with the number of visible characters that were read, and reports where they differ. It
// counts:
//
//	"Caf\xc2e"        4 bytes of 5: in ISO 6937, C0 to CF is a diacritic before its letter
//	"Café"            4 characters of the 5 it has once é is taken apart
//	"a\x8a\x80b"      2 bytes: control codes do not print
func checkEBU(data []byte, doc *Document, r *reporter) {
	isISO6937 := stlTables[parseSTLHeader(data).characterTable].table == nil
	expected := printingBytes(ttiBlocks(data), isISO6937)
	for _, c := range doc.Cues {
		found := countVisible(c.Text, isISO6937)
		if n := expected[c.Line]; n != found && !r.isExplained(c.Line) {
			r.add(c.Line, "text-lost.count", "expected", n, "found", found)
		}
		delete(expected, c.Line)
	}
	for block, n := range expected {
		if n > 0 && !r.isExplained(block) {
			r.add(block, "cues-lost.block", "expected", n)
		}
	}
}

// printingBytes returns how many bytes of each subtitle print, by the number of its first block,
// from 1.
func printingBytes(blocks []ttiBlock, isISO6937 bool) map[int]int {
	counts := make(map[int]int)
	first := 0
	for i, b := range blocks {
		if b.isUserData() || b.isComment() {
			continue
		}
		if first == 0 {
			first = i + 1
		}
		for _, c := range b.text() {
			if isPrinting(c, isISO6937) {
				counts[first]++
			}
		}
		if !extendedBy(blocks, i) {
			first = 0
		}
	}
	return counts
}

// isPrinting reports whether a byte of a text field is a visible character in ISO 6937 or, if
// isISO6937 is false, in ISO 8859.
func isPrinting(c byte, isISO6937 bool) bool {
	switch {
	case c <= ' ', 0x7f <= c && c <= 0xa0: // spaces and control codes
		return false
	case isISO6937:
		isDiacritic := 0xc0 <= c && c <= 0xcf
		return !isDiacritic && c != 0xff // the soft hyphen
	}
	return c != 0xad // the soft hyphen of ISO 8859
}

// countVisible returns how many visible characters text has once letters and diacritics are taken
// apart. Diacritics do not count if isISO6937, since they do not print by themselves.
func countVisible(text string, isISO6937 bool) (n int) {
	for _, r := range norm.NFD.String(text) {
		if !isUnseen(r) && !(isISO6937 && unicode.Is(unicode.Mn, r)) {
			n++
		}
	}
	return n
}
