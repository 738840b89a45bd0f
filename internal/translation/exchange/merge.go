package exchange

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
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
