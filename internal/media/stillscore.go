package media

import (
	"fmt"
	"image"
	"math"
	"math/bits"
	"strconv"
)

// rgbImage is a picture to be judged.
type rgbImage struct {
	width, height int
	rgb           []byte // three bytes for each pixel, line by line
}

// newRGBImage converts an image, and makes it at most width pixels wide by leaving out columns and
// lines.
func newRGBImage(img image.Image, width int) rgbImage {
	b := img.Bounds()
	step := max(1, (b.Dx()+width-1)/width)
	p := rgbImage{width: b.Dx() / step, height: b.Dy() / step}
	for y := range p.height {
		for x := range p.width {
			r, g, bl, _ := img.At(b.Min.X+x*step, b.Min.Y+y*step).RGBA()
			p.rgb = append(p.rgb, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return p
}

// luma returns the brightness of each pixel, from 0 to 255 (BT.709).
func (p rgbImage) luma() []float64 {
	l := make([]float64, p.width*p.height)
	for i := range l {
		l[i] = 0.2126*float64(p.rgb[3*i]) + 0.7152*float64(p.rgb[3*i+1]) + 0.0722*float64(p.rgb[3*i+2])
	}
	return l
}

// stillScore returns how good a picture is as a thumbnail, from 0 to about 1. Contrast, sharpness,
// and detail that is not noise count, and a little colour and skin. The factors were chosen by
// looking at slides, stages, fades and test pictures (see TestStillScore_Order). Scores are only
// hints, but black, blank, blurred and faded pictures lose against all others.
func (p rgbImage) stillScore() float64 {
	luma := p.luma()
	var all moments
	for _, v := range luma {
		all.add(v)
	}
	deviation := all.deviation()
	sharp := p.sharpness(luma)
	busy := p.detailShare(luma)
	score := math.Min(1, deviation/30)               // slide: 16 to 40; camera: 40 to 80; faded: below 10
	score *= 0.05 + 0.95*sharp/(sharp+150)           // blurred: below 10; camera: 100 to 600; text: above
	score *= math.Min(1, 0.3+0.7*busy/0.15)          // title on an empty slide: 0.05
	if sharp > 8*deviation*deviation && busy > 0.9 { // noise: up to 20 times; everything else: below 4
		score *= 0.05
	}
	return score * (0.8 + 0.12*math.Min(1, p.colourfulness()/50) + 0.08*math.Min(1, p.skinShare()/0.02))
}

// moments accumulates mean and variance.
type moments struct{ n, sum, squares float64 }

func (m *moments) add(v float64) { m.n, m.sum, m.squares = m.n+1, m.sum+v, m.squares+v*v }

func (m moments) mean() float64 { return m.sum / math.Max(1, m.n) }

func (m moments) variance() float64 {
	return math.Max(0, m.squares/math.Max(1, m.n)-m.mean()*m.mean())
}

func (m moments) deviation() float64 { return math.Sqrt(m.variance()) }

// sharpness returns the variance of the Laplacian of the brightness, a common measure of focus
// (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000).
func (p rgbImage) sharpness(luma []float64) float64 {
	var m moments
	for y := 1; y < p.height-1; y++ {
		for i := y*p.width + 1; i < (y+1)*p.width-1; i++ {
			m.add(luma[i-1] + luma[i+1] + luma[i-p.width] + luma[i+p.width] - 4*luma[i])
		}
	}
	return m.variance()
}

// detailShare returns the fraction of blocks of 16×16 pixels in which the standard deviation of the
// brightness is more than 8 of 255.
func (p rgbImage) detailShare(luma []float64) float64 {
	const size = 16
	blocks, busy := 0, 0
	for y := 0; y+size <= p.height; y += size {
		for x := 0; x+size <= p.width; x += size {
			var m moments
			for dy := range size {
				for _, v := range luma[(y+dy)*p.width+x:][:size] {
					m.add(v)
				}
			}
			blocks++
			if m.deviation() > 8 {
				busy++
			}
		}
	}
	return float64(busy) / math.Max(1, float64(blocks))
}

// colourfulness returns how colourful the picture is, as Hasler and Süsstrunk measure it in
// "Measuring colourfulness in natural images" (2003): 0 is grey, 33 moderately and 109 extremely
// colourful.
func (p rgbImage) colourfulness() float64 {
	var redGreen, yellowBlue moments
	for i := range p.width * p.height {
		r, g, b := float64(p.rgb[3*i]), float64(p.rgb[3*i+1]), float64(p.rgb[3*i+2])
		redGreen.add(r - g)
		yellowBlue.add((r+g)/2 - b)
	}
	return math.Hypot(redGreen.deviation(), yellowBlue.deviation()) + 0.3*math.Hypot(redGreen.mean(), yellowBlue.mean())
}

// skinShare returns the fraction of pixels with the chroma of skin, which varies little with
// brightness (Chai and Ngan, "Face segmentation using skin-color map", 1999). Wood has it too,
// so it is only a hint.
func (p rgbImage) skinShare() float64 {
	n, skin := p.width*p.height, 0
	for i := range n {
		r, g, b := float64(p.rgb[3*i]), float64(p.rgb[3*i+1]), float64(p.rgb[3*i+2])
		cb, cr := 128-0.169*r-0.331*g+0.5*b, 128+0.5*r-0.419*g-0.081*b
		if cb >= 77 && cb <= 127 && cr >= 133 && cr <= 173 && r+g+b > 120 {
			skin++
		}
	}
	return float64(skin) / math.Max(1, float64(n))
}

// perceptualHash returns a difference hash of 64 bits in hexadecimal. A bit is set if a cell is
// brighter than the one to its right, of 9 cells in each of 8 rows. Pictures that look alike differ
// in few bits.
func (p rgbImage) perceptualHash() string {
	luma := p.luma()
	cell := func(x, y int) (sum float64) {
		n := 0
		for py := y * p.height / 8; py < (y+1)*p.height/8; py++ {
			for px := x * p.width / 9; px < (x+1)*p.width/9; px++ {
				sum, n = sum+luma[py*p.width+px], n+1
			}
		}
		return sum / math.Max(1, float64(n))
	}
	var hash uint64
	for y := range 8 {
		for x := range 8 {
			hash <<= 1
			if cell(x, y) > cell(x+1, y)+1 { // the margin ignores noise
				hash |= 1
			}
		}
	}
	return fmt.Sprintf("%016x", hash)
}

// maxHashDistance is the number of bits in which hashes of the same picture may differ.
const maxHashDistance = 3

// StillCandidate is a still that may become the thumbnail.
type StillCandidate struct {
	Still
	Edge bool // it is near a cut, and may be cut off later
}

// ChooseStill returns the index of the best thumbnail, the first among equals, or -1 if there are
// no stills. A picture that recurs in more than a quarter of the stills, as a title slide or a
// frozen camera's does, has a lower score; so has one at an edge.
func ChooseStill(stills []StillCandidate) int {
	looks := make([]uint64, len(stills))
	for i, s := range stills {
		looks[i], _ = strconv.ParseUint(s.Hash, 16, 64)
	}
	best, most := -1, -1.0
	for i, s := range stills {
		repeated := 0
		for _, look := range looks {
			if bits.OnesCount64(look^looks[i]) <= maxHashDistance {
				repeated++
			}
		}
		share := float64(repeated) / float64(len(stills))
		score := s.Score * (1 - 0.4*math.Max(0, share-0.25))
		if s.Edge {
			score *= 0.8
		}
		if score > most {
			best, most = i, score
		}
	}
	return best
}
