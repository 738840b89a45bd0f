package compare

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// maxPasses is how often the remaining cues are searched for passages that moved.
const maxPasses = 8

// match returns pairs of cues of two versions that correspond. Each cue is in at most one match.
// Passages that moved are found after all others.
func match(old, new []item) (all []cueMatch) {
	prior := estimateShift(old, new)
	for pass := range maxPasses {
		if len(old) == 0 || len(new) == 0 {
			break
		}
		found := alignVersions(old, new, prior, pass > 0)
		if len(found) == 0 {
			break
		}
		old, new = unmatched(old, found, func(m cueMatch) (int, int) { return m.i, m.iEnd }),
			unmatched(new, found, func(m cueMatch) (int, int) { return m.j, m.jEnd })
		all = append(all, found...)
	}
	return all
}

// unmatched returns the items that are in none of the matches. end returns the range of indexes of
// a match on this side.
func unmatched(items []item, matches []cueMatch, end func(cueMatch) (int, int)) (rest []item) {
	taken := map[int]bool{}
	for _, m := range matches {
		for i, to := end(m); i < to; i++ {
			taken[i] = true
		}
	}
	for _, it := range items {
		if !taken[it.index] {
			rest = append(rest, it)
		}
	}
	return rest
}

// alignVersions returns the matches between old and new. prior is by how many ms the new clock is
// probably later. If moved, only texts are compared, to find passages that moved.
func alignVersions(old, new []item, prior int64, moved bool) (found []cueMatch) {
	if moved {
		prior = math.MaxInt64 / 4 // no clock is more likely than another
	}
	chain := heaviestChain(anchors(old, new), old, new, prior)
	if moved && len(chain) == 0 {
		return nil
	}
	i, j := 0, 0
	for n := range len(chain) + 1 {
		g := gap{moved: moved, clocks: clocks(chain, n, prior)}
		if n == len(chain) {
			g.old, g.new = old[i:], new[j:]
		} else {
			g.old, g.new = old[i:chain[n].i], new[j:chain[n].j]
		}
		found = append(found, g.align()...)
		if n < len(chain) {
			a := chain[n]
			found = append(found, cueMatch{i: old[a.i].index, iEnd: old[a.i].index + 1, j: new[a.j].index, jEnd: new[a.j].index + 1, moved: moved})
			i, j = a.i+1, a.j+1
		}
	}
	return found
}

// anchor is a cue that is the same on both sides and cannot be confused with another.
type anchor struct {
	i, j   int
	weight float64 // higher for longer texts
	at     int64   // its start on the old clock, ms
	later  int64   // how much later it starts on the new one, ms
}

// anchors returns cues whose text occurs once on each side, or is the middle of three whose texts
// together do. They are sorted by i, and for the same i by descending j.
func anchors(old, new []item) (found []anchor) {
	texts := map[string]int{}
	a, b := textNumbers(old, texts), textNumbers(new, texts)
	type occurrence struct{ i, j, old, new int }
	for _, around := range []int{0, 1} {
		keys := map[[3]int]*occurrence{}
		each := func(list []int, tell func(o *occurrence, at int)) {
			for n := around; n < len(list)-around; n++ {
				key := [3]int{list[n-around], list[n], list[n+around]}
				if keys[key] == nil {
					keys[key] = &occurrence{}
				}
				tell(keys[key], n)
			}
		}
		each(a, func(o *occurrence, at int) { o.i, o.old = at, o.old+1 })
		each(b, func(o *occurrence, at int) { o.j, o.new = at, o.new+1 })
		for _, o := range keys {
			if o.old == 1 && o.new == 1 {
				it := &old[o.i]
				found = append(found, anchor{
					i: o.i, j: o.j, weight: min(2, 0.25+float64(it.letterCount)/16),
					at: it.start, later: new[o.j].start - it.start,
				})
			}
		}
	}
	slices.SortFunc(found, func(a, b anchor) int { return cmp.Or(cmp.Compare(a.i, b.i), cmp.Compare(b.j, a.j)) })
	return slices.Compact(found)
}

// textNumbers returns a number for each item, the same for equal texts. texts holds the numbers
// given so far, and gets new ones.
func textNumbers(items []item, texts map[string]int) []int {
	list := make([]int, len(items))
	for i, it := range items {
		n, ok := texts[it.text]
		if !ok {
			n = len(texts)
			texts[it.text] = n
		}
		list[i] = n
	}
	return list
}

// jumpCost is the cost of a jump of the clock: a sentence alone does not pay for the jump to it
// and back, three do.
const jumpCost = 1.5

// lookback is how many earlier anchors are checked for being on the same clock.
const lookback = 32

