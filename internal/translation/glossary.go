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

// Glossary is how a conference wants its terms to be translated.
//
// It is a table with the columns term, one for each language by its BCP 47 tag, and, as
// one likes, keep and note. A cell says how the term is called in that language; several
// ways are parted by |. Instead it may say keep: the term stays as it is in that language.
// A yes under keep says so of all languages that have no word of their own. An empty cell
// asks for nothing. A term with a capital is meant only where it is written so (Go is a
// language, go is not); one without, however it is written.
type Glossary struct {
	terms []term
}

// term is one line of a glossary.
type term struct {
	words        []string // of the source
	exact        bool     // its capitals count
	keep         bool     // in languages without a word of their own
	translations map[string][]string
	note         string
	line         int
}

// keepCell is a cell that says that a term stays.
const keepCell = "keep"

// ReadGlossary reads a glossary's CSV, with commas, semicolons or tabs between cells. What
// cannot be read is a [inputerr.Fault] with its line.
func ReadGlossary(name string, data []byte) (*Glossary, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, inputerr.New(name, "is not UTF-8").Hint("Save it as CSV in UTF-8")
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
			return nil, inputerr.New(name, "is no CSV: %v", wrong.Err).At(wrong.StartLine).Hint("Put a cell with quotation marks in quotation marks, and double those in it")
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
		return nil, inputerr.New(name, "is empty").Hint("Its first line names the columns: term,es,ja")
	}
	slices.SortStableFunc(g.terms, func(a, b term) int { return cmp.Compare(len(b.words), len(a.words)) })
	return &Glossary{g.terms}, nil
}

type glossaryReader struct {
	name    string
	columns []string // term, keep, note, or a canonical language
	lines   map[string]int
	terms   []term
}

func (g *glossaryReader) errorAt(line int, format string, args ...any) *inputerr.Error {
	return inputerr.New(g.name, format, args...).At(line)
}

// readColumns reads which columns there are.
func (g *glossaryReader) readColumns(line int, row []string) error {
	if !slices.ContainsFunc(row, func(c string) bool { return strings.EqualFold(c, "term") }) {
		return g.errorAt(line, "has no column “term”").Hint("Its first line names the columns: term,es,ja")
	}
	for _, c := range row {
		switch lower := strings.ToLower(c); lower {
		case "term", keepCell, "note":
			c = lower
		default:
			tag, err := subtitle.CanonicalLanguage(c)
			if err != nil {
				return g.errorAt(line, "has a column “%s”, which is no language", c).Hint("Columns are term, keep, note, and languages by BCP 47, such as es or pt-BR")
			}
			c = tag
		}
		if slices.Contains(g.columns, c) {
			return g.errorAt(line, "has two columns “%s”", c).Hint("Remove one")
		}
		g.columns = append(g.columns, c)
	}
	return nil
}

// readRow reads a term.
func (g *glossaryReader) readRow(line int, row []string) error {
	if len(row) > len(g.columns) {
		return g.errorAt(line, "has %d cells for %d columns", len(row), len(g.columns)).Hint("Put a cell with commas in quotation marks")
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
				return g.errorAt(line, "says “%s” under keep", cell).Hint("Say yes where the term stays in every language, or nothing")
			}
			t.keep = yes
		default:
			for way := range strings.SplitSeq(cell, "|") {
				if way = strings.TrimSpace(way); way != "" {
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
		return g.errorAt(line, "has no term").Hint("Write it into the column “term”, or remove the line")
	case again:
		return g.errorAt(line, "has the term “%s” again, after line %d", said, before).Hint("Remove one of the two; several translations of a term are parted by |")
	case len(t.translations) == 0 && !t.keep:
		return g.errorAt(line, "says nothing of how “%s” is translated", said).Hint("Fill in a language, or say keep")
	}
	g.lines[said] = line
	g.terms = append(g.terms, t)
	return nil
}

// wordings are how a term may be said in a language; none: as one likes.
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

// parentTag is a language with one subtag less: pt-BR is Portuguese.
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

// textWords is the words of a text; signs within one, as in C++ or node.js, are part of it.
func textWords(text string) []string {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) && r != '#' || r == '¿' || r == '¡' })
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// missedTerm is a term that a text says and its translation does not.
type missedTerm struct {
	term     string
	wordings []string
	note     string
}

// missedTerms are the terms of source that are in none of the translated texts as they should
// be. Of terms that are part of each other the longer counts.
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

// consume reports whether a term is among words, and takes it from them.
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

// String is the term as the glossary has it.
func (t term) String() string { return strings.Join(t.words, " ") }

// keptIn reports whether a text has the term as it is.
func (t term) keptIn(text string) bool {
	text, word := strings.Join(strings.Fields(text), " "), t.String()
	if !t.exact {
		text, word = strings.ToLower(text), strings.ToLower(word)
	}
	return containsWord(text, word) || containsWord(text, word+"s")
}

// matchesWord reports whether a word is one of the term's, or its plural or genitive.
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

// containsWording reports whether a text has a wording, in any inflection and order of its words. In
// scripts without spaces it has to be there as it is.
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

// hasNoSpaces reports whether a text is in a script whose words have no spaces between them.
func hasNoSpaces(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	})
}

// sameStem reports whether a word is another, perhaps in another form or as part of a
// longer one: all but the last third of it is there, and three letters at least.
func sameStem(word, of string) bool {
	r := []rune(of)
	if len(r) <= 3 {
		return strings.HasPrefix(word, of) && utf8.RuneCountInString(word) <= len(r)+3
	}
	stem := max(3, (2*len(r)+2)/3)
	i := strings.Index(word, string(r[:stem]))
	return i == 0 || i > 0 && stem >= 5
}
