package translation

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Taken is what came of taking over a file of a translator's.
type Taken struct {
	Report         // of the translation beside its source
	Changed int    `json:"changed"` // units that are translated otherwise than when they were handed out
	Emptied int    `json:"emptied"` // units whose translation was taken away
	Other   bool   `json:"other"`   // it was made from another version of the source, and was brought along
	Lost    []Line `json:"lost"`    // translations that fit nothing: what they say, and where in the file
	Remarks []Line `json:"remarks"` // notes on what is not translated, which no cue can keep
}

// Take is the translation that a file holds, beside a source. What a translator left as it
// was is as it was: ids, times, looks, states, notes. What they translated is a draft of
// what the source says in the file. Where a program dropped what Lectern had written
// beside the texts, have (the translation as it is now, or none) says it, or else the
// source does; cues of have whose unit is not in the file stay. What only repeats the source
// is untranslated. Of what is new, By is for the caller to say.
//
// A file that was made from another version of the source is brought along as [Update]
// does it. One in which hardly a text is the source's is refused with a [inputerr.Fault].
func (r *Returned) Take(source []conference.Cue, have []Cue) ([]Cue, Taken, error) {
	t := &taking{r: r, source: source, have: have, units: make([]taken, len(r.entries)), byID: map[string]conference.Cue{}, anew: map[int]bool{}}
	for _, c := range source {
		t.byID[c.ID] = c
	}
	t.readSources()
	if err := t.ours(); err != nil {
		return nil, Taken{}, err
	}
	t.place()
	t.Lost, t.Remarks = []Line{}, []Line{}
	cues := t.cues()
	if !kin(r.From, r.To) {
		t.markCopies(cues)
	}
	return t.bring(cues), t.Taken, nil
}

// taking is a file on its way in.
type taking struct {
	Taken
	r      *Returned
	source []conference.Cue
	byID   map[string]conference.Cue
	have   []Cue
	units  []taken
	old    []conference.Cue // the source as the file has it
	anew   map[int]bool     // lines of the file whose translation is new
	fresh  func() string
}

// taken is an entry whose details were taken apart.
type taken struct {
	*entry
	details
	of    []conference.Cue // its source cues, as the file has them
	gone  []conference.Cue // likewise, where it is obsolete
	timed bool             // with their times
}

// readSources finds of each entry the source cues.
func (t *taking) readSources() {
	var loose []*taken
	for n := range t.r.entries {
		e := &t.r.entries[n]
		u := &t.units[n]
		*u = taken{entry: e, details: detailsOf(e.details)}
		ids := wordsOf(e.context)
		switch {
		case len(ids) > 0 && ids[0] == "+":
		case e.state == Obsolete:
			u.readSource(ids)
			if u.gone = u.of; !u.timed {
				u.gone = nil
			}
			u.of = nil
		case len(ids) == 0:
			loose = append(loose, u)
		default:
			u.readSource(ids)
		}
	}
	t.bindLoose(loose)
}

// readSource is the source cues with these ids as an entry has them.
func (u *taken) readSource(ids []string) {
	u.of = make([]conference.Cue, len(ids))
	apart := pieces(u.entry.source)
	u.timed = true
	for n, id := range ids {
		c := &u.of[n]
		said := slices.IndexFunc(u.details.source, func(s conference.Cue) bool { return s.ID == id })
		if said >= 0 {
			*c = u.details.source[said]
		} else {
			c.ID, u.timed = id, false
		}
		switch {
		case c.Text != "":
		case len(apart) == len(ids):
			c.Text, c.Spans = outline(apart[n])
		case n == 0:
			c.Text, c.Spans = outline(u.entry.source)
		}
	}
}

