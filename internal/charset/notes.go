package charset

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const byteOrderMark = "\uFEFF"

// annotate removes byte-order marks from the beginning of t's text, which was decoded in page p,
// and adds notes on lines with lost, odd or doubly encoded characters. The notes are sorted by
// line. clean says that all bytes were valid in p, so that any U+FFFD was in the file itself.
func annotate(t Text, p *codePage, clean bool) Text {
	if after, marked := strings.CutPrefix(t.UTF8, byteOrderMark); marked {
		t.UTF8 = strings.TrimLeft(after, byteOrderMark)
		if len(t.UTF8) < len(after) {
			t.Notes = append(t.Notes, newNote(1, ByteOrderMarks))
		}
	}
	t.Notes = append(t.Notes, unreadableNotes(t.UTF8, p, clean)...)
	t.Notes = append(t.Notes, notesPerLine(t.UTF8, "\x00", NULCharacters)...)
	if p == utf8Page {
		t.Notes = append(t.Notes, doubleEncodedNotes(t.UTF8)...)
	}
	slices.SortStableFunc(t.Notes, func(a, b Note) int { return a.Line - b.Line })
	return t
}

// unreadableNotes returns notes on the lines of text with U+FFFD, and with control characters that
// stand for bytes that p does not define. clean says that p defines all bytes, so that U+FFFD was
// in the file.
func unreadableNotes(text string, p *codePage, clean bool) []Note {
	if clean {
		return notesPerLine(text, "\uFFFD", ReplacementChars)
	}
	notes := notesPerLine(text, "\uFFFD", UnreadableBytes, "encoding", p.name)
	if p.single != nil {
		notes = append(notes, notesPerLineFunc(text, isC1, UnreadableBytes+".controls", "encoding", p.name)...)
	}
	return notes
}

func isC1(r rune) bool { return 0x80 <= r && r < 0xA0 }

// notesPerLine returns one note on each line of text that contains sign. key and pairs are those of
// the note.
func notesPerLine(text, sign, key string, pairs ...string) (notes []Note) {
	lines := lineCounter{text: text}
	for at := 0; ; {
		i := strings.Index(text[at:], sign)
		if i < 0 {
			return notes
		}
		notes = addNote(notes, lines.lineAt(at+i), key, pairs...)
		at += i + len(sign)
	}
}

// notesPerLineFunc returns one note on each line of text with a character for which odd is true.
// key and pairs are those of the note.
func notesPerLineFunc(text string, odd func(rune) bool, key string, pairs ...string) (notes []Note) {
	lines := lineCounter{text: text}
	for at := 0; ; {
		i := strings.IndexFunc(text[at:], odd)
		if i < 0 {
			return notes
		}
		notes = addNote(notes, lines.lineAt(at+i), key, pairs...)
		_, size := utf8.DecodeRuneInString(text[at+i:])
		at += i + size
	}
}

// addNote returns notes with one about line appended, unless the last one is about the same line.
func addNote(notes []Note, line int, key string, pairs ...string) []Note {
	if n := len(notes); n > 0 && notes[n-1].Line == line {
		return notes
	}
	return append(notes, newNote(line, key, pairs...))
}

// doubleEncodedNotes returns notes on the lines of text that look like UTF-8 that was decoded as
// windows-1252 and encoded again, such as "cafÃ©".
func doubleEncodedNotes(text string) (notes []Note) {
	lines := lineCounter{text: text}
	for at := 0; at < len(text); {
		i := strings.IndexByte(text[at:], 0xC3) // Ã, Â, â, Ð, Ñ and the like all begin with it
		if i < 0 {
			break
		}
		at += i
		seen, meant := decodeTwiceEncoded(text[at:])
		if meant == 0 || at > 0 && 'A' <= text[at-1] && text[at-1] <= 'Z' {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
			continue
		}
		if line := lines.lineAt(at); len(notes) == 0 || notes[len(notes)-1].Line != line {
			notes = append(notes, newNote(line, DoubleEncoded, "text", seen, "meant", string(meant)))
		}
		at += len(seen)
	}
	return notes
}

// decodeTwiceEncoded returns the start of text that is one character encoded twice, and that
// character: "Ã©l" gives "Ã©" and 'é'. If text does not start with one that subtitles are likely to
// contain, the character is 0.
func decodeTwiceEncoded(text string) (seen string, meant rune) {
	seen, bytes := windows1252Bytes(text)
	r, size := utf8.DecodeRune(bytes)
	if size < 2 || size != len(bytes) || r == utf8.RuneError || !unicode.Is(doubleEncodable, r) {
		return "", 0
	}
	return seen, r
}

// windows1252Bytes encodes the beginning of text in windows-1252, until the bytes are one whole
// character of UTF-8 or text ends. It returns those bytes and the part of text that they encode. If
// that part has an ASCII character or one that windows-1252 lacks, it returns nothing.
func windows1252Bytes(text string) (seen string, bytes []byte) {
	for i, r := range text {
		if len(bytes) > 0 && utf8.FullRune(bytes) {
			seen = text[:i]
			break
		}
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok && isC1(r) {
			b, ok = byte(r), true
		}
		if !ok || b < 0x80 || len(bytes) == 4 {
			return "", nil
		}
		bytes = append(bytes, b)
		seen = text[:i+utf8.RuneLen(r)]
	}
	return seen, bytes
}

// doubleEncodable holds the characters that subtitles are likely to contain.
var doubleEncodable = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x00A0, Hi: 0x017F, Stride: 1}, // Latin-1 and Latin Extended-A
	{Lo: 0x0386, Hi: 0x045F, Stride: 1}, // Greek and Cyrillic
	{Lo: 0x2010, Hi: 0x203F, Stride: 1}, // dashes, quotation marks, ellipsis
	{Lo: 0x20AC, Hi: 0x20AC, Stride: 1}, // €
	{Lo: 0x2122, Hi: 0x2122, Stride: 1}, // ™
	{Lo: 0x3040, Hi: 0x9FFF, Stride: 1}, // kana and Han
	{Lo: 0xAC00, Hi: 0xD7AF, Stride: 1}, // Hangul
}}
