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

// looksLikeTag reports whether s, brackets or braces that are not a known tag, was probably meant
// to be one.
func looksLikeTag(s string) bool {
	body := strings.TrimPrefix(s[1:], "/")
	return s[0] == '<' && body[0]|0x20 >= 'a' && body[0]|0x20 <= 'z' && !strings.Contains(s, "\n") || strings.HasPrefix(s, `{\`)
}

// tagRule says what the tags of one name do, and what may follow the name.
type tagRule struct {
	kind    tagKind
	vttOnly bool
	after   func(rest string, vtt bool) bool
}

// tagRules are the tags of SubRip and WebVTT by name.
var tagRules = map[string]tagRule{
	"i":      {kind: tagItalic, after: allowClasses},    // <i>, in WebVTT <i.loud> and <i Ada>
	"b":      {kind: tagBold, after: allowClasses},      //
	"u":      {kind: tagUnderline, after: allowClasses}, //
	"font":   {kind: tagFont, after: allowAttributes},   // <font color="red">
	"s":      {kind: tagHidden, after: allowNothing},    //
	"strike": {kind: tagHidden, after: allowNothing},    //
	"br":     {kind: tagBreak, after: allowNothing},     // <br/>, and </br> too
	"c":      {kind: tagFont, vttOnly: true, after: allowWords},
	"v":      {kind: tagHidden, vttOnly: true, after: allowWords}, // <v Ada>
	"lang":   {kind: tagHidden, vttOnly: true, after: allowWords},
	"ruby":   {kind: tagHidden, vttOnly: true, after: allowWords},
	"rt":     {kind: tagHidden, vttOnly: true, after: allowWords},
}

func allowNothing(rest string, _ bool) bool { return consistsOf(rest, " \t/") }

func allowClasses(rest string, vtt bool) bool {
	return allowNothing(rest, vtt) || vtt && strings.ContainsRune(" \t\n.", rune(rest[0]))
}

func allowAttributes(rest string, vtt bool) bool {
	return allowNothing(rest, vtt) || isAttributes(rest)
}

func allowWords(rest string, vtt bool) bool {
	return allowNothing(rest, vtt) || strings.ContainsRune(" \t\n.", rune(rest[0]))
}

// classify returns what a tag does, and whether it closes another. s is its text with the brackets:
//
//	<i>              tagItalic
//	</FONT>          tagFont, closes
//	<00:00:01.500>   tagTime
//	{\an8}           tagOverride
//	<c.yellow>       tagFont in WebVTT, else tagText
//	<String>, {b}    tagText
func (m *markupReader) classify(s string) (kind tagKind, closes bool) {
	body := s[1 : len(s)-1]
	switch {
	case s[0] == '{' && strings.HasPrefix(body, `\`) && isOverrides(body):
		return tagOverride, false
	case s[0] == '{':
		return tagText, false
	case startsWithDigit(body):
		if parseClock(body).length == len(body) {
			return tagTime, false
		}
		return tagText, false
	}
	body, closes = strings.CutPrefix(body, "/")
	n := 0
	for n < len(body) && isLetter(body[n]) {
		n++
	}
	rule, known := tagRules[strings.ToLower(body[:n])]
	if !known || rule.vttOnly && !m.vtt || !rule.after(body[n:], m.vtt) {
		return tagText, false
	}
	return rule.kind, closes && rule.kind != tagBreak
}

// isAttributes reports whether s consists of attributes, name="value" or name=value, possibly
// before a slash.
func isAttributes(s string) bool {
	for s = strings.TrimLeft(s, " \t\n"); s != "" && s != "/"; s = strings.TrimLeft(s, " \t\n") {
		var ok bool
		_, _, s, ok = cutAttribute(s)
		if !ok {
			return false
		}
	}
	return true
}

// cutAttribute splits off the first attribute of s, name="value" or name=value. ok is false if s
// does not begin with one.
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
