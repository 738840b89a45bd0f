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
