package subtitle

import (
	"strings"
	"unicode/utf8"
)

// timesMatcher is how a format's lines of times look to the gate; tail is what follows.
type timesMatcher func(row string) (tail string, ok bool)

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
