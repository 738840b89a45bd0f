package media

import (
	"math"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// gradient is the background of a card, whose colours are told pixel by pixel.
type gradient struct {
	scale float64 // a pixel, in units of the card's height
	width float64 // of the card, likewise
	glows []glow
}

// glow is a glow that falls off like a bell curve, which is the product of its fall
// across and its fall down: no pixel needs an exponential of its own.
type glow struct {
	colour       [3]float64
	across, down []float64
}

func newGradient(width, height int) gradient {
	n := gradient{scale: 1 / float64(height), width: float64(width) / float64(height)}
	shine := func(cx, cy, radius float64, colour [3]float64) {
		fall := func(pixels int, centre float64) []float64 {
			along := make([]float64, pixels)
			for i := range along {
				d := (float64(i)*n.scale - centre) / radius
				along[i] = math.Exp(-2.2 * d * d)
			}
			return along
		}
		n.glows = append(n.glows, glow{colour, fall(width, cx), fall(height, cy)})
	}
	shine(n.width*0.98, 0.92, 0.85, [3]float64{10, 62, 78})
	shine(n.width*0.72, -0.05, 0.55, [3]float64{34, 26, 66})
	return n
}

// colourAt is that of a pixel: red, green and blue from 0 to 254.
func (n gradient) colourAt(px, py int) [3]float64 {
	x, y := float64(px)*n.scale, float64(py)*n.scale
	down := (x/n.width + y) / 2
	c := [3]float64{10 + 12*down, 16 + 22*down, 38 + 42*down}
	for _, l := range n.glows {
		fall := l.across[px] * l.down[py]
		for i := range c {
			c[i] += l.colour[i] * fall
		}
	}
	dx, dy := x-n.width*1.02, y-1.04
	from := math.Sqrt(dx*dx + dy*dy)
	sharp := min(900, 1/n.scale) // a ring finer than a pixel would be a row of dots
	for _, radius := range [...]float64{0.34, 0.47, 0.62, 0.79} {
		edge := max(0, 1-math.Abs(from-radius)*sharp) * sharp / 900
		for i := range c {
			c[i] += 20 * edge
		}
	}
	for i := range c {
		c[i] = min(254, c[i])
	}
	return c
}

// columnWidth is about how wide a letter is, for its size; an ideograph is two. What fonts
// really do is measured afterwards.
const columnWidth = 0.54

// wrapText breaks text into balanced lines, in the largest of sizes at which they are neither
// wider nor, together, higher than they may be; or in the smallest, if none is.
func wrapText(text string, sizes []int, width, most float64) (size int, lines []string) {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' }), " ")
	for _, size = range sizes {
		columns := int(width / (columnWidth * float64(size)))
		lines = balanceLines(text, columns)
		if float64(len(lines)*size) <= most && widest(lines) <= columns && !breaksWord(lines, text) {
			break
		}
	}
	return size, lines
}

// balanceLines breaks text into as few lines of at most so many columns as it can, and then
// makes the longest of them as short as it can.
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

// fillLines puts on each line as much as goes, breaking where Unicode (UAX #14) allows; what
// cannot be broken so is broken between characters.
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

// breaksWord reports whether a word of text had to be broken between characters: then lines
// of its words alone cannot give it back.
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

// canBreak reports whether a line may end between before and after.
func canBreak(before, after string) bool {
	whole := before + after
	at, state := 0, -1
	for rest, piece := whole, ""; rest != ""; {
		piece, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		if at += len(piece); at == len(before) {
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
