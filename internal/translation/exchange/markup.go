package exchange

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// stylingTag is a tag as translators know them from SRT.
var stylingTag = regexp.MustCompile(`(?i)^(?:</?[ibu]>|</font>|<font color="?#[0-9a-f]{6}"?>)`)

// escapedEntity is what stands for a character that would otherwise begin a tag or an entity.
var escapedEntity = regexp.MustCompile(`^&(?:lt|amp);`)

// toMarkup is a text on one string with its looks: tags as SRT has them, and what only looks
// like one behind an entity. Control characters, which no format holds, are left out.
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

// spansInOrder reports whether spans lie in a text one after the other.
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

// parseMarkup is the text and the looks of a string that [inline] made or a person wrote. A tag
// that was forgotten is shut at the end, one that was never opened goes, and every look
// ends with its line.
func parseMarkup(s string) (text string, spans []conference.Span) {
	var b strings.Builder
	var look conference.Span
	var colours []string
	from := 0
	seal := func() {
		to := b.Len()
		if look != (conference.Span{}) && strings.TrimSpace(b.String()[from:]) != "" {
			span := look
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
		if s = s[n:]; s == "" {
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
			seal()
			applyTag(&look, &colours, strings.ToLower(tag))
			s = s[len(tag):]
		case entity != "":
			b.WriteString(unescapeMarkup(entity))
			s = s[len(entity):]
		default:
			if s[0] == '\n' {
				seal()
				from++
			}
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	seal()
	return b.String(), spans
}

// unescapeMarkup is a text without tags as it is.
func unescapeMarkup(s string) string {
	return strings.NewReplacer("&lt;", "<", "&amp;", "&").Replace(s)
}

// applyTag changes a look as a tag says.
func applyTag(look *conference.Span, colours *[]string, tag string) {
	on := tag[1] != '/'
	switch strings.Trim(tag, "</>")[0] {
	case 'i':
		look.Italic = on
	case 'b':
		look.Bold = on
	case 'u':
		look.Underline = on
	default:
		if at := strings.IndexByte(tag, '#'); on {
			*colours = append(*colours, tag[at:at+7])
		} else if n := len(*colours); n > 0 {
			*colours = (*colours)[:n-1]
		}
		look.Colour = ""
		if n := len(*colours); n > 0 {
			look.Colour = (*colours)[n-1]
		}
	}
}

// cueSeparator is what stands between two cues of a unit.
const cueSeparator = "\n\n"

var blankLines = regexp.MustCompile(`\n[ \t]*\n\s*`)

// splitCues are the cues of a string, which blank lines part.
func splitCues(s string) (all []string) {
	for _, piece := range blankLines.Split(strings.ReplaceAll(s, "\r\n", "\n"), -1) {
		if piece = strings.TrimSpace(piece); piece != "" {
			all = append(all, piece)
		}
	}
	return all
}

// joinCues is cues on one string. It is exact if [pieces] and [outline] give back just
// their texts and looks.
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
