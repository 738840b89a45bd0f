package subtitle

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// ssaFile is a SubStation Alpha file while it is read.
type ssaFile struct {
	*parser
	width, height float64
	styles        map[string]ssaStyle
	styleFormat   []string
	eventFormat   []string
	builder       textBuilder
}

// ssaStyle is what a style means to a cue.
type ssaStyle struct {
	style conference.Span
	place int
}

// The fields of lines whose section has no Format line, by version.
var (
	ssaStyleFields = strings.Split("Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,TertiaryColour,BackColour,Bold,Italic,BorderStyle,Outline,Shadow,Alignment,MarginL,MarginR,MarginV,AlphaLevel,Encoding", ",")
	assStyleFields = strings.Split("Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,OutlineColour,BackColour,Bold,Italic,Underline,StrikeOut,ScaleX,ScaleY,Spacing,Angle,BorderStyle,Outline,Shadow,Alignment,MarginL,MarginR,MarginV,Encoding", ",")
	ssaEventFields = strings.Split("Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text", ",")
)

// readSSA reads SubStation Alpha (V4) and Advanced SubStation Alpha (V4+). Format lines may give
// their fields in any order.
func readSSA(p *parser) error {
	f := ssaFile{parser: p, width: 384, height: 288, styles: map[string]ssaStyle{}, eventFormat: ssaEventFields, styleFormat: ssaStyleFields}
	section, line := "", 0
	for l := range strings.Lines(p.text) {
		line++
		l = strings.Trim(l, " \t\n")
		if l == "" || l[0] == ';' || strings.HasPrefix(l, "!:") {
			continue
		}
		if l[0] == '[' && strings.HasSuffix(l, "]") {
			section = strings.ToLower(l[1 : len(l)-1])
			if strings.Contains(section, "styles+") || strings.Contains(section, "v4+") {
				p.doc.Format, f.styleFormat = ASS, assStyleFields
			}
			continue
		}
		key, value, _ := strings.Cut(l, ":")
		if err := f.readLine(section, strings.ToLower(strings.TrimSpace(key)), strings.TrimLeft(value, " \t"), l, line); err != nil {
			return err
		}
	}
	return nil
}

// readLine reads one line of a section. key is what precedes the colon, in lower case, and value
// what follows it; whole is the line.
func (f *ssaFile) readLine(section, key, value, whole string, line int) error {
	switch {
	case key == "playresx" || key == "playresy":
		if v, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && v > 0 {
			if key == "playresx" {
				f.width = v
			} else {
				f.height = v
			}
		}
	case key == "scripttype" && strings.Contains(value, "+"):
		f.doc.Format, f.styleFormat = ASS, assStyleFields
	case key == "format" && strings.Contains(section, "styles"):
		f.styleFormat = splitFieldNames(value)
	case key == "format":
		f.eventFormat = splitFieldNames(value)
	case key == "style":
		f.readStyle(value)
	case key == "dialogue":
		return f.readDialogue(value, line)
	case key == "comment":
		f.addLoss(line, "comment", "text", value)
	case section == "fonts" || section == "graphics":
		f.addOnce(line, "attachment")
	case section == "events":
		f.reportUnknown(key, whole, line)
	}
	return nil
}

// reportUnknown reports a line of the events that is not a dialogue: old files may have pictures,
// sounds and films there.
func (f *ssaFile) reportUnknown(key, whole string, line int) {
	switch key {
	case "picture", "sound", "movie", "command":
		f.addLoss(line, "comment.event", "text", whole)
	default:
		f.addLoss(line, "line-unknown", "text", whole)
	}
}

