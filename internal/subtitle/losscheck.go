package subtitle

import (
	"strings"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// lossCheck goes through a file a second time, with rules of its own that owe nothing to the
// parsers: every line is either the times of a cue, or it has to come out, character for
// character and in its order, in the text of the cue above; or a diagnostic of that very
// line says why it does not. It is meant to be strict where the parsers are patient.
type lossCheck struct {
	cues     []conference.Cue // in the order of the file
	reporter *reporter
	vtt      bool // WebVTT: entities, and no tag is ever text
	markup   markupStyle

	current     int    // the cue that is open, -1 before the first
	remaining   string // what is left to come of its text
	alternative string // what is left if the last line meant something else; mostly the same
	untouched   bool   // that is all of it
	reported    bool   // something of it is missing, which was said
	pending     []pendingRow
}

// pendingRow is a line that has not come out; it may yet prove to be a cue's number.
type pendingRow struct {
	line int
	text string
	gap  bool // below an empty line
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

// checkBlocks compares files whose times stand above the text.
func (g *lossCheck) checkBlocks(text string, times timesMatcher) {
	g.current = -1
	gap, skip, header := true, false, g.vtt
	rows := newRowScanner(text)
	for rows.next() {
		s, line := rows.text, rows.line
		if s == "" || s[0] >= utf8.RuneSelf && isBlank(s) {
			gap, skip, header = true, false, header && g.current < 0 && !rows.sawText
			continue
		}
		rows.sawText = true
		tail, timed := times(s)
		switch {
		case skip:
		case g.current+1 < len(g.cues) && g.cues[g.current+1].Line == line:
			g.startCue(line, tail, timed)
			header = false
		case timed && g.reporter.isExplained(line):
			if g.consume(s) { // times in text
				g.resolvePending(false)
			} else {
				g.endCue(true)
			}
			header = false
		case timed:
			g.consume(s)
			g.fail(line, "cues-lost", "text", s)
		case header:
		case g.vtt && gap && startsVTTComment(s, g.current):
			g.resolvePending(false)
			skip = true
		default:
			g.checkRow(s, line, gap)
		}
		gap = false
	}
	g.finish()
}

// startsVTTComment: a block of WebVTT that is no cue.
func startsVTTComment(row string, at int) bool {
	return row == "NOTE" || strings.HasPrefix(row, "NOTE ") || strings.HasPrefix(row, "NOTE\t") || at < 0 && (row == "STYLE" || row == "REGION")
}

// startCue opens the next cue, which was read from this line.
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

// expect begins with the text of a cue.
func (g *lossCheck) expect(text string) {
	g.remaining, g.alternative, g.untouched, g.reported = text, text, true, false
}

// consumeTail takes what stands behind times: text, words with a colon in each, which are
// settings, or those and then text.
func (g *lossCheck) consumeTail(tail string) bool {
	for tail != "" && !g.consume(tail) {
		var word string
		if word, tail, _ = strings.Cut(tail, " "); !strings.Contains(word, ":") {
			return false
		}
		tail = strings.TrimLeft(tail, " \t")
	}
	return true
}

// checkRow expects a line of text in the open cue.
func (g *lossCheck) checkRow(s string, line int, gap bool) {
	if g.consume(s) {
		g.resolvePending(false)
		return
	}
	if len(g.pending) >= 2 {
		g.reportMissing(g.pending[0])
		g.pending = append(g.pending[:0], g.pending[1:]...)
	}
	g.pending = append(g.pending, pendingRow{line, s, gap})
}

// resolvePending decides on the lines that did not come out. Above times, the last of them may
// be the number of the cue or, in WebVTT, its name, if an empty line is above it.
func (g *lossCheck) resolvePending(aboveTimes bool) {
	for i, h := range g.pending {
		last := aboveTimes && i == len(g.pending)-1 && (h.gap || i > 0 && g.reporter.isExplained(g.pending[i-1].line))
		if !last || !g.vtt && strings.Trim(asciiTimes(h.text), "0123456789") != "" {
			g.reportMissing(h)
		}
	}
	g.pending = g.pending[:0]
}

// reportMissing says that a line is missing, unless something says why.
func (g *lossCheck) reportMissing(h pendingRow) {
	if !g.reporter.isExplained(h.line) {
		g.fail(h.line, "text-lost", "text", h.text)
	}
}

// endCue expects nothing more of the open cue.
func (g *lossCheck) endCue(aboveTimes bool) {
	g.resolvePending(aboveTimes)
	if g.current >= 0 && !g.reported && !isInvisible(g.remaining) && !isInvisible(g.alternative) {
		g.fail(g.cues[g.current].Line, "text-added", "text", strings.TrimSpace(g.remaining))
	}
	g.remaining, g.alternative = "", ""
}

// finish expects nothing more at all.
func (g *lossCheck) finish() {
	g.endCue(false)
	for _, c := range g.cues[g.current+1:] {
		g.fail(c.Line, "cues-added.elsewhere", "text", c.Text)
	}
}

func (g *lossCheck) fail(line int, key string, values ...any) {
	if g.reported && codeOf(key) != "cues-lost" {
		return
	}
	g.reported = true
	g.reporter.add(line, key, values...)
}

// consume takes what a line shows off the text that is still to come. It takes nothing
// where that begins otherwise.
func (g *lossCheck) consume(s string) bool {
	return g.consumeFrom(g.remaining, s) || g.alternative != g.remaining && g.consumeFrom(g.alternative, s)
}

func (g *lossCheck) consumeFrom(out, s string) bool {
	if !g.untouched && !atLineEnd(out) && !isInvisible(s) {
		return false // something of the line before has not come
	}
	rest, other, ok := g.match(s, strings.TrimLeft(out, " \t\n"))
	if ok {
		g.remaining, g.alternative, g.untouched = rest, other, g.untouched && isInvisible(s)
	}
	return ok
}
