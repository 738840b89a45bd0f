package media

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// columnWidth is the approximate width of a letter, relative to the font size; an ideograph
// has two columns. The real width is measured later, in a preview.
const columnWidth = 0.54

// wrapText breaks text into balanced lines. It uses the first of sizes, which descend, at which the
// lines are no wider than width, together no higher than maxHeight, and break no word. If there is
// none, it uses the last.
func wrapText(text string, sizes []int, width, maxHeight float64) (size int, lines []string) {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' }), " ")
	for _, size = range sizes {
		columns := int(width / (columnWidth * float64(size)))
		lines = balanceLines(text, columns)
		if float64(len(lines)*size) <= maxHeight && widest(lines) <= columns && !breaksWord(lines, text) {
			break
		}
	}
	return size, lines
}

// balanceLines breaks text into as few lines of at most columns columns as possible, and makes the
// longest of them as short as possible.
func balanceLines(text string, columns int) []string {
	best := fillLines(text, columns)
	for narrower := widest(best) - 1; narrower > 0; narrower-- {
		lines := fillLines(text, narrower)
		if len(lines) > len(best) || breaksWord(lines, text) {
			break
		}
		best = lines
	}
	return best
}

// fillLines breaks text into lines, each filled as far as possible, where Unicode (UAX #14) allows
// a break. A piece that is too long for a line is broken between characters.
func fillLines(text string, columns int) (lines []string) {
	line := ""
	put := func(piece string) {
		if uniseg.StringWidth(strings.TrimRight(line+piece, " ")) > columns && line != "" {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		line += piece
	}
	state := -1
	for rest, piece := text, ""; rest != ""; {
		piece, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		if uniseg.StringWidth(strings.TrimRight(piece, " ")) <= columns {
			put(piece)
			continue
		}
		for g := uniseg.NewGraphemes(piece); g.Next(); {
			put(g.Str())
		}
	}
	return append(lines, strings.TrimRight(line, " "))
}

// breaksWord reports whether lines, into which text was broken, break where Unicode does not allow
// it.
func breaksWord(lines []string, text string) bool {
	rest := text
	for i, line := range lines {
		rest = strings.TrimPrefix(rest, line)
		if i == len(lines)-1 {
			break
		}
		if trimmed := strings.TrimLeft(rest, " "); trimmed != rest {
			rest = trimmed
			continue
		}
		if !canBreak(line, rest) {
			return true
		}
	}
	return false
}

// canBreak reports whether Unicode (UAX #14) allows a line to end between before and after.
func canBreak(before, after string) bool {
	whole := before + after
	at, state := 0, -1
	for rest, piece := whole, ""; rest != ""; {
		piece, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		at += len(piece)
		if at == len(before) {
			return true
		}
	}
	return false
}

func widest(lines []string) (columns int) {
	for _, line := range lines {
		columns = max(columns, uniseg.StringWidth(line))
	}
	return columns
}
