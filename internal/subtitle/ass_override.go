package subtitle

import (
	"strconv"
	"strings"
)

// overrideNames are the overrides of SSA and ASS, longest first where one begins another.
var overrideNames = []string{
	"iclip", "clip", "alpha", "xbord", "ybord", "bord", "xshad", "yshad", "shad", "fade", "fad", "move", "org", "pos",
	"fscx", "fscy", "fsp", "fs", "frx", "fry", "frz", "fr", "fax", "fay", "fn", "fe", "blur", "be", "pbo", "kf", "ko", "kt", "k", "K",
	"1c", "2c", "3c", "4c", "1a", "2a", "3a", "4a", "an", "a", "i", "b", "u", "s", "c", "q", "r", "p", "t",
}

// parseOverride splits an override of SSA or ASS, without its backslash, into name and value: "an8"
// into "an" and "8". An unknown one has no name.
func parseOverride(o string) (name, value string) {
	o = strings.TrimSpace(o)
	for _, name := range overrideNames {
		if value, ok := strings.CutPrefix(o, name); ok && isOverrideValue(name, value) {
			return name, value
		}
	}
	return "", o
}

// isOverrideValue reports whether value has the form of a value of that override.
func isOverrideValue(name, value string) bool {
	switch name {
	case "fn", "r":
		return true
	case "iclip", "clip", "fade", "fad", "move", "org", "pos", "t":
		return strings.HasPrefix(value, "(")
	case "c", "1c", "2c", "3c", "4c", "alpha", "1a", "2a", "3a", "4a":
		return strings.Trim(value, "&Hh0123456789abcdefABCDEF") == ""
	}
	return strings.Trim(value, "0123456789.-+ ") == ""
}

// isOverrides reports whether s, such as \an8\i1, consists of known overrides only. It is false for
// TeX.
func isOverrides(s string) bool {
	if i := strings.IndexByte(s, '('); i >= 0 && strings.Contains(s[i:], `\`) {
		return strings.Contains(s, `\t(`) || strings.Contains(s, `clip(`)
	}
	for o := range strings.SplitSeq(strings.TrimPrefix(s, `\`), `\`) {
		name, value := parseOverride(o)
		if name == "" && strings.TrimSpace(o) != "" || value == "" && !bareOverrides[name] {
			return false
		}
	}
	return true
}

// bareOverrides are those that are written without a value, too, to go back to the style.
// The others, such as {\alpha}, are more likely TeX then.
var bareOverrides = map[string]bool{"": true, "i": true, "b": true, "u": true, "s": true, "r": true, "c": true, "1c": true}

// overridePlace returns where an override puts a cue on a screen of width w and height h, numbered
// like the keys of a numeric keypad. It returns 0 if the override sets no place.
func overridePlace(name, value string, w, h float64) int {
	value = strings.TrimSpace(value)
	switch name {
	case "an":
		if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= 9 {
			return n
		}
	case "a":
		return legacyPlace(value)
	case "pos":
		xs, ys, _ := strings.Cut(strings.Trim(value, "( )"), ",")
		x, err1 := strconv.ParseFloat(strings.TrimSpace(xs), 64)
		y, err2 := strconv.ParseFloat(strings.TrimSpace(ys), 64)
		if err1 == nil && err2 == nil {
			return alignmentOfPoint(x/w, y/h)
		}
	}
	return 0
}

// legacyPlace converts an alignment number of SSA to a place as on a numeric keypad: 1 to 3 are at
// the bottom; 4 is added for the top, 8 for the middle. It returns 0 for any other.
func legacyPlace(value string) int {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 1 || n > 11 || n&3 == 0 {
		return 0
	}
	return n&3 + [3]int{0, 6, 3}[n>>2]
}

// alignmentOfPoint returns the place, numbered as on a numeric keypad, of a point on the screen.
// The top left is 0,0 and the bottom right 1,1.
func alignmentOfPoint(x, y float64) int {
	col, row := 1, 2
	if x < 1.0/3 {
		col = 0
	} else if x > 2.0/3 {
		col = 2
	}
	if y < 1.0/3 {
		row = 0
	} else if y < 2.0/3 {
		row = 1
	}
	return 7 - 3*row + col
}

// normalizePlace returns a place of ASS (\an), or 0 for 2, bottom centre, which is the default.
func normalizePlace(place int) int {
	if place == 2 {
		return 0
	}
	return place
}
