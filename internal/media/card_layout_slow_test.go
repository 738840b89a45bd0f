//go:build slow

package media

import (
	"image"
	"image/color"
	_ "image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
)

// TestRenderCard_CustomLook draws texts and a logo over each kind of backdrop, and checks the
// picture: the backdrop's colour, the logo's, and letters of the requested colour within their
// box and nowhere else.
func TestRenderCard_CustomLook(t *testing.T) {
	tl := tools(t)
	green := "color=c=0x006000:s=400x400:d=0.2:r=25"
	svg := filepath.Join(t.TempDir(), "ground.svg")
	const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><rect width="400" height="400" fill="#006000"/></svg>`
	if err := os.WriteFile(svg, []byte(drawing), 0o600); err != nil {
		t.Fatal(err)
	}
	logo := generateMedia(t, "logo.png", "-f", "lavfi", "-i", "color=c=blue:s=100x50", "-frames:v", "1")
	for kind, ground := range map[Backdrop]string{
		PNG:  generateMedia(t, "ground.png", "-f", "lavfi", "-i", green, "-frames:v", "1"),
		JPEG: generateMedia(t, "ground.jpg", "-f", "lavfi", "-i", green, "-frames:v", "1"),
		Clip: generateMedia(t, "ground.mp4", "-f", "lavfi", "-i", green, "-c:v", "libx264"),
		SVG:  svg,
	} {
		t.Run(string(kind), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "card.mp4")
			spec := CardSpec{Title: "Loops", Note: "2026", Rate: pal25, Frames: 20, Look: &CardLook{
				Background: kind,
				Places: map[string]conference.TextBox{
					"title": {X: 10, Y: 40, Width: 40, Height: 30, Size: 12, Colour: "#ff0000"},
					"note":  {X: 60, Y: 80, Width: 30, Size: 6, Colour: "#ffffff", Align: "right"},
				},
				Logo: &conference.TextBox{X: 80, Y: 10, Width: 10},
			}}
			outs := []EncodeOutput{{Width: 640, Height: 360, Encoding: small, Path: out}}
			if err := tl.RenderCard(t.Context(), spec, CardFiles{Background: ground, Logo: logo}, outs, t.TempDir(), nil); err != nil {
				t.Fatal(err)
			}
			picture := still(t, out, 19)
			is := func(x, y int, want color.RGBA) bool { return near(picture.At(x, y), want) }
			if !is(320, 30, color.RGBA{0, 96, 0, 255}) {
				t.Errorf("behind the words it is %v", picture.At(320, 30))
			}
			if !is(544, 45, color.RGBA{0, 0, 255, 255}) {
				t.Errorf("where the logo is, it is %v", picture.At(544, 45))
			}
			for name, c := range map[string]struct {
				colour color.RGBA
				place  image.Rectangle
			}{
				"title": {color.RGBA{255, 0, 0, 255}, image.Rect(60, 140, 326, 255)},
				"note":  {color.RGBA{255, 255, 255, 255}, image.Rect(380, 284, 580, 320)},
			} {
				if inked := colourBounds(picture, c.colour); inked.Empty() || !inked.In(c.place) {
					t.Errorf("the %s is at %v, and not within %v", name, inked, c.place)
				}
			}
		})
	}
}
