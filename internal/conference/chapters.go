package conference

import (
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Chapter is where a part of a talk begins. It ends where the next one begins, or with the
// reel.
type Chapter struct {
	At     time.Duration     `json:"at"`               // of reel time
	Title  string            `json:"title"`            // in the language of the talk
	Titles map[string]string `json:"titles,omitempty"` // in others, by BCP 47
}

// Section is a chapter as a viewer of a programme sees it, in programme time.
type Section struct {
	timeline.Span
	Title string
}

// minSectionLength is the shortest section that is worth offering to viewers. It is also
// YouTube's minimum.
const minSectionLength = 10 * time.Second

// Sections returns the chapters that are left in a programme. They follow each other without a gap.
// The first one includes the opening card, and the last one the closing card; if there are ten
// seconds or more before the first chapter, a section titled as the talk precedes it. A chapter of
// which less than ten seconds are left is returned as lost, and its time belongs to the one before
// or, at the start, to the one after. A talk without chapters has no sections.
func (t Talk) Sections(p timeline.Programme) (sections []Section, lost []Chapter) {
	for i, c := range t.Chapters {
		whole := timeline.Span{From: c.At, To: 1<<63 - 1}
		if i+1 < len(t.Chapters) {
			whole.To = t.Chapters[i+1].At
		}
		seen, ok := p.FromReel(whole)
		if !ok || seen.Len() < minSectionLength {
			lost = append(lost, c)
			continue
		}
		sections = append(sections, Section{timeline.Span{From: seen.From}, c.Title})
	}
	if len(sections) == 0 {
		return nil, lost
	}
	if sections[0].From-p.Rate.Time(p.Opening) < minSectionLength {
		sections[0].From = 0
	} else {
		sections = append([]Section{{Title: t.Title}}, sections...)
	}
	for i := range sections {
		sections[i].To = p.Duration()
		if i+1 < len(sections) {
			sections[i].To = sections[i+1].From
		}
	}
	return sections, lost
}
