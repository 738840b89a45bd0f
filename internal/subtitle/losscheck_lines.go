package subtitle

import "strings"

func checkMicroDVD(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupBars}).checkLines(text, matchMicroDVD)
}

// matchMicroDVD matches a line of MicroDVD. The tail of "{25}{50}{y:i}Hello" is "Hello".
func matchMicroDVD(row string) (tail string, ok bool) {
	tail = row
	for range 2 {
		frame, rest, closed := strings.Cut(tail, "}")
		if !closed || !strings.HasPrefix(frame, "{") || !consistsOf(frame[1:], digitChars) {
			return "", false
		}
		tail = rest
	}
	for len(tail) > 3 && tail[0] == '{' && tail[2] == ':' { // {y:i}
		_, rest, closed := strings.Cut(tail, "}")
		if !closed {
			break
		}
		tail = rest
	}
	return tail, true
}

func checkSpruce(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupSpruce}).checkLines(text, matchSpruce)
}

// matchSpruce matches a line of Spruce STL. The tail of "00:00:01:00 , 00:00:02:00 , Hello" is
// "Hello".
func matchSpruce(row string) (tail string, ok bool) {
	parts := strings.SplitN(row, ",", 3)
	if !isDigit(row[0]) || len(parts) < 3 || strings.Count(parts[0], ":")+strings.Count(parts[0], ";") != 3 {
		return "", false
	}
	return strings.TrimSpace(parts[2]), consistsOf(parts[0]+parts[1], digitChars+":;., \t")
}

func checkSSA(text string, doc *Document, r *reporter) {
	columns := ssaColumns{before: strings.Count("Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,", ",")}
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupSSA}).checkLines(text, columns.match)
}

// ssaColumns is how many fields stand before and behind the text of a dialogue.
type ssaColumns struct{ before, behind int }

// match matches a dialogue of SSA or ASS. The tail of "Dialogue: 0,0:00:01.00,…,Hello" is "Hello".
// It does not match a Format line, but learns from it which field the text is.
func (c *ssaColumns) match(row string) (tail string, ok bool) {
	word, tail, ok := strings.Cut(row, ":")
	word = strings.ToLower(strings.TrimSpace(word))
	switch {
	case ok && word == "format" && strings.Contains(strings.ToLower(tail), "start"):
		c.learn(tail)
		return "", false
	case !ok || word != "dialogue":
		return "", false
	}
	for range c.before {
		_, tail, _ = strings.Cut(tail, ",")
	}
	for range c.behind {
		if at := strings.LastIndexByte(tail, ','); at >= 0 {
			tail = tail[:at]
		}
	}
	return strings.TrimSpace(tail), true
}

// learn sets the number of fields before and after the text from a Format line. If that has no
// field for the text, the text is last.
func (c *ssaColumns) learn(fields string) {
	at := strings.Index(strings.ToLower(fields), "text")
	if at < 0 {
		at = strings.LastIndexByte(fields, ',') + 1
	}
	c.before, c.behind = strings.Count(fields[:at], ","), strings.Count(fields[at:], ",")
}

// checkLines checks a file of a format with a cue on every line. cue matches such a line; its tail
// is the cue's text. Other lines must be in the text of the cue above, except in SubStation Alpha,
// where they are not text.
func (g *lossCheck) checkLines(text string, cue timesMatcher) {
	g.current = -1
	rows := newRowScanner(text)
	for rows.next() {
		row, line := rows.text, rows.line
		if row == "" {
			continue
		}
		tail, ok := cue(row)
		switch {
		case g.nextCueIsOn(line):
			g.checkCueLine(line, tail, ok)
		case g.reporter.isExplained(line):
		case ok && !isInvisible(tail):
			g.fail(line, "cues-lost", "text", tail)
		case !ok && g.markup != markupSSA && (g.current < 0 || !g.consume(row)):
			g.fail(line, "text-lost", "text", row)
		}
	}
	g.finish()
}

// checkCueLine ends the current cue, and checks that the next one, which was read from that line,
// has the line's text. ok says that the line matches as a cue.
func (g *lossCheck) checkCueLine(line int, text string, ok bool) {
	g.endCue(false)
	g.current++
	g.expect(g.cues[g.current].Text)
	switch {
	case !ok:
		g.fail(line, "cues-added")
	case g.consume(text):
	case g.reporter.isExplained(line):
		g.expect("")
	default:
		g.fail(line, "text-lost", "text", text)
	}
}
