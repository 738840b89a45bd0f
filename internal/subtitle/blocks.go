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
	report
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

// line is the line of row i, or of the last if there are fewer.
func (l *rowLines) line(i int) int {
	for i = min(i, len(l.rows)-1); l.i < i; l.i++ {
		l.at += strings.Count(l.text[l.rows[l.i].to:l.rows[l.i+1].from], "\n")
	}
	return l.first + l.at
}

// unended is the end of a cue that has none; settle finds one.
const unended = time.Duration(-1)

// longest is how long a caption stays whose end nobody wrote.
const longest = 7 * time.Second

// blocks reads the formats in which a line of times stands above the lines of a cue:
// SubRip, WebVTT, SubViewer and YouTube's, and timecoded scripts. Whatever follows the
// times belongs to the cue, until the next times; an empty line ends nothing by itself,
// because people leave them inside captions and forget them between.
type blocks struct {
	*parser
	times    func(line string) (stampOf, bool)
	numbered bool // numbers or names of cues stand above their times
	comments func(paragraph string) (drop bool, line string)
	after    func(c *conference.Cue, s string) (text string)
	mark     func(raw string, rows rowLines) (string, []conference.Span, int)
	plain    func(raw string) bool  // needs no mark
	header   func(line string) bool // is no text, where it stands above the first times
	footer   func(line string) bool // is no text, where it stands at the end

	rows   []row
	first  int  // the line of the first of them
	gap    bool // there is an empty line above it
	cue    conference.Cue
	open   bool
	index  int64 // the number of the cue above, -1 where it had none
	count  int64 // cues with a number
	bare   []int // lines of cues without
	exact  bool  // a cue above has times with hours or with a fraction
	titles uint8 // the kinds of names that cues have, in WebVTT
}

// read takes the lines from at on, the first of which is numbered line.
func (b *blocks) read(at, line int) error {
	text := b.text
	b.index = -1
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
		case l == "" || l[0] >= utf8.RuneSelf && blank(l):
			gap, skip = true, false
		case skip:
		case b.timed(l, line, gap):
			if err := b.begin(l, from, line, gap); err != nil {
				return err
			}
			gap = false
		case gap && b.comments != nil && b.comment(l, line):
			skip = true
		default:
			b.take(from, to, line, gap)
			gap = false
		}
		line++
	}
	b.ending()
	b.finish(0, false)
	b.unnumbered()
	return nil
}

// ending takes the lines off that end a file and are not shown.
func (b *blocks) ending() {
	n := len(b.rows)
	for b.footer != nil && n > 0 && b.footer(b.words(n-1)) {
		n--
	}
	lines := b.lines(b.rows)
	for i := n; i < len(b.rows); i++ {
		b.drop(lines.line(i), Note, "header-line", "the line %s is not kept", quote(b.words(i)))
	}
	b.rows = b.rows[:n]
}

// take adds a line to those that wait for their meaning.
func (b *blocks) take(from, to, line int, gap bool) {
	if len(b.rows) == 0 {
		b.first, b.gap = line, gap
	}
	b.rows = append(b.rows, row{uint32(from), uint32(to)})
}

// gapAbove reports whether there is an empty line above row i.
func (b *blocks) gapAbove(i int) bool {
	if i == 0 {
		return b.gap
	}
	return strings.Count(b.text[b.rows[i-1].to:b.rows[i].from], "\n") > 1
}

func (b *blocks) lines(rows []row) rowLines {
	return rowLines{text: b.text, rows: rows, first: b.first}
}

func (b *blocks) words(i int) string { return b.text[b.rows[i].from:b.rows[i].to] }

// timed reports whether a line is the times of a cue. “10:30 --> 11:45” is text where
// times are written more exactly, and nothing else says that a cue begins.
func (b *blocks) timed(l string, line int, gap bool) bool {
	s, ok := b.times(l)
	if !ok || !b.numbered {
		return ok
	}
	if b.exact && s.rough() && !gap && b.open {
		if _, numeric := number(b.last()); !numeric {
			b.drop(line, Warning, "times-in-text", "%s looks like times, but stands in a caption; it was read as text", quote(l))
			return false
		}
	}
	b.exact = b.exact || !s.rough()
	return true
}

// last is the row that was read last, or "".
func (b *blocks) last() string {
	if len(b.rows) == 0 {
		return ""
	}
	return b.words(len(b.rows) - 1)
}

