// Package subsync compares subtitles with the sound of a recording: it matches the starts of
// cues with the onsets of speech, and proposes a correction of the file's times: none, a shift,
// another frame rate, or different shifts from some points on. Only [Apply] changes times, and
// only in a copy.
//
// It compares onsets and not presence of speech, because in most caption files a cue begins
// where the last one ends, so that a cue is shown all the time.
//
// How it works, from coarse to fine:
//
//  1. onset.go derives a signal from sound levels that is high where speech begins after a
//     pause.
//  2. search.go correlates the cues of each half minute with it at all lags up to ten minutes,
//     and finds the rate at which one lag, or few, suit all. How far the best answer is ahead
//     of the runner-up is the confidence.
//  3. onsetmodel.go counts which onsets the cues meet there, compared with the whole recording.
//     From then on each cue contributes a log likelihood ratio.
//  4. viterbi.go follows the cues through the lags one by one, with a cost for jumps. Cues may
//     belong nowhere: they caption something that the recording lacks.
//  5. fit.go refines rate, offsets and positions of jumps; for the latter it also looks at the
//     ends of cues.
//
// A wrong answer is worse than none. There is none if the runner-up is close, if a jump depends
// on its cost, if its position is unclear, or if a run of cues fits nothing. A passage of a
// minute or two at either end may therefore be too short to be told from chance.
package subsync

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
)

// Frame is the duration of each level.
const Frame = 10 * time.Millisecond

// Conditions for an answer.
const (
	minCues   = 20  // within the recording
	minZScore = 7.0 // standard deviations of the score above that of random cues
	tolerance = 200 * time.Millisecond
	minMargin = 2.0 // factor by which an answer must be better than its runner-up
)

// Result is the outcome of an analysis. A time t of the file belongs at t × Ratio + the offset
// of its segment.
type Result struct {
	Verdict    string    `json:"verdict"`
	OffsetMS   int64     `json:"offset_ms"`  // of the first segment; added to the times of the file after Ratio: positive if the cues come too early
	Ratio      float64   `json:"ratio"`      // factor for the times of the file, applied before the offset
	Segments   []Segment `json:"segments"`   // one more than there are jumps; empty if there is no answer
	Confidence float64   `json:"confidence"` // 1 − runner-up/best; an answer needs at least 0.5

	reason message.Message // why there is no answer; zero if unknown
}

// Segment is a part of the file with its own offset. Its bounds are on the clock of the file as
// it is.
type Segment struct {
	FromMS   int64 `json:"from_ms"`
	ToMS     int64 `json:"to_ms"`
	OffsetMS int64 `json:"offset_ms"`
}

// Analyze compares cues, in any order, with the sound levels of a recording: dB, one for every
// [Frame], starting where the cues' clock is zero. The result has no segments if no clear answer is
// found.
func Analyze(cues []conference.Cue, levels []float32) Result {
	starts := cueStarts(cues, len(levels))
	if len(starts) < minCues {
		return undecided("few-cues", "cues", strconv.Itoa(len(starts)), "minimum", strconv.Itoa(minCues))
	}
	activity := speechActivity(levels)
	sound := smooth(onsets(activity, wideSpan), smoothFrames)
	s := newLagSearch(starts, standardize(sound))
	best := s.bestPath()
	if best.score < minZScore*chanceDeviation(starts) {
		return undecided("chance")
	}
	m := defaultOnsetModel(sound)
	best.parts = decodeLags(starts, m.evaluate(averageBins(sound)), best.rate, jumpCost)
	fitting := best.score
	if len(mergeParts(best.parts)) == 2 {
		fitting += s.jumpCost() // the cost of a jump says nothing about the fit
	}
	s.exclude(best)
	confidence := max(0, 1-s.bestPath().score/fitting)
	if confidence < 1-1/minMargin || len(best.parts) == 0 {
		return undecided("ambiguous").withConfidence(confidence)
	}
	f := newFit(best, starts, m, signals{
		onsets:      sound,
		sharpOnsets: smooth(onsets(activity, narrowSpan), smoothFrames),
		offsets:     smooth(offsets(activity, wideSpan), 2*smoothFrames+1),
	})
	if f.doubtful {
		return undecided("doubtful").withConfidence(confidence / 2)
	}
	if from, to, mismatch := f.worstRun(); mismatch > maxMismatch {
		return undecided("mismatch", "from", clock(from), "to", clock(to)).withConfidence(confidence / 2)
	}
	return f.result(cues).withConfidence(confidence)
}

// cueStart is the start of a cue, to be met by an onset of speech.
type cueStart struct {
	start  float64 // frames of the file's clock
	end    float64 // end of the cue, likewise, if a pause probably follows; negative if speech goes on
	weight float32
}

// kind returns 0 for cues that probably begin a sentence, and 1 for others.
func (m cueStart) kind() int {
	if m.weight < 1 {
		return 1
	}
	return 0
}

// frameAt returns the frame of the recording at which the cue starts for a rate and an offset.
func (m cueStart) frameAt(rate, offset float64) int { return int(math.Round(m.start*rate + offset)) }

// endFrameAt returns the frame of the recording at which the cue ends for a rate and an offset, or
// -1 if no pause follows.
func (m cueStart) endFrameAt(rate, offset float64) int {
	if m.end < 0 {
		return -1
	}
	return int(math.Round(m.end*rate + offset))
}

// cueStarts returns the starts of the cues, ascending and each time only once. frames is the
// length of the recording. Cues beyond its end are left out, even allowing for a clock that is a
// twentieth too fast and ten minutes late.
func cueStarts(cues []conference.Cue, frames int) (starts []cueStart) {
	sorted := slices.Clone(cues)
	slices.SortStableFunc(sorted, func(a, b conference.Cue) int { return int(a.Start - b.Start) })
	limit := float64(frames)*1.05 + maxLag*framesPerBin
	for i, c := range sorted {
		at := float64(c.Start) / float64(Frame)
		if i > 0 && c.Start == sorted[i-1].Start || at > limit {
			continue
		}
		m := cueStart{start: at, end: -1, weight: 1}
		if i > 0 && midSentence(sorted[i-1], c) {
			m.weight = 0.5
		}
		if i+1 == len(sorted) || !midSentence(c, sorted[i+1]) {
			m.end = float64(c.End) / float64(Frame)
		}
		starts = append(starts, m)
	}
	return starts
}

// midSentence reports whether the cue c probably continues the one before it without a pause: that
// does not end a sentence, and less than tolerance is between them.
func midSentence(before, c conference.Cue) bool {
	text := strings.TrimRight(before.Text, " \n\"'”’»)]")
	ended := strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") ||
		strings.HasSuffix(text, "。") || strings.HasSuffix(text, "？") || strings.HasSuffix(text, "！") || strings.HasSuffix(text, "…")
	return !ended && c.Start-before.End < tolerance
}

// chanceDeviation returns the standard deviation of the score of cues that match nothing.
func chanceDeviation(starts []cueStart) float64 {
	var squares float64
	for _, m := range starts {
		squares += float64(m.weight) * float64(m.weight)
	}
	return math.Sqrt(squares)
}
