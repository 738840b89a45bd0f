package translation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// Service loads and saves the translations in the catalog. Every change is saved as a new
// revision; earlier ones are kept.
type Service struct {
	Catalog *catalog.Catalog
	DryRun  bool // changes are returned but not saved
}

// Revision is one saved state of a translation, with the source cues that it was made from.
type Revision struct {
	Slug     string
	Language string // BCP 47
	Number   int    // from 1; 0 if there is no revision yet
	Cues     []Cue
	Source   conference.Track // at the revision that Cues translate
	Who, Why string           // its author and reason
	At       time.Time
}

// Progress returns how many source cues have a translation in each state.
func (r Revision) Progress() Progress { return CountProgress(r.Source.Cues, r.Cues) }

// ErrNotFound reports that a talk has no translation into a language, or not that revision of
// it.
var ErrNotFound = fmt.Errorf("there is no such translation: %w", catalog.ErrNotFound)

// Source returns the track that a talk's translations are made from: the authored subtitles in
// the spoken language. If the talk has none, the error is an [inputerr.Error].
func (s Service) Source(ctx context.Context, slug string) (conference.Track, error) {
	talk, err := s.Catalog.Talk(ctx, slug)
	if err != nil {
		return conference.Track{}, err
	}
	if t := conference.FindAuthored(talk.Facts.Tracks); t != nil {
		return *t, nil
	}
	return conference.Track{}, inputerr.Coded("translation.no_source", "has no subtitles in {name} to translate from", "name", subtitle.EnglishLanguageName(talk.Facts.Talk.Language), "language", talk.Facts.Talk.Language).In(slug).
		Hint("Add them first with --subtitles %s=FILE", talk.Facts.Talk.Language)
}

// Load returns a revision of a talk's translation, the latest for number 0. If there is none,
// the error is ErrNotFound.
func (s Service) Load(ctx context.Context, slug, language string, number int) (Revision, error) {
	t, err := s.Catalog.Translation(ctx, slug, language, number)
	if errors.Is(err, catalog.ErrNotFound) {
		return Revision{}, ErrNotFound
	}
	if err != nil {
		return Revision{}, err
	}
	revisions, err := s.decodeRevisions(ctx, slug, []catalog.Translation{t})
	if err != nil {
		return Revision{}, err
	}
	return revisions[0], nil
}

// decodeRevisions decodes translations of the catalog, and adds to each the source revision that it
// was made from.
func (s Service) decodeRevisions(ctx context.Context, slug string, list []catalog.Translation) (all []Revision, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	source, err := s.Source(ctx, slug)
	if err != nil {
		return nil, err
	}
	sources := map[int][]conference.Cue{source.Revision: source.Cues}
	for _, t := range list {
		r := Revision{Slug: slug, Language: t.Language, Number: t.Number, Source: source, Who: t.Who, Why: t.Why, At: t.At}
		if err := json.Unmarshal(t.Cues, &r.Cues); err != nil {
			return nil, fmt.Errorf("read the translation of %s in %s: %w", slug, t.Language, err)
		}
		if sources[t.Source] == nil {
			if sources[t.Source], err = s.Catalog.Revision(ctx, slug, source.Language, t.Source); err != nil {
				return nil, err
			}
		}
		r.Source.Revision, r.Source.Cues = t.Source, sources[t.Source]
		all = append(all, r)
	}
	return all, nil
}

// LoadOrNew returns the latest revision of a talk's translation, or an empty one with Number 0 if
// there is none yet. It returns an [inputerr.Error] if the language is the spoken one.
func (s Service) LoadOrNew(ctx context.Context, slug, language string) (Revision, error) {
	source, err := s.Source(ctx, slug)
	if err != nil {
		return Revision{}, err
	}
	if language == source.Language {
		return Revision{}, inputerr.Coded("translation.spoken_language", "is the spoken language of {talk}, so it cannot be a translation", "talk", slug).In(language).
			Hint("To replace the original subtitles, use --subtitles %s=FILE", language)
	}
	r, err := s.Load(ctx, slug, language, 0)
	if errors.Is(err, ErrNotFound) {
		return Revision{Slug: slug, Language: language, Source: source}, nil
	}
	return r, err
}

// Latest returns the latest revision of each of a talk's translations, sorted by language.
func (s Service) Latest(ctx context.Context, slug string) ([]Revision, error) {
	list, err := s.Catalog.Translations(ctx, slug)
	if err != nil {
		return nil, err
	}
	return s.decodeRevisions(ctx, slug, list)
}

