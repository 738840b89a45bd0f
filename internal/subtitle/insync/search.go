package insync

import "math"

// The search for where the cues belong. Cues are taken in windows. For each window, a row
// says at every lag how well its cues meet onsets; a path through the windows keeps one
// lag, and pays for every jump to another. All of this is done at every rate.
//
// Cue starts are few and onsets are everywhere, so a row is the sum of one slice of the
// onset signal for each cue. That is the cross-correlation itself, and for the dozen
// cues of a window several times as fast as by Fourier transforms.
const (
	bin    = 4                     // frames to a step of the search
	reach  = 600 * perSecond / bin // bins to each side: ten minutes
	lags   = 2*reach + 1
	window = 30 * perSecond  // frames of a window, on the file's clock
	shun   = perSecond / bin // bins around a path that are no runner-up to it
	finest = 0.00025         // between two rates tried
	shears = 9               // rates tried to each side of a base
	dear   = 12              // what a jump costs while all rates are tried, in standard deviations of a window's score
	cheap  = 7               // what it costs when the rate is known: cues in a wrong place still gain less in a few windows
)

// bases are the rates for which rows are computed; those around them follow by shearing.
var bases = []float64{1, 25 / 24., 24 / 25.}

// search holds the rows of all windows at all bases.
type search struct {
	windows []stretch
	rows    [][][]float32 // by base and window
	spare   int           // bins that a row has more on either side, for shearing it
	unit    float32       // the standard deviation of a window's score, where cues meet nothing
}

// stretch is a window that holds cues.
type stretch struct {
	middle   float64 // frames of the file's clock
	from, to int     // its cues
}

// newSearch correlates cue starts with onsets.
func newSearch(marks []mark, onsets []float32) *search {
	s := &search{spare: 1 + int(shears*finest*(marks[len(marks)-1].at+window)/bin)}
	for i, m := range marks {
		middle := (math.Floor(m.at/window) + 0.5) * window
		if n := len(s.windows); n > 0 && s.windows[n-1].middle == middle {
			s.windows[n-1].to = i + 1
		} else {
			s.windows = append(s.windows, stretch{middle, i, i + 1})
		}
	}
	s.unit = float32(chance(marks) / math.Sqrt(float64(len(s.windows))))
	binned := bins(onsets)
	for _, base := range bases {
		rows := make([][]float32, len(s.windows))
		for w, v := range s.windows {
			rows[w] = s.row(marks[v.from:v.to], binned, base)
		}
		s.rows = append(s.rows, rows)
	}
	return s
}

// bins are the means over the frames of each bin.
func bins(frames []float32) []float32 {
	x := make([]float32, len(frames)/bin)
	for i := range x {
		for _, v := range frames[i*bin : (i+1)*bin] {
			x[i] += v / bin
		}
	}
	return x
}

func (s *search) row(marks []mark, onsets []float32, rate float64) []float32 {
	edge := reach + s.spare
	row := make([]float32, 2*edge+1)
	for _, m := range marks {
		skip := int(m.at*rate/bin) - edge // the onset that meets the first lag
		lo, hi := max(0, -skip), min(len(row), len(onsets)-skip)
		for i := lo; i < hi; i++ {
			row[i] += m.weight * onsets[i+skip]
		}
	}
	return row
}

// path is where the cues of each window belong, at a rate.
type path struct {
	base  int
	rate  float64
	lags  []float64 // frames, by window
	score float64
}

// best is the best path of all, its lags left out: those are for trace.
func (s *search) best() path {
	p := path{score: math.Inf(-1)}
	totals := make([]float32, lags)
	for b, base := range bases {
		for n := -shears; n <= shears; n++ {
			rate := base + float64(n)*finest
			if score := s.walk(b, rate, dear, totals, nil); score > p.score {
				p = path{base: b, rate: rate, score: score}
			}
		}
	}
	return p
}

// walk finds the score of the best path at a rate and a fare for jumps. A step, where there is one, hears after
// each window which lag was the best to jump from, and at which lags it pays to do so.
func (s *search) walk(base int, rate float64, fare float32, totals []float32, step func(from int, jumped []bool)) float64 {
	clear(totals)
	top := 0
	for w := range s.windows {
		row := s.sheared(base, w, rate)
		fresh, from := totals[top]-fare*s.unit, top
		if step != nil {
			jumped := make([]bool, lags)
			for i, t := range totals {
				jumped[i] = t < fresh
			}
			step(from, jumped)
		}
		for i, v := range row {
			t := max(totals[i], fresh) + v
			totals[i] = t
			if t > totals[top] {
				top = i
			}
		}
	}
	return float64(totals[top])
}

// sheared is the part of a row that counts when the rate is not quite its base: the place
// of the window moves with it.
func (s *search) sheared(base, w int, rate float64) []float32 {
	from := s.spare + int(math.Round(s.windows[w].middle*(rate-bases[base])/bin))
	return s.rows[base][w][from : from+lags]
}

// trace finds the lags of a path that best has found, and jumps that it found too dear.
func (s *search) trace(p path) path {
	var from []int
	var jumped [][]bool
	totals := make([]float32, lags)
	s.walk(p.base, p.rate, cheap, totals, func(f int, j []bool) { from, jumped = append(from, f), append(jumped, j) })
	lag := 0
	for i, t := range totals {
		if t > totals[lag] {
			lag = i
		}
	}
	p.lags = make([]float64, len(s.windows))
	for w := len(s.windows) - 1; w >= 0; w-- {
		p.lags[w] = float64((lag - reach) * bin)
		if jumped[w][lag] {
			lag = from[w]
		}
	}
	return p
}

// without rules out all that is near a path, so that the best path is its runner-up.
func (s *search) without(p path) {
	for b, base := range bases {
		for w, v := range s.windows {
			at := reach + s.spare + int(math.Round((v.middle*(p.rate-base)+p.lags[w])/bin))
			row := s.rows[b][w]
			for i := max(0, at-shun); i < min(len(row), at+shun+1); i++ {
				row[i] = -1e6
			}
		}
	}
}
