package subtitle

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// timeQuirks is what is unusual about a time.
type timeQuirks uint16

const (
	quirkPoint      timeQuirks = 1 << iota // a full stop before the milliseconds
	quirkComma                             // a comma
	quirkColon                             // a colon or another sign
	quirkNoFraction                        // no fraction
	quirkDigits                            // a fraction of other than three digits
	quirkNoHours                           // no hours
	quirkRange                             // minutes or seconds above 59
	quirkLetters                           // O for 0, l for 1
	quirkSpaces                            // blanks inside
	quirkNegative                          // below zero
	quirkScript                            // digits of another script, or characters that cannot be seen
)

// parsedTime is a time as it stands in a file.
type parsedTime struct {
	ms     int64
	quirks timeQuirks
	tooFar bool // more than there can be
	length int  // bytes
}

// maxTimeMS is the longest time that is read, about 285 years; times in a
// [time.Duration] end a little later.
const maxTimeMS = 2_500_000 * 3600 * 1000 // ms

// parseClock parses the time that s begins with: hours, minutes and seconds, or only the latter
// two, with or without a fraction. The length is 0 if s begins with no time. A time that is too
// large sets tooFar.
func parseClock(s string) parsedTime {
	if t, ok := parsePlainClock(s); ok {
		return t
	}
	fields, n, t := parseClockFields(s)
	switch n {
	case 0, 1:
		return parsedTime{}
	case 2:
		fields = [3]int64{0, fields[0], fields[1]}
		t.quirks |= quirkNoHours
	}
	if n == 3 && fields[1] > 59 || fields[2] > 59 {
		t.quirks |= quirkRange
	}
	t.ms = t.parseFraction(s)
	if fields[0] > maxTimeMS/3600_000 || fields[1] > maxTimeMS/60_000 || fields[2] > maxTimeMS/1000 {
		t.tooFar = true
		return t
	}
	t.ms += ((fields[0]*60+fields[1])*60 + fields[2]) * 1000
	t.tooFar = t.ms > maxTimeMS
	if t.quirks&quirkNegative != 0 {
		t.ms = -t.ms
	}
	return t
}

// parseClockFields parses the numbers, at most three, that s begins with and that have colons
// between them. n is how many there are. Of t, only the quirks and the length are set.
func parseClockFields(s string) (fields [3]int64, n int, t parsedTime) {
	at := 0
	if strings.HasPrefix(s, "-") {
		t.quirks |= quirkNegative
		at++
	}
	for {
		v, size, letters := parseDigits(s[at:])
		if size == 0 {
			return fields, n, t
		}
		if letters {
			t.quirks |= quirkLetters
		}
		fields[n], n = v, n+1
		at += size
		t.length = at
		if n == len(fields) || at == len(s) || s[at] != ':' {
			return fields, n, t
		}
		next := skipBlanks(s, at+1)
		if _, size, _ := parseDigits(s[next:]); size > 0 && next > at+1 {
			t.quirks |= quirkSpaces
		}
		at = next
	}
}

// parsePlainClock parses “00:00:01,000” and “00:00:01.000”, the forms of nearly all times, faster
// than the general parser.
func parsePlainClock(s string) (parsedTime, bool) {
	if len(s) < 12 || s[2] != ':' || s[5] != ':' || s[8] != ',' && s[8] != '.' || len(s) > 12 && s[12]-'0' <= 9 {
		return parsedTime{}, false
	}
	var v [9]byte
	for k, at := range [9]int{0, 1, 3, 4, 6, 7, 9, 10, 11} {
		if !isDigit(s[at]) {
			return parsedTime{}, false
		}
		v[k] = s[at] - '0'
	}
	if v[2] > 5 || v[4] > 5 {
		return parsedTime{}, false
	}
	t := parsedTime{length: 12, quirks: quirkComma}
	if s[8] == '.' {
		t.quirks = quirkPoint
	}
	h, m, sec := int64(v[0])*10+int64(v[1]), int64(v[2])*10+int64(v[3]), int64(v[4])*10+int64(v[5])
	t.ms = ((h*60+m)*60+sec)*1000 + int64(v[6])*100 + int64(v[7])*10 + int64(v[8])
	return t, true
}

