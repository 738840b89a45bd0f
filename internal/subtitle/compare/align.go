package compare

import (
	"slices"
	"sort"
)

const (
	maxUnbanded = 1 << 16 // pairs of cues up to which a gap is aligned without a band
	bandWidth   = 12      // cues on either side of the expected position
	maxGroup    = 8       // most cues that one is split into or merged from
)

// gap is the cues between two anchors.
type gap struct {
	old, new []item
	clocks   []clock // of the anchor before, of the one after, or both
	moved    bool    // only texts are compared

	lo, hi   []int     // for each old cue, the range of new ones that it can match
	rowStart []int     // where its row begins in the slices below
	best     []float64 // score of the best way to each point
	step     []step    // last step of that way
	pairs    []cueSimilarity
}

// step is how many cues of each side were matched.
type step struct{ i, j uint8 }

// cueSimilarity is how two cues compare.
type cueSimilarity struct {
	known  bool
	common int     // common bigrams
	alike  float64 // similarity of the texts, 0 to 1
	shared int64   // common time in ms
	time   float64 // shared part of the time of both, 0 to 1
}

// align returns the matches in the gap with the highest total score, in order.
func (g *gap) align() (found []cueMatch) {
	if len(g.old) == 0 || len(g.new) == 0 {
		return nil
	}
	g.allocate()
	for i := range len(g.old) + 1 {
		for j := g.lo[i]; j <= g.hi[i]; j++ {
			g.tryAll(i, j)
		}
	}
	i, j := len(g.old), len(g.new)
	for i > 0 || j > 0 {
		s := g.step[g.index(i, j)]
		i, j = i-int(s.i), j-int(s.j)
		if s.i > 0 && s.j > 0 {
			a, b := g.old[i].index, g.new[j].index
			found = append(found, cueMatch{i: a, iEnd: a + int(s.i), j: b, jEnd: b + int(s.j), moved: g.moved})
		}
	}
	slices.Reverse(found)
	return found
}

// allocate creates the tables of the gap. For a small gap they have all pairs of cues, for a large
// one only a band along the clock.
func (g *gap) allocate() {
	n, m := len(g.old), len(g.new)
	g.lo, g.hi, g.rowStart = make([]int, n+1), make([]int, n+1), make([]int, n+1)
	points := 0
	for i := range n + 1 {
		lo, hi := 0, m
		if n*m > maxUnbanded {
			lo, hi = g.bandAround(i)
		}
		if i == 0 {
			lo = 0
		} else { // the band ascends without a break, and stays narrow even if times do not ascend
			lo = min(max(lo, g.lo[i-1]), g.hi[i-1])
			hi = max(hi, g.hi[i-1])
			if n*m > maxUnbanded {
				lo = max(lo, g.hi[i-1]-2*bandWidth)
			}
		}
		if i == n {
			hi = m
		}
		g.lo[i], g.hi[i], g.rowStart[i] = lo, hi, points
		points += hi - lo + 1
	}
	g.best, g.step, g.pairs = make([]float64, points), make([]step, points), make([]cueSimilarity, points)
	for p := range g.best {
		g.best[p] = -1
	}
	g.best[0] = 0
}

// bandAround returns the range of new cues that old cue i can match: bandWidth on either side of
// where its time is in the new version.
func (g *gap) bandAround(i int) (lo, hi int) {
	m := len(g.new)
	if i == len(g.old) {
		return m, m
	}
	at := g.old[i].start + g.offsetAt(g.old[i].start)
	j := sort.Search(m, func(j int) bool { return g.new[j].start >= at })
	return max(0, j-bandWidth), min(m, j+bandWidth)
}

// offsetAt returns how much later, in ms, the new version is at a time of the old one, interpolated
// between the clocks on either side of the gap.
func (g *gap) offsetAt(at int64) int64 {
	a, b := g.clocks[0], g.clocks[len(g.clocks)-1]
	if at <= a.at || a.at >= b.at {
		return a.later
	}
	if at >= b.at {
		return b.later
	}
	return a.later + int64(float64(b.later-a.later)*float64(at-a.at)/float64(b.at-a.at))
}

func (g *gap) index(i, j int) int { return g.rowStart[i] + j - g.lo[i] }

// inBand reports whether the table has an entry for i old and j new cues.
func (g *gap) inBand(i, j int) bool {
	return i <= len(g.old) && j <= len(g.new) && j >= g.lo[i] && j <= g.hi[i]
}

