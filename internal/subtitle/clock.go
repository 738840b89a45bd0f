package subtitle

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// odd is what is unusual about a time.
type odd uint16

const (
	oddPoint   odd = 1 << iota // a full stop before the milliseconds
	oddComma                   // a comma
	oddColon                   // a colon or another sign
	oddNone                    // no fraction
	oddDigits                  // a fraction of other than three digits
	oddHours                   // no hours
	oddRange                   // minutes or seconds above 59
	oddLetters                 // O for 0, l for 1
	oddSpaces                  // blanks inside
	oddBelow                   // below zero
	oddScript                  // digits of another script, or characters that nobody sees
)

// instant is a time as it stands in a file.
type instant struct {
	ms  int64
	odd odd
	far bool // more than there can be
	n   int  // bytes
}

// farthest is the longest time that is read, about 285 years; times in a
// [time.Duration] end a little later.
const farthest = 2_500_000 * 3600 * 1000 // ms

// clock reads the time that s begins with: hours, minutes and seconds, or minutes and
// seconds, with a fraction or none. n is 0 where there is none.
func clock(s string) instant {
	if t, ok := plainClock(s); ok {
		return t
	}
	var t instant
	i := 0
	if strings.HasPrefix(s, "-") {
		t.odd |= oddBelow
		i++
	}
	var fields [3]int64
	n := 0
	for {
		v, size, letters := digits(s[i:])
		if size == 0 {
			return instant{}
		}
		if letters {
			t.odd |= oddLetters
		}
		fields[n], n = v, n+1
		i += size
		if n == 3 || i == len(s) || s[i] != ':' {
			break
		}
		at := skipBlanks(s, i+1)
		if _, size, _ := digits(s[at:]); size == 0 {
			break
		}
		if at > i+1 {
			t.odd |= oddSpaces
		}
		i = at
	}
	if n < 2 {
		return instant{}
	}
	if n == 2 {
		fields[2], fields[1], fields[0] = fields[1], fields[0], 0
		t.odd |= oddHours
	}
	if n == 3 && fields[1] > 59 || fields[2] > 59 {
		t.odd |= oddRange
	}
	t.n = i
	t.ms = t.fraction(s)
	if fields[0] > farthest/3600_000 || fields[1] > farthest/60_000 || fields[2] > farthest/1000 {
		t.far = true
		return t
	}
	t.ms += ((fields[0]*60+fields[1])*60 + fields[2]) * 1000
	if t.far = t.ms > farthest; t.odd&oddBelow != 0 {
		t.ms = -t.ms
	}
	return t
}

// plainClock is clock for “00:00:01,000” and “00:00:01.000”, which nearly all times are.
func plainClock(s string) (instant, bool) {
	if len(s) < 12 || s[2] != ':' || s[5] != ':' || s[8] != ',' && s[8] != '.' || len(s) > 12 && s[12]-'0' <= 9 {
		return instant{}, false
	}
	var v [9]byte
	for k, at := range [9]int{0, 1, 3, 4, 6, 7, 9, 10, 11} {
		if v[k] = s[at] - '0'; v[k] > 9 {
			return instant{}, false
		}
	}
	if v[2] > 5 || v[4] > 5 {
		return instant{}, false
	}
	t := instant{n: 12, odd: oddComma}
	if s[8] == '.' {
		t.odd = oddPoint
	}
	h, m, sec := int64(v[0])*10+int64(v[1]), int64(v[2])*10+int64(v[3]), int64(v[4])*10+int64(v[5])
	t.ms = ((h*60+m)*60+sec)*1000 + int64(v[6])*100 + int64(v[7])*10 + int64(v[8])
	return t, true
}

// fraction reads the part of a second after s[:t.n], as a decimal fraction.
func (t *instant) fraction(s string) int64 {
	i := t.n
	if i == len(s) || !strings.ContainsRune(",.:;'", rune(s[i])) {
		t.odd |= oddNone
		return 0
	}
	at := skipBlanks(s, i+1)
	_, size, letters := digits(s[at:])
	if size == 0 {
		t.odd |= oddNone
		if s[i] == ',' || s[i] == '.' {
			t.n = i + 1 // “00:00:01,”
		}
		return 0
	}
	if at > i+1 {
		t.odd |= oddSpaces
	}
	if letters {
		t.odd |= oddLetters
	}
	switch s[i] {
	case ',':
		t.odd |= oddComma
	case '.':
		t.odd |= oddPoint
	default:
		t.odd |= oddColon
	}
	if size != 3 {
		t.odd |= oddDigits
	}
	t.n = at + size
	thousandths, _, _ := digits((s[at:at+size] + "0000")[:4])
	return (thousandths + 5) / 10
}

