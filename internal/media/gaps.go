package media

import (
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

const (
	pictureGap = time.Second            // between pictures that otherwise come as regularly as can be
	soundGap   = 100 * time.Millisecond // between packets of sound, which leave none
	mostGaps   = 1000                   // that anybody keeps count of
)

// gapBefore takes up that a picture comes after another.
func (s *scan) gapBefore(pts int64) {
	last := s.tempo.last
	if len(s.tempo.recent) > 0 && duration(pts-last, s.picture.base()) > pictureGap && len(s.gaps) < mostGaps {
		s.gaps = append(s.gaps, timeline.Range{From: last, To: pts})
	}
}

// pictureGaps is where pictures are missing, on the clock that begins at start. Where
// pictures come irregularly elsewhere, too, nothing is missing: none came.
func (s *scan) pictureGaps(step float64, start time.Duration) (gaps []timeline.Span) {
	var missing int64
	for _, g := range s.gaps {
		if float64(g.Len()) < 5*step {
			continue
		}
		missing += g.Len()
		gaps = append(gaps, spanOf(timeline.Range{From: g.From + int64(step), To: g.To}, s.picture.base(), start))
	}
	if float64(s.tempo.regular(step).ticks) < 0.99*float64(s.tempo.last-s.tempo.first-missing) {
		return nil
	}
	return gaps
}

// spanOf is a range of ticks on the clock that begins at start.
func spanOf(r timeline.Range, base timeline.Rate, start time.Duration) timeline.Span {
	return timeline.Span{From: duration(r.From, base) - start, To: duration(r.To, base) - start}
}
