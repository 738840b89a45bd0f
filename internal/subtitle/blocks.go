package subtitle

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// parser is one file while it is read.
type parser struct {
	name       string
	text       string // its lines ended by "\n"
	doc        Document
	startsOnly bool // the format has no ends: a cue ends when the next one, or an empty one, begins
	reporter
}

// row is a line of a file that has something on it; from and to leave out the blanks
// around it.
type row struct{ from, to uint32 }

// rowLines tells the lines of ascending rows. Only the first is known: a file of short
// lines has many.
type rowLines struct {
	text  string
	rows  []row
	first int // the line of the first row
	i, at int // up to which they were counted
}

// line returns the line number of row i, or that of the last row if there are fewer. Calls must
// have ascending i.
func (l *rowLines) line(i int) int {
	for i = min(i, len(l.rows)-1); l.i < i; l.i++ {
		l.at += strings.Count(l.text[l.rows[l.i].to:l.rows[l.i+1].from], "\n")
	}
	return l.first + l.at
}

// endUnknown is the end of a cue that has none; settle finds one.
const endUnknown = time.Duration(-1)

// maxImpliedDuration is how long a cue without an end is shown at most.
const maxImpliedDuration = 7 * time.Second

// blockReader reads the formats in which a line of times stands above the lines of a cue:
// SubRip, WebVTT, SubViewer and YouTube's, and timecoded scripts. All that follows the
// times belongs to the cue, until the next times; an empty line ends nothing by itself,
// because people leave them inside captions and forget them between.
type blockReader struct {
	*parser
	parseTimes func(line string) (timesLine, bool)
	numbered   bool                                // numbers or names of cues stand above their times
	commentKey func(paragraph string) (key string) // of the message about a paragraph that is not shown; "": it is text
	textAfter  func(c *conference.Cue, s string) (text string)
	readMarkup func(raw string, rows rowLines) (string, []conference.Span, int)
	isPlain    func(raw string) bool  // needs no mark
	isHeader   func(line string) bool // is no text, where it stands above the first times
	isFooter   func(line string) bool // is no text, where it stands at the end

	rows            []row
	firstLine       int  // the line of the first of them
	gapBefore       bool // there is an empty line above it
	cue             conference.Cue
	inCue           bool
	lastNumber      int64 // the number of the cue above, -1 where it had none
	numberedCues    int64 // cues with a number
	unnumberedLines []int // lines of cues without
	exactTimes      bool  // a cue above has times with hours or with a fraction
	nameKinds       uint8 // the kinds of names that cues have, in WebVTT
}

// read reads the lines from the byte offset at on, the first of which has the number line, and adds
// their cues to the document.
func (b *blockReader) read(at, line int) error {
	text := b.text
	b.lastNumber = -1
	gap, skip := true, false
	for at < len(text) {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text) - at
		}
		from, to := at, at+end
		at += end + 1
		for from < to && (text[from] == ' ' || text[from] == '\t') {
			from++
		}
		for from < to && (text[to-1] == ' ' || text[to-1] == '\t') {
			to--
		}
		switch l := text[from:to]; {
		case l == "" || l[0] >= utf8.RuneSelf && isBlank(l):
			gap, skip = true, false
		case skip:
		case b.isTimes(l, line, gap):
			if err := b.startCue(l, from, line, gap); err != nil {
				return err
			}
			gap = false
		case gap && b.commentKey != nil && b.dropComment(l, line):
			skip = true
		default:
			b.addRow(from, to, line, gap)
			gap = false
		}
		line++
	}
	b.dropFooter()
	b.finishCue(0, false)
	b.reportUnnumbered()
	return nil
}

// dropFooter removes the rows at the end that are a footer of the file and not text, with a
// diagnostic for each.
func (b *blockReader) dropFooter() {
	n := len(b.rows)
	for b.isFooter != nil && n > 0 && b.isFooter(b.rowText(n-1)) {
		n--
	}
	lines := b.lineNumbersOf(b.rows)
	for i := n; i < len(b.rows); i++ {
		b.addLoss(lines.line(i), "header-line.footer", "text", b.rowText(i))
	}
	b.rows = b.rows[:n]
}

// addRow adds the text from byte offset from to to as a row. What it means is decided when the next
// times are found. gap says that there is an empty line above it.
func (b *blockReader) addRow(from, to, line int, gap bool) {
	if len(b.rows) == 0 {
		b.firstLine, b.gapBefore = line, gap
	}
	b.rows = append(b.rows, row{uint32(from), uint32(to)})
}

// hasGapAbove reports whether there is an empty line above row i.
func (b *blockReader) hasGapAbove(i int) bool {
	if i == 0 {
		return b.gapBefore
	}
	return strings.Count(b.text[b.rows[i-1].to:b.rows[i].from], "\n") > 1
}

func (b *blockReader) lineNumbersOf(rows []row) rowLines {
	return rowLines{text: b.text, rows: rows, first: b.firstLine}
}

func (b *blockReader) rowText(i int) string { return b.text[b.rows[i].from:b.rows[i].to] }

