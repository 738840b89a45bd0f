package subtitle

import (
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

const pairedKinds = tagHidden + 1 // the kinds that come in pairs

// markupReader reads the markup of SubRip's and WebVTT's captions.
type markupReader struct {
	reporter    *reporter
	vtt         bool // WebVTT: classes, voices and entities
	lineBreaks  bool // SubViewer: [br] and | end a line
	styles      map[string]conference.Span
	voices      map[string]bool // the speakers that were told of
	unpaired    [pairedKinds][]int32
	tags        []tag
	builder     textBuilder
	openColours []string // of the font and class tags that are open
	openCount   [pairedKinds]int
	lineIndex   offsetLines
}

// offsetLines tells the line of ascending offsets into the text of a cue.
type offsetLines struct {
	raw  string
	rows rowLines
	at   int
	row  int
}

func (l *offsetLines) lineAt(at int) int {
	if at > l.at {
		l.row += strings.Count(l.raw[l.at:at], "\n")
		l.at = at
	}
	return l.rows.line(l.row)
}

// read returns the visible text of a cue, its styled spans, and the place that its markup sets, or
// 0.
func (m *markupReader) read(raw string, rows rowLines) (text string, spans []conference.Span, place int) {
	m.lineIndex = offsetLines{raw: raw, rows: rows}
	m.scan(raw)
	m.matchPairs(raw)
	m.lineIndex = offsetLines{raw: raw, rows: rows}
	m.openCount, m.openColours = [pairedKinds]int{}, m.openColours[:0]
	at := 0
	for i := range m.tags {
		t := &m.tags[i]
		m.builder.write(m.plainText(raw[at:t.from], at))
		if p := m.apply(raw[t.from:t.to()], t); p != 0 {
			place = p
		}
		at = t.to()
	}
	m.builder.write(m.plainText(raw[at:], at))
	text, spans = m.builder.finish()
	if !m.vtt && len(text) < 1<<16 && strings.Contains(text, wordJoiner) {
		text = unguardMarkup(text, spans)
	}
	return text, spans, place
}

// scan finds the tags, line-break marks and overrides in raw, and stores them in m.tags. What only
// looks like a tag is reported.
func (m *markupReader) scan(raw string) {
	m.tags = m.tags[:0]
	closing := [2]int{-1, -1} // where the next > and the next } stand; len(raw): nowhere
	for at := 0; at < len(raw); {
		i := strings.IndexAny(raw[at:], m.startChars())
		if i < 0 {
			return
		}
		at += i
		if n := m.lineBreakLength(raw[at:]); n > 0 {
			m.tags = append(m.tags, tag{from: int32(at), size: uint16(n), kind: tagNewline})
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
			closing[which] = strings.IndexByte(raw[at:], end)
			if closing[which] < 0 {
				closing[which] = len(raw)
			} else {
				closing[which] += at
			}
		}
		to := closing[which] + 1
		if to > len(raw) || to-at > maxTagLength {
			at++
			continue
		}
		kind, shuts := m.classify(raw[at:to])
		if kind == tagText {
			if looksLikeTag(raw[at:to]) {
				m.reporter.add(m.lineIndex.lineAt(at), "unknown-tag", "text", raw[at:to])
			}
			at++
			continue
		}
		t := tag{from: int32(at), size: uint16(to - at), kind: kind}
		if shuts {
			t.state = tagCloses
		}
		m.tags = append(m.tags, t)
		at = to
	}
}

// startChars returns the characters that markup can begin with.
func (m *markupReader) startChars() string {
	if m.lineBreaks {
		return "<{[|"
	}
	return "<{"
}

// lineBreakLength returns the length of SubViewer's line-break mark at the start of s, or 0.
func (m *markupReader) lineBreakLength(s string) int {
	switch {
	case !m.lineBreaks:
	case s[0] == '|':
		return 1
	case len(s) >= 4 && strings.EqualFold(s[:4], "[br]"):
		return 4
	}
	return 0
}

// matchPairs marks the tags that have both an opening and a closing tag. An unpaired one that is
// probably code becomes text.
func (m *markupReader) matchPairs(raw string) {
	for k := range m.unpaired {
		m.unpaired[k] = m.unpaired[k][:0]
	}
	for i := range m.tags {
		t := &m.tags[i]
		if t.kind >= pairedKinds {
			t.state |= tagPaired
			continue
		}
		if w := m.unpaired[t.kind]; !t.is(tagCloses) {
			m.unpaired[t.kind] = append(w, int32(i))
		} else if len(w) > 0 {
			t.state |= tagPaired
			m.tags[w[len(w)-1]].state |= tagPaired
			m.unpaired[t.kind] = w[:len(w)-1]
		}
	}
	for i := range m.tags {
		if t := &m.tags[i]; !t.is(tagPaired) && !m.vtt && !t.is(tagCloses) && isTypeParameter(raw, t) {
			m.reporter.add(m.lineIndex.lineAt(int(t.from)), "unknown-tag.type", "text", raw[t.from:t.to()])
			t.kind = tagText
		} else if !t.is(tagPaired) && m.vtt && isAnnotatedStyle(raw[t.from:t.to()]) {
			m.reporter.add(m.lineIndex.lineAt(int(t.from)), "unknown-tag", "text", raw[t.from:t.to()])
			t.kind = tagText
		}
	}
}

// isAnnotatedStyle reports whether a tag is that of a style with words after its name: <b Ada>.
// Without a closing tag, it is more likely a comparison: a<b and c>d.
func isAnnotatedStyle(s string) bool {
	return strings.IndexByte("ibuIBU", s[1]) >= 0 && strings.IndexByte(" \t\n", s[2]) >= 0
}

// isTypeParameter reports whether an opening tag without a closing one is more likely code: it is
// in capitals, or directly follows a letter or a digit, as in Box<I> and Vec<u>.
func isTypeParameter(raw string, t *tag) bool {
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

// apply applies a tag, s, to the text that follows, and reports what it cannot keep. It returns the
// place that the tag gives the cue, or 0.
func (m *markupReader) apply(s string, t *tag) (place int) {
	line := m.lineIndex.lineAt(int(t.from))
	switch {
	case t.kind == tagText:
		m.builder.write(s)
		return 0
	case t.kind == tagBreak:
		m.builder.newline()
		m.reporter.addOnce(line, "br-tag")
		return 0
	case t.kind == tagNewline:
		m.builder.newline()
		return 0
	case t.kind == tagTime:
		m.reporter.addOnce(line, "word-times", "text", s)
		return 0
	case t.kind == tagOverride:
		return m.applyOverrides(s, line)
	case !t.is(tagPaired) && t.is(tagCloses):
		m.reporter.add(line, "stray-tag", "text", s)
		return 0
	case !t.is(tagPaired) && t.kind != tagHidden:
		m.reporter.add(line, "unclosed-tag", "text", s)
	}
	switch {
	case t.kind == tagFont:
		m.applyFont(s, t.is(tagCloses), line)
	case t.kind == tagHidden:
		m.reportHidden(s, t.is(tagCloses), line)
	case t.is(tagCloses):
		m.openCount[t.kind]--
	default:
		m.openCount[t.kind]++
	}
	m.applyStyle()
	return 0
}

// applyStyle sets the style of the text that follows, from the tags that are open.
func (m *markupReader) applyStyle() {
	look := conference.Span{Italic: m.openCount[tagItalic] > 0, Bold: m.openCount[tagBold] > 0, Underline: m.openCount[tagUnderline] > 0}
	if n := len(m.openColours); n > 0 {
		look.Colour = m.openColours[n-1]
	}
	m.builder.applyStyle(look)
}

// applyFont opens or closes a font tag or a class. Only its text colour is kept.
func (m *markupReader) applyFont(s string, shut bool, line int) {
	if shut {
		if n := len(m.openColours); n > 0 {
			m.openColours = m.openColours[:n-1]
		}
		return
	}
	now := ""
	if n := len(m.openColours); n > 0 {
		now = m.openColours[n-1]
	}
	if m.vtt {
		now = m.classColour(s, now, line)
	} else {
		for rest := strings.TrimLeft(s[len("<font"):len(s)-1], " \t\n"); rest != ""; rest = strings.TrimLeft(rest, " \t\n") {
			name, value, after, ok := cutAttribute(rest)
			if !ok {
				break
			}
			rest = after
			if c, known := parseColour(value); strings.EqualFold(name, "color") && known {
				now = c
			} else {
				m.reporter.addOnce(line, "look-dropped.font", "text", name+"="+value)
			}
		}
	}
	m.openColours = append(m.openColours, now)
}

// classColour returns the text colour that a class tag such as <c.yellow.bg_blue> sets, or now, the
// present one, if it sets none. Other classes are reported.
func (m *markupReader) classColour(s, now string, line int) string {
	for class := range strings.SplitSeq(strings.Trim(s, "<>"), ".") {
		look, told := m.styles[class]
		switch {
		case class == "c" || strings.TrimSpace(class) == "":
		case told && look.Colour != "":
			now = look.Colour
		case vttClassColours[class] != "":
			now = vttClassColours[class]
		default:
			m.reporter.addOnce(line, "look-dropped.class", "text", class)
		}
	}
	return now
}

// reportHidden reports that the meaning of an opening tag, such as a voice, is lost, though the
// text in it is kept.
func (m *markupReader) reportHidden(s string, shut bool, line int) {
	switch {
	case shut:
	case strings.HasPrefix(s, "<v"):
		_, name, _ := strings.Cut(s[:len(s)-1], " ")
		if m.voices[name] || m.reporter.countUnlisted("voice", line) {
			return
		}
		m.voices[name] = true
		m.reporter.add(line, "voice", "name", name)
	default:
		m.reporter.addOnce(line, "look-dropped", "text", s)
	}
}

// applyOverrides applies overrides of ASS in a SubRip caption, which SubRip's players support, too.
// It returns the place that they set, or 0.
func (m *markupReader) applyOverrides(s string, line int) (place int) {
	for o := range strings.SplitSeq(s[2:len(s)-1], `\`) {
		name, value := parseOverride(o)
		switch name {
		case "i", "b", "u":
			m.openCount[tagItalic+tagKind(strings.IndexByte("ibu", name[0]))] = overrideOn(value)
		case "an", "a", "pos":
			if p := overridePlace(name, value, 384, 288); p != 0 {
				place = p
			}
			if name == "pos" {
				m.reporter.addOnce(line, "place-rounded", "text", o)
			}
		case "c", "1c":
			m.openColours = append(m.openColours[:0], parseSSAColour(value))
		case "r":
			m.openCount, m.openColours = [pairedKinds]int{}, m.openColours[:0]
		default:
			m.reporter.addOnce(line, "override-dropped", "text", "{\\"+o+"}")
		}
	}
	m.applyStyle()
	return place
}

// overrideOn returns 1 if the value of an override switches something on, or else 0.
func overrideOn(value string) int {
	if value == "" || value == "0" {
		return 0
	}
	return 1
}

// plainText returns text between tags as viewers see it: in WebVTT entities are decoded; in other
// formats they are text, and the first is reported. at is the text's offset in the cue.
func (m *markupReader) plainText(s string, at int) string {
	if m.vtt {
		return unescapeEntities(s)
	}
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	for j := i; j < len(s); j++ {
		if s[j] == '&' && entityLength(s[j:]) > 0 {
			m.reporter.addOnce(m.lineIndex.lineAt(at+j), "entity", "text", s[j:j+entityLength(s[j:])])
			break
		}
	}
	return s
}
