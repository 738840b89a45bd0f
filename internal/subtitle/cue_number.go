package subtitle

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// cueNumber finds what of the rows above the times on line next is the number or the name of
// that cue, and returns how many rows that is. What is not is text of the cue above.
func (b *blockReader) cueNumber(next int, adjacent bool) int {
	k := len(b.rows)
	if k == 0 {
		b.countUnnumbered(next)
		return 0
	}
	lines := b.linesOfRows(b.rows)
	line := lines.line(k - 1)
	s := b.rowText(k - 1)
	n, numeric := parseNumber(s)
	alone := b.hasGapAbove(k-1) || !b.inCue && k == 1 // nothing of a caption stands directly above it
	expected := b.numberedCues > 0 && n == b.lastNumber+1
	switch {
	case next == 0:
		if numeric && alone && expected && b.inCue {
			b.addLoss(line, "stray-number", "number", s)
			return 1
		}
		return 0
	case numeric && adjacent && k > 1 && b.isDoubledNumber(k-2, n):
		return b.takeNumber(n, line)
	case numeric && adjacent && alone, numeric && !adjacent && alone && (expected || !b.inCue):
		if !adjacent {
			b.addLoss(line, "blank-line-under-number")
		}
		return b.takeNumber(n, line)
	case numeric && adjacent && (expected || b.numberedCues > 0 && k > 1):
		b.addLoss(line, "missing-blank-line.number", "number", s)
		return b.takeNumber(n, line)
	case !numeric && adjacent && alone && b.takeName(s, line, k):
		return 1
	}
	b.countUnnumbered(next)
	if adjacent && b.inCue {
		b.add(next, "missing-blank-line.times")
	}
	return 0
}

// parseNumber reads a row of nothing but digits.
func parseNumber(s string) (n int64, ok bool) {
	if s != "" && s[0] >= utf8.RuneSelf {
		s = asciiTimes(s)
	}
	if s == "" || len(s) > 15 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// takeNumber takes the number n of a cue, and another right above it that was meant to be it.
func (b *blockReader) takeNumber(n int64, line int) (rows int) {
	rows = 1
	if k := len(b.rows); k > 1 {
		if b.isDoubledNumber(k-2, n) {
			b.addLoss(line-1, "doubled-number", "number", b.rowText(k-2), "second", n)
			rows = 2
		}
	}
	if b.doc.Format == SRT && b.numberedCues > 0 && n != b.lastNumber+1 {
		if n == b.lastNumber {
			b.add(line, "repeated-number", "number", n)
		} else {
			b.add(line, "number-order", "number", n, "before", b.lastNumber)
		}
	}
	b.lastNumber, b.numberedCues = n, b.numberedCues+1
	return rows
}

// isDoubledNumber reports whether the i-th row is a number of the cue, too, whose own number n
// stands right below.
func (b *blockReader) isDoubledNumber(i int, n int64) bool {
	m, numeric := parseNumber(b.rowText(i))
	alone := b.hasGapAbove(i) || i == 0 && !b.inCue
	return numeric && alone && !b.hasGapAbove(i+1) && (m == n || b.numberedCues > 0 && m == b.lastNumber+1 || !b.inCue)
}

// takeName takes what stands where the number of a cue should be.
func (b *blockReader) takeName(s string, line, rows int) bool {
	if b.doc.Format == WebVTT {
		return b.takeVTTName(s, line)
	}
	if b.numberedCues == 0 && (b.inCue || rows > 1) {
		return false // a file without numbers: more likely text
	}
	b.addLoss(line, "text-number", "text", s)
	b.lastNumber, b.numberedCues = b.lastNumber+1, b.numberedCues+1
	return true
}

// takeVTTName takes what may be the name of a WebVTT cue. By the specification it is one; but
// where no cue had a name so far, it may be the end of a caption with an empty line in it.
func (b *blockReader) takeVTTName(s string, line int) bool {
	kind := nameOneWord
	if strings.ContainsAny(s, " \t") {
		kind = nameWithSpaces
	}
	switch {
	case !b.inCue || b.nameKinds&kind != 0:
		b.nameKinds |= kind
		return true
	case b.nameKinds == 0 && kind == nameWithSpaces:
		return false
	}
	b.addLoss(line, "text-number.name", "text", s)
	return true
}

// How the names of WebVTT's cues look.
const (
	nameOneWord uint8 = 1 << iota
	nameWithSpaces
)

// countUnnumbered remembers a cue without a number.
func (b *blockReader) countUnnumbered(line int) {
	if line > 0 && b.doc.Format == SRT {
		b.lastNumber++
		if len(b.unnumberedLines) <= maxPerCode || b.numberedCues == 0 {
			b.unnumberedLines = append(b.unnumberedLines, line)
		}
	}
}

// reportUnnumbered says which cues have no number, once where none has.
func (b *blockReader) reportUnnumbered() {
	if len(b.unnumberedLines) == 0 {
		return
	}
	if b.numberedCues == 0 {
		b.add(b.unnumberedLines[0], "missing-number.all")
		return
	}
	slices.Sort(b.unnumberedLines)
	for _, line := range b.unnumberedLines {
		b.add(line, "missing-number")
	}
}
