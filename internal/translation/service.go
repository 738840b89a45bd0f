package translation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// Service is where translators and reviewers work on what the catalogue holds. Whatever they
// do makes a new revision; none is ever lost.
type Service struct {
	Catalog *catalog.Catalog
	DryRun  bool // nothing is saved: what would be is in the answers, without a number of its own
}

// Revision is one revision of a translation, and the source that it is held against.
type Revision struct {
	Slug     string
	Language string // BCP 47
	Number   int    // of the revision, from 1; 0: there is none yet
	Cues     []Cue
	Source   conference.Track // the authored track, at the revision that Cues are held against
	Who, Why string           // of the revision
	At       time.Time
}

// Progress is how much of the source is translated.
func (h Revision) Progress() Progress { return CountProgress(h.Source.Cues, h.Cues) }

// ErrNotFound says that a talk has no translation in a language.
var ErrNotFound = errors.New("there is no such translation")

// Source is the track that translations of a talk are made from: the one in the language
// that is spoken. A talk without one is a [inputerr.Fault].
func (d Service) Source(ctx context.Context, slug string) (conference.Track, error) {
	s, err := d.Catalog.Talk(ctx, slug)
	if err != nil {
		return conference.Track{}, err
	}
	if t := conference.FindAuthored(s.Facts.Tracks); t != nil {
		return *t, nil
	}
	return conference.Track{}, inputerr.New(slug, "has no subtitles in %s that a translation could be held against", subtitle.EnglishLanguageName(s.Facts.Talk.Language)).
		Hint("Run it with --subtitles %s=FILE first", s.Facts.Talk.Language)
}

// Load is a revision of a talk's translation, 0 being the last, or ErrUnknown.
func (d Service) Load(ctx context.Context, slug, language string, number int) (Revision, error) {
	t, err := d.Catalog.Translation(ctx, slug, language, number)
	if errors.Is(err, catalog.ErrNotFound) {
		return Revision{}, ErrNotFound
	}
	if err != nil {
		return Revision{}, err
	}
	held, err := d.decodeRevisions(ctx, slug, []catalog.Translation{t})
	if err != nil {
		return Revision{}, err
	}
	return held[0], nil
}

// decodeRevisions reads what the catalogue has, and each revision of the source once.
func (d Service) decodeRevisions(ctx context.Context, slug string, list []catalog.Translation) (all []Revision, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	source, err := d.Source(ctx, slug)
	if err != nil {
		return nil, err
	}
	revisions := map[int][]conference.Cue{source.Revision: source.Cues}
	for _, t := range list {
		h := Revision{Slug: slug, Language: t.Language, Number: t.Number, Source: source, Who: t.Who, Why: t.Why, At: t.At}
		if err := json.Unmarshal(t.Cues, &h.Cues); err != nil {
			return nil, fmt.Errorf("read the translation of %s in %s: %w", slug, t.Language, err)
		}
		if revisions[t.Source] == nil {
			if revisions[t.Source], err = d.Catalog.Revision(ctx, slug, source.Language, t.Source); err != nil {
				return nil, err
			}
		}
		h.Source.Revision, h.Source.Cues = t.Source, revisions[t.Source]
		all = append(all, h)
	}
	return all, nil
}

// LoadOrNew is the last revision of a talk's translation or, where there is none yet, what one
// begins with. The language that is spoken is refused.
func (d Service) LoadOrNew(ctx context.Context, slug, language string) (Revision, error) {
	source, err := d.Source(ctx, slug)
	if err != nil {
		return Revision{}, err
	}
	if language == source.Language {
		return Revision{}, inputerr.New(language, "is the language that is spoken in %s, and no translation", slug).
			Hint("Run it with --subtitles %s=FILE to replace the source", language)
	}
	h, err := d.Load(ctx, slug, language, 0)
	if errors.Is(err, ErrNotFound) {
		return Revision{Slug: slug, Language: language, Source: source}, nil
	}
	return h, err
}

// Latest is the last revision of each of a talk's translations, by language.
func (d Service) Latest(ctx context.Context, slug string) ([]Revision, error) {
	list, err := d.Catalog.Translations(ctx, slug)
	if err != nil {
		return nil, err
	}
	return d.decodeRevisions(ctx, slug, list)
}

