package subtitle

import (
	"html"
	"strings"
	"unicode"
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

// markupStyle is what counts as markup besides tags.
type markupStyle uint8

const (
	markupTags   markupStyle = iota
	markupBars               // and | and [br], which end a line
	markupSSA                // nothing but braces and backslashes
	markupSpruce             // nothing but | and ^I, ^B, ^U
)

// pendingRow is a line that has not come out; it may yet prove to be a cue's number.
type pendingRow struct {
	line int
	text string
	gap  bool // below an empty line
}

// timesMatcher is how a format's lines of times look to the gate; tail is what follows.
type timesMatcher func(row string) (tail string, ok bool)

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

// matchArrowTimes: digits and what parts them, something like an arrow, and digits or nothing.
func matchArrowTimes(row string) (tail string, ok bool) {
	if row[0] == '[' {
		inner, tail, closed := strings.Cut(row[1:], "]")
		if !closed || inner == "" || inner[0]-'0' > 9 || !strings.Contains(inner, ">") {
			return "", false
		}
		_, ok = matchArrowTimes(inner)
		return strings.TrimLeft(tail, " \t"), ok
	}
	if row[0] > '9' && row[0] < utf8.RuneSelf {
		return "", false
	}
	if row = asciiTimes(row); row == "" {
		return "", false
	}
	if row[0] > '9' || row[0] < '0' && row[0] != '-' {
		return "", false
	}
	i, digits, colons := 0, 0, 0
	if row[0] == '-' {
		i = 1
	}
	for ; i < len(row) && strings.IndexByte("0123456789OolI:.,;' \t", row[i]) >= 0; i++ {
		switch {
		case row[i] == ':':
			colons++
		case row[i]-'0' <= 9:
			digits++
		}
	}
	at := i
	dashes, others := 0, false
	for i < len(row) && (row[i] >= 0x80 || strings.IndexByte("-=~> \t&gt;", row[i]) >= 0) {
		switch {
		case row[i] >= 0x80:
			others = true
		case row[i] == '-' && i+1 < len(row) && row[i+1]-'0' <= 9 && dashes > 1:
			i = len(row) // a time below zero
			continue
		case row[i] != ' ' && row[i] != '\t':
			dashes++
		}
		i++
	}
	head := strings.ContainsAny(row[at:i], ">&→⇒⟶➡＞›➔➜\uf0e0")
	if colons == 0 {
		return "", head && digits > 3 && i < len(row) && strings.Trim(row, "0123456789:., \t->") == "" && strings.ContainsAny(row[:at], ",.") && strings.ContainsAny(row[i:], ",.")
	}
	if digits < 2 || !head && dashes < 2 && (dashes == 0 && !others || digits < 8 || colons < 2) {
		return "", false
	}
	if i == len(row) {
		return "", strings.Contains(row[at:], ">") || strings.Contains(row[at:], "→")
	}
	second := i
	for i < len(row) && (strings.IndexByte("0123456789OolI:.,;'", row[i]) >= 0 || isBlankInTime(row, second, i)) {
		i++
	}
	if !strings.Contains(row[second:i], ":") {
		return row[second:], strings.Contains(row[at:second], "-->") && (colons > 1 || strings.ContainsAny(row[:at], ",."))
	}
	return strings.TrimLeft(row[i:], " \t"), true
}

// isBlankInTime: a blank between a sign and a digit of the time that begins at from.
func isBlankInTime(row string, from, i int) bool {
	if row[i] != ' ' && row[i] != '\t' {
		return false
	}
	before := strings.TrimRight(row[from:i], " \t")
	after := strings.TrimLeft(row[i:], " \t")
	return before != "" && strings.IndexByte(":.,;'", before[len(before)-1]) >= 0 && after != "" && after[0]-'0' <= 9
}

// matchCommaTimes: nothing but digits and what parts them, a comma among it.
func matchCommaTimes(row string) (tail string, ok bool) {
	if row[0]-'0' > 9 || strings.Count(row, ":") < 4 || !strings.Contains(row, ",") {
		return "", false
	}
	return "", strings.Trim(row, "0123456789:., \t'") == "" && strings.Count(row, ",") != 2
}

// matchBracketTime: digits and colons in square brackets.
func matchBracketTime(row string) (tail string, ok bool) {
	return "", row[0] == '[' && strings.HasSuffix(row, "]") && strings.Count(row, ":") == 2 && strings.Trim(row, "[]0123456789:.,") == ""
}

// matchTapeLine: *TC, and digits and what parts them.
func matchTapeLine(row string) (tail string, ok bool) {
	at := strings.Index(row, "*TC")
	if at < 0 || at > 4 {
		return "", row[0]-'0' <= 9 && strings.Count(row, ";") == 1 && strings.Count(row, ":") == 2 && strings.Trim(row, "0123456789:;") == ""
	}
	rest := strings.TrimLeft(row[at+3:], " \t")
	tail = strings.TrimLeft(rest, "0123456789:;.,")
	return strings.TrimLeft(tail, " \t"), len(rest)-len(tail) >= 7 || len(rest) > len(tail) && strings.ContainsAny(rest[:len(rest)-len(tail)], ":;")
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

// match is what is left of out after what the line s shows, if out begins with that. There
// can be two answers: a tag like the I of Box<I>, at the end of a line, may be text or not.
func (g *lossCheck) match(s, out string) (rest, other string, ok bool) {
	if strings.HasPrefix(out, s) && !g.vtt {
		return out[len(s):], out[len(s):], true
	}
	other, ok = g.align(s, out, false)
	if g.vtt || g.markup > markupBars { // there are ways to write what is no markup
		return other, other, ok
	}
	rest, literally := g.align(s, out, true)
	switch {
	case !literally:
		return other, other, ok
	case !ok:
		other = rest
	}
	return rest, other, true
}

// align walks along a line and the text that should come of it. Markup is passed over
// or, where literal, taken for text if the text has it. A line ends only at br.
func (g *lossCheck) align(s, out string, literal bool) (rest string, ok bool) {
	between := " \t" // before a tag that is text
	var far [2]int   // where the next > and the next } stand, so that they are looked for once
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && neverMarkup[c] {
			if c != ' ' && c != '\t' {
				if out = skipUnseen(out); out == "" || out[0] != c {
					return "", false
				}
				out = out[1:]
			}
			i++
			continue
		}
		n, shows := g.markupAt(s, i, &far)
		switch {
		case n == 0:
			r, size := utf8.DecodeRuneInString(s[i:])
			i += size
			if isUnseen(r) {
				continue
			}
			if out = skipUnseen(out); !strings.HasPrefix(out, s[i-size:i]) {
				return "", false
			}
			out = out[size:]
		case literal && strings.HasPrefix(strings.TrimLeft(out, between), s[i:i+n]):
			out = strings.TrimLeft(out, between)[n:]
			i += n
		default:
			if n >= 4 && strings.EqualFold(s[i:i+3], "<br") {
				between = " \t\n"
			}
			i += n
			for _, r := range shows {
				if isUnseen(r) {
					continue
				}
				out = skipUnseen(out)
				q, size := utf8.DecodeRuneInString(out)
				if q != r {
					return "", false
				}
				out = out[size:]
			}
		}
	}
	return out, true
}

// neverMarkup are the ASCII characters that are never markup.
var neverMarkup = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = (c > ' ' || c == '\t' || c == ' ') && c != 0x7f && !strings.ContainsRune(`<{[|&\^`, rune(c))
	}
	return t
}()

