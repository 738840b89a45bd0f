package subtitle

import (
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// lossCheck reads a file a second time, with rules of its own that share nothing with the
// parsers: every line either is the times of a cue, or shows up, character for character
// and in order, in the text of the cue above, or a diagnostic of that very line says why
// it does not. It is strict where the parsers are tolerant.
type lossCheck struct {
	cues     []conference.Cue // in the order of the file
	reporter *reporter
	vtt      bool // WebVTT: entities, and no tag is ever text
	markup   markupSyntax

	current     int          // the cue whose text is expected, -1 before the first
	remaining   string       // what is still expected of its text
	alternative string       // the same if the last line meant something else; mostly equal
	untouched   bool         // nothing of the cue's text has been found yet
	reported    bool         // a loss of the cue was reported
	pending     []pendingRow // lines above that were not found
}

// pendingRow is a line that was not found in the text of the cue; it may turn out to be the
// number of the next.
type pendingRow struct {
	line int
	text string
	gap  bool // an empty line is above it
}

func checkSRT(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r}).checkBlocks(text, matchArrowTimes)
}

func checkVTT(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r, vtt: true}).checkBlocks(text, matchArrowTimes)
}

func checkSubViewer(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupBars}).checkBlocks(text, matchCommaTimes)
}

func checkSBV(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r}).checkBlocks(text, matchCommaTimes)
}

func checkSubViewer1(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r, markup: markupBars}).checkBlocks(text, matchBracketTime)
}

func checkTimecoded(text string, doc *Document, r *reporter) {
	(&lossCheck{cues: doc.Cues, reporter: r}).checkBlocks(text, matchTapeLine)
}

// checkBlocks checks a file of a format whose times are above the text. times matches a line of
// times.
func (g *lossCheck) checkBlocks(text string, times timesMatcher) {
	g.current = -1
	gap, inComment, inHeader := true, false, g.vtt
	rows := newRowScanner(text)
	for rows.next() {
		row, line := rows.text, rows.line
		if rows.isBlank() {
			gap, inComment, inHeader = true, false, inHeader && g.current < 0 && !rows.sawText
			continue
		}
		rows.sawText = true
		tail, timed := times(row)
		switch {
		case inComment:
		case g.nextCueIsOn(line):
			g.startCue(line, tail, timed)
			inHeader = false
		case timed && g.reporter.isExplained(line):
			g.skipTimes(row)
			inHeader = false
		case timed:
			g.consume(row)
			g.fail(line, "cues-lost", "text", row)
		case inHeader:
		case g.vtt && gap && startsVTTComment(row, g.current):
			g.resolvePending(false)
			inComment = true
		default:
			g.checkRow(row, line, gap)
		}
		gap = false
	}
	g.finish()
}

// nextCueIsOn reports whether the times of the next cue were read from that line.
func (g *lossCheck) nextCueIsOn(line int) bool {
	return g.current+1 < len(g.cues) && g.cues[g.current+1].Line == line
}

// skipTimes handles a row of times that is not the start of a cue, about which there is a
// diagnostic: it is text of the current cue, or the times of one that was left out.
func (g *lossCheck) skipTimes(row string) {
	if g.consume(row) {
		g.resolvePending(false)
	} else {
		g.endCue(true)
	}
}

// startsVTTComment reports whether a row begins a WebVTT block that is not a cue. Styles and
// regions can only be above the first cue; current is the index of the current cue, -1 before the
// first.
func startsVTTComment(row string, current int) bool {
	word, _, _ := strings.Cut(strings.ReplaceAll(row, "\t", " "), " ")
	return word == "NOTE" || current < 0 && (row == "STYLE" || row == "REGION")
}

// startCue ends the current cue and continues with the next, whose times are on that line. tail is
// the text behind the times; timed says that the line matches as times.
func (g *lossCheck) startCue(line int, tail string, timed bool) {
	g.endCue(true)
	g.current++
	g.expect(g.cues[g.current].Text)
	if !timed && !g.reporter.isExplained(line) {
		g.fail(line, "cues-added")
	}
	if tail != "" && !g.consumeTail(tail) && !g.reporter.isExplained(line) {
		g.fail(line, "text-lost.after-times", "text", tail)
	}
}

