package exchange

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
	"github.com/lectern-av/lectern/internal/translation"
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

// toolName is who notes are from, and what metadata are called, that are for Lectern.
const toolName = "lectern"

// WriteXLIFF writes a sheet as XLIFF, a unit a unit. Speed is how many characters a second
// can be read, of which translators are told; 0: nothing is said.
func WriteXLIFF(w io.Writer, s translation.Sheet, version XLIFFVersion, speed float64) error {
	x := &xliffWriter{Writer: bufio.NewWriter(w), v12: version == XLIFF12}
	x.WriteString(xml.Header)
	if x.v12 {
		x.writeHeader12(s)
	} else {
		x.writeHeader2(s)
	}
	for n, e := range sheetEntries(s, speed) {
		if x.v12 {
			x.writeUnit12(n+1, e)
		} else {
			x.writeUnit2(n+1, e)
		}
	}
	if x.v12 {
		x.WriteString("</body>\n")
	}
	x.WriteString("</file>\n</xliff>\n")
	return x.Flush()
}

type xliffWriter struct {
	*bufio.Writer
	v12 bool
}

// escapeXML is text for an XML document.
func escapeXML(s string) string {
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

func xmlAttribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + strings.NewReplacer("\n", "&#10;", "\t", "&#9;").Replace(escapeXML(value)) + `"`
}

func (x *xliffWriter) writeHeader2(s translation.Sheet) {
	fmt.Fprintf(x, `<xliff xmlns="%s" xmlns:mda="%s" version="2.0"%s%s>`+"\n", xliff2, xliffMeta, xmlAttribute("srcLang", cmp.Or(s.From, "und")), xmlAttribute("trgLang", s.To))
	fmt.Fprintf(x, `<file id="talk"%s>`+"\n", xmlAttribute("original", toMarkup(s.Talk, nil)))
	x.writeMetadata([]string{headerLine(s)})
}

// writeMetadata writes details as XLIFF 2 keeps what is a program's own.
func (x *xliffWriter) writeMetadata(details []string) {
	if len(details) == 0 {
		return
	}
	fmt.Fprintf(x, `<mda:metadata><mda:metaGroup category="%s">`, toolName)
	for _, d := range details {
		fmt.Fprintf(x, `<mda:meta type="detail">%s</mda:meta>`, escapeXML(d))
	}
	x.WriteString("</mda:metaGroup></mda:metadata>\n")
}

func (x *xliffWriter) writeUnit2(n int, e entry) {
	fmt.Fprintf(x, `<unit id="u%d"%s`, n, xmlAttribute("name", e.context))
	if e.state == translation.Obsolete {
		x.WriteString(` translate="no"`)
	}
	x.WriteString(">\n")
	x.writeMetadata(e.details)
	if notes := e.xliffNotes(); len(notes) > 0 {
		x.WriteString("<notes>\n")
		for _, n := range notes {
			fmt.Fprintf(x, `<note category="%s">%s</note>`+"\n", n[0], escapeXML(n[1]))
		}
		x.WriteString("</notes>\n")
	}
	state, sub := e.xliff2State()
	fmt.Fprintf(x, "<segment%s%s>\n", xmlAttribute("state", state), xmlAttribute("subState", sub))
	codes := &inlineCodes{}
	fmt.Fprintf(x, `<source xml:space="preserve">%s</source>`+"\n", codes.encode(e.source, false))
	if e.translation != "" {
		fmt.Fprintf(x, `<target xml:space="preserve">%s</target>`+"\n", codes.forTarget().encode(e.translation, false))
	}
	x.WriteString("</segment>\n</unit>\n")
}

// xliff2State is an entry's state as XLIFF 2 has it, and what it has no word for.
func (e entry) xliff2State() (state, sub string) {
	switch e.state {
	case translation.NeedsEditing, translation.Obsolete:
		return "initial", toolName + ":" + string(e.state)
	case translation.Draft:
		return "translated", ""
	case translation.InReview:
		return "translated", toolName + ":" + string(e.state)
	case translation.Approved:
		return "final", ""
	}
	return "initial", ""
}

