package media

import (
	"errors"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestRenderCard_JoinsEncodedSegments(t *testing.T) {
	tl := tools(t)
	card := filepath.Join(t.TempDir(), "card's.mp4")
	spec := CardSpec{
		Title: `{\b1}Braces\N, C:\New and "quotes"`, Speakers: []string{"Ada Lovelace", "محمد"},
		Conference: "Conf", Rate: ntsc30, Frames: 20,
	}
	if err := tl.RenderCard(t.Context(), spec, CardFiles{}, []EncodeOutput{{Width: 320, Height: 180, Encoding: small, Path: card}}, t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	if err := checkJoinable(append(segments(t, tl, 1, small), card)); err != nil {
		t.Error(err)
	}
}

// Phones are held upright, and old recordings are small.
func TestRenderCard_AspectRatios(t *testing.T) {
	tl := tools(t)
	spec := CardSpec{
		Title:    "How we moved forty million rows of production data without anybody noticing",
		Speakers: []string{"Inés Carvajal", "Nguyễn Thị Minh Khai"}, Conference: "Small Interfaces", Note: "2026-05-09",
	}
	for _, size := range [][2]int{{320, 180}, {426, 240}, {352, 288}, {640, 480}, {1920, 1080}, {608, 1080}, {1080, 1920}, {270, 480}} {
		out := EncodeOutput{Width: size[0], Height: size[1]}
		path, err := tl.writeFittingScript(t.Context(), spec, newLayoutArea(out), t.TempDir())
		if err != nil {
			t.Errorf("%v: %v", size, err)
			continue
		}
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, style := range regexp.MustCompile(`Style: (\w+),Noto Sans,(\d+)`).FindAllStringSubmatch(string(script), -1) {
			units, err := strconv.Atoi(style[2])
			if err != nil {
				t.Fatal(err)
			}
			if pixels := float64(units) * float64(size[1]) / float64(newLayoutArea(out).height); pixels < 7 && style[1] != "Rule" {
				t.Errorf("%v: letters of %.1f pixels in %s", size, pixels, style[1])
			}
		}
	}
}

func TestRenderCard_MissingGlyph(t *testing.T) {
	const unassigned = "\U000E1234" // no font will ever have it
	spec := CardSpec{Title: "A " + unassigned, Rate: pal25, Frames: 5}
	err := tools(t).RenderCard(t.Context(), spec, CardFiles{}, []EncodeOutput{{Width: 320, Height: 180, Encoding: small, Path: "never.mp4"}}, t.TempDir(), nil)
	var glyph *GlyphError
	if !errors.As(err, &glyph) || string(glyph.Character) != unassigned || !strings.Contains(err.Error(), "fonts-noto-core") {
		t.Errorf("got %v; want an error that names the character and a package", err)
	}
}

func TestFontPackage(t *testing.T) {
	for c, want := range map[rune]string{'講': "fonts-noto-cjk", '한': "fonts-noto-cjk", 'ह': "fonts-noto-core", '😀': "fonts-symbola"} {
		if got := fontPackage(c); got != want {
			t.Errorf("%q: %s, want %s", c, got, want)
		}
	}
}

func readJPEG(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() >= thumbnailBytes {
		t.Errorf("it takes %d bytes, %v", info.Size(), err)
	}
	picture, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}
