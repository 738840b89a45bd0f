package subtitle

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// ttmlStyle is what attributes say about how text looks and where it stands. A pointer
// is nil where they say nothing.
type ttmlStyle struct {
	italic, bold, underline *bool
	colour, align, display  *string
	origin, extent          *string
}

// place returns the place of the innermost element, by its region and its own alignment, numbered
// as on a numeric keypad, or 0 for the default.
func (f *ttmlFile) place() int {
	e := f.top()
	region, told := f.regions[e.region]
	s := region.overriddenBy(e.style)
	if !told && s.align == nil && s.display == nil {
		return 0
	}
	col, row := 1, 2
	if s.align != nil {
		col = alignColumn(*s.align, col)
	} else if told {
		col = 0 // the initial value is start
	}
	if s.display != nil {
		row = map[string]int{"before": 0, "center": 1, "after": 2}[*s.display]
	} else if told {
		row = 0
	}
	if x, y, ok := parsePercents(s.origin); ok {
		if w, h, ok := parsePercents(s.extent); ok {
			return normalizePlace(7 - 3*horizontalThird(y+h*float64(row)/2) + horizontalThird(x+w*float64(col)/2))
		}
	}
	return normalizePlace(7 - 3*row + col)
}

// parsePercents parses two percentages, “10% 80%”, as fractions of 1. ok is false if s is nil or
// anything else.
func parsePercents(s *string) (x, y float64, ok bool) {
	if s == nil {
		return 0, 0, false
	}
	a, b, _ := strings.Cut(strings.TrimSpace(*s), " ")
	x, err1 := strconv.ParseFloat(strings.TrimSuffix(a, "%"), 64)
	y, err2 := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(b), "%"), 64)
	return x / 100, y / 100, err1 == nil && err2 == nil && strings.HasSuffix(a, "%") && strings.HasSuffix(b, "%")
}

// setAttribute sets what an attribute says about style or place. Others are ignored.
func (s *ttmlStyle) setAttribute(a xml.Attr) {
	v := strings.TrimSpace(a.Value)
	flag := func(on bool) *bool { return &on }
	switch a.Name.Local {
	case "fontStyle":
		s.italic = flag(v == "italic" || v == "oblique")
	case "fontWeight":
		s.bold = flag(v == "bold")
	case "textDecoration":
		s.underline = flag(strings.Contains(" "+v+" ", " underline "))
	case "color":
		if c, ok := parseColour(v); ok {
			s.colour = &c
		}
	case "textAlign":
		s.align = &v
	case "displayAlign":
		s.display = &v
	case "origin":
		s.origin = &v
	case "extent":
		s.extent = &v
	}
}

// overriddenBy returns s with the attributes that over sets replaced by those of over.
func (s ttmlStyle) overriddenBy(over ttmlStyle) ttmlStyle {
	replaceIfSet(&s.italic, over.italic)
	replaceIfSet(&s.bold, over.bold)
	replaceIfSet(&s.underline, over.underline)
	replaceIfSet(&s.colour, over.colour)
	replaceIfSet(&s.align, over.align)
	replaceIfSet(&s.display, over.display)
	replaceIfSet(&s.origin, over.origin)
	replaceIfSet(&s.extent, over.extent)
	return s
}

func replaceIfSet[T any](p **T, over *T) {
	if over != nil {
		*p = over
	}
}