// parseFraction parses the fraction of a second after s[:t.length], and returns it in milliseconds,
// rounded. It adds its length and its quirks to t; without a fraction, that is a quirk.
func (t *parsedTime) parseFraction(s string) int64 {
	i := t.length
	if i == len(s) || !strings.ContainsRune(",.:;'", rune(s[i])) {
		t.quirks |= quirkNoFraction
		return 0
	}
	at := skipBlanks(s, i+1)
	_, size, letters := parseDigits(s[at:])
	if size == 0 {
		t.quirks |= quirkNoFraction
		if s[i] == ',' || s[i] == '.' {
			t.length = i + 1 // “00:00:01,”
		}
		return 0
	}
	if at > i+1 {
		t.quirks |= quirkSpaces
	}
	if letters {
		t.quirks |= quirkLetters
	}
	switch s[i] {
	case ',':
		t.quirks |= quirkComma
	case '.':
		t.quirks |= quirkPoint
	default:
		t.quirks |= quirkColon
	}
	if size != 3 {
		t.quirks |= quirkDigits
	}
	t.length = at + size
	thousandths, _, _ := parseDigits((s[at:at+size] + "0000")[:4])
	return (thousandths + 5) / 10
}

// parseDigits parses the whole number that s begins with. n is its length. The letters O and o
// count as 0, l and I as 1; letters reports that there are such. Very large numbers lose digits,
// but stay large.
func parseDigits(s string) (v int64, n int, letters bool) {
	for ; n < len(s); n++ {
		d := s[n] - '0'
		if d > 9 {
			switch {
			case s[n] == 'O' || s[n] == 'o':
				d = 0
			case s[n] == 'l' || s[n] == 'I':
				d = 1
			default:
				return v, n, letters
			}
			letters = true
		}
		if v < 1<<50 {
			v = v*10 + int64(d)
		}
	}
	return v, n, letters
}

func skipBlanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// timesLine is a cue's times as one line gives them.
type timesLine struct {
	start, end parsedTime
	noEnd      bool
	before     string // what stands before them
	arrow      string // what stands between them
	after      string // what follows, without blanks around it
	numbered   bool   // what stands before them is the number of the cue
	bracketed  bool   // the times stand in brackets, and text behind them
}

// isCoarse reports whether the times have neither hours nor a fraction, like times of the day in a
// sentence.
func (s timesLine) isCoarse() bool { return s.start.isCoarse() && (s.noEnd || s.end.isCoarse()) }

func (t parsedTime) isCoarse() bool {
	return t.quirks&quirkNoHours != 0 && t.quirks&quirkNoFraction != 0
}

// asciiTimes returns a line with its times in ASCII. Digits and signs of other scripts become their
// ASCII forms, any kind of blank becomes a space, and invisible characters, such as direction
// marks, are removed. What follows the times is unchanged.
func asciiTimes(line string) string {
	at := 0
	for at < len(line) && (line[at] <= '>' && line[at] >= ' ' || line[at] == '\t') {
		at++
	}
	if at == len(line) || line[at] < utf8.RuneSelf && strings.IndexByte(timeChars, line[at]) < 0 {
		return line
	}
	var b strings.Builder
	for i, r := range line {
		c, ok := asciiTimeChar(r, line[i:])
		switch {
		case ok:
			b.WriteString(c)
		case r < utf8.RuneSelf:
			return strings.Trim(b.String(), spaceAndTab) + line[i:]
		default:
			return strings.TrimLeft(b.String(), spaceAndTab) + line[i:]
		}
	}
	return strings.Trim(b.String(), spaceAndTab)
}

