package subtitle

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
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

// ttmlStyle is what attributes say about how text looks and where it stands. A pointer
// is nil where they say nothing.
type ttmlStyle struct {
	italic, bold, underline *bool
	colour, align, display  *string
	origin, extent          *string
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

// readTTML reads W3C Timed Text: TTML 1 and 2, DFXP and the profiles made of them.
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
				return inputerr.New(p.name, "has elements that lie more than %d deep in one another", maxDepth).At(line)
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

// xmlError refuses a document that is no XML.
func (f *ttmlFile) xmlError(err error, line int) error {
	var syntax *xml.SyntaxError
	why := err.Error()
	if errors.As(err, &syntax) {
		why = syntax.Msg
	}
	return inputerr.New(f.name, "is TTML that is not well-formed XML: %s", why).At(line).Hint("Export it again, or correct this line")
}

func (f *ttmlFile) top() *ttmlElement { return &f.stack[len(f.stack)-1] }

// startElement opens an element.
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

// elementOpened does what an element means beyond its attributes.
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

// flushCue completes the cue that is being read.
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

// place is where the innermost element's region puts its text.
func (f *ttmlFile) place() int {
	e := f.top()
	region, told := f.regions[e.region]
	s := region.overriddenBy(e.style)
	if !told && s.align == nil && s.display == nil {
		return 0
	}
	col, row := 1, 2
	if s.align != nil {
		col = alignColumn(*s.align, col)
	} else if told {
		col = 0 // the initial value is start
	}
	if s.display != nil {
		row = map[string]int{"before": 0, "center": 1, "after": 2}[*s.display]
	} else if told {
		row = 0
	}
	if x, y, ok := parsePercents(s.origin); ok {
		if w, h, ok := parsePercents(s.extent); ok {
			return normalizePlace(7 - 3*thirdOf(y+h*float64(row)/2) + thirdOf(x+w*float64(col)/2))
		}
	}
	return normalizePlace(7 - 3*row + col)
}

// parsePercents reads “10% 80%” as fractions.
func parsePercents(s *string) (x, y float64, ok bool) {
	if s == nil {
		return 0, 0, false
	}
	a, b, _ := strings.Cut(strings.TrimSpace(*s), " ")
	x, err1 := strconv.ParseFloat(strings.TrimSuffix(a, "%"), 64)
	y, err2 := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(b), "%"), 64)
	return x / 100, y / 100, err1 == nil && err2 == nil && strings.HasSuffix(a, "%") && strings.HasSuffix(b, "%")
}

// applyStyle tells the composer how text in the innermost element looks.
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

// closeElement ends the element called name, and those in it that were never closed.
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

// endElement ends the innermost element.
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

// resumeCue goes on with the text of an element after a part with times of its own.
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

// addCharData takes text. Unless it is to be preserved, white space in it is one space.
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

// collapseSpace makes white space one space.
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

// setParameter reads what the tt element says of times.
func (f *ttmlFile) setParameter(a xml.Attr) {
	v, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64)
	good := err == nil && v > 0 && v < 1e9
	switch a.Name.Local {
	case "frameRate":
		if good {
			f.frameRate *= v / 30
		}
		if good && f.ticksPerSecond == 0 {
			f.ticksPerSecond = -1
		}
	case "subFrameRate":
		if good {
			f.subFrameRate = v
		}
	case "tickRate":
		if good {
			f.ticksPerSecond = v
		}
	case "frameRateMultiplier":
		num, den, ok := strings.Cut(strings.ReplaceAll(strings.TrimSpace(a.Value), ":", " "), " ")
		n, err1 := strconv.ParseFloat(num, 64)
		d, err2 := strconv.ParseFloat(strings.TrimSpace(den), 64)
		if ok && err1 == nil && err2 == nil && n > 0 && d > 0 {
			f.frameRate *= n / d
		}
	}
}

