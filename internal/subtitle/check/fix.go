package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Change is one thing that Fix did to a cue.
type Change struct {
	Line   int    `json:"line"` // of the cue in its file; 0 if unknown
	Cue    int    `json:"cue"`  // number of the cue after fixing, from 1
	Code   Code   `json:"code"` // the rule that required it
	Before string `json:"before"`
	After  string `json:"after"`
}

// String returns the change as “line 12: too-short: 00:00:01.000 --> 00:00:01.500 → …”.
func (c Change) String() string {
	where := fmt.Sprintf("cue %d", c.Cue)
	if c.Line > 0 {
		where = fmt.Sprintf("line %d", c.Line)
	}
	return fmt.Sprintf("%s: %s: %s → %s", where, c.Code, singleLine(c.Before), singleLine(c.After))
}

// Fix fixes what can be fixed without judgement. It returns the cues, ascending by start, and a
// list of the changes. It
//
//   - sorts the cues (those out of order lose their line number);
//   - shows a cue that is too short to see or read longer while nothing else is shown, never
//     closer to the next cue than the profile's gap;
//   - ends a cue where the next starts, less the profile's gap, if they overlap by at most the
//     profile's Overlap or leave a gap below its Flicker;
//   - breaks the lines of a cue again if one is too long or there are too many.
//
// A cue's start never changes, and of its text only which white space is a line break; its
// spans keep to their words. A cue of which one rule can be kept only by breaking a more
// serious one is left as it is, and so is Japanese and Chinese text without spaces to break at.
// Fixing the result again changes nothing. The given cues are not modified.
func Fix(cues []conference.Cue, profile Profile, language string) ([]conference.Cue, []Change) {
	f := fixer{checker: checker{profile: profile, grammar: grammarFor(language)}, changes: []Change{}}
	f.sortCues(cues)
	f.extendShort()
	f.closeGaps()
	for i := range f.cues {
		f.rewrap(i)
	}
	slices.SortStableFunc(f.changes, func(a, b Change) int { return cmp.Compare(a.Cue, b.Cue) })
	return f.cues, f.changes
}

type fixer struct {
	checker
	cues    []conference.Cue // ascending by start
	lines   []int            // of each cue in its file, even of moved ones
	changes []Change
}

// record adds a change of cue i, for the rule code, to the list of changes.
func (f *fixer) record(i int, code Code, before, after string) {
	f.changes = append(f.changes, Change{Line: f.lines[i], Cue: i + 1, Code: code, Before: before, After: after})
}

// sortCues copies the cues in order of start into f. Those that were out of order lose their line,
// and are recorded as changed.
func (f *fixer) sortCues(cues []conference.Cue) {
	stray := outOfOrder(cues)
	for _, i := range byStart(cues) {
		cue, n := cues[i], len(f.cues)
		f.lines = append(f.lines, cue.Line)
		if above, ok := stray[i]; ok {
			f.record(n, OutOfOrder, "below the cue of "+timeline.FormatTimestamp(cues[above].Start), "in its place at "+timeline.FormatTimestamp(cue.Start))
			cue.Line = 0
		}
		f.cues = append(f.cues, cue)
	}
}

// extendShort moves the ends of cues that are shown for less than the profile's shortest time or
// for less than it takes to read them. No cue becomes longer than the profile allows, or comes
// closer to the next one than its gap.
func (f *fixer) extendShort() {
	p := f.profile
	for i, cue := range f.cues {
		shown := cue.End - cue.Start
		needs := max(p.Shortest, p.ReadingTime(cue.Text))
		if p.Longest > 0 {
			needs = min(needs, p.Longest)
		}
		if shown <= 0 || shown >= needs || oneLine(cue.Text) == "" {
			continue
		}
		end := cue.Start + needs
		if i+1 < len(f.cues) {
			end = min(end, f.cues[i+1].Start-p.Gap)
		}
		code := TooFast
		if shown < p.Shortest {
			code = TooShort
		}
		if end > cue.End {
			f.setEnd(i, end, code)
		}
	}
}

// closeGaps ends each cue the profile's gap before the next one starts, if it overlaps that by no
// more than the profile allows to correct, or leaves a gap that is too small. It changes no cue
// whose times would then break a more serious rule.
func (f *fixer) closeGaps() {
	p := f.profile
	for i, b := range f.cues[min(1, len(f.cues)):] {
		a := f.cues[i]
		found := f.checkPair(a, b)
		if a.End <= a.Start || b.End <= b.Start || len(found) == 0 || found[0].Code == Duplicate || a.End-b.Start > p.Overlap {
			continue
		}
		mended := a
		mended.End = b.Start - p.Gap
		if mended.End > a.Start && !worse(f.checkTimes(mended), f.checkTimes(a)) {
			f.setEnd(i, mended.End, found[0].Code)
		}
	}
}

// setEnd changes the end of cue i, and records that as a change for the rule code.
func (f *fixer) setEnd(i int, end time.Duration, code Code) {
	before := timeRange(f.cues[i])
	f.cues[i].End = end
	f.record(i, code, before, timeRange(f.cues[i]))
}

func timeRange(cue conference.Cue) string {
	return timeline.FormatTimestamp(cue.Start) + " --> " + timeline.FormatTimestamp(cue.End)
}

// rewrap breaks the lines of cue i again if there are too many or one is too long. It leaves the
// cue as it is if the result would break more serious rules.
func (f *fixer) rewrap(i int) {
	cue := f.cues[i]
	found := f.checkLines(cue.Text)
	at := slices.IndexFunc(found, func(f Finding) bool { return f.Code == LongLine || f.Code == ManyLines })
	if at < 0 {
		return
	}
	mended, ok := f.rewrapped(cue)
	if !ok || !sameWords(mended.Text, cue.Text) || worse(f.checkLines(mended.Text), found) {
		return
	}
	f.cues[i] = mended
	f.record(i, found[at].Code, cue.Text, mended.Text)
}

// sameWords reports whether two texts differ only in white space.
func sameWords(a, b string) bool { return slices.Equal(splitWords(a), splitWords(b)) }

// worse reports whether the findings a are worse than b: they have more errors, or as many and more
// warnings, or as many of both and more notes.
func worse(a, b []Finding) bool {
	var x, y Counts
	for _, f := range a {
		x.Add(f.Severity, f.Code)
	}
	for _, f := range b {
		y.Add(f.Severity, f.Code)
	}
	return x.compare(y) > 0
}
