package compare

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// item is a cue with what comparing needs to know of it.
type item struct {
	cue        conference.Cue
	start, end int64    // ms
	words      string   // its text, however it is spaced and broken into lines
	pairs      []uint64 // its pairs of neighbouring characters, ascending
	letters    int      // how much it says, in letters; a character of a script without spaces says more
	at         int      // its index in its version
}

// items readies cues for comparison.
func items(cues []conference.Cue) []item {
	list := make([]item, len(cues))
	for i, c := range cues {
		list[i] = newItem(c)
		list[i].at = i
	}
	return list
}

func newItem(c conference.Cue) item {
	it := item{cue: c, start: ms(c.Start), end: ms(c.End), words: respaced(c.Text)}
	it.pairs, it.letters = pairsOf(it.words)
	return it
}

// length is how long it is shown in ms, at least 1.
func (it *item) length() int64 { return max(1, it.end-it.start) }

// joined is several cues, one after the other, as one.
func joined(items []item) item {
	all := items[0]
	all.cue.Spans = slices.Clone(all.cue.Spans)
	for i := range items[1:] {
		next := &items[1+i]
		at := len(all.cue.Text) + 1
		all.cue.Text += "\n" + next.cue.Text
		for _, s := range next.cue.Spans {
			s.From, s.To = s.From+at, s.To+at
			all.cue.Spans = append(all.cue.Spans, s)
		}
		all = all.with(next)
	}
	return all
}

// with is it and the next cue as one, but for the cue itself.
func (it item) with(next *item) item {
	between := " "
	last, _ := utf8.DecodeLastRuneInString(it.words)
	first, _ := utf8.DecodeRuneInString(next.words)
	if it.words == "" || next.words == "" || unspaced(last) && unspaced(first) {
		between = ""
	}
	it.words += between + next.words
	it.pairs = merged(it.pairs, next.pairs)
	it.letters += next.letters
	it.end = max(it.end, next.end)
	return it
}

// merged is what is in a and b, both ascending, in one list that is.
func merged(a, b []uint64) []uint64 {
	all := make([]uint64, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0] < a[0] {
			a, b = b, a
		}
		all, a = append(all, a[0]), a[1:]
	}
	return append(append(all, a...), b...)
}

// respaced is text with one space for any white space, and with none between characters
// of scripts that are written without.
func respaced(text string) string {
	var b strings.Builder
	var last rune
	for _, word := range strings.FieldsFunc(text, unicode.IsSpace) {
		first, _ := utf8.DecodeRuneInString(word)
		if last != 0 && !(unspaced(last) && unspaced(first)) {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		last, _ = utf8.DecodeLastRuneInString(word)
	}
	return b.String()
}

// unspaced says whether r belongs to a script that is written without spaces, or is of
// its punctuation.
func unspaced(r rune) bool {
	return r >= 0x0e00 && (r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef ||
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

// most is how many pairs of characters of a cue are looked at. No caption has as many; it
// is for files that only look like subtitles.
const most = 4096

// pairsOf is the pairs of neighbouring letters and digits of text in lower case, ascending;
// what is between words counts as one character. Also, how much the text says.
func pairsOf(text string) (pairs []uint64, letters int) {
	last := ' '
	next := func(r rune) {
		if last != ' ' || r != ' ' {
			pairs = append(pairs, uint64(last)<<32|uint64(r))
		}
		last = r
	}
	for _, r := range text {
		switch {
		case len(pairs) >= most:
		case !unicode.In(r, unicode.L, unicode.N, unicode.M):
			next(' ')
			continue
		default:
			next(unicode.ToLower(r))
		}
		letters++
		if unspaced(r) {
			letters += 2
		}
	}
	next(' ')
	slices.Sort(pairs)
	return pairs, letters
}

// common is how many pairs of characters both have.
func common(a, b *item) int {
	n := 0
	for i, j := 0, 0; i < len(a.pairs) && j < len(b.pairs); {
		switch x, y := a.pairs[i], b.pairs[j]; {
		case x < y:
			i++
		case x > y:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return n
}

// alike is how alike the words of two cues with so many pairs of characters in common
// are, from 0 to 1: Dice's coefficient.
func alike(a, b *item, common int) float64 {
	switch {
	case a.words == b.words:
		return 1
	case common == 0:
		return 0
	}
	return 2 * float64(common) / float64(len(a.pairs)+len(b.pairs))
}

// sameLook says whether a and b look alike: in the same place, and the same parts of the
// text in the same look. Of texts that differ, only the looks in their order are compared.
func sameLook(a, b item, reworded bool) bool {
	x, y := looks(a.cue), looks(b.cue)
	if reworded {
		for _, spans := range [][]conference.Span{x, y} {
			for i := range spans {
				spans[i].From, spans[i].To = 0, 0
			}
		}
	}
	return a.cue.Place == b.cue.Place && slices.Equal(x, y)
}

// looks is a cue's spans counted in bytes that are not white space; spans of one look
// that touch are one.
func looks(c conference.Cue) (spans []conference.Span) {
	for _, s := range c.Spans {
		s.From, s.To = inked(c.Text, s.From), inked(c.Text, s.To)
		if s.From >= s.To {
			continue
		}
		if n := len(spans) - 1; n >= 0 && spans[n].To == s.From {
			longer := spans[n]
			longer.To = s.To
			s.From = longer.From
			if s == longer {
				spans[n] = longer
				continue
			}
			s.From = spans[n].To
		}
		spans = append(spans, s)
	}
	return spans
}

// inked is how many bytes of text before to are not white space.
func inked(text string, to int) (n int) {
	for _, r := range text[:min(max(to, 0), len(text))] {
		if !unicode.IsSpace(r) {
			n += len(string(r))
		}
	}
	return n
}
