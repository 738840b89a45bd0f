package exchange

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

// Merge is the translation that a file holds, beside a source. What a translator left as it
// was is as it was: ids, times, looks, states, notes. What they translated is a draft of
// what the source says in the file. Where a program dropped what Lectern had written
// beside the texts, have (the translation as it is now, or none) says it, or else the
// source does; cues of have whose unit is not in the file stay. What only repeats the source
// is untranslated. Of what is new, By is for the caller to say.
//
// A file that was made from another version of the source is brought along as [Update]
// does it. One in which hardly a text is the source's is refused with a [inputerr.Fault].
func (r *File) Merge(source []conference.Cue, have []translation.Cue) ([]translation.Cue, translation.MergeResult, error) {
	t := &merger{file: r, source: source, current: have, units: make([]fileUnit, len(r.entries)), byID: map[string]conference.Cue{}, newLines: map[int]bool{}}
	for _, c := range source {
		t.byID[c.ID] = c
	}
	t.readSources()
	if err := t.checkSameTalk(); err != nil {
		return nil, translation.MergeResult{}, err
	}
	t.detectSourceVersion()
	t.Lost, t.OrphanNotes = []translation.CueLine{}, []translation.CueLine{}
	cues := t.cues()
	if !translation.RelatedLanguages(r.From, r.To) {
		t.markCopies(cues)
	}
	return t.updateToSource(cues), t.MergeResult, nil
}

// merger is a file on its way in.
type merger struct {
	translation.MergeResult
	file       *File
	source     []conference.Cue
	byID       map[string]conference.Cue
	current    []translation.Cue
	units      []fileUnit
	fileSource []conference.Cue // the source as the file has it
	newLines   map[int]bool     // lines of the file whose translation is new
	newID      func() string
}

// fileUnit is an entry whose details were taken apart.
type fileUnit struct {
	*entry
	details
	sources         []conference.Cue // its source cues, as the file has them
	obsoleteSources []conference.Cue // likewise, where it is obsolete
	hasTimes        bool             // with their times
}

// readSources finds of each entry the source cues.
func (t *merger) readSources() {
	var loose []*fileUnit
	for n := range t.file.entries {
		e := &t.file.entries[n]
		u := &t.units[n]
		*u = fileUnit{entry: e, details: parseDetails(e.details)}
		ids := splitWords(e.context)
		switch {
		case len(ids) > 0 && ids[0] == "+":
		case e.state == translation.Obsolete:
			u.setSources(ids)
			if u.obsoleteSources = u.sources; !u.hasTimes {
				u.obsoleteSources = nil
			}
			u.sources = nil
		case len(ids) == 0:
			loose = append(loose, u)
		default:
			u.setSources(ids)
		}
	}
	t.linkByText(loose)
}

// setSources is the source cues with these ids as an entry has them.
func (u *fileUnit) setSources(ids []string) {
	u.sources = make([]conference.Cue, len(ids))
	apart := splitCues(u.entry.source)
	u.hasTimes = true
	for n, id := range ids {
		c := &u.sources[n]
		said := slices.IndexFunc(u.details.source, func(s conference.Cue) bool { return s.ID == id })
		if said >= 0 {
			*c = u.details.source[said]
		} else {
			c.ID, u.hasTimes = id, false
		}
		switch {
		case c.Text != "":
		case len(apart) == len(ids):
			c.Text, c.Spans = parseMarkup(apart[n])
		case n == 0:
			c.Text, c.Spans = parseMarkup(u.entry.source)
		}
	}
}

// linkByText binds entries that do not say of what they are by their texts, each to the
// first cue that says so and is not taken.
func (t *merger) linkByText(loose []*fileUnit) {
	if len(loose) == 0 {
		return
	}
	named := map[string]bool{}
	for _, u := range t.units {
		for _, c := range u.sources {
			named[c.ID] = true
		}
	}
	bySaying := map[string][]conference.Cue{}
	for _, c := range t.source {
		if !named[c.ID] {
			bySaying[translation.HashText(c.Text)] = append(bySaying[translation.HashText(c.Text)], c)
		}
	}
	for _, u := range loose {
		text, _ := parseMarkup(u.entry.source)
		if found := bySaying[translation.HashText(text)]; len(found) > 0 {
			u.sources, u.hasTimes = found[:1], true
			bySaying[translation.HashText(text)] = found[1:]
		}
	}
}