// asciiTimeChar returns r, a character in a line of times, in ASCII, or "" if it is to be removed.
// Arrows stay as they are. rest is the line from r on. ok is false if r cannot be part of times.
func asciiTimeChar(r rune, rest string) (ascii string, ok bool) {
	switch {
	case r < utf8.RuneSelf:
		return string(r), strings.IndexByte(timeChars, byte(r)) >= 0
	case arrowLength(rest) > 0:
		return string(r), true
	case asciiDigit(r) != 0:
		return string(rune(asciiDigit(r))), true
	case asciiPunctuation[r] != 0:
		return string(rune(asciiPunctuation[r])), true
	case unicode.IsSpace(r):
		return " ", true
	}
	// Marks of the direction of writing are dropped. Word joiners keep text from being times.
	return "", unicode.Is(unicode.Cf, r) && string(r) != wordJoiner
}

// timeChars are the ASCII characters of lines of times.
const timeChars = "0123456789OolI:.,;' \t-=~>"

// asciiPunctuation are signs of other scripts in times.
var asciiPunctuation = map[rune]byte{'：': ':', '，': ',', '．': '.', '،': ',', '٫': ',', '∶': ':'}

// asciiDigit returns the ASCII digit for a digit in another script, or 0 if r is not one.
func asciiDigit(r rune) byte {
	for _, zero := range [...]rune{'٠', '۰', '०', '০', '๐', '０'} {
		if r >= zero && r <= zero+9 {
			return '0' + byte(r-zero)
		}
	}
	return 0
}

// parseArrowTimes parses a line of times with an arrow, “00:00:01,000 --> 00:00:02,000 …”, in all
// the variants that people write. ok is false if the line is not one.
func parseArrowTimes(line string) (s timesLine, ok bool) {
	line = strings.Trim(line, " \t")
	switch {
	case line == "":
		return s, false
	case line[0] == '[':
		return parseBracketedTimes(line)
	case line[0] <= '9' && line[0] >= '0' || line[0] == '-':
		s, ok = parseASCIITimes(line)
		if ok && !s.noEnd {
			return s, true
		}
	case line[0] < utf8.RuneSelf:
		return s, false
	}
	plain := asciiTimes(line)
	if plain == line {
		return s, ok
	}
	s, ok = parseASCIITimes(plain)
	s.start.quirks |= quirkScript
	return s, ok && strings.HasSuffix(line, s.after) // what follows is as it was
}

// parseBracketedTimes parses times in brackets with text behind them, “[00:00:01.000 -->
// 00:00:02.000] text”, as speech recognition prints them.
func parseBracketedTimes(line string) (s timesLine, ok bool) {
	inner, after, closed := strings.Cut(line[1:], "]")
	if !closed || inner == "" || inner[0]-'0' > 9 {
		return s, false
	}
	s, ok = parseASCIITimes(inner)
	if !ok || s.noEnd || s.after != "" {
		return timesLine{}, false
	}
	s.bracketed, s.after = true, strings.Trim(after, " \t")
	return s, true
}

// parseASCIITimes parses a line of times with an arrow, written in ASCII except for the arrow.
func parseASCIITimes(line string) (s timesLine, ok bool) {
	s.start = parseClock(line)
	if s.start.length == 0 {
		s, ok = parseTimesInSeconds(line)
		if !ok {
			return parseNumberedTimes(line)
		}
		return s, ok
	}
	at := skipBlanks(line, s.start.length)
	n := arrowLength(line[at:])
	if n == 0 {
		return s, false
	}
	s.arrow = line[s.start.length : at+n]
	at = skipBlanks(line, at+n)
	s.arrow = strings.TrimRight(line[s.start.length:at], "\t")
	if at == len(line) {
		s.noEnd = true
		return s, strings.ContainsAny(s.arrow, ">→⇒")
	}
	s.end = parseClock(line[at:])
	if s.end.length == 0 {
		s.noEnd, s.after = true, line[at:]
		return s, strings.Contains(s.arrow, "-->") && !s.start.isCoarse() // “10:30 --> lunch” is text
	}
	s.after = strings.Trim(line[at+s.end.length:], " \t")
	if len(s.after) == 1 && strings.Contains(".,;", s.after) { // a full stop at the end
		s.end.quirks |= quirkDigits
		s.after = ""
	}
	switch strings.TrimSpace(s.arrow) {
	case "-", "–", "—", "à":
		// “10:30 - 11:45” is a timetable.
		exact := s.after == "" && (s.start.quirks|s.end.quirks)&(quirkNoFraction|quirkNoHours) == 0
		return s, exact
	}
	return s, true
}

