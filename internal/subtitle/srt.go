package subtitle

import (
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// readSRT reads SubRip. That has no specification, so it accepts what players accept and what
// people write by hand.
func readSRT(p *parser) error {
	m := &markupReader{reporter: &p.reporter}
	b := &blockReader{parser: p, parseTimes: parseArrowTimes, numbered: true, readMarkup: m.read, isPlain: hasNoMarkup}
	b.textAfter = func(c *conference.Cue, s string) string {
		text := s
		if strings.HasPrefix(s, "X1:") || strings.HasPrefix(s, "x1:") {
			text = skipCoordinates(s)
			p.addOnce(c.Line, "coordinates", "text", s[:len(s)-len(text)])
		}
		text = parseVTTSettings(c, text, p)
		if text == "" {
			return ""
		}
		return text
	}
	p.doc.Cues = make([]conference.Cue, 0, estimateCues(p.text))
	return b.read(0, 1)
}

// estimateCues returns about how many cues a file has, at most, so that memory is allocated once.
func estimateCues(text string) int { return min(strings.Count(text, "-->"), len(text)/11) + 1 }

// hasNoMarkup reports whether the text of a cue has no character with which markup can begin, and
// no word joiner.
func hasNoMarkup(raw string) bool {
	return strings.IndexByte(raw, '<') < 0 && strings.IndexByte(raw, '{') < 0 && strings.IndexByte(raw, '&') < 0 && !strings.Contains(raw, wordJoiner)
}

// skipCoordinates returns s without coordinates at its beginning, “X1:100 X2:200 Y1:300 Y2:400”.
func skipCoordinates(s string) (after string) {
	for {
		word, rest, _ := strings.Cut(s, " ")
		if len(word) < 3 || (word[0]|0x20 != 'x' && word[0]|0x20 != 'y') || word[2] != ':' || strings.Trim(word[3:], "0123456789-.") != "" {
			return s
		}
		s = strings.TrimLeft(rest, " \t")
		if s == "" {
			return ""
		}
	}
}