// isTimes reports whether a line is the times of a cue. “10:30 --> 11:45” is text, with a
// diagnostic, if earlier cues have more exact times, and neither a number nor an empty line
// precedes it. gap says that there is an empty line above.
func (b *blockReader) isTimes(l string, line int, gap bool) bool {
	s, ok := b.parseTimes(l)
	if !ok || !b.numbered {
		return ok
	}
	if b.exactTimes && s.isCoarse() && !gap && b.inCue {
		if _, numeric := parseNumber(b.lastRow()); !numeric {
			b.addLoss(line, "times-in-text", "text", l)
			return false
		}
	}
	b.exactTimes = b.exactTimes || !s.isCoarse()
	return true
}

// lastRow returns the row that was read last, or "" if all rows belong to finished cues.
func (b *blockReader) lastRow() string {
	if len(b.rows) == 0 {
		return ""
	}
	return b.rowText(len(b.rows) - 1)
}

func (b *blockReader) dropComment(l string, line int) bool {
	key := b.commentKey(l)
	if key != "" {
		b.addLoss(line, key, "text", l)
	}
	return key != ""
}

// startCue finishes the open cue, and opens the one whose times are on the line l. from is the
// line's byte offset; gap says that there is an empty line above. It returns an inputerr.Error for
// times that are too large.
func (b *blockReader) startCue(l string, from, line int, gap bool) error {
	s, _ := b.parseTimes(l)
	if start := time.Duration(s.start.ms) * time.Millisecond; b.startsOnly && start > b.cue.Start && start-b.cue.Start <= maxImpliedDuration {
		b.cue.End = start
	}
	if s.before != "" && !s.numbered {
		b.addLoss(line, "text-before-times", "text", s.before)
	}
	if s.numbered || s.bracketed { // no line above is this cue's
		b.finishCue(0, false)
	} else {
		b.finishCue(line, !gap)
	}
	if s.numbered {
		b.addLoss(line, "number-beside-times", "number", s.before)
		b.lastNumber, b.numberedCues = b.lastNumber+1, b.numberedCues+1
	}
	b.inCue = true
	b.cue = conference.Cue{Line: line, Start: time.Duration(s.start.ms) * time.Millisecond, End: endUnknown}
	if s.start.tooFar || !s.noEnd && s.end.tooFar {
		return inputerr.Coded("subtitles.time_too_large", "has a time that is too large: {time}", "time", quote(l)).In(b.name).At(line).Hint("Correct the hours")
	}
	if !s.noEnd {
		b.cue.End = time.Duration(s.end.ms) * time.Millisecond
	}
	b.reportTimesQuirks(line, l, s)
	if s.after == "" {
		return nil
	}
	if s.bracketed {
		b.addTextAfterTimes(l, s.after, from, line)
		b.addOnce(line, "bracketed-times")
	} else if text := b.textAfter(&b.cue, s.after); text != "" {
		b.addTextAfterTimes(l, text, from, line)
		b.add(line, "text-beside-times", "text", text)
	}
	return nil
}

// addTextAfterTimes adds text, which is the end of the line l, as a row of the open cue. from is
// the byte offset of l.
func (b *blockReader) addTextAfterTimes(l, text string, from, line int) {
	at := from + strings.LastIndex(l, text)
	b.addRow(at, at+len(text), line, false)
}

// reportTimesQuirks adds diagnostics about the unusual notation of a line of times: of the times
// and, in SRT and WebVTT, of the arrow between them. l is the line as it was read.
func (b *blockReader) reportTimesQuirks(line int, l string, s timesLine) {
	o := s.start.quirks
	if !s.noEnd {
		o |= s.end.quirks
	}
	b.reportClockQuirks(line, l, o)
	if b.doc.Format != SRT && b.doc.Format != WebVTT {
		return
	}
	if a := strings.TrimSpace(s.arrow); a != "-->" {
		b.addOnce(line, "odd-arrow", "text", a)
	} else if s.arrow != " --> " && !s.noEnd {
		b.addOnce(line, "arrow-spaces")
	}
}

// reportClockQuirks adds diagnostics about unusual notation of a time, if it is unusual in the
// format of the document. l is the text that they quote.
func (p *parser) reportClockQuirks(line int, l string, o timeQuirks) {
	if o == quirkComma && p.doc.Format == SRT || o == quirkPoint && p.doc.Format != SRT {
		return
	}
	if o&quirkPoint != 0 && p.doc.Format == SRT {
		p.addOnce(line, "time-point")
	}
	if o&quirkComma != 0 && p.doc.Format != SRT {
		p.addOnce(line, "time-comma")
	}
	if o&quirkColon != 0 {
		p.addOnce(line, "time-colon", "text", l)
	}
	if o&quirkNoFraction != 0 {
		p.addOnce(line, "time-no-milliseconds")
	}
	if o&quirkDigits != 0 && p.doc.Format != SubViewer {
		p.addOnce(line, "time-digits", "text", l)
	}
	if o&quirkNoHours != 0 && p.doc.Format != WebVTT {
		p.addOnce(line, "time-no-hours")
	}
	if o&quirkRange != 0 {
		p.add(line, "time-range", "text", l)
	}
	if o&quirkLetters != 0 {
		p.add(line, "time-letters", "text", l)
	}
	if o&quirkScript != 0 {
		p.addOnce(line, "time-script", "text", l)
	}
	if o&quirkSpaces != 0 {
		p.add(line, "time-spaces", "text", l)
	}
}

