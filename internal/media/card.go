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

// GlyphError is returned for a character that no font on this machine can draw.
type GlyphError struct {
	Character rune
	Package   string // a Debian package with a font that can
}

func (e *GlyphError) Error() string {
	return fmt.Sprintf("no installed font can draw %q (%U); install one (Debian and Ubuntu: apt-get install %s)", e.Character, e.Character, e.Package)
}

// RequirementError is returned if this machine lacks something that is needed to draw a card,
// other than a glyph.
type RequirementError struct{ Problem, Remedy string }

func (l *RequirementError) Error() string { return l.Problem + ": " + l.Remedy }

// CardFiles are the files that a card's look refers to.
type CardFiles struct {
	Background string // "" if the look has none
	Logo       string // a PNG; "" if the look has none
	Font       string // TrueType, OpenType or a collection of these; "" if the look names a family
}

// RenderCard draws an opening or closing card for all outs: its text, drawn by libass, over a
// background. It ignores the size and encoding in spec; those of the outs apply. Each out can be
// joined to segments that Encode made with the same settings. scratch is a directory for temporary
// files. It returns a *GlyphError for a character that no font can draw, and a *RequirementError if
// a font is missing or damaged or this ffmpeg cannot read an SVG background.
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

// resolveFont makes the font of a card available to libass. It copies a font file into scratch, and
// replaces the name of a font family in the look by that of the installed family. It returns spec
// with this change.
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

// RenderCardPNG draws a card to the file out, a PNG of spec's size. It returns the same errors
// as RenderCard.
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

// renderCardGroup draws the card once, in the size of the widest out, and encodes it scaled to
// each. All outs must have the same shortSideUnits. A card that is longer than two seconds fades in
// and out for half a second each.
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

// cardPicture lays out a card in the size of out, writes its script to scratch, and returns a
// function that builds its filter graph. The stream is a single picture, or one without end if the
// background is a clip.
func (t Tools) cardPicture(ctx context.Context, spec CardSpec, from CardFiles, out EncodeOutput, scratch string) (func() *ffmpeg.Stream, error) {
	script, err := t.writeFittingScript(ctx, spec, newLayoutArea(out), scratch)
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

// explainError returns a *RequirementError if the look's background is an SVG and err is ffmpeg's
// message that it was built without SVG. It wraps any other error.
func (l *CardLook) explainError(err error) error {
	if l != nil && l.Background == SVG && strings.Contains(err.Error(), "codec svg") { // ffmpeg's message if it was built without the decoder
		return &RequirementError{"this ffmpeg cannot read SVG", "Use one that is built with librsvg, or convert the background to PNG (rsvg-convert -w 3840 background.svg -o background.png)."}
	}
	return fmt.Errorf("make a card: %w", err)
}

// layoutArea is the area a card is laid out on, in units. Font sizes are in units; positions and
// margins are proportions of the layoutArea.
type layoutArea struct{ width, height int }

const (
	maxShortSideUnits = 1080 // units along the shorter side of all but small pictures
	maxUnitsPerPixel  = 3.6  // keeps the smallest font, of 26 units, seven pixels high
)

// shortSideUnits returns the number of layout units along the shorter side of a picture:
// maxShortSideUnits, or fewer if that side has less than 300 pixels. Text of the same units is then
// larger relative to the picture, and can be read.
func shortSideUnits(out EncodeOutput) int {
	return min(maxShortSideUnits, int(maxUnitsPerPixel*float64(min(out.Width, out.Height))))
}

func newLayoutArea(out EncodeOutput) layoutArea {
	short, units := min(out.Width, out.Height), shortSideUnits(out)
	return layoutArea{units * out.Width / short, units * out.Height / short}
}

// margin returns the width of the empty space at the left and at the right, in units.
func (c layoutArea) margin() int { return c.width * 5 / 64 }

// writeFittingScript writes the card's ASS script to scratch and returns its path. The letters are
// the largest that fit between the margins, as tried with the fonts of this machine. It returns an
// error if even the smallest do not fit.
func (t Tools) writeFittingScript(ctx context.Context, spec CardSpec, area layoutArea, scratch string) (path string, err error) {
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
			return "", fmt.Errorf("the text %q is too wide even at the smallest font size", spec.Title)
		}
	}
}

// previewScale is how much smaller the preview is drawn that shows where the text is.
const previewScale = 4

