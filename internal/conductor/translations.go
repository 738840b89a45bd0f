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

// follow brings the translations in the catalogue along to the source that was just saved,
// and says where somebody has to look at them again.
func (w *wish) follow(ctx context.Context) error {
	if conference.AuthoredIn(w.facts.Tracks) == nil {
		return nil
	}
	reports, err := translation.Desk{Catalog: w.Catalog}.Follow(ctx, w.facts.Talk.Slug)
	for _, language := range slices.Sorted(maps.Keys(reports)) {
		r := reports[language]
		if n := len(r.NeedsEditing); n+r.Untranslated > 0 {
			w.notes = append(w.notes, fmt.Sprintf("the source has changed, and in %s there is something to look at again (%d) or to translate (%d): lectern translations status %s %s",
				subtitle.EnglishName(language), n, r.Untranslated, w.facts.Talk.Slug, language))
		}
	}
	return err
}

// spoilt says where a translation that was handed in again as it was translates what the
// source, which was not, does not say any more.
func (w *wish) spoilt(ctx context.Context) error {
	before, err := w.Catalog.Talk(ctx, w.facts.Talk.Slug)
	if errors.Is(err, catalog.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	was, is := conference.AuthoredIn(before.Facts.Tracks), conference.AuthoredIn(w.facts.Tracks)
	if was == nil || is == nil || sameCues(was.Cues, is.Cues) {
		return nil
	}
	for _, t := range w.facts.Tracks {
		old := conference.TrackIn(before.Facts.Tracks, t.Language)
		if t.Kind != conference.Translation || old == nil || !sameCues(old.Cues, t.Cues) {
			continue
		}
		_, r := translation.Update(translation.BoundIn(was.Language, t.Language, was.Cues, t.Cues), was.Cues, is.Cues)
		if n := len(r.NeedsEditing) + r.Obsolete + r.Untranslated; n > 0 {
			w.notes = append(w.notes, fmt.Sprintf("%s was not changed, and %s was: %d places need another look, %d cues are to be translated and %d are not needed any more (lectern translations update tells which)",
				t.File, is.File, len(r.NeedsEditing), r.Untranslated, r.Obsolete))
		}
	}
	return nil
}

func sameCues(a, b []conference.Cue) bool {
	return bytes.Equal(subtitle.Canonical(a), subtitle.Canonical(b))
}

// addTranslations adds to a talk's facts the translations in the catalogue that may be
// released by what a pipeline asks, and which may not. A file in the same language that was
// handed in with the talk comes before one.
func addTranslations(ctx context.Context, books *catalog.Catalog, facts *conference.Facts, p pipelines.Pipeline) error {
	if conference.AuthoredIn(facts.Tracks) == nil {
		return leaveOut(ctx, books, facts)
	}
	all, err := translation.Desk{Catalog: books}.All(ctx, facts.Talk.Slug)
	if err != nil {
		return err
	}
	state, complete := plan.Releasable(p)
	least := translation.State(state)
	facts.Tracks = withoutCopies(facts.Tracks)
	for _, h := range all {
		progress := h.Progress()
		of := conference.Completeness{Revision: h.Source.Revision, Cues: progress.Source, Done: progress.Reached(least)}
		if conference.TrackIn(facts.Tracks, h.Language) != nil {
			facts.LeftOut = append(facts.LeftOut, conference.LeftOut{Language: h.Language, Why: "a file in the same language was handed in with the talk", Translated: of})
			continue
		}
		cues := translation.Released(h.Cues, least)
		if len(cues) == 0 || of.Done*100 < complete*of.Cues {
			why := fmt.Sprintf("%d of %d cues are %s, and the release asks for %d %%", of.Done, of.Cues, words(least), complete)
			facts.LeftOut = append(facts.LeftOut, conference.LeftOut{Language: h.Language, Why: why, Translated: of})
			continue
		}
		facts.Tracks = append(facts.Tracks, conference.Track{
			Language: h.Language, Kind: conference.Translation, State: string(progress.Least(least)),
			Revision: h.Number, Cues: cues, Translated: &of,
		})
	}
	slices.SortFunc(facts.Tracks, func(a, b conference.Track) int { return strings.Compare(a.Language, b.Language) })
	return nil
}

// leaveOut leaves out all translations of a talk that has no subtitles any more which they
// could be held against.
func leaveOut(ctx context.Context, books *catalog.Catalog, facts *conference.Facts) error {
	list, err := books.Translations(ctx, facts.Talk.Slug)
	for _, t := range list {
		why := fmt.Sprintf("the talk has no subtitles in %s that it could be held against", subtitle.EnglishName(facts.Talk.Language))
		facts.LeftOut = append(facts.LeftOut, conference.LeftOut{Language: t.Language, Why: why})
	}
	return err
}

// withoutCopies is tracks without cues that only repeat the source in a translation. No
// viewer who asks for Spanish gets English.
func withoutCopies(tracks []conference.Track) (all []conference.Track) {
	source := conference.AuthoredIn(tracks)
	for _, t := range tracks {
		if source != nil && t.Kind == conference.Translation {
			bound := translation.BoundIn(source.Language, t.Language, source.Cues, t.Cues)
			t.Cues = translation.Released(bound, translation.Draft)
			t.Translated = &conference.Completeness{Revision: source.Revision, Cues: len(source.Cues),
				Done: translation.ProgressOf(source.Cues, bound).Reached(translation.Draft)}
		}
		if len(t.Cues) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// copied says which translations that were handed in still repeat their source.
func copied(before, after []conference.Track) (notes []string) {
	for _, t := range before {
		n := len(t.Cues)
		if kept := conference.TrackIn(after, t.Language); kept != nil {
			n -= len(kept.Cues)
		}
		if n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d of its %d cues only repeat the source, and are left out", t.File, n, len(t.Cues)))
		}
	}
	return notes
}

// words is a state for people, of cues that have come so far or further.
func words(s translation.State) string {
	return map[translation.State]string{
		translation.Approved: "approved", translation.InReview: "in review or approved", translation.Draft: "translated",
	}[s]
}
