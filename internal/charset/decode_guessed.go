package charset

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeGuessed decodes raw, which is not valid UTF-8 as a whole, in the most likely encoding, or
// line by line if its lines differ in encoding.
func decodeGuessed(raw string, hint Hint) Text {
	odd, fine := splitByValidity(raw)
	readings := rankCandidates(odd, fine, raw, hint)
	if fine != "" {
		if t, mixed := readings[0].decodeLineByLine(raw); mixed {
			return t
		}
		readings = rankCandidates(odd+fine, "", raw, hint)
	}
	best := readings[0].page
	t := Text{UTF8: best.decode(raw), Encoding: best.name}
	t.Notes = ambiguityNotes(readings, t.UTF8, raw)
	return annotate(t, best, false)
}

// doubtfulMargin is how many nats ahead of the next best reading the best one may be and still
// be in doubt: the other would be right about once in a hundred times.
const doubtfulMargin = 5

// ambiguityNotes returns a note if another page fits nearly as well as the best one and decodes raw
// differently. The note is about the first line that differs. readings are sorted, the best first,
// and text is raw as the best one decodes it.
func ambiguityNotes(readings []candidate, text, raw string) []Note {
	best := readings[0]
	for _, r := range readings[1:] {
		if r.score < best.score-doubtfulMargin {
			break
		}
		if other := r.page.decode(raw); r.page != best.page && other != text {
			differs := 0
			for differs < min(len(text), len(other)) && text[differs] == other[differs] {
				differs++
			}
			line := (&lineCounter{text: text}).lineAt(differs)
			return []Note{newNote(line, DoubtfulEncoding, "encoding", best.page.name, "other", r.page.name)}
		}
	}
	return nil
}

// splitByValidity returns the lines of raw that are not valid UTF-8, and those that are but are not
// ASCII.
func splitByValidity(raw string) (odd, fine string) {
	var o, f strings.Builder
	for rest, more := raw, true; more; {
		var line string
		line, rest, more = CutLine(rest)
		if isASCII(line) {
			continue
		}
		to := &o
		if utf8.ValidString(line) {
			to = &f
		}
		to.WriteString(line)
		to.WriteByte('\n')
	}
	return o.String(), f.String()
}

// validUTF8Bonus is what being valid UTF-8 is worth to a line, in nats.
const validUTF8Bonus = 8

// decodeLineByLine decodes each line of raw as UTF-8 or in r's page, whichever is more likely, or
// as UTF-8 with single bytes in r's page. mixed is false, and t empty, if no line with non-ASCII
// characters is UTF-8.
func (r candidate) decodeLineByLine(raw string) (t Text, mixed bool) {
	var text strings.Builder
	var utf8Lines, pageLines []int // those beyond ASCII
	borrowed := false              // whether a line of UTF-8 holds bytes that were read in r's page
	line := 0
	for rest, more := raw, true; more; {
		var bytes string
		whole := rest
		bytes, rest, more = CutLine(rest)
		line++
		end := whole[len(bytes) : len(whole)-len(rest)]
		if isASCII(bytes) {
			text.WriteString(whole[:len(whole)-len(rest)])
			continue
		}
		patched := r.decodeAsUTF8(bytes)
		if paged := r.page.decode(bytes); r.prefersPage(paged, patched) {
			text.WriteString(paged + end)
			pageLines = append(pageLines, line)
			continue
		}
		text.WriteString(patched.text + end)
		utf8Lines = append(utf8Lines, line)
		if n := patched.borrowed; n > 0 {
			borrowed = true
			t.Notes = append(t.Notes, newNote(line, MixedEncoding+".bytes", "bytes", strconv.Itoa(n), "encoding", r.page.name))
		}
	}
	if len(utf8Lines) == 0 {
		return Text{}, false
	}
	few, is, most := pageLines, r.page.name, utf8Page.name
	if len(pageLines) > len(utf8Lines) {
		few, is, most = utf8Lines, most, is
	}
	for _, n := range few {
		t.Notes = append(t.Notes, newNote(n, MixedEncoding, "encoding", is, "usual", most))
	}
	t.UTF8, t.Encoding = text.String(), "mixed"
	if len(pageLines) == 0 && !borrowed {
		t.Encoding = utf8Page.name
	}
	return annotate(t, utf8Page, false), true
}

// prefersPage reports whether a line is more likely in r's page than in UTF-8. paged is the line
// decoded in the page, p as UTF-8.
func (r candidate) prefersPage(paged string, p utf8Line) bool {
	valid := p.borrowed+p.lost == 0
	switch {
	case p.sequences == 0 && p.lost == 0:
		return true
	case valid && p.sequences > 1 && r.page.single != nil: // never by chance, and quickly told
		return false
	}
	gain := r.model.score(p.text) - r.model.score(paged)
	if valid {
		gain += validUTF8Bonus
	}
	return gain < 0
}

// utf8Line is a line read as UTF-8 in spite of bytes that are none.
type utf8Line struct {
	text      string
	sequences int // characters beyond ASCII that were UTF-8
	borrowed  int // bytes that were not, and were read in a page of single bytes
	lost      int // bytes of characters that were cut off, each of which became U+FFFD
}

// decodeAsUTF8 decodes line as UTF-8. Invalid bytes are decoded in r's page if that is a
// single-byte one; otherwise, and where a character is cut off, they become U+FFFD.
func (r candidate) decodeAsUTF8(line string) (p utf8Line) {
	var b strings.Builder
	for line != "" {
		c, size := utf8.DecodeRuneInString(line)
		switch {
		case c != utf8.RuneError || size > 1:
			if size > 1 {
				p.sequences++
			}
			b.WriteString(line[:size])
		case truncatedRuneLength(line) > 1 || r.page.single == nil:
			size = max(1, truncatedRuneLength(line))
			p.lost += size
			b.WriteRune(utf8.RuneError)
		default:
			p.borrowed++
			b.WriteRune(r.page.single[line[0]])
		}
		line = line[size:]
	}
	p.text = b.String()
	return p
}

// truncatedRuneLength returns how many bytes at the beginning of line are a truncated UTF-8
// sequence, or 0 if they are none. line must not begin with a whole character.
func truncatedRuneLength(line string) int {
	for n := min(3, len(line)); n > 0; n-- {
		if !utf8.FullRuneInString(line[:n]) {
			return n
		}
	}
	return 0
}
