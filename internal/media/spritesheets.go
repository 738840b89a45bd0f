package media

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
)

// sheetColumns is the number of tiles in a row of a sheet.
const sheetColumns = 10

// SpriteSheets describes sheets of stills at half their size, which players show over their
// seek bar.
type SpriteSheets struct {
	Width, Height int // of a still, in pixels
	Tiles         int // in total
	PerSheet      int
}

// Count returns how many sheets hold all tiles; the last one may be partly empty.
func (s SpriteSheets) Count() int { return (s.Tiles + s.PerSheet - 1) / s.PerSheet }

func (s SpriteSheets) tile() image.Point { return image.Pt(max(1, s.Width/2), max(1, s.Height/2)) }

// TileAt returns the number of the sheet that holds tile i, from 0, and the tile's rectangle in it.
func (s SpriteSheets) TileAt(i int) (sheet int, at image.Rectangle) {
	size := s.tile()
	n := i % s.PerSheet
	corner := image.Pt(n%sheetColumns*size.X, n/sheetColumns*size.Y)
	return i / s.PerSheet, image.Rectangle{corner, corner.Add(size)}
}

// Write writes the sheets as JPEGs into dir. names has a file name for each, Count in all. strips
// are the files that ExtractStills wrote. find returns which strip has tile i, and its number in
// the strip. Each strip is decoded once if the tiles of a strip follow each other.
func (s SpriteSheets) Write(dir string, names, strips []string, find func(i int) (strip, nth int)) error {
	var open stripReader
	for n, name := range names {
		first := n * s.PerSheet
		last := min(s.Tiles, first+s.PerSheet) - 1
		var all image.Rectangle
		for i := first; i <= last; i++ {
			_, at := s.TileAt(i)
			all = all.Union(at)
		}
		sheet := image.NewRGBA(all)
		for i := first; i <= last; i++ {
			strip, nth := find(i)
			still, err := open.still(strips[strip], image.Rect(0, nth*s.Height, s.Width, (nth+1)*s.Height))
			if err != nil {
				return err
			}
			_, at := s.TileAt(i)
			halveInto(sheet, at, still)
		}
		if err := writeJPEG(filepath.Join(dir, name), sheet, 75); err != nil {
			return err
		}
	}
	return nil
}

// halveInto draws from into the rectangle at of to, at half its size. A pixel gets the mean
// brightness of four, and the colour of the first, since JPEG usually stores one for all four.
func halveInto(to *image.RGBA, at image.Rectangle, from *image.YCbCr) {
	b := from.Bounds()
	for y := range at.Dy() {
		for x := range at.Dx() {
			left, top := b.Min.X+2*x, b.Min.Y+2*y
			right, bottom := min(left+1, b.Max.X-1), min(top+1, b.Max.Y-1)
			sum := int(from.Y[from.YOffset(left, top)]) + int(from.Y[from.YOffset(right, top)]) +
				int(from.Y[from.YOffset(left, bottom)]) + int(from.Y[from.YOffset(right, bottom)])
			c := from.COffset(left, top)
			r, g, bl := color.YCbCrToRGB(uint8((sum+2)/4), from.Cb[c], from.Cr[c])
			to.SetRGBA(at.Min.X+x, at.Min.Y+y, color.RGBA{r, g, bl, 255})
		}
	}
}

// stripReader reads stills from strips, and keeps the last decoded strip, because the next
// still is usually from the same.
type stripReader struct {
	path  string
	strip *image.YCbCr
}

func (r *stripReader) still(path string, at image.Rectangle) (*image.YCbCr, error) {
	if r.path != path {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		decoded, err := jpeg.Decode(f)
		if err != nil {
			return nil, fmt.Errorf("read stills: %w", err)
		}
		strip, ok := decoded.(*image.YCbCr)
		if !ok {
			return nil, fmt.Errorf("stills are a %T", decoded)
		}
		r.path, r.strip = path, strip
	}
	if !at.In(r.strip.Bounds()) {
		return nil, fmt.Errorf("a still lies at %v, and all of them within %v", at, r.strip.Bounds())
	}
	return r.strip.SubImage(at).(*image.YCbCr), nil
}

// ContactStill is a still on a contact sheet.
type ContactStill struct {
	Path  string // of a JPEG
	At    image.Rectangle
	Label string // digits and colons
}

// WriteContactSheet writes a JPEG to out with stills in rows, columns to a row, each with its
// label. All stills must have the size of the first. Without stills it returns an error.
func WriteContactSheet(stills []ContactStill, columns int, out string) error {
	const gap = 4
	var open stripReader
	if len(stills) == 0 {
		return fmt.Errorf("no stills for a contact sheet")
	}
	size := stills[0].At.Size()
	rows := (len(stills) + columns - 1) / columns
	columns = min(columns, len(stills))
	sheet := image.NewRGBA(image.Rect(0, 0, columns*(size.X+gap)+gap, rows*(size.Y+gap)+gap))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.RGBA{24, 24, 24, 255}), image.Point{}, draw.Src)
	for i, s := range stills {
		still, err := open.still(s.Path, s.At)
		if err != nil {
			return err
		}
		corner := image.Pt(gap+i%columns*(size.X+gap), gap+i/columns*(size.Y+gap))
		at := image.Rectangle{corner, corner.Add(size)}
		draw.Draw(sheet, at, still, s.At.Min, draw.Src)
		drawLabel(sheet, at, s.Label)
	}
	return writeJPEG(out, sheet, 85)
}

// digits are the glyphs for times, five by seven dots, with the bits of a row in each byte.
var digits = map[rune][7]uint8{
	'0': {0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110},
	'1': {0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110},
	'2': {0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111},
	'3': {0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110},
	'4': {0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010},
	'5': {0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110},
	'6': {0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110},
	'7': {0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000},
	'8': {0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110},
	'9': {0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100},
	':': {0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000},
}

// drawLabel draws digits and colons on a dark background into the lower left corner of the
// rectangle at.
func drawLabel(to *image.RGBA, at image.Rectangle, text string) {
	const dot, step, margin = 2, 12, 5
	ground := image.Rect(0, 0, len(text)*step+2*margin-dot, 7*dot+2*margin).Add(image.Pt(at.Min.X, at.Max.Y-7*dot-2*margin))
	draw.Draw(to, ground.Intersect(at), image.NewUniform(color.RGBA{0, 0, 0, 170}), image.Point{}, draw.Over)
	white := image.NewUniform(color.White)
	for i, r := range text {
		for y, row := range digits[r] {
			for x := range 5 {
				if row>>(4-x)&1 == 1 {
					corner := ground.Min.Add(image.Pt(margin+i*step+x*dot, margin+y*dot))
					draw.Draw(to, image.Rectangle{corner, corner.Add(image.Pt(dot, dot))}.Intersect(at), white, image.Point{}, draw.Src)
				}
			}
		}
	}
}