// bindLoose binds entries that do not say of what they are by their texts, each to the
// first cue that says so and is not taken.
func (t *taking) bindLoose(loose []*taken) {
	if len(loose) == 0 {
		return
	}
	named := map[string]bool{}
	for _, u := range t.units {
		for _, c := range u.of {
			named[c.ID] = true
		}
	}
	bySaying := map[string][]conference.Cue{}
	for _, c := range t.source {
		if !named[c.ID] {
			bySaying[Hash(c.Text)] = append(bySaying[Hash(c.Text)], c)
		}
	}
	for _, u := range loose {
		text, _ := outline(u.entry.source)
		if found := bySaying[Hash(text)]; len(found) > 0 {
			u.of, u.timed = found[:1], true
			bySaying[Hash(text)] = found[1:]
		}
	}
}

// ours refuses a file in which hardly anything is of the source.
func (t *taking) ours() error {
	says := map[string]bool{}
	for _, c := range t.source {
		says[Hash(c.Text)] = true
	}
	known, total, first := 0, 0, 0
	for _, u := range t.units {
		if first == 0 {
			first = u.line
		}
		if len(u.of) == 0 && u.state != Obsolete {
			total++
		}
		for _, c := range u.of {
			total++
			if says[Hash(c.Text)] {
				known++
			}
		}
	}
	if 4*known >= total {
		return nil
	}
	f := inputerr.New(t.r.File, "is of another talk: of its %d texts, %d are in the source", total, known).At(first)
	if t.r.Talk != "" {
		return f.Try("It says that it is of “%s”; name the subtitles that it was made from", t.r.Talk)
	}
	return f.Try("Name the subtitles that it was made from")
}

// place decides whether the file is of this very source, and what its own was.
func (t *taking) place() {
	same := true
	for _, u := range t.units {
		for _, c := range u.of {
			is, ok := t.byID[c.ID]
			if !ok || Hash(is.Text) != Hash(c.Text) || u.timed && (is.Start != c.Start || is.End != c.End) {
				same = false
			}
		}
	}
	t.Other = !same
	t.old = t.source
	if t.Other {
		t.old = t.rebuilt()
	}
	asOld := map[string]conference.Cue{}
	for _, c := range t.old {
		asOld[c.ID] = c
	}
	used := idsOf(t.old)
	for n := range t.units {
		u := &t.units[n]
		for i, c := range u.of {
			u.of[i] = asOld[c.ID]
		}
		for _, words := range u.target {
			used = append(used, words[0])
		}
	}
	for _, c := range t.have {
		used = append(used, c.ID)
	}
	t.fresh = compare.Fresh(append(used, idsOf(t.source)...))
}

func idsOf(cues []conference.Cue) []string {
	ids := make([]string, len(cues))
	for n, c := range cues {
		ids[n] = c.ID
	}
	return ids
}

// rebuilt is the source that the file was made from. Times that the file does not say any
// more are those of the same cue now, or lie where its neighbours leave room.
func (t *taking) rebuilt() (old []conference.Cue) {
	seen := map[string]bool{}
	unknown := map[string]bool{}
	for _, u := range t.units {
		for _, c := range u.of {
			if seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			if !u.timed {
				if is, ok := t.byID[c.ID]; ok && Hash(is.Text) == Hash(c.Text) {
					c.Start, c.End = is.Start, is.End
				} else {
					unknown[c.ID] = true
				}
			}
			old = append(old, c)
		}
	}
	slices.SortStableFunc(old, func(a, b conference.Cue) int {
		if len(unknown) > 0 { // ids ascend as cues did when they were first read
			return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID))
		}
		return cmp.Compare(a.Start, b.Start)
	})
	at := time.Duration(0)
	for n := range old {
		c := &old[n]
		if unknown[c.ID] {
			c.Start, c.End = at, at+2*time.Second
			if n+1 < len(old) && !unknown[old[n+1].ID] {
				c.End = max(at+time.Millisecond, min(c.End, old[n+1].Start))
			}
		}
		at = c.End
	}
	return old
}

// cues are the translated cues of the file, bound to its own source.
func (t *taking) cues() []Cue {
	named := map[string]bool{}
	var all []Cue
	for n := range t.units {
		u := &t.units[n]
		for _, c := range t.unit(u) {
			if c.ID == "" || named[c.ID] {
				c.ID = t.fresh()
			}
			named[c.ID] = true
			c.Line = u.line
			all = append(all, c)
		}
	}
	return all
}

