package subtitle

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// styledText is text of one look, within a line. The look is a span without its place.
type styledText struct {
	style conference.Span
	text  string
}

// styledLine is one line of a cue.
type styledLine []styledText

// splitLines splits a cue's text into lines, and every line into pieces of one style. Invalid
// spans, such as those that end after the text, are clipped.
func splitLines(c conference.Cue) []styledLine {
	lines := []styledLine{nil}
	add := func(look conference.Span, text string) {
		look.From, look.To = 0, 0
		for i, t := range strings.Split(text, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			l := &lines[len(lines)-1]
			*l = l.append(styledText{look, t})
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

// append returns the line with one more piece, joined to the last piece if both have the same
// style.
func (l styledLine) append(p styledText) styledLine {
	if n := len(l) - 1; n >= 0 && l[n].style == p.style {
		l[n].text += p.text
		return l
	}
	if p.text == "" {
		return l
	}
	return append(l, p)
}

// mapText returns the line with f applied to the text of every piece. A piece that is then only
// white space loses its style.
func (l styledLine) mapText(f func(string) string) (out styledLine) {
	for _, p := range l {
		p.text = f(p.text)
		if withoutSpace(p.text) == "" {
			p.style = conference.Span{}
		}
		out = out.append(p)
	}
	return out
}

// trim returns the line without leading and trailing blanks.
func (l styledLine) trim() styledLine {
	l = l.mapText(func(s string) string { return s })
	for len(l) > 0 {
		l[0].text = strings.TrimLeft(l[0].text, spaceAndTab)
		if l[0].text != "" {
			break
		}
		l = l[1:]
	}
	for len(l) > 0 {
		last := &l[len(l)-1]
		last.text = strings.TrimRight(last.text, spaceAndTab)
		if last.text != "" {
			break
		}
		l = l[:len(l)-1]
	}
	return l
}

// isVisible reports whether the line has visible characters.
func (l styledLine) isVisible() bool {
	return slices.ContainsFunc(l, func(p styledText) bool { return withoutSpace(p.text) != "" })
}

// joinLines joins lines to the text and spans of a cue.
func joinLines(lines []styledLine) (text string, spans []conference.Span) {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, p := range l {
			from := b.Len()
			b.WriteString(p.text)
			if p.style != (conference.Span{}) {
				p.style.From, p.style.To = from, b.Len()
				spans = append(spans, p.style)
			}
		}
	}
	return b.String(), spans
}

// normalizeCue returns a cue in the one form that is read, written and compared: whole
// milliseconds, lines without surrounding blanks and without empty ones, spans that end with their
// line, and no place if it is the usual one.
func normalizeCue(c conference.Cue) conference.Cue {
	c.Start, c.End = roundToMS(c.Start), roundToMS(c.End)
	var lines []styledLine
	for _, l := range splitLines(c) {
		l = l.mapText(withoutUnprintable).trim()
		if l.isVisible() {
			lines = append(lines, l)
		}
	}
	c.Text, c.Spans = joinLines(lines)
	if c.Position == 2 || c.Position < 0 || c.Position > 9 {
		c.Position = 0
	}
	return c
}

// withoutUnprintable returns s as every reader returns it: without control characters except the
// tab, byte-order marks and noncharacters, with a space for Unicode line separators. Invalid bytes
// become U+FFFD.
func withoutUnprintable(s string) string {
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

// withoutStyle returns a cue without its styles and its place.
func withoutStyle(c conference.Cue) conference.Cue {
	c.Spans, c.Position = nil, 0
	return c
}

// sameCue reports whether two normalised cues look the same at the same times. Ids and lines do not
// count.
func sameCue(a, b conference.Cue) bool {
	return a.Start == b.Start && a.End == b.End && sameAppearance(a, b)
}

// shiftSpans returns spans moved by n bytes.
func shiftSpans(spans []conference.Span, n int) []conference.Span {
	out := slices.Clone(spans)
	for i := range out {
		out[i].From, out[i].To = out[i].From+n, out[i].To+n
	}
	return out
}

// usedColours returns all colours that cues use, in ascending order.
func usedColours(cues []conference.Cue) (all []string) {
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
