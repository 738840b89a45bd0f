package subtitle

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// composer puts a cue's text together from pieces that differ in their look. Lines lose
// the blanks around them, lines without anything on them go, and every span ends with
// its line.
type composer struct {
	text  []byte
	spans []conference.Span
	look  conference.Span // of what comes next; without its place
	begun int             // where the current line begins
	from  int             // where the current look begins
}

// write adds a piece in the current look; "\n" in it ends a line.
func (c *composer) write(s string) {
	for {
		l, after, more := strings.Cut(s, "\n")
		if len(c.text) == c.begun {
			l = strings.TrimLeft(l, " \t")
		}
		c.text = append(c.text, l...)
		if !more {
			return
		}
		c.newline()
		s = after
	}
}

// newline ends the line, unless nothing is on it yet.
func (c *composer) newline() {
	c.close()
	c.trim()
	if len(c.text) > c.begun && c.text[c.begun] >= utf8.RuneSelf && blank(string(c.text[c.begun:])) {
		c.text = c.text[:c.begun]
	}
	if len(c.text) > c.begun {
		c.text = append(c.text, '\n')
		c.begun = len(c.text)
	}
	c.from = len(c.text)
}

// trim takes the blanks off the end of the line.
func (c *composer) trim() {
	n := len(c.text)
	for n > c.begun && (c.text[n-1] == ' ' || c.text[n-1] == '\t') {
		n--
	}
	c.text = c.text[:n]
	for i := len(c.spans) - 1; i >= 0 && c.spans[i].To > n; i-- {
		c.spans[i].To = n
	}
}

// wear changes the look of what comes next.
func (c *composer) wear(look conference.Span) {
	look.From, look.To = 0, 0
	if look != c.look {
		c.close()
		c.look = look
	}
}

// close ends the span of the current look. White space has no look.
func (c *composer) close() {
	from := c.from
	c.from = len(c.text)
	if c.look == (conference.Span{}) || visible(string(c.text[from:])) == "" {
		return
	}
	span := c.look
	span.From, span.To = from, len(c.text)
	if n := len(c.spans) - 1; n >= 0 && c.spans[n].To == from && from > c.begun {
		before := c.spans[n]
		before.From, before.To = 0, 0
		if before == c.look {
			c.spans[n].To = span.To
			return
		}
	}
	c.spans = append(c.spans, span)
}

// done is the text and how it looks; the composer can be used again.
func (c *composer) done() (text string, spans []conference.Span) {
	c.newline()
	text, spans = strings.TrimSuffix(string(c.text), "\n"), c.spans
	*c = composer{text: c.text[:0]}
	return text, spans
}

// visible is s without white space.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