// The kinds of notes.
const (
	noteLimit          = "limit"
	notePreviousSource = "previous-source"
	noteTranslator     = "translator"
)

// xliffNotes are an entry's notes, each with its kind.
func (e entry) xliffNotes() (notes [][2]string) {
	for kind, text := range map[string]string{noteLimit: e.limit, notePreviousSource: e.previousSource, noteTranslator: strings.Join(e.notes, "\n")} {
		if text != "" && (kind != notePreviousSource || e.state != translation.Obsolete) {
			notes = append(notes, [2]string{kind, text})
		}
	}
	slices.SortFunc(notes, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return notes
}

func (x *xliffWriter) writeHeader12(s translation.Sheet) {
	fmt.Fprintf(x, `<xliff xmlns="%s" version="1.2">`+"\n", xliff12)
	fmt.Fprintf(x, `<file%s%s%s datatype="plaintext">`+"\n", xmlAttribute("original", cmp.Or(toMarkup(s.Talk, nil), "talk")),
		xmlAttribute("source-language", cmp.Or(s.From, "und")), xmlAttribute("target-language", s.To))
	fmt.Fprintf(x, `<header><note from="%s">%s</note></header>`+"\n<body>\n", toolName, escapeXML(headerLine(s)))
}

func (x *xliffWriter) writeUnit12(n int, e entry) {
	fmt.Fprintf(x, `<trans-unit id="u%d"%s xml:space="preserve"`, n, xmlAttribute("resname", e.context))
	switch e.state {
	case translation.Approved:
		x.WriteString(` approved="yes"`)
	case translation.Obsolete:
		x.WriteString(` translate="no"`)
	}
	x.WriteString(">\n")
	codes := &inlineCodes{}
	fmt.Fprintf(x, "<source>%s</source>\n", codes.encode(e.source, true))
	if e.translation != "" {
		fmt.Fprintf(x, `<target state="%s">%s</target>`+"\n", xliff12States[e.state], codes.forTarget().encode(e.translation, true))
	}
	for _, n := range e.xliffNotes() {
		fmt.Fprintf(x, `<note from="%s">%s</note>`+"\n", n[0], escapeXML(n[1]))
	}
	if len(e.details) > 0 {
		fmt.Fprintf(x, `<note from="%s">%s</note>`+"\n", toolName, escapeXML(strings.Join(e.details, "\n")))
	}
	x.WriteString("</trans-unit>\n")
}

var xliff12States = map[translation.State]string{
	translation.NeedsEditing: "needs-review-translation", translation.Draft: "translated", translation.InReview: "translated", translation.Approved: "final", translation.Obsolete: "needs-adaptation",
}

// inlineCodes are the inline codes of a unit. A code of the translation has the number of one of
// the source that looks the same.
type inlineCodes struct {
	source   []inlineCode
	free     []inlineCode // of the source, without one in the translation yet
	last     int
	inTarget bool
}

type inlineCode struct {
	number int
	style  string
}

// forTarget is the codes for the translation of what was written.
func (c *inlineCodes) forTarget() *inlineCodes {
	c.inTarget, c.free = true, slices.Clone(c.source)
	return c
}

func (c *inlineCodes) codeNumber(look string) int {
	for n, f := range c.free {
		if f.style == look {
			c.free = slices.Delete(c.free, n, n+1)
			return f.number
		}
	}
	c.last++
	if !c.inTarget {
		c.source = append(c.source, inlineCode{c.last, look})
	}
	return c.last
}

// encode is a text with its looks as elements, <pc> in XLIFF 2 and <g> in 1.2.
func (c *inlineCodes) encode(s string, old bool) string {
	var b strings.Builder
	element := "pc"
	if old {
		element = "g"
	}
	open := 0
	for s != "" {
		tag := stylingTag.FindString(s)
		switch {
		case tag == "":
			next := len(s)
			if at := strings.IndexByte(s[1:], '<'); at >= 0 {
				next = 1 + at
			}
			b.WriteString(escapeXML(unescapeMarkup(s[:next])))
			s = s[next:]
			continue
		case tag[1] != '/':
			open++
			look := tagStyle(tag)
			fmt.Fprintf(&b, `<%s id="%d"%s>`, element, c.codeNumber(look), codeAttributes(look, old))
		case open > 0:
			open--
			b.WriteString("</" + element + ">")
		}
		s = s[len(tag):]
	}
	b.WriteString(strings.Repeat("</"+element+">", open))
	return b.String()
}

// tagStyle is "i", "b", "u" or the colour of a tag.
func tagStyle(tag string) string {
	tag = strings.ToLower(tag)
	if at := strings.IndexByte(tag, '#'); at >= 0 {
		return tag[at : at+7]
	}
	return strings.Trim(tag, "<>")
}

func codeAttributes(look string, old bool) string {
	colour, coloured := strings.CutPrefix(look, "#")
	switch {
	case old && coloured:
		return xmlAttribute("ctype", "x-colour-"+colour)
	case old:
		return xmlAttribute("ctype", map[string]string{"i": "italic", "b": "bold", "u": "underlined"}[look])
	case coloured:
		return xmlAttribute("type", "fmt") + xmlAttribute("subType", toolName+":"+colour)
	}
	return xmlAttribute("type", "fmt") + xmlAttribute("subType", "xlf:"+look)
}

// codeTags is the tag of a code, or "" if it is none of ours.
func codeTags(kind string) (open, shut string) {
	short, ok := map[string]string{"xlf:i": "i", "xlf:b": "b", "xlf:u": "u", "italic": "i", "bold": "b", "underlined": "u"}[kind]
	if ok {
		return "<" + short + ">", "</" + short + ">"
	}
	if m := colourCode.FindStringSubmatch(kind); m != nil {
		return spanTags(conference.Span{Colour: "#" + m[1]})
	}
	return "", ""
}

var colourCode = regexp.MustCompile(`^(?:` + toolName + `:|x-colour-)([0-9a-f]{6})$`)

// ReadXLIFF reads what [WriteXLIFF] wrote, of either version, and translators and their
// programs changed; name is what faults call it.
func ReadXLIFF(name string, data []byte) (*File, error) {
	x := &xliffReader{name: name, decoder: xml.NewDecoder(bytes.NewReader(data)), file: &File{Name: name}}
	x.decoder.CharsetReader = func(encoding string, in io.Reader) (io.Reader, error) {
		raw, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		text, err := decodeText(name, raw, encoding)
		return strings.NewReader(text), err
	}
	if utf16 := len(data) > 1 && (data[0] == 0xff || data[0] == 0xfe); utf16 {
		text, err := decodeText(name, data, "")
		if err != nil {
			return nil, err
		}
		x.decoder = xml.NewDecoder(strings.NewReader(text))
		x.decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	}
	if err := x.readDocument(); err != nil {
		return nil, err
	}
	if len(x.file.entries) == 0 {
		return nil, inputerr.New(name, "is an XLIFF file without a single text").At(1).Hint("Look whether it was saved whole")
	}
	return x.file, nil
}

type xliffReader struct {
	name    string
	decoder *xml.Decoder
	file    *File
	ids     map[string]int
}

func (x *xliffReader) next() (xml.Token, error) {
	token, err := x.decoder.Token()
	if err == nil {
		return token, nil
	}
	at, _ := x.decoder.InputPos()
	if f := inputerr.As(err); f != nil {
		return nil, f
	}
	problem := "it ends too early"
	var bad *xml.SyntaxError
	if errors.As(err, &bad) {
		at, problem = bad.Line, bad.Msg
	} else if !errors.Is(err, io.EOF) {
		problem = err.Error()
	}
	return nil, inputerr.New(x.name, "is damaged: %s", problem).At(at).Hint("Export it again from the program that it came from")
}

func (x *xliffReader) readDocument() error {
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
				at, _ := x.decoder.InputPos()
				return inputerr.New(x.name, "is no XLIFF file: it begins with <%s>", t.Name.Local).At(at).Hint("Hand in XLIFF 1.2 or 2.0")
			}
			known = true
			if err := x.readElement(t); err != nil {
				return err
			}
		}
	}
}

