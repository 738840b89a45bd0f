package subtitle

import "strings"

// clean is text with every line ended by "\n" and without characters that nobody sees
// and that players choke on: NUL and other control characters, and byte-order marks in
// the middle. LF, CR LF, CR and CR CR LF each end one line, as charset.CutLine has it.
// Text that needs none of it is returned as it is.
func clean(text string, r *report) string {
	from := 0
	for from < len(text) && !suspect[text[from]] {
		from++
	}
	if from == len(text) {
		return text
	}
	c := cleaner{text: text, r: r, line: 1 + strings.Count(text[:from], "\n")}
	c.out.Grow(len(text))
	if c.line > 1 {
		c.ends = "LF"
	}
	at := from
	for at < len(text) {
		if !suspect[text[at]] {
			if text[at] == '\n' {
				c.line++
				c.ended("LF")
			}
			at++
			continue
		}
		take, put := c.odd(at)
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

// suspect are the bytes at which something may have to be done.
var suspect = func() (t [256]bool) {
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
	text   string
	out    strings.Builder
	copied int // up to here
	r      *report
	line   int
	ends   string // how the first line ended
	mixed  bool
}

// odd says how many bytes at a suspect place give way to what.
func (c *cleaner) odd(at int) (take int, put string) {
	rest := c.text[at:]
	switch b := rest[0]; {
	case b == '\r':
		return c.newline(rest), "\n"
	case b == '\v' || b == '\f':
		c.said("a page or tab mark", "a space")
		return 1, " "
	case b < 0x20 || b == 0x7f:
		return c.controls(rest), ""
	case b == 0xc2 && len(rest) > 1 && rest[1] < 0xa0:
		if rest[1] == 0x85 {
			return 2, " "
		}
		c.said("a control character", "nothing")
		return 2, ""
	case b == 0xe2 && len(rest) > 2 && rest[1] == 0x80 && (rest[2] == 0xa8 || rest[2] == 0xa9):
		c.said("a line mark of Unicode", "a space")
		return 3, " "
	case b == 0xef && len(rest) > 2 && (rest[1] == 0xbb && rest[2] == 0xbf || rest[1] == 0xbf && rest[2] >= 0xbe):
		c.said("a byte-order mark in the middle", "nothing")
		return 3, ""
	}
	return 0, ""
}

// controls takes a run of control characters and says so once.
func (c *cleaner) controls(rest string) int {
	n := 1
	for n < len(rest) && (rest[n] < 0x20 && !strings.ContainsRune("\t\n\v\f\r", rune(rest[n])) || rest[n] == 0x7f) {
		n++
	}
	c.said("control characters", "nothing")
	return n
}

func (c *cleaner) said(what, instead string) {
	c.r.add(c.line, Warning, "control-character", "%s, which no viewer sees, gave way to %s", what, instead)
}

// newline takes the line end that begins with a carriage return.
func (c *cleaner) newline(rest string) int {
	c.line++
	switch {
	case strings.HasPrefix(rest, "\r\n"):
		c.ended("CR LF")
		return 2
	case strings.HasPrefix(rest, "\r\r\n"):
		c.ended("CR CR LF")
		return 3
	}
	c.ended("CR")
	return 1
}

// ended remembers how lines end, and says once that they differ.
func (c *cleaner) ended(how string) {
	switch {
	case c.ends == "":
		c.ends = how
		if how == "CR CR LF" {
			c.r.add(c.line-1, Note, "odd-newlines", "lines end in CR CR LF, which was read as one line end")
		}
	case c.ends != how && !c.mixed:
		c.mixed = true
		c.r.add(c.line-1, Note, "mixed-newlines", "the line ends in %s where others end in %s; each was read as one line end", how, c.ends)
	}
}
