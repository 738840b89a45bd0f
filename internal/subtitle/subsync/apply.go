package subsync

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plural"
)

// Apply returns the cues with the times that a result proposes, and sentences about cues that had
// to be clipped. Their order, number and texts stay the same. They need not be the cues that were
// analysed, but their times must be on the same clock. If the verdict is InSync, the times stay as
// they are. A result without an answer is an [inputerr.Error].
//
// A cue that would be before the beginning of the recording, or in a passage that it lacks, is
// clipped to the nearest time that exists; one of which nothing is left has no length.
func Apply(cues []conference.Cue, r Result) ([]conference.Cue, []string, error) {
	if len(r.Segments) == 0 {
		return nil, nil, inputerr.Coded("subtitles.no_shift", "it cannot be determined where the cues belong, so their times stay as they are").
			Hint("Compare a file that was made for this recording, or move the times by hand")
	}
	moved := slices.Clone(cues)
	if r.Verdict == InSync {
		return moved, nil, nil
	}
	clipped := make([]int, len(r.Segments)) // cues, by the segment at whose beginning
	for i, c := range cues {
		n := r.segmentAt(c.Start)
		from, to := r.segmentBounds(n)
		start, end := r.mapTime(c.Start, n), r.mapTime(c.End, n)
		if start < from {
			clipped[n]++
		}
		moved[i].Start, moved[i].End = min(max(start, from), to), min(max(end, from), to)
	}
	var notes []string
	for n, count := range clipped {
		from, _ := r.segmentBounds(n)
		switch {
		case count == 0:
		case n == 0:
			notes = append(notes, fmt.Sprintf("%s before the recording and was clipped to its beginning", plural.Choose(count, "cue began", "cues began")))
		default:
			notes = append(notes, fmt.Sprintf("%s at %s of the file in a passage that the recording lacks, and was clipped to %s", plural.Choose(count, "cue began", "cues began"), clock(r.Segments[n].FromMS), clock(from.Milliseconds())))
		}
	}
	return moved, notes, nil
}

// segmentAt returns the index of the segment that contains a time of the file.
func (r Result) segmentAt(at time.Duration) int {
	n := 0
	for n+1 < len(r.Segments) && at.Milliseconds() >= r.Segments[n+1].FromMS {
		n++
	}
	return n
}

// mapTime converts a time of the file, in segment n, to the time of the recording.
func (r Result) mapTime(at time.Duration, n int) time.Duration {
	ms := math.Round(float64(at)/float64(time.Millisecond)*r.Ratio) + float64(r.Segments[n].OffsetMS)
	return time.Duration(ms) * time.Millisecond
}

// segmentBounds returns the times of the recording between which the cues of segment n must be, so
// that a jump back does not move them before earlier cues.
func (r Result) segmentBounds(n int) (from, to time.Duration) {
	to = math.MaxInt64
	if n > 0 {
		from = max(0, r.mapTime(time.Duration(r.Segments[n].FromMS)*time.Millisecond, n-1))
	}
	if n+1 < len(r.Segments) && r.Segments[n+1].OffsetMS < r.Segments[n].OffsetMS {
		to, _ = r.segmentBounds(n + 1)
	}
	return from, to
}
