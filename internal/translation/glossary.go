package translation

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// Glossary says how a conference wants its terms to be translated.
//
// It is read from a table with a column term, one column per language named by its BCP 47 tag,
// and optional columns keep and note. A cell holds the translation of the term; alternatives
// are separated by |. The cell "keep" says that the term is not translated in that language,
// and a yes in column keep says so for all languages without a translation of their own. Empty
// cells ask for nothing. A term with a capital letter matches only in that spelling (Go is a
// language, go is not); others match in any case.
type Glossary struct {
	terms []term
}

// term is one line of a glossary.
type term struct {
	words        []string // of the term in the source language
	exact        bool     // case matters
	keep         bool     // untranslated where in has no wording
	translations map[string][]string
	note         string
	line         int
}

// keepCell is the cell that says that a term is not translated.
const keepCell = "keep"

// ReadGlossary reads a glossary from CSV with commas, semicolons or tabs, in UTF-8. A mistake in it
// is an [inputerr.Error] with the line. name is the file's name in errors.
func ReadGlossary(name string, data []byte) (*Glossary, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, inputerr.Coded("glossary.not_utf8", "is not UTF-8").In(name).Hint("Save it as CSV in UTF-8")
	}
	first, _, _ := strings.Cut(string(data), "\n")
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = ','
	for _, c := range ";\t" {
		if strings.Count(first, string(c)) > strings.Count(first, string(r.Comma)) {
			r.Comma = c
		}
	}
	r.FieldsPerRecord = -1
	g := &glossaryReader{name: name, lines: make(map[string]int)}
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return nil, inputerr.Coded("glossary.invalid", "is not valid CSV: {error}", "error", wrong.Err).In(name).At(wrong.StartLine).Hint("Enclose cells that contain quotation marks in quotation marks, and double the inner ones")
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if n == 0 {
			err = g.readColumns(line, row)
		} else {
			err = g.readRow(line, row)
		}
		if err != nil {
			return nil, err
		}
	}
	if g.columns == nil {
		return nil, inputerr.Coded("glossary.no_terms", "is empty").In(name).Hint("The first line must name the columns, such as term,es,ja")
	}
	slices.SortStableFunc(g.terms, func(a, b term) int { return cmp.Compare(len(b.words), len(a.words)) })
	return &Glossary{g.terms}, nil
}

type glossaryReader struct {
	name    string
	columns []string // term, keep, note, or a language tag
	lines   map[string]int
	terms   []term
}

// readColumns reads the first line, which names the columns. One of them must be term.
func (g *glossaryReader) readColumns(line int, row []string) error {
	if !slices.ContainsFunc(row, func(c string) bool { return strings.EqualFold(c, "term") }) {
		return inputerr.Coded("glossary.no_term_column", "has no column “term”").In(g.name).At(line).Hint("The first line must name the columns, such as term,es,ja")
	}
	for _, c := range row {
		switch lower := strings.ToLower(c); lower {
		case "term", keepCell, "note":
			c = lower
		default:
			tag, err := subtitle.CanonicalLanguage(c)
			if err != nil {
				return inputerr.Coded("glossary.column_unknown", "has a column “{column}”, which is not a language", "column", c).In(g.name).At(line).Hint("Use the columns term, keep, note, and BCP 47 languages such as es or pt-BR")
			}
			c = tag
		}
		if slices.Contains(g.columns, c) {
			return inputerr.Coded("glossary.column_repeated", "has two columns “{column}”", "column", c).In(g.name).At(line).Hint("Remove one of them")
		}
		g.columns = append(g.columns, c)
	}
	return nil
}

// readRow reads a line with a term, and adds it. An empty line is ignored.
func (g *glossaryReader) readRow(line int, row []string) error {
	if len(row) > len(g.columns) {
		return inputerr.Coded("glossary.too_many_cells", "has {cells} cells for {columns} columns", "cells", len(row), "columns", len(g.columns)).In(g.name).At(line).Hint("Enclose cells that contain commas in quotation marks")
	}
	t := term{translations: make(map[string][]string), line: line}
	said := ""
	for i, cell := range row {
		switch column := g.columns[i]; column {
		case "term":
			said = cell
			t.words = textWords(cell)
			t.exact = strings.ContainsFunc(cell, unicode.IsUpper)
		case "note":
			t.note = cell
		case keepCell:
			yes, ok := map[string]bool{"": false, "no": false, "yes": true, "x": true, keepCell: true}[strings.ToLower(cell)]
			if !ok {
				return inputerr.Coded("glossary.keep_unknown", "has “{text}” in column keep", "text", cell).In(g.name).At(line).Hint("Write yes if the term is not translated, or leave the cell empty")
			}
			t.keep = yes
		default:
			for way := range strings.SplitSeq(cell, "|") {
				way = strings.TrimSpace(way)
				if way != "" {
					t.translations[column] = append(t.translations[column], way)
				}
			}
		}
	}
	before, again := g.lines[said]
	switch {
	case len(t.words) == 0 && strings.Join(row, "") == "":
		return nil
	case len(t.words) == 0:
		return inputerr.Coded("glossary.no_term", "has no term").In(g.name).At(line).Hint("Fill in the column “term”, or delete the line")
	case again:
		return inputerr.Coded("glossary.term_repeated", "repeats the term “{term}” of line {line}", "term", said, "line", before).In(g.name).At(line).Hint("Remove one of them. Separate several translations of a term with |")
	case len(t.translations) == 0 && !t.keep:
		return inputerr.Coded("glossary.no_translation", "has no translation of “{term}”", "term", said).In(g.name).At(line).Hint("Fill in a language, or set keep to yes")
	}
	g.lines[said] = line
	g.terms = append(g.terms, t)
	return nil
}

