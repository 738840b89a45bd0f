package subtitle

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// maxDepth is how deep elements may lie in one another.
const maxDepth = 200

// ttmlFile is a TTML document while it is read.
type ttmlFile struct {
	*parser
	dec            *xml.Decoder
	frameRate      float64 // frames a second
	subFrameRate   float64 // of a frame
	ticksPerSecond float64 // a second
	styles         map[string]ttmlStyle
	regions        map[string]ttmlStyle
	stack          []ttmlElement
	builder        textBuilder
	cue            *conference.Cue // that is being read
	cueDepth       int             // the depth of its element
}

// ttmlElement is one that is open.
type ttmlElement struct {
	name          string
	begin, end    time.Duration // absolute; end unended: as long as its parent
	timed         bool
	seq           bool          // its children follow one another
	nextChild     time.Duration // where the next child of a sequence begins
	style         ttmlStyle
	region        string
	preserveSpace bool // xml:space="preserve"
	id            string
	inBody        bool // it is, or lies in, the body
	hidden        bool // metadata
}

// readTTML reads W3C Timed Text: TTML 1 and 2, DFXP, and their profiles. It returns an
// inputerr.Error if the file is not well-formed XML.
func readTTML(p *parser) error {
	f := ttmlFile{parser: p, frameRate: 30, subFrameRate: 1, styles: map[string]ttmlStyle{}, regions: map[string]ttmlStyle{}}
	f.dec = xml.NewDecoder(strings.NewReader(p.text))
	f.dec.Strict = false
	f.dec.Entity = xml.HTMLEntity
	f.dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	for {
		token, err := f.dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := f.dec.InputPos()
		if err != nil {
			return f.xmlError(err, line)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(f.stack) >= maxDepth {
				return inputerr.Coded("subtitles.nested_too_deep", "nests its elements more than {max} levels deep", "max", maxDepth).In(p.name).At(line)
			}
			if err := f.startElement(t, line); err != nil {
				return err
			}
		case xml.EndElement:
			f.closeElement(t.Name.Local, line)
		case xml.CharData:
			f.addCharData(string(t), line)
		}
	}
	for len(f.stack) > 0 {
		f.add(strings.Count(p.text, "\n")+1, "unclosed-tag.file", "tag", f.top().name)
		f.endElement()
	}
	return nil
}

// xmlError returns the inputerr.Error for a document that is not well-formed XML. err is what the
// decoder returned.
func (f *ttmlFile) xmlError(err error, line int) error {
	var syntax *xml.SyntaxError
	why := err.Error()
	if errors.As(err, &syntax) {
		why = syntax.Msg
	}
	return inputerr.Coded("subtitles.invalid_xml", "is TTML that is not well-formed XML: {error}", "error", why).In(f.name).At(line).Hint("Export it again, or correct this line")
}

func (f *ttmlFile) top() *ttmlElement { return &f.stack[len(f.stack)-1] }

// startElement reads the attributes of an element, adds it to the stack, and applies what it means.
func (f *ttmlFile) startElement(t xml.StartElement, line int) error {
	e := ttmlElement{name: t.Name.Local, end: endUnknown}
	var parent ttmlElement
	if len(f.stack) > 0 {
		parent = *f.top()
		e.style, e.region, e.preserveSpace, e.inBody, e.hidden = parent.style, parent.region, parent.preserveSpace, parent.inBody, parent.hidden
	}
	if e.name == "metadata" || t.Name.Space == "ttm" {
		e.hidden = true
	}
	e.inBody = e.inBody || e.name == "body"
	own := ttmlStyle{}
	named := ttmlStyle{}
	var begin, end, dur string
	for _, a := range t.Attr {
		switch a.Name.Local {
		case "begin":
			begin = a.Value
		case "end":
			end = a.Value
		case "dur":
			dur = a.Value
		case "timeContainer":
			e.seq = a.Value == "seq"
		case "region":
			e.region = a.Value
		case "id":
			e.id = a.Value
		case "space":
			e.preserveSpace = a.Value == "preserve"
		case "lang":
			if e.name == "tt" {
				f.doc.Language = a.Value
			}
		case "style":
			for id := range strings.FieldsSeq(a.Value) {
				named = named.overriddenBy(f.styles[id])
			}
		default:
			if t.Name.Local == "tt" {
				f.setParameter(a)
			}
			own.setAttribute(a)
		}
	}
	e.style = e.style.overriddenBy(named).overriddenBy(own)
	if err := f.setElementTimes(&e, parent, begin, end, dur, line); err != nil {
		return err
	}
	f.stack = append(f.stack, e)
	f.elementOpened(e, parent, own, named, line)
	return nil
}

