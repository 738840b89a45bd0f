package translation

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// XLIFFVersion is a version of XLIFF. The two have hardly more in common than the name.
type XLIFFVersion string

// The versions of XLIFF. Many programs, translate-toolkit's among them, know only 1.2.
const (
	XLIFF2  XLIFFVersion = "2.0"
	XLIFF12 XLIFFVersion = "1.2"
)

// The namespaces of XLIFF.
const (
	xliff2    = "urn:oasis:names:tc:xliff:document:2.0"
	xliffMeta = "urn:oasis:names:tc:xliff:metadata:2.0"
	xliff12   = "urn:oasis:names:tc:xliff:document:1.2"
)

// ours is who notes are from, and what metadata are called, that are for Lectern.
const ours = "lectern"

// WriteXLIFF writes a sheet as XLIFF, a unit a unit. Speed is how many characters a second
// can be read, of which translators are told; 0: nothing is said.
func WriteXLIFF(w io.Writer, s Sheet, version XLIFFVersion, speed float64) error {
	x := &xliffWriter{Writer: bufio.NewWriter(w), old: version == XLIFF12}
	x.WriteString(xml.Header)
	if x.old {
		x.begin12(s)
	} else {
		x.begin2(s)
	}
	for n, e := range s.entries(speed) {
		if x.old {
			x.unit12(n+1, e)
		} else {
			x.unit2(n+1, e)
		}
	}
	if x.old {
		x.WriteString("</body>\n")
	}
	x.WriteString("</file>\n</xliff>\n")
	return x.Flush()
}

type xliffWriter struct {
	*bufio.Writer
	old bool
}

// escaped is text for an XML document.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&quot;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + strings.NewReplacer("\n", "&#10;", "\t", "&#9;").Replace(escaped(value)) + `"`
}

func (x *xliffWriter) begin2(s Sheet) {
	fmt.Fprintf(x, `<xliff xmlns="%s" xmlns:mda="%s" version="2.0"%s%s>`+"\n", xliff2, xliffMeta, attribute("srcLang", cmp.Or(s.From, "und")), attribute("trgLang", s.To))
	fmt.Fprintf(x, `<file id="talk"%s>`+"\n", attribute("original", inline(s.Talk, nil)))
	x.meta([]string{s.line()})
}

// meta writes details as XLIFF 2 keeps what is a program's own.
func (x *xliffWriter) meta(details []string) {
	if len(details) == 0 {
		return
	}
	fmt.Fprintf(x, `<mda:metadata><mda:metaGroup category="%s">`, ours)
	for _, d := range details {
		fmt.Fprintf(x, `<mda:meta type="detail">%s</mda:meta>`, escaped(d))
	}
	x.WriteString("</mda:metaGroup></mda:metadata>\n")
}

func (x *xliffWriter) unit2(n int, e entry) {
	fmt.Fprintf(x, `<unit id="u%d"%s`, n, attribute("name", e.context))
	if e.state == Obsolete {
		x.WriteString(` translate="no"`)
	}
	x.WriteString(">\n")
	x.meta(e.details)
	if notes := e.xliffNotes(); len(notes) > 0 {
		x.WriteString("<notes>\n")
		for _, n := range notes {
			fmt.Fprintf(x, `<note category="%s">%s</note>`+"\n", n[0], escaped(n[1]))
		}
		x.WriteString("</notes>\n")
	}
	state, sub := e.states2()
	fmt.Fprintf(x, "<segment%s%s>\n", attribute("state", state), attribute("subState", sub))
	codes := &codes{}
	fmt.Fprintf(x, `<source xml:space="preserve">%s</source>`+"\n", codes.written(e.source, false))
	if e.said != "" {
		fmt.Fprintf(x, `<target xml:space="preserve">%s</target>`+"\n", codes.translation().written(e.said, false))
	}
	x.WriteString("</segment>\n</unit>\n")
}

// states2 is an entry's state as XLIFF 2 has it, and what it has no word for.
func (e entry) states2() (state, sub string) {
	switch e.state {
	case NeedsEditing, Obsolete:
		return "initial", ours + ":" + string(e.state)
	case Draft:
		return "translated", ""
	case InReview:
		return "translated", ours + ":" + string(e.state)
	case Approved:
		return "final", ""
	}
	return "initial", ""
}

