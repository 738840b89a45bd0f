package subtitle

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// ParagraphPause is the pause in speech before a transcript begins a new paragraph.
const ParagraphPause = 3 * time.Second

// writeTranscript writes the text of the cues without times, one line for each, with an empty line
// at each pause of ParagraphPause or more.
func writeTranscript(b *bytes.Buffer, cues []conference.Cue) {
	for i, c := range cues {
		if i > 0 && c.Start-cues[i-1].End >= ParagraphPause {
			b.WriteByte('\n')
		}
		text := ""
		for l := range strings.SplitSeq(c.Text, "\n") {
			if l != "" && text != "" && needsSpace(text, l) {
				text += " "
			}
			text += l
		}
		b.WriteString(text + "\n")
	}
}

// needsSpace reports whether two lines need a space between them if they are joined. They do not if
// both sides are of a script without spaces.
func needsSpace(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return !(isUnspacedScript(last) && isUnspacedScript(first))
}

func isUnspacedScript(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff65 // their punctuation
}
