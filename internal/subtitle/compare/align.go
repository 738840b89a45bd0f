package compare

import (
	"slices"
	"sort"
)

const (
	full  = 1 << 16 // pairs: up to here a gap is aligned without a band
	band  = 12      // cues to either side of where the clock says
	parts = 8       // into how many a cue can be split, or of how many merged
)

// gap is the cues between two anchors.
type gap struct {
	old, new []item
	clocks   []clock // that of the anchor before, of the one after, or both
	moved    bool    // texts alone count

	lo, hi []int     // for each old cue, which of the new ones come into question before it
	row    []int     // where its row begins in what follows
	worth  []float64 // of the best way to each point
	step   []step    // that led there
	pairs  []pair
}

// step is how many cues of each side were matched.
type step struct{ i, j uint8 }

// pair is how two cues compare.
type pair struct {
	known  bool
	common int     // pairs of characters
	alike  float64 // texts, 0 to 1
	shared int64   // ms
	time   float64 // the part of their common time that they share, 0 to 1
}

// align is the best way through the gap.
func (g *gap) align() (found []matched) {
	if len(g.old) == 0 || len(g.new) == 0 {
		return nil
	}
	g.lay()
	for i := range len(g.old) + 1 {
		for j := g.lo[i]; j <= g.hi[i]; j++ {
			g.steps(i, j)
		}
	}
	i, j := len(g.old), len(g.new)
	for i > 0 || j > 0 {
		s := g.step[g.at(i, j)]
		i, j = i-int(s.i), j-int(s.j)
		if s.i > 0 && s.j > 0 {
			a, b := g.old[i].at, g.new[j].at
			found = append(found, matched{a, a + int(s.i), b, b + int(s.j), g.moved})
		}
	}
	slices.Reverse(found)
	return found
}

// lay makes room: for everything in a small gap, for a band along the clock in a large one.
func (g *gap) lay() {
	n, m := len(g.old), len(g.new)
	g.lo, g.hi, g.row = make([]int, n+1), make([]int, n+1), make([]int, n+1)
	points := 0
	for i := range n + 1 {
		lo, hi := 0, m
		if n*m > full {
			lo, hi = g.around(i)
		}
		if i == 0 {
			lo = 0
		} else { // the band ascends without a break, and stays narrow even if times do not ascend
			lo = min(max(lo, g.lo[i-1]), g.hi[i-1])
			hi = max(hi, g.hi[i-1])
			if n*m > full {
				lo = max(lo, g.hi[i-1]-2*band)
			}
		}
		if i == n {
			hi = m
		}
		g.lo[i], g.hi[i], g.row[i] = lo, hi, points
		points += hi - lo + 1
	}
	g.worth, g.step, g.pairs = make([]float64, points), make([]step, points), make([]pair, points)
	for p := range g.worth {
		g.worth[p] = -1
	}
	g.worth[0] = 0
}

// around is the band of new cues about the time of old cue i.
func (g *gap) around(i int) (lo, hi int) {
	m := len(g.new)
	if i == len(g.old) {
		return m, m
	}
	at := g.old[i].start + g.later(g.old[i].start)
	j := sort.Search(m, func(j int) bool { return g.new[j].start >= at })
	return max(0, j-band), min(m, j+band)
}

// later is the shift at a time of the old clock, between the clocks on either side.
func (g *gap) later(at int64) int64 {
	a, b := g.clocks[0], g.clocks[len(g.clocks)-1]
	if at <= a.at || a.at >= b.at {
		return a.later
	}
	if at >= b.at {
		return b.later
	}
	return a.later + int64(float64(b.later-a.later)*float64(at-a.at)/float64(b.at-a.at))
}

func (g *gap) at(i, j int) int { return g.row[i] + j - g.lo[i] }

// inside says whether point (i, j) is in the band.
func (g *gap) inside(i, j int) bool {
	return i <= len(g.old) && j <= len(g.new) && j >= g.lo[i] && j <= g.hi[i]
}

