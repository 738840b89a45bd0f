package exchange

import (
	"cmp"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

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