// setElementTimes works out when an element is shown. Times count from when its parent begins.
func (f *ttmlFile) setElementTimes(e *ttmlElement, parent ttmlElement, begin, end, dur string, line int) error {
	from := parent.begin
	if parent.seq {
		from = parent.nextChild
	}
	e.begin = from
	limit := time.Duration(endUnknown)
	if len(f.stack) > 0 {
		limit = parent.end
	}
	for _, v := range []struct {
		s  string
		do func(t time.Duration)
	}{
		{begin, func(t time.Duration) { e.begin = from + t }},
		{end, func(t time.Duration) { e.end = from + t }},
		{dur, func(t time.Duration) {
			if e.end == endUnknown || e.begin+t < e.end {
				e.end = e.begin + t
			}
		}},
	} {
		if v.s == "" {
			continue
		}
		t, ok := f.parseTime(v.s)
		switch {
		case !ok:
			f.add(line, "time-unreadable", "text", v.s)
			continue
		case t < 0:
			return inputerr.New(f.name, "has a time that is further than time goes: %s", quote(v.s)).At(line).Hint("Correct the hours")
		}
		e.timed = true
		v.do(t)
	}
	e.nextChild = e.begin
	if limit != endUnknown && (e.end == endUnknown || e.end > limit) {
		e.end = limit
	}
	return nil
}

// parseTime reads a clock time, with a fraction or frames, or a number with its unit.
// It is negative where the time is too far away.
func (f *ttmlFile) parseTime(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if parts := strings.Split(s, ":"); len(parts) == 4 {
		t := parseClock(strings.Join(parts[:3], ":"))
		frames, sub, _ := strings.Cut(parts[3], ".")
		n, err := strconv.ParseFloat(frames, 64)
		if t.length == 0 || t.quirks&quirkNoFraction == 0 || err != nil {
			return 0, false
		}
		if k, err := strconv.ParseFloat(sub, 64); err == nil {
			n += k / f.subFrameRate
		}
		return f.toDuration(float64(t.ms)/1000+n/f.frameRate, t.tooFar), true
	}
	if t := parseClock(s); t.length > 0 {
		return f.toDuration(0, t.tooFar) + time.Duration(t.ms)*time.Millisecond, t.length == len(s)
	}
	unit := strings.TrimLeft(s, "0123456789.")
	v, err := strconv.ParseFloat(s[:len(s)-len(unit)], 64)
	if err != nil {
		return 0, false
	}
	size, ok := map[string]float64{"h": 3600, "m": 60, "s": 1, "ms": 0.001, "f": 1 / f.frameRate, "t": 1 / f.tickRate()}[unit]
	return f.toDuration(v*size, false), ok
}

// tickRate is how many ticks there are in a second: as told, else those of the frames.
func (f *ttmlFile) tickRate() float64 {
	switch {
	case f.ticksPerSecond > 0:
		return f.ticksPerSecond
	case f.ticksPerSecond < 0:
		return f.frameRate * f.subFrameRate
	}
	return 1
}

// toDuration is s to the nearest millisecond, or negative where that is too far away.
func (f *ttmlFile) toDuration(s float64, far bool) time.Duration {
	if far || s > maxTimeMS/1000 {
		return -time.Hour
	}
	return time.Duration(s*1000+0.5) * time.Millisecond
}

// setAttribute takes an attribute over.
func (s *ttmlStyle) setAttribute(a xml.Attr) {
	v := strings.TrimSpace(a.Value)
	flag := func(on bool) *bool { return &on }
	switch a.Name.Local {
	case "fontStyle":
		s.italic = flag(v == "italic" || v == "oblique")
	case "fontWeight":
		s.bold = flag(v == "bold")
	case "textDecoration":
		s.underline = flag(strings.Contains(" "+v+" ", " underline "))
	case "color":
		if c, ok := parseColour(v); ok {
			s.colour = &c
		}
	case "textAlign":
		s.align = &v
	case "displayAlign":
		s.display = &v
	case "origin":
		s.origin = &v
	case "extent":
		s.extent = &v
	}
}

// overriddenBy is s where over says nothing.
func (s ttmlStyle) overriddenBy(over ttmlStyle) ttmlStyle {
	replaceIfSet(&s.italic, over.italic)
	replaceIfSet(&s.bold, over.bold)
	replaceIfSet(&s.underline, over.underline)
	replaceIfSet(&s.colour, over.colour)
	replaceIfSet(&s.align, over.align)
	replaceIfSet(&s.display, over.display)
	replaceIfSet(&s.origin, over.origin)
	replaceIfSet(&s.extent, over.extent)
	return s
}

func replaceIfSet[T any](p **T, over *T) {
	if over != nil {
		*p = over
	}
}
