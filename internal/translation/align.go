package translation

import (
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
)

// Align tells of which source cues each translated cue was made: for each of translated,
// the indices of some of source, ascending. Both are in the order in which they are shown.
//
// A translator breaks and times cues as the language wants it, so groups of up to four
// cues of one side are laid against groups of the other in a dynamic program (as Gale and
// Church, 1993, align sentences), by the time they share, by their lengths, and by what
// survives translation: numbers, names and code words. What shares no time with anything
// is bound to nothing.
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

// alignedSide is one cue as binding looks at it.
type alignedSide struct {
	start, end float64 // seconds, both sides on one clock
	weight     float64 // how much it says
	anchors    []string
}

func (s alignedSide) duration() float64 { return max(0.001, s.end-s.start) }

// group is a source cues from i on, and b translated ones from j on.
type group struct{ i, j, a, b int }

// aligner is the table of the dynamic program.
type aligner struct {
	source, translated []alignedSide
	ratio              float64 // letters of the translation for one of the source
	lo, hi             []int   // for each source cue, which translated ones come into question before it
	row                []int
	score              []float64
	previous           []group
}

// newAligner fills the table for translated ones on a clock.
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

// totalScore is what all groups together are worth.
func (b *aligner) totalScore() float64 { return b.score[b.index(len(b.source), len(b.translated))] }

func alignedSides(cues []conference.Cue, on clockMap) []alignedSide {
	all := make([]alignedSide, len(cues))
	for i, c := range cues {
		all[i] = alignedSide{on.sourceTime(c.Start.Seconds()), on.sourceTime(c.End.Seconds()), TextWeight(c.Text), findAnchors(c.Text)}
	}
	return all
}

// TextWeight is how long a text is, where a character of a script without spaces says more.
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

// findAnchors is what of a text survives translation, ascending: numbers, and words in
// Latin letters that are names, abbreviations or code.
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

// maxGroupCues is of how many cues a group may be on one side.
const maxGroupCues = 4

// reach is how far around its time a cue is looked for: in seconds, and in cues.
const (
	searchSeconds = 20
	searchCues    = 8
)

// allocate makes room along the clock.
func (b *aligner) allocate() {
	n, m := len(b.source), len(b.translated)
	b.lo, b.hi, b.row = make([]int, n+1), make([]int, n+1), make([]int, n+1)
	points := 0
	for i := range n + 1 {
		lo, hi := 0, m // behind the last, whatever is left may be bound to nothing
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
	b.score, b.previous = make([]float64, points), make([]group, points)
	for p := range b.score {
		b.score[p] = -1
	}
	b.score[0] = 0
}

func (b *aligner) index(i, j int) int { return b.row[i] + j - b.lo[i] }

func (b *aligner) inBand(i, j int) bool {
	return i <= len(b.source) && j <= len(b.translated) && j >= b.lo[i] && j <= b.hi[i]
}

// groups is the best way through the table, without what is bound to nothing.
func (b *aligner) groups() (all []group) {
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

// extend goes from point (i, j) wherever one can go.
func (b *aligner) extend(i, j int) {
	b.offer(group{i, j, 1, 0}, 0)
	b.offer(group{i, j, 0, 1}, 0)
	for a := 1; a <= maxGroupCues && i+a <= len(b.source); a++ {
		for c := 1; c <= maxGroupCues && a+c <= maxGroupCues+1 && j+c <= len(b.translated); c++ {
			g := group{i, j, a, c}
			if gain := b.groupScore(g); gain > 0 {
				b.offer(g, gain)
			}
		}
	}
}

func (b *aligner) offer(g group, gain float64) {
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
	minGroupSimilarity = 0.6  // how much must speak for a group
	extraCuePenalty    = 0.12 // what each cue beyond one on either side costs
)

// groupScore is what speaks for a group: the part of its time that both sides share, and how
// well their lengths and what survives translation go together.
func (b *aligner) groupScore(g group) float64 {
	source, translated := b.source[g.i:g.i+g.a], b.translated[g.j:g.j+g.b]
	over := min(lastEnd(source), lastEnd(translated)) - max(source[0].start, translated[0].start)
	if over <= 0 { // as of nearly all, before anything is put together
		return 0
	}
	from, to := combineSides(source), combineSides(translated)
	time := over / (from.duration() + to.duration() - over)
	long, short := from.weight*b.ratio+3, to.weight+3 // of a few letters, some more or less say nothing
	if long < short {
		long, short = short, long
	}
	alike := time + 0.4*short/long + 0.4*anchorOverlap(from.anchors, to.anchors)
	return float64(g.a+g.b)*(alike-minGroupSimilarity) - extraCuePenalty*float64(g.a+g.b-2)
}

// lastEnd is when the last of cues ends.
func lastEnd(all []alignedSide) float64 {
	end := all[0].end
	for _, s := range all[1:] {
		end = max(end, s.end)
	}
	return end
}

// combineSides is cues as one.
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

// anchorOverlap is the part of anchors, both ascending, that are on both sides.
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

// sourcesOf is which source cues of a group a translated cue is of: all, unless there are
// several on both sides; then those that it shares a good part of its time with.
func (b *aligner) sourcesOf(g group, j int) (of []int) {
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
