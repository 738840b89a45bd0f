package subtitle

import (
	"fmt"
	"strconv"
	"strings"
)

// vttClassColours are the colours of WebVTT's own classes.
var vttClassColours = func() map[string]string {
	names := map[string]string{}
	for colour, name := range vttColours {
		names[name] = colour
	}
	return names
}()

// parseColour returns a colour that HTML, CSS or TTML can write, by name, in hexadecimal or as
// rgb(…), as "#rrggbb". Its transparency is ignored.
func parseColour(s string) (colour string, ok bool) {
	s = strings.ToLower(strings.Trim(s, " \t\"';"))
	if named, ok := colourNames[s]; ok {
		return named, true
	}
	if in, ok := strings.CutPrefix(s, "rgb"); ok {
		return parseRGB(strings.Trim(in, "a( )"))
	}
	hex, marked := strings.CutPrefix(s, "#")
	for _, r := range hex {
		if !strings.ContainsRune("0123456789abcdef", r) {
			return "", false
		}
	}
	switch {
	case len(hex) == 3 || len(hex) == 4 && marked:
		return "#" + strings.Repeat(hex[:1], 2) + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2), true
	case len(hex) == 6 || len(hex) == 8 && marked:
		return "#" + hex[:6], true
	}
	return "", false
}

func parseRGB(s string) (string, bool) {
	parts := strings.Split(s, ",")
	if len(parts) < 3 {
		return "", false
	}
	var v [3]uint64
	for i := range v {
		var err error
		if v[i], err = strconv.ParseUint(strings.TrimSpace(parts[i]), 10, 8); err != nil {
			return "", false
		}
	}
	return fmt.Sprintf("#%02x%02x%02x", v[0], v[1], v[2]), true
}

// colourNames are those of HTML 4 and TTML, and a few that subtitles use besides.
var colourNames = map[string]string{
	"black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "white": "#ffffff",
	"maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "magenta": "#ff00ff",
	"green": "#008000", "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080",
	"blue": "#0000ff", "teal": "#008080", "aqua": "#00ffff", "cyan": "#00ffff",
	"orange": "#ffa500", "pink": "#ffc0cb", "gold": "#ffd700", "brown": "#a52a2a", "violet": "#ee82ee",
}

// parseSSAColour returns a colour of SSA as "#rrggbb". It may be hexadecimal, "&H00BBGGRR&" with
// any number of digits, or decimal. It returns "" if s is neither.
func parseSSAColour(s string) string {
	s = strings.ToUpper(strings.Trim(s, " \t&"))
	hex, isHex := strings.CutPrefix(s, "H")
	base := 10
	if isHex {
		base = 16
	}
	v, err := strconv.ParseInt(hex, base, 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("#%02x%02x%02x", v&255, v>>8&255, v>>16&255)
}
