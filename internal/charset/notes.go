package charset

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const byteOrderMark = "\uFEFF"

// annotate takes the byte-order mark off t's text, which was read in page p, and notes
// what is odd about it, line by line. The bytes were clean if all of them were in p.
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

// unreadableNotes notes the lines of text with U+FFFD, and with the control characters that stand
// for bytes of p without a meaning.
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

// notesPerLine notes each line of text that holds sign, with how many.
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

// notesPerLineFunc notes each line of text that holds a character that is odd.
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

// addNote adds a note about a line, unless the last one is about the same line.
func addNote(notes []Note, line int, key string, pairs ...string) []Note {
	if n := len(notes); n > 0 && notes[n-1].Line == line {
		return notes
	}
	return append(notes, newNote(line, key, pairs...))
}

// doubleEncodedNotes notes the lines of text that look like UTF-8 which was read as
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

// decodeTwiceEncoded is the beginning of text that is one character encoded twice, and that
// character; 0 if there is none that subtitles are likely to hold.
func decodeTwiceEncoded(text string) (seen string, meant rune) {
	var bytes []byte
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
			return "", 0
		}
		bytes = append(bytes, b)
		seen = text[:i+utf8.RuneLen(r)]
	}
	r, size := utf8.DecodeRune(bytes)
	if size < 2 || size != len(bytes) || r == utf8.RuneError {
		return "", 0
	}
	switch {
	case 0xA0 <= r && r < 0x180, 0x386 <= r && r < 0x460, 0x2010 <= r && r < 0x2040, r == 0x20AC, r == 0x2122, 0x3040 <= r && r < 0xA000, 0xAC00 <= r && r < 0xD7B0:
		return seen, r
	}
	return "", 0
}
