package subtitle

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// timecode is hours, minutes, seconds and frames, as tape machines count them (SMPTE
// ST 12-1).
type timecode struct {
	h, m, s, f int64
	dropFrame  bool // a semicolon: two numbers a minute are left out, but for every tenth
}

// String returns the timecode as tape machines show it, such as 10:00:07:12.
func (t timecode) String() string { return fmt.Sprintf("%02d:%02d:%02d:%02d", t.h, t.m, t.s, t.f) }

// parseTimecode parses the timecode that s begins with, and returns its length in bytes, or 0 if
// there is none.
func parseTimecode(s string) (t timecode, n int) {
	for i, field := range [4]*int64{&t.h, &t.m, &t.s, &t.f} {
		if i > 0 {
			if n == len(s) || !strings.ContainsRune(":;.,", rune(s[n])) {
				return t, 0
			}
			t.dropFrame = i == 3 && s[n] == ';'
			n++
		}
		begin := n
		for n < len(s) && s[n]-'0' <= 9 && n-begin < 6 {
			*field = *field*10 + int64(s[n]-'0')
			n++
		}
		if n == begin {
			return t, 0
		}
	}
	return t, n
}

// duration returns the time at which the frame begins, to the millisecond. r is the frame rate;
// drop says that frame numbers are dropped, as in NTSC.
func (t timecode) duration(r timeline.Rate, drop bool) time.Duration {
	whole := (r.Num + r.Den - 1) / r.Den
	minutes := t.h*60 + t.m
	frame := (minutes*60+t.s)*whole + t.f
	if drop {
		frame -= 2 * (whole / 30) * (minutes - minutes/10)
	}
	return roundToMS(r.Time(frame))
}

var (
	rate25   = timeline.Rate{Num: 25, Den: 1}
	rate30   = timeline.Rate{Num: 30, Den: 1}
	rateNTSC = timeline.Rate{Num: 30000, Den: 1001}
)

// readTimecoded reads the scripts that captioning houses deliver, with “*TC 00:00:07;09” above each
// caption. A semicolon means drop-frame timecode, at 29.97 frames a second. With colons alone it
// guesses the rate, and adds a diagnostic.
func readTimecoded(p *parser) error {
	p.startsOnly = true
	rate, drop := p.detectTapeRate()
	m := &markupReader{reporter: &p.reporter}
	b := &blockReader{parser: p, readMarkup: m.read, isPlain: hasNoMarkup, textAfter: textAfterTimes}
	b.parseTimes = func(line string) (s timesLine, ok bool) {
		code, before, after, ok := parseTapeLine(line)
		if ok {
			s.start.ms = code.duration(rate, drop).Milliseconds()
			s.before, s.after, s.noEnd = before, after, true
		}
		return s, ok
	}
	return b.read(0, 1)
}

// parseTapeLine parses a line with a timecode, “*TC 00:00:07;09”, and returns the text before and
// after it.
func parseTapeLine(line string) (t timecode, before, after string, ok bool) {
	at := strings.Index(line, "*TC")
	if at < 0 || at > 4 {
		t, n := parseTimecode(line) // without its star, but a drop-frame code all the same
		return t, "", "", n > 0 && n == len(line) && t.dropFrame
	}
	rest := strings.TrimLeft(line[at+3:], " \t")
	t, n := parseTimecode(rest)
	return t, strings.TrimSpace(line[:at]), strings.Trim(rest[n:], " \t"), n > 0
}

// detectTapeRate returns the frame rate of a script with timecodes, and whether frame numbers are
// dropped. Without drop-frame codes it guesses 25 or 30, by the highest frame number, and adds a
// diagnostic.
func (p *parser) detectTapeRate() (rate timeline.Rate, drop bool) {
	line, first, most := 0, 0, int64(0)
	for l := range strings.Lines(p.text) {
		line++
		t, _, _, ok := parseTapeLine(strings.TrimSuffix(l, "\n"))
		if !ok {
			continue
		}
		if t.dropFrame {
			return rateNTSC, true
		}
		if first == 0 {
			first = line
		}
		most = max(most, t.f)
	}
	rate = rate30
	if most < 25 {
		rate = rate25
	}
	p.add(first, "frame-rate-guessed", "rate", rate.Num)
	return rate, false
}

