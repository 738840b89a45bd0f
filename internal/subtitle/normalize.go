package subtitle

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// normalize sorts the cues by start, as players do, and gives each an end and an id. It adds
// diagnostics about times that are negative, missing, out of order or overlapping.
func (p *parser) normalize() {
	cues := p.doc.Cues
	sorted := true
	for i := range cues {
		c := &cues[i]
		if c.Start < 0 {
			p.add(c.Line, "negative-time")
			c.Start = 0
		}
		if c.End != endUnknown && c.End <= c.Start {
			p.reportBadEnd(c)
		} else if c.End == endUnknown && !p.startsOnly {
			p.add(c.Line, "missing-end")
		} else if c.End == endUnknown {
			p.addOnce(c.Line, "missing-end.format")
		}
		if i > 0 && c.Start < cues[i-1].Start {
			sorted = false
			p.add(c.Line, "unsorted", "above", cues[i-1].Line)
		}
	}
	if !sorted {
		slices.SortStableFunc(cues, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	}
	fillMissingEnds(cues)
	for i := range cues {
		if c := cues[i]; i > 0 && c.Start < cues[i-1].End {
			p.add(c.Line, "overlap", "ms", (cues[i-1].End - c.Start).Milliseconds())
		}
	}
	assignIDs(cues)
}

// reportBadEnd reports that a cue ends when it starts, or before, and marks its end as unknown.
func (p *parser) reportBadEnd(c *conference.Cue) {
	if c.End == c.Start {
		p.add(c.Line, "no-duration")
	} else {
		p.add(c.Line, "end-before-start")
	}
	c.End = endUnknown
}

// fillMissingEnds sets the end of each cue that has none: when its text can have been read, but no
// later than when the next cue with a later start begins.
func fillMissingEnds(cues []conference.Cue) {
	later := time.Duration(math.MaxInt64) // when the first cue starts that starts after the one at hand
	for i := len(cues) - 1; i >= 0; i-- {
		c := &cues[i]
		if i+1 < len(cues) && cues[i+1].Start > c.Start {
			later = cues[i+1].Start
		}
		if c.End == endUnknown {
			c.End = min(c.Start+readingTime(c.Text), later)
		}
	}
}

// readingTime returns how long a cue without an end is shown: 1 s for 15 characters, at least 2 s
// and at most maxImpliedDuration.
func readingTime(text string) time.Duration {
	const each = time.Second / 15
	return min(max(time.Duration(utf8.RuneCountInString(text))*each, 2*time.Second), maxImpliedDuration).Truncate(time.Millisecond)
}

// assignIDs sets the ids of the cues, "c0001" and so on, by their order. All share one string,
// which saves memory.
func assignIDs(cues []conference.Cue) {
	var all strings.Builder
	all.Grow(len(cues) * 8)
	at := make([]int32, len(cues)+1)
	for i := range cues {
		all.WriteString("c")
		for least := 1000; least > i+1; least /= 10 {
			all.WriteByte('0')
		}
		all.WriteString(strconv.Itoa(i + 1))
		at[i+1] = int32(all.Len())
	}
	for i := range cues {
		cues[i].ID = all.String()[at[i]:at[i+1]]
	}
}
