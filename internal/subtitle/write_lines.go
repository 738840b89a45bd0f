package subtitle

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// piece is text of one look, within a line. The look is a span without its place.
type piece struct {
	look conference.Span
	text string
}

// line is one line of a cue.
type line []piece

// linesOf is a cue's text in lines, and every line in pieces that differ in their look.
// Spans that cannot be, such as those that end after the text, count as far as they can.
func linesOf(c conference.Cue) []line {
	lines := []line{nil}
	add := func(look conference.Span, text string) {
		look.From, look.To = 0, 0
		for i, t := range strings.Split(text, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			l := &lines[len(lines)-1]
			*l = l.with(piece{look, t})
		}
	}
	at := 0
	for _, s := range c.Spans {
		from, to := max(at, min(s.From, len(c.Text))), min(s.To, len(c.Text))
		if from >= to {
			continue
		}
		add(conference.Span{}, c.Text[at:from])
		add(s, c.Text[from:to])
		at = to
	}
	add(conference.Span{}, c.Text[at:])
	return lines
}

// with is the line and one more piece, in the piece before where both look the same.
func (l line) with(p piece) line {
	if n := len(l) - 1; n >= 0 && l[n].look == p.look {
		l[n].text += p.text
		return l
	}
	if p.text == "" {
		return l
	}
	return append(l, p)
}

// mapped is the line with every piece's text changed by f. White space has no look.
func (l line) mapped(f func(string) string) (out line) {
	for _, p := range l {
		if p.text = f(p.text); visible(p.text) == "" {
			p.look = conference.Span{}
		}
		out = out.with(p)
	}
	return out
}

// trimmed is the line without blanks before and after it.
func (l line) trimmed() line {
	l = l.mapped(func(s string) string { return s })
	for len(l) > 0 {
		if l[0].text = strings.TrimLeft(l[0].text, blanks); l[0].text != "" {
			break
		}
		l = l[1:]
	}
	for len(l) > 0 {
		last := &l[len(l)-1]
		if last.text = strings.TrimRight(last.text, blanks); last.text != "" {
			break
		}
		l = l[:len(l)-1]
	}
	return l
}

const blanks = " \t"

// shows reports whether there is anything to see on the line.
func (l line) shows() bool {
	return slices.ContainsFunc(l, func(p piece) bool { return visible(p.text) != "" })
}

// joined is lines as the text and the spans of a cue.
func joined(lines []line) (text string, spans []conference.Span) {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, p := range l {
			from := b.Len()
			b.WriteString(p.text)
			if p.look != (conference.Span{}) {
				p.look.From, p.look.To = from, b.Len()
				spans = append(spans, p.look)
			}
		}
	}
	return b.String(), spans
}

// settled is a cue in the one form that is read, written and compared: whole
// milliseconds, lines without blanks around them and none with nothing to see, spans that end
// with their line, and no place where it is the usual one.
func settled(c conference.Cue) conference.Cue {
	c.Start, c.End = milli(c.Start), milli(c.End)
	var lines []line
	for _, l := range linesOf(c) {
		if l = l.mapped(printable).trimmed(); l.shows() {
			lines = append(lines, l)
		}
	}
	c.Text, c.Spans = joined(lines)
	if c.Place == 2 || c.Place < 0 || c.Place > 9 {
		c.Place = 0
	}
	return c
}

// printable is s as every reader gives it back: without control characters but the tab,
// byte-order marks, and the code points that are for ever no characters; with a space for
// the marks that end lines in some programs. Bytes that are no character are written as
// the one for that.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return r
		case r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
			return ' '
		case unicode.IsControl(r) || r == 0xfeff || r&0xfffe == 0xfffe:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// plainly is a cue without its looks and its place.
func plainly(c conference.Cue) conference.Cue {
	c.Spans, c.Place = nil, 0
	return c
}

// same reports whether a viewer could not tell a from b, both settled.
func same(a, b conference.Cue) bool {
	return a.Start == b.Start && a.End == b.End && looksLike(a, b)
}

// shifted is spans moved by n bytes.
func shifted(spans []conference.Span, n int) []conference.Span {
	out := slices.Clone(spans)
	for i := range out {
		out[i].From, out[i].To = out[i].From+n, out[i].To+n
	}
	return out
}

// colours are all that cues use, ascending.
func colours(cues []conference.Cue) (all []string) {
	for _, c := range cues {
		for _, s := range c.Spans {
			if s.Colour != "" {
				all = append(all, s.Colour)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
