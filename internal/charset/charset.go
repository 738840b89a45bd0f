// Package charset decodes text files in any encoding.
//
// Evidence in the file comes first: a byte-order mark, valid UTF-8, the escape sequences of
// ISO-2022-JP, the positions of NULs in UTF-16, the declaration of an XML document. All other
// encodings are guessed, by how well each legacy encoding's reading of the bytes fits a
// language, and the result says that it is a guess. Nothing is dropped: every byte that cannot
// be decoded leaves U+FFFD in the text and a note with its line.
package charset

import (
	"strings"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
)

// Text is a file as text.
type Text struct {
	UTF8     string `json:"-"`        // without byte-order mark; line ends and control characters as they came
	Encoding string `json:"encoding"` // its name at WHATWG, in lower case; "mixed" where lines differ, each with a note
	Certain  bool   `json:"sure"`     // asked for, declared by the bytes or proven by their validity; otherwise guessed
	Notes    []Note `json:"notes"`    // by line
}

// Note is something a person should know about a line of a file.
type Note struct {
	Line int    `json:"line"` // counted from 1, as CutLine cuts; 0: the whole file
	Code string `json:"code"` // one of the codes below
	Text string `json:"text"` // in English; a sentence without its full stop

	Detail message.Message `json:"-"` // the same without words; see [English]
}

// The codes of notes.
const (
	UnreadableBytes  = "unreadable-bytes"  // bytes without a meaning in the encoding became U+FFFD, or a control character
	ReplacementChars = "replacement-chars" // the file itself holds U+FFFD: a character was lost before it came here
	MixedEncoding    = "mixed-encoding"    // the line is in another encoding than most of the file, and was read in that
	DoubleEncoded    = "double-encoded"    // looks like UTF-8 taken for something else and encoded again; left as it is
	NULCharacters    = "nul-characters"    // the line holds NUL characters; left as they are
	DoubtfulEncoding = "doubtful-encoding" // another encoding fits the file nearly as well
	ByteOrderMarks   = "byte-order-marks"  // more than one byte-order mark at the beginning
)

// Hint is what is known of a file from elsewhere.
type Hint struct {
	Language string // BCP 47; "" where unknown
	Encoding string // overrules everything; "" where unknown
}

// Decode returns data, the contents of the file called name, as text. It finds the encoding by
// hint, by what the file declares, by validity, or else by guessing. It returns an *inputerr.Error
// if the encoding that hint names is unknown, or if data is not text.
func Decode(name string, data []byte, hint Hint) (Text, error) {
	raw := string(data)
	if hint.Encoding != "" {
		p, err := lookupPage(hint.Encoding)
		if err != nil {
			err.File = name
			return Text{}, err
		}
		if p == utf16lePage && strings.HasPrefix(raw, "\xFE\xFF") { // "UTF-16" leaves the order to the mark
			p = utf16bePage
		}
		return p.decodeCertain(raw), nil
	}
	if format := binaryFormat(raw); format != "" {
		return Text{}, inputerr.Coded("subtitles.not_text", "is in the format {format}, not text", "format", format).In(name).Hint(uploadTextHint)
	}
	if p := declaredPage(raw); p != nil {
		return p.decodeCertain(raw), nil
	}
	if p := detectUTF16(raw); p != nil {
		return p.decodeCertain(raw), nil
	}
	valid := utf8.ValidString(raw)
	if (!valid || strings.IndexByte(raw, 0) >= 0) && tooManyControls(raw) {
		return Text{}, inputerr.Coded("subtitles.binary", "is binary data, not text").In(name).Hint(uploadTextHint)
	}
	if valid {
		return annotate(Text{UTF8: raw, Encoding: utf8Page.name, Certain: true}, utf8Page, true), nil
	}
	if p := xmlDeclaredPage(raw); p != nil {
		return p.decodeCertain(raw), nil
	}
	return decodeGuessed(raw, hint), nil
}

// uploadTextHint says what to use instead of a file that is no text.
const uploadTextHint = "Upload a subtitle file, or the text saved as UTF-8"

// CutLine splits text after its first line, and returns that line without its end. LF, CR LF, CR,
// and CR CR LF, which some editors leave behind, each end one line. If text has no line end, found
// is false and line is all of text.
func CutLine(text string) (line, after string, found bool) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return text, "", false
	}
	line, after = text[:i], text[i:]
	for _, end := range [...]string{"\n", "\r\n", "\r\r\n", "\r"} {
		if strings.HasPrefix(after, end) {
			return line, after[len(end):], true
		}
	}
	panic("unreachable: a line ends in CR or LF")
}

// lineCounter tells the lines of ascending offsets into a text.
type lineCounter struct {
	text string // what is still to be counted
	from int    // the offset where text begins
	line int    // the line there, counted from 0
}

// lineAt returns the number of the line, from 1, in which the byte at offset is. Offsets must
// ascend from call to call.
func (c *lineCounter) lineAt(offset int) int {
	for {
		_, after, found := CutLine(c.text)
		if !found || offset < c.from+len(c.text)-len(after) {
			return c.line + 1
		}
		c.from += len(c.text) - len(after)
		c.text = after
		c.line++
	}
}