// checkSameTalk refuses a file in which hardly anything is of the source.
func (t *merger) checkSameTalk() error {
	says := map[string]bool{}
	for _, c := range t.source {
		says[translation.HashText(c.Text)] = true
	}
	known, total, first := 0, 0, 0
	for _, u := range t.units {
		if first == 0 {
			first = u.line
		}
		if len(u.sources) == 0 && u.state != translation.Obsolete {
			total++
		}
		for _, c := range u.sources {
			total++
			if says[translation.HashText(c.Text)] {
				known++
			}
		}
	}
	if 4*known >= total {
		return nil
	}
	f := inputerr.New(t.file.Name, "is of another talk: of its %d texts, %d are in the source", total, known).At(first)
	if t.file.Talk != "" {
		return f.Hint("It says that it is of “%s”; name the subtitles that it was made from", t.file.Talk)
	}
	return f.Hint("Name the subtitles that it was made from")
}

// detectSourceVersion decides whether the file is of this very source, and what its own was.
func (t *merger) detectSourceVersion() {
	same := true
	for _, u := range t.units {
		for _, c := range u.sources {
			is, ok := t.byID[c.ID]
			if !ok || translation.HashText(is.Text) != translation.HashText(c.Text) || u.hasTimes && (is.Start != c.Start || is.End != c.End) {
				same = false
			}
		}
	}
	t.OtherSource = !same
	t.fileSource = t.source
	if t.OtherSource {
		t.fileSource = t.rebuildSource()
	}
	asOld := map[string]conference.Cue{}
	for _, c := range t.fileSource {
		asOld[c.ID] = c
	}
	used := idsOf(t.fileSource)
	for n := range t.units {
		u := &t.units[n]
		for i, c := range u.sources {
			u.sources[i] = asOld[c.ID]
		}
		for _, words := range u.target {
			used = append(used, words[0])
		}
	}
	for _, c := range t.current {
		used = append(used, c.ID)
	}
	t.newID = compare.NewIDs(append(used, idsOf(t.source)...))
}

func idsOf(cues []conference.Cue) []string {
	ids := make([]string, len(cues))
	for n, c := range cues {
		ids[n] = c.ID
	}
	return ids
}

