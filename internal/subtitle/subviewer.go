package subtitle

import (
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// readSubViewer reads SubViewer 2 and YouTube's SBV, in which times are “0:00:01.000,0:00:02.500”
// above the text.
func readSubViewer(p *parser) error {
	m := &markupReader{reporter: &p.reporter, lineBreaks: p.doc.Format == SubViewer}
	b := &blockReader{parser: p, parseTimes: parseCommaTimes, readMarkup: m.read, isHeader: isSubViewerHeader, isFooter: isSubViewerFooter, textAfter: textAfterTimes}
	b.isPlain = func(raw string) bool { return hasNoMarkup(raw) && !strings.ContainsAny(raw, "[|") }
	return b.read(0, 1)
}

// readSubViewer1 reads SubViewer 1, in which “[00:00:01]” starts a caption, and another time
// without text ends it.
func readSubViewer1(p *parser) error {
	p.startsOnly = true
	m := &markupReader{reporter: &p.reporter, lineBreaks: true}
	b := &blockReader{parser: p, parseTimes: parseBracketTime, readMarkup: m.read, isHeader: isSubViewerHeader, isFooter: isSubViewerFooter, textAfter: textAfterTimes}
	b.isPlain = func(raw string) bool { return hasNoMarkup(raw) && !strings.ContainsAny(raw, "[|") }
	return b.read(0, 1)
}

// textAfterTimes returns s, what follows the times on their line, as text of the cue.
func textAfterTimes(_ *conference.Cue, s string) string { return s }

// isSubViewerHeader reports whether l is a line of a SubViewer header.
func isSubViewerHeader(l string) bool {
	return strings.HasPrefix(l, "[") && strings.Contains(l, "]") || strings.HasPrefix(l, "***")
}

// parseCommaTimes parses a line of two times with a comma between them and nothing else:
// “0:00:01.000,0:00:02.500”.
func parseCommaTimes(line string) (s timesLine, ok bool) {
	line = strings.Trim(line, " \t")
	if len(line) < 9 || line[0]-'0' > 9 {
		return s, false
	}
	var left, right string
	switch strings.Count(line, ",") {
	case 1:
		left, right, _ = strings.Cut(line, ",")
	case 3:
		at := strings.IndexByte(line, ',') + 1
		at += strings.IndexByte(line[at:], ',')
		left, right = line[:at], line[at+1:]
	default:
		return s, false
	}
	left, right = strings.Trim(left, " \t"), strings.Trim(right, " \t")
	s.start, s.end = parseClock(left), parseClock(right)
	hours := (s.start.quirks|s.end.quirks)&quirkNoHours == 0
	return s, s.start.length > 0 && s.start.length == len(left) && s.end.length > 0 && s.end.length == len(right) && hours
}

// isSubViewerFooter reports whether l is a line that may follow the last cue of a SubViewer file:
// [END] or asterisks.
func isSubViewerFooter(l string) bool {
	return strings.EqualFold(l, "[END]") || strings.HasPrefix(l, "***")
}

// parseBracketTime parses a line of one time in brackets and nothing else: “[00:00:01]”.
func parseBracketTime(line string) (s timesLine, ok bool) {
	line = strings.Trim(line, " \t")
	if len(line) < 10 || line[0] != '[' || line[len(line)-1] != ']' {
		return s, false
	}
	inner := line[1 : len(line)-1]
	s.start, s.noEnd = parseClock(inner), true
	s.start.quirks &^= quirkNoFraction
	return s, s.start.length == len(inner) && s.start.quirks&quirkNoHours == 0
}

// isSBV reports whether the hours of the first times in a text have one digit, as in YouTube's SBV.
// In SubViewer they have two.
func isSBV(text string) bool {
	for l := range strings.Lines(text) {
		if _, ok := parseCommaTimes(strings.TrimSuffix(l, "\n")); ok {
			return strings.TrimLeft(l, " \t")[1] == ':'
		}
	}
	return false
}
