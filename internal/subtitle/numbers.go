package subtitle

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// peel finds what of the rows above the times on line next is the number or the name of
// that cue, and returns how many rows that is. What is not is text of the cue above.
func (b *blocks) peel(next int, adjacent bool) int {
	k := len(b.rows)
	if k == 0 {
		b.missing(next)
		return 0
	}
	lines := b.lines(b.rows)
	line := lines.line(k - 1)
	s := b.words(k - 1)
	n, numeric := number(s)
	alone := b.gapAbove(k-1) || !b.open && k == 1 // nothing of a caption stands directly above it
	expected := b.count > 0 && n == b.index+1
	switch {
	case next == 0:
		if numeric && alone && expected && b.open {
			b.drop(line, Note, "stray-number", "the number %s has no caption with it; it was left out", s)
			return 1
		}
		return 0
	case numeric && adjacent && k > 1 && b.doubled(k-2, n):
		return b.numbers(n, line)
	case numeric && adjacent && alone, numeric && !adjacent && alone && (expected || !b.open):
		if !adjacent {
			b.drop(line, Note, "blank-line-under-number", "an empty line stands between the number and the times; it was left out")
		}
		return b.numbers(n, line)
	case numeric && adjacent && (expected || b.count > 0 && k > 1):
		b.drop(line, Note, "missing-blank-line", "there is no empty line above the number %s; a caption of its own was begun there", s)
		return b.numbers(n, line)
	case !numeric && adjacent && alone && b.named(s, line, k):
		return 1
	}
	b.missing(next)
	if adjacent && b.open {
		b.add(next, Note, "missing-blank-line", "there is no empty line above these times; what stands above them was taken to belong to the caption before")
	}
	return 0
}

// number reads a row of nothing but digits.
func number(s string) (n int64, ok bool) {
	if s != "" && s[0] >= utf8.RuneSelf {
		s = plainTimes(s)
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

// numbers takes the number n of a cue, and another right above it that was meant to be it.
func (b *blocks) numbers(n int64, line int) (rows int) {
	rows = 1
	if k := len(b.rows); k > 1 {
		if b.doubled(k-2, n) {
			b.drop(line-1, Note, "doubled-number", "a caption has two numbers, %s and %d; they are not shown", b.words(k-2), n)
			rows = 2
		}
	}
	if b.doc.Format == SRT && b.count > 0 && n != b.index+1 {
		if n == b.index {
			b.add(line, Note, "repeated-number", "the number %d stands above two captions; captions are numbered anew", n)
		} else {
			b.add(line, Note, "number-order", "the number %d follows on %d; captions are numbered anew", n, b.index)
		}
	}
	b.index, b.count = n, b.count+1
	return rows
}

// doubled reports whether the i-th row is a number of the cue, too, whose own number n
// stands right below.
func (b *blocks) doubled(i int, n int64) bool {
	m, numeric := number(b.words(i))
	alone := b.gapAbove(i) || i == 0 && !b.open
	return numeric && alone && !b.gapAbove(i+1) && (m == n || b.count > 0 && m == b.index+1 || !b.open)
}

// named takes what stands where the number of a cue should be.
func (b *blocks) named(s string, line, rows int) bool {
	if b.doc.Format == WebVTT {
		return b.titled(s, line)
	}
	if b.count == 0 && (b.open || rows > 1) {
		return false // a file without numbers: more likely text
	}
	b.drop(line, Warning, "text-number", "%s stands where the number of a caption should be; it is not shown", quote(s))
	b.index, b.count = b.index+1, b.count+1
	return true
}

// titled takes what may be the name of a WebVTT cue. By the specification it is one; but
// where no cue had a name so far, it may be the end of a caption with an empty line in it.
func (b *blocks) titled(s string, line int) bool {
	kind := titleWord
	if strings.ContainsAny(s, " \t") {
		kind = titlePhrase
	}
	switch {
	case !b.open || b.titles&kind != 0:
		b.titles |= kind
		return true
	case b.titles == 0 && kind == titlePhrase:
		return false
	}
	b.drop(line, Warning, "text-number", "%s stands where the name of a caption does; it is not shown", quote(s))
	return true
}

// How the names of WebVTT's cues look.
const (
	titleWord uint8 = 1 << iota
	titlePhrase
)

// missing remembers a cue without a number.
func (b *blocks) missing(line int) {
	if line > 0 && b.doc.Format == SRT {
		b.index++
		if len(b.bare) <= perCode || b.count == 0 {
			b.bare = append(b.bare, line)
		}
	}
}

// unnumbered says which cues have no number, once where none has.
func (b *blocks) unnumbered() {
	if len(b.bare) == 0 {
		return
	}
	if b.count == 0 {
		b.add(b.bare[0], Note, "missing-number", "no caption has a number; they were numbered by their order")
		return
	}
	slices.Sort(b.bare)
	for _, line := range b.bare {
		b.add(line, Note, "missing-number", "the caption has no number; captions are numbered anew")
	}
}