// markCopies finds new translations that only repeat their source. What was handed out is
// as it was.
func (t *taking) markCopies(cues []Cue) {
	marked := slices.Clone(cues)
	markCopies(t.old, marked)
	for n := range cues {
		if t.anew[cues[n].Line] && cues[n].State != Obsolete {
			cues[n].State = marked[n].State
		}
	}
}

// unit is the translated cues of one entry.
func (t *taking) unit(u *taken) []Cue {
	b, said := t.before(u), pieces(u.said)
	if len(u.of) == 0 && len(b.cues) == 0 {
		if len(said) > 0 {
			t.lose(u)
		}
		return nil
	}
	var cues []Cue
	switch {
	case b.seen != "" && b.seen == seenOf(u.said):
		cues = t.confirmed(u, b)
	case len(said) > 0:
		t.Changed++
		t.anew[u.line] = true
		cues = t.translated(u, b, said)
	case u.seen == "": // nothing was there when it was handed out
		cues = b.cues
	default:
		t.Emptied++
		_, cues = b.apart(len(u.of) > 0)
	}
	return t.noted(u, b, cues)
}

func (t *taking) lose(u *taken) {
	var l Line
	if len(u.gone) > 0 {
		start, end := spanOf(u.gone)
		l.StartMS, l.EndMS = ms(start), ms(end)
	}
	l.Text, _ = outline(u.said)
	l.Line = u.line
	t.Lost = append(t.Lost, l)
}

// before is a unit's translation as it was handed out.
type before struct {
	cues  []Cue
	seen  string
	state State
}

// before is what the file says of that, or else what the translation is now.
func (t *taking) before(u *taken) (b before) {
	if u.seen == "" {
		return t.now(u)
	}
	b.seen, b.state = u.seen, u.stood
	then := *u.entry
	then.state = u.stood
	source := slices.Concat(u.of, u.gone)
	if len(u.target) == 0 {
		b.cues = guess(then, source, 1)
	} else {
		shown := 0
		for _, words := range u.target {
			if shows(withDetails(Cue{}, words[1:]), len(source) > 0) {
				shown++
			}
		}
		guesses := guess(then, source, shown)
		for _, words := range u.target {
			c := Cue{}
			if shows(withDetails(Cue{}, words[1:]), len(source) > 0) {
				c, guesses = guesses[0], guesses[1:]
			}
			c.ID = words[0]
			b.cues = append(b.cues, withDetails(c, words[1:]))
		}
	}
	if u.seen == seenOf(u.said) {
		fill(b.cues, len(source) > 0, pieces(u.said))
	}
	if len(u.gone) > 0 {
		retired(b.cues, textOf(u.gone))
	}
	return b
}

// fill gives shown cues their texts, unless the details say those exactly.
func fill(cues []Cue, sourced bool, said []string) {
	var shown []*Cue
	for n := range cues {
		if shows(cues[n], sourced) {
			shown = append(shown, &cues[n])
		}
	}
	if len(shown) != len(said) || slices.ContainsFunc(shown, func(c *Cue) bool { return c.Text != "" }) {
		return
	}
	for n, c := range shown {
		c.Text, c.Spans = outline(said[n])
	}
}

// retired marks cues whose source is gone.
func retired(cues []Cue, was string) {
	for n := range cues {
		c := &cues[n]
		if c.State != Obsolete {
			c.Stood, c.State, c.Of, c.Was = c.State, Obsolete, nil, was
		}
	}
}

