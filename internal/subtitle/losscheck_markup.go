package subtitle

import (
	"html"
	"strings"
)

// markupSyntax is what counts as markup besides tags.
type markupSyntax uint8

const (
	markupTags   markupSyntax = iota
	markupBars                // and | and [br], which end a line
	markupSSA                 // nothing but braces and backslashes
	markupSpruce              // nothing but | and ^I, ^B, ^U
)

// maxEntityLength is how many bytes an entity can have.
const maxEntityLength = 34

// closingBrackets remembers where the next closing brackets of a row are, so that each is looked
// for once, however many opening ones there are.
type closingBrackets struct{ angle, brace int }

// markupAt returns the length of the markup at row[i], or 0 if there is none, and what a viewer
// sees of it:
//
//	<i> {\an8} <c.red>        tags, and overrides in braces
//	&amp;                     entities in WebVTT, which show "&"
//	| [br]                    line ends in SubViewer and MicroDVD
//	{comment} \N \{           SubStation Alpha; "\{" shows "{"
//	| ^I                      Spruce
func (g *lossCheck) markupAt(row string, i int, next *closingBrackets) (n int, shows string) {
	switch g.markup {
	case markupSSA:
		return ssaMarkupAt(row, i, next)
	case markupSpruce:
		return spruceMarkupLength(row[i:]), ""
	case markupBars:
		n = lineBreakLength(row[i:])
		if n > 0 {
			return n, ""
		}
	}
	switch {
	case row[i] == '&' && g.vtt:
		return entityAt(row[i:])
	case row[i] == '<':
		return g.tagLength(row, i, next), ""
	case strings.HasPrefix(row[i:], `{\`):
		return overrideLength(row, i, next), ""
	}
	return 0, ""
}

// tagLength returns the length of the tag at row[i], or 0 if players take it for text.
func (g *lossCheck) tagLength(row string, i int, next *closingBrackets) int {
	end := nextIndex(row, i, '>', &next.angle)
	if end < 0 || end-i >= maxTagLength || !isPlayerTag(strings.ToLower(row[i+1:end]), g.vtt) {
		return 0
	}
	if isAnnotatedStyle(row[i:end+1]) && strings.Contains(g.remaining, row[i:end+1]) { // shown as text
		return 0
	}
	return end + 1 - i
}

// overrideLength returns the length of the override in braces at row[i], or 0 if it is not closed,
// too long, or has spaces in it.
func overrideLength(row string, i int, next *closingBrackets) int {
	end := nextIndex(row, i, '}', &next.brace)
	if end < 0 || end-i >= maxTagLength || strings.Contains(row[i:end], " ") {
		return 0
	}
	return end + 1 - i
}

// entityAt returns the length of the HTML entity that s begins with, and the character that it
// stands for. n is 0 if there is none.
func entityAt(s string) (n int, shows string) {
	end := strings.IndexByte(s[:min(len(s), maxEntityLength)], ';')
	if end < 0 || strings.ContainsAny(s[1:end], "& <") {
		return 0, ""
	}
	shows = html.UnescapeString(s[:end+1])
	if shows == s[:end+1] {
		return 0, ""
	}
	return end + 1, shows
}

// lineBreakLength returns the length of SubViewer's line-break mark at the start of s, or 0.
func lineBreakLength(s string) int {
	switch {
	case strings.HasPrefix(s, "|"):
		return len("|")
	case hasPrefixFold(s, "[br]"):
		return len("[br]")
	}
	return 0
}

// spruceMarkupLength returns the length of the Spruce markup that s begins with, or 0.
func spruceMarkupLength(s string) int {
	switch {
	case s[0] == '|':
		return 1
	case s[0] == '^' && len(s) > 1 && strings.IndexByte("IBU", s[1]) >= 0:
		return 2
	}
	return 0
}

// ssaMarkupAt returns the length of the braces or the escape at row[i], and what a viewer sees of
// it. n is 0 if there is neither.
func ssaMarkupAt(row string, i int, next *closingBrackets) (n int, shows string) {
	if row[i] == '{' {
		end := nextIndex(row, i, '}', &next.brace)
		return max(0, end+1-i), ""
	}
	if row[i] == '\\' && i+1 < len(row) {
		switch row[i+1] {
		case 'N', 'n', 'h':
			return 2, ""
		case '{', '}':
			return 2, row[i+1 : i+2]
		}
	}
	return 0, ""
}

// nextIndex returns the index of the next c in row from i on, or a negative number if there is
// none. *known caches the result between calls for the same row, with ascending i.
func nextIndex(row string, i int, c byte, known *int) int {
	if *known < 0 || *known > i {
		return *known
	}
	*known = strings.IndexByte(row[i:], c)
	if *known >= 0 {
		*known += i
	}
	return *known
}

// isPlayerTag reports whether players act on a tag. in is what is between its brackets, in lower
// case: "i", "/i", "font color=red", a time, or in WebVTT "c.red" and "v ada".
func isPlayerTag(in string, vtt bool) bool {
	if startsWithDigit(in) {
		return consistsOf(in, digitChars+":.,")
	}
	in = strings.TrimPrefix(in, "/")
	switch strings.TrimRight(in, "/ \t") {
	case "i", "b", "u", "s", "strike", "br", "font":
		return true
	case "c", "v", "lang", "ruby", "rt":
		return vtt
	}
	if strings.HasPrefix(in, "font ") || strings.HasPrefix(in, "font\t") {
		return strings.Contains(in, "=")
	}
	return vtt && isVTTTag(in)
}

// isVTTTag reports whether in, the inside of a tag in lower case, is a WebVTT tag, possibly with
// classes, or with the name of a speaker or a language.
func isVTTTag(in string) bool {
	name, _, _ := strings.Cut(strings.TrimRight(in, "/ \t"), ".")
	name, _, _ = strings.Cut(strings.ReplaceAll(name, "\t", " "), " ")
	switch name {
	case "i", "b", "u", "c", "v", "lang", "ruby", "rt":
		return true
	}
	return false
}
