package subtitle

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// writeVTT writes normalised cues as WebVTT. go-astisub's writer is not used: it leaves --> in the
// text as it is, nests the tags of neighbouring spans wrongly, and has no Language header and only
// five colours.
func writeVTT(b *bytes.Buffer, cues []conference.Cue, o WriteOptions) {
	b.WriteString("WEBVTT\n")
	if o.Language != "" {
		fmt.Fprintf(b, "Kind: captions\nLanguage: %s\n", o.Language)
	}
	if o.Edition != "" {
		fmt.Fprintf(b, "\nNOTE lectern edition %s\n", o.Edition)
	}
	writeVTTStyles(b, coloursWithoutClass(usedColours(cues)))
	for i, c := range cues {
		fmt.Fprintf(b, "\n%d\n%s --> %s%s\n", i+1, formatTime(c.Start, '.'), formatTime(c.End, '.'), vttSettings(c.Position))
		for _, l := range splitLines(c) {
			b.WriteString(vttLine(l) + "\n")
		}
	}
}

// vttLine returns a line with its tags. If a lenient parser could take it for times, its first
// character is written as a numeric entity.
func vttLine(l styledLine) (s string) {
	for _, p := range l {
		open, shut := vttTags(p.style)
		s += open + vttEscaper.Replace(p.text) + shut
	}
	if looksLikeArrowTimes(s) {
		first, size := utf8.DecodeRuneInString(s)
		return fmt.Sprintf("&#%d;%s", first, s[size:])
	}
	return s
}

// vttEscaper are the references of the specification, section 4.2.2; and a brace with a
// backslash, which many files have from ASS and which is therefore read as such, by its
// number.
var vttEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\u00a0", "&nbsp;", "\u200e", "&lrm;", "\u200f", "&rlm;", `{\`, `&#123;\`)

// vttColours are the classes that every player knows, section 5.
var vttColours = map[string]string{
	"#ffffff": "white", "#00ff00": "lime", "#00ffff": "cyan", "#ff0000": "red",
	"#ffff00": "yellow", "#ff00ff": "magenta", "#0000ff": "blue", "#000000": "black",
}

// vttClass returns the class of a colour: its name in WebVTT, or one that writeVTTStyles defines.
func vttClass(colour string) string {
	if name, ok := vttColours[colour]; ok {
		return name
	}
	return "colour-" + strings.TrimPrefix(colour, "#")
}

// coloursWithoutClass removes the colours that have a class in WebVTT from colours, in place, and
// returns the rest.
func coloursWithoutClass(colours []string) []string {
	return slices.DeleteFunc(colours, func(c string) bool { return vttColours[c] != "" })
}

func writeVTTStyles(b *bytes.Buffer, colours []string) {
	if len(colours) > 0 {
		b.WriteString("\nSTYLE\n")
	}
	for _, c := range colours {
		fmt.Fprintf(b, "::cue(.%s) { color: %s }\n", vttClass(c), c)
	}
}

func vttTags(look conference.Span) (open, shut string) {
	if look.Colour != "" {
		open, shut = "<c."+vttClass(look.Colour)+">", "</c>"
	}
	o, s := styleTags(look)
	return open + o, s + shut
}

// vttSettings returns the cue settings of a place. With align:left, the position "auto" is the left
// edge (WebVTT, section 3.2).
func vttSettings(place int) (s string) {
	switch {
	case place >= 7:
		s = " line:0"
	case place >= 4:
		s = " line:50%"
	}
	switch {
	case place == 0:
	case place%3 == 1:
		s += " align:left"
	case place%3 == 0:
		s += " align:right"
	}
	return s
}