// Memory is what was translated into a language in all talks of a talk's conference, as far
// as it is held against its source; and in this one, too.
func (d Service) Memory(ctx context.Context, slug, language string) (*Memory, error) {
	own, err := d.Catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	translated, err := d.Catalog.TranslationsInto(ctx, language)
	if err != nil {
		return nil, err
	}
	m := new(Memory)
	for _, t := range translated {
		other, err := d.Catalog.Talk(ctx, t.Slug)
		if err != nil {
			return nil, err
		}
		if other.Facts.Talk.Conference != own.Facts.Talk.Conference {
			continue
		}
		h, err := d.Load(ctx, t.Slug, language, t.Number)
		if inputerr.As(err) != nil { // nothing that could be suggested
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Add(Pairs(t.Slug, language, Units(h.Source.Cues, h.Cues))...)
	}
	return m, nil
}

// ReleasableTracks is what viewers may have got of all revisions of a talk's translations, by any
// of the states that a release can ask for.
func (d Service) ReleasableTracks(ctx context.Context, slug string) (all []conference.Track, err error) {
	last, err := d.Catalog.Translations(ctx, slug)
	for _, t := range last {
		history, err := d.Catalog.TranslationHistory(ctx, slug, t.Language)
		if err != nil {
			return nil, err
		}
		for _, r := range history {
			var cues []Cue
			if err := json.Unmarshal(r.Cues, &cues); err != nil {
				return nil, fmt.Errorf("read revision %d of %s in %s: %w", r.Number, slug, r.Language, err)
			}
			for _, least := range []State{Draft, InReview, Approved} {
				all = append(all, conference.Track{Language: r.Language, Revision: r.Number, Cues: ReleasedCues(cues, least)})
			}
		}
	}
	return all, err
}

// save makes a revision of what h holds now, after the one it was.
func (d Service) save(ctx context.Context, h Revision, who, why string) (Revision, error) {
	if d.DryRun {
		return h, nil
	}
	cues, err := json.Marshal(h.Cues)
	if err != nil {
		return h, err
	}
	base := h.Number
	h.Number, err = d.Catalog.SaveTranslation(ctx, h.Slug, base, catalog.Translation{
		Language: h.Language, Source: h.Source.Revision, State: string(h.Progress().State()), Cues: cues, Who: who, Why: why,
	})
	h.Who, h.Why = who, why
	return h, err
}

// ImportSubtitles takes a translated file: the cues of a new translation, or the present ones of one
// that is there. What is all as it was makes no revision. What is as it was keeps its id and its state; everything else is a draft
// in who's words. base, unless it is 0, is the revision that the file was made from: if it
// is not the last one, the error is a [catalog.Conflict]. So it is where base is 0 and the
// file has other words than another person's.
func (d Service) ImportSubtitles(ctx context.Context, slug, language string, cues []conference.Cue, base int, who, why string) (Revision, error) {
	h, err := d.LoadOrNew(ctx, slug, language)
	if err != nil {
		return h, err
	}
	source, err := d.Source(ctx, slug)
	if err != nil {
		return h, err
	}
	last, held := h.Cues, h.Source.Revision
	if base != 0 && base != h.Number {
		return h, d.conflictError(ctx, h, base)
	}
	h.Source = source
	used, err := d.usedIDs(ctx, slug, language)
	if err != nil {
		return h, err
	}
	h.Cues = LinkCuesBetween(source.Language, language, source.Cues, compare.CarryIDs(plainCues(last), cues, compare.NewIDs(used)))
	if !slices.ContainsFunc(h.Cues, func(c Cue) bool { return len(c.SourceIDs) > 0 }) {
		return h, inputerr.New(slug+" in "+language, "nothing in the file is shown when anything of the source is").
			Hint("Look whether it is for another talk, or on another clock (lectern subtitles sync)")
	}
	if base == 0 && overwritesOthers(h.Cues, last, who) {
		return h, d.conflictError(ctx, h, 0)
	}
	carryStates(h.Cues, last, who)
	if h.Number > 0 && held == source.Revision && storedAlike(h.Cues, last) {
		return h, nil
	}
	return d.save(ctx, h, who, why)
}

// ReturnedFile is a translation that was worked on outside Lectern, in a format that
// package exchange reads.
type ReturnedFile interface {
	// Origin returns the file's name and the revisions of the source and of the translation
	// that it was exported from, each 0 if the file does not say.
	Origin() (name string, source, base int)
	// Merge returns the translation that the file holds; see exchange.File.Merge.
	Merge(source []conference.Cue, current []Cue) ([]Cue, MergeResult, error)
}

// Import saves what came back from a translator's program. What they changed is a draft in
// who's words, whatever their program says of it: only a person here approves. base is as
// with [Service.ImportSubtitles]; where it is 0, the file may say it.
func (d Service) Import(ctx context.Context, slug, language string, f ReturnedFile, base int, who string) (Revision, MergeResult, error) {
	h, err := d.LoadOrNew(ctx, slug, language)
	if err != nil {
		return h, MergeResult{}, err
	}
	name, sourceRevision, fileBase := f.Origin()
	exported := base != 0 || sourceRevision > 0 // files that the catalogue exported say from which revisions
	base = cmp.Or(base, fileBase)
	if exported && base != h.Number {
		return h, MergeResult{}, d.conflictError(ctx, h, base)
	}
	last := h.Cues
	cues, taken, err := f.Merge(h.Source.Cues, last)
	if err != nil {
		return h, taken, err
	}
	h.Cues = cues
	taken.Changed = h.setAuthors(last, who)
	if h.Number > 0 && storedAlike(h.Cues, last) {
		return h, taken, nil
	}
	h, err = d.save(ctx, h, who, "imported from "+name)
	return h, taken, err
}

// setAuthors says whose words cues are that were not there before, and lets none of them be
// further than a draft. It counts what changed.
func (h *Revision) setAuthors(last []Cue, who string) (changed int) {
	before := make(map[string]Cue, len(last))
	for _, c := range last {
		before[c.ID] = c
	}
	for n := range h.Cues {
		c := &h.Cues[n]
		was, ok := before[c.ID]
		delete(before, c.ID)
		if ok && was.Text == c.Text && slices.Equal(was.Spans, c.Spans) {
			c.By = was.By
			switch {
			case c.State == NeedsEditing && c.PreviousSource == "": // a program dropped it
				c.SourceHash, c.PreviousSource, c.PreviousState = was.SourceHash, was.PreviousSource, was.PreviousState
			case c.State != was.State && c.State.atLeast(InReview):
				c.State = was.State
			}
			if c.State != was.State {
				changed++
			}
			continue
		}
		changed++
		c.By = who
		if c.State.atLeast(InReview) {
			c.State = Draft
		}
	}
	return changed + len(before) // and what is not there any more
}

// Sheet is a translation beside its source, for a translator.
func (h Revision) Sheet(title string) Sheet {
	return Sheet{Talk: title, From: h.Source.Language, To: h.Language, Revision: h.Source.Revision, Base: h.Number, Units: Units(h.Source.Cues, h.Cues)}
}

// overwritesOthers reports whether cues change or leave out what is in another's words than who's.
func overwritesOthers(cues, last []Cue, who string) bool {
	now := make(map[string]string, len(cues))
	for _, c := range cues {
		now[c.ID] = c.Text
	}
	return slices.ContainsFunc(last, func(c Cue) bool {
		return c.By != "" && !strings.EqualFold(c.By, who) && c.State != Obsolete && now[c.ID] != c.Text
	})
}

// storedAlike reports whether the catalogue would write the same of both.
func storedAlike(a, b []Cue) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// conflictError is the error of a change to a revision that is not the last.
func (d Service) conflictError(ctx context.Context, h Revision, base int) error {
	last, err := d.Catalog.Translation(ctx, h.Slug, h.Language, 0)
	if err != nil {
		return err
	}
	return &catalog.Conflict{Slug: h.Slug, Language: h.Language, Base: base, Last: last}
}

// usedIDs are the ids of all cues that a translation ever had.
func (d Service) usedIDs(ctx context.Context, slug, language string) (ids []string, err error) {
	history, err := d.Catalog.TranslationHistory(ctx, slug, language)
	if err != nil {
		return nil, err
	}
	for _, t := range history {
		var cues []struct{ ID string }
		if err := json.Unmarshal(t.Cues, &cues); err != nil {
			return nil, err
		}
		for _, c := range cues {
			ids = append(ids, c.ID)
		}
	}
	return ids, nil
}

func plainCues(cues []Cue) []conference.Cue {
	all := make([]conference.Cue, len(cues))
	for i, c := range cues {
		all[i] = c.Cue
	}
	return all
}

// carryStates gives cues that say what they said before, of the same source, what was known
// of them; the others are who's.
func carryStates(cues, last []Cue, who string) {
	before := make(map[string]Cue, len(last))
	for _, c := range last {
		before[c.ID] = c
	}
	for n := range cues {
		c := &cues[n]
		was, ok := before[c.ID]
		c.Notes = was.Notes
		same := ok && was.Text == c.Text && slices.Equal(was.Spans, c.Spans) && slices.Equal(was.SourceIDs, c.SourceIDs)
		if same && was.State != Obsolete && c.State != Untranslated {
			c.SourceHash, c.PreviousSource, c.State, c.PreviousState, c.By = was.SourceHash, was.PreviousSource, was.State, was.PreviousState, was.By
			continue
		}
		if ok && was.State == Obsolete && was.Text == c.Text && len(c.SourceIDs) == 0 { // its source is gone still
			was.Cue = c.Cue
			*c = was
			continue
		}
		c.By = who
	}
}

// UpdateToSource brings all translations of a talk along to its present source, and says what
// became of those that were not held against it yet, by language.
func (d Service) UpdateToSource(ctx context.Context, slug string) (map[string]UpdateReport, error) {
	reports := make(map[string]UpdateReport)
	all, err := d.Latest(ctx, slug)
	if err != nil || len(all) == 0 {
		return reports, err
	}
	source, err := d.Source(ctx, slug)
	if err != nil {
		return reports, err
	}
	since := make(map[int]*sourceDiff) // each revision of the source
	for _, h := range all {
		was := h.Source
		if was.Revision == source.Revision {
			continue
		}
		if since[was.Revision] == nil {
			since[was.Revision] = diffSources(was.Cues, source.Cues)
		}
		h.Source = source
		h.Cues, reports[h.Language] = since[was.Revision].apply(h.Cues)
		why := fmt.Sprintf("the source is at revision %d", source.Revision)
		if _, err := d.save(ctx, h, "lectern", why); err != nil {
			return reports, err
		}
	}
	return reports, nil
}

// editFunc is what becomes of some cues of a translation; a change that is for nothing says
// why not.
type editFunc func(h *Revision) error

// edit makes a revision of a changed translation.
func (d Service) edit(ctx context.Context, slug, language, who, why string, do editFunc) (Revision, error) {
	h, err := d.Load(ctx, slug, language, 0)
	if err != nil {
		return h, err
	}
	h.Cues = slices.Clone(h.Cues)
	if err := do(&h); err != nil {
		return h, err
	}
	return d.save(ctx, h, who, why)
}

// SubmitForReview hands all drafts of a translation in for review.
func (d Service) SubmitForReview(ctx context.Context, slug, language, who string) (Revision, error) {
	return d.edit(ctx, slug, language, who, "handed in for review", func(h *Revision) error {
		return h.changeState(Draft, InReview, "has no draft that could be handed in for review")
	})
}

// changeState moves all cues from one state to another.
func (h *Revision) changeState(from, to State, none string) error {
	n := 0
	for i := range h.Cues {
		if h.Cues[i].State == from {
			h.Cues[i].State = to
			n++
		}
	}
	if n == 0 {
		return inputerr.New(h.Slug+" in "+h.Language, "%s: it is %s", none, h.Progress().State())
	}
	return nil
}

// Approve approves what is in review in others' words: nobody approves their own, by
// whatever names they go, which stay in review.
func (d Service) Approve(ctx context.Context, slug, language, who string, names ...string) (Revision, error) {
	names = append([]string{who}, names...)
	return d.edit(ctx, slug, language, who, "approved", func(h *Revision) error {
		own, approved := 0, 0
		for i := range h.Cues {
			switch c := &h.Cues[i]; {
			case c.State != InReview:
			case slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(c.By, name) }):
				own++
			default:
				c.State = Approved
				approved++
			}
		}
		switch {
		case approved > 0:
			return nil
		case own > 0:
			return inputerr.New(slug+" in "+language, "has %d cues in your own words (%s), which somebody else has to approve", own, who).
				Hint("Ask another who knows the language")
		}
		return inputerr.New(slug+" in "+language, "has nothing that is in review: it is %s", h.Progress().State())
	})
}

