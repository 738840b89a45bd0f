package subtitle

import (
	"html"
	"strings"
)

// markupStyle is what counts as markup besides tags.
type markupStyle uint8

const (
	markupTags   markupStyle = iota
	markupBars               // and | and [br], which end a line
	markupSSA                // nothing but braces and backslashes
	markupSpruce             // nothing but | and ^I, ^B, ^U
)

// markupAt is the markup at s[i]: its length, 0 where there is none, and what it shows.
func (g *lossCheck) markupAt(s string, i int, far *[2]int) (n int, shows string) {
	switch c := s[i]; {
	case g.markup == markupSSA:
		return ssaMarkupAt(s, i, &far[1])
	case g.markup == markupSpruce:
		if c == '|' {
			return 1, ""
		}
		if c == '^' && i+1 < len(s) && strings.IndexByte("IBU", s[i+1]) >= 0 {
			return 2, ""
		}
		return 0, ""
	case g.markup == markupBars && c == '|':
		return 1, ""
	case g.markup == markupBars && c == '[' && len(s) >= i+4 && strings.EqualFold(s[i:i+4], "[br]"):
		return 4, ""
	case c == '&' && g.vtt:
		end := strings.IndexByte(s[i:min(len(s), i+34)], ';')
		if end > 0 && !strings.ContainsAny(s[i+1:i+end], "& <") {
			if shows = html.UnescapeString(s[i : i+end+1]); shows != s[i:i+end+1] {
				return end + 1, shows
			}
		}
	case c == '<':
		if end := nextIndex(s, i, '>', &far[0]); end > 0 && end-i < maxTagLength && isPlayerTag(strings.ToLower(s[i+1:end]), g.vtt) {
			return end + 1 - i, ""
		}
	case c == '{' && i+1 < len(s) && s[i+1] == '\\':
		if end := nextIndex(s, i, '}', &far[1]); end > 0 && end-i < maxTagLength && !strings.Contains(s[i:end], " ") {
			return end + 1 - i, ""
		}
	}
	return 0, ""
}

// nextIndex is where the next c stands after s[i], or -1. It is looked for once.
func nextIndex(s string, i int, c byte, known *int) int {
	if *known < 0 {
		return -1
	}
	if *known <= i {
		at := strings.IndexByte(s[i:], c)
		if at < 0 {
			*known = -1
			return -1
		}
		*known = i + at
	}
	return *known
}

// isPlayerTag: the inside of a tag, in lower case, that players act on.
func isPlayerTag(in string, web bool) bool {
	if in == "" {
		return false
	}
	if in[0]-'0' <= 9 {
		return strings.Trim(in, "0123456789:.,") == ""
	}
	in = strings.TrimPrefix(in, "/")
	name := strings.TrimRight(in, "/ \t")
	switch name {
	case "i", "b", "u", "s", "strike", "br", "font":
		return true
	case "c", "v", "lang", "ruby", "rt":
		return web
	}
	if strings.HasPrefix(in, "font ") || strings.HasPrefix(in, "font\t") {
		return strings.Contains(in, "=")
	}
	if !web {
		return false
	}
	name, _, _ = strings.Cut(name, ".")
	name, _, spaced := strings.Cut(name, " ")
	switch name {
	case "i", "b", "u":
		return !spaced && !strings.Contains(in, " ")
	case "c", "v", "lang", "ruby", "rt":
		return true
	}
	return false
}

// ssaMarkupAt: braces up to the next closing one, and what follows a backslash.
func ssaMarkupAt(s string, i int, far *int) (n int, shows string) {
	switch {
	case s[i] == '{':
		if end := nextIndex(s, i, '}', far); end > 0 {
			return end + 1 - i, ""
		}
	case s[i] == '\\' && i+1 < len(s):
		switch s[i+1] {
		case 'N', 'n', 'h':
			return 2, ""
		case '{', '}':
			return 2, s[i+1 : i+2]
		}
	}
	return 0, ""
}
