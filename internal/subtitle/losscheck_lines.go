package subtitle

import (
	"strings"
)

func checkMicroDVD(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupBars}).checkLines(text, func(row string) (string, bool) {
		i := 0
		for range 2 {
			if !strings.HasPrefix(row[i:], "{") {
				return "", false
			}
			end := i + 1
			for end < len(row) && row[end]-'0' <= 9 {
				end++
			}
			if end == len(row) || row[end] != '}' {
				return "", false
			}
			i = end + 1
		}
		for i+3 < len(row) && row[i] == '{' && row[i+2] == ':' && strings.Contains(row[i:], "}") { // {y:i}
			i += strings.IndexByte(row[i:], '}') + 1
		}
		return row[i:], true
	})
}

func checkSpruce(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupSpruce}).checkLines(text, func(row string) (string, bool) {
		if row[0]-'0' > 9 {
			return "", false
		}
		parts := strings.SplitN(row, ",", 3)
		if len(parts) < 3 || strings.Count(parts[0], ":")+strings.Count(parts[0], ";") != 3 {
			return "", false
		}
		return strings.TrimSpace(parts[2]), strings.Trim(parts[0]+parts[1], "0123456789:;., \t") == ""
	})
}

func checkSSA(text string, doc *Document, r *reporter) {
	before := strings.Count("Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,", ",")
	behind := 0
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupSSA}).checkLines(text, func(row string) (string, bool) {
		word, rest, ok := strings.Cut(row, ":")
		switch word = strings.ToLower(strings.TrimSpace(word)); {
		case !ok:
			return "", false
		case word == "format" && strings.Contains(strings.ToLower(rest), "start"):
			at := strings.Index(strings.ToLower(rest), "text")
			if at < 0 {
				at = strings.LastIndexByte(rest, ',') + 1
			}
			before, behind = strings.Count(rest[:at], ","), strings.Count(rest[at:], ",")
			return "", false
		case word != "dialogue":
			return "", false
		}
		for range before {
			_, rest, _ = strings.Cut(rest, ",")
		}
		for range behind {
			if at := strings.LastIndexByte(rest, ','); at >= 0 {
				rest = rest[:at]
			}
		}
		return strings.TrimSpace(rest), true
	})
}

// checkLines compares files with a cue on every line; body is the text of a line, where it
// is one. In SubStation Alpha, other lines are no text.
func (g *lossCheck) checkLines(text string, body func(row string) (string, bool)) {
	g.current = -1
	rows := newRowScanner(text)
	for rows.next() {
		s, line := rows.text, rows.line
		if s == "" {
			continue
		}
		shown, ok := body(s)
		switch {
		case g.current+1 < len(g.cues) && g.cues[g.current+1].Line == line:
			g.endCue(false)
			g.current++
			g.expect(g.cues[g.current].Text)
			if !ok {
				g.fail(line, "cues-added")
			} else if !g.reporter.isExplained(line) && !g.consume(shown) {
				g.fail(line, "text-lost", "text", shown)
			} else if g.reporter.isExplained(line) && !g.consume(shown) {
				g.expect("")
			}
		case g.reporter.isExplained(line):
		case ok && !isInvisible(shown):
			g.fail(line, "cues-lost", "text", shown)
		case !ok && g.markup != markupSSA && (g.current < 0 || !g.consume(s)):
			g.fail(line, "text-lost", "text", s)
		}
	}
	g.finish()
}
