package media

import (
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

// drawImage returns a picture of 640×360, drawn pixel by pixel.
func drawImage(colour func(x, y int) color.RGBA) rgbImage {
	img := image.NewRGBA(image.Rect(0, 0, 640, 360))
	for y := range 360 {
		for x := range 640 {
			img.SetRGBA(x, y, colour(x, y))
		}
	}
	return newRGBImage(img, 640)
}

func grey(v float64) color.RGBA {
	b := uint8(min(max(v, 0), 255))
	return color.RGBA{b, b, b, 255}
}

// text returns white with lines of small dark bars on the left, as on a slide.
func text(x, y int) float64 {
	if x > 40 && x < 400 && y > 60 && y < 300 && y%40 < 14 && x%12 < 7 && (x/60+y/40)%5 != 0 {
		return 30
	}
	return 250
}

// stage returns a picture like a camera's: soft shapes, some with fine grain, and the colour
// of skin in the middle.
func stage(x, y int) color.RGBA {
	c := color.RGBA{uint8(40 + x/4), uint8(30 + y/3), 60, 255}
	if (x/80+y/60)%2 == 0 {
		c.B += 80
		c.G -= 20
	}
	if (x*7+y*13)%11 < 4 {
		c.R, c.G, c.B = c.R-20, c.G-20, c.B-20
	}
	if dx, dy := x-320, y-150; dx*dx+dy*dy < 60*60 {
		c = color.RGBA{uint8(190 + dx/3), uint8(140 + dy/4), 115, 255}
	}
	return c
}

// blurred returns a grey picture as an unfocused lens shows it, over 15×15 pixels.
func blurred(of func(x, y int) float64) func(x, y int) color.RGBA {
	return func(x, y int) color.RGBA {
		var sum float64
		for dy := -7; dy <= 7; dy++ {
			for dx := -7; dx <= 7; dx++ {
				sum += of(x+dx, y+dy)
			}
		}
		return grey(sum / 225)
	}
}

// Any picture that shows something has a better score than any that does not.
func TestStillScore_Order(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	good := map[string]rgbImage{
		"a slide of text":      drawImage(func(x, y int) color.RGBA { return grey(text(x, y)) }),
		"the same, dark":       drawImage(func(x, y int) color.RGBA { return grey(255 - text(x, y)) }),
		"a stage":              drawImage(stage),
		"a stage, rather dark": drawImage(func(x, y int) color.RGBA { c := stage(x, y); return color.RGBA{c.R / 2, c.G / 2, c.B / 2, 255} }),
		"a diagram": drawImage(func(x, y int) color.RGBA {
			return grey(float64(255 - 200*btoi(x%160 < 4 || y%120 < 4 || (x/160+y/120)%3 == 0)))
		}),
	}
	bad := map[string]rgbImage{
		"black":                  drawImage(func(int, int) color.RGBA { return grey(0) }),
		"white":                  drawImage(func(int, int) color.RGBA { return grey(255) }),
		"a gradient":             drawImage(func(x, y int) color.RGBA { return grey(float64(y) / 4) }),
		"a slide out of focus":   drawImage(blurred(text)),
		"a slide faded to white": drawImage(func(x, y int) color.RGBA { return grey(255 - (255-text(x, y))*0.1) }),
		"a slide faded to black": drawImage(func(x, y int) color.RGBA { return grey(text(x, y) * 0.08) }),
		"noise":                  drawImage(func(int, int) color.RGBA { return grey(random.Float64() * 255) }),
		"grain on black":         drawImage(func(int, int) color.RGBA { return grey(random.Float64() * 16) }),
	}
	for name, g := range good {
		for other, b := range bad {
			if g.stillScore() <= 1.5*b.stillScore() {
				t.Errorf("%s has %.3f, and %s %.3f", name, g.stillScore(), other, b.stillScore())
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The best picture is taken, unless it recurs in most of the programme and another is nearly
// as good.
func TestChooseStill(t *testing.T) {
	const slide, other = "00ff00ff00ff00ff", "ffff0000ffff0000"
	for _, c := range []struct {
		name   string
		stills []StillCandidate
		want   int
	}{
		{"none", nil, -1},
		{"the best", []StillCandidate{{Still{Score: 0.2, Hash: slide}, false}, {Still{Score: 0.6, Hash: other}, false}, {Still{Score: 0.4, Hash: "0123456789abcdef"}, false}}, 1},
		{"the first of equals", []StillCandidate{{Still{Score: 0.5, Hash: slide}, false}, {Still{Score: 0.5, Hash: other}, false}}, 0},
		{"a frozen one", []StillCandidate{{Still{Score: 0.5, Hash: slide}, false}, {Still{Score: 0.5, Hash: slide}, false}, {Still{Score: 0.5, Hash: "00ff00ff00ff00fe"}, false}, {Still{Score: 0.45, Hash: other}, false}}, 3},
		{"frozen, and better by far", []StillCandidate{{Still{Score: 0.5, Hash: slide}, false}, {Still{Score: 0.5, Hash: slide}, false}, {Still{Score: 0.5, Hash: slide}, false}, {Still{Score: 0.2, Hash: other}, false}}, 0},
		{"not at an edge", []StillCandidate{{Still{Score: 0.5, Hash: slide}, true}, {Still{Score: 0.45, Hash: other}, false}}, 1},
		{"at an edge, and better by far", []StillCandidate{{Still{Score: 0.6, Hash: slide}, true}, {Still{Score: 0.45, Hash: other}, false}}, 0},
	} {
		if got := ChooseStill(c.stills); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// Each slot has the keyframe nearest to its middle.
func TestExtractStills(t *testing.T) {
	for _, codec := range [][]string{
		{"-c:v", "libx264", "-preset", "veryfast", "-x264-params", "scenecut=0:bframes=3"},
		{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "1000"},
	} {
		t.Run(codec[1], func(t *testing.T) { checkStills(t, codec) })
	}
}

func checkStills(t *testing.T, codec []string) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "segment.mp4"), filepath.Join(dir, "stills.jpg")
	// Eight seconds: red, green, blue and white, two each, and a key picture each 1.2 s and
	// where the colour changes.
	source := []string{"-f", "lavfi", "-i", "color=red:s=320x180:r=25:d=2,format=gbrp[a];color=lime:s=320x180:r=25:d=2,format=gbrp[b];" +
		"color=blue:s=320x180:r=25:d=2,format=gbrp[c];color=white:s=320x180:r=25:d=2,format=gbrp[d];[a][b][c][d]concat=n=4,scale=out_color_matrix=bt709,format=yuv420p"}
	runFFmpeg(t, slices.Concat(source, codec, []string{"-force_key_frames", "expr:eq(mod(n,30),0)+eq(mod(n,50),0)", "-video_track_timescale", "12800", in})...)
	keys, err := keyFrames(in, pal25)
	if err != nil || !slices.Equal(keys, []int64{0, 30, 50, 60, 90, 100, 120, 150, 180}) {
		t.Fatalf("key frames %v, %v", keys, err)
	}
	spec := StillsSpec{Rate: pal25, Width: 64, Height: 36, Slots: []timeline.Range{{From: 0, To: 50}, {From: 50, To: 100}, {From: 100, To: 145}, {From: 145, To: 150}, {From: 150, To: 200}}}
	stills, err := tools(t).ExtractStills(t.Context(), in, spec, out)
	if err != nil {
		t.Fatal(err)
	}
	var frames []int64
	for _, s := range stills {
		frames = append(frames, s.Frame)
	}
	if want := []int64{30, 60, 120, 120, 180}; !slices.Equal(frames, want) {
		t.Errorf("frames %v, want %v", frames, want)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	strip, err := jpeg.Decode(f)
	if err != nil || strip.Bounds() != image.Rect(0, 0, 64, 36*5) {
		t.Fatalf("the strip is %v, %v", strip.Bounds(), err)
	}
	for i, want := range []color.RGBA{{254, 0, 0, 255}, {0, 255, 1, 255}, {0, 0, 254, 255}, {0, 0, 254, 255}, {255, 255, 255, 255}} {
		r, g, b, _ := strip.At(32, 36*i+18).RGBA()
		for c, got := range []uint32{r >> 8, g >> 8, b >> 8} {
			if d := int(got) - int([]uint8{want.R, want.G, want.B}[c]); d < -12 || d > 12 {
				t.Errorf("still %d is %d %d %d, want %v", i, r>>8, g>>8, b>>8, want)
			}
		}
	}
}

func TestSpriteSheets_TileAt(t *testing.T) {
	s := SpriteSheets{Width: 320, Height: 180, Tiles: 205, PerSheet: 100}
	for i, want := range map[int]struct {
		sheet int
		at    image.Rectangle
	}{
		0:   {0, image.Rect(0, 0, 160, 90)},
		11:  {0, image.Rect(160, 90, 320, 180)},
		99:  {0, image.Rect(1440, 810, 1600, 900)},
		204: {2, image.Rect(640, 0, 800, 90)},
	} {
		if sheet, at := s.TileAt(i); sheet != want.sheet || at != want.at {
			t.Errorf("tile %d is on sheet %d at %v, want %d and %v", i, sheet, at, want.sheet, want.at)
		}
	}
	if s.Count() != 3 {
		t.Errorf("%d sheets", s.Count())
	}
}
