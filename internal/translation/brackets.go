package translation

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// brackets maps opening signs to those that close them.
var brackets = map[rune]rune{
	'(': ')', '[': ']', '{': '}', '«': '»', '“': '”', '「': '」', '『': '』', '（': '）', '【': '】', '《': '》', '〈': '〉', '［': '］',
}

// spanishMarks are the opening question and exclamation marks of Spanish.
var spanishMarks = map[rune]rune{'¿': '?', '¡': '!'}

// unpaired is a bracket or quotation mark without its partner.
type unpaired struct {
	cue     int
	sign    rune
	partner rune
}

// maxCueGap is how many cues later an opened bracket may be closed.
const maxCueGap = 10

// findUnpaired returns the opening signs that are not closed, and the closing ones that were not
// opened, in the order of the texts. pairs maps opening signs to closing ones. A sign that is
// opened in one cue may be closed in another, up to maxCueGap later.
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
				at := indexOfOpening(open, s, n)
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

// indexOfOpening returns the index in open of the sign that is closed by sign in that cue, or -1.
func indexOfOpening(open []unpaired, sign rune, cue int) int {
	for at := len(open) - 1; at >= 0 && cue-open[at].cue <= maxCueGap; at-- {
		if open[at].partner == sign {
			return at
		}
	}
	return -1
}

// opensElsewhere reports whether a closing sign opens quotations in some languages, as in „German“
// and »this«.
func opensElsewhere(sign rune) bool { return sign == '”' || sign == '»' }

// needsNoOpening reports whether the sign r[i] is a closing bracket that is usual without an
// opening one, as in 1), a) and :-).
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

// nameMark matches a mark that is part of a name, as in Yahoo!, because the sentence goes on
// after it.
var nameMark = regexp.MustCompile(`(\p{L})[!?](["”»]*(?:[,.;:]|\s+\p{Ll}))`)

// withoutNameMarks returns texts without exclamation and question marks that belong to names, as in
// Yahoo!.
func withoutNameMarks(texts []string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = nameMark.ReplaceAllString(t, "$1$2")
	}
	return all
}

// findUnpairedQuotes returns cues with an odd number of straight quotation marks, if none of the
// next maxCueGap cues has an odd number, too.
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

// countInchMarks returns how many quotation marks in a text stand for inches. That is at most 1: a
// mark after a digit, if the text has no other.
func countInchMarks(text string) int {
	if strings.Count(text, `"`) == 1 {
		return len(inchMark.FindAllString(text, -1))
	}
	return 0
}

var markupTag = regexp.MustCompile(`(?i)</?(?:i|b|u|font|v|c|ruby|rt)(?:[ .][^<>]*)?>?|\{\\[^}]*\}?`)

// visibleMarkup returns the first piece of markup in a text, such as a broken tag, which viewers
// would see; "" if there is none.
func visibleMarkup(text string) string { return markupTag.FindString(text) }