func (b *blocks) comment(l string, line int) bool {
	drop, what := b.comments(l)
	if drop {
		b.drop(line, Note, "comment", "%s is not shown to viewers, and is not kept", what)
	}
	return drop
}

// begin finishes the cue above and starts the one whose times are on this line.
func (b *blocks) begin(l string, from, line int, gap bool) error {
	s, _ := b.times(l)
	if start := time.Duration(s.start.ms) * time.Millisecond; b.startsOnly && start > b.cue.Start && start-b.cue.Start <= longest {
		b.cue.End = start
	}
	if s.before != "" && !s.numbered {
		b.drop(line, Warning, "text-before-times", "%s stands before the times; it was left out", quote(s.before))
	}
	if s.numbered || s.bracketed { // no line above is this cue's
		b.finish(0, false)
	} else {
		b.finish(line, !gap)
	}
	if s.numbered {
		b.drop(line, Note, "number-beside-times", "the number %s stands on the line of the times; it is not shown", quote(s.before))
		b.index, b.count = b.index+1, b.count+1
	}
	b.open = true
	b.cue = conference.Cue{Line: line, Start: time.Duration(s.start.ms) * time.Millisecond, End: unended}
	if s.start.far || !s.noEnd && s.end.far {
		return inputerr.New(b.name, "has a time that is further than time goes: %s", quote(l)).At(line).Try("Correct the hours")
	}
	if !s.noEnd {
		b.cue.End = time.Duration(s.end.ms) * time.Millisecond
	}
	b.oddities(line, l, s)
	if s.after == "" {
		return nil
	}
	if s.bracketed {
		b.takeBehind(l, s.after, from, line)
		b.habit(line, Note, "bracketed-times", "the times stand in brackets, and the text behind them")
	} else if text := b.after(&b.cue, s.after); text != "" {
		b.takeBehind(l, text, from, line)
		b.add(line, Warning, "text-beside-times", "%s stands behind the times; it was taken for the first line of the caption", quote(text))
	}
	return nil
}

// takeBehind takes text at the end of the line l, which begins at from.
func (b *blocks) takeBehind(l, text string, from, line int) {
	at := from + strings.LastIndex(l, text)
	b.take(at, at+len(text), line, false)
}

// oddities says what is unusual about the times of a cue.
func (b *blocks) oddities(line int, l string, s stampOf) {
	o := s.start.odd
	if !s.noEnd {
		o |= s.end.odd
	}
	b.clockOdd(line, l, o)
	if b.doc.Format != SRT && b.doc.Format != WebVTT {
		return
	}
	if a := strings.TrimSpace(s.arrow); a != "-->" {
		b.habit(line, Warning, "odd-arrow", quote(a)+" between two times was read as -->")
	} else if s.arrow != " --> " && !s.noEnd {
		b.habit(line, Note, "arrow-spaces", "--> does not have one space on either side")
	}
}

// clockOdd says what is unusual about how a time is written.
func (p *parser) clockOdd(line int, l string, o odd) {
	if o == oddComma && p.doc.Format == SRT || o == oddPoint && p.doc.Format != SRT {
		return
	}
	if o&oddPoint != 0 && p.doc.Format == SRT {
		p.habit(line, Note, "time-point", "a full stop stands before the milliseconds instead of a comma")
	}
	if o&oddComma != 0 && p.doc.Format != SRT {
		p.habit(line, Note, "time-comma", "a comma stands before the milliseconds instead of a full stop")
	}
	if o&oddColon != 0 {
		p.habit(line, Warning, "time-colon", "a colon stands before the milliseconds, as in "+quote(l)+"; it was read as a decimal point")
	}
	if o&oddNone != 0 {
		p.habit(line, Note, "time-no-milliseconds", "a time has no milliseconds; it was taken to be on the second")
	}
	if o&oddDigits != 0 && p.doc.Format != SubViewer {
		p.habit(line, Warning, "time-digits", "a time has not three digits after its seconds, as in "+quote(l)+"; they were read as a decimal fraction")
	}
	if o&oddHours != 0 && p.doc.Format != WebVTT {
		p.habit(line, Note, "time-no-hours", "a time has no hours; it was read as minutes and seconds")
	}
	if o&oddRange != 0 {
		p.add(line, Warning, "time-range", "minutes or seconds are above 59 in %s; they were carried over", quote(l))
	}
	if o&oddLetters != 0 {
		p.add(line, Warning, "time-letters", "letters stand for digits in %s; they were read as the digits they look like", quote(l))
	}
	if o&oddScript != 0 {
		p.habit(line, Note, "time-script", "digits or signs of another script, or marks that nobody sees, stand in the times "+quote(l)+"; they were read as what they look like")
	}
	if o&oddSpaces != 0 {
		p.add(line, Note, "time-spaces", "there are spaces inside a time of %s", quote(l))
	}
}

