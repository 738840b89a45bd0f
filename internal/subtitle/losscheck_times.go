package subtitle

import (
	"strings"
	"unicode/utf8"
)

// timesMatcher reports whether a row, which is not empty, looks like a format's line of
// times to the loss check. The tail is what follows the times.
type timesMatcher func(row string) (tail string, ok bool)

// arrowLine is a row that may be times with an arrow between them, in three parts:
//
//	00:00:01,000 --> 00:00:02,000 align:left
//	first--------arrow-rest-----------------
type arrowLine struct{ first, arrow, rest string }

const (
	clockChars  = digitChars + "OolI" + ":.,;'" // of a time; letters are typed for 0 and 1
	clockSigns  = ":.,;'"
	arrowChars  = "-=~> \t&gt;"            // ASCII characters of what people write for an arrow
	arrowHeads  = ">&→⇒⟶➡＞›➔➜\uf0e0"       // with one of these, an arrow points
	firstChars  = clockChars + spaceAndTab // the first time, and blanks behind it
	secondChars = digitChars + ":., \t->"  // of a line whose times are in seconds
)

// matchArrowTimes matches a line of times with an arrow between them. It accepts what people write
// instead of an arrow, and a missing end:
//
//	00:00:01,000 --> 00:00:02,000 line:0    tail "line:0"
//	00:00:01,000 -> 00: 00: 02, 000         blanks inside of times
//	00:00:01.5 – 00:00:02.5                 a dash, if both times are long enough
//	00:00:01,000 -->                        no end
//	00:00:01,000 --> never                  tail "never"
//	1.000 --> 2.500                         seconds
//	[00:00:01.000 --> 00:00:02.000] Hello   tail "Hello"
//
// It rejects "x --> y", "10:30 - 11:45" and "1 --> 2".
func matchArrowTimes(row string) (tail string, ok bool) {
	if row[0] == '[' {
		return matchBracketedArrowTimes(row)
	}
	if row[0] > '9' && row[0] < utf8.RuneSelf {
		return "", false
	}
	row = asciiTimes(row)
	if !startsWithDigit(row) && !strings.HasPrefix(row, "-") {
		return "", false
	}
	l := splitAtArrow(row)
	second := l.rest[:clockLength(l.rest)]
	switch {
	case !strings.Contains(l.first, ":"):
		return "", l.isInSeconds(row)
	case !l.hasArrow():
		return "", false
	case l.rest == "":
		return "", strings.ContainsAny(l.arrow, ">→")
	case !strings.Contains(second, ":"): // no time behind the arrow, but an exact one before it
		exact := strings.Count(l.first, ":") > 1 || strings.ContainsAny(l.first, ",.")
		return l.rest, exact && strings.Contains(l.arrow, "-->")
	}
	return strings.TrimLeft(l.rest[len(second):], spaceAndTab), true
}

// matchBracketedArrowTimes matches times in brackets with text behind them, as speech recognition
// writes them. The tail of "[00:00:01.000 --> 00:00:02.000] Hello" is "Hello".
func matchBracketedArrowTimes(row string) (tail string, ok bool) {
	inner, tail, closed := strings.Cut(row[1:], "]")
	if !closed || !startsWithDigit(inner) || !strings.Contains(inner, ">") {
		return "", false
	}
	_, ok = matchArrowTimes(inner)
	return strings.TrimLeft(tail, spaceAndTab), ok
}

// splitAtArrow splits a row of times in ASCII into the first time, the arrow, and the rest. If the
// arrow ends in the minus sign of a second time below zero, as in "00:00:01 --> -00:00:02", all of
// the rest counts as arrow.
func splitAtArrow(row string) arrowLine {
	sign := len(row) - len(strings.TrimPrefix(row, "-"))
	at := sign + prefixLength(row[sign:], firstChars)
	end := strings.IndexFunc(row[at:], func(r rune) bool {
		return r < utf8.RuneSelf && !strings.ContainsRune(arrowChars, r)
	})
	if end < 0 {
		return arrowLine{first: row[:at], arrow: row[at:]}
	}
	l := arrowLine{first: row[:at], arrow: row[at : at+end], rest: row[at+end:]}
	if strings.HasSuffix(l.arrow, "-") && startsWithDigit(l.rest) && l.arrowSigns() > 2 {
		l.arrow, l.rest = row[at:], ""
	}
	return l
}

// arrowSigns returns how many ASCII characters of the arrow are not blank.
func (l arrowLine) arrowSigns() (n int) {
	for i := range len(l.arrow) {
		if c := l.arrow[i]; c < utf8.RuneSelf && !isBlankByte(c) {
			n++
		}
	}
	return n
}

// hasArrow reports whether there is an arrow between the times: an arrow head, two signs, or a
// single sign or dash if the first time is as exact as 00:00:01.50.
func (l arrowLine) hasArrow() bool {
	digits, signs := countDigits(l.first), l.arrowSigns()
	exact := digits >= 8 && strings.Count(l.first, ":") >= 2
	dash := signs > 0 || strings.ContainsFunc(l.arrow, func(r rune) bool { return r >= utf8.RuneSelf })
	return digits >= 2 && (strings.ContainsAny(l.arrow, arrowHeads) || signs >= 2 || exact && dash)
}

// isInSeconds reports whether the line has times in seconds, like "1.000 --> 2.500". row is the
// whole line.
func (l arrowLine) isInSeconds(row string) bool {
	return strings.ContainsAny(l.arrow, arrowHeads) && countDigits(l.first) > 3 && consistsOf(row, secondChars) &&
		strings.ContainsAny(l.first, ",.") && strings.ContainsAny(l.rest, ",.")
}

// clockLength returns the length of the time that s begins with. It may have blanks between a sign
// and a digit: "00: 00: 02, 000".
func clockLength(s string) (n int) {
	for {
		n += prefixLength(s[n:], clockChars)
		blanks := prefixLength(s[n:], spaceAndTab)
		if n == 0 || blanks == 0 || !strings.Contains(clockSigns, s[n-1:n]) || !startsWithDigit(s[n+blanks:]) {
			return n
		}
		n += blanks
	}
}

// matchCommaTimes matches a line of two times with a comma between them and nothing else:
// "0:00:01.000,0:00:02.500".
func matchCommaTimes(row string) (tail string, ok bool) {
	commas := strings.Count(row, ",")
	return "", isDigit(row[0]) && strings.Count(row, ":") >= 4 && commas > 0 && commas != 2 && consistsOf(row, digitChars+":., \t'")
}

// matchBracketTime matches a line of one time in square brackets and nothing else: "[00:00:01]".
func matchBracketTime(row string) (tail string, ok bool) {
	return "", row[0] == '[' && strings.HasSuffix(row, "]") && strings.Count(row, ":") == 2 && consistsOf(row, "[]:.,"+digitChars)
}

// matchTapeLine matches a timecode with text, "*TC 00:00:07;09 text", whose tail is the text, or a
// drop-frame timecode alone, "00:00:07;09".
func matchTapeLine(row string) (tail string, ok bool) {
	at := strings.Index(row, "*TC")
	if at < 0 || at > 4 {
		return "", isDigit(row[0]) && strings.Count(row, ";") == 1 && strings.Count(row, ":") == 2 && consistsOf(row, ":;"+digitChars)
	}
	rest := strings.TrimLeft(row[at+len("*TC"):], spaceAndTab)
	code := rest[:prefixLength(rest, digitChars+":;.,")]
	return strings.TrimLeft(rest[len(code):], spaceAndTab), len(code) >= 7 || strings.ContainsAny(code, ":;")
}
