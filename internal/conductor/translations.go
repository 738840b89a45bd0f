package conductor

import (
	"context"
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

// addTranslations adds to a talk's facts the translations in the catalogue that may be
// released by what a pipeline asks, and which may not. A file in the same language that was
// handed in with the talk comes before one.
func addTranslations(ctx context.Context, books *catalog.Catalog, facts *conference.Facts, p pipelines.Pipeline) error {
	all, err := translation.Desk{Catalog: books}.All(ctx, facts.Talk.Slug)
	if err != nil {
		return err
	}
	state, complete := plan.Releasable(p)
	least := translation.State(state)
	facts.Tracks = slices.Clip(facts.Tracks)
	for _, h := range all {
		if slices.ContainsFunc(facts.Tracks, func(t conference.Track) bool { return t.Language == h.Language }) {
			continue
		}
		progress := h.Progress()
		of := conference.Completeness{Revision: h.Source.Revision, Cues: progress.Source, Done: progress.Reached(least)}
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

// words is a state for people, of cues that have come so far or further.
func words(s translation.State) string {
	return map[translation.State]string{
		translation.Approved: "approved", translation.InReview: "in review or approved", translation.Draft: "translated",
	}[s]
}
