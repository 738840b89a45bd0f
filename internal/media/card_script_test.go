package media

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
)

// drawTitle draws a title as on a card, with a font file unless font is "".
func drawTitle(t *testing.T, title, font string) *image.Gray {
	t.Helper()
	area := layoutArea{1920, 1080}
	script := filepath.Join(t.TempDir(), "card.ass")
	if font != "" {
		if err := installFontFile(font, filepath.Dir(script)); err != nil {
			t.Fatal(err)
		}
	}
	look := &CardLook{FontFile: font != "", Places: map[string]conference.TextBox{"title": {X: 5, Y: 20, Width: 90, Height: 60, Size: 20}}}
	if err := os.WriteFile(script, []byte(cardScript(CardSpec{Title: title, Look: look}, area, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	picture, err := tools(t).drawPreview(t.Context(), script, area, look)
	if glyph := new(GlyphError); errors.As(err, &glyph) {
		t.Skipf("this machine has no font for it: install %s", glyph.Package)
	}
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// brightBounds returns the bounds of the bright pixels, and countBright their number.
func brightBounds(picture *image.Gray) (box image.Rectangle) {
	for i, y := range picture.Pix {
		if y > 64 {
			x, y := i%picture.Stride, i/picture.Stride
			box = box.Union(image.Rect(x, y, x+1, y+1))
		}
	}
	return box
}

func countBright(picture *image.Gray) (n int) {
	for _, y := range picture.Pix {
		if y > 64 {
			n++
		}
	}
	return n
}

func TestRenderCard_MissingRequirements(t *testing.T) {
	spec := CardSpec{Title: "Loops", Rate: pal25, Frames: 5, Look: &CardLook{Font: "No Such Family"}}
	draw := func() error {
		return tools(t).RenderCard(t.Context(), spec, CardFiles{}, []EncodeOutput{{Width: 320, Height: 180, Encoding: small, Path: "never.mp4"}}, t.TempDir(), nil)
	}
	var lack *RequirementError
	if err := draw(); !errors.As(err, &lack) || !strings.Contains(lack.Problem, `"No Such Family"`) || !strings.Contains(lack.Remedy, "fc-list") {
		t.Errorf("a family that there is not: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "fonts.conf")
	if err := os.WriteFile(empty, []byte(`<fontconfig><dir>/nonexistent</dir></fontconfig>`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FONTCONFIG_FILE", empty)
	spec.Look = nil
	if err := draw(); !errors.As(err, &lack) || !strings.Contains(lack.Problem, "no font on this machine") || !strings.Contains(lack.Remedy, "fonts-dejavu-core") {
		t.Errorf("no font at all: %v", err)
	}
}

func TestJoinNames(t *testing.T) {
	_, lines := wrapText(joinNames([]string{"Inés Carvajal", "Nguyễn Thị Minh Khai"}), []int{10}, 150, 100)
	if got := strings.ReplaceAll(strings.Join(lines, "|"), "\u00a0", " "); got != "Inés Carvajal ·|Nguyễn Thị Minh Khai" {
		t.Errorf("got %s", got)
	}
}

// The rule is drawn as long as everything is where Lectern's own look has it.
func TestCardLook_Rule(t *testing.T) {
	for name, c := range map[string]struct {
		look *CardLook
		want bool
	}{
		"Lectern's own":        {nil, true},
		"letters of another":   {&CardLook{Font: "Serif"}, true},
		"another background":   {&CardLook{Background: PNG}, false},
		"a title moved about":  {&CardLook{Places: map[string]conference.TextBox{"title": {X: 5, Y: 10, Width: 90}}}, false},
		"a logo in some place": {&CardLook{Logo: &conference.TextBox{X: 5, Y: 10, Width: 10}}, false},
	} {
		if got := strings.Contains(cardScript(CardSpec{Title: "Loops", Look: c.look}, layoutArea{1920, 1080}, 1), ",Rule,"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
