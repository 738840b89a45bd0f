package media

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rivo/uniseg"
	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// textBlock is one text of a card with its position and font. Lengths are in units of the
// canvas.
type textBlock struct {
	name, text       string
	sizes            []int // font sizes to try, the largest first
	bold, spacing    int
	colour           string // in ASS: &H00BBGGRR
	width, maxHeight int    // of a line; of all lines
	x, y, anchor     int    // anchor is the point of the text at x, y by number pad: 7 is the upper left
}

// textBlocks returns the texts of a card with their positions: those that the look sets, or else
// the default ones. right says that text is written from right to left.
func (spec CardSpec) textBlocks(area layoutArea, right bool) []textBlock {
	down := func(of float64) int { return int(of * float64(area.height)) }
	all := []textBlock{
		{name: "conference", text: spec.Conference, sizes: []int{46, 40, 34}, spacing: 2, colour: "&H00D8C37A", maxHeight: down(0.093), y: down(0.154), anchor: 7},
		{name: "title", text: spec.Title, sizes: []int{112, 100, 90, 80, 72, 64, 56, 48, 40, 34}, bold: -1, colour: "&H00FFFFFF", maxHeight: down(0.38), y: down(0.463), anchor: 4},
		{name: "speakers", text: joinNames(spec.Speakers), sizes: []int{58, 52, 46, 40, 34, 28}, colour: "&H00F2E6DA", maxHeight: down(0.13), y: down(0.824), anchor: 1},
		{name: "note", text: spec.Note, sizes: []int{34, 30, 26}, colour: "&H00CDBAA9", maxHeight: down(0.074), y: down(0.926), anchor: 1},
	}
	for i := range all {
		p := &all[i]
		p.x, p.width = area.margin(), area.width-2*area.margin()
		if right {
			p.x, p.anchor = area.width-area.margin(), p.anchor+2
		}
		if place, ok := spec.Look.place(p.name); ok {
			p.moveTo(place, area, right)
		}
	}
	return all
}

// joinNames joins names with dots in between. Spaces within names become no-break spaces, so that
// lines break only between names; a name of more than 30 columns may be broken anyway.
func joinNames(names []string) string {
	const most = 30 // columns; longer names may be broken
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = strings.Join(strings.Fields(name), " ")
		if uniseg.StringWidth(name) <= most {
			all[i] = strings.ReplaceAll(all[i], " ", "\u00a0")
		}
	}
	return strings.Join(all, "\u00a0· ")
}

// moveTo gives a text the position, width and alignment of at, a box that a look sets, and its
// height, size and colour if at has them. right says that text is written from right to left, which
// decides the alignment if at has none.
func (p *textBlock) moveTo(at conference.TextBox, area layoutArea, right bool) {
	across := func(hundredths float64) int { return int(hundredths * float64(area.width) / 100) }
	down := func(hundredths float64) int { return int(hundredths * float64(area.height) / 100) }
	p.width, p.y, p.anchor = across(at.Width), down(at.Y), 7
	switch {
	case at.Align == "centre":
		p.x, p.anchor = across(at.X+at.Width/2), 8
	case at.Align == "right" || at.Align == "" && right:
		p.x, p.anchor = across(at.X+at.Width), 9
	default:
		p.x = across(at.X)
	}
	if at.Height > 0 {
		p.maxHeight = down(at.Height)
	}
	if at.Size > 0 {
		p.sizes = nil
		for size := down(at.Size); len(p.sizes) < 10; size = size * 9 / 10 {
			p.sizes = append(p.sizes, max(1, size))
		}
	}
	if c := at.Colour; len(c) == len("#rrggbb") {
		p.colour = strings.ToUpper("&H00" + c[5:7] + c[3:5] + c[1:3])
	}
}

// xRange is a horizontal range of a canvas in which there may be text.
type xRange struct{ from, to int }

// textRanges returns the horizontal ranges in which text may be, in units: between the margins, and
// for texts that the look places, within their boxes. Both allow letters to stick out a little.
func (l *CardLook) textRanges(area layoutArea) []xRange {
	clear := area.margin() * 3 / 4
	if l == nil {
		return []xRange{{clear, area.width - clear}}
	}
	var all []xRange
	for _, name := range []string{"conference", "title", "speakers", "note"} {
		place, ok := l.place(name)
		if !ok {
			all = append(all, xRange{clear, area.width - clear})
			continue
		}
		const slack = 1 // per cent: letters may stick out a little
		all = append(all, xRange{int((place.X - slack) * float64(area.width) / 100), int((place.X + place.Width + slack) * float64(area.width) / 100)})
	}
	return all
}

