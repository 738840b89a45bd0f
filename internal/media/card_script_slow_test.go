//go:build slow

package media

import (
	"image"
	"strings"
	"testing"
)

// TestRenderCard_ComplexScriptsShaped draws words whose letters join, and the same letters
// kept apart. Shaped text is narrower, has marks above it, or covers less area.
func TestRenderCard_ComplexScriptsShaped(t *testing.T) {
	apart := func(s string) string { return strings.ReplaceAll(s, "-", "\u200c") } // a joiner that joins not
	width := func(p *image.Gray) int { return brightBounds(p).Dx() }
	top := func(p *image.Gray) int { return brightBounds(p).Min.Y }
	for _, c := range []struct {
		name, shaped, plain string
		less                func(*image.Gray) int // is less in what is shaped
	}{
		{"Arabic letters join", "محمد محمد", apart("م-ح-م-د م-ح-م-د"), width},
		{"Devanagari has conjuncts", "क्षत्र क्षत्र", apart("क्-षत्-र क्-षत्-र"), width},
		{"Spanish has accents", "ñoño", "nono", top},
		{"accents may be characters of their own", "n\u0303on\u0303o", "nono", top},
		{"Japanese is in Japanese letters", "一一", "議議", countBright},
	} {
		t.Run(c.name, func(t *testing.T) {
			if s, p := c.less(drawTitle(t, c.shaped, "")), c.less(drawTitle(t, c.plain, "")); s >= p {
				t.Errorf("%q has %d, and %q has %d", c.shaped, s, c.plain, p)
			}
		})
	}
}
