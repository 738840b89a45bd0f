package media

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	ffmpeg "github.com/u2takey/ffmpeg-go"
	"golang.org/x/text/unicode/bidi"
)

// GlyphError is a character that no font of this machine can draw.
type GlyphError struct {
	Character rune
	Package   string // a Debian package whose font can
}

func (e *GlyphError) Error() string {
	return fmt.Sprintf("no font here can draw %q (%U); install one (Debian and Ubuntu: apt-get install %s)", e.Character, e.Character, e.Package)
}

// RequirementError is something other than a glyph that this machine has not, and needs to draw a card.
type RequirementError struct{ Problem, Remedy string }

func (l *RequirementError) Error() string { return l.Problem + ": " + l.Remedy }

// CardFiles are the files that a card's look speaks of.
type CardFiles struct {
	Background string // "" where the look has none
	Logo       string // a PNG; "" where the look has none
	Font       string // TrueType, OpenType or a collection of them; "" where the look names a family
}

// RenderCard makes all outs of one opening or closing card: its text, drawn by libass, over a
// background of our own. The size and encoding in spec are not looked at; those of the
// outs count. Each out can be joined to segments that Encode made alike. scratch is a
// directory for what is needed meanwhile. A character that cannot be drawn is a
// *GlyphError, and letters that are not here, or cannot be read, are a *Lack.
func (t Tools) RenderCard(ctx context.Context, spec CardSpec, from CardFiles, outs []EncodeOutput, scratch string, progress func(Progress)) (err error) {
	if spec, err = resolveFont(ctx, spec, from, scratch); err != nil {
		return err
	}
	for len(outs) > 0 {
		short := shortSideUnits(outs[0])
		var alike, others []EncodeOutput
		for _, out := range outs {
			if shortSideUnits(out) == short {
				alike = append(alike, out)
			} else {
				others = append(others, out)
			}
		}
		if err := t.renderCardGroup(ctx, spec, from, alike, scratch, progress); err != nil {
			return err
		}
		outs = others
	}
	return nil
}

// resolveFont finds the letters of a card, and is its spec with their family.
func resolveFont(ctx context.Context, spec CardSpec, from CardFiles, scratch string) (CardSpec, error) {
	if from.Font != "" {
		return spec, installFontFile(from.Font, scratch)
	}
	if spec.Look == nil || spec.Look.Font == "" {
		return spec, nil
	}
	look := *spec.Look
	family, err := FontFamily(ctx, look.Font)
	look.Font, spec.Look = family, &look
	return spec, err
}

// RenderCardPNG makes the picture of a card at out, a PNG of spec's size. Errors are as Card's.
func (t Tools) RenderCardPNG(ctx context.Context, spec CardSpec, from CardFiles, out, scratch string) error {
	spec, err := resolveFont(ctx, spec, from, scratch)
	if err != nil {
		return err
	}
	source, err := t.cardPicture(ctx, spec, from, EncodeOutput{Width: spec.Width, Height: spec.Height}, scratch)
	if err != nil {
		return err
	}
	args, err := buildArgs(func() *ffmpeg.Stream {
		return source().Output(fileURL(out), options{"f": "image2", "update": "1", "frames:v": "1", "c:v": "png"})
	})
	if err != nil {
		return err
	}
	if _, err := t.Run(ctx, args, nil); err != nil {
		return spec.Look.explainError(err)
	}
	return nil
}

// renderCardGroup makes outs that are laid out alike: it draws the largest, and scales.
func (t Tools) renderCardGroup(ctx context.Context, spec CardSpec, from CardFiles, outs []EncodeOutput, scratch string, progress func(Progress)) error {
	largest := slices.MaxFunc(outs, func(a, b EncodeOutput) int { return cmp.Compare(a.Width, b.Width) })
	picture, err := t.cardPicture(ctx, spec, from, largest, scratch)
	if err != nil {
		return err
	}
	source := func() *ffmpeg.Stream {
		s := picture()
		if spec.Look == nil || spec.Look.Background != Clip {
			s = filter(s, "loop", options{"loop": -1, "size": 1})
		}
		s = filter(s, "trim", options{"end_frame": spec.Frames})
		s = filter(s, "setpts", options{"expr": "N"})
		if fade := spec.Rate.Num / spec.Rate.Den / 2; spec.Frames > 4*fade {
			s = filter(s, "fade", options{"type": "in", "start_frame": 0, "nb_frames": fade})
			s = filter(s, "fade", options{"type": "out", "start_frame": spec.Frames - fade, "nb_frames": fade})
		}
		return s
	}
	if _, err := t.encodeAll(ctx, source, FrameSource{Rate: spec.Rate, Matrix: "bt709"}, spec.Frames, outs, scratch, progress); err != nil {
		return spec.Look.explainError(err)
	}
	return nil
}