// lineParser reads one line of a format that has a cue on each.
type lineParser func(line string) (c conference.Cue, text string, ok bool)

// readLineCues reads a format with a cue on every line. read parses a line; a line that it does not
// accept continues the cue above. mark parses the markup of a cue's text.
func (p *parser) readLineCues(read lineParser, mark func(raw string, rows rowLines) (string, []conference.Span, int)) {
	var open conference.Cue
	var raw []byte
	var rows []row // of what was put together, one a line of the file
	finish := func() {
		if len(rows) == 0 {
			return
		}
		var place int
		open.Text, open.Spans, place = mark(string(raw), rowLines{rows: rows, first: open.Line, text: p.text})
		if place != 0 {
			open.Position = normalizePlace(place)
		}
		if isBlank(open.Text) {
			p.addLoss(open.Line, "empty-cue")
		} else {
			p.doc.Cues = append(p.doc.Cues, open)
		}
		rows = rows[:0]
	}
	p.doc.Cues = make([]conference.Cue, 0, min(strings.Count(p.text, "\n"), len(p.text)/8)+1)
	line, from, at := 0, 0, 0
	for l := range strings.Lines(p.text) {
		line++
		from, at = at, at+len(l)
		l = strings.Trim(l, " \t\n")
		if l == "" {
			continue
		}
		c, text, ok := read(l)
		switch {
		case ok && c.Line == markHeader:
			p.addLoss(line, "header-line", "text", l)
		case ok:
			finish()
			open, raw, rows = c, append(raw[:0], text...), append(rows, row{uint32(from), uint32(at - 1)})
			open.Line = line
		case len(rows) > 0:
			raw, rows = append(append(raw, '\n'), l...), append(rows, row{uint32(from), uint32(at - 1)})
			if p.countUnlisted("blank-line-in-cue", line) {
				continue
			}
			p.add(line, "blank-line-in-cue.no-times", "text", l)
		default:
			p.addLoss(line, "text-before-first-cue", "text", l)
		}
	}
	finish()
}

// markHeader is the line of a cue that is none, but a setting of the whole file.
const markHeader = -1

// readMicroDVD reads lines “{25}{50}text|text”. Times are frame numbers; the first cue must hold
// the number of frames a second, or it returns an inputerr.Error.
func readMicroDVD(p *parser) error {
	rate := 0.0
	for l := range strings.Lines(p.text) {
		if _, _, text, ok := parseBracedFrames(l); ok {
			rate, _ = strconv.ParseFloat(strings.TrimSpace(strings.Replace(text, ",", ".", 1)), 64)
			break
		}
	}
	if rate < 1 || rate > 240 {
		return inputerr.Coded("subtitles.no_frame_rate", "is a MicroDVD file, whose times are frames, and does not say how many there are in a second").In(p.name).At(1).
			Hint("Put a first line above all others that says so, such as {1}{1}25 or {1}{1}29.97, or save it as SRT")
	}
	m := &markupReader{reporter: &p.reporter, lineBreaks: true}
	first := true
	p.readLineCues(func(l string) (c conference.Cue, text string, ok bool) {
		from, to, text, ok := parseBracedFrames(l)
		if first && ok {
			first = false
			return conference.Cue{Line: markHeader}, "", true
		}
		c.Start, c.End = frameTime(from, rate), frameTime(to, rate)
		if to == 0 {
			c.End = endUnknown
		}
		return c, p.microDVDStyle(&c, text), ok
	}, m.read)
	return nil
}

func frameTime(frame int64, rate float64) time.Duration {
	return roundToMS(time.Duration(float64(frame) / rate * float64(time.Second)))
}

