package subsync

import (
	"fmt"
	"math"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
)

// Verdicts. Those on a shift and on jumps contain values: "shift by +2.340 s", "jumps at
// 00:12:40" (on the clock of the file).
const (
	InSync     = "in sync"
	Drifts     = "drifts"
	CannotTell = "cannot tell"
)

// undecided returns a Result without an answer. reason and pairs make its message; see [English].
func undecided(reason string, pairs ...string) Result {
	return Result{Verdict: CannotTell, Ratio: 1, Segments: []Segment{}, reason: message.New("cannot-tell."+reason, pairs...)}
}

// withConfidence returns the result with a confidence, rounded down to two decimals, so that
// rounding never lifts it to what an answer needs.
func (r Result) withConfidence(confidence float64) Result {
	r.Confidence = math.Floor(100*confidence) / 100 // rounded down
	return r
}

// result returns a fit as a Result in milliseconds. The last segment ends with the last of cues.
func (f *fit) result(cues []conference.Cue) Result {
	r := Result{Ratio: f.rate}
	for i, p := range f.parts {
		s := Segment{OffsetMS: milliseconds(p.offset)}
		if i > 0 {
			s.FromMS = milliseconds(f.starts[p.from].start)
			r.Segments[i-1].ToMS = s.FromMS
		}
		r.Segments = append(r.Segments, s)
	}
	last := &r.Segments[len(r.Segments)-1]
	for _, c := range cues {
		last.ToMS = max(last.ToMS, c.End.Milliseconds())
	}
	r.OffsetMS = r.Segments[0].OffsetMS
	switch {
	case len(r.Segments) > 1:
		r.Verdict = "jumps at " + clock(r.Segments[1].FromMS)
	case r.Ratio != 1:
		r.Verdict = Drifts
	case math.Abs(float64(r.OffsetMS)) <= float64(tolerance.Milliseconds()):
		r.Verdict = InSync
	default:
		r.Verdict = fmt.Sprintf("shift by %+.3f s", float64(r.OffsetMS)/1000)
	}
	return r
}

func milliseconds(frames float64) int64 { return int64(math.Round(frames * float64(Frame) / 1e6)) }