// drawPreview draws an ASS script on black, in shades of grey and at 1/previewScale of its size,
// to show where its text is. It returns an error if a glyph is missing or libass cannot read the
// look's font.
func (t Tools) drawPreview(ctx context.Context, script string, area layoutArea, look *CardLook) (*image.Gray, error) {
	picture := image.NewGray(image.Rect(0, 0, area.width/previewScale&^1, area.height/previewScale&^1)) // even, as ffmpeg's color source makes them
	args, err := buildArgs(func() *ffmpeg.Stream {
		s := ffmpeg.Input(fmt.Sprintf("color=c=black:s=%dx%d:r=1:d=1", picture.Rect.Dx(), picture.Rect.Dy()), options{"f": "lavfi"}).Get("v:0")
		return look.burnScript(s, script).Output("pipe:1", options{"f": "rawvideo", "pix_fmt": "gray", "frames:v": "1"})
	})
	if err != nil {
		return nil, err
	}
	args = append([]string{"-loglevel", "level+info"}, args...) // libass then lists missing glyphs
	stderr, err := t.Stream(ctx, args, func(r io.Reader) error {
		_, err := io.ReadFull(r, picture.Pix)
		return err
	})
	if err != nil {
		return nil, err
	}
	if strings.Contains(stderr, "Error opening memory font") { // libass's message if FreeType cannot read it
		return nil, &RequirementError{"the font of the cards cannot be read", "Choose another file, or a family listed by “fc-list : family”."}
	}
	return picture, missingGlyph(stderr)
}

// fits reports whether everything that is drawn in the preview is within the horizontal ranges,
// which are in units.
func fits(picture *image.Gray, ranges []xRange) bool {
	const inked = 64 // brighter than black
	for i, y := range picture.Pix {
		x := i % picture.Stride * previewScale
		if y > inked && !slices.ContainsFunc(ranges, func(c xRange) bool { return x >= c.from && x <= c.to }) {
			return false
		}
	}
	return true
}

const installFonts = "Install some; on Debian and Ubuntu: apt-get install fontconfig fonts-noto-core (fonts-dejavu-core is smaller, and has fewer scripts)."

// missingGlyphPattern matches libass's message that no font has a character.
var missingGlyphPattern = regexp.MustCompile(`failed to find any fallback with glyph 0x([0-9A-Fa-f]+)`)

// missingGlyph returns a *GlyphError for the first character that libass could not draw, according
// to ffmpeg's output, or nil. Invisible characters do not count. If there is no font at all, it
// returns a *RequirementError.
func missingGlyph(stderr string) error {
	for _, m := range missingGlyphPattern.FindAllStringSubmatch(stderr, -1) {
		code, err := strconv.ParseInt(m[1], 16, 32)
		if err != nil {
			return fmt.Errorf("understand libass: %w", err)
		}
		if code == 0 { // not even a replacement glyph
			return &RequirementError{"there is no font on this machine", installFonts}
		}
		if c := rune(code); !unicode.In(c, unicode.Cf, unicode.Variation_Selector) {
			return &GlyphError{Character: c, Package: fontPackage(c)}
		}
	}
	return nil
}

// fontPackage returns the Debian package that probably has a font for a character.
func fontPackage(c rune) string {
	switch {
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo):
		return "fonts-noto-cjk"
	case unicode.In(c, unicode.So, unicode.Sk):
		return "fonts-symbola"
	}
	return "fonts-noto-core"
}

// cardScript returns the card as a script in Advanced SubStation Alpha (ASS). scale, at most 1,
// shrinks the letters, and the width in which lines are broken, below what the texts' estimated
// widths allow.
func cardScript(spec CardSpec, area layoutArea, scale float64) string {
	var s, events strings.Builder
	fmt.Fprintf(&s, scriptHead, area.width, area.height)
	right := rightToLeft(spec.Title + strings.Join(spec.Speakers, ""))
	style := func(name string, size int, colour string, bold, spacing int) {
		if spec.Look.hasFontFile() {
			bold = 0 // no artificial bold for a font that was chosen
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

// escapeASS escapes a line of text for an ASS script: a word joiner after each backslash keeps it
// from starting an escape sequence, braces are escaped, and control characters become spaces.
func escapeASS(line string) string {
	line = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, line)
	return strings.NewReplacer(`\`, "\\\u2060", "{", `\{`, "}", `\}`).Replace(line)
}

// rightToLeft reports whether the first character of s that has a direction is written from right
// to left. It is false if none has a direction, as in a number.
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

// writeBackground writes the default background as a PPM: a dark gradient with two soft glows
// and a few thin rings, dithered against banding.
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
