package subtitle

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// checkEBU counts the printing bytes of every subtitle's blocks and the characters that
// were read from them. A letter with a diacritic is two bytes, and is taken apart.
func checkEBU(data []byte, doc *Document, r *reporter) {
	latin := string(data[12:14]) < "01" || string(data[12:14]) > "04"
	counts := map[int]int{} // by the first block of a subtitle
	first := 0
	for n, at := 1, gsiSize; at+ttiSize <= len(data); n, at = n+1, at+ttiSize {
		b := data[at : at+ttiSize]
		if b[3] == 0xfe || b[15] == 1 {
			continue
		}
		if first == 0 {
			first = n
		}
		for _, c := range b[16:] {
			if c > 0x20 && c < 0x7f || c > 0xa0 && (!latin || c < 0xc0 || c > 0xcf && c != 0xff) && (latin || c != 0xad) {
				counts[first]++
			}
		}
		if next := at + ttiSize; b[3] >= 0xf0 || next+ttiSize > len(data) || data[next+1] != b[1] || data[next+2] != b[2] {
			first = 0
		}
	}
	for _, c := range doc.Cues {
		got := 0
		for _, r := range norm.NFD.String(c.Text) {
			if !isUnseen(r) && !(latin && unicode.Is(unicode.Mn, r)) {
				got++
			}
		}
		if want := counts[c.Line]; got != want && !r.isExplained(c.Line) {
			r.add(c.Line, "text-lost.count", "expected", want, "found", got)
		}
		delete(counts, c.Line)
	}
	for n, want := range counts {
		if want > 0 && !r.isExplained(n) {
			r.add(n, "cues-lost.block", "expected", want)
		}
	}
}