func (x *xliffReader) readElement(t xml.StartElement) error {
	switch t.Name.Local {
	case "xliff":
		x.file.From, x.file.To = canonicalLanguage(attributeValue(t, "srcLang")), canonicalLanguage(attributeValue(t, "trgLang"))
	case "file":
		x.file.Talk = attributeValue(t, "original")
		if from := attributeValue(t, "source-language"); from != "" {
			x.file.From, x.file.To = canonicalLanguage(from), canonicalLanguage(attributeValue(t, "target-language"))
		}
	case "meta", "note":
		text, err := x.readText()
		if err != nil {
			return err
		}
		x.readHeader(text)
	case "unit", "trans-unit":
		return x.readUnit(t)
	}
	return nil
}

func (x *xliffReader) readHeader(text string) {
	x.file.readHeader(parseDetails([]string{text}).sheet)
}

func attributeValue(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// readUnit reads a unit up to its end.
func (x *xliffReader) readUnit(unit xml.StartElement) error {
	var e entry
	e.line, _ = x.decoder.InputPos()
	e.context = attributeValue(unit, "name") + attributeValue(unit, "resname")
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
			if segments++; state == "" || attributeValue(t, "state") == "initial" {
				state, sub = attributeValue(t, "state"), attributeValue(t, "subState")
			}
		case "source":
			err = x.appendInline(&e.source)
		case "target":
			state += attributeValue(t, "state-qualifier") + attributeValue(t, "state")
			err = x.appendInline(&e.translation)
		case "meta":
			var text string
			text, err = x.readText()
			e.details = append(e.details, text)
		case "note":
			err = x.readNote(&e, attributeValue(t, "category")+attributeValue(t, "from"))
		case "alt-trans", "matches", "glossary", "originalData":
			err = x.skip()
		}
		if err != nil {
			return err
		}
	}
	e.state = xliffState(state, sub, e.translation)
	if attributeValue(unit, "translate") == "no" && strings.HasPrefix(e.context, "+ ") && e.state != translation.Untranslated {
		e.state = translation.Obsolete
	}
	return x.addEntry(e)
}

