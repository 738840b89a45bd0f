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

func idsOf(cues []conference.Cue) []string {
	ids := make([]string, len(cues))
	for n, c := range cues {
		ids[n] = c.ID
	}
	return ids
}
