package subsync

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
	fare   = 12              // what a jump costs while all rates are tried, in standard deviations of a window's score
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

// path is where the cues belong, at a rate.
type path struct {
	base  int
	rate  float64
	parts []part
	score float64
}

// best is the rate of the best path of all and its score.
func (s *search) best() path {
	p := path{score: math.Inf(-1)}
	totals := make([]float32, lags)
	for b, base := range bases {
		for n := -shears; n <= shears; n++ {
			rate := base + float64(n)*finest
			if score := s.walk(b, rate, totals); score > p.score {
				p = path{base: b, rate: rate, score: score}
			}
		}
	}
	return p
}

// toll is what a jump costs a path.
func (s *search) toll() float64 { return float64(fare * s.unit) }

// walk finds the score of the best path at a rate.
func (s *search) walk(base int, rate float64, totals []float32) float64 {
	clear(totals)
	var top float32
	for w := range s.windows {
		fresh := top - float32(s.toll())
		for i, v := range s.sheared(base, w, rate) {
			t := totals[i]
			if t < fresh { // not max, which is several times as slow: it looks out for NaN
				t = fresh
			}
			t += v
			totals[i] = t
			if t > top {
				top = t
			}
		}
	}
	return float64(top)
}

// sheared is the part of a row that counts when the rate is not quite its base: the place
// of the window moves with it.
func (s *search) sheared(base, w int, rate float64) []float32 {
	from := s.spare + int(math.Round(s.windows[w].middle*(rate-bases[base])/bin))
	return s.rows[base][w][from : from+lags]
}

// without rules out all that is near a path, so that the best path is its runner-up.
func (s *search) without(p path) {
	for _, part := range p.parts {
		for b, base := range bases {
			for w, v := range s.windows {
				if v.to <= part.from || v.from >= part.to {
					continue
				}
				at := reach + s.spare + int(math.Round((v.middle*(p.rate-base)+part.offset)/bin))
				row := s.rows[b][w]
				for i := max(0, at-shun); i < min(len(row), at+shun+1); i++ {
					row[i] = -1e6
				}
			}
		}
	}
}
