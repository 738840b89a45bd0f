package media

import (
	"math"
)

// gradient is the default background of cards, computed pixel by pixel.
type gradient struct {
	scale float64 // size of a pixel, relative to the card's height
	width float64 // of the card, relative to its height
	glows []glow
}

// glow is a light with a Gaussian falloff. The falloff is the product of a horizontal and a
// vertical part, so that no pixel needs an exponential of its own.
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

// colourAt returns red, green and blue of the pixel in column px and row py, each from 0 to 254.
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
	sharp := min(900, 1/n.scale) // rings must not be thinner than a pixel
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