// digits reads a whole number; letters that look like digits count after the first.
func digits(s string) (v int64, n int, letters bool) {
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

// stampOf is a cue's times as one line gives them.
type stampOf struct {
	start, end instant
	noEnd      bool
	before     string // what stands before them
	arrow      string // what stands between them
	after      string // what follows, without blanks around it
	numbered   bool   // what stands before them is the number of the cue
	bracketed  bool   // the times stand in brackets, and text behind them
}

// rough reports whether both times are without hours and without a fraction, as times of
// the day in a sentence are.
func (s stampOf) rough() bool { return s.start.rough() && (s.noEnd || s.end.rough()) }

func (t instant) rough() bool { return t.odd&oddHours != 0 && t.odd&oddNone != 0 }

// plainTimes is a line with its times in ASCII: digits and signs of other scripts become
// what they look like, blanks of any kind a space, and what nobody sees, such as the marks
// of the direction of writing, nothing. What follows the times stays as it is.
func plainTimes(line string) string {
	at := 0
	for at < len(line) && (line[at] <= '>' && line[at] >= ' ' || line[at] == '\t') {
		at++
	}
	if at == len(line) || line[at] < utf8.RuneSelf && strings.IndexByte(timeSigns, line[at]) < 0 {
		return line
	}
	var b strings.Builder
	for i, r := range line {
		switch {
		case r < utf8.RuneSelf && strings.IndexByte(timeSigns, byte(r)) < 0:
			return strings.Trim(b.String(), " \t") + line[i:]
		case r < utf8.RuneSelf || arrow(line[i:]) > 0:
			b.WriteRune(r)
		case asciiDigit(r) != 0:
			b.WriteByte(asciiDigit(r))
		case asciiSigns[r] != 0:
			b.WriteByte(asciiSigns[r])
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !unicode.Is(unicode.Cf, r) || joiner == string(r): // with which text is kept from being times
			return strings.TrimLeft(b.String(), " \t") + line[i:]
		}
	}
	return strings.Trim(b.String(), " \t")
}

// timeSigns are the ASCII characters of lines of times.
const timeSigns = "0123456789OolI:.,;' \t-=~>"

// asciiSigns are signs of other scripts in times.
var asciiSigns = map[rune]byte{'：': ':', '，': ',', '．': '.', '،': ',', '٫': ',', '∶': ':'}

// asciiDigit is the digit that r is in a script that has its own; 0 where it is none.
func asciiDigit(r rune) byte {
	for _, zero := range [...]rune{'٠', '۰', '०', '০', '๐', '０'} {
		if r >= zero && r <= zero+9 {
			return '0' + byte(r-zero)
		}
	}
	return 0
}

// arrowed reads “00:00:01,000 --> 00:00:02,000 …” and what people write for it.
func arrowed(line string) (s stampOf, ok bool) {
	line = strings.Trim(line, " \t")
	switch {
	case line == "":
		return s, false
	case line[0] == '[':
		return bracketed(line)
	case line[0] <= '9' && line[0] >= '0' || line[0] == '-':
		if s, ok = stamped(line); ok && !s.noEnd {
			return s, true
		}
	case line[0] < utf8.RuneSelf:
		return s, false
	}
	plain := plainTimes(line)
	if plain == line {
		return s, ok
	}
	s, ok = stamped(plain)
	s.start.odd |= oddScript
	return s, ok && strings.HasSuffix(line, s.after) // what follows is as it was
}

// bracketed reads “[00:00:01.000 --> 00:00:02.500]  text”, as speech recognition prints it.
func bracketed(line string) (s stampOf, ok bool) {
	inner, after, closed := strings.Cut(line[1:], "]")
	if !closed || inner == "" || inner[0]-'0' > 9 {
		return s, false
	}
	if s, ok = stamped(inner); !ok || s.noEnd || s.after != "" {
		return stampOf{}, false
	}
	s.bracketed, s.after = true, strings.Trim(after, " \t")
	return s, true
}

// stamped reads a line of ASCII digits.
func stamped(line string) (s stampOf, ok bool) {
	if s.start = clock(line); s.start.n == 0 {
		if s, ok = inSeconds(line); !ok {
			return numberedTimes(line)
		}
		return s, ok
	}
	at := skipBlanks(line, s.start.n)
	n := arrow(line[at:])
	if n == 0 {
		return s, false
	}
	s.arrow = line[s.start.n : at+n]
	at = skipBlanks(line, at+n)
	s.arrow = strings.TrimRight(line[s.start.n:at], "\t")
	if at == len(line) {
		s.noEnd = true
		return s, strings.ContainsAny(s.arrow, ">→⇒")
	}
	if s.end = clock(line[at:]); s.end.n == 0 {
		s.noEnd, s.after = true, line[at:]
		return s, strings.Contains(s.arrow, "-->") && !s.start.rough() // “10:30 --> lunch” is text
	}
	s.after = strings.Trim(line[at+s.end.n:], " \t")
	if len(s.after) == 1 && strings.Contains(".,;", s.after) { // a full stop at the end
		s.end.odd |= oddDigits
		s.after = ""
	}
	switch strings.TrimSpace(s.arrow) {
	case "-", "–", "—", "à":
		// “10:30 - 11:45” is a timetable.
		exact := s.after == "" && (s.start.odd|s.end.odd)&(oddNone|oddHours) == 0
		return s, exact
	}
	return s, true
}

// numberedTimes reads times with the number of the cue before them, on the same line.
func numberedTimes(line string) (s stampOf, ok bool) {
	_, n, letters := digits(line)
	at := skipBlanks(line, n)
	if n == 0 || letters || at == n || at == len(line) || line[at]-'0' > 9 {
		return s, false
	}
	if s.start = clock(line[at:]); s.start.n == 0 || s.start.odd&oddHours != 0 {
		return s, false
	}
	s, ok = stamped(line[at:])
	s.before, s.numbered = line[:n], true
	return s, ok
}

// inSeconds reads “1.000 --> 2.500”, which says it all in seconds.
func inSeconds(line string) (s stampOf, ok bool) {
	from, to, _ := strings.Cut(line, "-->")
	to = strings.TrimLeft(to, " \t")
	s.start, s.end = seconds(strings.TrimRight(from, " \t")), seconds(to)
	if t := clock(to); s.end.n == 0 && t.n == len(to) {
		s.end = t
	}
	s.arrow = " --> "
	return s, s.start.n > 0 && s.end.n > 0
}

// seconds reads s if it is nothing but seconds with three digits behind them.
func seconds(s string) instant {
	at := len(s) - 4
	if at < 1 || s[at] != '.' && s[at] != ',' {
		return instant{}
	}
	whole, thousandths := s[:at], s[at+1:]
	v, n, letters := digits(whole)
	ms, k, others := digits(thousandths)
	if n < len(whole) || k < 3 || letters || others {
		return instant{}
	}
	return instant{ms: v*1000 + ms, odd: oddHours, far: v > farthest/1000, n: len(s)}
}

// arrow is the length of what may stand for --> at the beginning of s.
func arrow(s string) int {
	n := 0
	for n < len(s) {
		switch {
		case s[n] == '-' || s[n] == '>' || s[n] == '=' || s[n] == '~':
			n++
		case s[n] == ' ' && n > 0 && n+1 < len(s) && (s[n+1] == '>' || s[n+1] == '-' && n+2 < len(s) && (s[n+2] == '-' || s[n+2] == '>')):
			n++ // “-- >”
		case s[n] >= 0xc3: // “à” and U+F0E0 are what is left of the arrow that Word makes of -->
			size := 0
			for _, sign := range [...]string{"–", "—", "−", "‐", "‑", "‒", "―", "→", "⇒", "⟶", "➡", "\uf0e0", "à", "＞", "－", "›", "➔", "➜"} {
				if strings.HasPrefix(s[n:], sign) {
					size = len(sign)
				}
			}
			if size == 0 {
				return n
			}
			n += size
		case strings.HasPrefix(s[n:], "&gt;") && n > 0:
			n += 4
		default:
			return n
		}
	}
	return n
}

// milli is t to the nearest millisecond, which is all that subtitle files can say.
func milli(t time.Duration) time.Duration { return t.Round(time.Millisecond) }