// finishCue completes the open cue, if there is one, when times are found on line next, or at the
// end of the file if next is 0. Rows that are the number or the name of the following cue are not
// its text. adjacent says that the times directly follow the last row.
func (b *blockReader) finishCue(next int, adjacent bool) {
	rows := b.rows
	if b.numbered {
		rows = rows[:len(rows)-b.cueNumber(next, adjacent)]
	} else if adjacent && len(rows) > 0 && b.inCue && !b.startsOnly {
		b.add(next, "missing-blank-line.cue")
	}
	if b.inCue {
		b.completeCue(rows)
	} else {
		b.dropTextBeforeFirstCue(rows)
	}
	b.rows, b.inCue = b.rows[:0], false
}

// dropTextBeforeFirstCue reports lines above the first times as lost. Lines of a header have a
// diagnostic of their own.
func (b *blockReader) dropTextBeforeFirstCue(rows []row) {
	lines := b.lineNumbersOf(rows)
	for i := range rows {
		line := lines.line(i)
		switch header := b.isHeader != nil && b.isHeader(b.rowText(i)); {
		case !header && b.countUnlisted("text-before-first-cue", line):
			b.markExplained(line)
		case header:
			b.addLoss(line, "header-line", "text", b.rowText(i))
		default:
			b.addLoss(line, "text-before-first-cue", "text", b.rowText(i))
		}
	}
}

// reportGaps adds diagnostics about the empty lines in the open cue.
func (b *blockReader) reportGaps(rows []row) {
	lines := b.lineNumbersOf(rows)
	for i := range rows {
		switch line := lines.line(i) - 1; {
		case !b.hasGapAbove(i):
		case i == 0:
			b.add(line, "blank-line-under-times")
		case !b.countUnlisted("blank-line-in-cue", line):
			b.add(line, "blank-line-in-cue", "text", b.rowText(i))
		}
	}
}

// reportUnreadTimes adds a diagnostic for each row that looks like times but cannot be read as
// such, below a number that stands alone.
func (b *blockReader) reportUnreadTimes(rows []row) {
	if !b.numbered || len(rows) < 3 {
		return
	}
	lines := b.lineNumbersOf(rows)
	for i := 2; i < len(rows); i++ {
		l := b.rowText(i)
		if _, numeric := parseNumber(b.rowText(i - 1)); !numeric || !b.hasGapAbove(i-1) || b.hasGapAbove(i) || !looksLikeTimes(l) {
			continue
		}
		b.add(lines.line(i), "times-unreadable", "text", l)
	}
}

// looksLikeTimes reports whether a row below a number was probably meant to be times: it has many
// digits, or an arrow and some.
func looksLikeTimes(l string) bool {
	digits := 0
	for i := range len(l) {
		if l[i]-'0' <= 9 {
			digits++
		}
	}
	return digits >= 12 && digits*3 > len(l) || digits >= 2 && strings.Contains(l, "-->") && digits*4 > len(l)
}

// completeCue reads the text of the open cue from rows, and adds the cue to the document. A cue
// without text is reported and left out.
func (b *blockReader) completeCue(rows []row) {
	b.reportGaps(rows)
	b.reportUnreadTimes(rows)
	raw := b.rawText(rows)
	if b.isPlain(raw) {
		b.cue.Text = raw
	} else {
		b.cue.Text, b.cue.Spans, _ = b.readCueMarkup(raw, rows)
	}
	if isBlank(b.cue.Text) && b.startsOnly {
		b.addLoss(b.cue.Line, "clears")
		return
	}
	if isBlank(b.cue.Text) {
		b.addLoss(b.cue.Line, "empty-cue")
		return
	}
	b.doc.Cues = append(b.doc.Cues, b.cue)
}

func (b *blockReader) readCueMarkup(raw string, rows []row) (text string, spans []conference.Span, place int) {
	text, spans, place = b.readMarkup(raw, b.lineNumbersOf(rows))
	if place != 0 {
		b.cue.Position = normalizePlace(place)
	}
	return text, spans, place
}

// rawText joins rows with line ends. If nothing was removed between them, it returns a part of the
// file without copying.
func (b *blockReader) rawText(rows []row) string {
	if len(rows) == 0 {
		return ""
	}
	first, last := rows[0], rows[len(rows)-1]
	whole := true
	for i := 1; i < len(rows) && whole; i++ {
		whole = rows[i].from == rows[i-1].to+1
	}
	if whole {
		return b.text[first.from:last.to]
	}
	var s strings.Builder
	for i, r := range rows {
		if i > 0 {
			s.WriteByte('\n')
		}
		s.WriteString(b.text[r.from:r.to])
	}
	return s.String()
}

// isBlank reports whether s has nothing visible.
func isBlank(s string) bool {
	if s == "" || s[0] > ' ' && s[0] < 0x7f {
		return s == ""
	}
	return withoutSpace(s) == ""
}