// hasRule reports whether a short rule is drawn above the conference's name. A look has none if it
// sets a background, a logo or the place of a text.
func (l *CardLook) hasRule() bool {
	return l == nil || l.Background == "" && len(l.Places) == 0 && l.Logo == nil
}

// place returns the box that the look sets for the text of that name. ok is false if it sets none.
func (l *CardLook) place(name string) (conference.TextBox, bool) {
	if l == nil {
		return conference.TextBox{}, false
	}
	p, ok := l.Places[name]
	return p, ok
}

// defaultFont is the family of Lectern's own cards. On a machine without it, fontconfig
// substitutes another.
const defaultFont = "Noto Sans"

// font returns the name of the font family of a card's text: fontFileFamily if the conference
// supplied a file, else the look's family, or defaultFont if it has none.
func (l *CardLook) font() string {
	switch {
	case l.hasFontFile():
		return fontFileFamily
	case l == nil || l.Font == "":
		return defaultFont
	}
	return l.Font
}

// hasFontFile reports whether the conference supplied the font as a file.
func (l *CardLook) hasFontFile() bool { return l != nil && l.FontFile }

// fontFileFamily is the family name under which a font file is used; its own name is ignored.
const fontFileFamily = "Lectern Card Letters"

// installFontFile copies the font file at path to scratch, under the family name fontFileFamily,
// where burnScript finds it. It returns a *RequirementError if the font is damaged.
func installFontFile(path, scratch string) error {
	font, err := readFontFile(path)
	if err != nil {
		return &RequirementError{fmt.Sprintf("the font of the cards is damaged (%v)", err), "Download it again."}
	}
	dir := filepath.Join(scratch, "fonts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "letters.ttf"), font.renamed(fontFileFamily), 0o644)
}

// burnScript returns s with the ASS script at that path drawn over it. If the look has a font file,
// installFontFile must have copied it, with the script's directory as scratch.
func (l *CardLook) burnScript(s *ffmpeg.Stream, script string) *ffmpeg.Stream {
	o := options{"filename": script}
	if l.hasFontFile() {
		o["fontsdir"] = filepath.Join(filepath.Dir(script), "fonts")
	}
	return filter(s, "ass", o)
}

// background returns the background at path in the size of out: a single picture, or a clip whose
// last frame is repeated without end. It is scaled to cover the card, and cropped. If the look sets
// no background, path is what writeBackground wrote, which already has that size.
func (l *CardLook) background(path string, rate timeline.Rate, out EncodeOutput) *ffmpeg.Stream {
	input := options{"protocol_whitelist": allowedProtocols, "framerate": rate, "f": "ppm_pipe"}
	clip := l != nil && l.Background == Clip
	switch {
	case clip:
		input = options{"protocol_whitelist": allowedProtocols, "format_whitelist": allowedDemuxers}
	case l != nil && l.Background != "":
		input["f"] = string(l.Background) + "_pipe"
	}
	s := ffmpeg.Input(fileURL(path), input).Get("v:0")
	if l == nil || l.Background == "" {
		return s
	}
	if clip {
		s = filter(s, "fps", options{"fps": rate})
		s = filter(s, "tpad", options{"stop": -1, "stop_mode": "clone"})
	}
	s = filter(s, "scale", options{"w": out.Width, "h": out.Height, "force_original_aspect_ratio": "increase", "flags": "lanczos"})
	s = filter(s, "crop", options{"w": out.Width, "h": out.Height})
	return filter(s, "setsar", options{"sar": 1})
}

// overlayLogo draws the logo at path, a PNG that may be transparent, over a card, at the position
// and width that the look sets.
func (l *CardLook) overlayLogo(s *ffmpeg.Stream, path string, out EncodeOutput) *ffmpeg.Stream {
	logo := ffmpeg.Input(fileURL(path), options{"protocol_whitelist": allowedProtocols, "f": "png_pipe"}).Get("v:0")
	logo = filter(logo, "scale", options{"w": max(2, int(l.Logo.Width*float64(out.Width)/100)), "h": -1, "flags": "lanczos"})
	return ffmpeg.Filter([]*ffmpeg.Stream{s, logo}, "overlay", nil, options{
		"x": int(l.Logo.X * float64(out.Width) / 100), "y": int(l.Logo.Y * float64(out.Height) / 100),
		"eof_action": "repeat", "format": "auto",
	})
}