// finish completes the cue above the times on line next, which follow directly on the
// last row where adjacent; next 0 is the end of the file.
func (b *blocks) finish(next int, adjacent bool) {
	rows := b.rows
	if b.numbered {
		rows = rows[:len(rows)-b.peel(next, adjacent)]
	} else if adjacent && len(rows) > 0 && b.open && !b.startsOnly {
		b.add(next, Note, "missing-blank-line", "there is no empty line above the caption; it was read as one of its own")
	}
	if b.open {
		b.complete(rows)
	} else {
		b.above(rows)
	}
	b.rows, b.open = b.rows[:0], false
}

// above says that lines above the first times are not shown.
func (b *blocks) above(rows []row) {
	lines := b.lines(rows)
	for i := range rows {
		line := lines.line(i)
		switch header := b.header != nil && b.header(b.words(i)); {
		case !header && b.full("text-before-first-cue", line):
			b.explain(line)
		case header:
			b.drop(line, Note, "header-line", "the header %s is not kept", quote(b.words(i)))
		default:
			b.drop(line, Warning, "text-before-first-cue", "%s stands before the first times; it is not shown", quote(b.words(i)))
		}
	}
}

// gaps says where empty lines stand in the open cue.
func (b *blocks) gaps(rows []row) {
	lines := b.lines(rows)
	for i := range rows {
		switch line := lines.line(i) - 1; {
		case !b.gapAbove(i):
		case i == 0:
			b.add(line, Note, "blank-line-under-times", "an empty line stands between the times and the text; it was left out")
		case !b.full("blank-line-in-cue", line):
			b.add(line, Warning, "blank-line-in-cue", "an empty line stands inside a caption; %s was taken to belong to the caption above", quote(b.words(i)))
		}
	}
}

// unreadTimes says which rows below a number that stands alone are meant to be times and
// cannot be read as such.
func (b *blocks) unreadTimes(rows []row) {
	if !b.numbered || len(rows) < 3 {
		return
	}
	lines := b.lines(rows)
	for i := 2; i < len(rows); i++ {
		l := b.words(i)
		if _, numeric := number(b.words(i - 1)); !numeric || !b.gapAbove(i-1) || b.gapAbove(i) || !likeTimes(l) {
			continue
		}
		b.add(lines.line(i), Error, "times-unreadable", "%s cannot be read as times; it and what follows were taken to belong to the caption above", quote(l))
	}
}

// likeTimes reports whether a row below a number was meant to be times: mostly digits, or
// an arrow between some.
func likeTimes(l string) bool {
	digits := 0
	for i := range len(l) {
		if l[i]-'0' <= 9 {
			digits++
		}
	}
	return digits >= 12 && digits*3 > len(l) || digits >= 2 && strings.Contains(l, "-->") && digits*4 > len(l)
}

// complete gives the open cue its text.
func (b *blocks) complete(rows []row) {
	b.gaps(rows)
	b.unreadTimes(rows)
	raw := b.raw(rows)
	if b.plain(raw) {
		b.cue.Text = raw
	} else {
		b.cue.Text, b.cue.Spans, _ = b.marked(raw, rows)
	}
	if blank(b.cue.Text) && b.startsOnly {
		b.drop(b.cue.Line, Note, "clears", "the caption has no text; it ends the one before")
		return
	}
	if blank(b.cue.Text) {
		b.drop(b.cue.Line, Warning, "empty-cue", "the caption has no text; it was left out")
		return
	}
	b.doc.Cues = append(b.doc.Cues, b.cue)
}

func (b *blocks) marked(raw string, rows []row) (text string, spans []conference.Span, place int) {
	text, spans, place = b.mark(raw, b.lines(rows))
	if place != 0 {
		b.cue.Place = usual(place)
	}
	return text, spans, place
}

// raw is rows joined by line ends: a part of the file where nothing has to be left out.
func (b *blocks) raw(rows []row) string {
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

// blank reports whether a viewer would see nothing of s.
func blank(s string) bool {
	if s == "" || s[0] > ' ' && s[0] < 0x7f {
		return s == ""
	}
	return visible(s) == ""
}