// parseNumberedTimes parses a line of times with the number of the cue in front of them.
func parseNumberedTimes(line string) (s timesLine, ok bool) {
	_, n, letters := parseDigits(line)
	at := skipBlanks(line, n)
	if n == 0 || letters || at == n || at == len(line) || line[at]-'0' > 9 {
		return s, false
	}
	s.start = parseClock(line[at:])
	if s.start.length == 0 || s.start.quirks&quirkNoHours != 0 {
		return s, false
	}
	s, ok = parseASCIITimes(line[at:])
	s.before, s.numbered = line[:n], true
	return s, ok
}

// parseTimesInSeconds parses a line of times in seconds: “1.000 --> 2.500”. The end may also be in
// hours, minutes and seconds.
func parseTimesInSeconds(line string) (s timesLine, ok bool) {
	from, to, _ := strings.Cut(line, "-->")
	to = strings.TrimLeft(to, " \t")
	s.start, s.end = parseSeconds(strings.TrimRight(from, " \t")), parseSeconds(to)
	if t := parseClock(to); s.end.length == 0 && t.length == len(to) {
		s.end = t
	}
	s.arrow = " --> "
	return s, s.start.length > 0 && s.end.length > 0
}

// parseSeconds parses a time in seconds with three decimals. The length is 0 if s is anything else.
func parseSeconds(s string) parsedTime {
	at := len(s) - 4
	if at < 1 || s[at] != '.' && s[at] != ',' {
		return parsedTime{}
	}
	whole, thousandths := s[:at], s[at+1:]
	v, n, letters := parseDigits(whole)
	ms, k, others := parseDigits(thousandths)
	if n < len(whole) || k < 3 || letters || others {
		return parsedTime{}
	}
	return parsedTime{ms: v*1000 + ms, quirks: quirkNoHours, tooFar: v > maxTimeMS/1000, length: len(s)}
}

// arrowLength returns the length of the arrow that s begins with, or of what people write for it:
// one or several signs, such as "->", "– >", "==>" or "→".
func arrowLength(s string) (n int) {
	for n < len(s) {
		size := arrowSignLength(s[n:], n == 0)
		if size == 0 {
			break
		}
		n += size
	}
	return n
}

// arrowSigns are the signs other than ASCII in arrows. “à” and U+F0E0 are what is left of
// the arrow that Word makes of -->.
var arrowSigns = [...]string{"–", "—", "−", "‐", "‑", "‒", "―", "→", "⇒", "⟶", "➡", "\uf0e0", "à", "＞", "－", "›", "➔", "➜"}

// arrowSignLength returns the length of the sign of an arrow that s begins with, or 0. first says
// that no sign precedes it.
func arrowSignLength(s string, first bool) int {
	switch {
	case strings.IndexByte("->=~", s[0]) >= 0:
		return 1
	case s[0] >= utf8.RuneSelf:
		for _, sign := range arrowSigns {
			if strings.HasPrefix(s, sign) {
				return len(sign)
			}
		}
	case first:
	case strings.HasPrefix(s, "&gt;"):
		return len("&gt;")
	case strings.HasPrefix(s, " >"), strings.HasPrefix(s, " --"), strings.HasPrefix(s, " ->"):
		return 1
	}
	return 0
}

// roundToMS rounds t to the nearest millisecond, the resolution of subtitle files.
func roundToMS(t time.Duration) time.Duration { return t.Round(time.Millisecond) }
