package exchange

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
)

// Merge returns the translation that the file holds for a source, and what it changed. Units that
// the translator did not change keep ids, times, styles, states and notes; changed ones become
// drafts of the source text in the file, and copies of the source become untranslated. New cues
// have no author; the caller sets it.
//
// have is the present translation, if there is one. From it come the ids and times that an editor
// dropped from the file, and the units that are not in the file.
//
// If the file was made from another version of the source, the translation is adapted as by
// [translation.Update]. If less than a quarter of its source texts are in the source, the error is
// an [inputerr.Error].
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

// merger merges a returned file into a translation.
type merger struct {
	translation.MergeResult
	file       *File
	source     []conference.Cue
	byID       map[string]conference.Cue
	current    []translation.Cue
	units      []fileUnit
	fileSource []conference.Cue // the source that the file was exported from
	newLines   map[int]bool     // lines of the file with a new translation
	newID      func() string
}

// cues returns the translated cues of the file, linked to the cues of the source that the file was
// made from. Each has an id that no other has.
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

// markCopies sets the state of new translations that only repeat their source to untranslated.
func (t *merger) markCopies(cues []translation.Cue) {
	marked := slices.Clone(cues)
	translation.MarkCopies(t.fileSource, marked)
	for n := range cues {
		if t.newLines[cues[n].Line] && cues[n].State != translation.Obsolete {
			cues[n].State = marked[n].State
		}
	}
}

// mergeUnit returns the cues of a unit after the merge, and counts in t what became of the unit:
// whether its translation changed, was deleted, or fits no source cue.
func (t *merger) mergeUnit(u *fileUnit) []translation.Cue {
	b, texts := t.baseline(u), splitCues(u.translation)
	if len(u.sources) == 0 && len(b.cues) == 0 {
		if len(texts) > 0 && !u.repeats {
			t.addLost(u)
		}
		return nil
	}
	var cues []translation.Cue
	switch {
	case b.textHash != "" && b.textHash == exportHash(u.translation):
		cues = t.keepText(u, b)
	case len(texts) > 0:
		t.Changed++
		t.newLines[u.line] = true
		cues = t.newTranslation(u, b, texts)
	case u.exportHash == "": // it was untranslated when it was exported
		cues = b.cues
	default:
		t.Emptied++
		_, cues = b.split(len(u.sources) > 0)
	}
	return t.addNotes(u, b, cues)
}

// addLost adds a translation that fits no source cue to those that are reported as lost.
func (t *merger) addLost(u *fileUnit) {
	var c conference.Cue
	if len(u.obsoleteSources) > 0 {
		c.Start, c.End = timeSpan(u.obsoleteSources)
	}
	c.Text, _ = parseMarkup(u.translation)
	c.Line = u.line
	t.Lost = append(t.Lost, translation.NewCueLine(c))
}

// addNotes returns the unit's cues with the translator's new notes, and the notes of removed cues,
// on the first cue. If cues is empty, these notes are reported as orphans.
func (t *merger) addNotes(u *fileUnit, b baseline, cues []translation.Cue) []translation.Cue {
	kept := map[string]bool{}
	for _, c := range cues {
		kept[c.ID] = true
	}
	var known []string
	var more []translation.Note
	for _, c := range b.cues {
		for _, n := range c.Notes {
			known = append(known, noteLines(n)...)
			if !kept[c.ID] {
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

// subtractLines returns lines without those in some. A line that some has n times is left out n
// times.
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

// updateToSource returns cues adapted to the present source, with the cues added that the file does
// not have, and sets the report.
func (t *merger) updateToSource(cues []translation.Cue) []translation.Cue {
	others := t.untouched(cues)
	if !t.OtherSource {
		all := translation.TargetCues(translation.Units(t.source, append(cues, others...)))
		_, t.UpdateReport = translation.Update(all, t.source, t.source)
		return all
	}
	carried := compare.CarryIDs(t.fileSource, t.source, t.newID)
	newIDs := map[string]string{}
	for n, c := range carried {
		newIDs[c.ID] = t.source[n].ID
	}
	all, report := translation.Update(cues, t.fileSource, carried)
	for n := range all {
		of := slices.Clone(all[n].SourceIDs)
		for i, id := range of {
			of[i] = cmp.Or(newIDs[id], id)
		}
		all[n].SourceIDs = of
	}
	t.UpdateReport = report
	return translation.TargetCues(translation.Units(t.source, append(all, others...)))
}

// untouched returns the cues of the current translation that the file leaves alone. It leaves out
// the cues that are in cues or named in the file, and those whose source cue has a translation in
// the file or had one when the file was exported.
func (t *merger) untouched(cues []translation.Cue) (all []translation.Cue) {
	named, inFile := map[string]bool{}, map[string]bool{}
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
			inFile[c.ID] = true
		}
	}
	for _, c := range t.current {
		if !named[c.ID] && !slices.ContainsFunc(c.SourceIDs, func(id string) bool { return inFile[id] }) {
			all = append(all, c)
		}
	}
	return all
}
