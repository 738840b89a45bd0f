package subsync

import "math"

// The search for where the cues belong. Cues are grouped in windows. For each window, a row
// contains the score of its cues at every lag. A path through the windows keeps one lag, and
// pays for every jump to another. All of this is done at every rate.
//
// Cue starts are few and onsets are everywhere, so a row is the sum of one slice of the
// onset signal for each cue. That is the cross-correlation itself, and for the dozen
// cues of a window several times as fast as by Fourier transforms.
const (
	framesPerBin     = 4                              // frames per step of the search
	maxLag           = 600 * perSecond / framesPerBin // bins on each side: ten minutes
	lagCount         = 2*maxLag + 1
	windowFrames     = 30 * perSecond           // frames of a window, on the file's clock
	runnerUpDistance = perSecond / framesPerBin // bins around a path that do not count as its runner-up
	rateStep         = 0.00025                  // between two rates that are tried
	ratesPerSide     = 9                        // rates tried on each side of a base rate
	searchJumpCost   = 12                       // cost of a jump while rates are tried, in standard deviations of a window's score
)

// baseRates are the rates for which rows are computed; those around them follow by shearing.
var baseRates = []float64{1, 25 / 24., 24 / 25.}

// lagSearch holds the rows of all windows at all base rates.
type lagSearch struct {
	windows        []cueWindow
	rows           [][][]float32 // by base and window
	margin         int           // additional bins of a row on either side, for shearing it
	scoreDeviation float32       // standard deviation of a window's score if cues match nothing
}

// cueWindow is a window of time that contains cues.
type cueWindow struct {
	middle   float64 // frames of the file's clock
	from, to int     // its cues
}

// newLagSearch groups cue starts in windows, and computes the score of each window at every lag and
// base rate.
func newLagSearch(starts []cueStart, onsets []float32) *lagSearch {
	s := &lagSearch{margin: 1 + int(ratesPerSide*rateStep*(starts[len(starts)-1].start+windowFrames)/framesPerBin)}
	for i, m := range starts {
		middle := (math.Floor(m.start/windowFrames) + 0.5) * windowFrames
		if n := len(s.windows); n > 0 && s.windows[n-1].middle == middle {
			s.windows[n-1].to = i + 1
		} else {
			s.windows = append(s.windows, cueWindow{middle, i, i + 1})
		}
	}
	s.scoreDeviation = float32(chanceDeviation(starts) / math.Sqrt(float64(len(s.windows))))
	binned := averageBins(onsets)
	for _, base := range baseRates {
		rows := make([][]float32, len(s.windows))
		for w, v := range s.windows {
			rows[w] = s.correlate(starts[v.from:v.to], binned, base)
		}
		s.rows = append(s.rows, rows)
	}
	return s
}

// averageBins returns the mean of the frames in each bin. A last bin that is not full is dropped.
func averageBins(frames []float32) []float32 {
	x := make([]float32, len(frames)/framesPerBin)
	for i := range x {
		for _, v := range frames[i*framesPerBin : (i+1)*framesPerBin] {
			x[i] += v / framesPerBin
		}
	}
	return x
}

// correlate returns the score of cues at every lag and a rate. onsets has a value for each bin.
func (s *lagSearch) correlate(starts []cueStart, onsets []float32, rate float64) []float32 {
	edge := maxLag + s.margin
	row := make([]float32, 2*edge+1)
	for _, m := range starts {
		skip := int(m.start*rate/framesPerBin) - edge // the onset that meets the first lag
		lo, hi := max(0, -skip), min(len(row), len(onsets)-skip)
		for i := lo; i < hi; i++ {
			row[i] += m.weight * onsets[i+skip]
		}
	}
	return row
}

// path is a candidate answer: a rate and the offsets of the cues at it.
type path struct {
	base  int
	rate  float64
	parts []part
	score float64
}

// bestPath returns the best path over all rates. Its parts are not set.
func (s *lagSearch) bestPath() path {
	p := path{score: math.Inf(-1)}
	totals := make([]float32, lagCount)
	for b, base := range baseRates {
		for n := -ratesPerSide; n <= ratesPerSide; n++ {
			rate := base + float64(n)*rateStep
			if score := s.scoreAtRate(b, rate, totals); score > p.score {
				p = path{base: b, rate: rate, score: score}
			}
		}
	}
	return p
}

// jumpCost returns the cost of a jump in the score of a path.
func (s *lagSearch) jumpCost() float64 { return float64(searchJumpCost * s.scoreDeviation) }

// scoreAtRate returns the score of the best path at a rate, which is near the base rate with that
// index. totals is scratch memory for lagCount values.
func (s *lagSearch) scoreAtRate(base int, rate float64, totals []float32) float64 {
	clear(totals)
	var top float32
	for w := range s.windows {
		fresh := top - float32(s.jumpCost())
		for i, v := range s.rowAtRate(base, w, rate) {
			t := totals[i]
			if t < fresh { // max would be several times as slow, because it checks for NaN
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

// rowAtRate returns the scores of window w at each lag, at a rate near its base rate: the row is
// shifted by how far the window moves.
func (s *lagSearch) rowAtRate(base, w int, rate float64) []float32 {
	from := s.margin + int(math.Round(s.windows[w].middle*(rate-baseRates[base])/framesPerBin))
	return s.rows[base][w][from : from+lagCount]
}

// exclude gives a very low score to everything near a path, so that bestPath then returns its
// runner-up.
func (s *lagSearch) exclude(p path) {
	for _, part := range p.parts {
		for b, base := range baseRates {
			for w, v := range s.windows {
				if v.to <= part.from || v.from >= part.to {
					continue
				}
				at := maxLag + s.margin + int(math.Round((v.middle*(p.rate-base)+part.offset)/framesPerBin))
				row := s.rows[b][w]
				for i := max(0, at-runnerUpDistance); i < min(len(row), at+runnerUpDistance+1); i++ {
					row[i] = -1e6
				}
			}
		}
	}
}
