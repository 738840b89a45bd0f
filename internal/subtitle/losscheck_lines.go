package subtitle

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
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

// checkTTML compares the visible characters of the body with those that were read, one
// after the other, and the beginning of every paragraph with that of a cue.
func checkTTML(text string, doc *Document, r *reporter) {
	g := lossCheck{cues: doc.Cues, reporter: r, current: -1}
	line, body, hidden, fresh := 1, 0, 0, false
	for rest := withoutControls(strings.ReplaceAll(strings.ReplaceAll(text, "\r\r\n", "\n"), "\r\n", "\n")); rest != ""; {
		words, tag, after, data := cutXMLPart(rest)
		rest = after
		line += strings.Count(words, "\n") + strings.Count(strings.ReplaceAll(words, "\n", ""), "\r")
		if body > 0 && hidden == 0 {
			if !data {
				words = unescapeEntities(words)
			}
			if fresh && !isInvisible(words) {
				if fresh = false; !isInvisible(g.remaining) && !g.reported {
					g.fail(line, "cues-lost.merged")
				}
			}
			g.checkCharacters(words, line)
		}
		line += strings.Count(tag, "\n") + strings.Count(strings.ReplaceAll(tag, "\n", ""), "\r")
		name := strings.TrimLeft(tag, "</")
		name = name[:strings.IndexAny(name+" ", " \t\r\n/>")]
		prefix, local, prefixed := strings.Cut(name, ":")
		if !prefixed {
			prefix, local = "", name
		}
		step := 1
		if strings.HasPrefix(tag, "</") {
			step = -1
		} else if strings.HasSuffix(tag, "/>") {
			step = 0
		}
		switch {
		case local == "body":
			body += step
		case local == "metadata" || prefix == "ttm":
			hidden = max(0, hidden+step)
		case local == "p" && step == 1:
			fresh = true
		}
	}
	g.finish()
}

// cutXMLPart cuts the characters up to the next tag off s, and the tag. Comments and
// instructions are tags; data is what stands in a CDATA section.
func cutXMLPart(s string) (words, tag, after string, data bool) {
	if in, ok := strings.CutPrefix(s, "<![CDATA["); ok {
		words, after, _ = strings.Cut(in, "]]>")
		return words, "", after, true
	}
	at := strings.IndexByte(s, '<')
	switch {
	case at < 0:
		return s, "", "", false
	case at > 0:
		return s[:at], "", s[at:], false
	}
	end := ">"
	if strings.HasPrefix(s, "<!--") {
		end = "-->"
	} else if strings.HasPrefix(s, "<?") {
		end = "?>"
	} else {
		quoted := byte(0)
		for i := 1; i < len(s); i++ {
			switch c := s[i]; {
			case quoted != 0:
				if c == quoted {
					quoted = 0
				}
			case c == '"' || c == '\'':
				quoted = c
			case c == '>':
				return "", s[:i+1], s[i+1:], false
			}
		}
		return "", s, "", false
	}
	tag, after, _ = strings.Cut(s, end)
	return "", tag + end, after, false
}

// checkCharacters expects the visible ones of s, over as many cues as they take.
func (g *lossCheck) checkCharacters(s string, line int) {
	lost := false
	for _, r := range s {
		if isUnseen(r) {
			continue
		}
		g.remaining = skipUnseen(g.remaining)
		for g.remaining == "" && g.current+1 < len(g.cues) && !lost {
			g.current++
			g.expect(skipUnseen(g.cues[g.current].Text))
		}
		if !strings.HasPrefix(g.remaining, string(r)) {
			lost = true
			break
		}
		g.remaining = g.remaining[len(string(r)):]
		g.alternative = g.remaining
	}
	if lost && !g.reporter.isExplained(line) {
		g.fail(line, "text-lost", "text", strings.TrimSpace(s))
	}
}

// checkEBU counts the printing bytes of every subtitle's blocks and the characters that
// were read from them. A letter with a diacritic is two bytes, and is taken apart.
func checkEBU(data []byte, doc *Document, r *reporter) {
	latin := string(data[12:14]) < "01" || string(data[12:14]) > "04"
	counts := map[int]int{} // by the first block of a subtitle
	first := 0
	for n, at := 1, gsiSize; at+ttiSize <= len(data); n, at = n+1, at+ttiSize {
		b := data[at : at+ttiSize]
		if b[3] == 0xfe || b[15] == 1 {
			continue
		}
		if first == 0 {
			first = n
		}
		for _, c := range b[16:] {
			if c > 0x20 && c < 0x7f || c > 0xa0 && (!latin || c < 0xc0 || c > 0xcf && c != 0xff) && (latin || c != 0xad) {
				counts[first]++
			}
		}
		if next := at + ttiSize; b[3] >= 0xf0 || next+ttiSize > len(data) || data[next+1] != b[1] || data[next+2] != b[2] {
			first = 0
		}
	}
	for _, c := range doc.Cues {
		got := 0
		for _, r := range norm.NFD.String(c.Text) {
			if !isUnseen(r) && !(latin && unicode.Is(unicode.Mn, r)) {
				got++
			}
		}
		if want := counts[c.Line]; got != want && !r.isExplained(c.Line) {
			r.add(c.Line, "text-lost.count", "expected", want, "found", got)
		}
		delete(counts, c.Line)
	}
	for n, want := range counts {
		if want > 0 && !r.isExplained(n) {
			r.add(n, "cues-lost.block", "expected", want)
		}
	}
}
