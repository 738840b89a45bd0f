package subtitle

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/asticode/go-astisub"

	"github.com/lectern-av/lectern/internal/conference"
)

// ttmlDocument is go-astisub's document and what it has no place for. Its own encoder knows five
// languages, and indents, which puts spaces between the spans of a line.
type ttmlDocument struct {
	Space string `xml:"xml:space,attr"`
	astisub.TTMLOut
}

// writeTTML writes normalised cues as W3C Timed Text (TTML 1). Each cue names a region, because one
// without is shown at the top left.
func writeTTML(b *bytes.Buffer, cues []conference.Cue, o WriteOptions) error {
	doc := ttmlDocument{"preserve", astisub.TTMLOut{
		Lang:            o.Language,
		XMLNamespaceTTM: "http://www.w3.org/ns/ttml#metadata",
		XMLNamespaceTTS: "http://www.w3.org/ns/ttml#styling",
	}}
	used := map[int]bool{}
	for _, c := range cues {
		place := c.Position
		if place == 0 {
			place = 2
		}
		used[place] = true
		doc.Subtitles = append(doc.Subtitles, astisub.TTMLOutSubtitle{
			Begin: astisub.TTMLOutDuration(c.Start), End: astisub.TTMLOutDuration(c.End),
			Region: regionNames[place], Items: ttmlItems(c),
		})
	}
	for place := 1; place <= 9; place++ {
		if used[place] {
			doc.Regions = append(doc.Regions, ttmlRegion(place))
		}
	}
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(b).Encode(doc); err != nil {
		return fmt.Errorf("write TTML: %w", err)
	}
	b.WriteByte('\n')
	return nil
}

// regionNames are the places, in the order of the keys.
var regionNames = [10]string{1: "bottom-left", "bottom", "bottom-right", "left", "middle", "right", "top-left", "top", "top-right"}

// ttmlRegion returns the region of a place, within the part of the screen that is safe for text.
func ttmlRegion(place int) astisub.TTMLOutRegion {
	origin, extent := "5% 5%", "90% 90%"
	down := [3]string{"after", "center", "before"}[(place-1)/3]
	across := [3]string{"left", "center", "right"}[(place-1)%3]
	return astisub.TTMLOutRegion{TTMLOutHeader: astisub.TTMLOutHeader{
		ID:                     regionNames[place],
		TTMLOutStyleAttributes: astisub.TTMLOutStyleAttributes{Origin: &origin, Extent: &extent, DisplayAlign: &down, TextAlign: &across},
	}}
}

func ttmlItems(c conference.Cue) (items []astisub.TTMLOutItem) {
	for i, l := range splitLines(c) {
		if i > 0 {
			items = append(items, astisub.TTMLOutItem{XMLName: xml.Name{Local: "br"}})
		}
		for _, p := range l {
			items = append(items, astisub.TTMLOutItem{XMLName: xml.Name{Local: "span"}, Text: p.text, TTMLOutStyleAttributes: ttmlStyleAttributes(p.style)})
		}
	}
	return items
}

func ttmlStyleAttributes(look conference.Span) (a astisub.TTMLOutStyleAttributes) {
	italic, bold, underline := "italic", "bold", "underline"
	if look.Italic {
		a.FontStyle = &italic
	}
	if look.Bold {
		a.FontWeight = &bold
	}
	if look.Underline {
		a.TextDecoration = &underline
	}
	if look.Colour != "" {
		a.Color = &look.Colour
	}
	return a
}