// The kinds of notes.
const (
	noteLimit      = "limit"
	noteWas        = "previous-source"
	noteTranslator = "translator"
)

// xliffNotes are an entry's notes, each with its kind.
func (e entry) xliffNotes() (notes [][2]string) {
	for kind, text := range map[string]string{noteLimit: e.limit, noteWas: e.was, noteTranslator: strings.Join(e.notes, "\n")} {
		if text != "" && (kind != noteWas || e.state != Obsolete) {
			notes = append(notes, [2]string{kind, text})
		}
	}
	slices.SortFunc(notes, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return notes
}

func (x *xliffWriter) begin12(s Sheet) {
	fmt.Fprintf(x, `<xliff xmlns="%s" version="1.2">`+"\n", xliff12)
	fmt.Fprintf(x, `<file%s%s%s datatype="plaintext">`+"\n", attribute("original", cmp.Or(inline(s.Talk, nil), "talk")),
		attribute("source-language", cmp.Or(s.From, "und")), attribute("target-language", s.To))
	fmt.Fprintf(x, `<header><note from="%s">%s</note></header>`+"\n<body>\n", ours, escaped(s.line()))
}

func (x *xliffWriter) unit12(n int, e entry) {
	fmt.Fprintf(x, `<trans-unit id="u%d"%s xml:space="preserve"`, n, attribute("resname", e.context))
	switch e.state {
	case Approved:
		x.WriteString(` approved="yes"`)
	case Obsolete:
		x.WriteString(` translate="no"`)
	}
	x.WriteString(">\n")
	codes := &codes{}
	fmt.Fprintf(x, "<source>%s</source>\n", codes.written(e.source, true))
	if e.said != "" {
		fmt.Fprintf(x, `<target state="%s">%s</target>`+"\n", states12[e.state], codes.translation().written(e.said, true))
	}
	for _, n := range e.xliffNotes() {
		fmt.Fprintf(x, `<note from="%s">%s</note>`+"\n", n[0], escaped(n[1]))
	}
	if len(e.details) > 0 {
		fmt.Fprintf(x, `<note from="%s">%s</note>`+"\n", ours, escaped(strings.Join(e.details, "\n")))
	}
	x.WriteString("</trans-unit>\n")
}

var states12 = map[State]string{
	NeedsEditing: "needs-review-translation", Draft: "translated", InReview: "translated", Approved: "final", Obsolete: "needs-adaptation",
}

// codes are the inline codes of a unit. A code of the translation has the number of one of
// the source that looks the same.
type codes struct {
	source []code
	free   []code // of the source, without one in the translation yet
	last   int
	target bool
}

type code struct {
	number int
	look   string
}

// translation is the codes for the translation of what was written.
func (c *codes) translation() *codes {
	c.target, c.free = true, slices.Clone(c.source)
	return c
}

func (c *codes) number(look string) int {
	for n, f := range c.free {
		if f.look == look {
			c.free = slices.Delete(c.free, n, n+1)
			return f.number
		}
	}
	c.last++
	if !c.target {
		c.source = append(c.source, code{c.last, look})
	}
	return c.last
}

// written is a text with its looks as elements, <pc> in XLIFF 2 and <g> in 1.2.
func (c *codes) written(s string, old bool) string {
	var b strings.Builder
	element := "pc"
	if old {
		element = "g"
	}
	open := 0
	for s != "" {
		tag := inlineTag.FindString(s)
		switch {
		case tag == "":
			next := len(s)
			if at := strings.IndexByte(s[1:], '<'); at >= 0 {
				next = 1 + at
			}
			b.WriteString(escaped(plainText(s[:next])))
			s = s[next:]
			continue
		case tag[1] != '/':
			open++
			look := lookOf(tag)
			fmt.Fprintf(&b, `<%s id="%d"%s>`, element, c.number(look), codeKind(look, old))
		case open > 0:
			open--
			b.WriteString("</" + element + ">")
		}
		s = s[len(tag):]
	}
	b.WriteString(strings.Repeat("</"+element+">", open))
	return b.String()
}

// lookOf is "i", "b", "u" or the colour of a tag.
func lookOf(tag string) string {
	tag = strings.ToLower(tag)
	if at := strings.IndexByte(tag, '#'); at >= 0 {
		return tag[at : at+7]
	}
	return strings.Trim(tag, "<>")
}

func codeKind(look string, old bool) string {
	colour, coloured := strings.CutPrefix(look, "#")
	switch {
	case old && coloured:
		return attribute("ctype", "x-colour-"+colour)
	case old:
		return attribute("ctype", map[string]string{"i": "italic", "b": "bold", "u": "underlined"}[look])
	case coloured:
		return attribute("type", "fmt") + attribute("subType", ours+":"+colour)
	}
	return attribute("type", "fmt") + attribute("subType", "xlf:"+look)
}

// tagFor is the tag of a code, or "" if it is none of ours.
func tagFor(kind string) (open, shut string) {
	short, ok := map[string]string{"xlf:i": "i", "xlf:b": "b", "xlf:u": "u", "italic": "i", "bold": "b", "underlined": "u"}[kind]
	if ok {
		return "<" + short + ">", "</" + short + ">"
	}
	if m := colourKind.FindStringSubmatch(kind); m != nil {
		return tagsOf(conference.Span{Colour: "#" + m[1]})
	}
	return "", ""
}

var colourKind = regexp.MustCompile(`^(?:` + ours + `:|x-colour-)([0-9a-f]{6})$`)

// ReadXLIFF reads what [WriteXLIFF] wrote, of either version, and translators and their
// programs changed; name is what faults call it.
func ReadXLIFF(name string, data []byte) (*Returned, error) {
	x := &xliffReader{name: name, d: xml.NewDecoder(bytes.NewReader(data)), r: &Returned{File: name}}
	x.d.CharsetReader = func(encoding string, in io.Reader) (io.Reader, error) {
		raw, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		text, err := decoded(name, raw, encoding)
		return strings.NewReader(text), err
	}
	if utf16 := len(data) > 1 && (data[0] == 0xff || data[0] == 0xfe); utf16 {
		text, err := decoded(name, data, "")
		if err != nil {
			return nil, err
		}
		x.d = xml.NewDecoder(strings.NewReader(text))
		x.d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	}
	if err := x.document(); err != nil {
		return nil, err
	}
	if len(x.r.entries) == 0 {
		return nil, inputerr.New(name, "is an XLIFF file without a single text").At(1).Try("Look whether it was saved whole")
	}
	return x.r, nil
}

type xliffReader struct {
	name string
	d    *xml.Decoder
	r    *Returned
	ids  map[string]int
}

func (x *xliffReader) next() (xml.Token, error) {
	token, err := x.d.Token()
	if err == nil {
		return token, nil
	}
	at, _ := x.d.InputPos()
	if f := inputerr.Of(err); f != nil {
		return nil, f
	}
	problem := "it ends too early"
	var bad *xml.SyntaxError
	if errors.As(err, &bad) {
		at, problem = bad.Line, bad.Msg
	} else if !errors.Is(err, io.EOF) {
		problem = err.Error()
	}
	return nil, inputerr.New(x.name, "is damaged: %s", problem).At(at).Try("Export it again from the program that it came from")
}

func (x *xliffReader) document() error {
	known := false
	for {
		token, err := x.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local == "xliff" {
				return nil
			}
		case xml.StartElement:
			if !known && t.Name.Local != "xliff" {
				at, _ := x.d.InputPos()
				return inputerr.New(x.name, "is no XLIFF file: it begins with <%s>", t.Name.Local).At(at).Try("Hand in XLIFF 1.2 or 2.0")
			}
			known = true
			if err := x.element(t); err != nil {
				return err
			}
		}
	}
}

