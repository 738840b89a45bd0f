package exchange

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/translation"
)

// ReadXLIFF reads a file of either version that [WriteXLIFF] wrote and an editor changed. It
// returns an [inputerr.Error] if the file is invalid or has no texts. name is the file's name in
// errors.
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
		return nil, inputerr.Coded("translation.no_texts", "has no texts").In(name).At(1).Hint("Check that the whole file was saved")
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
	return nil, inputerr.Coded("xliff.invalid_xml", "is not valid XML: {error}", "error", problem).In(x.name).At(at).Hint("Export it again from your translation editor")
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
				return inputerr.Coded("xliff.other_xml", "is not XLIFF: it begins with <{element}>", "element", t.Name.Local).In(x.name).At(at).Hint("Upload XLIFF 1.2 or 2.0")
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

// xliffUnit is a unit while it is read.
type xliffUnit struct {
	entry
	state, subState string // as the file has them
}

// readUnit reads a unit up to its end, and adds it to the file.
func (x *xliffReader) readUnit(start xml.StartElement) error {
	var u xliffUnit
	u.line, _ = x.decoder.InputPos()
	u.context = attributeValue(start, "name") + attributeValue(start, "resname")
	for {
		token, err := x.next()
		if err != nil {
			return err
		}
		if end, ok := token.(xml.EndElement); ok && end.Name == start.Name {
			break
		}
		if t, ok := token.(xml.StartElement); ok {
			if err := x.readUnitElement(&u, t); err != nil {
				return err
			}
		}
	}
	u.entry.state = xliffState(u.state, u.subState, u.translation)
	if attributeValue(start, "translate") == "no" && strings.HasPrefix(u.context, "+ ") && u.entry.state != translation.Untranslated {
		u.entry.state = translation.Obsolete
	}
	return x.addEntry(u.entry)
}

// readUnitElement reads an element within a unit. An element that is not read to its end may
// contain others that the caller reads next.
func (x *xliffReader) readUnitElement(u *xliffUnit, t xml.StartElement) error {
	switch t.Name.Local {
	case "segment", "ignorable":
		if u.state == "" || attributeValue(t, "state") == "initial" {
			u.state, u.subState = attributeValue(t, "state"), attributeValue(t, "subState")
		}
	case "source":
		return x.appendInline(&u.source)
	case "target":
		u.state += attributeValue(t, "state-qualifier") + attributeValue(t, "state")
		return x.appendInline(&u.translation)
	case "meta":
		text, err := x.readText()
		u.details = append(u.details, text)
		return err
	case "note":
		return x.readNote(&u.entry, attributeValue(t, "category")+attributeValue(t, "from"))
	case "alt-trans", "matches", "glossary", "originalData":
		return x.skip()
	}
	return nil
}

func (x *xliffReader) addEntry(e entry) error {
	if x.ids == nil {
		x.ids = map[string]int{}
	}
	if first := x.ids[e.context]; first > 0 && e.context != "" {
		return inputerr.Coded("translation.repeated", "repeats {text} of line {line}", "text", e.context, "line", first).In(x.name).At(e.line).Hint("Delete one of them")
	}
	x.ids[e.context] = e.line
	x.file.entries = append(x.file.entries, e)
	return nil
}

// xliffState returns the state of a unit from its state and subState in the file. target is its
// translation.
func xliffState(state, subState, target string) translation.State {
	switch {
	case len(splitCues(target)) == 0:
		return translation.Untranslated
	case state == "initial", strings.Contains(state, "needs-"), subState == toolName+":"+string(translation.NeedsEditing):
		return translation.NeedsEditing
	}
	return translation.Draft
}

func (x *xliffReader) appendInline(to *string) error {
	text, err := x.readInline()
	*to += text
	return err
}

// readText reads the current element to its end, and returns the text in it and in the elements
// within.
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

// readInline reads the current element to its end, and returns its text with styled parts as tags.
func (x *xliffReader) readInline() (string, error) {
	var b, text strings.Builder
	flush := func() {
		escapeMarkup(&b, text.String(), 0, text.Len())
		text.Reset()
	}
	var closing []string // closing tags of the open elements
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
			case "sc": // some editors turn <pc> into two codes
				starts[attributeValue(t, "id")] = shut
				b.WriteString(open)
				shut = ""
			case "ec":
				b.WriteString(starts[attributeValue(t, "startRef")])
				shut = ""
			default:
				b.WriteString(open)
			}
			closing = append(closing, shut)
		case xml.EndElement:
			flush()
			if len(closing) == 0 {
				return b.String(), nil
			}
			b.WriteString(closing[len(closing)-1])
			closing = closing[:len(closing)-1]
		}
	}
}

// skip reads the current element to its end.
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
