package charset

import (
	"strings"

	"github.com/lectern-av/lectern/internal/message"
)

// English has the sentences of notes by their key: the code and, where a code has several
// sentences, a suffix after a dot. A sentence begins in lower case and has no full stop.
// Keys and the names in braces never change, because translations refer to them.
var English = message.Templates{
	ByteOrderMarks:                "the file begins with several byte-order marks, which were taken off",
	DoubleEncoded:                 "“{text}” looks like “{meant}” encoded twice; it was left as it is",
	DoubtfulEncoding:              "the file was read as {encoding}; it may as well be {other}, in which this line is another",
	MixedEncoding:                 "the line was read as {encoding}, unlike the rest of the file, which is {usual}",
	MixedEncoding + ".bytes":      "the line is UTF-8, but for {bytes} bytes that were read as {encoding}",
	NULCharacters:                 "this line holds NUL characters",
	ReplacementChars:              "this line holds U+FFFD, the sign that characters were lost before the file came here,",
	UnreadableBytes:               "this line holds bytes without a meaning in {encoding} (now U+FFFD)",
	UnreadableBytes + ".controls": "this line holds bytes without a meaning in {encoding} (now control characters)",
}

// newNote returns a note with its English sentence. Pairs are as for [message.New].
func newNote(line int, key string, pairs ...string) Note {
	code, _, _ := strings.Cut(key, ".")
	m := message.New(key, pairs...)
	return Note{Line: line, Code: code, Text: English.Format(m), Detail: m}
}
