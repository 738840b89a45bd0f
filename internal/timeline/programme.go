package timeline

import "time"

// Programme is the order in which a viewer sees things: an opening card, the kept
// ranges of the reel, a closing card. All lengths are frames at Rate; either card
// may be of no length.
type Programme struct {
	Rate    Rate    `json:"rate"`
	Opening int64   `json:"opening"`
	Kept    []Range `json:"kept"` // of the reel; ascending and disjoint
	Closing int64   `json:"closing"`
}

// Frames is the length of the programme.
func (p Programme) Frames() int64 { return p.Opening + Frames(p.Kept) + p.Closing }

// Duration is the length of the programme, to the nearest nanosecond.
func (p Programme) Duration() time.Duration { return p.Rate.Time(p.Frames()) }

// Span is a stretch of time, From up to To.
type Span struct {
	From, To time.Duration
}

// Len is how long the span lasts.
func (s Span) Len() time.Duration { return s.To - s.From }

// FromReel is what a viewer sees of a span of reel time: cut away parts inside it
// close up, an end that was cut away is clipped. ok is false where nothing is left.
func (p Programme) FromReel(s Span) (seen Span, ok bool) {
	at := p.Opening
	for _, kept := range p.Kept {
		begin, end := p.Rate.Time(kept.From), p.Rate.Time(kept.To)
		from, to := max(s.From, begin), min(s.To, end)
		if from < to {
			shift := p.Rate.Time(at) - begin
			if !ok {
				seen.From, ok = from+shift, true
			}
			seen.To = to + shift
		}
		at += kept.Len()
	}
	return seen, ok
}

// ToReel is the span of reel time that a span of programme time was made from.
// What lies over a card is clipped; ok is false where nothing else is left. A span
// over a join widens by what was cut away there, so that FromReel gives it back.
func (p Programme) ToReel(s Span) (reel Span, ok bool) {
	at := p.Opening
	for _, kept := range p.Kept {
		begin, end := p.Rate.Time(at), p.Rate.Time(at+kept.Len())
		from, to := max(s.From, begin), min(s.To, end)
		if from < to {
			shift := p.Rate.Time(kept.From) - begin
			if !ok {
				reel.From, ok = from+shift, true
			}
			reel.To = to + shift
		}
		at += kept.Len()
	}
	return reel, ok
}
