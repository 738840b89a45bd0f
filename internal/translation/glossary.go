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
	words []string // of the source
	exact bool     // its capitals count
	keep  bool     // in languages without a word of their own
	in    map[string][]string
	note  string
	line  int
}

// kept is a cell that says that a term stays.
const kept = "keep"

// ReadGlossary reads a glossary's CSV, with commas, semicolons or tabs between cells. What
// cannot be read is a [inputerr.Fault] with its line.
func ReadGlossary(name string, data []byte) (*Glossary, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, inputerr.New(name, "is not UTF-8").Try("Save it as CSV in UTF-8")
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
			return nil, inputerr.New(name, "is no CSV: %v", wrong.Err).At(wrong.StartLine).Try("Put a cell with quotation marks in quotation marks, and double those in it")
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if n == 0 {
			err = g.head(line, row)
		} else {
			err = g.row(line, row)
		}
		if err != nil {
			return nil, err
		}
	}
	if g.columns == nil {
		return nil, inputerr.New(name, "is empty").Try("Its first line names the columns: term,es,ja")
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

func (g *glossaryReader) wrong(line int, format string, args ...any) *inputerr.Fault {
	return inputerr.New(g.name, format, args...).At(line)
}

// head reads which columns there are.
func (g *glossaryReader) head(line int, row []string) error {
	if !slices.ContainsFunc(row, func(c string) bool { return strings.EqualFold(c, "term") }) {
		return g.wrong(line, "has no column “term”").Try("Its first line names the columns: term,es,ja")
	}
	for _, c := range row {
		switch lower := strings.ToLower(c); lower {
		case "term", kept, "note":
			c = lower
		default:
			tag, err := subtitle.Language(c)
			if err != nil {
				return g.wrong(line, "has a column “%s”, which is no language", c).Try("Columns are term, keep, note, and languages by BCP 47, such as es or pt-BR")
			}
			c = tag
		}
		if slices.Contains(g.columns, c) {
			return g.wrong(line, "has two columns “%s”", c).Try("Remove one")
		}
		g.columns = append(g.columns, c)
	}
	return nil
}

// row reads a term.
func (g *glossaryReader) row(line int, row []string) error {
	if len(row) > len(g.columns) {
		return g.wrong(line, "has %d cells for %d columns", len(row), len(g.columns)).Try("Put a cell with commas in quotation marks")
	}
	t := term{in: make(map[string][]string), line: line}
	said := ""
	for i, cell := range row {
		switch column := g.columns[i]; column {
		case "term":
			said = cell
			t.words = wordsIn(cell)
			t.exact = strings.ContainsFunc(cell, unicode.IsUpper)
		case "note":
			t.note = cell
		case kept:
			yes, ok := map[string]bool{"": false, "no": false, "yes": true, "x": true, kept: true}[strings.ToLower(cell)]
			if !ok {
				return g.wrong(line, "says “%s” under keep", cell).Try("Say yes where the term stays in every language, or nothing")
			}
			t.keep = yes
		default:
			for way := range strings.SplitSeq(cell, "|") {
				if way = strings.TrimSpace(way); way != "" {
					t.in[column] = append(t.in[column], way)
				}
			}
		}
	}
	before, again := g.lines[said]
	switch {
	case len(t.words) == 0 && strings.Join(row, "") == "":
		return nil
	case len(t.words) == 0:
		return g.wrong(line, "has no term").Try("Write it into the column “term”, or remove the line")
	case again:
		return g.wrong(line, "has the term “%s” again, after line %d", said, before).Try("Remove one of the two; several translations of a term are parted by |")
	case len(t.in) == 0 && !t.keep:
		return g.wrong(line, "says nothing of how “%s” is translated", said).Try("Fill in a language, or say keep")
	}
	g.lines[said] = line
	g.terms = append(g.terms, t)
	return nil
}

// ways are how a term may be said in a language; none: as one likes.
func (t term) ways(tag string) []string {
	for ; tag != ""; tag = parent(tag) {
		if all := t.in[tag]; len(all) > 0 {
			return t.spelled(all)
		}
	}
	if t.keep {
		return t.spelled([]string{kept})
	}
	return nil
}

// parent is a language with one subtag less: pt-BR is Portuguese.
func parent(tag string) string {
	if i := strings.LastIndexByte(tag, '-'); i >= 0 {
		return tag[:i]
	}
	return ""
}

func (t term) spelled(ways []string) (all []string) {
	for _, w := range ways {
		if strings.EqualFold(w, kept) {
			w = t.String()
		}
		all = append(all, w)
	}
	return all
}

// wordsIn is the words of a text; signs within one, as in C++ or node.js, are part of it.
func wordsIn(text string) []string {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) && r != '#' || r == '¿' || r == '¡' })
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// missed is a term that a text says and its translation does not.
type missed struct {
	term string
	ways []string
	note string
}

// missed are the terms of source that are in none of the translated texts as they should
// be. Of terms that are part of each other the longer counts.
func (g *Glossary) missed(source, translated, tag string) (all []missed) {
	if g == nil {
		return nil
	}
	words := wordsIn(source)
	for _, t := range g.terms {
		if !t.takeFrom(words) {
			continue
		}
		ways := t.ways(tag)
		said := func(way string) bool {
			if way == t.String() {
				return t.stays(translated)
			}
			return says(translated, way)
		}
		if len(ways) > 0 && !slices.ContainsFunc(ways, said) {
			all = append(all, missed{t.String(), ways, t.note})
		}
	}
	return all
}

// takeFrom reports whether a term is among words, and takes it from them.
func (t term) takeFrom(words []string) (found bool) {
	for i := 0; i+len(t.words) <= len(words); i++ {
		n := 0
		for n < len(t.words) && t.is(words[i+n], t.words[n]) {
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

// stays reports whether a text has the term as it is.
func (t term) stays(text string) bool {
	text, word := strings.Join(strings.Fields(text), " "), t.String()
	if !t.exact {
		text, word = strings.ToLower(text), strings.ToLower(word)
	}
	return contains(text, word) || contains(text, word+"s")
}

// is reports whether a word is one of the term's, or its plural or genitive.
func (t term) is(word, of string) bool {
	if !t.exact {
		word, of = strings.ToLower(word), strings.ToLower(of)
	}
	if word == of {
		return true
	}
	rest, ok := strings.CutPrefix(word, of)
	return ok && slices.Contains([]string{"s", "es", "'s", "’s", "s'", "s’"}, rest)
}

// says reports whether a text has a wording, in any inflection and order of its words. In
// scripts without spaces it has to be there as it is.
func says(text, wording string) bool {
	if unspaced(wording) {
		return strings.Contains(strings.ToLower(squeezed(text)), strings.ToLower(squeezed(wording)))
	}
	words := wordsIn(strings.ToLower(text))
	for _, w := range wordsIn(strings.ToLower(wording)) {
		if !slices.ContainsFunc(words, func(v string) bool { return inflected(v, w) }) {
			return false
		}
	}
	return true
}

// unspaced reports whether a text is in a script whose words have no spaces between them.
func unspaced(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	})
}

// inflected reports whether a word is another, perhaps in another form or as part of a
// longer one: all but the last third of it is there, and three letters at least.
func inflected(word, of string) bool {
	r := []rune(of)
	if len(r) <= 3 {
		return strings.HasPrefix(word, of) && utf8.RuneCountInString(word) <= len(r)+3
	}
	stem := max(3, (2*len(r)+2)/3)
	i := strings.Index(word, string(r[:stem]))
	return i == 0 || i > 0 && stem >= 5
}
