package subtitle

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// stlFile is an EBU STL file while it is read. What others call a line is here the
// number of a block.
type stlFile struct {
	*parser
	rate       timeline.Rate
	table      *charmap.Charmap // nil: ISO 6937
	start      timecode         // of the programme
	builder    textBuilder
	cumulative []int // the cues of a cumulative set, whose last is still to come
}

// stlTables are the character tables of EBU STL other than ISO 6937.
var stlTables = map[string]struct {
	table *charmap.Charmap
	name  string
}{
	"01": {charmap.ISO8859_5, "iso-8859-5"},
	"02": {charmap.ISO8859_6, "iso-8859-6"},
	"03": {charmap.ISO8859_7, "iso-8859-7"},
	"04": {charmap.ISO8859_8, "iso-8859-8"},
}

// readEBU reads EBU STL, the exchange format of the European Broadcasting Union (Tech 3264-E,
// 1991). Lines in diagnostics are numbers of blocks.
func readEBU(p *parser, data []byte) error {
	f := stlFile{parser: p, rate: rate25}
	f.readHeader(parseSTLHeader(data))
	if rest := (len(data) - gsiSize) % ttiSize; rest != 0 {
		p.add(len(data[gsiSize:])/ttiSize+1, "truncated", "bytes", rest)
	}
	var text []byte
	first := 0 // the number of the first block of a subtitle, from 1
	blocks := ttiBlocks(data)
	for i, b := range blocks {
		switch {
		case b.isUserData():
			p.add(i+1, "comment.user-data")
			continue
		case b.isComment():
			p.add(i+1, "comment", "text", f.commentText(b.text(), i+1))
			continue
		}
		if first == 0 {
			first = i + 1
		}
		text = append(text, b.text()...)
		if extendedBy(blocks, i) {
			continue
		}
		if err := f.readSubtitle(blocks[first-1], text, first); err != nil {
			return err
		}
		text, first = text[:0], 0
	}
	return nil
}

// readHeader sets the frame rate, the character table and the start of the programme from the
// header. An unknown frame rate is reported and read as 25.
func (f *stlFile) readHeader(h stlHeader) {
	switch h.frameRate {
	case "25":
	case "30":
		f.rate = rate30
	default:
		f.add(1, "frame-rate-guessed.ebu", "text", h.frameRate)
	}
	f.doc.Encoding = "iso-6937"
	if t, ok := stlTables[h.characterTable]; ok {
		f.table, f.doc.Encoding = t.table, t.name
	}
	f.readProgrammeStart(h.programmeStart)
}

// readProgrammeStart sets the start of the programme, from which times count, if s is a timecode
// other than zero.
func (f *stlFile) readProgrammeStart(s string) {
	if len(s) != 8 || strings.Trim(s, "0123456789") != "" || s == "00000000" {
		return
	}
	f.start, _ = parseTimecode(s[:2] + ":" + s[2:4] + ":" + s[4:6] + ":" + s[6:])
}

func (f *stlFile) commentText(b []byte, line int) string {
	text, _ := f.readText(b, line)
	return strings.ReplaceAll(text, "\n", " ")
}

// readSubtitle reads a subtitle, and adds it to the document. head is its first block, whose number
// is line; text is that of all its blocks. One without text is reported and left out.
func (f *stlFile) readSubtitle(head ttiBlock, text []byte, line int) error {
	in, out := head.timeIn(), head.timeOut()
	if in.h > 23 || out.h > 23 || in.m > 59 || in.s > 59 || out.m > 59 || out.s > 59 {
		f.add(line, "time-range.timecode", "time", in)
	}
	c := conference.Cue{Line: line, Start: in.duration(f.rate, false), End: out.duration(f.rate, false)}
	if from := f.start.duration(f.rate, false); from > 0 && c.Start >= from {
		f.addOnce(line, "programme-start", "time", timeline.FormatClock(from))
		c.Start, c.End = c.Start-from, c.End-from
	}
	c.Text, c.Spans = f.readText(text, line)
	if isBlank(c.Text) {
		f.addLoss(line, "empty-cue.ebu")
		return nil
	}
	c.Position = stlPlace(head.verticalRow(), head.justification(), strings.Count(c.Text, "\n")+1)
	f.doc.Cues = append(f.doc.Cues, c)
	f.extendCumulative(head.cumulative())
	if len(f.doc.Cues) > 1<<26 {
		return inputerr.Coded("subtitles.too_many", "has too many subtitles").In(f.name).At(line)
	}
	return nil
}

