package subtitle

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// textBuilder puts a cue's text together from pieces that differ in their look. Lines lose
// the blanks around them, lines without anything on them go, and every span ends with
// its line.
type textBuilder struct {
	text      []byte
	spans     []conference.Span
	style     conference.Span // of what comes next; without its place
	lineStart int             // where the current line begins
	spanStart int             // where the current look begins
}

// write adds a piece of text in the current style. "\n" in it ends a line.
func (c *textBuilder) write(s string) {
	for {
		l, after, more := strings.Cut(s, "\n")
		if len(c.text) == c.lineStart {
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

// newline ends the current line, unless it is empty.
func (c *textBuilder) newline() {
	c.endSpan()
	c.trimLine()
	if len(c.text) > c.lineStart && c.text[c.lineStart] >= utf8.RuneSelf && isBlank(string(c.text[c.lineStart:])) {
		c.text = c.text[:c.lineStart]
	}
	if len(c.text) > c.lineStart {
		c.text = append(c.text, '\n')
		c.lineStart = len(c.text)
	}
	c.spanStart = len(c.text)
}

// trimLine removes spaces and tabs at the end of the current line.
func (c *textBuilder) trimLine() {
	n := len(c.text)
	for n > c.lineStart && (c.text[n-1] == ' ' || c.text[n-1] == '\t') {
		n--
	}
	c.text = c.text[:n]
	for i := len(c.spans) - 1; i >= 0 && c.spans[i].To > n; i-- {
		c.spans[i].To = n
	}
}

// applyStyle sets the style of the text that follows.
func (c *textBuilder) applyStyle(look conference.Span) {
	look.From, look.To = 0, 0
	if look != c.style {
		c.endSpan()
		c.style = look
	}
}

// endSpan ends the current span, and adds it if its text has a style and is not only white space.
// It continues the span before if that is adjacent and has the same style.
func (c *textBuilder) endSpan() {
	from := c.spanStart
	c.spanStart = len(c.text)
	if c.style == (conference.Span{}) || withoutSpace(string(c.text[from:])) == "" {
		return
	}
	span := c.style
	span.From, span.To = from, len(c.text)
	if n := len(c.spans) - 1; n >= 0 && c.spans[n].To == from && from > c.lineStart {
		before := c.spans[n]
		before.From, before.To = 0, 0
		if before == c.style {
			c.spans[n].To = span.To
			return
		}
	}
	c.spans = append(c.spans, span)
}

// finish returns the text and its spans, and resets the builder for the next cue.
func (c *textBuilder) finish() (text string, spans []conference.Span) {
	c.newline()
	text, spans = strings.TrimSuffix(string(c.text), "\n"), c.spans
	*c = textBuilder{text: c.text[:0]}
	return text, spans
}

// withoutSpace returns s without white space.
func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
