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
	wide  = 50   // frames, the span of onsets that tells best whether cues belong somewhere
	exact = 25   // frames, the span of onsets that tells best where exactly
	blur  = 15   // frames over which both are smoothed: cues are a bit early or late, each in its own way
	slack = 60   // frames to each side in which an offset is looked for
	small = 30   // frames: a jump by less is none
	fits  = 18.0 // logarithm of a likelihood ratio; a part of the file with less has no offset of its own
	odd   = 15.0 // likewise; a run of cues with more has nothing to do with the sound
)

// fit is a path made exact: to the cue in time, to the frame in offset.
type fit struct {
	marks []mark
	sound []float32 // onsets over a wide span, for whether
	sharp []float32 // and over a narrow one, for where exactly
	rate  float64
	parts []part
}

// part is a run of marks that share an offset.
type part struct {
	from, to int     // its marks
	lost     int     // how many of them, from the first, stand for what the recording lacks
	offset   float64 // frames, to be added after the rate
}

func newFit(p path, windows []stretch, marks []mark, sound, sharp []float32) *fit {
	f := &fit{marks: marks, sound: sound, sharp: sharp, rate: p.rate}
	for i, w := range windows {
		f.parts = append(f.parts, part{from: w.from, to: w.to, offset: p.lags[i]})
	}
	f.merge(0)
	f.settle()
	f.merge(small)
	f.seams()
	f.thin()
	f.settle()
	f.seams()
	return f
}

// merge makes one of neighbouring parts whose offsets differ by no more than a jump.
func (f *fit) merge(jump float64) {
	joined := f.parts[:1]
	for _, p := range f.parts[1:] {
		if last := &joined[len(joined)-1]; math.Abs(p.offset-last.offset) <= jump {
			last.to = p.to
		} else {
			joined = append(joined, p)
		}
	}
	f.parts = joined
}

// score says how well marks meet onsets at a rate and an offset.
func score(marks []mark, onsets []float32, rate, offset float64) (sum float64) {
	for _, m := range marks {
		if at := int(math.Round(m.at*rate + offset)); at >= 0 && at < len(onsets) {
			sum += float64(m.weight * onsets[at])
		}
	}
	return sum
}

// worth is what one mark scores at the offset of a part.
func (f *fit) worth(mark int, p part) float64 {
	return score(f.marks[mark:mark+1], f.sound, f.rate, p.offset)
}

// usual is the mean of what marks are worth where they belong, in units of their weight:
// that of the better half of the file, for the other may belong elsewhere.
func (f *fit) usual() float64 {
	const blocks = 8
	var worths, squares []float64
	for _, p := range f.parts {
		for i := p.from + p.lost; i < p.to; i++ {
			worths = append(worths, f.worth(i, p))
			squares = append(squares, float64(f.marks[i].weight)*float64(f.marks[i].weight))
		}
	}
	means := make([]float64, blocks)
	for n := range means {
		var worth, square float64
		for i := n * len(worths) / blocks; i < (n+1)*len(worths)/blocks; i++ {
			worth, square = worth+worths[i], square+squares[i]
		}
		means[n] = worth / max(square, 1)
	}
	slices.Sort(means)
	var sum float64
	for _, m := range means[blocks/2:] {
		sum += m
	}
	return sum / (blocks / 2)
}

// evidence is the logarithm of how much likelier a mark's worth is where it belongs than
// where it meets nothing, for normal distributions. What belongs need not fit quite as
// well as usual: not every speaker is as clear as the clearest.
func (f *fit) evidence(mark int, p part, usual float64) float64 {
	w, least := float64(f.marks[mark].weight), 0.7*usual
	return least * (f.worth(mark, p) - least/2*w*w)
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

// settle chooses the rate: one that has a name, unless another fits clearly better and
// makes a difference that can be seen.
func (f *fit) settle() {
	const steps, step = 20, 0.00004
	near := f.rate
	best, top := 1.0, math.Inf(-1)
	try := func(rate, handicap float64) {
		if _, s := f.align(rate); s-handicap > top {
			best, top = rate, s-handicap
		}
	}
	for _, r := range rates {
		if math.Abs(r.rate-near) < 0.003 {
			try(r.rate, 0)
		}
	}
	doubt := 3 * chance(f.marks)
	seen := 0.25 * perSecond / (f.marks[len(f.marks)-1].at - f.marks[0].at)
	for named, n := best, -steps; n <= steps; n++ {
		if rate := near + float64(n)*step; math.Abs(rate-named) > seen {
			try(rate, doubt)
		}
	}
	parts, _ := f.align(best)
	f.rate, f.parts = best, parts
}

// seams moves each bound between two parts to the cue where it fits best. Where the
// offset falls, the recording lacks a passage as long as the fall: its cues have no place.
func (f *fit) seams() {
	for n := 1; n < len(f.parts); n++ {
		a, b := &f.parts[n-1], &f.parts[n]
		gap := (a.offset - b.offset) / f.rate
		first, last := a.from+a.lost, b.to
		ahead := make([]float64, last-first+1) // what the marks before score in a, less what they score in b
		behind := make([]float64, last-first+1)
		for i := first; i < last; i++ {
			ahead[i-first+1] = ahead[i-first] + f.worth(i, *a)
			behind[i-first+1] = behind[i-first] + f.worth(i, *b)
		}
		top := math.Inf(-1)
		for i := first + 1; i < last; i++ {
			k := max(i, first+f.after(f.marks[first:last], f.marks[i].at+gap))
			if s := ahead[i-first] - behind[k-first]; s > top && k < last {
				top, a.to, b.from, b.lost = s, i, i, k-i
			}
		}
	}
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

// thin gives parts that have nothing to stand on to the neighbour that has more.
func (f *fit) thin() {
	for len(f.parts) > 1 {
		usual := f.usual()
		stand := make([]float64, len(f.parts))
		n := 0
		for i, p := range f.parts {
			var against float64 // marks that it takes for lost, although they fit the part before
			for k := p.from; k < p.from+p.lost; k++ {
				against += f.evidence(k, f.parts[i-1], usual)
			}
			stand[i] -= max(0, against)
			for k := p.from + p.lost; k < p.to; k++ {
				stand[i] += f.evidence(k, p, usual)
			}
			if stand[i] < stand[n] {
				n = i
			}
		}
		if stand[n] >= fits {
			return
		}
		into := n - 1
		if n == 0 || n+1 < len(f.parts) && stand[n+1] > stand[n-1] {
			into = n + 1
		}
		p := f.parts[min(n, into)]
		p.offset, p.to = f.parts[into].offset, f.parts[max(n, into)].to
		f.parts[min(n, into)] = p
		f.parts = slices.Delete(f.parts, max(n, into), max(n, into)+1)
		f.merge(small)
		f.seams()
	}
}

// stranger finds the run of cues that fits worst, says in milliseconds of the file where
// it lies, and how strongly all speaks for its having nothing to do with the sound.
func (f *fit) stranger() (from, to int64, strange float64) {
	usual, sum, first := f.usual(), 0.0, 0
	for _, p := range f.parts {
		for i := p.from + p.lost; i < p.to; i++ {
			if sum <= 0 {
				sum, first = 0, i
			}
			if sum -= f.evidence(i, p, usual); sum > strange {
				from, to, strange = milliseconds(f.marks[first].at), milliseconds(f.marks[i].at), sum
			}
		}
	}
	return from, to, strange
}