func (x *xliffReader) addEntry(e entry) error {
	if x.ids == nil {
		x.ids = map[string]int{}
	}
	if first := x.ids[e.context]; first > 0 && e.context != "" {
		return inputerr.New(x.name, "%s stands here and on line %d", e.context, first).At(e.line).Hint("Leave one of the two")
	}
	x.ids[e.context] = e.line
	x.file.entries = append(x.file.entries, e)
	return nil
}

func xliffState(state, sub, said string) translation.State {
	switch {
	case len(splitCues(said)) == 0:
		return translation.Untranslated
	case state == "initial", strings.Contains(state, "needs-"), sub == toolName+":"+string(translation.NeedsEditing):
		return translation.NeedsEditing
	}
	return translation.Draft
}

func (x *xliffReader) appendInline(to *string) error {
	text, err := x.readInline()
	*to += text
	return err
}

// readText is the text of the element that is open, up to its end.
func (x *xliffReader) readText() (string, error) {
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

// readInline is likewise a text with its codes, as tags.
func (x *xliffReader) readInline() (string, error) {
	var b, text strings.Builder
	flush := func() {
		escapeMarkup(&b, text.String(), 0, text.Len())
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
			open, shut := codeTags(attributeValue(t, "subType") + attributeValue(t, "ctype"))
			flush()
			switch t.Name.Local {
			case "sc": // programs may make of <pc> two codes
				starts[attributeValue(t, "id")] = shut
				b.WriteString(open)
				shut = ""
			case "ec":
				b.WriteString(starts[attributeValue(t, "startRef")])
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
	_, err := x.readText()
	return err
}

func (x *xliffReader) readNote(e *entry, kind string) error {
	raw, err := x.readText()
	if err != nil {
		return err
	}
	switch kind {
	case noteLimit:
	case notePreviousSource:
		e.previousSource = raw
	case toolName:
		e.details = append(e.details, strings.Split(raw, "\n")...)
	default:
		e.notes = append(e.notes, strings.Split(raw, "\n")...)
	}
	return nil
}