// now is a unit's translation as it is now.
func (t *taking) now(u *taken) (b before) {
	if len(u.of) == 0 {
		if c, ok := addedOf(u.context); ok && len(pieces(u.said)) > 0 {
			b.cues = []Cue{guess(*u.entry, nil, 1)[0]}
			b.cues[0].Cue = c
			b.seen, b.state = "-", u.state
		}
		return b
	}
	ids := idsOf(u.of)
	var shown []conference.Cue
	for _, c := range t.have {
		if len(c.Of) > 0 && !slices.ContainsFunc(c.Of, func(id string) bool { return !slices.Contains(ids, id) }) {
			b.cues = append(b.cues, c)
			if shows(c, true) {
				shown = append(shown, c.Cue)
			}
		}
	}
	if len(b.cues) > 0 {
		said, _ := together(shown)
		b.seen, b.state = seenOf(said), Unit{Source: u.of, Target: b.cues}.shownState()
	}
	return b
}

// apart parts the cues that went to the translator from those that did not.
func (b before) apart(sourced bool) (shown, hidden []Cue) {
	for _, c := range b.cues {
		if shows(c, sourced) {
			shown = append(shown, c)
		} else {
			hidden = append(hidden, c)
		}
	}
	return shown, hidden
}

// confirmed is a translation that says what it said when it was handed out. Whoever takes
// its mark away has looked at it, and whoever sets one wants it looked at.
func (t *taking) confirmed(u *taken, b before) []Cue {
	cues := slices.Clone(b.cues)
	was, is := b.state == NeedsEditing, u.state == NeedsEditing
	if was == is || u.state == Obsolete || b.state == Untranslated || len(pieces(u.said)) == 0 {
		return cues
	}
	t.Changed++
	for n := range cues {
		c := &cues[n]
		switch {
		case was && c.State == NeedsEditing:
			u.drafted(c)
		case is && shows(*c, len(u.of) > 0):
			c.Stood, c.State = c.State, NeedsEditing
		}
	}
	return cues
}

// drafted makes a cue a draft of what its source says in the file.
func (u *taken) drafted(c *Cue) {
	ids := idsOf(u.of)
	known := func(id string) bool { return slices.Contains(ids, id) }
	if len(ids) > 0 && !(len(c.Of) > 0 && !slices.ContainsFunc(c.Of, func(id string) bool { return !known(id) })) {
		c.Of = ids
	}
	c.State, c.Stood, c.Was, c.Hash = Draft, "", "", hashOf(c.Of, u.of)
}

// translated is a new translation of a unit, in so many cues.
func (t *taking) translated(u *taken, b before, said []string) []Cue {
	base, rest := u.bases(b, len(said))
	doubtful := u.state == NeedsEditing && (t.r.flags || b.state != NeedsEditing)
	for n := range base {
		c := &base[n]
		c.Text, c.Spans = outline(said[n])
		c.By = ""
		switch {
		case u.state == Obsolete:
		case doubtful && c.State != NeedsEditing:
			c.Stood, c.State = cmp.Or(c.State, Draft), NeedsEditing
			c.Was, _ = outline(u.was)
		case !doubtful:
			u.drafted(c)
		}
	}
	return append(base, rest...)
}

// bases are as many cues as a unit's new translation has, with all but the text, and those
// that stay beside them: the cues that were there, if they are as many; else their time,
// or the source's, is divided.
func (u *taken) bases(b before, want int) (base, rest []Cue) {
	shown, hidden := b.apart(len(u.of) > 0)
	var gone []Cue
	for _, c := range hidden {
		if c.State == Untranslated {
			gone = append(gone, c)
		} else {
			rest = append(rest, c)
		}
	}
	all := slices.Concat(shown, gone)
	slices.SortStableFunc(all, func(a, b Cue) int { return cmp.Compare(a.Start, b.Start) })
	switch {
	case len(shown) == want:
		return shown, append(rest, gone...)
	case len(all) == want:
		return all, rest
	case len(all) == 0 && (want == 1 || want == len(u.of)):
		return guess(*u.entry, u.of, want), rest
	}
	return u.divided(all, want), rest
}

