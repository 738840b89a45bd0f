package exchange

import (
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/translation"
)

// csvColumns are the columns of an exported file. Translators edit translation, state and
// notes. Times are also in the details, since spreadsheets reformat them.
var csvColumns = []string{"id", "start", "end", "state", "source", "previous source", "translation", "notes", "limit", "details"}

// WriteCSV writes a sheet for a spreadsheet: RFC 4180 in UTF-8 with a byte order mark, so that
// Excel recognises the encoding. speed is how many characters a second can be read, for the column
// limit; 0 stands for no limit.
//
// Cells that a spreadsheet would run as formulas get an apostrophe before them, which [ReadCSV]
// removes.
func WriteCSV(w io.Writer, s translation.Sheet, speed float64) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{csvColumns}
	for n, e := range sheetEntries(s, speed) {
		if n == 0 {
			e.details = append([]string{headerLine(s)}, e.details...)
		}
		u := s.Units[n]
		var of []conference.Cue
		for _, c := range u.Target {
			of = append(of, c.Cue)
		}
		if len(u.Source) > 0 {
			of = u.Source
		}
		start, end := timeSpan(of)
		was := e.previousSource
		if e.state == translation.Obsolete {
			was = ""
		}
		rows = append(rows, []string{e.context, formatTime(start), formatTime(end), string(e.state), e.source, was, e.translation,
			strings.Join(e.notes, "\n"), e.limit, strings.Join(e.details, "\n")})
	}
	for _, row := range rows {
		for n := range row {
			if formulaStart.MatchString(row[n]) {
				row[n] = "'" + row[n]
			}
		}
	}
	return errors.Join(out.WriteAll(rows), out.Error())
}

// formulaStart matches the start of a cell that a spreadsheet might run, with the apostrophes
// that prevent it.
var formulaStart = regexp.MustCompile(`^'*[=+\-@\t\r＝＋－＠]`)

// unescapeCell returns a cell without the apostrophe that [WriteCSV] put before it, if it has one.
func unescapeCell(s string) string {
	if strings.HasPrefix(s, "'") && formulaStart.MatchString(s) {
		return s[1:]
	}
	return s
}

// ReadCSV reads a file that [WriteCSV] wrote and a spreadsheet saved: with commas, semicolons or
// tabs, in any encoding, with its columns in any order. It returns an [inputerr.Error] if the file
// is invalid or has no translations. name is the file's name in errors.
func ReadCSV(name string, data []byte) (*File, error) {
	text, err := decodeText(name, data, "")
	if err != nil {
		return nil, err
	}
	text = strings.TrimPrefix(text, "\ufeff")
	text = blankSeparatorLine(text)
	head, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord = -1
	for _, comma := range ";\t" {
		if strings.Count(head, string(comma)) > strings.Count(head, string(in.Comma)) {
			in.Comma = comma
		}
	}
	r := &csvReader{name: name, file: &File{Name: name}, ids: map[string]int{}}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return nil, inputerr.Coded("csv.invalid", "is not valid CSV: {error}", "error", bad.Err).In(name).At(bad.Line).Hint("Open it in a spreadsheet and save it as CSV again")
		}
		if err != nil {
			return nil, err
		}
		at, _ := in.FieldPos(0)
		if err := r.readRow(at, row); err != nil {
			return nil, err
		}
	}
	if len(r.file.entries) == 0 {
		return nil, inputerr.Coded("csv.no_translations", "has no translations").In(name).At(1).Hint("Check that the whole file was saved, including the first line")
	}
	return r.file, nil
}

type csvReader struct {
	name    string
	file    *File
	columns []string
	ids     map[string]int // line by context
}

func (r *csvReader) readRow(line int, row []string) error {
	for n := range row {
		row[n] = unescapeCell(row[n])
	}
	if r.columns == nil {
		return r.readColumns(line, row)
	}
	cell := func(column string) string {
		if n := slices.Index(r.columns, column); n >= 0 && n < len(row) {
			return strings.ReplaceAll(row[n], "\r\n", "\n")
		}
		return ""
	}
	lines := func(column string) []string {
		if text := cell(column); text != "" {
			return strings.Split(text, "\n")
		}
		return nil
	}
	e := entry{line: line, context: strings.TrimSpace(cell("id")), source: cell("source"), previousSource: cell("previous source"),
		translation: cell("translation"), notes: lines("notes"), details: lines("details")}
	if e.context == "" && strings.TrimSpace(e.source+e.translation) == "" {
		return nil
	}
	if isSpreadsheetError(e.translation) && strings.TrimSpace(e.translation) != strings.TrimSpace(e.source) {
		return inputerr.Coded("csv.spreadsheet_error", "has the spreadsheet error {text} instead of a translation", "text", strings.TrimSpace(e.translation)).In(r.name).At(line).
			Hint("Type the translation again, with an apostrophe before it. Nothing was saved")
	}
	e.state = parseState(cell("state"), e.translation)
	if first := r.ids[e.context]; first > 0 && e.context != "" {
		return inputerr.Coded("translation.repeated", "repeats {text} of line {line}", "text", e.context, "line", first).In(r.name).At(line).Hint("Delete one of them")
	}
	r.ids[e.context] = line
	r.file.readHeader(parseDetails(e.details).sheet)
	r.file.entries = append(r.file.entries, e)
	return nil
}

// parseState returns a translation's state from said, the cell of the state column. An unknown word
// means a draft. If target, the text, is empty, the translation is untranslated unless it is
// obsolete.
func parseState(said, target string) translation.State {
	s := translation.State(strings.ToLower(strings.TrimSpace(said)))
	switch {
	case s == translation.Obsolete:
		return s
	case len(splitCues(target)) == 0:
		return translation.Untranslated
	case s == translation.NeedsEditing || s == translation.InReview || s == translation.Approved:
		return s
	}
	return translation.Draft
}

func (r *csvReader) readColumns(line int, row []string) error {
	for _, c := range row {
		r.columns = append(r.columns, columnName(c))
	}
	for _, needed := range []string{"id", "source", "translation"} {
		if !slices.Contains(r.columns, needed) {
			return inputerr.Coded("csv.no_column", "has no column “{column}”", "column", needed, "columns", strings.Join(csvColumns, ", ")).In(r.name).At(line).
				Hint("Restore the first line: {columns}")
		}
	}
	return nil
}