// steps goes from point (i, j) wherever one can go.
func (g *gap) steps(i, j int) {
	if p := g.pair(i, j); p != nil {
		g.try(i, j, step{1, 1}, 2*worth(&g.old[i], &g.new[j], p.alike, g.clocked(p.time)))
		g.groups(i, j, true)
		g.groups(i, j, false)
	}
	g.try(i, j, step{1, 0}, 0)
	g.try(i, j, step{0, 1}, 0)
}

func (g *gap) clocked(time float64) float64 {
	if g.moved {
		return 0
	}
	return time
}

// try takes a step if it is the best way yet to where it leads. Equals go to the one tried first.
func (g *gap) try(i, j int, s step, gain float64) {
	toI, toJ := i+int(s.i), j+int(s.j)
	if gain < 0 || !g.inside(toI, toJ) {
		return
	}
	sum := g.worth[g.at(i, j)] + gain
	if p := g.at(toI, toJ); sum > g.worth[p] {
		g.worth[p], g.step[p] = sum, s
	}
}

// least is how alike, in text and time together, cues have to be to be matched at all.
const least = 0.6

// worth is how much speaks for a match, from how alike texts are and how much time is
// shared. A long text says more than "Yes.", and more than time.
func worth(a, b *item, alike, time float64) float64 {
	telling := min(1, float64(min(a.letters, b.letters))/20)
	return alike*(1+telling/2) + time - least
}

// pair compares two cues, once; nil outside the band.
func (g *gap) pair(i, j int) *pair {
	if i >= len(g.old) || j >= len(g.new) || !g.inside(i, j) {
		return nil
	}
	p := &g.pairs[g.at(i, j)]
	if !p.known {
		a, b := &g.old[i], &g.new[j]
		p.known, p.common = true, common(a, b)
		p.alike = alike(a, b, p.common)
		p.shared, p.time = g.together(a, b)
	}
	return p
}

// together is how many ms two cues share, and which part of their common time that is, on
// the clock that suits them best.
func (g *gap) together(a, b *item) (shared int64, part float64) {
	for n := range len(g.clocks) + 1 {
		later := g.later(a.start)
		if n < len(g.clocks) {
			later = g.clocks[n].later
		}
		start, end := a.start+later, a.start+a.length()+later
		over := min(end, b.start+b.length()) - max(start, b.start)
		if over > shared {
			shared = over
			part = float64(over) / float64(a.length()+b.length()-over)
		}
	}
	return shared, part
}

// groups tries to match one cue with several: old cue i with the new ones from j or, the
// other way about, new cue j with the old ones from i. Each of the several has to be part
// of the one, by its words or, where nothing has the words, by its time.
func (g *gap) groups(i, j int, split bool) {
	one, of := &g.old[i], g.new[j:]
	if !split {
		one, of = &g.new[j], g.old[i:]
	}
	var several item // the parts as one
	var best pair    // of the one with a part
	for n := range parts {
		p := g.pair(i, j+n)
		if !split {
			p = g.pair(i+n, j)
		}
		if p == nil || n > 0 && of[n].at != of[n-1].at+1 {
			return
		}
		part := &of[n]
		size := len(several.pairs) + len(part.pairs)
		byWords := 2*p.common >= len(part.pairs) && p.common > 0 && 2*size <= 3*len(one.pairs)
		byTime := 2*p.shared >= part.length() && !g.moved
		best.alike, best.time = max(best.alike, p.alike), max(best.time, p.time)
		if !byWords && !byTime || best.alike == 1 {
			return
		}
		if n == 0 {
			several = *part
			continue
		}
		several = several.with(part)
		g.group(i, j, n+1, split, &several, one, best)
	}
}

// better is by how much several cues together have to be more like the one than any of them.
const better = 0.1

// group tries to match one cue with several, n of them, the best of which is as much like it.
func (g *gap) group(i, j, n int, split bool, several, one *item, best pair) {
	alike := alike(several, one, common(several, one))
	s, a, b := step{1, uint8(n)}, one, several
	if !split {
		s, a, b = step{uint8(n), 1}, several, one
	}
	_, time := g.together(a, b)
	time = g.clocked(time)
	if several.words == one.words || alike >= best.alike+better || best.alike < 0.5 && time >= best.time+better {
		g.try(i, j, s, float64(n+1)*worth(a, b, alike, time))
	}
}
