package timeline

import "time"

// Programme describes what a viewer watches: an opening card, the kept ranges of the reel, a
// closing card. All lengths are in frames at Rate; a card's may be zero.
type Programme struct {
	Rate    Rate    `json:"rate"`
	Opening int64   `json:"opening"`
	Kept    []Range `json:"kept"` // of the reel; ascending and disjoint
	Closing int64   `json:"closing"`
}

// Frames returns the length of the programme, including its cards, in frames.
func (p Programme) Frames() int64 { return p.Opening + Frames(p.Kept) + p.Closing }

// Duration returns the length of the programme, including its cards, to the nearest nanosecond.
func (p Programme) Duration() time.Duration { return p.Rate.Time(p.Frames()) }

// Span is the half-open interval of time [From, To).
type Span struct {
	From, To time.Duration
}

// Len returns how long the span lasts.
func (s Span) Len() time.Duration { return s.To - s.From }

// FromReel converts a span of reel time to programme time. Parts of the span that were cut away at
// its beginning and end are dropped; those cut away in between make the result shorter. ok is false
// if nothing of the span is in the programme.
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

// ToReel converts a span of programme time to the reel time that it shows. The parts of the span in
// a card are dropped; ok is false if nothing else is left. If the span extends across a cut, the
// result includes what was cut away there, so that FromReel returns the span again.
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
