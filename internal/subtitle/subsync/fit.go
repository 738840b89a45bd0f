package subsync

import (
	"math"
	"slices"
)

// knownRates are the rates that occur in practice: film, PAL and NTSC mistaken for one another.
var knownRates = []struct {
	name string
	rate float64
}{
	{"", 1},
	{"24/23.976", 24 / 23.976}, {"23.976/24", 23.976 / 24},
	{"25/24", 25 / 24.}, {"24/25", 24 / 25.},
	{"25/23.976", 25 / 23.976}, {"23.976/25", 23.976 / 25},
}

const (
	wideSpan          = 50             // frames; span of onsets that shows best whether cues belong somewhere
	narrowSpan        = 25             // frames; span of onsets that shows best where exactly
	smoothFrames      = 15             // frames over which both are smoothed, because cues are slightly early or late
	offsetRange       = 60             // frames on each side that are searched for an offset
	minJump           = 30             // frames; smaller jumps are ignored
	boundaryTolerance = 3              // cues by which the boundaries of equal parts may differ
	boundaryDistance  = 25 * perSecond // frames; a boundary may be off by less
	minLogOdds        = 2.75           // nats; how much more likely a boundary must be within boundaryDistance than elsewhere
	maxMismatch       = 6.0            // nats; a run of cues with more evidence against it does not belong to the sound
	endWeight         = 0.6            // weight of a cue's end: the next start is evidence of the same pause
)

// fit is a path refined to the exact cue in time and the exact frame in offset.
type fit struct {
	signals
	starts       []cueStart
	rate         float64
	parts        []part
	startLogOdds [2][]float32 // log odds of each frame for starts, by cueStart.kind
	endLogOdds   []float32    // and for ends
	doubtful     bool         // the jumps or their positions are unclear
}

// signals are derived from each frame of a recording.
type signals struct {
	onsets      []float32 // over a wide span, to decide whether cues match
	sharpOnsets []float32 // over a narrow span, to decide where exactly
	offsets     []float32 // ends of speech
}

// part is a run of cues that share an offset.
type part struct {
	from, to  int     // its cues
	unmatched int     // how many of them, from the first, caption what the recording lacks
	offset    float64 // frames, added after the rate
}

// newFit refines a path. It learns the onset model from the places where the path puts the cues,
// and decodes the lags again with it. The fit is doubtful if its parts depend on the cost of a
// jump, or if it is unclear where a jump is.
func newFit(p path, starts []cueStart, m *onsetModel, found signals) *fit {
	f := &fit{signals: found, starts: starts, rate: p.rate, parts: mergeParts(p.parts)}
	f.chooseRate()
	m.learn(f.onsets, func(count func(kind, at int)) {
		f.each(func(k cueStart, p part) { count(k.kind(), k.frameAt(f.rate, p.offset)) })
	})
	f.startLogOdds = m.evaluate(f.onsets)
	ends := defaultOnsetModel(f.offsets)
	ends.learn(f.offsets, func(count func(kind, at int)) {
		f.each(func(k cueStart, p part) { count(0, k.endFrameAt(f.rate, p.offset)) })
	})
	f.endLogOdds = ends.evaluate(f.offsets)[0]
	binned := m.evaluate(averageBins(f.onsets))
	f.parts = mergeParts(decodeLags(starts, binned, f.rate, jumpCost))
	f.placeJumps()
	f.chooseRate()
	f.doubtful = !f.placeJumps() || !f.partsAreClear(binned) ||
		!f.sameWithCheapJumps(mergeParts(decodeLags(starts, binned, f.rate, doubtfulJumpCost))) ||
		!f.endsAgree(decodeLags(starts, binned, f.rate, endJumpCost))
	return f
}

// each calls do for every cue that is in some part, in order, with that part.
func (f *fit) each(do func(cueStart, part)) {
	for _, p := range f.parts {
		for _, k := range f.starts[p.from:p.to] {
			do(k, p)
		}
	}
}