// rebuildSource is the source that the file was made from. Times that the file does not say any
// more are those of the same cue now, or lie where its neighbours leave room.
func (t *merger) rebuildSource() (old []conference.Cue) {
	seen := map[string]bool{}
	unknown := map[string]bool{}
	for _, u := range t.units {
		for _, c := range u.sources {
			if seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			if !u.hasTimes {
				if is, ok := t.byID[c.ID]; ok && translation.HashText(is.Text) == translation.HashText(c.Text) {
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
func (t *merger) cues() []translation.Cue {
	named := map[string]bool{}
	var all []translation.Cue
	for n := range t.units {
		u := &t.units[n]
		for _, c := range t.mergeUnit(u) {
			if c.ID == "" || named[c.ID] {
				c.ID = t.newID()
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
func (t *merger) markCopies(cues []translation.Cue) {
	marked := slices.Clone(cues)
	translation.MarkCopies(t.fileSource, marked)
	for n := range cues {
		if t.newLines[cues[n].Line] && cues[n].State != translation.Obsolete {
			cues[n].State = marked[n].State
		}
	}
}

// mergeUnit is the translated cues of one entry.
func (t *merger) mergeUnit(u *fileUnit) []translation.Cue {
	b, said := t.baseline(u), splitCues(u.translation)
	if len(u.sources) == 0 && len(b.cues) == 0 {
		if len(said) > 0 {
			t.addLost(u)
		}
		return nil
	}
	var cues []translation.Cue
	switch {
	case b.textHash != "" && b.textHash == exportHash(u.translation):
		cues = t.keepText(u, b)
	case len(said) > 0:
		t.Changed++
		t.newLines[u.line] = true
		cues = t.newTranslation(u, b, said)
	case u.exportHash == "": // nothing was there when it was handed out
		cues = b.cues
	default:
		t.Emptied++
		_, cues = b.split(len(u.sources) > 0)
	}
	return t.addNotes(u, b, cues)
}

func (t *merger) addLost(u *fileUnit) {
	var c conference.Cue
	if len(u.obsoleteSources) > 0 {
		c.Start, c.End = timeSpan(u.obsoleteSources)
	}
	c.Text, _ = parseMarkup(u.translation)
	c.Line = u.line
	t.Lost = append(t.Lost, translation.NewCueLine(c))
}

// baseline is a unit's translation as it was handed out.
type baseline struct {
	cues     []translation.Cue
	textHash string
	state    translation.State
}

// baseline is what the file says of that, or else what the translation is now.
func (t *merger) baseline(u *fileUnit) (b baseline) {
	if u.exportHash == "" {
		return t.currentBaseline(u)
	}
	b.textHash, b.state = u.exportHash, u.exportState
	then := *u.entry
	then.state = u.exportState
	source := slices.Concat(u.sources, u.obsoleteSources)
	if len(u.target) == 0 {
		b.cues = impliedCues(then, source, 1)
	} else {
		shown := 0
		for _, words := range u.target {
			if isExported(applyDetails(translation.Cue{}, words[1:]), len(source) > 0) {
				shown++
			}
		}
		guesses := impliedCues(then, source, shown)
		for _, words := range u.target {
			c := translation.Cue{}
			if isExported(applyDetails(translation.Cue{}, words[1:]), len(source) > 0) {
				c, guesses = guesses[0], guesses[1:]
			}
			c.ID = words[0]
			b.cues = append(b.cues, applyDetails(c, words[1:]))
		}
	}
	if u.exportHash == exportHash(u.translation) {
		fillTexts(b.cues, len(source) > 0, splitCues(u.translation))
	}
	if len(u.obsoleteSources) > 0 {
		markSourceGone(b.cues, translation.JoinText(u.obsoleteSources))
	}
	return b
}

// fillTexts gives shown cues their texts, unless the details say those exactly.
func fillTexts(cues []translation.Cue, sourced bool, said []string) {
	var shown []*translation.Cue
	for n := range cues {
		if isExported(cues[n], sourced) {
			shown = append(shown, &cues[n])
		}
	}
	if len(shown) != len(said) || slices.ContainsFunc(shown, func(c *translation.Cue) bool { return c.Text != "" }) {
		return
	}
	for n, c := range shown {
		c.Text, c.Spans = parseMarkup(said[n])
	}
}

// markSourceGone marks cues whose source is gone.
func markSourceGone(cues []translation.Cue, was string) {
	for n := range cues {
		c := &cues[n]
		if c.State != translation.Obsolete {
			c.PreviousState, c.State, c.SourceIDs, c.PreviousSource = c.State, translation.Obsolete, nil, was
		}
	}
}

// currentBaseline is a unit's translation as it is now.
func (t *merger) currentBaseline(u *fileUnit) (b baseline) {
	if len(u.sources) == 0 {
		if c, ok := parseAddedCue(u.context); ok && len(splitCues(u.translation)) > 0 {
			b.cues = []translation.Cue{impliedCues(*u.entry, nil, 1)[0]}
			b.cues[0].Cue = c
			b.textHash, b.state = "-", u.state
		}
		return b
	}
	ids := idsOf(u.sources)
	var shown []conference.Cue
	for _, c := range t.current {
		if len(c.SourceIDs) > 0 && !slices.ContainsFunc(c.SourceIDs, func(id string) bool { return !slices.Contains(ids, id) }) {
			b.cues = append(b.cues, c)
			if isExported(c, true) {
				shown = append(shown, c.Cue)
			}
		}
	}
	if len(b.cues) > 0 {
		said, _ := joinCues(shown)
		b.textHash, b.state = exportHash(said), exportedState(translation.Unit{Source: u.sources, Target: b.cues})
	}
	return b
}

// split parts the cues that went to the translator from those that did not.
func (b baseline) split(sourced bool) (shown, hidden []translation.Cue) {
	for _, c := range b.cues {
		if isExported(c, sourced) {
			shown = append(shown, c)
		} else {
			hidden = append(hidden, c)
		}
	}
	return shown, hidden
}

// keepText is a translation that says what it said when it was handed out. Whoever takes
// its mark away has looked at it, and whoever sets one wants it looked at.
func (t *merger) keepText(u *fileUnit, b baseline) []translation.Cue {
	cues := slices.Clone(b.cues)
	was, is := b.state == translation.NeedsEditing, u.state == translation.NeedsEditing
	if was == is || u.state == translation.Obsolete || b.state == translation.Untranslated || len(splitCues(u.translation)) == 0 {
		return cues
	}
	t.Changed++
	for n := range cues {
		c := &cues[n]
		switch {
		case was && c.State == translation.NeedsEditing:
			u.makeDraft(c)
		case is && isExported(*c, len(u.sources) > 0):
			c.PreviousState, c.State = c.State, translation.NeedsEditing
		}
	}
	return cues
}

// makeDraft makes a cue a draft of what its source says in the file.
func (u *fileUnit) makeDraft(c *translation.Cue) {
	ids := idsOf(u.sources)
	known := func(id string) bool { return slices.Contains(ids, id) }
	if len(ids) > 0 && !(len(c.SourceIDs) > 0 && !slices.ContainsFunc(c.SourceIDs, func(id string) bool { return !known(id) })) {
		c.SourceIDs = ids
	}
	c.State, c.PreviousState, c.PreviousSource, c.SourceHash = translation.Draft, "", "", hashSources(c.SourceIDs, u.sources)
}

// newTranslation is a new translation of a unit, in so many cues.
func (t *merger) newTranslation(u *fileUnit, b baseline, said []string) []translation.Cue {
	base, rest := u.cueSlots(b, len(said))
	doubtful := u.state == translation.NeedsEditing && (t.file.statesAreEdits || b.state != translation.NeedsEditing)
	for n := range base {
		c := &base[n]
		c.Text, c.Spans = parseMarkup(said[n])
		c.By = ""
		switch {
		case u.state == translation.Obsolete:
		case doubtful && c.State != translation.NeedsEditing:
			c.PreviousState, c.State = cmp.Or(c.State, translation.Draft), translation.NeedsEditing
			c.PreviousSource, _ = parseMarkup(u.previousSource)
		case !doubtful:
			u.makeDraft(c)
		}
	}
	return append(base, rest...)
}

// cueSlots are as many cues as a unit's new translation has, with all but the text, and those
// that stay beside them: the cues that were there, if they are as many; else their time,
// or the source's, is divided.
func (u *fileUnit) cueSlots(b baseline, want int) (base, rest []translation.Cue) {
	shown, hidden := b.split(len(u.sources) > 0)
	var gone []translation.Cue
	for _, c := range hidden {
		if c.State == translation.Untranslated {
			gone = append(gone, c)
		} else {
			rest = append(rest, c)
		}
	}
	all := slices.Concat(shown, gone)
	slices.SortStableFunc(all, func(a, b translation.Cue) int { return cmp.Compare(a.Start, b.Start) })
	switch {
	case len(shown) == want:
		return shown, append(rest, gone...)
	case len(all) == want:
		return all, rest
	case len(all) == 0 && (want == 1 || want == len(u.sources)):
		return impliedCues(*u.entry, u.sources, want), rest
	}
	return u.divideTime(all, want), rest
}

// divideTime is the time of cues, or else of the source, in parts as long as their texts.
func (u *fileUnit) divideTime(all []translation.Cue, want int) []translation.Cue {
	base := impliedCues(*u.entry, u.sources, want)
	var start, end time.Duration
	switch {
	case len(all) > 0:
		start, end = all[0].Start, all[0].End
		for _, c := range all {
			start, end = min(start, c.Start), max(end, c.End)
		}
	case len(u.sources) > 0:
		start, end = timeSpan(u.sources)
	}
	said := splitCues(u.translation)
	total, so := int64(0), int64(0)
	weights := make([]int64, want)
	for n := range base {
		text, _ := parseMarkup(said[n])
		weights[n] = int64(translation.TextWeight(text)) + 1
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
			c.ID, c.Position, c.Notes = all[n].ID, all[n].Position, all[n].Notes
		} else if len(all) == 0 && n < len(u.sources) {
			c.ID = u.sources[n].ID
		}
	}
	return base
}

// addNotes adds what a translator remarked to the first of a unit's cues, and what was
// remarked of cues that went; where none is left, it is told of the file.
func (t *merger) addNotes(u *fileUnit, b baseline, cues []translation.Cue) []translation.Cue {
	stays := map[string]bool{}
	for _, c := range cues {
		stays[c.ID] = true
	}
	var known []string
	var more []translation.Note
	for _, c := range b.cues {
		for _, n := range c.Notes {
			known = append(known, noteLines(n)...)
			if !stays[c.ID] {
				more = append(more, n)
			}
		}
	}
	if text, _ := parseMarkup(strings.TrimSpace(strings.Join(subtractLines(u.notes, known), "\n"))); text != "" {
		more = append(more, translation.Note{Text: text})
	}
	if len(cues) > 0 && len(more) > 0 {
		cues[0].Notes = slices.Concat(cues[0].Notes, more)
		return cues
	}
	for _, n := range more {
		c := conference.Cue{Line: u.line}
		if len(u.sources) > 0 {
			c.Start, c.End = u.sources[0].Start, u.sources[0].End
		}
		c.Text, _ = parseMarkup(strings.Join(noteLines(n), "\n"))
		t.OrphanNotes = append(t.OrphanNotes, translation.NewCueLine(c))
	}
	return cues
}

// subtractLines is lines without some of them, each as often as it is among those.
func subtractLines(lines, some []string) (left []string) {
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

// updateToSource brings cues to the source as it is, and adds those that the file says nothing of.
func (t *merger) updateToSource(cues []translation.Cue) []translation.Cue {
	others := t.untouched(cues)
	if !t.OtherSource {
		all := translation.TargetCues(translation.Units(t.source, append(cues, others...)))
		_, t.UpdateReport = translation.Update(all, t.source, t.source)
		return all
	}
	carried := compare.CarryIDs(t.fileSource, t.source, t.newID)
	asNow := map[string]string{}
	for n, c := range carried {
		asNow[c.ID] = t.source[n].ID
	}
	all, report := translation.Update(cues, t.fileSource, carried)
	for n := range all {
		of := slices.Clone(all[n].SourceIDs)
		for i, id := range of {
			of[i] = cmp.Or(asNow[id], id)
		}
		all[n].SourceIDs = of
	}
	t.UpdateReport = report
	return translation.TargetCues(translation.Units(t.source, append(all, others...)))
}

// untouched are cues of the translation as it is now that the file says nothing of.
func (t *merger) untouched(cues []translation.Cue) (all []translation.Cue) {
	named, said := map[string]bool{}, map[string]bool{}
	for _, c := range cues {
		named[c.ID] = true
	}
	for _, u := range t.units {
		for _, words := range u.target {
			named[words[0]] = true
		}
		if u.translation == "" && u.exportHash == "" {
			continue
		}
		for _, c := range u.sources {
			said[c.ID] = true
		}
	}
	for _, c := range t.current {
		if !named[c.ID] && !slices.ContainsFunc(c.SourceIDs, func(id string) bool { return said[id] }) {
			all = append(all, c)
		}
	}
	return all
}
