package subtitle

import (
	"strings"
	"unicode/utf8"
)

// cleanText returns text with every line ended by "\n" and without what confuses players. LF, CR LF,
// CR and CR CR LF each end one line, as in charset.CutLine. Control characters other than tab, and
// byte-order marks, are removed; page breaks, U+0085 and Unicode line separators become spaces. It
// adds diagnostics about changes, but not about U+0085 or one kind of line end throughout. Text that
// needs no change is returned as it is.
func cleanText(text string, r *reporter) string {
	from := 0
	for from < len(text) && !mayNeedCleaning[text[from]] {
		from++
	}
	if from == len(text) {
		return text
	}
	c := cleaner{text: text, r: r, line: 1 + strings.Count(text[:from], "\n")}
	c.out.Grow(len(text))
	if c.line > 1 {
		c.firstLineEnd = "LF"
	}
	at := from
	for at < len(text) {
		if !mayNeedCleaning[text[at]] {
			if text[at] == '\n' {
				c.line++
				c.checkLineEnd("LF")
			}
			at++
			continue
		}
		take, put := c.replacement(at)
		if take == 0 {
			at++
			continue
		}
		c.out.WriteString(text[c.copied:at])
		c.out.WriteString(put)
		at += take
		c.copied = at
	}
	c.out.WriteString(text[c.copied:])
	return c.out.String()
}

// mayNeedCleaning are the bytes at which something may have to be done.
var mayNeedCleaning = func() (t [256]bool) {
	for b := range 0x20 {
		t[b] = b != '\t' && b != '\n'
	}
	t[0x7f] = true
	t[0xc2] = true // U+0080 to U+009F
	t[0xe2] = true // U+2028, U+2029
	t[0xef] = true // U+FEFF, U+FFFE, U+FFFF
	return t
}()

type cleaner struct {
	text         string
	out          strings.Builder
	copied       int // up to here
	r            *reporter
	line         int
	firstLineEnd string // how the first line ended
	mixed        bool
}

// replacement returns how many bytes at the offset at are to be replaced, and by what; 0 if none
// are. It adds diagnostics about control characters, except U+0085, and about line ends that differ
// from the first.
func (c *cleaner) replacement(at int) (n int, by string) {
	rest := c.text[at:]
	switch r, size := utf8.DecodeRuneInString(rest); {
	case r == '\r':
		return c.lineEnd(rest), "\n"
	case r == '\v' || r == '\f':
		c.r.add(c.line, "control-character.page")
		return size, " "
	case r < 0x20 || r == 0x7f:
		return c.controlRun(rest), ""
	case r == 0x85:
		return size, " "
	case 0x80 <= r && r < 0xa0:
		c.r.add(c.line, "control-character.control")
		return size, ""
	case r == 0x2028 || r == 0x2029:
		c.r.add(c.line, "control-character.line-mark")
		return size, " "
	case r == 0xfeff || r == 0xfffe || r == 0xffff:
		c.r.add(c.line, "control-character.byte-order-mark")
		return size, ""
	}
	return 0, ""
}

// controlRun returns the length of the run of control characters that rest begins with, and adds
// one diagnostic about it.
func (c *cleaner) controlRun(rest string) int {
	n := 1
	for n < len(rest) && (rest[n] < 0x20 && !strings.ContainsRune("\t\n\v\f\r", rune(rest[n])) || rest[n] == 0x7f) {
		n++
	}
	c.r.add(c.line, "control-character")
	return n
}

// lineEnd returns the length of the line end that rest begins with, whose first character is a
// carriage return.
func (c *cleaner) lineEnd(rest string) int {
	c.line++
	switch {
	case strings.HasPrefix(rest, "\r\n"):
		c.checkLineEnd("CR LF")
		return 2
	case strings.HasPrefix(rest, "\r\r\n"):
		c.checkLineEnd("CR CR LF")
		return 3
	}
	c.checkLineEnd("CR")
	return 1
}

// checkLineEnd adds a diagnostic, once, if lines end differently from the first one, or if the
// first one ends in CR CR LF.
func (c *cleaner) checkLineEnd(how string) {
	switch {
	case c.firstLineEnd == "":
		c.firstLineEnd = how
		if how == "CR CR LF" {
			c.r.add(c.line-1, "odd-newlines")
		}
	case c.firstLineEnd != how && !c.mixed:
		c.mixed = true
		c.r.add(c.line-1, "mixed-newlines", "ending", how, "usual", c.firstLineEnd)
	}
}
