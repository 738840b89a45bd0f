package translation

import (
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// UpdateReport is what became of a translation when its source changed: what a translator need
// not look at, in numbers, and what they should.
type UpdateReport struct {
	Kept             int        `json:"kept"`          // translated cues that are as good as before, at the same time
	Retimed          int        `json:"retimed"`       // likewise, at another time
	NeedsEditing     []StaleCue `json:"needs_editing"` // by time
	Untranslated     int        `json:"untranslated"`  // source cues of which there is no translation
	Obsolete         int        `json:"obsolete"`      // translated cues whose source is gone
	Unmatched        int        `json:"unmatched"`     // translated cues of which nobody knows the source; they stay as they are
	UntranslatedCues []CueLine  `json:"untranslated_cues"`
	ObsoleteCues     []CueLine  `json:"obsolete_cues"`
	UnmatchedCues    []CueLine  `json:"unmatched_cues"`
}

// StaleCue is a translation of something that the source does not say any more.
type StaleCue struct {
	OldSource   string `json:"old_source"`
	NewSource   string `json:"new_source"`
	Translation string `json:"translation"`
	StartMS     int64  `json:"start_ms"`       // of the new source
	EndMS       int64  `json:"end_ms"`         // likewise
	Line        int    `json:"line,omitempty"` // of the translation's file, from 1
}

// CueLine is one cue for people.
type CueLine struct {
	Text    string `json:"text"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Line    int    `json:"line,omitempty"` // of its file, from 1
}

// Update brings a translation of old along to new, whose cues have the ids of old's where
// they live on (see [compare.Carry]). Of each cue it says by its state what is to be done;
// what is obsolete stays among the cues, and what is new in the source has none yet.
//
// Where the source says the same, the translation stays as good as it was, and follows its
// times. Where it says something else, or was split or merged, the translation needs
// editing; where it went back to what it said, it needs none any more.
func Update(translated []Cue, old, new []conference.Cue) ([]Cue, UpdateReport) {
	return diffSources(old, new).apply(translated)
}

// sourceDiff is one source made of another.
type sourceDiff struct {
	old, new  []conference.Cue
	changes   []compare.Change
	ambiguous []bool // of each old cue that lives on, whether it may be another's
}

func diffSources(old, new []conference.Cue) *sourceDiff {
	r := &sourceDiff{old, new, compare.Compare(old, new).Changes, make([]bool, len(old))}
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

// twinDistance is how many cues away the same words may be mistaken for a cue's own: where
// something became of one of two, nobody can tell which is left.
const twinDistance = 6

// sameWords reports whether a cue lives on by itself with its words.
func sameWords(c compare.Change) bool { return !c.Reworded && oneToOne(c) }

// oneToOne reports whether one cue lives on as one.
func oneToOne(c compare.Change) bool { return len(c.Old) == 1 && len(c.New) == 1 }

// apply brings a translation along.
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

// updater is one translation on its way from one source to another.
type updater struct {
	*sourceDiff
	cues []Cue
}

// component is a piece of the talk that hangs together: source cues, what became of them, and
// their translation.
type component struct {
	old, new, cues []int
	changes        []compare.Change
}

// components divides the talk, in the order of the new source; each cue is in exactly one.
func (u *updater) components() []*component {
	sets := newDisjointSets(len(u.changes))
	changeOf := make(map[string]int) // of an old cue
	for n, c := range u.changes {
		for _, at := range c.Old {
			changeOf[u.old[at.Index-1].ID] = n
		}
	}
	home := make([]int, len(u.cues)) // a change; −1: its source is unknown
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
	byRoot := make(map[int]*component)
	var all []*component
	for n, c := range u.changes {
		p := byRoot[sets.find(n)]
		if p == nil {
			p = &component{}
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
	var strange component
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

// updateComponent brings one part along.
func (u *updater) updateComponent(p *component, r *UpdateReport) {
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

// sameWords reports whether the source of a part says what it said, cue by cue.
func (p *component) sameWords() bool {
	return !slices.ContainsFunc(p.changes, func(c compare.Change) bool { return !sameWords(c) })
}

// keepTranslation keeps a translation whose source says what it said.
func (u *updater) keepTranslation(p *component, r *UpdateReport) {
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

// reportUntranslated tells of source cues that are to be translated.
func (u *updater) reportUntranslated(p *component, r *UpdateReport) {
	for _, i := range p.new {
		r.Untranslated++
		r.UntranslatedCues = append(r.UntranslatedCues, NewCueLine(u.new[i]))
	}
}

// markStale marks a translation whose source says something else, unless that is just what
// it was made from.
func (u *updater) markStale(p *component, r *UpdateReport) {
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
			if c.SourceHash == HashText(is) { // of twins, or of parts: only a person can tell whether it is right
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

// staleCue is what a translator is shown of cues.
func (u *updater) staleCue(p *component, was string, cues []int) StaleCue {
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

// markObsolete keeps a translation whose source is gone, out of sight.
func (u *updater) markObsolete(p *component, r *UpdateReport) {
	for _, j := range p.cues {
		c := &u.cues[j]
		r.Obsolete++
		r.ObsoleteCues = append(r.ObsoleteCues, NewCueLine(c.Cue))
		if c.State != Obsolete {
			c.PreviousSource, c.PreviousState, c.State = JoinText(selectCues(u.old, p.old)), c.State, Obsolete
		}
	}
}

// restoreObsolete gives back its translation to a cue that was cut from the source and stands there
// again, if it did.
func (u *updater) restoreObsolete(p *component, r *UpdateReport) bool {
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

// moveUnmatched are cues without a source: what was retired before, and what a translator
// added. They follow what is near them.
func (u *updater) moveUnmatched(p *component, r *UpdateReport) {
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

// shiftNear is by how much the source around a time begins later now.
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

func NewCueLine(c conference.Cue) CueLine {
	return CueLine{c.Text, millis(c.Start), millis(c.End), c.Line}
}

func millis(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }

// disjointSets are disjoint sets of numbers that can be joined.
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
