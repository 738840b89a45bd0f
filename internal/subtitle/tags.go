package subtitle

import (
	"html"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// longestTag is how many bytes markup can have. What is longer is text.
const longestTag = 512

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

const pairedKinds = tagHidden + 1 // the kinds that come in pairs

// token is a tag in the text of a cue, or what looks like one.
type token struct {
	from  int32
	size  uint16
	kind  tagKind
	state uint8 // shut, paired
}

// What a token is besides its kind.
const (
	shut   uint8 = 1 << iota // it ends what another began
	paired                   // the other is there
)

func (t *token) is(state uint8) bool { return t.state&state != 0 }
func (t *token) to() int             { return int(t.from) + int(t.size) }

// marker reads the markup of SubRip's and WebVTT's captions.
type marker struct {
	r      *report
	web    bool // WebVTT: classes, voices and entities
	breaks bool // SubViewer: [br] and | end a line
	styles map[string]conference.Span
	voices map[string]bool // the speakers that were told of
	waits  [pairedKinds][]int32
	tokens []token
	out    composer
	colour []string // of the font and class tags that are open
	depth  [pairedKinds]int
	lines  lineOf
}

// lineOf tells the line of ascending offsets into the text of a cue.
type lineOf struct {
	raw  string
	rows rowLines
	at   int
	row  int
}

func (l *lineOf) of(at int) int {
	if at > l.at {
		l.row += strings.Count(l.raw[l.at:at], "\n")
		l.at = at
	}
	return l.rows.line(l.row)
}

// mark is the text of a cue, raw, as a viewer reads it, how it looks and where it stands.
func (m *marker) mark(raw string, rows rowLines) (text string, spans []conference.Span, place int) {
	m.lines = lineOf{raw: raw, rows: rows}
	m.scan(raw)
	m.pair(raw)
	m.lines = lineOf{raw: raw, rows: rows}
	m.depth, m.colour = [pairedKinds]int{}, m.colour[:0]
	at := 0
	for i := range m.tokens {
		t := &m.tokens[i]
		m.out.write(m.plain(raw[at:t.from], at))
		if p := m.apply(raw[t.from:t.to()], t); p != 0 {
			place = p
		}
		at = t.to()
	}
	m.out.write(m.plain(raw[at:], at))
	text, spans = m.out.done()
	if !m.web && len(text) < 1<<16 && strings.Contains(text, joiner) {
		text = unshieldSpans(text, spans)
	}
	return text, spans, place
}

// scan finds what looks like tags.
func (m *marker) scan(raw string) {
	m.tokens = m.tokens[:0]
	closing := [2]int{-1, -1} // where the next > and the next } stand; len(raw): nowhere
	for at := 0; at < len(raw); {
		i := strings.IndexAny(raw[at:], m.signs())
		if i < 0 {
			return
		}
		at += i
		if n := m.ends(raw[at:]); n > 0 {
			m.tokens = append(m.tokens, token{from: int32(at), size: uint16(n), kind: tagNewline})
			at += n
			continue
		}
		if raw[at] == '[' || raw[at] == '|' {
			at++
			continue
		}
		which, end := 0, byte('>')
		if raw[at] == '{' {
			which, end = 1, '}'
		}
		if closing[which] < at {
			if closing[which] = strings.IndexByte(raw[at:], end); closing[which] < 0 {
				closing[which] = len(raw)
			} else {
				closing[which] += at
			}
		}
		to := closing[which] + 1
		if to > len(raw) || to-at > longestTag {
			at++
			continue
		}
		kind, shuts := m.kind(raw[at:to])
		if kind == tagText {
			if oddTag(raw[at:to]) {
				m.r.add(m.lines.of(at), Note, "unknown-tag", "%s is no markup of this format; it is shown as text", quote(raw[at:to]))
			}
			at++
			continue
		}
		t := token{from: int32(at), size: uint16(to - at), kind: kind}
		if shuts {
			t.state = shut
		}
		m.tokens = append(m.tokens, t)
		at = to
	}
}

// signs are the characters with which markup begins.
func (m *marker) signs() string {
	if m.breaks {
		return "<{[|"
	}
	return "<{"
}

// ends is the length of the mark that ends a line of SubViewer, at the beginning of s.
func (m *marker) ends(s string) int {
	switch {
	case !m.breaks:
	case s[0] == '|':
		return 1
	case len(s) >= 4 && strings.EqualFold(s[:4], "[br]"):
		return 4
	}
	return 0
}

// oddTag reports whether what is no tag looks like one.
func oddTag(s string) bool {
	body := strings.TrimPrefix(s[1:], "/")
	return s[0] == '<' && body[0]|0x20 >= 'a' && body[0]|0x20 <= 'z' && !strings.Contains(s, "\n") || strings.HasPrefix(s, `{\`)
}

// kind says what the tag s, with its brackets, does.
func (m *marker) kind(s string) (kind tagKind, shut bool) {
	if s[0] == '{' {
		if strings.HasPrefix(s, `{\`) && overrides(s[1:len(s)-1]) {
			return tagOverride, false
		}
		return tagText, false
	}
	body, shut := strings.CutPrefix(s[1:len(s)-1], "/")
	if body != "" && body[0] >= '0' && body[0] <= '9' {
		if t := clock(body); t.n == len(body) && !shut {
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
	classes := m.web && more != "" && more[0] == '.' && !strings.ContainsAny(more, " \t\n")
	words := more != "" && strings.ContainsRune(" \t\n.", rune(more[0]))
	switch name {
	case "i", "b", "u":
		if bare || classes {
			return tagItalic + tagKind(strings.IndexByte("ibu", name[0])), shut
		}
	case "font":
		if bare || attributes(more) {
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
		if m.web && (bare || words) {
			return tagFont, shut
		}
	case "v", "lang", "ruby", "rt":
		if m.web && (bare || words) {
			return tagHidden, shut
		}
	}
	return tagText, false
}

// attributes reports whether s is nothing but name="value" or name=value.
func attributes(s string) bool {
	for s = strings.TrimLeft(s, " \t\n"); s != "" && s != "/"; s = strings.TrimLeft(s, " \t\n") {
		var ok bool
		if _, _, s, ok = attribute(s); !ok {
			return false
		}
	}
	return true
}

// attribute cuts one name="value" off s.
func attribute(s string) (name, value, after string, ok bool) {
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

// pair finds which tags have a partner.
func (m *marker) pair(raw string) {
	for k := range m.waits {
		m.waits[k] = m.waits[k][:0]
	}
	for i := range m.tokens {
		t := &m.tokens[i]
		if t.kind >= pairedKinds {
			t.state |= paired
			continue
		}
		if w := m.waits[t.kind]; !t.is(shut) {
			m.waits[t.kind] = append(w, int32(i))
		} else if len(w) > 0 {
			t.state |= paired
			m.tokens[w[len(w)-1]].state |= paired
			m.waits[t.kind] = w[:len(w)-1]
		}
	}
	for i := range m.tokens {
		if t := &m.tokens[i]; !t.is(paired) && !m.web && !t.is(shut) && generic(raw, t) {
			m.r.add(m.lines.of(int(t.from)), Note, "unknown-tag", "%s has no closing tag and stands like a type in a program; it is shown as text", quote(raw[t.from:t.to()]))
			t.kind = tagText
		}
	}
}

// generic reports whether an opening tag without a partner is more likely code: it is in
// capitals, or stands right behind a letter or a digit, as in Box<I> and Vec<u>.
func generic(raw string, t *token) bool {
	if t.kind > tagUnderline {
		return false
	}
	if t.size == 3 && raw[t.from+1] < 'a' {
		return true
	}
	before := byte(' ')
	if t.from > 0 {
		before = raw[t.from-1]
	}
	return before|0x20 >= 'a' && before|0x20 <= 'z' || before >= '0' && before <= '9'
}

// apply does what a tag says. It returns the place that the tag gives the cue, or 0.
func (m *marker) apply(s string, t *token) (place int) {
	line := m.lines.of(int(t.from))
	switch {
	case t.kind == tagText:
		m.out.write(s)
		return 0
	case t.kind == tagBreak:
		m.out.newline()
		m.r.habit(line, Note, "br-tag", "<br> was read as the end of a line")
		return 0
	case t.kind == tagNewline:
		m.out.newline()
		return 0
	case t.kind == tagTime:
		m.r.habit(line, Note, "word-times", quote(s)+", the time of a word, is not kept; the words are")
		return 0
	case t.kind == tagOverride:
		return m.override(s, line)
	case !t.is(paired) && t.is(shut):
		m.r.add(line, Warning, "stray-tag", "%s ends what never began; it was taken out", quote(s))
		return 0
	case !t.is(paired) && t.kind != tagHidden:
		m.r.add(line, Warning, "unclosed-tag", "%s is never closed; it was taken to hold until the end of the caption", quote(s))
	}
	switch {
	case t.kind == tagFont:
		m.font(s, t.is(shut), line)
	case t.kind == tagHidden:
		m.hidden(s, t.is(shut), line)
	case t.is(shut):
		m.depth[t.kind]--
	default:
		m.depth[t.kind]++
	}
	m.wear()
	return 0
}

// wear tells the composer what is open.
func (m *marker) wear() {
	look := conference.Span{Italic: m.depth[tagItalic] > 0, Bold: m.depth[tagBold] > 0, Underline: m.depth[tagUnderline] > 0}
	if n := len(m.colour); n > 0 {
		look.Colour = m.colour[n-1]
	}
	m.out.wear(look)
}

// font opens or closes a font tag or a class; what it says beyond a colour is not kept.
func (m *marker) font(s string, shut bool, line int) {
	if shut {
		if n := len(m.colour); n > 0 {
			m.colour = m.colour[:n-1]
		}
		return
	}
	now := ""
	if n := len(m.colour); n > 0 {
		now = m.colour[n-1]
	}
	if m.web {
		now = m.classes(s, now, line)
	} else {
		for rest := strings.TrimLeft(s[len("<font"):len(s)-1], " \t\n"); rest != ""; rest = strings.TrimLeft(rest, " \t\n") {
			name, value, after, ok := attribute(rest)
			if !ok {
				break
			}
			rest = after
			if c, known := colourOf(value); strings.EqualFold(name, "color") && known {
				now = c
			} else {
				m.r.habit(line, Note, "look-dropped", "the font's "+quote(name+"="+value)+" is not kept")
			}
		}
	}
	m.colour = append(m.colour, now)
}

// classes are those of <c.yellow.bg_blue>, of which a colour is kept.
func (m *marker) classes(s, now string, line int) string {
	for class := range strings.SplitSeq(strings.Trim(s, "<>"), ".") {
		look, told := m.styles[class]
		switch {
		case class == "c" || strings.TrimSpace(class) == "":
		case told && look.Colour != "":
			now = look.Colour
		case vttClasses[class] != "":
			now = vttClasses[class]
		default:
			m.r.habit(line, Note, "look-dropped", "the class "+quote(class)+" is not kept")
		}
	}
	return now
}

// hidden says that a tag's meaning is not kept, though its text is.
func (m *marker) hidden(s string, shut bool, line int) {
	switch {
	case shut:
	case strings.HasPrefix(s, "<v"):
		_, name, _ := strings.Cut(s[:len(s)-1], " ")
		if m.voices[name] || m.r.full("voice", line) {
			return
		}
		m.voices[name] = true
		m.r.add(line, Note, "voice", "that %s speaks is told to programs alone, and is not kept; write the name into the caption if viewers are to see it", quote(name))
	default:
		m.r.habit(line, Note, "look-dropped", quote(s)+" is not kept; the text is")
	}
}

// override applies ASS overrides, which SubRip's players took over.
func (m *marker) override(s string, line int) (place int) {
	for o := range strings.SplitSeq(s[2:len(s)-1], `\`) {
		name, value := overrideOf(o)
		switch name {
		case "i", "b", "u":
			m.depth[tagItalic+tagKind(strings.IndexByte("ibu", name[0]))] = on(value)
		case "an", "a", "pos":
			if p := placeOf(name, value, 384, 288); p != 0 {
				place = p
			}
			if name == "pos" {
				m.r.habit(line, Note, "place-rounded", quote(o)+" became the nearest of nine places")
			}
		case "c", "1c":
			m.colour = append(m.colour[:0], ssaColourOf(value))
		case "r":
			m.depth, m.colour = [pairedKinds]int{}, m.colour[:0]
		default:
			m.r.habit(line, Note, "override-dropped", quote("{\\"+o+"}")+" is not kept; the text is")
		}
	}
	m.wear()
	return place
}

// on is 1 for an override's value that switches something on.
func on(value string) int {
	if value == "" || value == "0" {
		return 0
	}
	return 1
}

// plain is text between tags as a viewer reads it.
func (m *marker) plain(s string, at int) string {
	if m.web {
		return unescaped(s)
	}
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	for j := i; j < len(s); j++ {
		if s[j] == '&' && entityAt(s[j:]) > 0 {
			m.r.habit(m.lines.of(at+j), Warning, "entity", quote(s[j:j+entityAt(s[j:])])+" is shown as it stands, since this format has no entities; write the character itself if that is meant")
			break
		}
	}
	return s
}

// entityAt is the length of the entity, ended by a semicolon, that s begins with, or 0.
func entityAt(s string) int {
	end := strings.IndexByte(s[:min(len(s), 34)], ';')
	if end < 2 {
		return 0
	}
	if html.UnescapeString(s[:end+1]) == s[:end+1] {
		return 0
	}
	for i := 1; i < end; i++ {
		if c := s[i]; !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '#' && i == 1) {
			return 0
		}
	}
	return end + 1
}

// unescaped decodes the entities of s; control characters in them become a space.
func unescaped(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		n := entityAt(s)
		if n == 0 {
			b.WriteByte('&')
			s = s[1:]
		} else {
			b.WriteString(strings.Map(func(r rune) rune {
				if hiddenRune(r) {
					return ' '
				}
				return r
			}, html.UnescapeString(s[:n])))
			s = s[n:]
		}
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// hiddenRune reports whether r is a control character or no character at all.
func hiddenRune(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfeff || r&0xfffe == 0xfffe || r == 0x2028 || r == 0x2029
}
