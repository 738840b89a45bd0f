package compare

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Write writes the changes for people: a summary, then each change worth looking at, with its text.
// Words that differ are marked [-like this-] and {+like this+}. Cues that were only retimed, by
// about the same, share a line, and have none if they follow the common shift.
func (d Diff) Write(w io.Writer, oldName, newName string) error {
	out := &diffWriter{d: d}
	out.printf("--- %s\n+++ %s\n%s\n", oldName, newName, d.Summary())
	for n := 0; n < len(d.Changes); {
		n += out.writeChange(n)
	}
	_, err := io.WriteString(w, out.text.String())
	return err
}

// Summary returns one line, such as "412 cues: 398 unchanged, 12 edited, 2 deleted".
func (d Diff) Summary() string {
	var parts []string
	for _, k := range kinds {
		if n := *d.Counts.of(k); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, k))
		}
	}
	s := plural.Count(d.Counts.Old, "cue")
	if d.Counts.New != d.Counts.Old {
		s += fmt.Sprintf(", now %d", d.Counts.New)
	}
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	if d.Shift != nil {
		s += "; " + d.shiftText()
	}
	return s
}

// shiftText returns the common shift in words. There must be one.
func (d Diff) shiftText() string {
	who := "all"
	if d.Shift.Share < 1 {
		who = fmt.Sprintf("%d %% of them", int(100*d.Shift.Share))
	}
	about := ""
	if d.Shift.WithinMS == roughMS {
		about = " about"
	}
	if d.Shift.Ratio == 1 {
		return who + about + " " + shiftWords(d.Shift.OffsetMS)
	}
	var end int64
	for _, c := range d.Changes {
		if len(c.Old) > 0 {
			end = max(end, c.Old[0].StartMS)
		}
	}
	return fmt.Sprintf("%s%s drift (times × %.6f): %s at the start, %s at the end",
		who, about, d.Shift.Ratio, shiftWords(d.Shift.OffsetMS), shiftWords(d.Shift.apply(end)-end))
}

// diffWriter writes a Diff as text.
type diffWriter struct {
	d    Diff
	text strings.Builder
}

func (r *diffWriter) printf(format string, args ...any) { fmt.Fprintf(&r.text, format, args...) }

// writeChange writes change n if it is worth showing, and returns how many changes it dealt with:
// more than one if the cues after it were retimed by about the same, since one line tells them all.
// Unchanged cues, and those that only follow the common shift, are not written.
func (r *diffWriter) writeChange(n int) int {
	c := r.d.Changes[n]
	switch {
	case c.Kind == Unchanged:
		if c.Rebroken {
			r.writeOne(c)
		}
		return 1
	case c.Kind == Retimed && !c.Rebroken:
		return r.writeRetimed(n)
	}
	r.writeOne(c)
	return 1
}

// maxRunSpread is by how many ms neighbours in a run of retimed cues may differ in their shift.
const maxRunSpread = 500

// writeRetimed writes change n and the following cues that were only retimed, by about the same, on
// one line, and returns how many changes that were. If they follow the common shift, it writes
// nothing.
func (r *diffWriter) writeRetimed(n int) int {
	run := r.retimedRun(n)
	first := run[0]
	if r.followsShift(first) {
		return len(run)
	}
	if len(run) == 1 {
		r.printf("\n%s: %s\n  %s\n", first.description(), cueNumbers(first.Old, first.New), first.times())
		return 1
	}
	var old, new []CueRef
	least, most := first.startShift(), first.startShift()
	for _, c := range run {
		old, new = append(old, c.Old...), append(new, c.New...)
		least, most = min(least, c.startShift()), max(most, c.startShift())
	}
	by := shiftWords(least)
	switch ends := slices.ContainsFunc(run, func(c Change) bool { return c.endShift() != c.startShift() }); {
	case least != most:
		by = fmt.Sprintf("starts by %+.3f to %+.3f s", float64(least)/1000, float64(most)/1000)
	case ends && least == 0:
		by = "only when they end"
	case ends:
		by += ", and some end otherwise"
	}
	r.printf("\n%s: %s, %s\n", first.description(), cueNumbers(old, new), by)
	return len(run)
}

// retimedRun returns change n and those after it that can be written on the same line.
func (r *diffWriter) retimedRun(n int) []Change {
	all := r.d.Changes
	to := n + 1
	for ; to < len(all); to++ {
		last, c := all[to-1], all[to]
		if c.Kind != Retimed || c.Rebroken || c.Moved != last.Moved || c.Old[0].Index != last.Old[0].Index+1 ||
			r.followsShift(c) != r.followsShift(last) || max(c.startShift()-last.startShift(), last.startShift()-c.startShift()) > maxRunSpread {
			break
		}
	}
	return all[n:to]
}

