package media

import (
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

const (
	minPictureGap = time.Second            // between frames of a regular video
	minSoundGap   = 100 * time.Millisecond // between sound packets, which normally are contiguous
	maxGaps       = 1000                   // gaps that are recorded
)

// recordGap records the gap between the frame at pts, in ticks, and the frame before it, if it is
// longer than minPictureGap. Only the first maxGaps gaps are recorded.
func (s *packetScan) recordGap(pts int64) {
	last := s.rates.last
	if len(s.rates.recent) > 0 && ticksToDuration(pts-last, s.video.timeBase()) > minPictureGap && len(s.videoGaps) < maxGaps {
		s.videoGaps = append(s.videoGaps, timeline.Range{From: last, To: pts})
	}
}

// pictureGaps returns where frames are missing, as times from start. step is the usual distance
// between frames in ticks; gaps of less than 5 frames do not count. If more than 1 % of the rest is
// irregular too, it returns nil: the recording was made like that.
func (s *packetScan) pictureGaps(step float64, start time.Duration) (gaps []timeline.Span) {
	var missing int64
	for _, g := range s.videoGaps {
		if float64(g.Len()) < 5*step {
			continue
		}
		missing += g.Len()
		gaps = append(gaps, spanOf(timeline.Range{From: g.From + int64(step), To: g.To}, s.video.timeBase(), start))
	}
	if float64(s.rates.regular(step).ticks) < 0.99*float64(s.rates.last-s.rates.first-missing) {
		return nil
	}
	return gaps
}

// spanOf converts a range of ticks of base seconds to times from start, which is a time on the same
// clock.
func spanOf(r timeline.Range, base timeline.Rate, start time.Duration) timeline.Span {
	return timeline.Span{From: ticksToDuration(r.From, base) - start, To: ticksToDuration(r.To, base) - start}
}