// sameWithCheapJumps reports whether parts that were decoded with a lower jump cost equal those of
// the fit. Parts among cues that the recording lacks do not count, since those may match anything
// by chance.
func (f *fit) sameWithCheapJumps(others []part) bool {
	others = slices.DeleteFunc(slices.Clone(others), func(o part) bool {
		return slices.ContainsFunc(f.parts, func(p part) bool {
			return o.from >= p.from-boundaryTolerance && o.to <= p.from+p.unmatched+boundaryTolerance
		})
	})
	return slices.EqualFunc(f.parts, mergeParts(others), sameOffset)
}

// partsAreClear reports whether the cues of each part alone give the same offset, if there are
// several parts. binned are the log odds for starts, by cueStart.kind and bin.
func (f *fit) partsAreClear(binned [2][]float32) bool {
	return len(f.parts) == 1 || !slices.ContainsFunc(f.parts, func(p part) bool {
		return !lagIsClear(f.matched(p), binned, f.rate, p)
	})
}

// endsAgree reports whether the first and the last cues have the same offset in others as in the
// fit.
func (f *fit) endsAgree(others []part) bool {
	return len(others) > 0 && sameOffset(others[0], f.parts[0]) && sameOffset(others[len(others)-1], f.parts[len(f.parts)-1])
}

// sameOffset reports whether the offsets of a and b differ by no more than minJump.
func sameOffset(a, b part) bool { return math.Abs(a.offset-b.offset) <= minJump }

// mergeParts returns parts with neighbours joined that have the same offset.
func mergeParts(parts []part) (joined []part) {
	for _, p := range parts {
		if n := len(joined); n > 0 && sameOffset(joined[n-1], p) {
			joined[n-1].to = p.to
		} else {
			joined = append(joined, p)
		}
	}
	return joined
}

// score returns how well cues match onsets at a rate and an offset: the sum of the onsets at their
// starts, by weight.
func score(starts []cueStart, onsets []float32, rate, offset float64) (sum float64) {
	for _, m := range starts {
		if at := m.frameAt(rate, offset); at >= 0 && at < len(onsets) {
			sum += float64(m.weight * onsets[at])
		}
	}
	return sum
}

// evidence returns how much the start of the cue with index mark speaks for it being in part p, in
// nats.
func (f *fit) evidence(mark int, p part) float64 {
	m := f.starts[mark]
	if at := m.frameAt(f.rate, p.offset); at >= 0 && at < len(f.onsets) {
		return float64(f.startLogOdds[m.kind()][at])
	}
	return outsideLogOdds
}

// evidenceWithEnd returns how much the start and the end of the cue with index mark speak for it
// being in part p, in nats.
func (f *fit) evidenceWithEnd(mark int, p part) float64 {
	says := f.evidence(mark, p)
	if at := f.starts[mark].endFrameAt(f.rate, p.offset); at >= 0 && at < len(f.endLogOdds) {
		says += endWeight * float64(f.endLogOdds[at])
	}
	return says
}

// matched returns the cues of a part without those that the recording lacks.
func (f *fit) matched(p part) []cueStart { return f.starts[p.from+p.unmatched : p.to] }

// align returns the parts with the best offset of each at a rate, within offsetRange of its present
// one, and the sum of their scores.
func (f *fit) align(rate float64) (parts []part, total float64) {
	for _, p := range f.parts {
		middle := (f.starts[p.from].start + f.starts[p.to-1].start) / 2
		centre := p.offset + middle*(f.rate-rate)
		top := math.Inf(-1)
		for d := -offsetRange; d <= offsetRange; d++ {
			if s := score(f.matched(p), f.sharpOnsets, rate, centre+float64(d)); s > top {
				top, p.offset = s, centre+float64(d)
			}
		}
		parts, total = append(parts, p), total+top
	}
	return parts, total
}