// extendCumulative makes the parts of a cumulative set, which are added one after the other, stay
// until the last one ends. status is that of the cue that was added last: 1 begins a set, 2
// continues it, 3 ends it.
func (f *stlFile) extendCumulative(status byte) {
	n := len(f.doc.Cues) - 1
	switch status {
	case 1:
		f.cumulative = append(f.cumulative[:0], n)
	case 2, 3:
		for _, i := range f.cumulative {
			f.doc.Cues[i].End = max(f.doc.Cues[i].End, f.doc.Cues[n].End)
		}
		f.cumulative = append(f.cumulative, n)
		if status == 3 {
			f.cumulative = f.cumulative[:0]
		}
	default:
		f.cumulative = f.cumulative[:0]
	}
}

// stlPlace returns the place of a subtitle, numbered as on a numeric keypad, from its vertical
// position in 23 rows, its justification code and its number of lines.
func stlPlace(row, justify byte, lines int) int {
	col := 1
	switch justify {
	case 1:
		col = 0
	case 3:
		col = 2
	}
	r := 2
	if middle := float64(row) + float64(lines)/2; row > 0 && row < 24 {
		r = horizontalThird(middle / 24)
	}
	return normalizePlace(7 - 3*r + col)
}

// teletextColours are the colours of the control codes 00 to 07; white is the player's own.
var teletextColours = [8]string{"#000000", "#ff0000", "#00ff00", "#ffff00", "#0000ff", "#ff00ff", "#00ffff", ""}

// readText returns the text and the styled spans of a text field. line is the number of its block.
func (f *stlFile) readText(b []byte, line int) (string, []conference.Span) {
	var look conference.Span
	f.builder.applyStyle(look)
	mark := rune(0) // a diacritic, which comes before its letter
	for _, c := range b {
		switch {
		case c == 0x8f:
			continue
		case c == 0x8a:
			look.Colour = ""
			f.builder.newline()
		case c == 0x80 || c == 0x81:
			look.Italic = c == 0x80
		case c == 0x82 || c == 0x83:
			look.Underline = c == 0x82
		case c < 0x20:
			if c < 8 {
				look.Colour = teletextColours[c]
			}
			f.writeSpace()
		case c < 0xa0 && c >= 0x7f:
		default:
			mark = f.writeLetter(c, mark, line)
			continue
		}
		f.builder.applyStyle(look)
	}
	return f.builder.finish()
}

// writeSpace writes a space in place of a control code, as teletext shows it, unless there is one
// or the line has just begun.
func (f *stlFile) writeSpace() {
	if n := len(f.builder.text); n > 0 && f.builder.text[n-1] != ' ' && f.builder.text[n-1] != '\n' {
		f.builder.write(" ")
	}
}

// writeLetter writes a character, combined with the diacritic mark that came before it, if that is
// not 0. It returns the diacritic for the next character if c itself is one.
func (f *stlFile) writeLetter(c byte, mark rune, line int) (next rune) {
	r := decodeISO6937(c)
	if f.table != nil {
		r = f.table.DecodeByte(c)
	} else if c >= 0xc0 && c <= 0xcf {
		return diacritics[c-0xc0]
	}
	if r == utf8.RuneError {
		f.add(line, "unreadable-bytes.ebu", "byte", fmt.Sprintf("%02X", c))
	}
	if r == 0xad { // an invisible hyphen
		return mark
	}
	s := string(r)
	if mark != 0 {
		s = norm.NFC.String(s + string(mark))
	}
	f.builder.write(s)
	return 0
}

// decodeISO6937 decodes a character of ISO 6937, with the changes of EBU's table 00. c must be
// below 0x80 or at least 0xa0. One without a meaning is utf8.RuneError.
func decodeISO6937(c byte) rune {
	switch {
	case c == 0x24:
		return '¤'
	case c < 0x80:
		return rune(c)
	}
	return iso6937Upper[c-0xa0]
}

var iso6937Upper = func() (t [96]rune) {
	const gap = utf8.RuneError
	copy(t[:], []rune("\u00a0¡¢£$¥#§¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿"))
	copy(t[0x30:], []rune{'―', '¹', '®', '©', '™', '♪', '¬', '¦', gap, gap, gap, gap, '⅛', '⅜', '⅝', '⅞'})
	copy(t[0x40:], []rune{'Ω', 'Æ', 'Đ', 'ª', 'Ħ', gap, 'Ĳ', 'Ŀ', 'Ł', 'Ø', 'Œ', 'º', 'Þ', 'Ŧ', 'Ŋ', 'ŉ'})
	copy(t[0x50:], []rune{'ĸ', 'æ', 'đ', 'ð', 'ħ', 'ı', 'ĳ', 'ŀ', 'ł', 'ø', 'œ', 'ß', 'þ', 'ŧ', 'ŋ', '\u00ad'})
	return t
}()

// diacritics are those of C0 to CF; 0 where there is none.
var diacritics = [16]rune{0, 0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x308, 0x30a, 0x327, 0x332, 0x30b, 0x328, 0x30c}
