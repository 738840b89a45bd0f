package exchange

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/charset"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/translation"
)

// WritePO writes a sheet as gettext PO, with one entry for each unit, whose name is the msgctxt.
// speed is how many characters a second can be read, for comments; 0 stands for no limit.
func WritePO(w io.Writer, s translation.Sheet, speed float64) error {
	b := bufio.NewWriter(w)
	writePOHeader(b, s)
	for _, e := range sheetEntries(s, speed) {
		e.writePO(b, s.From)
	}
	return b.Flush()
}

// writePOHeader writes the header that msgfmt --check requires. It has no date, so that equal
// sheets give equal files.
func writePOHeader(b *bufio.Writer, s translation.Sheet) {
	one := func(text string) string { return strings.Join(strings.Fields(toMarkup(text, nil)), " ") }
	underscored := func(language string) string { return strings.ReplaceAll(one(language), "-", "_") }
	head := []struct{ name, value string }{
		{"Project-Id-Version", one(s.Talk)},
		{"PO-Revision-Date", ""},
		{"Last-Translator", ""},
		{"Language-Team", ""},
		{"Language", underscored(s.To)},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=UTF-8"},
		{"Content-Transfer-Encoding", "8bit"},
		{"X-Generator", "Lectern"},
		{"X-Source-Language", underscored(s.From)},
		{"X-Lectern-Talk", one(s.Talk)},
		{"X-Lectern-Source-Revision", strconv.Itoa(s.Revision)},
	}
	if s.Revision > 0 { // the sheet is from the catalog
		head = append(head, struct{ name, value string }{"X-Lectern-Revision", strconv.Itoa(s.Base)})
	}
	var text strings.Builder
	for _, h := range head {
		fmt.Fprintf(&text, "%s: %s\n", h.name, h.value)
	}
	writePOString(b, "", "msgid", "")
	writePOString(b, "", "msgstr", text.String())
}

func (e entry) writePO(b *bufio.Writer, from string) {
	b.WriteByte('\n')
	comment := func(mark string, lines ...string) {
		for _, l := range lines {
			b.WriteString(strings.TrimRight(mark+" "+l, " ") + "\n")
		}
	}
	comment("#", e.notes...)
	if e.limit != "" {
		comment("#.", e.limit)
	}
	comment("#.", e.details...)
	if e.sourceNumber > 0 {
		fmt.Fprintf(b, "#: %s:%d\n", strings.Join(strings.Fields("source "+from), "."), e.sourceNumber)
	}
	if e.state == translation.NeedsEditing {
		comment("#,", "fuzzy")
	}
	gone := ""
	if e.state == translation.Obsolete {
		gone = "#~ "
	}
	if e.previousSource != "" && e.state == translation.NeedsEditing {
		writePOString(b, "#| ", "msgid", e.previousSource)
	}
	writePOString(b, gone, "msgctxt", e.context)
	writePOString(b, gone, "msgid", e.source)
	writePOString(b, gone, "msgstr", e.translation)
}

// writePOString writes a keyword and its string, with each line of the string in quotation marks of
// its own. mark precedes each line of the file.
func writePOString(b *bufio.Writer, mark, keyword, s string) {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	b.WriteString(mark + keyword + " ")
	if len(lines) != 1 {
		b.WriteString("\"\"\n")
	}
	for _, l := range lines {
		if len(lines) > 1 {
			b.WriteString(mark)
		}
		b.WriteString(`"` + poEscapes.Replace(l) + "\"\n")
	}
}

var poEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`)

// ReadPO reads a PO file that [WritePO] wrote and an editor changed. It returns an [inputerr.Error]
// if the file is invalid or has no texts. name is the file's name in errors.
func ReadPO(name string, data []byte) (*File, error) {
	encoding := ""
	if m := poCharset.FindSubmatch(data); m != nil {
		encoding = string(m[1])
	}
	text, err := decodeText(name, data, encoding)
	if err != nil {
		return nil, err
	}
	p := &poReader{name: name, file: &File{Name: name, statesAreEdits: true}}
	for number := 1; text != ""; number++ {
		var l string
		l, text, _ = charset.CutLine(text)
		if err := p.readLine(number, strings.TrimSpace(l)); err != nil {
			return nil, err
		}
	}
	if err := p.finishEntry(); err != nil {
		return nil, err
	}
	if len(p.file.entries) == 0 {
		return nil, inputerr.Coded("translation.no_texts", "has no texts").In(name).At(1).Hint("Check that the whole file was saved")
	}
	return p.file, nil
}

var poCharset = regexp.MustCompile(`(?i)Content-Type:[^\n"]*charset=([A-Za-z0-9][A-Za-z0-9_.:-]*)`)

// poReader parses a PO file line by line.
type poReader struct {
	name     string
	file     *File
	entry    entry
	fuzzy    bool
	strings  map[string]*strings.Builder // by keyword, with "|" before those of the previous source
	current  *strings.Builder            // string that may continue on the next line
	contexts map[string]int              // line by context
}

var poKeyword = regexp.MustCompile(`^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s*(".*)$`)

func (p *poReader) readLine(n int, l string) error {
	mark := ""
	for _, m := range []string{"#~|", "#|", "#~"} {
		if rest, ok := strings.CutPrefix(l, m); ok {
			mark, l = m, strings.TrimSpace(rest)
			break
		}
	}
	switch {
	case l == "":
		return nil
	case mark == "" && l[0] == '#':
		return p.readComment(n, l)
	}
	if l[0] != '"' {
		m := poKeyword.FindStringSubmatch(l)
		if m == nil {
			return inputerr.Coded("po.syntax", "“{text}” is not PO syntax", "text", l).In(p.name).At(n).Hint(resaveHint)
		}
		if err := p.readKeyword(n, mark, m[1]); err != nil {
			return err
		}
		l = m[2]
	}
	if p.current == nil {
		return inputerr.Coded("po.no_keyword", "a string without a keyword").In(p.name).At(n).Hint(resaveHint)
	}
	s, ok := poUnquote(l)
	if !ok {
		return inputerr.Coded("po.unclosed", "a string is not closed, or has a quotation mark without a backslash").In(p.name).At(n).Hint(resaveHint)
	}
	p.current.WriteString(s)
	return nil
}

// resaveHint says how to repair a PO file.
const resaveHint = "Open it in your translation editor and save it again"

// readKeyword begins the string of a keyword on line n. If the keyword can only begin an entry, it
// ends the one before. mark is "#~" for an obsolete entry, and ends in "|" for a previous source.
func (p *poReader) readKeyword(n int, mark, keyword string) error {
	key := keyword
	if strings.HasSuffix(mark, "|") {
		key = "|" + keyword
	}
	first := key[0] == '|' || keyword == "msgctxt" || keyword == "msgid"
	if first {
		if err := p.closeEntry(n); err != nil {
			return err
		}
	}
	switch {
	case p.strings[key] != nil:
		return inputerr.Coded("po.repeated_keyword", "a second {keyword} in one entry", "keyword", keyword).In(p.name).At(n).Hint(resaveHint)
	case strings.HasPrefix(keyword, "msgstr") && p.strings["msgid"] == nil:
		return inputerr.Coded("po.no_msgid", "a translation without msgid").In(p.name).At(n).Hint(resaveHint)
	}
	if p.strings == nil {
		p.strings = map[string]*strings.Builder{}
	}
	if p.entry.line == 0 && key[0] != '|' {
		p.entry.line = n
	}
	if mark == "#~" {
		p.entry.state = translation.Obsolete
	}
	p.current = &strings.Builder{}
	p.strings[key] = p.current
	return nil
}

// closeEntry finishes the current entry if it has a translation, because another may begin on line
// n. It returns an error if the entry has a source and no translation.
func (p *poReader) closeEntry(n int) error {
	for key := range p.strings {
		if strings.HasPrefix(key, "msgstr") {
			return p.finishEntry()
		}
	}
	if p.strings["msgid"] != nil {
		return inputerr.Coded("po.no_msgstr", "the msgid before this line has no msgstr").In(p.name).At(n).Hint(resaveHint)
	}
	return nil
}

func (p *poReader) readComment(n int, l string) error {
	if err := p.closeEntry(n); err != nil {
		return err
	}
	p.current = nil
	switch {
	case strings.HasPrefix(l, "#."):
		p.entry.details = append(p.entry.details, strings.TrimSpace(l[2:]))
	case strings.HasPrefix(l, "#,"), strings.HasPrefix(l, "#="):
		for flag := range strings.SplitSeq(l[2:], ",") {
			p.fuzzy = p.fuzzy || strings.TrimSpace(flag) == "fuzzy"
		}
	case strings.HasPrefix(l, "#:"):
		p.entry.references += len(strings.Fields(l[2:]))
	default:
		p.entry.notes = append(p.entry.notes, strings.TrimSpace(l[1:]))
	}
	return nil
}

// finishEntry adds the current entry to the file, or reads it as the header if its source is empty.
// An entry without a context is added once for each of its references, because tools merge equal
// texts. It returns an error if the entry is incomplete or repeats another.
func (p *poReader) finishEntry() error {
	e, all, fuzzy := p.entry, p.strings, p.fuzzy
	p.entry, p.strings, p.current, p.fuzzy = entry{}, nil, nil, false
	if len(all) == 0 {
		return nil
	}
	said := func(key string) string {
		if b := all[key]; b != nil {
			return b.String()
		}
		return ""
	}
	if all["msgid"] == nil || all["msgstr"] == nil && all["msgstr[0]"] == nil {
		return inputerr.Coded("po.incomplete", "the entry is incomplete").In(p.name).At(max(1, e.line)).Hint(resaveHint)
	}
	e.context, e.source, e.previousSource = said("msgctxt"), said("msgid"), said("|msgid")
	e.translation = said("msgstr") + said("msgstr[0]")
	if e.context == "" && e.source == "" {
		p.readHeader(e.translation)
		return nil
	}
	switch {
	case e.state == translation.Obsolete:
	case len(splitCues(e.translation)) == 0:
		e.state = translation.Untranslated
	case fuzzy:
		e.state = translation.NeedsEditing
	default:
		e.state = translation.Draft
	}
	if p.contexts == nil {
		p.contexts = map[string]int{}
	}
	if key := e.context; key != "" && e.state != translation.Obsolete {
		if first := p.contexts[key]; first > 0 {
			return inputerr.Coded("translation.repeated", "repeats {text} of line {line}", "text", key, "line", first).In(p.name).At(e.line).Hint("Delete one of them")
		}
		p.contexts[key] = e.line
	}
	p.file.entries = append(p.file.entries, e)
	if e.context == "" { // tools merge equal texts under all their references
		e.notes, e.repeats = nil, true
		p.file.entries = append(p.file.entries, slices.Repeat([]entry{e}, max(0, e.references-1))...)
	}
	return nil
}

func (p *poReader) readHeader(text string) {
	for l := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(l, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "language":
			p.file.To = canonicalLanguage(value)
		case "x-source-language":
			p.file.From = canonicalLanguage(value)
		case "x-lectern-talk":
			p.file.Talk = value
		case "x-lectern-source-revision":
			p.file.Revision, _ = strconv.Atoi(value)
		case "x-lectern-revision":
			p.file.Base, _ = strconv.Atoi(value)
		}
	}
}

// poUnquote returns the value of a string in quotation marks. ok is false if it is invalid.
func poUnquote(l string) (s string, ok bool) {
	if len(l) < 2 || l[len(l)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	body := l[1 : len(l)-1]
	for at := 0; at < len(body); at++ {
		switch c := body[at]; {
		case c == '"':
			return "", false
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		at++
		if at == len(body) {
			return "", false
		}
		if n := slices.Index([]byte(`ntrabfv`), body[at]); n >= 0 {
			b.WriteByte("\n\t\r\a\b\f\v"[n])
		} else {
			b.WriteByte(body[at])
		}
	}
	return b.String(), true
}
