package check

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// Costs of a line break. Their unit is that of balance: the sum of the squares of the lines'
// shares of the profile's columns, which is 0.5 for two lines half full and 1 for one full
// line.
const (
	badBreakCost     = 0.4  // separates what belongs together, or makes a dash look like another speaker's
	punctuationBonus = 0.15 // for a break after a punctuation mark
)

// rewrapped returns the cue with its text broken into as few lines as the profile allows, at the
// best places. Line breaks that carry meaning stay. ok is false if the text does not fit.
func (c checker) rewrapped(cue conference.Cue) (conference.Cue, bool) {
	p := c.profile
	if Columns(oneLine(cue.Text)) > (p.Columns+1)*p.Lines {
		return cue, false
	}
	var breaks []bool // for each gap between two words
	left := p.Lines
	for i, part := range paragraphs(cue.Text) {
		if i > 0 {
			breaks = append(breaks, true)
		}
		best, lines := c.fewestLines(part, left)
		if lines == 0 {
			return cue, false
		}
		breaks = append(breaks, best...)
		left -= lines
	}
	return applyBreaks(cue, breaks), true
}

// paragraphs splits a text into words, grouped at the line breaks that carry meaning: before
// another speaker, and between characters written without spaces.
func paragraphs(text string) (parts [][]string) {
	var part []string
	for line := range strings.SplitSeq(text, "\n") {
		words := splitWords(line)
		if len(words) == 0 {
			continue
		}
		if len(part) > 0 && (startsOwnLine(words[0]) || joinsWithoutSpace(part[len(part)-1], words[0])) {
			parts, part = append(parts, part), nil
		}
		part = append(part, words...)
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// joinsWithoutSpace reports whether two words would be joined without a space on one line, as in
// Chinese and Japanese.
func joinsWithoutSpace(before, after string) bool {
	a, _ := utf8.DecodeLastRuneInString(before)
	b, _ := utf8.DecodeRuneInString(after)
	return isWide(a) && isWide(b) && !unicode.Is(unicode.Hangul, a) && !unicode.Is(unicode.Hangul, b)
}

// fewestLines returns for each gap between words whether to break there, for as few lines as fit,
// and the number of lines. That is 0 if the words do not fit into most lines.
func (c checker) fewestLines(words []string, most int) ([]bool, int) {
	for lines := 1; lines <= most; lines++ {
		if breaks, _, ok := c.bestBreaks(words, lines); ok {
			return breaks, lines
		}
	}
	return nil, 0
}

// bestBreaks returns for each gap between words whether to break there, at the lowest cost for
// exactly that many lines. ok is false if the words do not fit.
func (c checker) bestBreaks(words []string, lines int) (breaks []bool, cost float64, ok bool) {
	columns := 0
	for i, word := range words {
		columns += min(i, 1) + Columns(word)
		if columns > c.profile.Columns {
			break
		}
		fill := float64(columns) / float64(c.profile.Columns)
		if lines == 1 {
			if i == len(words)-1 {
				return make([]bool, i), fill * fill, true
			}
			continue
		}
		rest, total, fits := c.bestBreaks(words[i+1:], lines-1)
		total += fill*fill + c.breakCost(words[:i+1], words[i+1:])
		if fits && (!ok || total < cost) {
			breaks, cost, ok = slices.Concat(make([]bool, i), []bool{true}, rest), total, true
		}
	}
	return breaks, cost, ok
}

// breakCost returns the cost of a line break between the words before and after it: high where
// they belong together or a dash would begin the line, negative after punctuation, else 0.
func (c checker) breakCost(before, after []string) float64 {
	if len(after) == 0 {
		return 0
	}
	if isDash(after[0]) || c.grammar.badBreakReason(before, after[0]) != "" {
		return badBreakCost
	}
	last, _ := utf8.DecodeLastRuneInString(before[len(before)-1])
	if strings.ContainsRune(".,;:!?…—–、。，；：！？।", last) {
		return -punctuationBonus
	}
	return 0
}

// applyBreaks replaces the white space between the words of a cue by line breaks where breaks is
// true, and by single spaces elsewhere. White space at the ends is removed, and spans move with
// their words.
func applyBreaks(cue conference.Cue, breaks []bool) conference.Cue {
	var text strings.Builder
	moved := make([]int, len(cue.Text)+1) // from bytes of the old text to bytes of the new
	from, n := 0, -1                      // n counts the words so far, from 0
	for from < len(cue.Text) {
		to := from + runLength(cue.Text[from:])
		run := cue.Text[from:to]
		switch white := strings.IndexByte(breakable, run[0]) >= 0; {
		case !white:
			n++
		case n < 0 || n >= len(breaks):
			run = ""
		case breaks[n]:
			run = "\n"
		default:
			run = " "
		}
		for i := from; i < to; i++ {
			moved[i] = text.Len() + min(i-from, len(run))
		}
		text.WriteString(run)
		from = to
	}
	moved[from] = text.Len()
	cue.Text = text.String()
	cue.Spans = slices.Clone(cue.Spans)
	for i, s := range cue.Spans {
		cue.Spans[i].From, cue.Spans[i].To = moved[s.From], moved[s.To]
	}
	cue.Spans = slices.DeleteFunc(cue.Spans, func(s conference.Span) bool { return s.From >= s.To })
	return cue
}

// runLength returns how many bytes of white space, or of anything else, text begins with. It must
// not be empty.
func runLength(text string) int {
	white := strings.IndexByte(breakable, text[0]) >= 0
	n := strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune(breakable, r) != white })
	if n < 0 {
		return len(text)
	}
	return n
}
