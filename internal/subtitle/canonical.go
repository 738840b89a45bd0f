package subtitle

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// canonicalCue is one cue in canonical form.
type canonicalCue struct {
	Start int64             `json:"start"` // ms
	End   int64             `json:"end"`   // ms
	Text  string            `json:"text"`
	Spans []conference.Span `json:"spans,omitempty"`
	Place int               `json:"place,omitempty"`
}

// CanonicalJSON encodes cues as JSON that depends only on what a viewer sees and when: times in
// milliseconds, text, styles and place, without ids and line numbers. Keys of actions hash it.
func CanonicalJSON(cues []conference.Cue) []byte {
	all := make([]canonicalCue, len(cues))
	for i, c := range cues {
		c = normalizeCue(c)
		all[i] = canonicalCue{Start: c.Start.Milliseconds(), End: c.End.Milliseconds(), Text: c.Text, Spans: c.Spans, Place: c.Position}
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return b
}

// ParseCanonicalJSON reads what CanonicalJSON wrote. The cues get new ids, by their order: "c0001"
// is the first.
func ParseCanonicalJSON(b []byte) ([]conference.Cue, error) {
	var all []canonicalCue
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("read canonical cues: %w", err)
	}
	cues := make([]conference.Cue, len(all))
	for i, s := range all {
		cues[i] = conference.Cue{
			ID:    fmt.Sprintf("c%04d", i+1),
			Start: time.Duration(s.Start) * time.Millisecond,
			End:   time.Duration(s.End) * time.Millisecond,
			Text:  s.Text, Spans: s.Spans, Position: s.Place,
		}
	}
	return cues, nil
}
