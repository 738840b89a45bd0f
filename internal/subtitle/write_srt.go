package subtitle

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// writeSRT writes normalised cues as players read SubRip: with i, b, u and font tags that end on
// their line, and with a place as {\an8}, which players know from ASS.
func writeSRT(b *bytes.Buffer, cues []conference.Cue) {
	for i, c := range cues {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%d\n%s --> %s\n", i+1, formatTime(c.Start, ','), formatTime(c.End, ','))
		if c.Position != 0 {
			fmt.Fprintf(b, `{\an%d}`, c.Position)
		}
		for _, l := range splitLines(guardMarkup(c)) {
			for _, p := range l {
				open, shut := srtTags(p.style)
				b.WriteString(open + p.text + shut)
			}
			b.WriteByte('\n')
		}
	}
}

func srtTags(look conference.Span) (open, shut string) {
	if look.Colour != "" {
		open, shut = `<font color="`+look.Colour+`">`, "</font>"
	}
	o, s := styleTags(look)
	return open + o, s + shut
}

// styleTags returns the opening and closing tags for bold, italic and underlined text in SubRip and
// WebVTT.
func styleTags(look conference.Span) (open, shut string) {
	if look.Italic {
		open, shut = open+"<i>", "</i>"+shut
	}
	if look.Bold {
		open, shut = open+"<b>", "</b>"+shut
	}
	if look.Underline {
		open, shut = open+"<u>", "</u>"+shut
	}
	return open, shut
}

// wordJoiner is U+2060, which is not seen and at which no line breaks. SubRip and ASS have no
// way to write text that looks like markup; with it inside, players show that text as it
// is. ffmpeg writes the backslash of ASS so.
const wordJoiner = "\u2060"

// guardMarkup returns a cue with a word joiner inside all text that a SubRip reader would take for
// markup or for times.
func guardMarkup(c conference.Cue) conference.Cue {
	c.Spans = slices.Clone(c.Spans)
	for _, at := range slices.Backward(guardPositions(c.Text)) {
		c.Text = c.Text[:at] + wordJoiner + c.Text[at:]
		for i := range c.Spans {
			c.Spans[i] = resizeSpan(c.Spans[i], at, len(wordJoiner))
		}
	}
	return c
}

// unguardMarkup reverses [guardMarkup]: it returns the original text, and moves spans accordingly.
func unguardMarkup(text string, spans []conference.Span) string {
	for _, at := range slices.Backward(guardPositions(text)) {
		if strings.HasPrefix(text[at:], wordJoiner) {
			text = text[:at] + text[at+len(wordJoiner):]
			for i := range spans {
				spans[i] = resizeSpan(spans[i], at+1, -len(wordJoiner))
			}
		}
	}
	return text
}

// resizeSpan returns a span after n bytes were inserted into the text at a byte or, if n is
// negative, removed.
func resizeSpan(s conference.Span, at, n int) conference.Span {
	if s.From >= at {
		s.From += n
	}
	if s.To > at {
		s.To += n
	}
	return s
}

// guardPositions returns the byte offsets at which [guardMarkup] inserts word joiners, ascending:
// after the opening bracket of what looks like a tag, and before what looks like times.
func guardPositions(text string) (at []int) {
	for i := 0; i < len(text); i++ {
		if (text[i] == '<' || text[i] == '{') && isMarkup(text[i], strings.TrimLeft(text[i+1:], wordJoiner)) {
			at = append(at, i+1)
		}
	}
	begun := 0
	for l := range strings.SplitAfterSeq(text, "\n") {
		if looksLikeArrowTimes(strings.TrimLeft(strings.TrimSuffix(l, "\n"), wordJoiner)) {
			at = append(at, begun)
		}
		begun += len(l)
	}
	slices.Sort(at)
	return at
}

// looksLikeArrowTimes reports whether the parser or the loss check takes a line for times.
func looksLikeArrowTimes(l string) bool {
	if l == "" {
		return false
	}
	_, read := parseArrowTimes(l)
	_, counted := matchArrowTimes(l)
	return read || counted
}

// isMarkup reports whether bracket and rest, the text that follows it, begin with a tag that
// players act on, or with braces that they hide.
func isMarkup(bracket byte, rest string) bool {
	rest = rest[:min(len(rest), maxTagLength)]
	if bracket == '{' {
		return strings.HasPrefix(rest, `\`) && strings.Contains(rest, "}")
	}
	end := strings.IndexByte(rest, '>')
	if end < 0 {
		return false
	}
	kind, _ := new(markupReader).classify("<" + rest[:end+1])
	return kind != tagText
}

// formatTime returns t as 00:00:01,000, with point as the decimal mark.
func formatTime(t time.Duration, point byte) string {
	ms := t.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", ms/3600000, ms/60000%60, ms/1000%60, point, ms%1000)
}
