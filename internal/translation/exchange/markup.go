package exchange

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// stylingTag matches the tags for styles that translators know from SRT.
var stylingTag = regexp.MustCompile(`(?i)^(?:</?[ibu]>|</font>|<font color="?#[0-9a-f]{6}"?>)`)

// escapedEntity matches the entities for characters that would otherwise start a tag or an
// entity.
var escapedEntity = regexp.MustCompile(`^&(?:lt|amp);`)

// toMarkup returns a text with its styles as SRT tags. Text that only looks like a tag is escaped,
// and control characters, which no format can hold, are dropped. Styles are dropped if their spans
// are invalid.
func toMarkup(text string, spans []conference.Span) string {
	if !spansInOrder(text, spans) {
		spans = nil
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		escapeMarkup(&b, text, at, s.From)
		open, shut := spanTags(s)
		b.WriteString(open)
		escapeMarkup(&b, text, s.From, s.To)
		b.WriteString(shut)
		at = s.To
	}
	escapeMarkup(&b, text, at, len(text))
	return b.String()
}

// spansInOrder reports whether spans are ascending, within a text and without overlaps.
func spansInOrder(text string, spans []conference.Span) bool {
	at := 0
	for _, s := range spans {
		if s.From < at || s.To < s.From || s.To > len(text) {
			return false
		}
		at = s.To
	}
	return true
}

func escapeMarkup(b *strings.Builder, text string, from, to int) {
	for at := from; at < to; {
		r, size := utf8.DecodeRuneInString(text[at:to])
		rest := text[at:]
		switch {
		case r == '<' && stylingTag.MatchString(rest):
			b.WriteString("&lt;")
		case r == '&' && escapedEntity.MatchString(rest):
			b.WriteString("&amp;")
		case r == utf8.RuneError && size == 1, r == 0xFFFE, r == 0xFFFF, unicode.IsControl(r) && r != '\n' && r != '\t':
		default:
			b.WriteString(text[at : at+size])
		}
		at += size
	}
}

func spanTags(s conference.Span) (open, shut string) {
	add := func(is bool, name string) {
		if is {
			open, shut = open+"<"+name+">", "</"+name+">"+shut
		}
	}
	if s.Colour != "" {
		open, shut = `<font color="`+s.Colour+`">`, "</font>"
	}
	add(s.Italic, "i")
	add(s.Bold, "b")
	add(s.Underline, "u")
	return open, shut
}

// parseMarkup returns the text and styles of a string that [toMarkup] or a person wrote. Unclosed
// tags end with the text, unopened ones are dropped, and a style over a line break becomes one span
// for each line.
func parseMarkup(s string) (text string, spans []conference.Span) {
	var b strings.Builder
	var style conference.Span
	var colours []string
	from := 0
	endSpan := func() {
		to := b.Len()
		if style != (conference.Span{}) && strings.TrimSpace(b.String()[from:]) != "" {
			span := style
			span.From, span.To = from, to
			spans = append(spans, span)
		}
		from = to
	}
	for s != "" {
		n := strings.IndexAny(s, "<&\n")
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
		if s == "" {
			break
		}
		tag, entity := "", ""
		switch s[0] {
		case '<':
			tag = stylingTag.FindString(s)
		case '&':
			entity = escapedEntity.FindString(s)
		}
		switch {
		case tag != "":
			endSpan()
			applyTag(&style, &colours, strings.ToLower(tag))
			s = s[len(tag):]
		case entity != "":
			b.WriteString(unescapeMarkup(entity))
			s = s[len(entity):]
		default:
			if s[0] == '\n' {
				endSpan()
				from++
			}
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	endSpan()
	return b.String(), spans
}

func unescapeMarkup(s string) string {
	return strings.NewReplacer("&lt;", "<", "&amp;", "&").Replace(s)
}

// applyTag changes style as a tag, in lower case, says. colours is the stack of open colours.
func applyTag(style *conference.Span, colours *[]string, tag string) {
	on := tag[1] != '/'
	switch strings.Trim(tag, "</>")[0] {
	case 'i':
		style.Italic = on
	case 'b':
		style.Bold = on
	case 'u':
		style.Underline = on
	default:
		if at := strings.IndexByte(tag, '#'); on {
			*colours = append(*colours, tag[at:at+7])
		} else if n := len(*colours); n > 0 {
			*colours = (*colours)[:n-1]
		}
		style.Colour = ""
		if n := len(*colours); n > 0 {
			style.Colour = (*colours)[n-1]
		}
	}
}

// cueSeparator separates the cues of a unit.
const cueSeparator = "\n\n"

var blankLines = regexp.MustCompile(`\n[ \t]*\n\s*`)

// splitCues splits a unit's text into the texts of its cues, at blank lines.
func splitCues(s string) (all []string) {
	for _, piece := range blankLines.Split(strings.ReplaceAll(s, "\r\n", "\n"), -1) {
		piece = strings.TrimSpace(piece)
		if piece != "" {
			all = append(all, piece)
		}
	}
	return all
}

// joinCues joins the texts of cues, with markup, to a unit's text. exact reports whether
// [splitCues] and [parseMarkup] restore their texts and styles.
func joinCues(cues []conference.Cue) (s string, exact bool) {
	each := make([]string, len(cues))
	for n, c := range cues {
		each[n] = strings.TrimSpace(toMarkup(c.Text, c.Spans))
	}
	s = strings.TrimSpace(strings.Join(each, cueSeparator))
	apart := splitCues(s)
	if len(apart) != len(cues) {
		return s, false
	}
	for n, c := range cues {
		text, spans := parseMarkup(apart[n])
		if text != c.Text || !slices.Equal(spans, c.Spans) {
			return s, false
		}
	}
	return s, true
}