func splitFieldNames(s string) []string {
	names := strings.Split(s, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// splitFields splits the value of a line into fields by name, in lower case. The field called text
// may have commas in it wherever it is.
func splitFields(names []string, value string) map[string]string {
	fields := make(map[string]string, len(names))
	text := len(names) - 1
	for i, n := range names {
		if strings.EqualFold(n, "text") {
			text = i
		}
	}
	for _, n := range names[:text] {
		var v string
		v, value, _ = strings.Cut(value, ",")
		fields[strings.ToLower(n)] = strings.TrimSpace(v)
	}
	for i := len(names) - 1; i > text; i-- {
		at := strings.LastIndexByte(value, ',')
		if at < 0 {
			break
		}
		fields[strings.ToLower(names[i])] = strings.TrimSpace(value[at+1:])
		value = value[:at]
	}
	fields[strings.ToLower(names[text])] = value
	return fields
}

// readStyle reads a style, and stores it by its name. White counts as no colour, because it is the
// player's default.
func (f *ssaFile) readStyle(value string) {
	v := splitFields(f.styleFormat, value)
	yes := func(name string) bool { return v[name] != "" && v[name] != "0" }
	s := ssaStyle{style: conference.Span{Italic: yes("italic"), Bold: yes("bold"), Underline: yes("underline")}}
	if c := parseSSAColour(v["primarycolour"]); c != "#ffffff" {
		s.style.Colour = c
	}
	if n, err := strconv.Atoi(v["alignment"]); err == nil {
		if f.doc.Format == ASS && n >= 1 && n <= 9 {
			s.place = n
		} else if f.doc.Format == SSA {
			s.place = legacyPlace(v["alignment"])
		}
	}
	f.styles[strings.TrimLeft(v["name"], "*")] = s
}

// readDialogue reads a cue, and adds it to the document. A cue without text or with times that
// cannot be read is reported and left out. Times that are too large are an inputerr.Error.
func (f *ssaFile) readDialogue(value string, line int) error {
	v := splitFields(f.eventFormat, value)
	start, end := parseClock(v["start"]), parseClock(v["end"])
	if start.tooFar || end.tooFar {
		return inputerr.Coded("subtitles.time_too_large", "has a time that is too large: {time}", "time", quote(value)).In(f.name).At(line).Hint("Correct the hours")
	}
	c := conference.Cue{Line: line, Start: time.Duration(start.ms) * time.Millisecond, End: time.Duration(end.ms) * time.Millisecond}
	if start.length == 0 {
		f.addLoss(line, "time-unreadable.cue", "time", v["start"], "text", v["text"])
		return nil
	}
	if end.length == 0 {
		c.End = endUnknown
	}
	f.reportClockQuirks(line, v["start"]+","+v["end"], (start.quirks|end.quirks)&^quirkDigits)
	style := f.styles[strings.TrimLeft(v["style"], "*")]
	c.Position = normalizePlace(style.place)
	c.Text, c.Spans = f.readText(&c, v["text"], style, line)
	if isBlank(c.Text) {
		f.addLoss(line, "empty-cue.note")
		return nil
	}
	f.doc.Cues = append(f.doc.Cues, c)
	return nil
}

// readText returns the text and the styled spans of a dialogue. Overrides may change the cue's
// place.
func (f *ssaFile) readText(c *conference.Cue, s string, style ssaStyle, line int) (string, []conference.Span) {
	t := ssaDialogue{cue: c, base: style, style: style.style, line: line}
	f.builder.applyStyle(t.style)
	lastClosing := strings.LastIndexByte(s, '}')
	from, at := 0, 0 // the text from from to at has not been written yet
	for at < len(s) {
		switch {
		case s[at] == '{' && at < lastClosing:
			f.writeText(&t, s[from:at])
			end := at + strings.IndexByte(s[at:], '}')
			f.applyOverrides(&t, s[at+1:end])
			f.builder.applyStyle(t.style)
			at = end + 1
		case s[at] == '\\' && at+1 < len(s) && !t.drawing:
			f.writeText(&t, s[from:at])
			var put string
			put, at = readSSAEscape(s, at)
			if put == "\n" {
				f.builder.newline()
			} else {
				f.builder.write(put)
			}
		default:
			at++
			continue
		}
		from = at
	}
	f.writeText(&t, s[from:])
	return f.builder.finish()
}

// writeText writes a piece of text without markup. Drawings are left out with a diagnostic.
func (f *ssaFile) writeText(t *ssaDialogue, s string) {
	switch {
	case !t.drawing:
		f.builder.write(s)
	case strings.TrimSpace(s) != "":
		f.addLoss(t.line, "drawing")
	}
}

// readSSAEscape returns the text that the backslash at s[at] stands for, and where the escape ends.
func readSSAEscape(s string, at int) (put string, after int) {
	switch s[at+1] {
	case 'N':
		return "\n", at + 2
	case 'n':
		return " ", at + 2
	case 'h':
		return "\u00a0", at + 2
	case '{', '}':
		return s[at+1 : at+2], at + 2
	}
	if strings.HasPrefix(s[at+1:], wordJoiner) {
		return `\`, at + 1 + len(wordJoiner)
	}
	return `\`, at + 1
}

// ssaDialogue is the state of a dialogue while its overrides are applied.
type ssaDialogue struct {
	cue     *conference.Cue
	base    ssaStyle        // of the dialogue
	style   conference.Span // of what comes next
	drawing bool            // what comes next is a drawing and not text
	line    int
}

// applyOverrides applies the overrides between braces, such as \i1\an8. What precedes the first
// backslash is a comment, which is reported.
func (f *ssaFile) applyOverrides(t *ssaDialogue, s string) {
	comment, list, _ := strings.Cut(s, `\`)
	if strings.TrimSpace(comment) != "" {
		f.addOnce(t.line, "comment", "text", "{"+s+"}")
	}
	for o := range strings.SplitSeq(list, `\`) {
		name, value := parseOverride(o)
		switch {
		case f.applyStyleOverride(t, name, value):
		case name == "p":
			t.drawing = overrideOn(strings.TrimSpace(value)) > 0
		case name == "an" || name == "a" || name == "pos":
			if place := overridePlace(name, value, f.width, f.height); place != 0 {
				t.cue.Position = normalizePlace(place)
			}
			if name == "pos" {
				f.addOnce(t.line, "place-rounded", "text", o)
			}
		case strings.TrimSpace(o) != "":
			f.addOnce(t.line, "override-dropped", "text", "{\\"+o+"}")
		}
	}
}

// applyStyleOverride applies an override that changes the style of text, and reports whether it is
// one. Without a value, it restores the style of the dialogue.
func (f *ssaFile) applyStyleOverride(t *ssaDialogue, name, value string) bool {
	flag := func(base bool) bool { return overrideOn(value) > 0 || value == "" && base }
	switch name {
	case "i":
		t.style.Italic = flag(t.base.style.Italic)
	case "b":
		t.style.Bold = flag(t.base.style.Bold)
	case "u":
		t.style.Underline = flag(t.base.style.Underline)
	case "c", "1c":
		t.style.Colour = cmp.Or(parseSSAColour(value), t.base.style.Colour)
	case "r":
		t.style = t.base.style
		if named, ok := f.styles[strings.TrimSpace(value)]; ok {
			t.style = named.style
		}
	default:
		return false
	}
	return true
}
