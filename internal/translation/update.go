package translation

import (
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// Report is what became of a translation when its source changed: what a translator need
// not look at, in numbers, and what they should.
type Report struct {
	Kept         int     `json:"kept"`          // translated cues that are as good as before, at the same time
	Retimed      int     `json:"retimed"`       // likewise, at another time
	NeedsEditing []Stale `json:"needs_editing"` // by time
	Untranslated int     `json:"untranslated"`  // source cues of which there is no translation
	Obsolete     int     `json:"obsolete"`      // translated cues whose source is gone
	Unmatched    int     `json:"unmatched"`     // translated cues of which nobody knows the source; they stay as they are
	New          []Line  `json:"untranslated_cues"`
	Gone         []Line  `json:"obsolete_cues"`
	Strange      []Line  `json:"unmatched_cues"`
}

// Stale is a translation of something that the source does not say any more.
type Stale struct {
	OldSource   string `json:"old_source"`
	NewSource   string `json:"new_source"`
	Translation string `json:"translation"`
	StartMS     int64  `json:"start_ms"`       // of the new source
	EndMS       int64  `json:"end_ms"`         // likewise
	Line        int    `json:"line,omitempty"` // of the translation's file, from 1
}

// Line is one cue for people.
type Line struct {
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
func Update(translated []Cue, old, new []conference.Cue) ([]Cue, Report) {
	return newRevision(old, new).update(translated)
}

// revision is one source made of another.
type revision struct {
	old, new   []conference.Cue
	changes    []compare.Change
	mistakable []bool // of each old cue that lives on, whether it may be another's
}

func newRevision(old, new []conference.Cue) *revision {
	r := &revision{old, new, compare.Compare(old, new).Changes, make([]bool, len(old))}
	changed, texts := make([]bool, len(old)), make([]string, len(old))
	for _, c := range r.changes {
		for _, at := range c.Old {
			changed[at.Index-1] = !same(c)
		}
	}
	for i, c := range old {
		texts[i] = respaced(c.Text)
	}
	for i := range old {
		for n := max(0, i-twins); n < min(len(old), i+twins+1); n++ {
			r.mistakable[i] = r.mistakable[i] || n != i && changed[n] && texts[n] == texts[i]
		}
	}
	return r
}

// twins is how many cues away the same words may be mistaken for a cue's own: where
// something became of one of two, nobody can tell which is left.
const twins = 6

// same reports whether a cue lives on by itself with its words.
func same(c compare.Change) bool { return !c.Reworded && single(c) }

// single reports whether one cue lives on as one.
func single(c compare.Change) bool { return len(c.Old) == 1 && len(c.New) == 1 }

// update brings a translation along.
func (r *revision) update(translated []Cue) ([]Cue, Report) {
	u := &update{r, slices.Clone(translated)}
	report := Report{NeedsEditing: []Stale{}, New: []Line{}, Gone: []Line{}, Strange: []Line{}}
	for _, p := range u.parts() {
		if len(p.cues) > 0 || len(p.old) > 0 || !u.revive(p, &report) {
			u.bring(p, &report)
		}
	}
	slices.SortStableFunc(u.cues, func(a, b Cue) int { return int(a.Start - b.Start) })
	return u.cues, report
}

// update is one translation on its way from one source to another.
type update struct {
	*revision
	cues []Cue
}

// part is a piece of the talk that hangs together: source cues, what became of them, and
// their translation.
type part struct {
	old, new, cues []int
	changes        []compare.Change
}

// parts divides the talk, in the order of the new source; each cue is in exactly one.
func (u *update) parts() []*part {
	sets := newSets(len(u.changes))
	changeOf := make(map[string]int) // of an old cue
	for n, c := range u.changes {
		for _, at := range c.Old {
			changeOf[u.old[at.Index-1].ID] = n
		}
	}
	home := make([]int, len(u.cues)) // a change; −1: its source is unknown
	for j, c := range u.cues {
		home[j] = -1
		for _, id := range c.Of {
			n, ok := changeOf[id]
			switch {
			case ok && home[j] < 0:
				home[j] = n
			case ok:
				sets.join(home[j], n)
			}
		}
	}
	byRoot := make(map[int]*part)
	var all []*part
	for n, c := range u.changes {
		p := byRoot[sets.root(n)]
		if p == nil {
			p = &part{}
			byRoot[sets.root(n)], all = p, append(all, p)
		}
		p.changes = append(p.changes, c)
		for _, at := range c.Old {
			p.old = append(p.old, at.Index-1)
		}
		for _, at := range c.New {
			p.new = append(p.new, at.Index-1)
		}
	}
	var strange part
	for j := range u.cues {
		if home[j] < 0 {
			strange.cues = append(strange.cues, j)
		} else {
			p := byRoot[sets.root(home[j])]
			p.cues = append(p.cues, j)
		}
	}
	for _, p := range all {
		slices.Sort(p.old)
		slices.Sort(p.new)
	}
	return append(all, &strange)
}

// bring brings one part along.
func (u *update) bring(p *part, r *Report) {
	switch {
	case len(p.cues) == 0:
		u.missing(p, r)
	case len(p.changes) == 0:
		u.strangers(p, r)
	case len(p.new) == 0:
		u.retire(p, r)
	case p.same() && !slices.ContainsFunc(p.old, func(i int) bool { return u.mistakable[i] }):
		u.follow(p, r)
	default:
		u.doubt(p, r)
	}
}

// same reports whether the source of a part says what it said, cue by cue.
func (p *part) same() bool {
	return !slices.ContainsFunc(p.changes, func(c compare.Change) bool { return !same(c) })
}

// follow keeps a translation whose source says what it said.
func (u *update) follow(p *part, r *Report) {
	retimed := slices.ContainsFunc(p.changes, func(c compare.Change) bool { return c.Retimed || c.Moved })
	untranslated := false
	u.retime(p)
	for _, j := range p.cues {
		c := &u.cues[j]
		switch {
		case c.State == NeedsEditing:
			r.NeedsEditing = append(r.NeedsEditing, u.stale(p, c.Was, []int{j}))
		case c.State == Untranslated:
			untranslated = true
		case retimed:
			r.Retimed++
		default:
			r.Kept++
		}
	}
	if untranslated {
		u.missing(p, r)
	}
}

// missing tells of source cues that are to be translated.
func (u *update) missing(p *part, r *Report) {
	for _, i := range p.new {
		r.Untranslated++
		r.New = append(r.New, lineOf(u.new[i]))
	}
}

// doubt marks a translation whose source says something else, unless that is just what
// it was made from.
func (u *update) doubt(p *part, r *Report) {
	was, is := textOf(pick(u.old, p.old)), textOf(pick(u.new, p.new))
	whole := !slices.ContainsFunc(p.changes, func(c compare.Change) bool { return !single(c) })
	untranslated := false
	var of []string
	for _, i := range p.new {
		of = append(of, u.new[i].ID)
	}
	u.retime(p)
	var stale []int
	for _, j := range p.cues {
		c := &u.cues[j]
		c.Of = of
		switch {
		case c.State == Untranslated:
			c.Hash = Hash(is)
			untranslated = true
			continue
		case whole && c.Hash == Hash(is) && c.State == NeedsEditing && c.Stood != "":
			c.State, c.Stood, c.Was = c.Stood, "", ""
			r.Retimed++
			continue
		case c.State != NeedsEditing:
			c.Was, c.Stood, c.State = was, c.State, NeedsEditing
			if c.Hash == Hash(is) { // of twins, or of parts: only a person can tell whether it is right
				c.Hash = ""
			}
		}
		stale = append(stale, j)
	}
	if untranslated {
		u.missing(p, r)
	}
	if len(stale) > 0 {
		r.NeedsEditing = append(r.NeedsEditing, u.stale(p, u.cues[stale[0]].Was, stale))
	}
}

// stale is what a translator is shown of cues.
func (u *update) stale(p *part, was string, cues []int) Stale {
	now := pick(u.new, p.new)
	s := Stale{OldSource: was, NewSource: textOf(now), Line: u.cues[cues[0]].Line}
	s.StartMS, s.EndMS = ms(now[0].Start), ms(now[0].End)
	for _, c := range now {
		s.StartMS, s.EndMS = min(s.StartMS, ms(c.Start)), max(s.EndMS, ms(c.End))
	}
	var said []conference.Cue
	for _, j := range cues {
		said = append(said, u.cues[j].Cue)
	}
	s.Translation = textOf(said)
	return s
}

// retire keeps a translation whose source is gone, out of sight.
func (u *update) retire(p *part, r *Report) {
	for _, j := range p.cues {
		c := &u.cues[j]
		r.Obsolete++
		r.Gone = append(r.Gone, lineOf(c.Cue))
		if c.State != Obsolete {
			c.Was, c.Stood, c.State = textOf(pick(u.old, p.old)), c.State, Obsolete
		}
	}
}

// revive gives back its translation to a cue that was cut from the source and stands there
// again, if it did.
func (u *update) revive(p *part, r *Report) bool {
	if len(p.new) != 1 {
		return false
	}
	now := u.new[p.new[0]]
	for j := range u.cues {
		c := &u.cues[j]
		if c.State != Obsolete || c.Hash != Hash(now.Text) {
			continue
		}
		c.Of, c.State, c.Stood, c.Was = []string{now.ID}, c.Stood, "", ""
		c.Start, c.End = now.Start, now.End
		r.Retimed++
		return true
	}
	return false
}

// strangers are cues without a source: what was retired before, and what a translator
// added. They follow what is near them.
func (u *update) strangers(p *part, r *Report) {
	for _, j := range p.cues {
		c := &u.cues[j]
		later := u.laterNear(c.Start)
		c.Start, c.End = max(0, c.Start+later), max(0, c.End+later)
		if c.State != Obsolete {
			r.Unmatched++
			r.Strange = append(r.Strange, lineOf(c.Cue))
		}
	}
}

// laterNear is by how much the source around a time begins later now.
func (u *update) laterNear(at time.Duration) (later time.Duration) {
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

func pick(cues []conference.Cue, some []int) (picked []conference.Cue) {
	for _, i := range some {
		picked = append(picked, cues[i])
	}
	return picked
}

func lineOf(c conference.Cue) Line { return Line{c.Text, ms(c.Start), ms(c.End), c.Line} }

func ms(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }

// sets are disjoint sets of numbers that can be joined.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) root(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

func (s sets) join(i, j int) { s[s.root(i)] = s.root(j) }
