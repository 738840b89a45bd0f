package planner

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/pipelines"
)

// AddTranslations adds the translations in the catalog to a talk's facts. A translation that is
// less complete than the pipeline asks is added to Withheld, with the reason. So is one into a
// language of which a subtitle file was submitted with the talk, and every translation of a talk
// without subtitles in the spoken language. AddTranslations also removes cues that only repeat the
// source text from submitted translations, and sorts the tracks by language.
//
// The reasons are part of bundle.json and so of the bundle's key: if a word of them changes, every
// bundle with withheld translations is built again.
func (p *Planner) AddTranslations(ctx context.Context, facts *conference.Facts, pipeline pipelines.Pipeline) error {
	if conference.FindAuthored(facts.Tracks) == nil {
		return p.withholdAll(ctx, facts)
	}
	all, err := translation.Service{Catalog: p.Catalog}.Latest(ctx, facts.Talk.Slug)
	if err != nil {
		return err
	}
	state, percent := plan.TranslationThreshold(pipeline)
	threshold := translation.State(state)
	facts.Tracks = dropUntranslatedCues(facts.Tracks)
	for _, t := range all {
		progress := t.Progress()
		completeness := conference.Completeness{Revision: t.Source.Revision, Cues: progress.SourceCues, Done: progress.AtLeast(threshold)}
		withhold := func(reason message.Message) {
			facts.Withheld = append(facts.Withheld, conference.WithheldTrack{Language: t.Language, Reason: WithheldEnglish.Format(reason), Translated: completeness})
		}
		if conference.FindTrack(facts.Tracks, t.Language) != nil {
			withhold(message.New("left-out.file"))
			continue
		}
		cues := translation.ReleasedCues(t.Cues, threshold)
		if len(cues) == 0 || completeness.Done*100 < percent*completeness.Cues {
			withhold(message.New("left-out."+string(threshold), "done", strconv.Itoa(completeness.Done), "all", strconv.Itoa(completeness.Cues), "percent", strconv.Itoa(percent)))
			continue
		}
		facts.Tracks = append(facts.Tracks, conference.Track{
			Language: t.Language, Kind: conference.Translation, State: string(progress.Lowest(threshold)),
			Revision: t.Number, Cues: cues, Translated: &completeness,
		})
	}
	slices.SortFunc(facts.Tracks, func(a, b conference.Track) int { return strings.Compare(a.Language, b.Language) })
	return nil
}

// withholdAll adds all translations of a talk to Withheld, with the reason that it has no subtitles
// in the spoken language.
func (p *Planner) withholdAll(ctx context.Context, facts *conference.Facts) error {
	list, err := p.Catalog.Translations(ctx, facts.Talk.Slug)
	for _, t := range list {
		reason := WithheldEnglish.Format(message.New("left-out.no-source", "language", subtitle.EnglishLanguageName(facts.Talk.Language)))
		facts.Withheld = append(facts.Withheld, conference.WithheldTrack{Language: t.Language, Reason: reason})
	}
	return err
}

// dropUntranslatedCues returns the tracks without cues of translations that repeat the source text,
// so that a viewer who selects Spanish never reads English. It sets how complete each translation
// is, and leaves out tracks without cues.
func dropUntranslatedCues(tracks []conference.Track) (all []conference.Track) {
	source := conference.FindAuthored(tracks)
	for _, t := range tracks {
		if source != nil && t.Kind == conference.Translation {
			linked := translation.LinkCuesBetween(source.Language, t.Language, source.Cues, t.Cues)
			t.Cues = translation.ReleasedCues(linked, translation.Draft)
			t.Translated = &conference.Completeness{Revision: source.Revision, Cues: len(source.Cues),
				Done: translation.CountProgress(source.Cues, linked).AtLeast(translation.Draft)}
		}
		if len(t.Cues) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// WithheldEnglish are the reasons why a translation is not in a bundle. The threshold of the
// pipeline is part of the code. Pages recognize the stored sentences by these templates; rewording
// one makes bundles anew.
var WithheldEnglish = message.Templates{
	"left-out.file": "a file in the same language was uploaded with the talk",
	"left-out." + string(translation.Approved): "{done} of {all} cues are approved, and the release asks for {percent} %",
	"left-out." + string(translation.InReview): "{done} of {all} cues are in review or approved, and the release asks for {percent} %",
	"left-out." + string(translation.Draft):    "{done} of {all} cues are translated, and the release asks for {percent} %",
	"left-out.no-source":                       "the talk has no subtitles in {language} that it could be held against",
}