// tryAll tries every way to continue after i old and j new cues: match the next two, match one of
// them with several of the other side, or leave one unmatched.
func (g *gap) tryAll(i, j int) {
	if p := g.compared(i, j); p != nil {
		g.try(i, j, step{1, 1}, 2*matchScore(&g.old[i], &g.new[j], p.alike, g.timeScore(p.time)))
		g.tryGroups(i, j, true)
		g.tryGroups(i, j, false)
	}
	g.try(i, j, step{1, 0}, 0)
	g.try(i, j, step{0, 1}, 0)
}

func (g *gap) timeScore(time float64) float64 {
	if g.moved {
		return 0
	}
	return time
}

// try records the step s after i old and j new cues, which scores gain, if that is the best way so
// far to where it leads. The first one tried wins a tie.
func (g *gap) try(i, j int, s step, gain float64) {
	toI, toJ := i+int(s.i), j+int(s.j)
	if gain < 0 || !g.inBand(toI, toJ) {
		return
	}
	sum := g.best[g.index(i, j)] + gain
	if p := g.index(toI, toJ); sum > g.best[p] {
		g.best[p], g.step[p] = sum, s
	}
}

// minScore is how similar, in text and time together, cues must be to be matched at all.
const minScore = 0.6

// matchScore returns how good a match is, from the similarity of the texts and the share of time,
// both from 0 to 1. It is negative for a match that must not be used. Text counts more than time,
// and a long text more than "Yes.".
func matchScore(a, b *item, alike, time float64) float64 {
	telling := min(1, float64(min(a.letterCount, b.letterCount))/20)
	return alike*(1+telling/2) + time - minScore
}

// compared returns how old cue i and new cue j compare, which is computed once, or nil if they
// cannot match.
func (g *gap) compared(i, j int) *cueSimilarity {
	if i >= len(g.old) || j >= len(g.new) || !g.inBand(i, j) {
		return nil
	}
	p := &g.pairs[g.index(i, j)]
	if !p.known {
		a, b := &g.old[i], &g.new[j]
		p.known, p.common = true, commonBigrams(a, b)
		p.alike = similarity(a, b, p.common)
		p.shared, p.time = g.overlap(a, b)
	}
	return p
}

// overlap returns how many milliseconds two cues share, and which part that is of the time of both
// together, on the clock that suits them best.
func (g *gap) overlap(a, b *item) (shared int64, part float64) {
	for n := range len(g.clocks) + 1 {
		later := g.offsetAt(a.start)
		if n < len(g.clocks) {
			later = g.clocks[n].later
		}
		start, end := a.start+later, a.start+a.duration()+later
		over := min(end, b.start+b.duration()) - max(start, b.start)
		if over > shared {
			shared = over
			part = float64(over) / float64(a.duration()+b.duration()-over)
		}
	}
	return shared, part
}

// tryGroups tries to match one cue with several: if split, old cue i with the new ones from j on,
// otherwise new cue j with the old ones from i on. Each of the several must be part of the one by
// its words or, unless only texts are compared, by its time.
func (g *gap) tryGroups(i, j int, split bool) {
	one, of := &g.old[i], g.new[j:]
	if !split {
		one, of = &g.new[j], g.old[i:]
	}
	var several item       // the parts as one
	var best cueSimilarity // of the one cue with one of the parts
	for n := range maxGroup {
		p := g.compared(i, j+n)
		if !split {
			p = g.compared(i+n, j)
		}
		if p == nil || n > 0 && of[n].index != of[n-1].index+1 {
			return
		}
		part := &of[n]
		size := len(several.bigrams) + len(part.bigrams)
		byWords := 2*p.common >= len(part.bigrams) && p.common > 0 && 2*size <= 3*len(one.bigrams)
		byTime := 2*p.shared >= part.duration() && !g.moved
		best.alike, best.time = max(best.alike, p.alike), max(best.time, p.time)
		if !byWords && !byTime || best.alike == 1 {
			return
		}
		if n == 0 {
			several = *part
			continue
		}
		several = several.append(part)
		g.tryGroup(i, j, n+1, split, &several, one, best)
	}
}

// minGroupGain is how much more similar to the one cue several together must be than the best
// of them alone.
const minGroupGain = 0.1

// tryGroup tries to match the cue one with n others, joined as several, if they match it clearly
// better together than the best of them does alone. best is how that one compares.
func (g *gap) tryGroup(i, j, n int, split bool, several, one *item, best cueSimilarity) {
	alike := similarity(several, one, commonBigrams(several, one))
	s, a, b := step{1, uint8(n)}, one, several
	if !split {
		s, a, b = step{uint8(n), 1}, several, one
	}
	_, time := g.overlap(a, b)
	time = g.timeScore(time)
	if several.text == one.text || alike >= best.alike+minGroupGain || best.alike < 0.5 && time >= best.time+minGroupGain {
		g.try(i, j, s, float64(n+1)*matchScore(a, b, alike, time))
	}
}
