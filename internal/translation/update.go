package translation

import (
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// UpdateReport tells what a change of the source did to a translation.
type UpdateReport struct {
	Kept             int        `json:"kept"`          // translated cues that did not change
	Retimed          int        `json:"retimed"`       // translated cues of which only the times changed
	NeedsEditing     []StaleCue `json:"needs_editing"` // sorted by time
	Untranslated     int        `json:"untranslated"`  // source cues without a translation
	Obsolete         int        `json:"obsolete"`      // translated cues whose source was deleted
	Unmatched        int        `json:"unmatched"`     // translated cues without a known source; they are kept
	UntranslatedCues []CueLine  `json:"untranslated_cues"`
	ObsoleteCues     []CueLine  `json:"obsolete_cues"`
	UnmatchedCues    []CueLine  `json:"unmatched_cues"`
}

// StaleCue is a translation whose source text has changed.
type StaleCue struct {
	OldSource   string `json:"old_source"`
	NewSource   string `json:"new_source"`
	Translation string `json:"translation"`
	StartMS     int64  `json:"start_ms"`       // of the new source cues
	EndMS       int64  `json:"end_ms"`         // of the new source cues
	Line        int    `json:"line,omitempty"` // in the translation's file, from 1
}

// CueLine is a cue as reports show it.
type CueLine struct {
	Text    string `json:"text"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Line    int    `json:"line,omitempty"` // in its file, from 1
}

// Update adapts a translation of the source old to the source new, whose cues keep the ids of old's
// cues that they continue (see [compare.CarryIDs]). It returns the cues and a report. Cues whose
// source is gone are kept as obsolete; new source cues have no translation.
//
// If the source text is the same, the translation keeps its state and moves to the source's times.
// If the text changed, or cues were split or merged, it needs editing. If the source has gone back
// to the text that was translated, the translation gets its former state again.
func Update(translated []Cue, old, new []conference.Cue) ([]Cue, UpdateReport) {
	return diffSources(old, new).apply(translated)
}

// sourceDiff is the difference between two versions of a source.
type sourceDiff struct {
	old, new  []conference.Cue
	changes   []compare.Change
	ambiguous []bool // by old cue: it continues, but may be confused with another
}

// diffSources returns the difference between two versions of a source. Cues that stayed, but are
// near an equal one that changed, are marked as ambiguous.
func diffSources(old, new []conference.Cue) *sourceDiff {
	r := &sourceDiff{old: old, new: new, changes: compare.Compare(old, new).Changes, ambiguous: make([]bool, len(old))}
	changed, texts := make([]bool, len(old)), make([]string, len(old))
	for _, c := range r.changes {
		for _, at := range c.Old {
			changed[at.Index-1] = !sameWords(c)
		}
	}
	for i, c := range old {
		texts[i] = collapseSpaces(c.Text)
	}
	for i := range old {
		for n := max(0, i-twinDistance); n < min(len(old), i+twinDistance+1); n++ {
			r.ambiguous[i] = r.ambiguous[i] || n != i && changed[n] && texts[n] == texts[i]
		}
	}
	return r
}

// twinDistance is the distance in cues within which a cue can be confused with another of the
// same words: if one of two changed, it is uncertain which one is left.
const twinDistance = 6

// sameWords reports whether a cue continues as one cue with the same words.
func sameWords(c compare.Change) bool { return !c.Reworded && oneToOne(c) }

// oneToOne reports whether one cue became one cue.
func oneToOne(c compare.Change) bool { return len(c.Old) == 1 && len(c.New) == 1 }

// apply returns a translation of the old source adapted to the new one, sorted by time, and a
// report.
func (r *sourceDiff) apply(translated []Cue) ([]Cue, UpdateReport) {
	u := &updater{r, slices.Clone(translated)}
	report := UpdateReport{NeedsEditing: []StaleCue{}, UntranslatedCues: []CueLine{}, ObsoleteCues: []CueLine{}, UnmatchedCues: []CueLine{}}
	for _, p := range u.components() {
		if len(p.cues) > 0 || len(p.old) > 0 || !u.restoreObsolete(p, &report) {
			u.updateComponent(p, &report)
		}
	}
	slices.SortStableFunc(u.cues, func(a, b Cue) int { return int(a.Start - b.Start) })
	return u.cues, report
}

// updater adapts one translation to a new version of its source.
type updater struct {
	*sourceDiff
	cues []Cue
}

// linkedCues is a connected part of the talk: old source cues, the new ones that they became,
// and the translations of both. The numbers are indices.
type linkedCues struct {
	old, new, cues []int
	changes        []compare.Change
}

// components returns the connected parts of the talk, in the order of the new source. Each cue is
// in exactly one. The last part has the translated cues without a known source.
func (u *updater) components() []*linkedCues {
	sets := newDisjointSets(len(u.changes))
	changeOf := make(map[string]int) // by id of the old cue
	for n, c := range u.changes {
		for _, at := range c.Old {
			changeOf[u.old[at.Index-1].ID] = n
		}
	}
	home := make([]int, len(u.cues)) // by translated cue, the index of a change; -1 if its source is unknown
	for j, c := range u.cues {
		home[j] = -1
		for _, id := range c.SourceIDs {
			n, ok := changeOf[id]
			switch {
			case ok && home[j] < 0:
				home[j] = n
			case ok:
				sets.union(home[j], n)
			}
		}
	}
	byRoot := make(map[int]*linkedCues)
	var all []*linkedCues
	for n, c := range u.changes {
		p := byRoot[sets.find(n)]
		if p == nil {
			p = &linkedCues{}
			byRoot[sets.find(n)], all = p, append(all, p)
		}
		p.changes = append(p.changes, c)
		for _, at := range c.Old {
			p.old = append(p.old, at.Index-1)
		}
		for _, at := range c.New {
			p.new = append(p.new, at.Index-1)
		}
	}
	var strange linkedCues
	for j := range u.cues {
		if home[j] < 0 {
			strange.cues = append(strange.cues, j)
		} else {
			p := byRoot[sets.find(home[j])]
			p.cues = append(p.cues, j)
		}
	}
	for _, p := range all {
		slices.Sort(p.old)
		slices.Sort(p.new)
	}
	return append(all, &strange)
}

func (u *updater) updateComponent(p *linkedCues, r *UpdateReport) {
	switch {
	case len(p.cues) == 0:
		u.reportUntranslated(p, r)
	case len(p.changes) == 0:
		u.moveUnmatched(p, r)
	case len(p.new) == 0:
		u.markObsolete(p, r)
	case p.sameWords() && !slices.ContainsFunc(p.old, func(i int) bool { return u.ambiguous[i] }):
		u.keepTranslation(p, r)
	default:
		u.markStale(p, r)
	}
}

// sameWords reports whether each source cue of the component continues with the same words.
func (p *linkedCues) sameWords() bool {
	return !slices.ContainsFunc(p.changes, func(c compare.Change) bool { return !sameWords(c) })
}

// keepTranslation moves a translation, whose source still has the same words, to the new times.
// States stay.
func (u *updater) keepTranslation(p *linkedCues, r *UpdateReport) {
	retimed := slices.ContainsFunc(p.changes, func(c compare.Change) bool { return c.Retimed || c.Moved })
	untranslated := false
	u.retime(p)
	for _, j := range p.cues {
		c := &u.cues[j]
		switch {
		case c.State == NeedsEditing:
			r.NeedsEditing = append(r.NeedsEditing, u.staleCue(p, c.PreviousSource, []int{j}))
		case c.State == Untranslated:
			untranslated = true
		case retimed:
			r.Retimed++
		default:
			r.Kept++
		}
	}
	if untranslated {
		u.reportUntranslated(p, r)
	}
}

// reportUntranslated adds the part's source cues to those that the report lists as untranslated.
func (u *updater) reportUntranslated(p *linkedCues, r *UpdateReport) {
	for _, i := range p.new {
		r.Untranslated++
		r.UntranslatedCues = append(r.UntranslatedCues, NewCueLine(u.new[i]))
	}
}

// markStale marks a translation whose source has changed as needing editing, and moves it to the
// new times. If the new source is the text that it was made from, it gets its former state instead.
func (u *updater) markStale(p *linkedCues, r *UpdateReport) {
	was, is := JoinText(selectCues(u.old, p.old)), JoinText(selectCues(u.new, p.new))
	whole := !slices.ContainsFunc(p.changes, func(c compare.Change) bool { return !oneToOne(c) })
	untranslated := false
	var of []string
	for _, i := range p.new {
		of = append(of, u.new[i].ID)
	}
	u.retime(p)
	var stale []int
	for _, j := range p.cues {
		c := &u.cues[j]
		c.SourceIDs = of
		switch {
		case c.State == Untranslated:
			c.SourceHash = HashText(is)
			untranslated = true
			continue
		case whole && c.SourceHash == HashText(is) && c.State == NeedsEditing && c.PreviousState != "":
			c.State, c.PreviousState, c.PreviousSource = c.PreviousState, "", ""
			r.Retimed++
			continue
		case c.State != NeedsEditing:
			c.PreviousSource, c.PreviousState, c.State = was, c.State, NeedsEditing
			if c.SourceHash == HashText(is) { // an equal neighbour or a part: a person has to decide
				c.SourceHash = ""
			}
		}
		stale = append(stale, j)
	}
	if untranslated {
		u.reportUntranslated(p, r)
	}
	if len(stale) > 0 {
		r.NeedsEditing = append(r.NeedsEditing, u.staleCue(p, u.cues[stale[0]].PreviousSource, stale))
	}
}

// staleCue returns the report entry for the translated cues with these indices.
func (u *updater) staleCue(p *linkedCues, was string, cues []int) StaleCue {
	now := selectCues(u.new, p.new)
	s := StaleCue{OldSource: was, NewSource: JoinText(now), Line: u.cues[cues[0]].Line}
	s.StartMS, s.EndMS = millis(now[0].Start), millis(now[0].End)
	for _, c := range now {
		s.StartMS, s.EndMS = min(s.StartMS, millis(c.Start)), max(s.EndMS, millis(c.End))
	}
	var said []conference.Cue
	for _, j := range cues {
		said = append(said, u.cues[j].Cue)
	}
	s.Translation = JoinText(said)
	return s
}

// markObsolete marks the translation of source cues that are gone as obsolete, and keeps it.
func (u *updater) markObsolete(p *linkedCues, r *UpdateReport) {
	for _, j := range p.cues {
		c := &u.cues[j]
		r.Obsolete++
		r.ObsoleteCues = append(r.ObsoleteCues, NewCueLine(c.Cue))
		if c.State != Obsolete {
			c.PreviousSource, c.PreviousState, c.State = JoinText(selectCues(u.old, p.old)), c.State, Obsolete
		}
	}
}

// restoreObsolete gives a source cue that is new the obsolete translation of the same text, if
// there is one, and reports whether there was. The source cue was cut before, and is back.
func (u *updater) restoreObsolete(p *linkedCues, r *UpdateReport) bool {
	if len(p.new) != 1 {
		return false
	}
	now := u.new[p.new[0]]
	for j := range u.cues {
		c := &u.cues[j]
		if c.State != Obsolete || c.SourceHash != HashText(now.Text) {
			continue
		}
		c.SourceIDs, c.State, c.PreviousState, c.PreviousSource = []string{now.ID}, c.PreviousState, "", ""
		c.Start, c.End = now.Start, now.End
		r.Retimed++
		return true
	}
	return false
}

// moveUnmatched shifts cues without a source, which are obsolete or were added by a translator, as
// far as the nearest source cue moved.
func (u *updater) moveUnmatched(p *linkedCues, r *UpdateReport) {
	for _, j := range p.cues {
		c := &u.cues[j]
		later := u.shiftNear(c.Start)
		c.Start, c.End = max(0, c.Start+later), max(0, c.End+later)
		if c.State != Obsolete {
			r.Unmatched++
			r.UnmatchedCues = append(r.UnmatchedCues, NewCueLine(c.Cue))
		}
	}
}

// shiftNear returns by how much later the source cue nearest to a time begins now; negative if it
// is earlier.
func (u *updater) shiftNear(at time.Duration) (later time.Duration) {
	nearest := time.Duration(-1)
	for _, c := range u.changes {
		if len(c.Old) == 0 || len(c.New) == 0 || c.Moved {
			continue
		}
		was := time.Duration(c.Old[0].StartMS) * time.Millisecond
		if off := (was - at).Abs(); nearest < 0 || off < nearest {
			nearest, later = off, time.Duration(c.New[0].StartMS-c.Old[0].StartMS)*time.Millisecond
		}
	}
	return later
}

func selectCues(cues []conference.Cue, some []int) (picked []conference.Cue) {
	for _, i := range some {
		picked = append(picked, cues[i])
	}
	return picked
}

// NewCueLine returns a cue as reports list it, with times in milliseconds.
func NewCueLine(c conference.Cue) CueLine {
	return CueLine{Text: c.Text, StartMS: millis(c.Start), EndMS: millis(c.End), Line: c.Line}
}

func millis(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }

// disjointSets is a union–find structure over the numbers below its length.
type disjointSets []int

func newDisjointSets(n int) disjointSets {
	s := make(disjointSets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s disjointSets) find(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

func (s disjointSets) union(i, j int) { s[s.find(i)] = s.find(j) }