// expect sets the text that the following lines must contain.
func (g *lossCheck) expect(text string) {
	g.remaining, g.alternative, g.untouched, g.reported = text, text, true, false
}

// consumeTail reports whether the text behind times belongs to the cue's text, possibly after
// settings, which are words with a colon.
func (g *lossCheck) consumeTail(tail string) bool {
	for tail != "" && !g.consume(tail) {
		word, rest, _ := strings.Cut(tail, " ")
		if !strings.Contains(word, ":") {
			return false
		}
		tail = strings.TrimLeft(rest, spaceAndTab)
	}
	return true
}

// checkRow takes a row off the expected text of the cue. A row that does not match is kept, up to
// two at a time, as it may be the number of the next cue. gap says that there is an empty line
// above.
func (g *lossCheck) checkRow(row string, line int, gap bool) {
	if g.consume(row) {
		g.resolvePending(false)
		return
	}
	if len(g.pending) >= 2 {
		g.reportMissing(g.pending[0])
		g.pending = append(g.pending[:0], g.pending[1:]...)
	}
	g.pending = append(g.pending, pendingRow{line, row, gap})
}

// resolvePending reports the rows that were not found in the cue. Above times, the last one may be
// the number of the next cue or, in WebVTT, its name, if there is an empty line above it.
func (g *lossCheck) resolvePending(aboveTimes bool) {
	for i, p := range g.pending {
		gap := p.gap || i > 0 && g.reporter.isExplained(g.pending[i-1].line)
		isLast := i == len(g.pending)-1
		isNumber := g.vtt || consistsOf(asciiTimes(p.text), digitChars)
		if !(aboveTimes && isLast && gap && isNumber) {
			g.reportMissing(p)
		}
	}
	g.pending = g.pending[:0]
}

// reportMissing reports that a row is missing from its cue, unless a diagnostic explains the row.
func (g *lossCheck) reportMissing(p pendingRow) {
	if !g.reporter.isExplained(p.line) {
		g.fail(p.line, "text-lost", "text", p.text)
	}
}

// endCue reports rows of the file that are in no cue, and text of the current cue that was not
// found in the file. aboveTimes says that the times of a cue follow, so that the last row may be
// its number.
func (g *lossCheck) endCue(aboveTimes bool) {
	g.resolvePending(aboveTimes)
	if g.current >= 0 && !g.reported && !isInvisible(g.remaining) && !isInvisible(g.alternative) {
		g.fail(g.cues[g.current].Line, "text-added", "text", strings.TrimSpace(g.remaining))
	}
	g.remaining, g.alternative = "", ""
}

// finish ends the last cue, and reports cues that were not found on their lines.
func (g *lossCheck) finish() {
	g.endCue(false)
	for _, c := range g.cues[g.current+1:] {
		g.fail(c.Line, "cues-added.elsewhere", "text", c.Text)
	}
}

// fail adds an error. After the first one of a cue, others are ignored unless they report a lost
// cue.
func (g *lossCheck) fail(line int, key string, values ...any) {
	if g.reported && codeOf(key) != "cues-lost" {
		return
	}
	g.reported = true
	g.reporter.add(line, key, values...)
}

// consume removes the text of a row from what is still expected, and reports whether that began
// with it. If not, it removes nothing.
func (g *lossCheck) consume(row string) bool {
	return g.consumeFrom(g.remaining, row) || g.alternative != g.remaining && g.consumeFrom(g.alternative, row)
}

// consumeFrom removes the text of a row from text, one of the two that may be expected, and reports
// whether it matched.
func (g *lossCheck) consumeFrom(text, row string) bool {
	if !g.untouched && !atLineEnd(text) && !isInvisible(row) {
		return false // something of the line before was not found
	}
	rest, other, ok := g.match(row, strings.TrimLeft(text, " \t\n"))
	if ok {
		g.remaining, g.alternative, g.untouched = rest, other, g.untouched && isInvisible(row)
	}
	return ok
}
