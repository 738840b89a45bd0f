package exchange

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
)

// fileUnit is an entry with its parsed details.
type fileUnit struct {
	*entry
	details
	sources         []conference.Cue // as they were when the file was exported
	obsoleteSources []conference.Cue // likewise, of an obsolete unit
	hasTimes        bool             // sources have times
}

// readSources parses the file's entries into units, and finds the source cues of each.
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
			if u.hasTimes {
				u.obsoleteSources = u.sources
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

// setSources sets the unit's source cues to those with these ids, with times and texts as in
// the file.
func (u *fileUnit) setSources(ids []string) {
	u.sources = make([]conference.Cue, len(ids))
	texts := splitCues(u.entry.source)
	u.hasTimes = true
	for n, id := range ids {
		c := &u.sources[n]
		at := slices.IndexFunc(u.details.source, func(s conference.Cue) bool { return s.ID == id })
		if at >= 0 {
			*c = u.details.source[at]
		} else {
			c.ID, u.hasTimes = id, false
		}
		switch {
		case c.Text != "":
		case len(texts) == len(ids):
			c.Text, c.Spans = parseMarkup(texts[n])
		case n == 0:
			c.Text, c.Spans = parseMarkup(u.entry.source)
		}
	}
}

// linkByText sets the sources of units that name no source cues: each gets the first source cue
// with its source text that no unit has yet.
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
	byText := map[string][]conference.Cue{}
	for _, c := range t.source {
		if !named[c.ID] {
			byText[translation.HashText(c.Text)] = append(byText[translation.HashText(c.Text)], c)
		}
	}
	for _, u := range loose {
		text, _ := parseMarkup(u.entry.source)
		if found := byText[translation.HashText(text)]; len(found) > 0 {
			u.sources, u.hasTimes = found[:1], true
			byText[translation.HashText(text)] = found[1:]
		}
	}
}

// checkSameTalk returns an [inputerr.Error] if less than a quarter of the file's source texts are
// in the source, because the file is probably for another talk.
func (t *merger) checkSameTalk() error {
	hashes := map[string]bool{}
	for _, c := range t.source {
		hashes[translation.HashText(c.Text)] = true
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
			if hashes[translation.HashText(c.Text)] {
				known++
			}
		}
	}
	if 4*known >= total {
		return nil
	}
	if t.file.Talk != "" {
		return inputerr.Coded("translation.named_other_talk", "is for another talk: only {known} of its {total} texts are in the source", "known", known, "total", total, "talk", t.file.Talk).
			In(t.file.Name).At(first).Hint("It is for “{talk}”. Choose the subtitles that it was made from")
	}
	return inputerr.Coded("translation.other_talk", "is for another talk: only {known} of its {total} texts are in the source", "known", known, "total", total).
		In(t.file.Name).At(first).Hint("Choose the subtitles that it was made from")
}

// detectSourceVersion sets OtherSource if the file was made from another version of the source, and
// fileSource to the version that it was made from. The units' source cues become those of that
// version. It also sets newID, which returns ids that no cue has.
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

// rebuildSource returns the source that the file was made from. Times that are not in the file are
// those of the same cue in the present source, or else estimated between its neighbours.
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
		if len(unknown) > 0 { // ids were given out in the order of the cues
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

// idsOf returns the id of each cue, in order.
func idsOf(cues []conference.Cue) []string {
	ids := make([]string, len(cues))
	for n, c := range cues {
		ids[n] = c.ID
	}
	return ids
}
