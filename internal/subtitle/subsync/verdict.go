package subsync

import (
	"fmt"
	"math"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// The verdicts. A shift and a jump name their figures: "shift by +2.340 s", "jumps at
// 00:12:40" (on the clock of the file).
const (
	InSync     = "in sync"
	Drifts     = "drifts"
	CannotTell = "cannot tell"
)

func undecided(format string, args ...any) Result {
	return Result{Verdict: CannotTell, Ratio: 1, Segments: []Segment{}, reason: fmt.Sprintf(format, args...)}
}

func (r Result) withConfidence(confidence float64) Result {
	r.Confidence = math.Floor(100*confidence) / 100 // never up to what an answer needs
	return r
}

// result puts a fit into words and milliseconds.
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

// clock is hh:mm:ss.
func clock(ms int64) string {
	s := int64(math.Round(float64(ms) / 1000))
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Sentence tells a speaker what was found, and what would put it right.
func (r Result) Sentence() string {
	switch {
	case len(r.Segments) == 0:
		return "It cannot be told whether the subtitles fit: " + r.reason + "."
	case r.Verdict == InSync:
		return "The subtitles are in sync: they come when somebody speaks."
	case len(r.Segments) > 1:
		return r.jumpSentence()
	case r.Ratio != 1:
		return fmt.Sprintf("The subtitles drift, %s: multiply their times by %.6g%s, then add %+.3f s.", driftDirection(r.Ratio), r.Ratio, rateName(r.Ratio), seconds(r.OffsetMS))
	case r.OffsetMS > 0:
		return fmt.Sprintf("The subtitles come %.3f s too early: they must be moved back to later times by as much (%+.3f s).", seconds(r.OffsetMS), seconds(r.OffsetMS))
	}
	return fmt.Sprintf("The subtitles come %.3f s too late: they must be moved to earlier times by as much (%+.3f s).", -seconds(r.OffsetMS), seconds(r.OffsetMS))
}

// jumpSentence tells where a file breaks, and into what.
func (r Result) jumpSentence() string {
	var b strings.Builder
	if r.Ratio != 1 {
		fmt.Fprintf(&b, "The subtitles drift: multiply their times by %.6g%s. ", r.Ratio, rateName(r.Ratio))
	}
	fmt.Fprintf(&b, "The subtitles do not fit with one shift: up to %s add %+.3f s", clock(r.Segments[1].FromMS), seconds(r.OffsetMS))
	for i, s := range r.Segments[1:] {
		step := s.OffsetMS - r.Segments[i].OffsetMS
		had := "has there what the subtitles lack"
		if step < 0 {
			had = "lacks there what the subtitles have"
		}
		fmt.Fprintf(&b, "; from there on add %+.3f s (the recording %s, %.3f s)", seconds(s.OffsetMS), had, math.Abs(seconds(step)))
		if i+2 < len(r.Segments) {
			fmt.Fprintf(&b, ", up to %s", clock(r.Segments[i+2].FromMS))
		}
	}
	return b.String() + "."
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

// driftDirection says what a viewer sees of a rate.
func driftDirection(ratio float64) string {
	if ratio > 1 {
		return "ever earlier"
	}
	return "ever later"
}

// rateName is how a rate comes about, where that is known.
func rateName(ratio float64) string {
	for _, r := range knownRates[1:] {
		if ratio == r.rate {
			return " (" + r.name + ")"
		}
	}
	return ""
}

// Warning is a sentence about cues that clearly do not come when somebody speaks; it is
// empty where they do, and where that cannot be told.
func Warning(cues []conference.Cue, levels []float32) string {
	if r := Analyze(cues, levels); r.Verdict != InSync && r.Verdict != CannotTell {
		return r.Sentence()
	}
	return ""
}
