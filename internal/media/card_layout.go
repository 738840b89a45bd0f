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

// textBlock is words of a card, and where and how they stand. Lengths are in units of the canvas.
type textBlock struct {
	name, text       string
	sizes            []int // of the letters, the largest first
	bold, spacing    int
	colour           string // as scripts write it: &H00BBGGRR
	width, maxHeight int    // of a line, and of all lines together
	x, y, anchor     int    // the anchor is which point of the words is at x and y: 7 is their upper left, as on a number pad
}

// textBlocks are the words of a card, as Lectern sets them where its look says nothing.
func (spec CardSpec) textBlocks(area canvas, right bool) []textBlock {
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

// joinNames are names in one line, which may be broken between them alone.
func joinNames(names []string) string {
	const most = 30 // columns of a name that may not be broken
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = strings.Join(strings.Fields(name), " ")
		if uniseg.StringWidth(name) <= most {
			all[i] = strings.ReplaceAll(all[i], " ", "\u00a0")
		}
	}
	return strings.Join(all, "\u00a0· ")
}

// moveTo sets a part where a look wants it.
func (p *textBlock) moveTo(at conference.TextBox, area canvas, right bool) {
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

// xRange is a range of a canvas, from left to right, in which there may be words.
type xRange struct{ from, to int }

// textRanges are where words may stand: between the margins and, with a look, where that puts
// them.
func (l *CardLook) textRanges(area canvas) []xRange {
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
		const slack = 1 // letters may hang over a little
		all = append(all, xRange{int((place.X - slack) * float64(area.width) / 100), int((place.X + place.Width + slack) * float64(area.width) / 100)})
	}
	return all
}

// hasRule reports whether Lectern's rule stands above the conference's name: where all is in
// the place that Lectern has for it.
func (l *CardLook) hasRule() bool {
	return l == nil || l.Background == "" && len(l.Places) == 0 && l.Logo == nil
}

// place is where the look wants a part, if it says.
func (l *CardLook) place(name string) (conference.TextBox, bool) {
	if l == nil {
		return conference.TextBox{}, false
	}
	p, ok := l.Places[name]
	return p, ok
}

// defaultFont is the family of Lectern's own cards. A machine without it has others that do.
const defaultFont = "Noto Sans"

// font is the family of the letters.
func (l *CardLook) font() string {
	switch {
	case l.hasFontFile():
		return fontFileFamily
	case l == nil || l.Font == "":
		return defaultFont
	}
	return l.Font
}

// hasFontFile reports whether the letters are of a file.
func (l *CardLook) hasFontFile() bool { return l != nil && l.FontFile }

// fontFileFamily is the family of a font file of the conference's, whatever it calls itself.
const fontFileFamily = "Lectern Card Letters"

// installFontFile puts the font file at path where write finds it, beside scripts in scratch.
func installFontFile(path, scratch string) error {
	font, err := readFontFile(path)
	if err != nil {
		return &RequirementError{fmt.Sprintf("the font of the cards is damaged (%v)", err), "Fetch it anew."}
	}
	dir := filepath.Join(scratch, "fonts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "letters.ttf"), font.renamed(fontFileFamily), 0o644)
}

// burnScript draws a script over s.
func (l *CardLook) burnScript(s *ffmpeg.Stream, script string) *ffmpeg.Stream {
	o := options{"filename": script}
	if l.hasFontFile() {
		o["fontsdir"] = filepath.Join(filepath.Dir(script), "fonts")
	}
	return filter(s, "ass", o)
}

// background is what lies behind a card, as large as out: a picture once, a clip for as long
// as it is asked for. What has another shape fills the card, and loses what is too much.
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

// overlayLogo lays a logo, which may be see-through, over a card.
func (l *CardLook) overlayLogo(s *ffmpeg.Stream, path string, out EncodeOutput) *ffmpeg.Stream {
	logo := ffmpeg.Input(fileURL(path), options{"protocol_whitelist": allowedProtocols, "f": "png_pipe"}).Get("v:0")
	logo = filter(logo, "scale", options{"w": max(2, int(l.Logo.Width*float64(out.Width)/100)), "h": -1, "flags": "lanczos"})
	return ffmpeg.Filter([]*ffmpeg.Stream{s, logo}, "overlay", nil, options{
		"x": int(l.Logo.X * float64(out.Width) / 100), "y": int(l.Logo.Y * float64(out.Height) / 100),
		"eof_action": "repeat", "format": "auto",
	})
}
