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

// part is words of a card, and where and how they stand. Lengths are in units of the canvas.
type part struct {
	name, text    string
	sizes         []int // of the letters, the largest first
	bold, spacing int
	colour        string // as scripts write it: &H00BBGGRR
	width, most   int    // of a line, and of all lines together
	x, y, anchor  int    // the anchor is which point of the words is at x and y: 7 is their upper left, as on a number pad
}

// parts are the words of a card, as Lectern sets them where its look says nothing.
func (spec CardSpec) parts(on canvas, right bool) []part {
	down := func(of float64) int { return int(of * float64(on.down)) }
	all := []part{
		{name: "conference", text: spec.Conference, sizes: []int{46, 40, 34}, spacing: 2, colour: "&H00D8C37A", most: down(0.093), y: down(0.154), anchor: 7},
		{name: "title", text: spec.Title, sizes: []int{112, 100, 90, 80, 72, 64, 56, 48, 40, 34}, bold: -1, colour: "&H00FFFFFF", most: down(0.38), y: down(0.463), anchor: 4},
		{name: "speakers", text: together(spec.Speakers), sizes: []int{58, 52, 46, 40, 34, 28}, colour: "&H00F2E6DA", most: down(0.13), y: down(0.824), anchor: 1},
		{name: "note", text: spec.Note, sizes: []int{34, 30, 26}, colour: "&H00CDBAA9", most: down(0.074), y: down(0.926), anchor: 1},
	}
	for i := range all {
		p := &all[i]
		p.x, p.width = on.margin(), on.across-2*on.margin()
		if right {
			p.x, p.anchor = on.across-on.margin(), p.anchor+2
		}
		if place, ok := spec.Look.place(p.name); ok {
			p.put(place, on, right)
		}
	}
	return all
}

// together are names in one line, which may be broken between them alone.
func together(names []string) string {
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

// put sets a part where a look wants it.
func (p *part) put(at conference.Place, on canvas, right bool) {
	across := func(hundredths float64) int { return int(hundredths * float64(on.across) / 100) }
	down := func(hundredths float64) int { return int(hundredths * float64(on.down) / 100) }
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
		p.most = down(at.Height)
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

// strip is a range of a canvas, from left to right, in which there may be words.
type strip struct{ from, to int }

// strips are where words may stand: between the margins and, with a look, where that puts
// them.
func (l *CardLook) strips(on canvas) []strip {
	clear := on.margin() * 3 / 4
	if l == nil {
		return []strip{{clear, on.across - clear}}
	}
	var all []strip
	for _, name := range []string{"conference", "title", "speakers", "note"} {
		place, ok := l.place(name)
		if !ok {
			all = append(all, strip{clear, on.across - clear})
			continue
		}
		const slack = 1 // letters may hang over a little
		all = append(all, strip{int((place.X - slack) * float64(on.across) / 100), int((place.X + place.Width + slack) * float64(on.across) / 100)})
	}
	return all
}

// ruled reports whether Lectern's rule stands above the conference's name: where all is in
// the place that Lectern has for it.
func (l *CardLook) ruled() bool {
	return l == nil || l.Background == "" && len(l.Places) == 0 && l.Logo == nil
}

// place is where the look wants a part, if it says.
func (l *CardLook) place(name string) (conference.Place, bool) {
	if l == nil {
		return conference.Place{}, false
	}
	p, ok := l.Places[name]
	return p, ok
}

// ownFont is the family of Lectern's own cards. A machine without it has others that do.
const ownFont = "Noto Sans"

// font is the family of the letters.
func (l *CardLook) font() string {
	switch {
	case l.ownType():
		return laidType
	case l == nil || l.Font == "":
		return ownFont
	}
	return l.Font
}

// ownType reports whether the letters are of a file.
func (l *CardLook) ownType() bool { return l != nil && l.FontFile }

// laidType is the family of a font file of the conference's, whatever it calls itself.
const laidType = "Lectern Card Letters"

// layType puts the font file at path where write finds it, beside scripts in scratch.
func layType(path, scratch string) error {
	font, err := readTypeface(path)
	if err != nil {
		return &Lack{fmt.Sprintf("the font of the cards is damaged (%v)", err), "Fetch it anew."}
	}
	dir := filepath.Join(scratch, "fonts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "letters.ttf"), font.as(laidType), 0o644)
}

// write draws a script over s.
func (l *CardLook) write(s *ffmpeg.Stream, script string) *ffmpeg.Stream {
	o := options{"filename": script}
	if l.ownType() {
		o["fontsdir"] = filepath.Join(filepath.Dir(script), "fonts")
	}
	return filter(s, "ass", o)
}

// backdrop is what lies behind a card, as large as out: a picture once, a clip for as long
// as it is asked for. What has another shape fills the card, and loses what is too much.
func (l *CardLook) backdrop(path string, rate timeline.Rate, out EncodeOut) *ffmpeg.Stream {
	input := options{"protocol_whitelist": protocols, "framerate": rate, "f": "ppm_pipe"}
	clip := l != nil && l.Background == Clip
	switch {
	case clip:
		input = options{"protocol_whitelist": protocols, "format_whitelist": demuxers}
	case l != nil && l.Background != "":
		input["f"] = string(l.Background) + "_pipe"
	}
	s := ffmpeg.Input(locate(path), input).Get("v:0")
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

// withLogo lays a logo, which may be see-through, over a card.
func (l *CardLook) withLogo(s *ffmpeg.Stream, path string, out EncodeOut) *ffmpeg.Stream {
	logo := ffmpeg.Input(locate(path), options{"protocol_whitelist": protocols, "f": "png_pipe"}).Get("v:0")
	logo = filter(logo, "scale", options{"w": max(2, int(l.Logo.Width*float64(out.Width)/100)), "h": -1, "flags": "lanczos"})
	return ffmpeg.Filter([]*ffmpeg.Stream{s, logo}, "overlay", nil, options{
		"x": int(l.Logo.X * float64(out.Width) / 100), "y": int(l.Logo.Y * float64(out.Height) / 100),
		"eof_action": "repeat", "format": "auto",
	})
}