// wordings returns the allowed translations of a term into a language. It tries the tag, then
// shorter ones (pt for pt-BR). There are none if any translation is allowed.
func (t term) wordings(tag string) []string {
	for ; tag != ""; tag = parentTag(tag) {
		if all := t.translations[tag]; len(all) > 0 {
			return t.resolveKeep(all)
		}
	}
	if t.keep {
		return t.resolveKeep([]string{keepCell})
	}
	return nil
}

// parentTag returns a language tag without its last subtag: pt for pt-BR, "" for pt.
func parentTag(tag string) string {
	if i := strings.LastIndexByte(tag, '-'); i >= 0 {
		return tag[:i]
	}
	return ""
}

func (t term) resolveKeep(ways []string) (all []string) {
	for _, w := range ways {
		if strings.EqualFold(w, keepCell) {
			w = t.String()
		}
		all = append(all, w)
	}
	return all
}

// textWords returns the words of a text without punctuation around them. Signs within a word, as in
// node.js, and a # belong to it.
func textWords(text string) []string {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) && r != '#' || r == '¿' || r == '¡' })
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// missedTerm is a term of the source whose wording is not in the translation.
type missedTerm struct {
	term     string
	wordings []string
	note     string
}

// missedTerms returns the terms that are in source, but of whose wordings in the language tag none
// is in translated. Terms without a wording in that language are never missed. If terms overlap in
// the source, the longer one counts. The nil glossary has no terms.
func (g *Glossary) missedTerms(source, translated, tag string) (all []missedTerm) {
	if g == nil {
		return nil
	}
	words := textWords(source)
	for _, t := range g.terms {
		if !t.consume(words) {
			continue
		}
		ways := t.wordings(tag)
		said := func(way string) bool {
			if way == t.String() {
				return t.keptIn(translated)
			}
			return containsWording(translated, way)
		}
		if len(ways) > 0 && !slices.ContainsFunc(ways, said) {
			all = append(all, missedTerm{t.String(), ways, t.note})
		}
	}
	return all
}

// consume reports whether the term is among words, and blanks it out there, so that shorter terms
// do not match it again.
func (t term) consume(words []string) (found bool) {
	for i := 0; i+len(t.words) <= len(words); i++ {
		n := 0
		for n < len(t.words) && t.matchesWord(words[i+n], t.words[n]) {
			n++
		}
		if n == len(t.words) {
			found = true
			clear(words[i : i+n])
		}
	}
	return found
}

func (t term) String() string { return strings.Join(t.words, " ") }

// keptIn reports whether a text contains the term itself, untranslated, possibly with an s.
func (t term) keptIn(text string) bool {
	text, word := strings.Join(strings.Fields(text), " "), t.String()
	if !t.exact {
		text, word = strings.ToLower(text), strings.ToLower(word)
	}
	return containsWord(text, word) || containsWord(text, word+"s")
}

// matchesWord reports whether word is of, one of the term's words, or its plural or genitive.
func (t term) matchesWord(word, of string) bool {
	if !t.exact {
		word, of = strings.ToLower(word), strings.ToLower(of)
	}
	if word == of {
		return true
	}
	rest, ok := strings.CutPrefix(word, of)
	return ok && slices.Contains([]string{"s", "es", "'s", "’s", "s'", "s’"}, rest)
}

// containsWording reports whether a text contains all words of a wording, in any order and probably
// in any inflection. In scripts without spaces it must contain the wording unchanged.
func containsWording(text, wording string) bool {
	if hasNoSpaces(wording) {
		return strings.Contains(strings.ToLower(removeSpaces(text)), strings.ToLower(removeSpaces(wording)))
	}
	words := textWords(strings.ToLower(text))
	for _, w := range textWords(strings.ToLower(wording)) {
		if !slices.ContainsFunc(words, func(v string) bool { return sameStem(v, w) }) {
			return false
		}
	}
	return true
}

// hasNoSpaces reports whether a text has characters of a script that is written without spaces
// between words.
func hasNoSpaces(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	})
}

// sameStem reports whether word is probably a form or a compound of of. It must contain the first
// two thirds of it, at least three letters; words of up to three letters must be its beginning.
func sameStem(word, of string) bool {
	r := []rune(of)
	if len(r) <= 3 {
		return strings.HasPrefix(word, of) && utf8.RuneCountInString(word) <= len(r)+3
	}
	stem := max(3, (2*len(r)+2)/3)
	i := strings.Index(word, string(r[:stem]))
	return i == 0 || i > 0 && stem >= 5
}
