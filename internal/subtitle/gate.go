package subtitle

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// gate goes through a file a second time, with rules of its own that owe nothing to the
// parsers: every line is either the times of a cue, or it has to come out, character for
// character and in its order, in the text of the cue above; or a diagnostic of that very
// line says why it does not. It is meant to be strict where the parsers are patient.
type gate struct {
	cues  []conference.Cue // in the order of the file
	r     *report
	web   bool // WebVTT: entities, and no tag is ever text
	marks markStyle

	at    int    // the cue that is open, -1 before the first
	out   string // what is left to come of its text
	other string // what is left if the last line meant something else; mostly the same
	fresh bool   // that is all of it
	muted bool   // something of it is missing, which was said
	held  []heldRow
}

// markStyle is what counts as markup besides tags.
type markStyle uint8

const (
	markTags   markStyle = iota
	markBars             // and | and [br], which end a line
	markSSA              // nothing but braces and backslashes
	markSpruce           // nothing but | and ^I, ^B, ^U
)

// heldRow is a line that has not come out; it may yet prove to be a cue's number.
type heldRow struct {
	line int
	text string
	gap  bool // below an empty line
}

// timesLike is how a format's lines of times look to the gate; tail is what follows.
type timesLike func(row string) (tail string, ok bool)

func gateSRT(text string, doc *Document, r *report) {
	(&gate{cues: doc.Cues, r: r}).blocks(text, gateArrow)
}

func gateVTT(text string, doc *Document, r *report) {
	(&gate{cues: doc.Cues, r: r, web: true}).blocks(text, gateArrow)
}

func gateSubViewer(text string, doc *Document, r *report) {
	(&gate{cues: doc.Cues, r: r, marks: markBars}).blocks(text, gateComma)
}

func gateSBV(text string, doc *Document, r *report) {
	(&gate{cues: doc.Cues, r: r}).blocks(text, gateComma)
}

func gateSubViewer1(text string, doc *Document, r *report) {
	(&gate{cues: doc.Cues, r: r, marks: markBars}).blocks(text, gateBracket)
}

func gateTimecoded(text string, doc *Document, r *report) {
	(&gate{cues: doc.Cues, r: r}).blocks(text, gateTape)
}

