package exchange

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/translation"
)

// XLIFFVersion is a version of XLIFF. The versions have different elements.
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

// toolName marks the notes and metadata that are for Lectern.
const toolName = "lectern"

// WriteXLIFF writes a sheet as XLIFF of a version. speed is how many characters a second can be
// read, for notes; 0 stands for no limit.
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

// escapeXML escapes text for an XML document. Line breaks are kept as they are.
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

// xmlAttribute returns an attribute as XML has it, with a space before it, or "" if it has no
// value.
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

// writeMetadata writes details as XLIFF 2 metadata.
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

// xliff2State returns the entry's state in XLIFF 2, and a subState, which distinguishes states of
// Lectern that XLIFF does not.
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

// xliffNotes returns the entry's notes as pairs of kind and text, sorted by kind. Empty ones are
// left out.
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

// xliff12States are the states in XLIFF 1.2.
var xliff12States = map[translation.State]string{
	translation.NeedsEditing: "needs-review-translation", translation.Draft: "translated", translation.InReview: "translated", translation.Approved: "final", translation.Obsolete: "needs-adaptation",
}
