package charset

import (
	"strings"

	"github.com/lectern-av/lectern/internal/message"
)

// English has the sentences of notes by their key: the code and, where a code has several
// sentences, a suffix after a dot. A sentence begins in lower case and has no full stop.
// Keys and the names in braces never change, because translations refer to them.
var English = message.Templates{
	ByteOrderMarks:                "the file starts with several byte-order marks; they were removed",
	DoubleEncoded:                 "“{text}” looks like “{meant}” encoded twice; it was not changed",
	DoubtfulEncoding:              "the file was read as {encoding}, but could also be {other}, in which this line reads differently",
	MixedEncoding:                 "this line was read as {encoding}, the rest of the file as {usual}",
	MixedEncoding + ".bytes":      "this line is UTF-8, except for {bytes} bytes that were read as {encoding}",
	NULCharacters:                 "this line contains NUL characters",
	ReplacementChars:              "this line contains U+FFFD, which marks characters that were lost before you uploaded the file",
	UnreadableBytes:               "this line contains bytes that are undefined in {encoding}; they became U+FFFD",
	UnreadableBytes + ".controls": "this line contains bytes that are undefined in {encoding}; they became control characters",
}

// newNote returns a note with its English sentence. key is the code, possibly with a suffix after a
// dot. pairs are as for [message.New].
func newNote(line int, key string, pairs ...string) Note {
	code, _, _ := strings.Cut(key, ".")
	m := message.New(key, pairs...)
	return Note{Line: line, Code: code, Text: English.Format(m), Detail: m}
}