// skipUnseen is s after what nobody sees.
func skipUnseen(s string) string {
	for s != "" {
		if s[0] > ' ' && s[0] < 0x7f {
			return s
		}
		r, size := utf8.DecodeRuneInString(s)
		if !isUnseen(r) {
			return s
		}
		s = s[size:]
	}
	return s
}

// isUnseen reports whether a character leaves nothing on the screen.
func isUnseen(r rune) bool {
	return unicode.IsSpace(r) || r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2060 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// atLineEnd reports whether nothing is left of the line that s begins with.
func atLineEnd(s string) bool {
	for _, r := range s {
		if r == '\n' || !isUnseen(r) {
			return r == '\n'
		}
	}
	return true
}

func isInvisible(s string) bool { return skipUnseen(s) == "" }

// markupAt is the markup at s[i]: its length, 0 where there is none, and what it shows.
func (g *lossCheck) markupAt(s string, i int, far *[2]int) (n int, shows string) {
	switch c := s[i]; {
	case g.markup == markupSSA:
		return ssaMarkupAt(s, i, &far[1])
	case g.markup == markupSpruce:
		if c == '|' {
			return 1, ""
		}
		if c == '^' && i+1 < len(s) && strings.IndexByte("IBU", s[i+1]) >= 0 {
			return 2, ""
		}
		return 0, ""
	case g.markup == markupBars && c == '|':
		return 1, ""
	case g.markup == markupBars && c == '[' && len(s) >= i+4 && strings.EqualFold(s[i:i+4], "[br]"):
		return 4, ""
	case c == '&' && g.vtt:
		end := strings.IndexByte(s[i:min(len(s), i+34)], ';')
		if end > 0 && !strings.ContainsAny(s[i+1:i+end], "& <") {
			if shows = html.UnescapeString(s[i : i+end+1]); shows != s[i:i+end+1] {
				return end + 1, shows
			}
		}
	case c == '<':
		if end := nextIndex(s, i, '>', &far[0]); end > 0 && end-i < maxTagLength && isPlayerTag(strings.ToLower(s[i+1:end]), g.vtt) {
			return end + 1 - i, ""
		}
	case c == '{' && i+1 < len(s) && s[i+1] == '\\':
		if end := nextIndex(s, i, '}', &far[1]); end > 0 && end-i < maxTagLength && !strings.Contains(s[i:end], " ") {
			return end + 1 - i, ""
		}
	}
	return 0, ""
}

// nextIndex is where the next c stands after s[i], or -1. It is looked for once.
func nextIndex(s string, i int, c byte, known *int) int {
	if *known < 0 {
		return -1
	}
	if *known <= i {
		at := strings.IndexByte(s[i:], c)
		if at < 0 {
			*known = -1
			return -1
		}
		*known = i + at
	}
	return *known
}

// isPlayerTag: the inside of a tag, in lower case, that players act on.
func isPlayerTag(in string, web bool) bool {
	if in == "" {
		return false
	}
	if in[0]-'0' <= 9 {
		return strings.Trim(in, "0123456789:.,") == ""
	}
	in = strings.TrimPrefix(in, "/")
	name := strings.TrimRight(in, "/ \t")
	switch name {
	case "i", "b", "u", "s", "strike", "br", "font":
		return true
	case "c", "v", "lang", "ruby", "rt":
		return web
	}
	if strings.HasPrefix(in, "font ") || strings.HasPrefix(in, "font\t") {
		return strings.Contains(in, "=")
	}
	if !web {
		return false
	}
	name, _, _ = strings.Cut(name, ".")
	name, _, spaced := strings.Cut(name, " ")
	switch name {
	case "i", "b", "u":
		return !spaced && !strings.Contains(in, " ")
	case "c", "v", "lang", "ruby", "rt":
		return true
	}
	return false
}

// ssaMarkupAt: braces up to the next closing one, and what follows a backslash.
func ssaMarkupAt(s string, i int, far *int) (n int, shows string) {
	switch {
	case s[i] == '{':
		if end := nextIndex(s, i, '}', far); end > 0 {
			return end + 1 - i, ""
		}
	case s[i] == '\\' && i+1 < len(s):
		switch s[i+1] {
		case 'N', 'n', 'h':
			return 2, ""
		case '{', '}':
			return 2, s[i+1 : i+2]
		}
	}
	return 0, ""
}

// rowScanner goes through the lines of a text as it came: LF, CR LF, CR and CR CR LF.
type rowScanner struct {
	rest    string
	nextLF  int // where the next line feed is in rest, -1: not looked for, len(rest): nowhere
	hasCR   bool
	sawText bool

	text string // without blanks and control characters around it
	line int
}

func newRowScanner(text string) *rowScanner {
	return &rowScanner{rest: withoutControls(text), nextLF: -1, hasCR: strings.IndexByte(text, '\r') >= 0}
}

// withoutControls is text without control characters, which it seldom has.
func withoutControls(text string) string {
	for i := 0; i < len(text); i++ {
		if mayNeedCleaning[text[i]] && text[i] != '\r' {
			if r, _ := utf8.DecodeRuneInString(text[i:]); isControlRune(r) {
				return strings.Map(func(r rune) rune {
					switch {
					case r == '\n' || r == '\r' || r == '\t':
						return r
					case r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
						return ' '
					case isControlRune(r):
						return -1
					}
					return r
				}, text)
			}
		}
	}
	return text
}

// next goes to the next line.
func (g *rowScanner) next() bool {
	if g.rest == "" {
		return false
	}
	if g.nextLF < 0 {
		if g.nextLF = strings.IndexByte(g.rest, '\n'); g.nextLF < 0 {
			g.nextLF = len(g.rest)
		}
	}
	end := g.nextLF
	if g.hasCR {
		if cr := strings.IndexByte(g.rest[:end], '\r'); cr >= 0 {
			end = cr
		}
	}
	row, after := g.rest[:end], g.rest[end:]
	for _, ending := range [...]string{"\n", "\r\n", "\r\r\n", "\r"} {
		if strings.HasPrefix(after, ending) {
			after = after[len(ending):]
			break
		}
	}
	if g.nextLF -= len(g.rest) - len(after); g.nextLF < 0 {
		g.nextLF = -1
	}
	g.rest, g.text = after, strings.Trim(row, " \t")
	g.line++
	return true
}
