package compare

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// item is a cue prepared for comparison.
type item struct {
	cue         conference.Cue
	start, end  int64    // ms
	text        string   // normalized: without line breaks and repeated spaces
	bigrams     []uint64 // pairs of neighbouring characters, ascending
	letterCount int      // length in letters; characters of scripts without spaces count more
	index       int      // in its version
}

// items prepares cues for comparison.
func items(cues []conference.Cue) []item {
	list := make([]item, len(cues))
	for i, c := range cues {
		list[i] = newItem(c)
		list[i].index = i
	}
	return list
}

func newItem(c conference.Cue) item {
	it := item{cue: c, start: ms(c.Start), end: ms(c.End), text: normalizeSpace(c.Text)}
	it.bigrams, it.letterCount = bigramsOf(it.text)
	return it
}

// duration returns how long the cue is shown in ms, at least 1.
func (it *item) duration() int64 { return max(1, it.end-it.start) }

// joinItems joins several cues into one, with their texts on lines of their own. There must be at
// least one.
func joinItems(items []item) item {
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
		all = all.append(next)
	}
	return all
}

// append returns the item joined with the next one. The cue in it stays that of the first.
func (it item) append(next *item) item {
	between := " "
	last, _ := utf8.DecodeLastRuneInString(it.text)
	first, _ := utf8.DecodeRuneInString(next.text)
	if it.text == "" || next.text == "" || isUnspacedScript(last) && isUnspacedScript(first) {
		between = ""
	}
	it.text += between + next.text
	it.bigrams = mergeSorted(it.bigrams, next.bigrams)
	it.letterCount += next.letterCount
	it.end = max(it.end, next.end)
	return it
}

// mergeSorted returns the values of two ascending lists in one ascending list.
func mergeSorted(a, b []uint64) []uint64 {
	all := make([]uint64, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0] < a[0] {
			a, b = b, a
		}
		all, a = append(all, a[0]), a[1:]
	}
	return append(append(all, a...), b...)
}

// normalizeSpace replaces each run of white space by one space, or by nothing between characters of
// scripts that are written without spaces.
func normalizeSpace(text string) string {
	var b strings.Builder
	var last rune
	for _, word := range strings.FieldsFunc(text, unicode.IsSpace) {
		first, _ := utf8.DecodeRuneInString(word)
		if last != 0 && !(isUnspacedScript(last) && isUnspacedScript(first)) {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		last, _ = utf8.DecodeLastRuneInString(word)
	}
	return b.String()
}

// isUnspacedScript reports whether r belongs to a script written without spaces, or to its
// punctuation.
func isUnspacedScript(r rune) bool {
	return r >= 0x0e00 && (r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef ||
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

// maxBigrams limits how much of a cue is compared. No caption has as many; it is for files that
// only look like subtitles.
const maxBigrams = 4096

// bigramsOf returns the pairs of neighbouring letters and digits of text in lower case, ascending.
// Anything between words counts as one space. letters is the text's length; characters of scripts
// without spaces count three times.
func bigramsOf(text string) (pairs []uint64, letters int) {
	last := ' '
	next := func(r rune) {
		if last != ' ' || r != ' ' {
			pairs = append(pairs, uint64(last)<<32|uint64(r))
		}
		last = r
	}
	for _, r := range text {
		switch {
		case len(pairs) >= maxBigrams:
		case !unicode.In(r, unicode.L, unicode.N, unicode.M):
			next(' ')
			continue
		default:
			next(unicode.ToLower(r))
		}
		letters++
		if isUnspacedScript(r) {
			letters += 2
		}
	}
	next(' ')
	slices.Sort(pairs)
	return pairs, letters
}

// commonBigrams returns how many bigrams a and b have in common, repeated ones as often as both
// have them.
func commonBigrams(a, b *item) int {
	n := 0
	for i, j := 0, 0; i < len(a.bigrams) && j < len(b.bigrams); {
		switch x, y := a.bigrams[i], b.bigrams[j]; {
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

// similarity returns how similar the words of two cues are, from 0 to 1: Dice's coefficient of
// their bigrams, of which common are in both.
func similarity(a, b *item, common int) float64 {
	switch {
	case a.text == b.text:
		return 1
	case common == 0:
		return 0
	}
	return 2 * float64(common) / float64(len(a.bigrams)+len(b.bigrams))
}

// sameStyle reports whether a and b have the same position, and the same parts of the text in the
// same styles. If reworded, it compares only the order of the styles.
func sameStyle(a, b item, reworded bool) bool {
	x, y := normalizedSpans(a.cue), normalizedSpans(b.cue)
	if reworded {
		for _, spans := range [][]conference.Span{x, y} {
			for i := range spans {
				spans[i].From, spans[i].To = 0, 0
			}
		}
	}
	return a.cue.Position == b.cue.Position && slices.Equal(x, y)
}

// normalizedSpans returns a cue's spans counted in bytes that are not white space; adjacent spans of
// one style are joined.
func normalizedSpans(c conference.Cue) (spans []conference.Span) {
	for _, s := range c.Spans {
		s.From, s.To = nonSpaceBytes(c.Text, s.From), nonSpaceBytes(c.Text, s.To)
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

// nonSpaceBytes counts the bytes of text before to that are not white space.
func nonSpaceBytes(text string, to int) (n int) {
	for _, r := range text[:min(max(to, 0), len(text))] {
		if !unicode.IsSpace(r) {
			n += len(string(r))
		}
	}
	return n
}
