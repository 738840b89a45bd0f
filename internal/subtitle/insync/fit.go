package insync

import (
	"math"
	"slices"
)

// rates are those that happen: film, PAL and NTSC taken for one another.
var rates = []struct {
	name string
	rate float64
}{
	{"", 1},
	{"24/23.976", 24 / 23.976}, {"23.976/24", 23.976 / 24},
	{"25/24", 25 / 24.}, {"24/25", 24 / 25.},
	{"25/23.976", 25 / 23.976}, {"23.976/25", 23.976 / 25},
}

const (
	wide   = 50             // frames, the span of onsets that tells best whether cues belong somewhere
	exact  = 25             // frames, the span of onsets that tells best where exactly
	blur   = 15             // frames over which both are smoothed: cues are a bit early or late, each in its own way
	slack  = 60             // frames to each side in which an offset is looked for
	small  = 30             // frames: a jump by less is none
	far    = 25 * perSecond // frames: a seam may be misplaced by less
	unsure = 3.0            // nats; by how much less a place for a seam may fit, and still be one
	odd    = 6.0            // nats; a run of cues against which more is said has nothing to do with the sound
)

// fit is a path made exact: to the cue in time, to the frame in offset.
type fit struct {
	marks    []mark
	sound    []float32 // onsets over a wide span, for whether
	sharp    []float32 // and over a narrow one, for where exactly
	rate     float64
	parts    []part
	said     [2][]float32 // what the sound of each frame says, by mark.kind
	doubtful bool         // whether there are jumps, or where, is not clear
}

// part is a run of marks that share an offset.
type part struct {
	from, to int     // its marks
	lost     int     // how many of them, from the first, stand for what the recording lacks
	offset   float64 // frames, to be added after the rate
}

// newFit makes a path exact. The meaning of onsets is learned from where the path has the
// cues, and then the cues are followed once more. Parts that come or go with the price of
// a jump make the fit a doubtful one, and so does a jump whose place is not clear.
func newFit(p path, marks []mark, m *meaning, sound, sharp []float32) *fit {
	f := &fit{marks: marks, sound: sound, sharp: sharp, rate: p.rate, parts: merged(p.parts)}
	f.settle()
	m.learn(f)
	f.said = m.of(sound)
	binned := m.of(bins(sound))
	f.parts = merged(follow(marks, binned, f.rate, dear))
	steady := slices.EqualFunc(f.parts, merged(follow(marks, binned, f.rate, cheap)), like)
	f.seams()
	f.settle()
	f.doubtful = !f.seams() || !steady
	return f
}

// like reports whether there is no jump from a to b.
func like(a, b part) bool { return math.Abs(a.offset-b.offset) <= small }

// merged makes one of neighbouring parts between which there is no jump.
func merged(parts []part) (joined []part) {
	for _, p := range parts {
		if n := len(joined); n > 0 && like(joined[n-1], p) {
			joined[n-1].to = p.to
		} else {
			joined = append(joined, p)
		}
	}
	return joined
}

// score says how well marks meet onsets at a rate and an offset.
func score(marks []mark, onsets []float32, rate, offset float64) (sum float64) {
	for _, m := range marks {
		if at := m.in(rate, offset); at >= 0 && at < len(onsets) {
			sum += float64(m.weight * onsets[at])
		}
	}
	return sum
}

// evidence is what a mark says for a part, in nats.
func (f *fit) evidence(mark int, p part) float64 {
	m := f.marks[mark]
	if at := m.in(f.rate, p.offset); at >= 0 && at < len(f.sound) {
		return float64(f.said[m.kind()][at])
	}
	return beyond
}

func (f *fit) live(p part) []mark { return f.marks[p.from+p.lost : p.to] }

// align finds the best offset of each part at a rate, near where it is, and the score.
func (f *fit) align(rate float64) (parts []part, total float64) {
	for _, p := range f.parts {
		middle := (f.marks[p.from].at + f.marks[p.to-1].at) / 2
		centre := p.offset + middle*(f.rate-rate)
		top := math.Inf(-1)
		for d := -slack; d <= slack; d++ {
			if s := score(f.live(p), f.sharp, rate, centre+float64(d)); s > top {
				top, p.offset = s, centre+float64(d)
			}
		}
		parts, total = append(parts, p), total+top
	}
	return parts, total
}

// settle chooses the rate: 1, unless one that has a name fits better; and another only
// where that is clear, and makes a difference that can be seen.
func (f *fit) settle() {
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
	doubt := 3 * chance(f.marks)
	for _, r := range rates {
		if math.Abs(r.rate-near) < 0.003 {
			try(r.rate, doubt/2)
		}
	}
	seen := 0.25 * perSecond / (f.marks[len(f.marks)-1].at - f.marks[0].at)
	for named, n := best, -steps; n <= steps; n++ {
		if rate := near + float64(n)*step; math.Abs(rate-named) > seen {
			try(rate, doubt)
		}
	}
	parts, _ := f.align(best)
	f.rate, f.parts = best, parts
}

// seams moves each bound between two parts to the cue where it fits best, and reports
// whether it fits clearly worse far from there. Where the offset falls, the recording
// lacks a passage as long as the fall: its cues have no place.
func (f *fit) seams() (sure bool) {
	sure = true
	for n := 1; n < len(f.parts); n++ {
		a, b := &f.parts[n-1], &f.parts[n]
		gap := (a.offset - b.offset) / f.rate
		first, last := a.from+a.lost, b.to
		ahead := make([]float64, last-first+1) // what the marks before say for a
		behind := make([]float64, last-first+1)
		for i := first; i < last; i++ {
			ahead[i-first+1] = ahead[i-first] + f.evidence(i, *a)
			behind[i-first+1] = behind[i-first] + f.evidence(i, *b)
		}
		resumes := func(i int) int { return max(i, first+f.after(f.marks[first:last], f.marks[i].at+gap)) }
		says := func(i int) float64 { return ahead[i-first] - behind[resumes(i)-first] }
		best := 0
		for i := first + 1; i < last && resumes(i) < last; i++ {
			if best == 0 || says(i) > says(best) {
				best = i
			}
		}
		if best == 0 {
			return false // the recording cannot lack as much as that
		}
		elsewhere := math.Inf(-1)
		for i := first + 1; i < last && resumes(i) < last; i++ {
			if math.Abs(f.marks[i].at-f.marks[best].at) > far {
				elsewhere = max(elsewhere, says(i))
			}
		}
		sure = sure && says(best)-elsewhere > unsure
		a.to, b.from, b.lost = best, best, resumes(best)-best
	}
	return sure
}

// after is the index of the first mark at or after a frame.
func (f *fit) after(marks []mark, at float64) int {
	n, _ := slices.BinarySearchFunc(marks, at, func(m mark, at float64) int {
		if m.at < at {
			return -1
		}
		return 1
	})
	return n
}

// stranger finds the run of cues that fits worst, says in milliseconds of the file where
// it lies, and how strongly all speaks for its having nothing to do with the sound.
func (f *fit) stranger() (from, to int64, strange float64) {
	sum, first := 0.0, 0
	for _, p := range f.parts {
		for i := p.from + p.lost; i < p.to; i++ {
			if sum <= 0 {
				sum, first = 0, i
			}
			if sum -= f.evidence(i, p); sum > strange {
				from, to, strange = milliseconds(f.marks[first].at), milliseconds(f.marks[i].at), sum
			}
		}
	}
	return from, to, strange
}