// followsShift reports whether the new times of a change are those that the common shift gives.
func (r *diffWriter) followsShift(c Change) bool {
	s := r.d.Shift
	return s != nil && s.WithinMS == exactMS && !c.Moved && len(c.Old) > 0 && len(c.New) > 0 &&
		s.follows(c.Old[0].StartMS, c.New[0].StartMS) && s.follows(c.Old[len(c.Old)-1].EndMS, c.New[len(c.New)-1].EndMS)
}

// writeOne writes a change with its old and new texts, and its times if they matter.
func (r *diffWriter) writeOne(c Change) {
	r.printf("\n%s: %s\n", c.description(), cueNumbers(c.Old, c.New))
	if c.Retimed && !r.followsShift(c) || c.Kind == Inserted || c.Kind == Deleted {
		r.printf("  %s\n", c.times())
	}
	was, is := joinTexts(c.Old), joinTexts(c.New)
	if c.Reworded && len(c.Old) == len(c.New) {
		was, is = markChanges(was, is)
	} else if !c.Reworded && !c.Rebroken && len(c.Old) == len(c.New) {
		is = "" // only the style changed
	}
	for _, side := range []struct{ sign, text string }{{"-", was}, {"+", is}} {
		for line := range strings.Lines(side.text) {
			r.printf("%s\n", strings.TrimRight(side.sign+" "+line, " \n"))
		}
	}
}

// description returns the kind of the change and what else differs, in words.
func (c Change) description() string {
	s := string(c.Kind)
	for _, also := range []struct {
		is   bool
		word string
	}{
		{c.Moved, "moved"},
		{c.Rebroken, "new line breaks or spaces"},
		{c.Restyled, "new style"},
		{c.Reworded && c.Kind != Edited, "new words"},
		{c.Retimed && c.Kind != Retimed, "new times"},
	} {
		if also.is {
			s += ", " + also.word
		}
	}
	return s
}

// startShift returns by how many ms the first cue starts later than before; negative if it is
// earlier.
func (c Change) startShift() int64 { return c.New[0].StartMS - c.Old[0].StartMS }

// endShift returns by how many ms the last cue ends later than before; negative if it is earlier.
func (c Change) endShift() int64 {
	return c.New[len(c.New)-1].EndMS - c.Old[len(c.Old)-1].EndMS
}

// times returns in words when the cues were shown and are shown now, and the difference.
func (c Change) times() string {
	var sides []string
	for _, side := range [][]CueRef{c.Old, c.New} {
		if n := len(side); n > 0 {
			sides = append(sides, timeline.FormatTimestamp(time.Duration(side[0].StartMS)*time.Millisecond)+" – "+timeline.FormatTimestamp(time.Duration(side[n-1].EndMS)*time.Millisecond))
		}
	}
	s := strings.Join(sides, " → ")
	if len(sides) < 2 {
		return s
	}
	if c.endShift() == c.startShift() {
		return s + " (" + shiftWords(c.startShift()) + ")"
	}
	return s + " (starts " + shiftWords(c.startShift()) + ", ends " + shiftWords(c.endShift()) + ")"
}

// cueNumbers returns the numbers of cues on either side, such as "cue 7 (line 31) → cues 8–9
// (line 36)".
func cueNumbers(old, new []CueRef) string {
	var sides []string
	for _, side := range [][]CueRef{old, new} {
		if len(side) == 0 {
			continue
		}
		s := fmt.Sprintf("cue %d", side[0].Index)
		if n := len(side); n > 1 {
			s = fmt.Sprintf("cues %d–%d", side[0].Index, side[n-1].Index)
		}
		if side[0].Line > 0 {
			s += fmt.Sprintf(" (line %d)", side[0].Line)
		}
		sides = append(sides, s)
	}
	return strings.Join(sides, " → ")
}

// joinTexts joins the texts of cues with an empty line between them.
func joinTexts(side []CueRef) string {
	var all []string
	for _, at := range side {
		all = append(all, at.Text)
	}
	return strings.Join(all, "\n\n")
}

func shiftWords(ms int64) string {
	switch {
	case ms > 0:
		return fmt.Sprintf("later by %.3f s", float64(ms)/1000)
	case ms < 0:
		return fmt.Sprintf("earlier by %.3f s", float64(-ms)/1000)
	}
	return "at the same time"
}
