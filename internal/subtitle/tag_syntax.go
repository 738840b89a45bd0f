package subtitle

import (
	"strings"
)

// maxTagLength is how many bytes markup can have. What is longer is text.
const maxTagLength = 512

// tagKind is what a tag does.
type tagKind uint8

const (
	tagText   tagKind = iota // it is no tag
	tagItalic                // these four are told by letter and count how often they are open
	tagBold
	tagUnderline
	tagFont     // with or without a colour
	tagHidden   // does nothing that a cue can hold: s, v, lang, ruby, rt
	tagTime     // when the next word is sung
	tagBreak    // br
	tagOverride // {\an8}
	tagNewline  // [br] of SubViewer
)

// What a token is besides its kind.
const (
	tagCloses uint8 = 1 << iota // it ends what another began
	tagPaired                   // the other is there
)

// tag is a tag in the text of a cue, or what looks like one.
type tag struct {
	from  int32
	size  uint16
	kind  tagKind
	state uint8 // shut, paired
}

func (t *tag) is(state uint8) bool { return t.state&state != 0 }

func (t *tag) to() int { return int(t.from) + int(t.size) }

// looksLikeTag reports whether what is no tag looks like one.
func looksLikeTag(s string) bool {
	body := strings.TrimPrefix(s[1:], "/")
	return s[0] == '<' && body[0]|0x20 >= 'a' && body[0]|0x20 <= 'z' && !strings.Contains(s, "\n") || strings.HasPrefix(s, `{\`)
}

// classify says what the tag s, with its brackets, does.
func (m *markupReader) classify(s string) (kind tagKind, shut bool) {
	if s[0] == '{' {
		if strings.HasPrefix(s, `{\`) && isOverrides(s[1:len(s)-1]) {
			return tagOverride, false
		}
		return tagText, false
	}
	body, shut := strings.CutPrefix(s[1:len(s)-1], "/")
	if body != "" && body[0] >= '0' && body[0] <= '9' {
		if t := parseClock(body); t.length == len(body) && !shut {
			return tagTime, false
		}
		return tagText, false
	}
	n := 0
	for n < len(body) && (body[n]|0x20 >= 'a' && body[n]|0x20 <= 'z') {
		n++
	}
	name, more := strings.ToLower(body[:n]), body[n:]
	bare := strings.Trim(more, " \t/") == ""
	classes := m.vtt && more != "" && more[0] == '.' && !strings.ContainsAny(more, " \t\n")
	words := more != "" && strings.ContainsRune(" \t\n.", rune(more[0]))
	switch name {
	case "i", "b", "u":
		if bare || classes {
			return tagItalic + tagKind(strings.IndexByte("ibu", name[0])), shut
		}
	case "font":
		if bare || isAttributes(more) {
			return tagFont, shut
		}
	case "s", "strike":
		if bare {
			return tagHidden, shut
		}
	case "br":
		if bare {
			return tagBreak, false
		}
	case "c":
		if m.vtt && (bare || words) {
			return tagFont, shut
		}
	case "v", "lang", "ruby", "rt":
		if m.vtt && (bare || words) {
			return tagHidden, shut
		}
	}
	return tagText, false
}

// isAttributes reports whether s is nothing but name="value" or name=value.
func isAttributes(s string) bool {
	for s = strings.TrimLeft(s, " \t\n"); s != "" && s != "/"; s = strings.TrimLeft(s, " \t\n") {
		var ok bool
		if _, _, s, ok = cutAttribute(s); !ok {
			return false
		}
	}
	return true
}

// cutAttribute cuts one name="value" off s.
func cutAttribute(s string) (name, value, after string, ok bool) {
	name, s, ok = strings.Cut(s, "=")
	name = strings.TrimSpace(name)
	s = strings.TrimLeft(s, " \t")
	if !ok || name == "" || strings.ContainsAny(name, " \t<>\"'") {
		return "", "", "", false
	}
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		value, after, ok = strings.Cut(s[1:], s[:1])
		return name, value, after, ok
	}
	end := strings.IndexAny(s+" ", " \t\n")
	return name, strings.TrimSuffix(s[:end], "/"), s[end:], true
}
