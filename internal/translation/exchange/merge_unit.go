package exchange

import (
	"cmp"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

// baseline is a unit's translation as it was exported: the common ancestor of what the
// translator made of it and what it is now.
type baseline struct {
	cues     []translation.Cue
	textHash string
	state    translation.State
}

// baseline returns a unit's translation as it was exported, according to the details in the file
// or, if these are missing, to the current translation.
func (t *merger) baseline(u *fileUnit) (b baseline) {
	if u.exportHash == "" {
		return t.currentBaseline(u)
	}
	b.textHash, b.state = u.exportHash, u.exportState
	source := slices.Concat(u.sources, u.obsoleteSources)
	b.cues = u.exportedCues(source)
	if u.exportHash == exportHash(u.translation) {
		fillTexts(b.cues, len(source) > 0, splitCues(u.translation))
	}
	if len(u.obsoleteSources) > 0 {
		markSourceGone(b.cues, translation.JoinText(u.obsoleteSources))
	}
	return b
}

// exportedCues returns the unit's cues as they were exported, according to its details. A cue has
// no text if the details do not give it.
func (u *fileUnit) exportedCues(source []conference.Cue) (cues []translation.Cue) {
	then := *u.entry
	then.state = u.exportState
	if len(u.target) == 0 {
		return impliedCues(then, source, 1)
	}
	exported := func(words []string) bool {
		return isExported(applyCueFields(translation.Cue{}, words[1:]), len(source) > 0)
	}
	count := 0
	for _, words := range u.target {
		if exported(words) {
			count++
		}
	}
	implied := impliedCues(then, source, count)
	for _, words := range u.target {
		c := translation.Cue{}
		if exported(words) {
			c, implied = implied[0], implied[1:]
		}
		c.ID = words[0]
		cues = append(cues, applyCueFields(c, words[1:]))
	}
	return cues
}

// fillTexts sets the texts of the cues that were exported, if their number is that of texts and the
// details gave none.
func fillTexts(cues []translation.Cue, sourced bool, texts []string) {
	var shown []*translation.Cue
	for n := range cues {
		if isExported(cues[n], sourced) {
			shown = append(shown, &cues[n])
		}
	}
	if len(shown) != len(texts) || slices.ContainsFunc(shown, func(c *translation.Cue) bool { return c.Text != "" }) {
		return
	}
	for n, c := range shown {
		c.Text, c.Spans = parseMarkup(texts[n])
	}
}

// markSourceGone makes cues obsolete, and sets the source text that they were made from.
func markSourceGone(cues []translation.Cue, was string) {
	for n := range cues {
		c := &cues[n]
		if c.State != translation.Obsolete {
			c.PreviousState, c.State, c.SourceIDs, c.PreviousSource = c.State, translation.Obsolete, nil, was
		}
	}
}

// currentBaseline returns the current translation of a unit as its baseline, for files that lost
// their details.
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
		if len(c.SourceIDs) > 0 && containsAll(ids, c.SourceIDs) {
			b.cues = append(b.cues, c)
			if isExported(c, true) {
				shown = append(shown, c.Cue)
			}
		}
	}
	if len(b.cues) > 0 {
		text, _ := joinCues(shown)
		b.textHash, b.state = exportHash(text), exportedState(translation.Unit{Source: u.sources, Target: b.cues})
	}
	return b
}

// split returns the cues that were exported, and those that were not.
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

// keepText returns the cues of a unit whose text was not changed. If the translator removed the
// needs-editing mark, the cues become drafts; if the translator set it, they need editing.
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

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// makeDraft makes a cue a draft translation of the unit's source text in the file.
func (u *fileUnit) makeDraft(c *translation.Cue) {
	ids := idsOf(u.sources)
	if len(ids) > 0 && (len(c.SourceIDs) == 0 || !containsAll(ids, c.SourceIDs)) {
		c.SourceIDs = ids
	}
	c.State, c.PreviousState, c.PreviousSource, c.SourceHash = translation.Draft, "", "", hashSources(c.SourceIDs, u.sources)
}

// newTranslation returns the cues of a unit whose text was changed to texts, one for each cue.
func (t *merger) newTranslation(u *fileUnit, b baseline, texts []string) []translation.Cue {
	base, rest := u.cueSlots(b, len(texts))
	doubtful := u.state == translation.NeedsEditing && (t.file.statesAreEdits || b.state != translation.NeedsEditing)
	for n := range base {
		c := &base[n]
		c.Text, c.Spans = parseMarkup(texts[n])
		c.Author = ""
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

// cueSlots returns want cues, complete except for their texts, for the new texts of a unit: its
// former cues if there are as many, or else cues that divide their time. rest are the cues that are
// kept besides.
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

// divideTime returns want cues that divide the time of all, the unit's former cues, or else of its
// source, in proportion to the lengths of its new texts.
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
	texts := splitCues(u.translation)
	total, so := int64(0), int64(0)
	weights := make([]int64, want)
	for n := range base {
		text, _ := parseMarkup(texts[n])
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
