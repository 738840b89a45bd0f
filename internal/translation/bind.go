package translation

import (
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
)

// Bind tells of which source cues each translated cue was made: for each of translated,
// the indices of some of source, ascending. Both are in the order in which they are shown.
//
// A translator breaks and times cues as the language wants it, so groups of up to four
// cues of one side are laid against groups of the other in a dynamic program (as Gale and
// Church, 1993, align sentences), by the time they share, by their lengths, and by what
// survives translation: numbers, names and code words. What shares no time with anything
// is bound to nothing.
func Bind(source, translated []conference.Cue) [][]int {
	var b *binding
	for _, clock := range clocks(source, translated) {
		if other := newBinding(source, translated, clock); b == nil || other.sum() > b.sum() {
			b = other
		}
	}
	links := make([][]int, len(translated))
	for _, g := range b.groups() {
		for j := g.j; j < g.j+g.b; j++ {
			links[j] = b.within(g, j)
		}
	}
	return links
}

// side is one cue as binding looks at it.
type side struct {
	start, end float64 // seconds, both sides on one clock
	letters    float64 // how much it says
	anchors    []string
}

func (s side) length() float64 { return max(0.001, s.end-s.start) }

// group is a source cues from i on, and b translated ones from j on.
type group struct{ i, j, a, b int }

// binding is the table of the dynamic program.
type binding struct {
	source, translated []side
	ratio              float64 // letters of the translation for one of the source
	lo, hi             []int   // for each source cue, which translated ones come into question before it
	row                []int
	worth              []float64
	came               []group
}

// newBinding fills the table for translated ones on a clock.
func newBinding(source, translated []conference.Cue, c clock) *binding {
	b := &binding{source: sides(source, clock{1, 0}), translated: sides(translated, c)}
	var from, to float64
	for _, s := range b.source {
		from += s.letters
	}
	for _, s := range b.translated {
		to += s.letters
	}
	b.ratio = 1
	if from > 0 && to > 0 {
		b.ratio = min(3, max(0.2, to/from))
	}
	b.lay()
	for i := range len(b.source) + 1 {
		for j := b.lo[i]; j <= b.hi[i]; j++ {
			if b.worth[b.at(i, j)] >= 0 {
				b.steps(i, j)
			}
		}
	}
	return b
}

// sum is what all groups together are worth.
func (b *binding) sum() float64 { return b.worth[b.at(len(b.source), len(b.translated))] }

func sides(cues []conference.Cue, on clock) []side {
	all := make([]side, len(cues))
	for i, c := range cues {
		all[i] = side{on.at(c.Start.Seconds()), on.at(c.End.Seconds()), letters(c.Text), anchorsOf(c.Text)}
	}
	return all
}

