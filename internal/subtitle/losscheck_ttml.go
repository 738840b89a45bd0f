package subtitle

import "strings"

// checkTTML compares the visible characters of the document's body with those of the cues in turn,
// and reports characters that are missing, and paragraphs that do not begin a cue.
func checkTTML(text string, doc *Document, r *reporter) {
	g := lossCheck{cues: doc.Cues, reporter: r, current: -1}
	line := 1
	inBody, inMetadata := 0, 0 // how many of these elements are open
	atParagraph := false       // nothing of the paragraph has been seen yet
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\r\n", "\n"), "\r\n", "\n")
	for rest := withoutControls(text); rest != ""; {
		var part xmlPart
		part, rest = cutXMLPart(rest)
		line += countLineEnds(part.text)
		if inBody > 0 && inMetadata == 0 {
			shown := part.decodedText()
			if atParagraph && !isInvisible(shown) {
				atParagraph = false
				g.expectParagraph(line)
			}
			g.checkCharacters(shown, line)
		}
		line += countLineEnds(part.tag)
		switch t := parseXMLTag(part.tag); {
		case t.local == "body":
			inBody += t.depth
		case t.local == "metadata" || t.prefix == "ttm":
			inMetadata = max(0, inMetadata+t.depth)
		case t.local == "p" && t.depth > 0:
			atParagraph = true
		}
	}
	g.finish()
}

// countLineEnds returns the number of LF and CR in s.
func countLineEnds(s string) int { return strings.Count(s, "\n") + strings.Count(s, "\r") }

// expectParagraph reports an error if a paragraph begins on that line although the current cue's
// text has not ended.
func (g *lossCheck) expectParagraph(line int) {
	if !isInvisible(g.remaining) && !g.reported {
		g.fail(line, "cues-lost.merged")
	}
}

// xmlPart is a piece of an XML document: text, or a tag.
type xmlPart struct {
	text  string
	cdata bool   // the text is from a CDATA section, where there are no entities
	tag   string // with its brackets; comments and instructions are tags, too
}

// decodedText returns the text with its entities decoded.
func (p xmlPart) decodedText() string {
	if p.cdata {
		return p.text
	}
	return unescapeEntities(p.text)
}

// cutXMLPart returns the first part of s, text or a tag, and the rest.
func cutXMLPart(s string) (part xmlPart, rest string) {
	if data, ok := strings.CutPrefix(s, "<![CDATA["); ok {
		text, rest, _ := strings.Cut(data, "]]>")
		return xmlPart{text: text, cdata: true}, rest
	}
	at := strings.IndexByte(s, '<')
	switch {
	case at < 0:
		return xmlPart{text: s}, ""
	case at > 0:
		return xmlPart{text: s[:at]}, s[at:]
	}
	for _, special := range [...]struct{ start, end string }{{"<!--", "-->"}, {"<?", "?>"}} {
		if strings.HasPrefix(s, special.start) {
			tag, rest, _ := strings.Cut(s, special.end)
			return xmlPart{tag: tag + special.end}, rest
		}
	}
	n := tagLength(s)
	return xmlPart{tag: s[:n]}, s[n:]
}

// tagLength returns the length of the tag that s begins with, up to the first > outside of quotes,
// or len(s) if there is none.
func tagLength(s string) int {
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c != quote:
		case quote != 0:
			quote = 0
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(s)
}

// xmlTag is what is needed to know of a tag.
type xmlTag struct {
	prefix, local string // of its name
	depth         int    // 1: it opens an element, -1: it closes one, 0: it does both
}

func parseXMLTag(tag string) (t xmlTag) {
	name := strings.TrimLeft(tag, "</")
	name = name[:strings.IndexAny(name+" ", " \t\r\n/>")]
	prefix, local, prefixed := strings.Cut(name, ":")
	if !prefixed {
		prefix, local = "", name
	}
	t = xmlTag{prefix: prefix, local: local, depth: 1}
	switch {
	case strings.HasPrefix(tag, "</"):
		t.depth = -1
	case strings.HasSuffix(tag, "/>"):
		t.depth = 0
	}
	return t
}

// checkCharacters removes the visible characters of s from the text of the current cue, and of the
// following ones if it is longer. It reports an error if they differ, unless a diagnostic explains
// the line.
func (g *lossCheck) checkCharacters(s string, line int) {
	for _, r := range s {
		if isUnseen(r) {
			continue
		}
		g.remaining = skipUnseen(g.remaining)
		for g.remaining == "" && g.current+1 < len(g.cues) {
			g.current++
			g.expect(skipUnseen(g.cues[g.current].Text))
		}
		rest, ok := strings.CutPrefix(g.remaining, string(r))
		if !ok {
			if !g.reporter.isExplained(line) {
				g.fail(line, "text-lost", "text", strings.TrimSpace(s))
			}
			return
		}
		g.remaining, g.alternative = rest, rest
	}
}
