package conductor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
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
