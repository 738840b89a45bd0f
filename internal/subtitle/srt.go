package subtitle

import (
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// readSRT reads SubRip, which has no specification: what players make of it, and what
// people make of it by hand.
func readSRT(p *parser) error {
	m := &marker{r: &p.report}
	b := &blocks{parser: p, times: arrowed, numbered: true, mark: m.mark, plain: srtPlain}
	b.after = func(c *conference.Cue, s string) string {
		text := s
		if strings.HasPrefix(s, "X1:") || strings.HasPrefix(s, "x1:") {
			text = coordinates(s)
			p.habit(c.Line, Note, "coordinates", "the place "+quote(s[:len(s)-len(text)])+" is in pixels of an unknown screen; it is not kept")
		}
		if text = vttSettingsOf(c, text, p); text == "" {
			return ""
		}
		return text
	}
	p.doc.Cues = make([]conference.Cue, 0, cuesLikely(p.text))
	return b.read(0, 1)
}

// cuesLikely is how many cues a file of arrows may have, so that memory for them is
// taken once.
func cuesLikely(text string) int { return min(strings.Count(text, "-->"), len(text)/11) + 1 }

// srtPlain reports whether the text of a caption is without anything like markup.
func srtPlain(raw string) bool {
	return strings.IndexByte(raw, '<') < 0 && strings.IndexByte(raw, '{') < 0 && strings.IndexByte(raw, '&') < 0 && !strings.Contains(raw, joiner)
}

// coordinates is s after “X1:100 X2:200 Y1:300 Y2:400”.
func coordinates(s string) (after string) {
	for {
		word, rest, _ := strings.Cut(s, " ")
		if len(word) < 3 || (word[0]|0x20 != 'x' && word[0]|0x20 != 'y') || word[2] != ':' || strings.Trim(word[3:], "0123456789-.") != "" {
			return s
		}
		if s = strings.TrimLeft(rest, " \t"); s == "" {
			return ""
		}
	}
}
