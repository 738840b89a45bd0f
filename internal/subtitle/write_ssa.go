package subtitle

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/asticode/go-astisub"

	"github.com/lectern-av/lectern/internal/conference"
)

// writeSSA writes normalised cues as SubStation Alpha, version 4 or, for ASS, 4+. go-astisub writes
// the file, but not the text of a cue: its writer puts spaces between the pieces of a line, does
// not escape braces, and ends lines with \n, which players show as a space.
func writeSSA(b *bytes.Buffer, cues []conference.Cue, f Format) error {
	doc := astisub.NewSubtitles()
	doc.Metadata = &astisub.Metadata{SSAScriptType: "v4.00", SSAPlayResX: new(384), SSAPlayResY: new(288)}
	if f == ASS {
		doc.Metadata.SSAScriptType = "v4.00+"
	}
	style := &astisub.Style{ID: "Default", InlineStyle: ssaDefaultStyle()}
	doc.Styles[style.ID] = style
	for _, c := range cues {
		doc.Items = append(doc.Items, &astisub.Item{StartAt: c.Start, EndAt: c.End, Style: style,
			Lines: []astisub.Line{{Items: []astisub.LineItem{{Text: ssaText(c)}}}}})
	}
	if err := doc.WriteToSSA(b); err != nil {
		return fmt.Errorf("write %s: %w", f, err)
	}
	return nil
}

// ssaDefaultStyle returns the default style: white with a black outline, at the bottom centre.
func ssaDefaultStyle() *astisub.StyleAttributes {
	white, black := &astisub.Color{Red: 255, Green: 255, Blue: 255}, &astisub.Color{}
	return &astisub.StyleAttributes{
		SSAFontName: "Arial", SSAFontSize: new(16.0), SSAAlignment: new(2), SSABorderStyle: new(1),
		SSAPrimaryColour: white, SSASecondaryColour: white, SSAOutlineColour: black, SSABackColour: black,
		SSABold: new(false), SSAItalic: new(false), SSAUnderline: new(false), SSAOutline: new(1.0), SSAShadow: new(0.0),
		SSAMarginLeft: new(10), SSAMarginRight: new(10), SSAMarginVertical: new(10), SSAEncoding: new(1),
	}
}

// ssaText returns a cue's text with its place and styles as override codes.
func ssaText(c conference.Cue) string {
	var b strings.Builder
	if c.Position != 0 {
		fmt.Fprintf(&b, `{\an%d}`, c.Position)
	}
	var now conference.Span
	for i, l := range splitLines(c) {
		if i > 0 {
			b.WriteString(`\N`)
		}
		for _, p := range l {
			if o := ssaOverrides(now, p.style); o != "" {
				b.WriteString("{" + o + "}")
			}
			b.WriteString(ssaEscape(p.text))
			now = p.style
		}
	}
	return b.String()
}

// ssaOverrides returns the override codes, without braces, that change the style from one span to
// another, or "" if both look alike.
func ssaOverrides(from, to conference.Span) (s string) {
	flag := func(name string, was, is bool) {
		if was != is {
			s += `\` + name + map[bool]string{true: "1", false: "0"}[is]
		}
	}
	flag("i", from.Italic, to.Italic)
	flag("b", from.Bold, to.Bold)
	flag("u", from.Underline, to.Underline)
	if from.Colour != to.Colour {
		s += `\c` + ssaColour(to.Colour)
	}
	return s
}

// ssaColour returns "#rrggbb" in ASS notation, blue first, or the style's own colour for "".
func ssaColour(colour string) string {
	if len(colour) != 7 {
		return ""
	}
	return "&H" + strings.ToUpper(colour[5:7]+colour[3:5]+colour[1:3]) + "&"
}

// ssaEscape escapes text for SSA: an opening brace gets a backslash, and a backslash that would
// start an escape gets a word joiner after it.
func ssaEscape(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == '{' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if next := s[i+utf8.RuneLen(r):]; r == '\\' && (next == "" || strings.HasPrefix(next, wordJoiner) || strings.ContainsAny(next[:1], `Nnh{}\`)) {
			b.WriteString(wordJoiner)
		}
	}
	return b.String()
}
