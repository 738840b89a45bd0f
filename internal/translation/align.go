package translation

import (
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
)

// Align returns, for each of the translated cues, the indexes of the source cues that it
// translates, ascending. Both lists must be sorted by time.
//
// Translators split and time cues as their language needs it, so groups of up to four cues on one
// side are matched with groups on the other by dynamic programming (as Gale and Church, 1993, align
// sentences). Groups are scored by the time they share, by their lengths, and by what stays the
// same in translation: numbers, names and code words. Cues that share no time with the other side
// have no source.
func Align(source, translated []conference.Cue) [][]int {
	var b *aligner
	for _, clock := range candidateClocks(source, translated) {
		if other := newAligner(source, translated, clock); b == nil || other.totalScore() > b.totalScore() {
			b = other
		}
	}
	links := make([][]int, len(translated))
	for _, g := range b.groups() {
		for j := g.j; j < g.j+g.b; j++ {
			links[j] = b.sourcesOf(g, j)
		}
	}
	return links
}

// alignedSide is one cue as the aligner sees it.
type alignedSide struct {
	start, end float64 // in seconds of the source's clock
	weight     float64 // its text's length; see TextWeight
	anchors    []string
}

func (s alignedSide) duration() float64 { return max(0.001, s.end-s.start) }

// cuePairing pairs the source cues i to i+a with the translated cues j to j+b.
type cuePairing struct{ i, j, a, b int }

// aligner is the table of the dynamic program. Only a band along the diagonal is stored.
type aligner struct {
	source, translated []alignedSide
	ratio              float64 // weight of the translation per weight of the source
	lo, hi             []int   // by source cue, the band of translated ones considered
	row                []int
	score              []float64
	previous           []cuePairing
}

// newAligner computes the table for a translation whose times c converts to those of the source.
func newAligner(source, translated []conference.Cue, c clockMap) *aligner {
	b := &aligner{source: alignedSides(source, clockMap{1, 0}), translated: alignedSides(translated, c)}
	var from, to float64
	for _, s := range b.source {
		from += s.weight
	}
	for _, s := range b.translated {
		to += s.weight
	}
	b.ratio = 1
	if from > 0 && to > 0 {
		b.ratio = min(3, max(0.2, to/from))
	}
	b.allocate()
	for i := range len(b.source) + 1 {
		for j := b.lo[i]; j <= b.hi[i]; j++ {
			if b.score[b.index(i, j)] >= 0 {
				b.extend(i, j)
			}
		}
	}
	return b
}

// totalScore returns the score of the best path through the table.
func (b *aligner) totalScore() float64 { return b.score[b.index(len(b.source), len(b.translated))] }

func alignedSides(cues []conference.Cue, on clockMap) []alignedSide {
	all := make([]alignedSide, len(cues))
	for i, c := range cues {
		all[i] = alignedSide{
			start: on.sourceTime(c.Start.Seconds()), end: on.sourceTime(c.End.Seconds()), weight: TextWeight(c.Text), anchors: findAnchors(c.Text),
		}
	}
	return all
}

// TextWeight returns the length of a text in letters. A Chinese character counts as three letters,
// and a kana or a Korean syllable as two.
func TextWeight(text string) (n float64) {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han):
			n += 3
		case unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			n += 2
		case unicode.In(r, unicode.L, unicode.N):
			n++
		}
	}
	return n
}

