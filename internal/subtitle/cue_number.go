package subtitle

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// rowAbove is the last row above a line of times, which may be the number of their cue.
type rowAbove struct {
	text     string
	line     int
	number   int64
	isNumber bool
	touches  bool // the times are on the very next line
	alone    bool // no text of the cue above touches it
	expected bool // it is the number that follows that of the cue above
	doubled  bool // another row above it has the same number, as in "7\n7\n00:00:01 …"
}

// rowRole is what a row above times means.
type rowRole uint8

const (
	roleText            rowRole = iota // text of the cue above
	roleName                           // what stands where the number should be
	roleNumber                         // the number of the cue
	roleNumberAboveGap                 // the number, with an empty line between it and the times
	roleNumberBelowText                // the number, with text of the cue above directly above it
)

// cueNumber returns how many of the last rows are the number or the name of the cue whose times are
// on line next, and records the number. The other rows are text of the open cue. next is 0 at the
// end of the file; adjacent says that the times directly follow the last row.
func (b *blockReader) cueNumber(next int, adjacent bool) (rows int) {
	if len(b.rows) == 0 {
		b.countUnnumbered(next)
		return 0
	}
	r := b.lastRowAbove(adjacent)
	if next == 0 {
		return b.dropStrayNumber(r)
	}
	switch role := b.roleOf(r); {
	case role == roleName && b.takeName(r.text, r.line, len(b.rows)):
		return 1
	case role == roleNumberAboveGap:
		b.addLoss(r.line, "blank-line-under-number")
		return b.takeNumber(r.number, r.line)
	case role == roleNumberBelowText:
		b.addLoss(r.line, "missing-blank-line.number", "number", r.text)
		return b.takeNumber(r.number, r.line)
	case role == roleNumber:
		return b.takeNumber(r.number, r.line)
	}
	b.countUnnumbered(next)
	if adjacent && b.inCue {
		b.add(next, "missing-blank-line.times")
	}
	return 0
}

// roleOf returns what a row above times means:
//
//	a number that is alone, times below it            roleNumber
//	a number that is alone, an empty line below it    roleNumberAboveGap, if it is expected or the first
//	a number under text, times below it               roleNumberBelowText, if it is expected or others have numbers
//	a text that is alone, times below it              roleName
//	anything else                                     roleText
func (b *blockReader) roleOf(r rowAbove) rowRole {
	switch {
	case !r.isNumber && r.touches && r.alone:
		return roleName
	case !r.isNumber:
		return roleText
	case r.touches && (r.alone || r.doubled):
		return roleNumber
	case !r.touches && r.alone && (r.expected || !b.inCue):
		return roleNumberAboveGap
	case r.touches && (r.expected || b.numberedCues > 0 && len(b.rows) > 1):
		return roleNumberBelowText
	}
	return roleText
}

// lastRowAbove returns the last row, with what decides its role. touches says that the times are on
// the very next line.
func (b *blockReader) lastRowAbove(touches bool) rowAbove {
	last := len(b.rows) - 1
	lines := b.lineNumbersOf(b.rows)
	r := rowAbove{text: b.rowText(last), line: lines.line(last), touches: touches}
	r.number, r.isNumber = parseNumber(r.text)
	r.alone = b.hasGapAbove(last) || !b.inCue && last == 0
	r.expected = b.numberedCues > 0 && r.number == b.lastNumber+1
	r.doubled = r.isNumber && last > 0 && b.isDoubledNumber(last-1, r.number)
	return r
}

// dropStrayNumber returns 1 if r, the last row of the file, is the number of a cue that is missing,
// after adding a diagnostic, or else 0.
func (b *blockReader) dropStrayNumber(r rowAbove) (rows int) {
	if !r.isNumber || !r.alone || !r.expected || !b.inCue {
		return 0
	}
	b.addLoss(r.line, "stray-number", "number", r.text)
	return 1
}

// parseNumber parses a row of at most 15 digits. ok is false if it has anything else.
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

// takeNumber records n as the number of the next cue, and returns how many rows that takes: 2 if
// another number of the same cue is right above it. It adds diagnostics about a doubled number and,
// in SRT, about one that is out of order.
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

// isDoubledNumber reports whether row i is also a number of the cue whose own number n is in the
// row below it.
func (b *blockReader) isDoubledNumber(i int, n int64) bool {
	m, numeric := parseNumber(b.rowText(i))
	alone := b.hasGapAbove(i) || i == 0 && !b.inCue
	return numeric && alone && !b.hasGapAbove(i+1) && (m == n || b.numberedCues > 0 && m == b.lastNumber+1 || !b.inCue)
}

// takeName reports whether s, a text where the number of a cue should be, counts as that, and not
// as text of the cue above. It adds a diagnostic, except about the names of WebVTT. rows is the
// number of rows so far.
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

// takeVTTName reports whether s is the name of a WebVTT cue, as the specification has it. If no cue
// had a name so far, it may be the end of a caption with an empty line in it: s is then text if it
// has spaces, and otherwise a name, with a diagnostic.
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

// countUnnumbered counts an SRT cue without a number, whose times are on that line.
func (b *blockReader) countUnnumbered(line int) {
	if line > 0 && b.doc.Format == SRT {
		b.lastNumber++
		if len(b.unnumberedLines) <= maxPerCode || b.numberedCues == 0 {
			b.unnumberedLines = append(b.unnumberedLines, line)
		}
	}
}

// reportUnnumbered adds a diagnostic for each cue without a number, or a single one if no cue has
// a number.
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
