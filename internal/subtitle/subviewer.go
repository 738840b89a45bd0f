package subtitle

import (
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// readSubViewer reads SubViewer 2 and YouTube's SBV, whose times are “0:00:01.000,0:00:02.500”.
func readSubViewer(p *parser) error {
	m := &marker{r: &p.report, breaks: p.doc.Format == SubViewer}
	b := &blocks{parser: p, times: commaTimes, mark: m.mark, header: headerOfSubViewer, footer: footerOfSubViewer, after: textBehind}
	b.plain = func(raw string) bool { return srtPlain(raw) && !strings.ContainsAny(raw, "[|") }
	return b.read(0, 1)
}

// readSubViewer1 reads the older form: “[00:00:01]” starts a caption, and another
// without text ends it.
func readSubViewer1(p *parser) error {
	p.startsOnly = true
	m := &marker{r: &p.report, breaks: true}
	b := &blocks{parser: p, times: bracketTime, mark: m.mark, header: headerOfSubViewer, footer: footerOfSubViewer, after: textBehind}
	b.plain = func(raw string) bool { return srtPlain(raw) && !strings.ContainsAny(raw, "[|") }
	return b.read(0, 1)
}

// textBehind takes what stands behind the times for text.
func textBehind(_ *conference.Cue, s string) string { return s }

// headerOfSubViewer is a line of a SubViewer header.
func headerOfSubViewer(l string) bool {
	return strings.HasPrefix(l, "[") && strings.Contains(l, "]") || strings.HasPrefix(l, "***")
}

// commaTimes reads “0:00:01.000,0:00:02.500” and nothing else on the line.
func commaTimes(line string) (s stampOf, ok bool) {
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
	s.start, s.end = clock(left), clock(right)
	hours := (s.start.odd|s.end.odd)&oddHours == 0
	return s, s.start.n > 0 && s.start.n == len(left) && s.end.n > 0 && s.end.n == len(right) && hours
}

// footerOfSubViewer is a line that ends a SubViewer file.
func footerOfSubViewer(l string) bool {
	return strings.EqualFold(l, "[END]") || strings.HasPrefix(l, "***")
}

// bracketTime reads “[00:00:01]” and nothing else on the line.
func bracketTime(line string) (s stampOf, ok bool) {
	line = strings.Trim(line, " \t")
	if len(line) < 10 || line[0] != '[' || line[len(line)-1] != ']' {
		return s, false
	}
	inner := line[1 : len(line)-1]
	s.start, s.noEnd = clock(inner), true
	s.start.odd &^= oddNone
	return s, s.start.n == len(inner) && s.start.odd&oddHours == 0
}

// isSBV tells YouTube's SBV from SubViewer by its hours of one digit.
func isSBV(text string) bool {
	for l := range strings.Lines(text) {
		if _, ok := commaTimes(strings.TrimSuffix(l, "\n")); ok {
			return strings.TrimLeft(l, " \t")[1] == ':'
		}
	}
	return false
}