// cardPicture lays a card out as large as out, and is what draws its picture, without end where it
// moves.
func (t Tools) cardPicture(ctx context.Context, spec CardSpec, from CardFiles, out EncodeOutput, scratch string) (func() *ffmpeg.Stream, error) {
	script, err := t.writeFittingScript(ctx, spec, newCanvas(out), scratch)
	if err != nil {
		return nil, fmt.Errorf("lay out a card: %w", err)
	}
	if from.Background == "" {
		from.Background = filepath.Join(scratch, "ground.ppm")
		if err := writeBackground(from.Background, out.Width, out.Height); err != nil {
			return nil, fmt.Errorf("paint the background of a card: %w", err)
		}
	}
	return func() *ffmpeg.Stream {
		s := spec.Look.background(from.Background, spec.Rate, out)
		if from.Logo != "" {
			s = spec.Look.overlayLogo(s, from.Logo, out)
		}
		return spec.Look.burnScript(s, script)
	}, nil
}

// explainError is what ffmpeg's error in drawing a card means.
func (l *CardLook) explainError(err error) error {
	if l != nil && l.Background == SVG && strings.Contains(err.Error(), "codec svg") { // as ffmpeg names a decoder that it was built without
		return &RequirementError{"this ffmpeg cannot read SVG", "Take one that is built with librsvg, or hand the background in as a PNG (rsvg-convert -w 3840 background.svg -o background.png)."}
	}
	return fmt.Errorf("make a card: %w", err)
}

// canvas is what a card is laid out on, in units. Letters have their sizes in units;
// where things stand, and the margins, are parts of the canvas.
type canvas struct{ width, height int }

const (
	maxShortSideUnits = 1080 // units along the shorter side, where there are pixels enough
	maxUnitsPerPixel  = 3.6  // a pixel: the smallest letters of all, of 26, stay seven pixels high
)

// shortSideUnits is how many units the shorter side of a picture has. Small pictures have
// fewer, and so larger letters for their size.
func shortSideUnits(out EncodeOutput) int {
	return min(maxShortSideUnits, int(maxUnitsPerPixel*float64(min(out.Width, out.Height))))
}

func newCanvas(out EncodeOutput) canvas {
	short, units := min(out.Width, out.Height), shortSideUnits(out)
	return canvas{units * out.Width / short, units * out.Height / short}
}

// margin is what stays free left and right.
func (c canvas) margin() int { return c.width * 5 / 64 }

// writeFittingScript writes the card's script, in the largest letters whose lines, as measured with
// the fonts of this machine, fit between the margins.
func (t Tools) writeFittingScript(ctx context.Context, spec CardSpec, area canvas, scratch string) (path string, err error) {
	path = filepath.Join(scratch, "card.ass")
	for shrink := 0; ; shrink++ {
		script := cardScript(spec, area, 1-0.08*float64(shrink))
		if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
			return "", err
		}
		picture, err := t.drawPreview(ctx, path, area, spec.Look)
		if err != nil {
			return "", err
		}
		if fits(picture, spec.Look.textRanges(area)) {
			return path, nil
		}
		if shrink == 9 {
			return "", fmt.Errorf("the text %q is too wide even in the smallest letters", spec.Title)
		}
	}
}

// previewScale is how much smaller than its script a card is drawn to see where its words are.
const previewScale = 4

// drawPreview draws a script small, white on black. It fails where a glyph is not on this
// machine, or the look's font is none to libass.
func (t Tools) drawPreview(ctx context.Context, script string, area canvas, look *CardLook) (*image.Gray, error) {
	picture := image.NewGray(image.Rect(0, 0, area.width/previewScale&^1, area.height/previewScale&^1)) // ffmpeg's color source makes odd ones even
	args, err := buildArgs(func() *ffmpeg.Stream {
		s := ffmpeg.Input(fmt.Sprintf("color=c=black:s=%dx%d:r=1:d=1", picture.Rect.Dx(), picture.Rect.Dy()), options{"f": "lavfi"}).Get("v:0")
		return look.burnScript(s, script).Output("pipe:1", options{"f": "rawvideo", "pix_fmt": "gray", "frames:v": "1"})
	})
	if err != nil {
		return nil, err
	}
	args = append([]string{"-loglevel", "level+info"}, args...) // libass says which fonts it took
	stderr, err := t.Stream(ctx, args, func(r io.Reader) error {
		_, err := io.ReadFull(r, picture.Pix)
		return err
	})
	if err != nil {
		return nil, err
	}
	if strings.Contains(stderr, "Error opening memory font") { // as libass says that FreeType cannot
		return nil, &RequirementError{"the font of the cards cannot be read", "Take another one, or name a family that “fc-list : family” lists."}
	}
	return picture, missingGlyph(stderr)
}