// gateArrow: digits and what parts them, something like an arrow, and digits or nothing.
func gateArrow(row string) (tail string, ok bool) {
	if row[0] == '[' {
		inner, tail, closed := strings.Cut(row[1:], "]")
		if !closed || inner == "" || inner[0]-'0' > 9 || !strings.Contains(inner, ">") {
			return "", false
		}
		_, ok = gateArrow(inner)
		return strings.TrimLeft(tail, " \t"), ok
	}
	if row[0] > '9' && row[0] < utf8.RuneSelf {
		return "", false
	}
	if row = plainTimes(row); row == "" {
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
	for i < len(row) && (strings.IndexByte("0123456789OolI:.,;'", row[i]) >= 0 || gateBlankInTime(row, second, i)) {
		i++
	}
	if !strings.Contains(row[second:i], ":") {
		return row[second:], strings.Contains(row[at:second], "-->") && (colons > 1 || strings.ContainsAny(row[:at], ",."))
	}
	return strings.TrimLeft(row[i:], " \t"), true
}

// gateBlankInTime: a blank between a sign and a digit of the time that begins at from.
func gateBlankInTime(row string, from, i int) bool {
	if row[i] != ' ' && row[i] != '\t' {
		return false
	}
	before := strings.TrimRight(row[from:i], " \t")
	after := strings.TrimLeft(row[i:], " \t")
	return before != "" && strings.IndexByte(":.,;'", before[len(before)-1]) >= 0 && after != "" && after[0]-'0' <= 9
}

// gateComma: nothing but digits and what parts them, a comma among it.
func gateComma(row string) (tail string, ok bool) {
	if row[0]-'0' > 9 || strings.Count(row, ":") < 4 || !strings.Contains(row, ",") {
		return "", false
	}
	return "", strings.Trim(row, "0123456789:., \t'") == "" && strings.Count(row, ",") != 2
}

// gateBracket: digits and colons in square brackets.
func gateBracket(row string) (tail string, ok bool) {
	return "", row[0] == '[' && strings.HasSuffix(row, "]") && strings.Count(row, ":") == 2 && strings.Trim(row, "[]0123456789:.,") == ""
}

// gateTape: *TC, and digits and what parts them.
func gateTape(row string) (tail string, ok bool) {
	at := strings.Index(row, "*TC")
	if at < 0 || at > 4 {
		return "", row[0]-'0' <= 9 && strings.Count(row, ";") == 1 && strings.Count(row, ":") == 2 && strings.Trim(row, "0123456789:;") == ""
	}
	rest := strings.TrimLeft(row[at+3:], " \t")
	tail = strings.TrimLeft(rest, "0123456789:;.,")
	return strings.TrimLeft(tail, " \t"), len(rest)-len(tail) >= 7 || len(rest) > len(tail) && strings.ContainsAny(rest[:len(rest)-len(tail)], ":;")
}

// blocks compares files whose times stand above the text.
func (g *gate) blocks(text string, times timesLike) {
	g.at = -1
	gap, skip, header := true, false, g.web
	rows := rowsOf(text)
	for rows.next() {
		s, line := rows.text, rows.line
		if s == "" || s[0] >= utf8.RuneSelf && blank(s) {
			gap, skip, header = true, false, header && g.at < 0 && !rows.any
			continue
		}
		rows.any = true
		tail, timed := times(s)
		switch {
		case skip:
		case g.at+1 < len(g.cues) && g.cues[g.at+1].Line == line:
			g.begin(line, tail, timed)
			header = false
		case timed && g.r.explains(line):
			if g.consume(s) { // times in text
				g.release(false)
			} else {
				g.end(true)
			}
			header = false
		case timed:
			g.consume(s)
			g.fail(line, "cues-lost", "the caption of this line, %s, was not read", quote(s))
		case header:
		case g.web && gap && gateComment(s, g.at):
			g.release(false)
			skip = true
		default:
			g.row(s, line, gap)
		}
		gap = false
	}
	g.finish()
}

// gateComment: a block of WebVTT that is no cue.
func gateComment(row string, at int) bool {
	return row == "NOTE" || strings.HasPrefix(row, "NOTE ") || strings.HasPrefix(row, "NOTE\t") || at < 0 && (row == "STYLE" || row == "REGION")
}

// begin opens the next cue, which was read from this line.
func (g *gate) begin(line int, tail string, timed bool) {
	g.end(true)
	g.at++
	g.show(g.cues[g.at].Text)
	if !timed && !g.r.explains(line) {
		g.fail(line, "cues-added", "a caption was read from this line, which has no times")
	}
	if tail != "" && !g.consumeTail(tail) && !g.r.explains(line) {
		g.fail(line, "text-lost", "%s was not read", quote(tail))
	}
}

// show begins with the text of a cue.
func (g *gate) show(text string) { g.out, g.other, g.fresh, g.muted = text, text, true, false }

// consumeTail takes what stands behind times: text, words with a colon in each, which are
// settings, or those and then text.
func (g *gate) consumeTail(tail string) bool {
	for tail != "" && !g.consume(tail) {
		var word string
		if word, tail, _ = strings.Cut(tail, " "); !strings.Contains(word, ":") {
			return false
		}
		tail = strings.TrimLeft(tail, " \t")
	}
	return true
}

// row expects a line of text in the open cue.
func (g *gate) row(s string, line int, gap bool) {
	if g.consume(s) {
		g.release(false)
		return
	}
	if len(g.held) >= 2 {
		g.lose(g.held[0])
		g.held = append(g.held[:0], g.held[1:]...)
	}
	g.held = append(g.held, heldRow{line, s, gap})
}

// release decides on the lines that did not come out. Above times, the last of them may
// be the number of the cue or, in WebVTT, its name, if an empty line is above it.
func (g *gate) release(aboveTimes bool) {
	for i, h := range g.held {
		last := aboveTimes && i == len(g.held)-1 && (h.gap || i > 0 && g.r.explains(g.held[i-1].line))
		if !last || !g.web && strings.Trim(plainTimes(h.text), "0123456789") != "" {
			g.lose(h)
		}
	}
	g.held = g.held[:0]
}

// lose says that a line is missing, unless something says why.
func (g *gate) lose(h heldRow) {
	if !g.r.explains(h.line) {
		g.fail(h.line, "text-lost", "%s is missing from what was read", quote(h.text))
	}
}

// end expects nothing more of the open cue.
func (g *gate) end(aboveTimes bool) {
	g.release(aboveTimes)
	if g.at >= 0 && !g.muted && !invisible(g.out) && !invisible(g.other) {
		g.fail(g.cues[g.at].Line, "text-added", "%s was read into this caption from nowhere", quote(strings.TrimSpace(g.out)))
	}
	g.out, g.other = "", ""
}

// finish expects nothing more at all.
func (g *gate) finish() {
	g.end(false)
	for _, c := range g.cues[g.at+1:] {
		g.fail(c.Line, "cues-added", "the caption %s was read, which is not where it says", quote(c.Text))
	}
}

func (g *gate) fail(line int, code, format string, args ...any) {
	if g.muted && code != "cues-lost" {
		return
	}
	g.muted = true
	g.r.add(line, Error, code, format, args...)
}

// consume takes what a line shows off the text that is still to come. It takes nothing
// where that begins otherwise.
func (g *gate) consume(s string) bool {
	return g.consumeFrom(g.out, s) || g.other != g.out && g.consumeFrom(g.other, s)
}

func (g *gate) consumeFrom(out, s string) bool {
	if !g.fresh && !lineEnds(out) && !invisible(s) {
		return false // something of the line before has not come
	}
	rest, other, ok := g.shown(s, strings.TrimLeft(out, " \t\n"))
	if ok {
		g.out, g.other, g.fresh = rest, other, g.fresh && invisible(s)
	}
	return ok
}

// shown is what is left of out after what the line s shows, if out begins with that. There
// can be two answers: a tag like the I of Box<I>, at the end of a line, may be text or not.
func (g *gate) shown(s, out string) (rest, other string, ok bool) {
	if strings.HasPrefix(out, s) && !g.web {
		return out[len(s):], out[len(s):], true
	}
	other, ok = g.align(s, out, false)
	if g.web || g.marks > markBars { // there are ways to write what is no markup
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
func (g *gate) align(s, out string, literal bool) (rest string, ok bool) {
	between := " \t" // before a tag that is text
	var far [2]int   // where the next > and the next } stand, so that they are looked for once
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && unmarked[c] {
			if c != ' ' && c != '\t' {
				if out = passBlank(out); out == "" || out[0] != c {
					return "", false
				}
				out = out[1:]
			}
			i++
			continue
		}
		n, shows := g.token(s, i, &far)
		switch {
		case n == 0:
			r, size := utf8.DecodeRuneInString(s[i:])
			i += size
			if unseen(r) {
				continue
			}
			if out = passBlank(out); !strings.HasPrefix(out, s[i-size:i]) {
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
				if unseen(r) {
					continue
				}
				out = passBlank(out)
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

// unmarked are the ASCII characters that are never markup.
var unmarked = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = (c > ' ' || c == '\t' || c == ' ') && c != 0x7f && !strings.ContainsRune(`<{[|&\^`, rune(c))
	}
	return t
}()

// passBlank is s after what nobody sees.
func passBlank(s string) string {
	for s != "" {
		if s[0] > ' ' && s[0] < 0x7f {
			return s
		}
		r, size := utf8.DecodeRuneInString(s)
		if !unseen(r) {
			return s
		}
		s = s[size:]
	}
	return s
}

// unseen reports whether a character leaves nothing on the screen.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2060 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// lineEnds reports whether nothing is left of the line that s begins with.
func lineEnds(s string) bool {
	for _, r := range s {
		if r == '\n' || !unseen(r) {
			return r == '\n'
		}
	}
	return true
}

func invisible(s string) bool { return passBlank(s) == "" }

// token is the markup at s[i]: its length, 0 where there is none, and what it shows.
func (g *gate) token(s string, i int, far *[2]int) (n int, shows string) {
	switch c := s[i]; {
	case g.marks == markSSA:
		return ssaToken(s, i, &far[1])
	case g.marks == markSpruce:
		if c == '|' {
			return 1, ""
		}
		if c == '^' && i+1 < len(s) && strings.IndexByte("IBU", s[i+1]) >= 0 {
			return 2, ""
		}
		return 0, ""
	case g.marks == markBars && c == '|':
		return 1, ""
	case g.marks == markBars && c == '[' && len(s) >= i+4 && strings.EqualFold(s[i:i+4], "[br]"):
		return 4, ""
	case c == '&' && g.web:
		end := strings.IndexByte(s[i:min(len(s), i+34)], ';')
		if end > 0 && !strings.ContainsAny(s[i+1:i+end], "& <") {
			if shows = html.UnescapeString(s[i : i+end+1]); shows != s[i:i+end+1] {
				return end + 1, shows
			}
		}
	case c == '<':
		if end := ahead(s, i, '>', &far[0]); end > 0 && end-i < longestTag && gateTag(strings.ToLower(s[i+1:end]), g.web) {
			return end + 1 - i, ""
		}
	case c == '{' && i+1 < len(s) && s[i+1] == '\\':
		if end := ahead(s, i, '}', &far[1]); end > 0 && end-i < longestTag && !strings.Contains(s[i:end], " ") {
			return end + 1 - i, ""
		}
	}
	return 0, ""
}

// ahead is where the next c stands after s[i], or -1. It is looked for once.
func ahead(s string, i int, c byte, known *int) int {
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

// gateTag: the inside of a tag, in lower case, that players act on.
func gateTag(in string, web bool) bool {
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

// ssaToken: braces up to the next closing one, and what follows a backslash.
func ssaToken(s string, i int, far *int) (n int, shows string) {
	switch {
	case s[i] == '{':
		if end := ahead(s, i, '}', far); end > 0 {
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

// gateRows goes through the lines of a text as it came: LF, CR LF, CR and CR CR LF.
type gateRows struct {
	rest string
	lf   int // where the next line feed is in rest, -1: not looked for, len(rest): nowhere
	cr   bool
	any  bool

	text string // without blanks and control characters around it
	line int
}

func rowsOf(text string) *gateRows {
	return &gateRows{rest: visibleBytes(text), lf: -1, cr: strings.IndexByte(text, '\r') >= 0}
}

// visibleBytes is text without control characters, which it seldom has.
func visibleBytes(text string) string {
	for i := 0; i < len(text); i++ {
		if suspect[text[i]] && text[i] != '\r' {
			if r, _ := utf8.DecodeRuneInString(text[i:]); hiddenRune(r) {
				return strings.Map(func(r rune) rune {
					switch {
					case r == '\n' || r == '\r' || r == '\t':
						return r
					case r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
						return ' '
					case hiddenRune(r):
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
func (g *gateRows) next() bool {
	if g.rest == "" {
		return false
	}
	if g.lf < 0 {
		if g.lf = strings.IndexByte(g.rest, '\n'); g.lf < 0 {
			g.lf = len(g.rest)
		}
	}
	end := g.lf
	if g.cr {
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
	if g.lf -= len(g.rest) - len(after); g.lf < 0 {
		g.lf = -1
	}
	g.rest, g.text = after, strings.Trim(row, " \t")
	g.line++
	return true
}