// parseBracedFrames parses a line of MicroDVD: “{25}{50}text”. The end may be missing, as
// “{25}{}text”; then to is 0.
func parseBracedFrames(l string) (from, to int64, text string, ok bool) {
	var v [2]int64
	for i := range v {
		inner, rest, found := strings.Cut(l, "}")
		if !found || !strings.HasPrefix(inner, "{") {
			return 0, 0, "", false
		}
		n, err := strconv.ParseInt(inner[1:], 10, 33)
		if err != nil && !(i == 1 && inner == "{") || n < 0 {
			return 0, 0, "", false
		}
		v[i], l = n, rest
	}
	return v[0], v[1], strings.TrimSpace(l), true
}

// microDVDStyle replaces styles such as {y:i} and colours at the start of a text by the tags of
// SubRip. Other codes are dropped.
func (p *parser) microDVDStyle(c *conference.Cue, text string) string {
	for strings.HasPrefix(text, "{") {
		inner, rest, ok := strings.Cut(text[1:], "}")
		key, value, keyed := strings.Cut(inner, ":")
		if !ok || !keyed || len(key) != 1 {
			break
		}
		text = rest
		switch key {
		case "y", "Y":
			for f := range strings.SplitSeq(value, ",") {
				f = strings.ToLower(strings.TrimSpace(f))
				if f == "i" || f == "b" || f == "u" {
					text = "<" + f + ">" + text + "</" + f + ">"
				}
			}
		case "c", "C":
			if colour := parseSSAColour("H" + strings.TrimPrefix(value, "$")); colour != "" {
				text = `<font color="` + colour + `">` + text + "</font>"
			}
		}
	}
	return text
}

// readSpruce reads the text files that Spruce and DVD Studio Pro call STL: “00:00:01:00 ,
// 00:00:02:00 , text|text”. It guesses the frame rate from the highest frame number, and adds a
// diagnostic, unless there is drop-frame timecode.
func readSpruce(p *parser) error {
	most, drop := int64(0), false
	for l := range strings.Lines(p.text) {
		if from, to, _, ok := parseSpruceLine(l); ok {
			most = max(most, from.f, to.f)
			drop = drop || from.dropFrame
		}
	}
	rate := rate25
	switch {
	case drop:
		rate = rateNTSC
	case most >= 25:
		rate = rate30
		fallthrough
	default:
		p.add(1, "frame-rate-guessed", "rate", rate.Num)
	}
	p.readLineCues(func(l string) (c conference.Cue, text string, ok bool) {
		if strings.HasPrefix(l, "$") || strings.HasPrefix(l, "//") {
			return conference.Cue{Line: markHeader}, "", true
		}
		from, to, text, ok := parseSpruceLine(l)
		c.Start, c.End = from.duration(rate, drop), to.duration(rate, drop)
		return c, text, ok
	}, p.readSpruceMarkup)
	return nil
}

func parseSpruceLine(l string) (from, to timecode, text string, ok bool) {
	a, rest, ok1 := strings.Cut(l, ",")
	b, text, ok2 := strings.Cut(rest, ",")
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	from, n := parseTimecode(a)
	to, k := parseTimecode(b)
	return from, to, strings.TrimSpace(text), ok1 && ok2 && n > 0 && n == len(a) && k > 0 && k == len(b)
}

// readSpruceMarkup reads the markup of Spruce STL: ^I, ^B and ^U switch a style on and off, and a
// bar ends a line.
func (p *parser) readSpruceMarkup(raw string, _ rowLines) (string, []conference.Span, int) {
	var out textBuilder
	var look conference.Span
	for {
		at := strings.IndexAny(raw, "^|")
		if at < 0 {
			out.write(raw)
			text, spans := out.finish()
			return text, spans, 0
		}
		out.write(raw[:at])
		sign := raw[at:min(len(raw), at+2)]
		raw = raw[at+1:]
		switch {
		case sign[0] == '|':
			out.newline()
			continue
		case sign == "^I":
			look.Italic = !look.Italic
		case sign == "^B":
			look.Bold = !look.Bold
		case sign == "^U":
			look.Underline = !look.Underline
		default:
			out.write("^")
			continue
		}
		raw = raw[1:]
		out.applyStyle(look)
	}
}