func (x *xliffReader) element(t xml.StartElement) error {
	switch t.Name.Local {
	case "xliff":
		x.r.From, x.r.To = canonical(valueOf(t, "srcLang")), canonical(valueOf(t, "trgLang"))
	case "file":
		x.r.Talk = valueOf(t, "original")
		if from := valueOf(t, "source-language"); from != "" {
			x.r.From, x.r.To = canonical(from), canonical(valueOf(t, "target-language"))
		}
	case "meta", "note":
		text, err := x.plain()
		if err != nil {
			return err
		}
		x.head(text)
	case "unit", "trans-unit":
		return x.unit(t)
	}
	return nil
}

func (x *xliffReader) head(text string) {
	x.r.sheet(detailsOf([]string{text}).sheet)
}

func valueOf(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// unit reads a unit up to its end.
func (x *xliffReader) unit(unit xml.StartElement) error {
	var e entry
	e.line, _ = x.d.InputPos()
	e.context = valueOf(unit, "name") + valueOf(unit, "resname")
	state, sub := "", ""
	segments := 0
	for {
		token, err := x.next()
		if err != nil {
			return err
		}
		if end, ok := token.(xml.EndElement); ok && end.Name == unit.Name {
			break
		}
		t, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch t.Name.Local {
		case "segment", "ignorable":
			if segments++; state == "" || valueOf(t, "state") == "initial" {
				state, sub = valueOf(t, "state"), valueOf(t, "subState")
			}
		case "source":
			err = x.append(&e.source)
		case "target":
			state += valueOf(t, "state-qualifier") + valueOf(t, "state")
			err = x.append(&e.said)
		case "meta":
			var text string
			text, err = x.plain()
			e.details = append(e.details, text)
		case "note":
			err = x.note(&e, valueOf(t, "category")+valueOf(t, "from"))
		case "alt-trans", "matches", "glossary", "originalData":
			err = x.skip()
		}
		if err != nil {
			return err
		}
	}
	e.state = stateOfXLIFF(state, sub, e.said)
	if valueOf(unit, "translate") == "no" && strings.HasPrefix(e.context, "+ ") && e.state != Untranslated {
		e.state = Obsolete
	}
	return x.add(e)
}

func (x *xliffReader) add(e entry) error {
	if x.ids == nil {
		x.ids = map[string]int{}
	}
	if first := x.ids[e.context]; first > 0 && e.context != "" {
		return inputerr.New(x.name, "%s stands here and on line %d", e.context, first).At(e.line).Try("Leave one of the two")
	}
	x.ids[e.context] = e.line
	x.r.entries = append(x.r.entries, e)
	return nil
}

func stateOfXLIFF(state, sub, said string) State {
	switch {
	case len(pieces(said)) == 0:
		return Untranslated
	case state == "initial", strings.Contains(state, "needs-"), sub == ours+":"+string(NeedsEditing):
		return NeedsEditing
	}
	return Draft
}

func (x *xliffReader) append(to *string) error {
	text, err := x.inline()
	*to += text
	return err
}

// plain is the text of the element that is open, up to its end.
func (x *xliffReader) plain() (string, error) {
	var b strings.Builder
	for depth := 1; depth > 0; {
		token, err := x.next()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(t)
		}
	}
	return b.String(), nil
}

