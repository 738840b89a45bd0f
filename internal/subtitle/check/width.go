package check

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/width"
)

// Columns returns the width of a text in columns: 1 for each grapheme cluster (Unicode Standard
// Annex 29), 2 for a full-width one. Full-width are East Asian Wide and Fullwidth characters (Annex
// 11), flags and emoji. A letter with its marks counts once in every script. Control characters and
// direction marks have no width.
func Columns(text string) int {
	if isPrintableASCII(text) {
		return len(text)
	}
	columns, state := 0, -1
	for text != "" {
		var cluster string
		cluster, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		columns += clusterColumns(cluster)
	}
	return columns
}

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

const emojiSelector = '\ufe0f' // variation selector 16 after a character asks for its emoji

func clusterColumns(cluster string) int {
	runes := []rune(cluster)
	if isWide(runes[0]) || len(runes) > 1 && (runes[1] == emojiSelector || isFlag(runes[0]) && isFlag(runes[1])) {
		return 2
	}
	if len(runes) == 1 && unicode.In(runes[0], unicode.Cc, unicode.Cf) {
		return 0
	}
	return 1
}

func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

func isFlag(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff } // a regional indicator

// breakable is the white space that may become a line break or stop being one: not the no-break
// space, and not the ideographic space, which readers see as a character.
const breakable = " \t\n"

// oneLine returns a text on one line, with a single space in place of line breaks, tabs and runs of
// spaces.
func oneLine(text string) string {
	if !strings.ContainsAny(text, "\n\t") && !strings.Contains(text, "  ") {
		return strings.Trim(text, breakable)
	}
	return strings.Join(splitWords(text), " ")
}

// splitWords returns the words of a text, which are separated by breakable white space.
func splitWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(breakable, r) })
}

// countWords returns the number of words in a text. In scripts that are written without spaces, two
// full-width characters count as a word.
func countWords(text string) int {
	n := 0
	for _, word := range splitWords(text) {
		wide := 0
		for _, r := range word {
			if isWide(r) && !unicode.Is(unicode.Hangul, r) {
				wide++
			}
		}
		n += max(1, (wide+1)/2)
	}
	return n
}