// findAnchors returns the words of a text that stay the same in translation, in lower case, sorted,
// each once: those with digits, and in Latin letters names, abbreviations and code.
func findAnchors(text string) (found []string) {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) && r != '_' })
	for n, w := range words {
		digits := strings.ContainsFunc(w, unicode.IsDigit)
		inside := strings.ContainsFunc(w[1:], func(r rune) bool { return unicode.IsUpper(r) || r == '_' })
		name := n > 0 && len(w) > 2 && w[0] >= 'A' && w[0] <= 'Z'
		if digits || inside || name {
			found = append(found, strings.ToLower(w))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// maxGroupCues is the largest number of cues on one side of a group.
const maxGroupCues = 4

// Counterparts of a cue are looked for this far around its time.
const (
	searchSeconds = 20
	searchCues    = 8
)

// allocate computes the band of the table, and creates the entries.
func (b *aligner) allocate() {
	n, m := len(b.source), len(b.translated)
	b.lo, b.hi, b.row = make([]int, n+1), make([]int, n+1), make([]int, n+1)
	points := 0
	for i := range n + 1 {
		lo, hi := 0, m // after the last source cue, all that is left is unmatched
		if i < n {
			after := func(at float64) int {
				return sort.Search(m, func(j int) bool { return b.translated[j].start >= at })
			}
			lo = max(0, after(b.source[i].start-searchSeconds)-searchCues)
			hi = min(m, after(b.source[i].start+searchSeconds)+searchCues)
		}
		if i == 0 {
			lo = 0
		} else {
			lo, hi = min(max(lo, b.lo[i-1]), b.hi[i-1]), max(hi, b.hi[i-1])
		}
		b.lo[i], b.hi[i], b.row[i] = lo, hi, points
		points += hi - lo + 1
	}
	b.score, b.previous = make([]float64, points), make([]cuePairing, points)
	for p := range b.score {
		b.score[p] = -1
	}
	b.score[0] = 0
}

func (b *aligner) index(i, j int) int { return b.row[i] + j - b.lo[i] }

func (b *aligner) inBand(i, j int) bool {
	return i <= len(b.source) && j <= len(b.translated) && j >= b.lo[i] && j <= b.hi[i]
}

// groups returns the groups on the best path, in order. Cues without a counterpart are in none.
func (b *aligner) groups() (all []cuePairing) {
	for i, j := len(b.source), len(b.translated); i > 0 || j > 0; {
		g := b.previous[b.index(i, j)]
		if g.a > 0 && g.b > 0 {
			all = append(all, g)
		}
		i, j = g.i, g.j
	}
	slices.Reverse(all)
	return all
}

// extend records each way to go on after the first i source and j translated cues, if it is the
// best so far to where it leads: one cue of either side without a counterpart, or a group that
// matches, of at most maxGroupCues+1 cues on both sides together.
func (b *aligner) extend(i, j int) {
	b.offer(cuePairing{i: i, j: j, a: 1}, 0)
	b.offer(cuePairing{i: i, j: j, b: 1}, 0)
	for a := 1; a <= maxGroupCues && i+a <= len(b.source); a++ {
		for c := 1; c <= maxGroupCues && a+c <= maxGroupCues+1 && j+c <= len(b.translated); c++ {
			g := cuePairing{i: i, j: j, a: a, b: c}
			if gain := b.groupScore(g); gain > 0 {
				b.offer(g, gain)
			}
		}
	}
}

func (b *aligner) offer(g cuePairing, gain float64) {
	i, j := g.i+g.a, g.j+g.b
	if !b.inBand(i, j) {
		return
	}
	sum := b.score[b.index(g.i, g.j)] + gain
	if p := b.index(i, j); sum > b.score[p] {
		b.score[p], b.previous[p] = sum, g
	}
}

const (
	minGroupSimilarity = 0.6  // below this a group does not count
	extraCuePenalty    = 0.12 // for each cue beyond one on either side
)

// groupScore returns how well a group fits: by the share of its time that both sides have in
// common, and by how well their lengths and anchors agree. It is 0 or less if the group must not be
// used.
func (b *aligner) groupScore(g cuePairing) float64 {
	source, translated := b.source[g.i:g.i+g.a], b.translated[g.j:g.j+g.b]
	over := min(lastEnd(source), lastEnd(translated)) - max(source[0].start, translated[0].start)
	if over <= 0 { // the common case, before any work
		return 0
	}
	from, to := combineSides(source), combineSides(translated)
	time := over / (from.duration() + to.duration() - over)
	long, short := from.weight*b.ratio+3, to.weight+3 // 3 more, since in short texts a few letters mean little
	if long < short {
		long, short = short, long
	}
	alike := time + 0.4*short/long + 0.4*anchorOverlap(from.anchors, to.anchors)
	return float64(g.a+g.b)*(alike-minGroupSimilarity) - extraCuePenalty*float64(g.a+g.b-2)
}

func lastEnd(all []alignedSide) float64 {
	end := all[0].end
	for _, s := range all[1:] {
		end = max(end, s.end)
	}
	return end
}

// combineSides returns several cues as one. There must be at least one.
func combineSides(all []alignedSide) alignedSide {
	w := all[0]
	if len(all) == 1 {
		return w
	}
	w.anchors, w.end = slices.Clone(w.anchors), lastEnd(all)
	for _, s := range all[1:] {
		w.weight += s.weight
		w.anchors = append(w.anchors, s.anchors...)
	}
	slices.Sort(w.anchors)
	w.anchors = slices.Compact(w.anchors)
	return w
}

// anchorOverlap returns the share of anchors that both sides have, from 0 to 1. Both lists must be
// sorted.
func anchorOverlap(a, b []string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	n := 0
	for _, w := range a {
		if _, ok := slices.BinarySearch(b, w); ok {
			n++
		}
	}
	return float64(2*n) / float64(len(a)+len(b))
}

// sourcesOf returns the indexes of the source cues that translated cue j of group g translates. If
// g has no other translated cue, these are all of g's source cues. Otherwise they are those that
// share with cue j more than a quarter of the time of the shorter of both, or at least the one that
// shares most.
func (b *aligner) sourcesOf(g cuePairing, j int) (of []int) {
	t := b.translated[j]
	best, most := g.i, 0.0
	for i := g.i; i < g.i+g.a; i++ {
		s := b.source[i]
		over := min(s.end, t.end) - max(s.start, t.start)
		if over > most {
			best, most = i, over
		}
		if g.b == 1 || over > 0.25*min(s.duration(), t.duration()) {
			of = append(of, i)
		}
	}
	if len(of) == 0 {
		of = []int{best}
	}
	return of
}