// chooseRate sets the rate and the offsets that go with it. The rate is 1, unless a known rate fits
// better, or any other one is clearly better and makes a visible difference.
func (f *fit) chooseRate() {
	const steps, step = 20, 0.00004
	near := f.rate
	best, top := 1.0, math.Inf(-1)
	try := func(rate, handicap float64) {
		if rate == 1 {
			handicap = 0
		}
		if _, s := f.align(rate); s-handicap > top {
			best, top = rate, s-handicap
		}
	}
	doubt := 3 * chanceDeviation(f.starts)
	for _, r := range knownRates {
		if math.Abs(r.rate-near) < 0.003 {
			try(r.rate, doubt/2)
		}
	}
	visible := 0.25 * perSecond / (f.starts[len(f.starts)-1].start - f.starts[0].start)
	for named, n := best, -steps; n <= steps; n++ {
		if rate := near + float64(n)*step; math.Abs(rate-named) > visible {
			try(rate, doubt)
		}
	}
	parts, _ := f.align(best)
	f.rate, f.parts = best, parts
}

// placeJumps moves each boundary between two parts to the cue where it fits best, and reports
// whether the positions of all are clear. If the offset falls at a boundary, the recording lacks a
// passage of that length, and the cues in it count as unmatched.
func (f *fit) placeJumps() (sure bool) {
	sure = true
	for n := 1; n < len(f.parts); n++ {
		a, b := &f.parts[n-1], &f.parts[n]
		gap := (a.offset - b.offset) / f.rate
		first, last := a.from+a.unmatched, b.to
		ahead := make([]float64, last-first+1) // evidence of the cues before for a
		behind := make([]float64, last-first+1)
		for i := first; i < last; i++ {
			ahead[i-first+1] = ahead[i-first] + f.evidenceWithEnd(i, *a)
			behind[i-first+1] = behind[i-first] + f.evidenceWithEnd(i, *b)
		}
		resumes := func(i int) int { return max(i, first+firstCueAtOrAfter(f.starts[first:last], f.starts[i].start+gap)) }
		says := func(i int) float64 { return ahead[i-first] - behind[resumes(i)-first] }
		best, end := 0, first+1
		for ; end < last && resumes(end) < last; end++ {
			if best == 0 || says(end) > says(best) {
				best = end
			}
		}
		if best == 0 {
			return false // the recording cannot lack that much
		}
		var here, elsewhere float64 // likelihood of the boundary, relative to that at best
		for i := first + 1; i < end; i++ {
			likely := math.Exp(says(i) - says(best))
			if math.Abs(f.starts[i].start-f.starts[best].start) > boundaryDistance {
				elsewhere += likely
			} else {
				here += likely
			}
		}
		sure = sure && math.Log(here/elsewhere) > minLogOdds
		a.to, b.from, b.unmatched = best, best, resumes(best)-best
	}
	return sure
}

// firstCueAtOrAfter returns the index of the first cue that starts at frame at or later, or
// len(starts).
func firstCueAtOrAfter(starts []cueStart, at float64) int {
	n, _ := slices.BinarySearchFunc(starts, at, func(m cueStart, at float64) int {
		if m.start < at {
			return -1
		}
		return 1
	})
	return n
}

// worstRun returns the run of cues that fits worst, in milliseconds of the file, and how strong the
// evidence is, in nats, that it does not belong to the sound.
func (f *fit) worstRun() (from, to int64, mismatch float64) {
	sum, first := 0.0, 0
	for _, p := range f.parts {
		for i := p.from + p.unmatched; i < p.to; i++ {
			if sum <= 0 {
				sum, first = 0, i
			}
			sum -= f.evidence(i, p)
			if sum > mismatch {
				from, to, mismatch = milliseconds(f.starts[first].start), milliseconds(f.starts[i].start), sum
			}
		}
	}
	return from, to, mismatch
}
