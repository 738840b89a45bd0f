package subtitle

import (
	"slices"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/timeline"
)

// MinClippedDuration is how long what is left of a clipped cue must be to be shown.
const MinClippedDuration = 300 * time.Millisecond

// OmittedCue is a cue that stays in its track and is not shown, and why, in words.
type OmittedCue struct {
	Cue    conference.Cue `json:"cue"`
	Reason string         `json:"why"`
}

// OmittedEnglish are the reasons of omitted cues. Pages recognize the stored sentences by these
// templates.
var OmittedEnglish = message.Templates{
	"omitted.outside": "it is not in the programme",
	"omitted.short":   "only {ms} ms of it are in the programme",
	"omitted.card":    "it is over a card, where nothing is spoken, or outside the programme",
}

// ToProgramme returns cues converted from reel time to programme time, and those that are left out
// with the reason: they are outside of the programme, or are clipped to less than
// MinClippedDuration.
func ToProgramme(p timeline.Programme, cues []conference.Cue) (placed []conference.Cue, left []OmittedCue) {
	for _, c := range cues {
		whole := timeline.Span{From: c.Start, To: c.End}
		seen, ok := p.FromReel(whole)
		switch {
		case !ok:
			left = append(left, OmittedCue{c, OmittedEnglish["omitted.outside"]})
		case seen.Len() < MinClippedDuration && seen.Len() < whole.Len():
			left = append(left, OmittedCue{c, OmittedEnglish.Format(message.Message{Code: "omitted.short", Values: map[string]string{
				"ms": strconv.FormatInt(roundToMS(seen.Len()).Milliseconds(), 10),
			}})})
		default:
			c.Start, c.End = seen.From, seen.To
			placed = append(placed, c)
		}
	}
	return placed, left
}

// ToReel returns cues converted from programme time to reel time, and those that are left out: they
// are only over a card, which has no place on the reel, or outside of the programme.
func ToReel(p timeline.Programme, cues []conference.Cue) (reel []conference.Cue, left []OmittedCue) {
	for _, c := range cues {
		span, ok := p.ToReel(timeline.Span{From: c.Start, To: c.End})
		if !ok {
			left = append(left, OmittedCue{c, OmittedEnglish["omitted.card"]})
			continue
		}
		c.Start, c.End = span.From, span.To
		reel = append(reel, c)
	}
	return reel, left
}

// Flatten merges cues that overlap, for formats that show one cue at a time, such as the text track
// of an MP4: during an overlap, one cue has the lines of all. The result has no overlaps and shows
// the same text at every moment. cues must be in ascending order.
func Flatten(cues []conference.Cue) (flat []conference.Cue) {
	var edges []time.Duration
	for _, c := range cues {
		edges = append(edges, roundToMS(c.Start), roundToMS(c.End))
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	first := 0 // of the cues that have not all ended
	for i := range len(edges) - 1 {
		from, to := edges[i], edges[i+1]
		for first < len(cues) && roundToMS(cues[first].End) <= from {
			first++
		}
		var now conference.Cue
		for _, c := range cues[first:] {
			if roundToMS(c.Start) > from {
				break
			}
			if roundToMS(c.End) > from {
				now = stackCues(now, c)
			}
		}
		now.Start, now.End, now.Line = from, to, 0
		if n := len(flat) - 1; n >= 0 && flat[n].End == from && flat[n].ID == now.ID && sameAppearance(flat[n], now) {
			flat[n].End = to
		} else if now.Text != "" {
			flat = append(flat, now)
		}
	}
	return flat
}

// stackCues returns a cue with the lines of a above those of b, and with the id of b. Its place is
// theirs if both have the same one, or else the default. If a has no text, it returns b.
func stackCues(a, b conference.Cue) conference.Cue {
	if a.Text == "" {
		return b
	}
	a.ID = b.ID
	a.Spans = append(slices.Clone(a.Spans), shiftSpans(b.Spans, len(a.Text)+1)...)
	a.Text += "\n" + b.Text
	if a.Position != b.Position {
		a.Position = 0
	}
	return a
}

// sameAppearance reports whether two cues have the same text, styles and place.
func sameAppearance(a, b conference.Cue) bool {
	return a.Text == b.Text && a.Position == b.Position && slices.Equal(a.Spans, b.Spans)
}
