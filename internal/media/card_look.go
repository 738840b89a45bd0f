package media

import (
	"math"
	"strings"

	"github.com/rivo/uniseg"
)

// night is the background's colour at a point, in units of the card's height.
func night(x, y, width float64) [3]float64 {
	down := (x/width + y) / 2
	c := [3]float64{10 + 12*down, 16 + 22*down, 38 + 42*down}
	light := func(cx, cy, radius float64, colour [3]float64) {
		d := math.Hypot(x-cx, y-cy) / radius
		fall := math.Exp(-2.2 * d * d)
		for i := range c {
			c[i] += colour[i] * fall
		}
	}
	light(width*0.98, 0.92, 0.85, [3]float64{10, 62, 78})
	light(width*0.72, -0.05, 0.55, [3]float64{34, 26, 66})
	from := math.Hypot(x-width*1.02, y-1.04)
	for _, radius := range []float64{0.34, 0.47, 0.62, 0.79} {
		edge := math.Max(0, 1-math.Abs(from-radius)*900)
		for i := range c {
			c[i] += 20 * edge
		}
	}
	for i := range c {
		c[i] = math.Min(254, c[i])
	}
	return c
}

// column is about how wide a letter is, for its size; an ideograph is two. What fonts
// really do is measured afterwards.
const column = 0.54

// wrap breaks text into balanced lines, in the largest of sizes at which they are neither
// wider nor, together, higher than they may be; or in the smallest, if none is.
func wrap(text string, sizes []int, width, most float64) (size int, lines []string) {
	text = strings.Join(strings.Fields(text), " ")
	for _, size = range sizes {
		columns := int(width / (column * float64(size)))
		lines = balance(text, columns)
		if float64(len(lines)*size) <= most && widest(lines) <= columns && !broken(lines, text) {
			break
		}
	}
	return size, lines
}

// balance breaks text into as few lines of at most so many columns as it can, and then
// makes the longest of them as short as it can.
func balance(text string, columns int) []string {
	best := fill(text, columns)
	for narrower := widest(best) - 1; narrower > 0; narrower-- {
		lines := fill(text, narrower)
		if len(lines) > len(best) || broken(lines, text) {
			break
		}
		best = lines
	}
	return best
}

// fill puts on each line as much as goes, breaking where Unicode (UAX #14) allows; what
// cannot be broken so is broken between characters.
func fill(text string, columns int) (lines []string) {
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

// broken reports whether a word of text had to be broken between characters: then lines
// of its words alone cannot give it back.
func broken(lines []string, text string) bool {
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
		if !breakable(line, rest) {
			return true
		}
	}
	return false
}

// breakable reports whether a line may end between before and after.
func breakable(before, after string) bool {
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