// divided is the time of cues, or else of the source, in parts as long as their texts.
func (u *taken) divided(all []Cue, want int) []Cue {
	base := guess(*u.entry, u.of, want)
	var start, end time.Duration
	switch {
	case len(all) > 0:
		start, end = all[0].Start, all[0].End
		for _, c := range all {
			start, end = min(start, c.Start), max(end, c.End)
		}
	case len(u.of) > 0:
		start, end = spanOf(u.of)
	}
	said := pieces(u.said)
	total, so := int64(0), int64(0)
	weights := make([]int64, want)
	for n := range base {
		text, _ := outline(said[n])
		weights[n] = int64(letters(text)) + 1
		total += weights[n]
	}
	at := start
	for n := range base {
		c := &base[n]
		so += weights[n]
		c.Start = at
		c.End = start + time.Duration(timeline.Rescale(int64(end-start), so, total)).Round(time.Millisecond)
		if n == want-1 {
			c.End = end
		}
		at = c.End
		c.ID = ""
		if n < len(all) {
			c.ID, c.Place, c.Notes = all[n].ID, all[n].Place, all[n].Notes
		} else if len(all) == 0 && n < len(u.of) {
			c.ID = u.of[n].ID
		}
	}
	return base
}

// noted adds what a translator remarked to the first of a unit's cues, and what was
// remarked of cues that went; where none is left, it is told of the file.
func (t *taking) noted(u *taken, b before, cues []Cue) []Cue {
	stays := map[string]bool{}
	for _, c := range cues {
		stays[c.ID] = true
	}
	var known []string
	var more []Note
	for _, c := range b.cues {
		for _, n := range c.Notes {
			known = append(known, n.lines()...)
			if !stays[c.ID] {
				more = append(more, n)
			}
		}
	}
	if text, _ := outline(strings.TrimSpace(strings.Join(without(u.notes, known), "\n"))); text != "" {
		more = append(more, Note{Text: text})
	}
	if len(cues) > 0 && len(more) > 0 {
		cues[0].Notes = slices.Concat(cues[0].Notes, more)
		return cues
	}
	for _, n := range more {
		l := Line{Line: u.line}
		if len(u.of) > 0 {
			l.StartMS, l.EndMS = ms(u.of[0].Start), ms(u.of[0].End)
		}
		l.Text, _ = outline(strings.Join(n.lines(), "\n"))
		t.Remarks = append(t.Remarks, l)
	}
	return cues
}

// without is lines without some of them, each as often as it is among those.
func without(lines, some []string) (left []string) {
	count := map[string]int{}
	for _, l := range some {
		count[strings.TrimSpace(l)]++
	}
	for _, l := range lines {
		if key := strings.TrimSpace(l); count[key] > 0 {
			count[key]--
			continue
		}
		left = append(left, l)
	}
	return left
}

// bring brings cues to the source as it is, and adds those that the file says nothing of.
func (t *taking) bring(cues []Cue) []Cue {
	others := t.others(cues)
	if !t.Other {
		all := Cues(Units(t.source, append(cues, others...)))
		_, t.Report = Update(all, t.source, t.source)
		return all
	}
	carried := compare.Carry(t.old, t.source, t.fresh)
	asNow := map[string]string{}
	for n, c := range carried {
		asNow[c.ID] = t.source[n].ID
	}
	all, report := Update(cues, t.old, carried)
	for n := range all {
		of := slices.Clone(all[n].Of)
		for i, id := range of {
			of[i] = cmp.Or(asNow[id], id)
		}
		all[n].Of = of
	}
	t.Report = report
	return Cues(Units(t.source, append(all, others...)))
}

// others are cues of the translation as it is now that the file says nothing of.
func (t *taking) others(cues []Cue) (all []Cue) {
	named, said := map[string]bool{}, map[string]bool{}
	for _, c := range cues {
		named[c.ID] = true
	}
	for _, u := range t.units {
		for _, words := range u.target {
			named[words[0]] = true
		}
		if u.said == "" && u.seen == "" {
			continue
		}
		for _, c := range u.of {
			said[c.ID] = true
		}
	}
	for _, c := range t.have {
		if !named[c.ID] && !slices.ContainsFunc(c.Of, func(id string) bool { return said[id] }) {
			all = append(all, c)
		}
	}
	return all
}