// inline is likewise a text with its codes, as tags.
func (x *xliffReader) inline() (string, error) {
	var b, text strings.Builder
	flush := func() {
		escapeInline(&b, text.String(), 0, text.Len())
		text.Reset()
	}
	var shuts []string // of the elements that are open
	starts := map[string]string{}
	for {
		token, err := x.next()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			open, shut := tagFor(valueOf(t, "subType") + valueOf(t, "ctype"))
			flush()
			switch t.Name.Local {
			case "sc": // programs may make of <pc> two codes
				starts[valueOf(t, "id")] = shut
				b.WriteString(open)
				shut = ""
			case "ec":
				b.WriteString(starts[valueOf(t, "startRef")])
				shut = ""
			default:
				b.WriteString(open)
			}
			shuts = append(shuts, shut)
		case xml.EndElement:
			flush()
			if len(shuts) == 0 {
				return b.String(), nil
			}
			b.WriteString(shuts[len(shuts)-1])
			shuts = shuts[:len(shuts)-1]
		}
	}
}

// skip passes over the element that is open.
func (x *xliffReader) skip() error {
	_, err := x.plain()
	return err
}

func (x *xliffReader) note(e *entry, kind string) error {
	raw, err := x.plain()
	if err != nil {
		return err
	}
	switch kind {
	case noteLimit:
	case noteWas:
		e.was = raw
	case ours:
		e.details = append(e.details, strings.Split(raw, "\n")...)
	default:
		e.notes = append(e.notes, strings.Split(raw, "\n")...)
	}
	return nil
}
