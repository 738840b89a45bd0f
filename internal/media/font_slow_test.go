//go:build slow

package media

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRenderCard_FontFile draws a title with a monospaced font file. A character that the font
// lacks is drawn with another font.
func TestRenderCard_FontFile(t *testing.T) {
	if _, err := exec.LookPath("fc-match"); err != nil {
		t.Skip("this machine has no fontconfig: install fontconfig")
	}
	file := matched(t, "monospace:fontformat=TrueType", "file")
	width := func(title, font string) int { return brightBounds(drawTitle(t, title, font)).Dx() }
	if narrow, wide := width("nillin", file), width("nommon", file); narrow == 0 || max(narrow, wide)-min(narrow, wide) > narrow/20 {
		t.Errorf("letters of one width are %d and %d wide", narrow, wide)
	}
	if narrow, wide := width("nillin", ""), width("nommon", ""); wide < narrow*3/2 {
		t.Errorf("letters of several are %d and %d wide", narrow, wide)
	}
	if width("講", file) == 0 {
		t.Error("a letter that the font has not is not there")
	}
	out := EncodeOutput{Width: 160, Height: 90, Encoding: small, Path: filepath.Join(t.TempDir(), "card.mp4")}
	spec := CardSpec{Title: "nommon", Rate: pal25, Frames: 2, Look: &CardLook{FontFile: true}}
	if err := tools(t).RenderCard(t.Context(), spec, CardFiles{Font: file}, []EncodeOutput{out}, t.TempDir(), nil); err != nil {
		t.Error(err)
	}
}
