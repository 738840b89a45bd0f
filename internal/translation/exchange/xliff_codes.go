package exchange

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// inlineCodes numbers the styled parts of a unit's texts. A part of the translation gets the
// number of a part of the source with the same style.
type inlineCodes struct {
	source   []inlineCode
	free     []inlineCode // those of source that the translation has not used yet
	last     int
	inTarget bool
}

// inlineCode is a styled part of the source.
type inlineCode struct {
	number int
	style  string
}

// forTarget makes c ready to encode the unit's translation, and returns it. The source must have
// been encoded.
func (c *inlineCodes) forTarget() *inlineCodes {
	c.inTarget, c.free = true, slices.Clone(c.source)
	return c
}

func (c *inlineCodes) codeNumber(look string) int {
	for n, f := range c.free {
		if f.style == look {
			c.free = slices.Delete(c.free, n, n+1)
			return f.number
		}
	}
	c.last++
	if !c.inTarget {
		c.source = append(c.source, inlineCode{c.last, look})
	}
	return c.last
}

// encode returns a text as XML, with its tags as elements: <pc> in XLIFF 2, or <g> in XLIFF 1.2 if
// old is set.
func (c *inlineCodes) encode(s string, old bool) string {
	var b strings.Builder
	element := "pc"
	if old {
		element = "g"
	}
	open := 0
	for s != "" {
		tag := stylingTag.FindString(s)
		switch {
		case tag == "":
			next := len(s)
			if at := strings.IndexByte(s[1:], '<'); at >= 0 {
				next = 1 + at
			}
			b.WriteString(escapeXML(unescapeMarkup(s[:next])))
			s = s[next:]
			continue
		case tag[1] != '/':
			open++
			look := tagStyle(tag)
			fmt.Fprintf(&b, `<%s id="%d"%s>`, element, c.codeNumber(look), codeAttributes(look, old))
		case open > 0:
			open--
			b.WriteString("</" + element + ">")
		}
		s = s[len(tag):]
	}
	b.WriteString(strings.Repeat("</"+element+">", open))
	return b.String()
}

// tagStyle returns the style of an opening tag: "i", "b", "u" or a colour such as "#ffee00".
func tagStyle(tag string) string {
	tag = strings.ToLower(tag)
	if at := strings.IndexByte(tag, '#'); at >= 0 {
		return tag[at : at+7]
	}
	return strings.Trim(tag, "<>")
}

func codeAttributes(look string, old bool) string {
	colour, coloured := strings.CutPrefix(look, "#")
	switch {
	case old && coloured:
		return xmlAttribute("ctype", "x-colour-"+colour)
	case old:
		return xmlAttribute("ctype", map[string]string{"i": "italic", "b": "bold", "u": "underlined"}[look])
	case coloured:
		return xmlAttribute("type", "fmt") + xmlAttribute("subType", toolName+":"+colour)
	}
	return xmlAttribute("type", "fmt") + xmlAttribute("subType", "xlf:"+look)
}

// codeTags returns the opening and closing tags for an inline element of that kind, or "" for one
// that Lectern does not write.
func codeTags(kind string) (open, shut string) {
	short, ok := map[string]string{"xlf:i": "i", "xlf:b": "b", "xlf:u": "u", "italic": "i", "bold": "b", "underlined": "u"}[kind]
	if ok {
		return "<" + short + ">", "</" + short + ">"
	}
	if m := colourCode.FindStringSubmatch(kind); m != nil {
		return spanTags(conference.Span{Colour: "#" + m[1]})
	}
	return "", ""
}

var colourCode = regexp.MustCompile(`^(?:` + toolName + `:|x-colour-)([0-9a-f]{6})$`)
