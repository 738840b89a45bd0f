package subtitle_test

import (
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

const ms = time.Millisecond

func cue(id string, start, end time.Duration, text string) conference.Cue {
	return conference.Cue{ID: id, Start: start, End: end, Text: text}
}
