package media

import (
	"image"
	"image/color"
	_ "image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// still returns frame n of a video.
func still(t *testing.T, path string, n int) image.Image {
	t.Helper()
	out := filepath.Join(t.TempDir(), "still.png")
	runFFmpeg(t, slices.Concat(InputArgs(path), []string{"-vf", "select=eq(n\\," + string(rune('0'+n/10)) + string(rune('0'+n%10)) + ")", "-frames:v", "1", out})...)
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// colourBounds returns the bounds of the pixels that have a colour.
func colourBounds(picture image.Image, colour color.RGBA) (inked image.Rectangle) {
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if near(picture.At(x, y), colour) {
				inked = inked.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return inked
}

// near allows for what encoding does to a colour.
func near(got color.Color, want color.RGBA) bool {
	r, g, b, _ := got.RGBA()
	far := func(a uint32, b uint8) bool { return max(int(a>>8), int(b))-min(int(a>>8), int(b)) > 45 }
	return !far(r, want.R) && !far(g, want.G) && !far(b, want.B)
}