// SendBack makes drafts of what is in review or approved, with a note that says why: of
// the translation of one source cue, or of all where id is "".
func (d Service) SendBack(ctx context.Context, slug, language, id, who, note string) (Revision, error) {
	return d.edit(ctx, slug, language, who, "sent back: "+note, func(h *Revision) error {
		n := 0
		for i := range h.Cues {
			c := &h.Cues[i]
			if id != "" && !slices.Contains(c.SourceIDs, id) || c.State != InReview && c.State != Approved {
				continue
			}
			c.State = Draft
			if id != "" || n == 0 {
				c.Notes = append(slices.Clip(c.Notes), Note{who, note})
			}
			n++
		}
		if n == 0 {
			return inputerr.New(slug+" in "+language, "has nothing to send back: it is %s", h.Progress().State()).
				Hint("Only what is in review or approved can be sent back")
		}
		return nil
	})
}

// Restore makes an earlier revision the present one, brought along to the present source.
func (d Service) Restore(ctx context.Context, slug, language string, number int, who string) (Revision, error) {
	return d.edit(ctx, slug, language, who, fmt.Sprintf("revision %d restored", number), func(h *Revision) error {
		old, err := d.Load(ctx, slug, language, number)
		if errors.Is(err, ErrNotFound) || number < 1 {
			return inputerr.New(slug+" in "+language, "has no revision %d: the last is %d", number, h.Number)
		}
		if err != nil {
			return err
		}
		source, err := d.Source(ctx, slug)
		if err != nil {
			return err
		}
		h.Cues = old.Cues
		if old.Source.Revision != source.Revision {
			h.Cues, _ = Update(old.Cues, old.Source.Cues, source.Cues)
		}
		h.Source = source
		return nil
	})
}
