package subtitle

import (
	"strings"
)

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
