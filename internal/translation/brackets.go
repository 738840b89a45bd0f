package translation

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// brackets are signs that open and what closes each.
var brackets = map[rune]rune{
	'(': ')', '[': ']', '{': '}', '«': '»', '“': '”', '「': '」', '『': '』', '（': '）', '【': '】', '《': '》', '〈': '〉', '［': '］',
}

// spanishMarks are those of Spanish.
var spanishMarks = map[rune]rune{'¿': '?', '¡': '!'}

// unpaired is a sign without the one that belongs to it.
type unpaired struct {
	cue     int
	sign    rune
	partner rune
}

// maxCueGap is over how many cues what was opened may be closed.
const maxCueGap = 10

// findUnpaired finds the signs in cues, in their order, that open and are not closed, or
// close what was not opened. What is opened in one cue may be closed in one of the next.
func findUnpaired(texts []string, pairs map[rune]rune) (found []unpaired) {
	var open []unpaired
	closes := make(map[rune]rune, len(pairs))
	for o, c := range pairs {
		closes[c] = o
	}
	for n, text := range texts {
		r := []rune(text)
		for i, s := range r {
			switch {
			case pairs[s] != 0:
				open = append(open, unpaired{n, s, pairs[s]})
			case closes[s] != 0 && !needsNoOpening(r, i):
				at := lastOpen(open, s, n)
				if at >= 0 {
					found = append(found, open[at+1:]...)
					open = open[:at]
				} else if !opensElsewhere(s) {
					found = append(found, unpaired{n, s, closes[s]})
				}
			}
		}
	}
	found = append(found, open...)
	slices.SortStableFunc(found, func(a, b unpaired) int { return a.cue - b.cue })
	return found
}

// lastOpen is which of what is open a sign closes, or -1.
func lastOpen(open []unpaired, sign rune, cue int) int {
	for at := len(open) - 1; at >= 0 && cue-open[at].cue <= maxCueGap; at-- {
		if open[at].partner == sign {
			return at
		}
	}
	return -1
}

// opensElsewhere reports whether a sign is one that other languages open with: „German“ ends
// with what English begins with, and »some« turn them round.
func opensElsewhere(sign rune) bool { return sign == '”' || sign == '»' }

// needsNoOpening reports whether a closing sign needs no opening one: 1), a) and :-).
func needsNoOpening(r []rune, i int) bool {
	if r[i] != ')' || i == 0 {
		return false
	}
	word := i
	for word > 0 && !unicode.IsSpace(r[word-1]) {
		word--
	}
	list := i-word <= 2 && !slices.Contains(r[word:i], '(')
	return list || strings.ContainsRune(":;-=", r[i-1])
}

// nameMark is a mark that is part of a name, as in Yahoo!, since the sentence goes on.
var nameMark = regexp.MustCompile(`(\p{L})[!?](["”»]*(?:[,.;:]|\s+\p{Ll}))`)

// withoutNameMarks is texts without such marks.
func withoutNameMarks(texts []string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = nameMark.ReplaceAllString(t, "$1$2")
	}
	return all
}

// findUnpairedQuotes finds cues with an odd number of straight quotation marks for which none of
// the next has the other.
func findUnpairedQuotes(texts []string) (found []unpaired) {
	open := -1
	for n, text := range texts {
		if open >= 0 && n-open > maxCueGap {
			found = append(found, unpaired{open, '"', '"'})
			open = -1
		}
		count := strings.Count(text, `"`) - countInchMarks(text)
		if count%2 == 0 {
			continue
		}
		if open < 0 {
			open = n
		} else {
			open = -1
		}
	}
	if open >= 0 {
		found = append(found, unpaired{open, '"', '"'})
	}
	return found
}

var inchMark = regexp.MustCompile(`\d"`)

// countInchMarks is how many quotation marks stand for a measure, in a text with an odd number.
func countInchMarks(text string) int {
	if strings.Count(text, `"`) == 1 {
		return len(inchMark.FindAllString(text, -1))
	}
	return 0
}

var markupTag = regexp.MustCompile(`(?i)</?(?:i|b|u|font|v|c|ruby|rt)(?:[ .][^<>]*)?>?|\{\\[^}]*\}?`)

// visibleMarkup is what of markup stands in a text for viewers to see, as it does if it was
// broken.
func visibleMarkup(text string) string { return markupTag.FindString(text) }