// fits reports whether the words keep to their strips.
func fits(picture *image.Gray, strips []xRange) bool {
	const inked = 64 // brighter than any black
	for i, y := range picture.Pix {
		x := i % picture.Stride * previewScale
		if y > inked && !slices.ContainsFunc(strips, func(c xRange) bool { return x >= c.from && x <= c.to }) {
			return false
		}
	}
	return true
}

const installFonts = "Install some; on Debian and Ubuntu: apt-get install fontconfig fonts-noto-core (fonts-dejavu-core is smaller, and has fewer scripts)."

// missingGlyphPattern is how libass says that no font has a character.
var missingGlyphPattern = regexp.MustCompile(`failed to find any fallback with glyph 0x([0-9A-Fa-f]+)`)

// missingGlyph is the first character that libass said it cannot draw, as an error.
func missingGlyph(stderr string) error {
	for _, m := range missingGlyphPattern.FindAllStringSubmatch(stderr, -1) {
		code, err := strconv.ParseInt(m[1], 16, 32)
		if err != nil {
			return fmt.Errorf("understand libass: %w", err)
		}
		if code == 0 { // not even for the glyph that stands for a missing one
			return &RequirementError{"no font at all is on this machine", installFonts}
		}
		if c := rune(code); !unicode.In(c, unicode.Cf, unicode.Variation_Selector) {
			return &GlyphError{Character: c, Package: fontPackage(c)}
		}
	}
	return nil
}

// fontPackage is a Debian package with a font for a character.
func fontPackage(c rune) string {
	switch {
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo):
		return "fonts-noto-cjk"
	case unicode.In(c, unicode.So, unicode.Sk):
		return "fonts-symbola"
	}
	return "fonts-noto-core"
}

// cardScript is the card as a script in Advanced SubStation Alpha.
func cardScript(spec CardSpec, area canvas, scale float64) string {
	var s, events strings.Builder
	fmt.Fprintf(&s, scriptHead, area.width, area.height)
	right := rightToLeft(spec.Title + strings.Join(spec.Speakers, ""))
	style := func(name string, size int, colour string, bold, spacing int) {
		if spec.Look.hasFontFile() {
			bold = 0 // letters are not thickened that somebody chose
		}
		fmt.Fprintf(&s, "Style: %s,%s,%d,%s,%s,&H00000000,&H00000000,%d,0,0,0,100,100,%d,0,1,0,0,7,0,0,0,-1\n",
			name, spec.Look.font(), size, colour, colour, bold, spacing)
	}
	for _, p := range spec.textBlocks(area, right) {
		if strings.TrimSpace(p.text) == "" {
			continue
		}
		size, lines := wrapText(p.text, p.sizes, float64(p.width)*scale, float64(p.maxHeight))
		style(p.name, int(float64(size)*scale), p.colour, p.bold, p.spacing)
		for i := range lines {
			lines[i] = escapeASS(lines[i])
		}
		fmt.Fprintf(&events, "Dialogue: 0,0:00:00.00,9:59:59.00,%s,,0,0,0,,{\\an%d\\pos(%d,%d)}%s\n",
			p.name, p.anchor, p.x, p.y, strings.Join(lines, `\N`))
	}
	if spec.Look.hasRule() {
		x := area.margin()
		if right {
			x = area.width - area.margin() - 96
		}
		style("Rule", 20, "&H00D8C37A", 0, 0)
		fmt.Fprintf(&events, "Dialogue: 0,0:00:00.00,9:59:59.00,Rule,,0,0,0,,{\\an7\\pos(%d,%d)\\p1}m 0 0 l 96 0 96 8 0 8{\\p0}\n", x, area.height*122/1000)
	}
	return s.String() + scriptEvents + events.String()
}

const (
	scriptHead = `[Script Info]
ScriptType: v4.00+
PlayResX: %d
PlayResY: %d
WrapStyle: 2
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
`
	scriptEvents = `
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`
)

// escapeASS makes a line mean nothing but itself in a script: an invisible word joiner keeps
// a backslash from the letter behind it, braces have escapes of their own, and control
// characters go.
func escapeASS(line string) string {
	line = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, line)
	return strings.NewReplacer(`\`, "\\\u2060", "{", `\{`, "}", `\}`).Replace(line)
}

// rightToLeft reports whether the first letter with a direction runs to the left.
func rightToLeft(s string) bool {
	for _, r := range s {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}

// writeBackground writes the background: a night sky's gradient with two soft lights and a few
// thin rings, dithered so that no bands show.
func writeBackground(path string, width, height int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintf(w, "P6 %d %d 255\n", width, height)
	ground, row := newGradient(width, height), make([]byte, 0, 3*width)
	noise := uint32(1)
	for y := range height {
		row = row[:0]
		for x := range width {
			for _, v := range ground.colourAt(x, y) {
				noise ^= noise << 13 // xorshift, after Marsaglia
				noise ^= noise >> 17
				noise ^= noise << 5
				row = append(row, byte(v+float64(noise>>8)/(1<<24)))
			}
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return w.Flush()
}