// heaviestChain returns the chain of anchors, ascending on both sides, with the greatest weight
// less the costs of its jumps, or nil if that is not positive. A chain that begins on a clock other
// than later by prior ms pays for a jump, too.
func heaviestChain(all []anchor, old, new []item, prior int64) (chain []anchor) {
	weight, before := make([]float64, len(all)), make([]int, len(all))
	top := make(fenwick, len(new)+1)
	best := -1
	for n, a := range all {
		weight[n], before[n] = -jumpCost, -1
		if sameClock(prior, a.later, 0) {
			weight[n] = 0
		}
		if p, ok := top.best(a.j, weight); ok && weight[p]-jumpCost > weight[n] {
			weight[n], before[n] = weight[p]-jumpCost, p
		}
		for p := n - 1; p >= max(0, n-lookback); p-- {
			if q := all[p]; q.i < a.i && q.j < a.j && weight[p] > weight[n] && sameClock(q.later, a.later, a.at-q.at) {
				weight[n], before[n] = weight[p], p
			}
		}
		weight[n] += a.weight
		top.add(a.j, n, weight)
		if weight[n] > 0 && (best < 0 || weight[n] > weight[best]) {
			best = n
		}
	}
	for ; best >= 0; best = before[best] {
		chain = append(chain, all[best])
	}
	slices.Reverse(chain)
	return chain
}

// sameClock reports whether two cues can have been shifted by the same clock. a and b are their
// shifts and apart is the time between the cues, all in ms. The shifts may differ by a second,
// since people do not time cues more precisely, and by a twentieth of apart, since clocks drift: a
// video of 24 frames a second may be played at 25.
func sameClock(a, b, apart int64) bool {
	return max(a-b, b-a) <= 1000+max(apart, -apart)/20
}

// fenwick is a Fenwick tree that finds the heaviest anchor before any index; it stores 1 + the
// anchor's number.
type fenwick []int

func (f fenwick) add(j, n int, weight []float64) {
	for j++; j < len(f); j += j & -j {
		if f[j] == 0 || weight[n] > weight[f[j]-1] {
			f[j] = n + 1
		}
	}
}

func (f fenwick) best(before int, weight []float64) (n int, ok bool) {
	for j := before; j > 0; j -= j & -j {
		if f[j] > 0 && (!ok || weight[f[j]-1] > weight[n]) {
			n, ok = f[j]-1, true
		}
	}
	return n, ok
}

// clock is how much later the new version is at a time of the old one, both in ms.
type clock struct{ at, later int64 }

// clocks returns the clocks of the anchors before and after gap n of a chain, or the clock that is
// later by prior ms if the chain is empty.
func clocks(chain []anchor, n int, prior int64) []clock {
	if len(chain) == 0 {
		return []clock{{0, prior}}
	}
	var list []clock
	if n > 0 {
		list = append(list, medianClock(chain[max(0, n-3):n], chain[n-1].at))
	}
	if n < len(chain) {
		list = append(list, medianClock(chain[n:min(n+3, len(chain))], chain[n].at))
	}
	return list
}

// medianClock returns a clock for the time at, in ms of the old version. Its shift is the median of
// those of the anchors.
func medianClock(some []anchor, at int64) clock {
	shifts := make([]int64, len(some))
	for i, a := range some {
		shifts[i] = a.later
	}
	slices.Sort(shifts)
	return clock{at, shifts[len(shifts)/2]}
}

// Limits of estimateShift.
const (
	maxShift   = 120_000 // ms; largest shift that is considered
	binMS      = 40      // ms; resolution
	neighbours = 100     // cues compared on either side
)

// estimateShift returns by how many ms new is later than old, estimated only from when cues start:
// the shift at which most of them coincide, or 0 if none is clearly better than no shift.
func estimateShift(old, new []item) int64 {
	votes := make([]int, 2*maxShift/binMS+2)
	for _, a := range old {
		now := sort.Search(len(new), func(n int) bool { return new[n].start >= a.start })
		for _, b := range new[max(0, now-neighbours):min(len(new), now+neighbours)] {
			if later := b.start - a.start + maxShift; later >= 0 && later <= 2*maxShift {
				votes[later/binMS]++
			}
		}
	}
	none := maxShift / binMS
	best := none
	for n := range len(votes) - 1 {
		if votes[n]+votes[n+1] > votes[best]+votes[best+1] {
			best = n
		}
	}
	if at, standing := votes[best]+votes[best+1], votes[none]+votes[none-1]; 2*at < min(len(old), len(new)) || 2*at < 3*standing {
		return 0
	}
	return int64(best+1)*binMS - maxShift
}
