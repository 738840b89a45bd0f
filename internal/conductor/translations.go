package conductor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/pipelines"
)

// updateTranslations brings the translations in the catalogue along to the source that was just saved,
// and says where somebody has to look at them again.
func (w *buildRun) updateTranslations(ctx context.Context) error {
	if conference.FindAuthored(w.facts.Tracks) == nil {
		return nil
	}
	reports, err := translation.Service{Catalog: w.Catalog}.UpdateToSource(ctx, w.facts.Talk.Slug)
	for _, language := range slices.Sorted(maps.Keys(reports)) {
		r := reports[language]
		if n := len(r.NeedsEditing); n+r.Untranslated > 0 {
			w.notes = append(w.notes, fmt.Sprintf("the source has changed, and in %s there is something to look at again (%d) or to translate (%d): lectern translations status %s %s",
				subtitle.EnglishLanguageName(language), n, r.Untranslated, w.facts.Talk.Slug, language))
		}
	}
	return err
}

// noteOutdatedTranslations says where a translation that was handed in again as it was translates what the
// source, which was not, does not say any more.
func (w *buildRun) noteOutdatedTranslations(ctx context.Context) error {
	before, err := w.Catalog.Talk(ctx, w.facts.Talk.Slug)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	was, is := conference.FindAuthored(before.Facts.Tracks), conference.FindAuthored(w.facts.Tracks)
	if was == nil || is == nil || sameCues(was.Cues, is.Cues) {
		return nil
	}
	for _, t := range w.facts.Tracks {
		old := conference.FindTrack(before.Facts.Tracks, t.Language)
		if t.Kind != conference.Translation || old == nil || !sameCues(old.Cues, t.Cues) {
			continue
		}
		_, r := translation.Update(translation.LinkCuesBetween(was.Language, t.Language, was.Cues, t.Cues), was.Cues, is.Cues)
		if n := len(r.NeedsEditing) + r.Obsolete + r.Untranslated; n > 0 {
			w.notes = append(w.notes, fmt.Sprintf("%s was not changed, and %s was: %d places need another look, %d cues are to be translated and %d are not needed any more (lectern translations update tells which)",
				t.File, is.File, len(r.NeedsEditing), r.Untranslated, r.Obsolete))
		}
	}
	return nil
}

func sameCues(a, b []conference.Cue) bool {
	return bytes.Equal(subtitle.CanonicalJSON(a), subtitle.CanonicalJSON(b))
}

// addTranslations adds to a talk's facts the translations in the catalogue that may be
// released by what a pipeline asks, and which may not. A file in the same language that was
// handed in with the talk comes before one.
func addTranslations(ctx context.Context, books *catalog.Catalog, facts *conference.Facts, p pipelines.Pipeline) error {
	if conference.FindAuthored(facts.Tracks) == nil {
		return leaveOutTranslations(ctx, books, facts)
	}
	all, err := translation.Service{Catalog: books}.Latest(ctx, facts.Talk.Slug)
	if err != nil {
		return err
	}
	state, complete := plan.TranslationThreshold(p)
	least := translation.State(state)
	facts.Tracks = dropUntranslatedCues(facts.Tracks)
	for _, h := range all {
		progress := h.Progress()
		of := conference.Completeness{Revision: h.Source.Revision, Cues: progress.Source, Done: progress.AtLeast(least)}
		if conference.FindTrack(facts.Tracks, h.Language) != nil {
			facts.Withheld = append(facts.Withheld, conference.WithheldTrack{Language: h.Language, Reason: "a file in the same language was handed in with the talk", Translated: of})
			continue
		}
		cues := translation.ReleasedCues(h.Cues, least)
		if len(cues) == 0 || of.Done*100 < complete*of.Cues {
			why := fmt.Sprintf("%d of %d cues are %s, and the release asks for %d %%", of.Done, of.Cues, stateText(least), complete)
			facts.Withheld = append(facts.Withheld, conference.WithheldTrack{Language: h.Language, Reason: why, Translated: of})
			continue
		}
		facts.Tracks = append(facts.Tracks, conference.Track{
			Language: h.Language, Kind: conference.Translation, State: string(progress.Lowest(least)),
			Revision: h.Number, Cues: cues, Translated: &of,
		})
	}
	slices.SortFunc(facts.Tracks, func(a, b conference.Track) int { return strings.Compare(a.Language, b.Language) })
	return nil
}

// leaveOutTranslations leaves out all translations of a talk that has no subtitles any more which they
// could be held against.
func leaveOutTranslations(ctx context.Context, books *catalog.Catalog, facts *conference.Facts) error {
	list, err := books.Translations(ctx, facts.Talk.Slug)
	for _, t := range list {
		why := fmt.Sprintf("the talk has no subtitles in %s that it could be held against", subtitle.EnglishLanguageName(facts.Talk.Language))
		facts.Withheld = append(facts.Withheld, conference.WithheldTrack{Language: t.Language, Reason: why})
	}
	return err
}

// dropUntranslatedCues is tracks without cues that only repeat the source in a translation. No
// viewer who asks for Spanish gets English.
func dropUntranslatedCues(tracks []conference.Track) (all []conference.Track) {
	source := conference.FindAuthored(tracks)
	for _, t := range tracks {
		if source != nil && t.Kind == conference.Translation {
			bound := translation.LinkCuesBetween(source.Language, t.Language, source.Cues, t.Cues)
			t.Cues = translation.ReleasedCues(bound, translation.Draft)
			t.Translated = &conference.Completeness{Revision: source.Revision, Cues: len(source.Cues),
				Done: translation.CountProgress(source.Cues, bound).AtLeast(translation.Draft)}
		}
		if len(t.Cues) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// untranslatedNotes says which translations that were handed in still repeat their source.
func untranslatedNotes(before, after []conference.Track) (notes []string) {
	for _, t := range before {
		n := len(t.Cues)
		if kept := conference.FindTrack(after, t.Language); kept != nil {
			n -= len(kept.Cues)
		}
		if n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d of its %d cues only repeat the source, and are left out", t.File, n, len(t.Cues)))
		}
	}
	return notes
}

// stateText is a state for people, of cues that have come so far or further.
func stateText(s translation.State) string {
	return map[translation.State]string{
		translation.Approved: "approved", translation.InReview: "in review or approved", translation.Draft: "translated",
	}[s]
}
