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

// questions are those of Spanish.
var questions = map[rune]rune{'¿': '?', '¡': '!'}

// lone is a sign without the one that belongs to it.
type lone struct {
	cue  int
	sign rune
	want rune
}

// leap is over how many cues what was opened may be closed.
const leap = 10

// unbalanced finds the signs in cues, in their order, that open and are not closed, or
// close what was not opened. What is opened in one cue may be closed in one of the next.
func unbalanced(texts []string, pairs map[rune]rune) (found []lone) {
	var open []lone
	closes := make(map[rune]rune, len(pairs))
	for o, c := range pairs {
		closes[c] = o
	}
	for n, text := range texts {
		r := []rune(text)
		for i, s := range r {
			switch {
			case pairs[s] != 0:
				open = append(open, lone{n, s, pairs[s]})
			case closes[s] != 0 && !harmless(r, i):
				at := lastOpen(open, s, n)
				if at >= 0 {
					found = append(found, open[at+1:]...)
					open = open[:at]
				} else if !reopened(s) {
					found = append(found, lone{n, s, closes[s]})
				}
			}
		}
	}
	found = append(found, open...)
	slices.SortStableFunc(found, func(a, b lone) int { return a.cue - b.cue })
	return found
}

// lastOpen is which of what is open a sign closes, or -1.
func lastOpen(open []lone, sign rune, cue int) int {
	for at := len(open) - 1; at >= 0 && cue-open[at].cue <= leap; at-- {
		if open[at].want == sign {
			return at
		}
	}
	return -1
}

// reopened reports whether a sign is one that other languages open with: „German“ ends
// with what English begins with, and »some« turn them round.
func reopened(sign rune) bool { return sign == '”' || sign == '»' }

// harmless reports whether a closing sign needs no opening one: 1), a) and :-).
func harmless(r []rune, i int) bool {
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

// ownMark is a mark that is part of a name, as in Yahoo!, since the sentence goes on.
var ownMark = regexp.MustCompile(`(\p{L})[!?](["”»]*(?:[,.;:]|\s+\p{Ll}))`)

// named is texts without such marks.
func named(texts []string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = ownMark.ReplaceAllString(t, "$1$2")
	}
	return all
}

// oddQuotes finds cues with an odd number of straight quotation marks for which none of
// the next has the other.
func oddQuotes(texts []string) (found []lone) {
	open := -1
	for n, text := range texts {
		if open >= 0 && n-open > leap {
			found = append(found, lone{open, '"', '"'})
			open = -1
		}
		count := strings.Count(text, `"`) - inches(text)
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
		found = append(found, lone{open, '"', '"'})
	}
	return found
}

var inch = regexp.MustCompile(`\d"`)

// inches is how many quotation marks stand for a measure, in a text with an odd number.
func inches(text string) int {
	if strings.Count(text, `"`) == 1 {
		return len(inch.FindAllString(text, -1))
	}
	return 0
}

var tag = regexp.MustCompile(`(?i)</?(?:i|b|u|font|v|c|ruby|rt)(?:[ .][^<>]*)?>?|\{\\[^}]*\}?`)

// markup is what of markup stands in a text for viewers to see, as it does if it was
// broken.
func markup(text string) string { return tag.FindString(text) }