// letters is how long a text is, where a character of a script without spaces says more.
func letters(text string) (n float64) {
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

// anchorsOf is what of a text survives translation, ascending: numbers, and words in
// Latin letters that are names, abbreviations or code.
func anchorsOf(text string) (found []string) {
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

// most is of how many cues a group may be on one side.
const most = 4

// reach is how far around its time a cue is looked for: in seconds, and in cues.
const (
	reachTime = 20
	reachCues = 8
)

// lay makes room along the clock.
func (b *binding) lay() {
	n, m := len(b.source), len(b.translated)
	b.lo, b.hi, b.row = make([]int, n+1), make([]int, n+1), make([]int, n+1)
	points := 0
	for i := range n + 1 {
		lo, hi := 0, m // behind the last, whatever is left may be bound to nothing
		if i < n {
			after := func(at float64) int {
				return sort.Search(m, func(j int) bool { return b.translated[j].start >= at })
			}
			lo = max(0, after(b.source[i].start-reachTime)-reachCues)
			hi = min(m, after(b.source[i].start+reachTime)+reachCues)
		}
		if i == 0 {
			lo = 0
		} else {
			lo, hi = min(max(lo, b.lo[i-1]), b.hi[i-1]), max(hi, b.hi[i-1])
		}
		b.lo[i], b.hi[i], b.row[i] = lo, hi, points
		points += hi - lo + 1
	}
	b.worth, b.came = make([]float64, points), make([]group, points)
	for p := range b.worth {
		b.worth[p] = -1
	}
	b.worth[0] = 0
}

func (b *binding) at(i, j int) int { return b.row[i] + j - b.lo[i] }

func (b *binding) inside(i, j int) bool {
	return i <= len(b.source) && j <= len(b.translated) && j >= b.lo[i] && j <= b.hi[i]
}

// groups is the best way through the table, without what is bound to nothing.
func (b *binding) groups() (all []group) {
	for i, j := len(b.source), len(b.translated); i > 0 || j > 0; {
		g := b.came[b.at(i, j)]
		if g.a > 0 && g.b > 0 {
			all = append(all, g)
		}
		i, j = g.i, g.j
	}
	slices.Reverse(all)
	return all
}

// steps goes from point (i, j) wherever one can go.
func (b *binding) steps(i, j int) {
	b.try(group{i, j, 1, 0}, 0)
	b.try(group{i, j, 0, 1}, 0)
	for a := 1; a <= most && i+a <= len(b.source); a++ {
		for c := 1; c <= most && a+c <= most+1 && j+c <= len(b.translated); c++ {
			g := group{i, j, a, c}
			if gain := b.gain(g); gain > 0 {
				b.try(g, gain)
			}
		}
	}
}

func (b *binding) try(g group, gain float64) {
	i, j := g.i+g.a, g.j+g.b
	if !b.inside(i, j) {
		return
	}
	sum := b.worth[b.at(g.i, g.j)] + gain
	if p := b.at(i, j); sum > b.worth[p] {
		b.worth[p], b.came[p] = sum, g
	}
}

const (
	leastAlike = 0.6  // how much must speak for a group
	apiece     = 0.12 // what each cue beyond one on either side costs
)

// gain is what speaks for a group: the part of its time that both sides share, and how
// well their lengths and what survives translation go together.
func (b *binding) gain(g group) float64 {
	source, translated := b.source[g.i:g.i+g.a], b.translated[g.j:g.j+g.b]
	over := min(ends(source), ends(translated)) - max(source[0].start, translated[0].start)
	if over <= 0 { // as of nearly all, before anything is put together
		return 0
	}
	from, to := whole(source), whole(translated)
	time := over / (from.length() + to.length() - over)
	long, short := from.letters*b.ratio+3, to.letters+3 // of a few letters, some more or less say nothing
	if long < short {
		long, short = short, long
	}
	alike := time + 0.4*short/long + 0.4*shared(from.anchors, to.anchors)
	return float64(g.a+g.b)*(alike-leastAlike) - apiece*float64(g.a+g.b-2)
}

// ends is when the last of cues ends.
func ends(all []side) float64 {
	end := all[0].end
	for _, s := range all[1:] {
		end = max(end, s.end)
	}
	return end
}

// whole is cues as one.
func whole(all []side) side {
	w := all[0]
	if len(all) == 1 {
		return w
	}
	w.anchors, w.end = slices.Clone(w.anchors), ends(all)
	for _, s := range all[1:] {
		w.letters += s.letters
		w.anchors = append(w.anchors, s.anchors...)
	}
	slices.Sort(w.anchors)
	w.anchors = slices.Compact(w.anchors)
	return w
}

// shared is the part of anchors, both ascending, that are on both sides.
func shared(a, b []string) float64 {
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

// within is which source cues of a group a translated cue is of: all, unless there are
// several on both sides; then those that it shares a good part of its time with.
func (b *binding) within(g group, j int) (of []int) {
	t := b.translated[j]
	best, most := g.i, 0.0
	for i := g.i; i < g.i+g.a; i++ {
		s := b.source[i]
		over := min(s.end, t.end) - max(s.start, t.start)
		if over > most {
			best, most = i, over
		}
		if g.b == 1 || over > 0.25*min(s.length(), t.length()) {
			of = append(of, i)
		}
	}
	if len(of) == 0 {
		of = []int{best}
	}
	return of
}
