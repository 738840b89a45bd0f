package conductor

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
)

// updateTranslations updates the talk's translations in the catalog to the current subtitles in the
// spoken language. It adds a note for each translation in which a translator now has something to
// do. If the talk has no such subtitles, it does nothing.
func (r *buildRun) updateTranslations(ctx context.Context) error {
	if conference.FindAuthored(r.facts.Tracks) == nil {
		return nil
	}
	reports, err := translation.Service{Catalog: r.builder.Catalog}.UpdateToSource(ctx, r.facts.Talk.Slug)
	for _, language := range slices.Sorted(maps.Keys(reports)) {
		report := reports[language]
		if n := len(report.NeedsEditing); n+report.Untranslated > 0 {
			r.notes = append(r.notes, fmt.Sprintf("the source changed: in %s, %d cues need editing and %d have no translation; see lectern translations status %s %s",
				subtitle.EnglishLanguageName(language), n, report.Untranslated, r.facts.Talk.Slug, language))
		}
	}
	return err
}

// untranslatedNotes returns a note for each submitted translation, from before, that has fewer
// cues in after. Such cues were left out because they only repeat their source.
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