// elementOpened applies the meaning of an element that was opened: a style, a region, a line break,
// or the beginning of a cue. own is the style of its attributes; named is that of the styles it
// refers to.
func (f *ttmlFile) elementOpened(e, parent ttmlElement, own, named ttmlStyle, line int) {
	switch {
	case e.name == "style" && parent.name == "region":
		f.regions[parent.id] = f.regions[parent.id].overriddenBy(named).overriddenBy(own)
	case e.name == "style" && e.id != "":
		f.styles[e.id] = named.overriddenBy(own)
	case e.name == "region" && e.id != "":
		f.regions[e.id] = named.overriddenBy(own)
	case e.name == "br" && f.cue != nil:
		f.builder.newline()
	case e.inBody && (e.name == "p" || e.name == "span" && e.timed) && !e.hidden:
		f.flushCue()
		f.cue = &conference.Cue{Line: line, Start: e.begin, End: e.end}
		f.cue.Position = f.place()
		f.cueDepth = len(f.stack)
	}
	f.applyStyle()
}

// flushCue adds the cue that is being read, if there is one, to the document. A cue without text is
// left out.
func (f *ttmlFile) flushCue() {
	if f.cue == nil {
		return
	}
	text, spans := f.builder.finish()
	c := f.cue
	f.cue = nil
	if isBlank(text) {
		return
	}
	c.Text, c.Spans = text, spans
	if c.Start == 0 && c.End == endUnknown {
		f.add(c.Line, "missing-times")
	}
	f.doc.Cues = append(f.doc.Cues, *c)
}

// applyStyle sets the style of the text that follows, from the innermost element and its region.
func (f *ttmlFile) applyStyle() {
	if len(f.stack) == 0 || f.cue == nil {
		return
	}
	s := f.regions[f.top().region].overriddenBy(f.top().style)
	is := func(b *bool) bool { return b != nil && *b }
	look := conference.Span{Italic: is(s.italic), Bold: is(s.bold), Underline: is(s.underline)}
	if s.colour != nil && *s.colour != "" {
		look.Colour = *s.colour
	}
	f.builder.applyStyle(look)
}

// closeElement ends the innermost element of that name, and the elements in it that were never
// closed, which are reported. If there is none, the closing tag is reported.
func (f *ttmlFile) closeElement(name string, line int) {
	depth := len(f.stack) - 1
	for depth >= 0 && f.stack[depth].name != name {
		depth--
	}
	if depth < 0 {
		f.add(line, "stray-tag.element", "tag", name)
		return
	}
	for len(f.stack) > depth {
		if f.top().name != name && f.top().name != "br" {
			f.add(line, "unclosed-tag.element", "tag", f.top().name, "parent", name)
		}
		f.endElement()
	}
}

// endElement ends the innermost element, and its cue if it has one.
func (f *ttmlFile) endElement() {
	e := *f.top()
	if f.cue != nil && len(f.stack) == f.cueDepth {
		f.flushCue()
	}
	f.stack = f.stack[:len(f.stack)-1]
	if len(f.stack) == 0 {
		return
	}
	if parent := f.top(); parent.seq {
		if e.end != endUnknown {
			parent.nextChild = max(parent.nextChild, e.end)
		} else {
			parent.nextChild = max(parent.nextChild, e.begin)
		}
	}
	if e.name == "span" && e.timed && f.inParagraph() {
		f.resumeCue()
	}
	f.applyStyle()
}

// inParagraph reports whether a p is open.
func (f *ttmlFile) inParagraph() bool {
	for _, e := range f.stack {
		if e.name == "p" {
			return true
		}
	}
	return false
}

// resumeCue begins another cue for the rest of a paragraph after a part with times of its own.
func (f *ttmlFile) resumeCue() {
	for i := len(f.stack) - 1; i >= 0; i-- {
		if e := f.stack[i]; e.name == "p" || e.timed {
			line, _ := f.dec.InputPos()
			f.cue = &conference.Cue{Line: line, Start: e.begin, End: e.end}
			f.cue.Position = f.place()
			f.cueDepth = i + 1
			return
		}
	}
}

// addCharData adds text to the current cue. Text in the body but outside of a paragraph is reported
// as lost. White space is collapsed unless xml:space preserves it.
func (f *ttmlFile) addCharData(s string, line int) {
	if len(f.stack) == 0 {
		return
	}
	e := f.top()
	switch {
	case e.hidden || !e.inBody:
	case f.cue == nil:
		if !isBlank(s) {
			f.addLoss(line, "text-outside-cue", "text", strings.TrimSpace(s))
		}
	default:
		s = strings.Map(func(r rune) rune {
			if r != '\n' && r != '\t' && isControlRune(r) {
				return -1
			}
			return r
		}, s)
		if !e.preserveSpace {
			s = f.collapseSpace(s)
		}
		f.builder.write(s)
	}
}

// collapseSpace replaces white space by single spaces, and removes it after white space that was
// written before.
func (f *ttmlFile) collapseSpace(s string) string {
	var b strings.Builder
	space := len(f.builder.text) > 0 && strings.IndexByte(" \t\n", f.builder.text[len(f.builder.text)-1]) >= 0
	for _, r := range s {
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}