// Memory returns a translation memory of all translations into a language in the talks of slug's
// conference, including slug itself. Talks without source subtitles are left out.
func (s Service) Memory(ctx context.Context, slug, language string) (*Memory, error) {
	own, err := s.Catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	translated, err := s.Catalog.TranslationsInto(ctx, language)
	if err != nil {
		return nil, err
	}
	m := new(Memory)
	for _, t := range translated {
		other, err := s.Catalog.Talk(ctx, t.Slug)
		if err != nil {
			return nil, err
		}
		if other.Facts.Talk.Conference != own.Facts.Talk.Conference {
			continue
		}
		r, err := s.Load(ctx, t.Slug, language, t.Number)
		if inputerr.As(err) != nil { // it has no source
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Add(Pairs(t.Slug, language, Units(r.Source.Cues, r.Cues))...)
	}
	return m, nil
}

// ReleasableTracks returns every track that a release may ever have contained: each revision of
// each translation, once for each state that a pipeline can require of its cues.
func (s Service) ReleasableTracks(ctx context.Context, slug string) (all []conference.Track, err error) {
	last, err := s.Catalog.Translations(ctx, slug)
	for _, t := range last {
		history, err := s.Catalog.TranslationHistory(ctx, slug, t.Language)
		if err != nil {
			return nil, err
		}
		for _, old := range history {
			var cues []Cue
			if err := json.Unmarshal(old.Cues, &cues); err != nil {
				return nil, fmt.Errorf("read revision %d of %s in %s: %w", old.Number, slug, old.Language, err)
			}
			for _, least := range []State{Draft, InReview, Approved} {
				all = append(all, conference.Track{Language: old.Language, Revision: old.Number, Cues: ReleasedCues(cues, least)})
			}
		}
	}
	return all, err
}

// save stores r as the revision after r.Number and returns it with its new number. In a dry
// run it stores nothing.
func (s Service) save(ctx context.Context, r Revision, who, why string) (Revision, error) {
	if s.DryRun {
		return r, nil
	}
	cues, err := json.Marshal(r.Cues)
	if err != nil {
		return r, err
	}
	base := r.Number
	r.Number, err = s.Catalog.SaveTranslation(ctx, r.Slug, base, catalog.Translation{
		Language: r.Language, Source: r.Source.Revision, State: string(r.Progress().State()), Cues: cues, Who: who, Why: why,
	})
	r.Who, r.Why = who, why
	return r, err
}

// Sheet returns the translation together with its source, for export. title is the talk's.
func (r Revision) Sheet(title string) Sheet {
	return Sheet{Talk: title, From: r.Source.Language, To: r.Language, Revision: r.Source.Revision, Base: r.Number, Units: Units(r.Source.Cues, r.Cues)}
}

// conflictError returns a [catalog.Conflict], which says that a change was made to revision base
// although that is not the latest.
func (s Service) conflictError(ctx context.Context, r Revision, base int) error {
	last, err := s.Catalog.Translation(ctx, r.Slug, r.Language, 0)
	if err != nil {
		return err
	}
	return &catalog.Conflict{Slug: r.Slug, Language: r.Language, Base: base, Last: last}
}

// PlainCues returns the subtitle cues of translated cues, without source, state and notes.
func PlainCues(cues []Cue) []conference.Cue {
	all := make([]conference.Cue, len(cues))
	for i, c := range cues {
		all[i] = c.Cue
	}
	return all
}

// UpdateToSource adapts all translations of a talk to the current revision of its source, and saves
// them. It returns a report for each that was made from an earlier revision, by language.
func (s Service) UpdateToSource(ctx context.Context, slug string) (map[string]UpdateReport, error) {
	reports := make(map[string]UpdateReport)
	all, err := s.Latest(ctx, slug)
	if err != nil || len(all) == 0 {
		return reports, err
	}
	source, err := s.Source(ctx, slug)
	if err != nil {
		return reports, err
	}
	since := make(map[int]*sourceDiff) // by source revision
	for _, r := range all {
		was := r.Source
		if was.Revision == source.Revision {
			continue
		}
		if since[was.Revision] == nil {
			since[was.Revision] = diffSources(was.Cues, source.Cues)
		}
		r.Source = source
		r.Cues, reports[r.Language] = since[was.Revision].apply(r.Cues)
		why := WhyEnglish.Format(message.New("why.source", "n", strconv.Itoa(source.Revision)))
		if _, err := s.save(ctx, r, "lectern", why); err != nil {
			return reports, err
		}
	}
	return reports, nil
}
