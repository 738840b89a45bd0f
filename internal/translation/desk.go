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

// Desk is where translators and reviewers work on what the catalogue holds. Whatever they
// do makes a new revision; none is ever lost.
type Desk struct {
	Catalog *catalog.Catalog
	Dry     bool // nothing is saved: what would be is in the answers, without a number of its own
}

// Held is one revision of a translation, and the source that it is held against.
type Held struct {
	Slug     string
	Language string // BCP 47
	Number   int    // of the revision, from 1; 0: there is none yet
	Cues     []Cue
	Source   conference.Track // the authored track, at the revision that Cues are held against
	Who, Why string           // of the revision
	At       time.Time
}

// Progress is how much of the source is translated.
func (h Held) Progress() Progress { return ProgressOf(h.Source.Cues, h.Cues) }

// ErrUnknown says that a talk has no translation in a language.
var ErrUnknown = errors.New("there is no such translation")

// Source is the track that translations of a talk are made from: the one in the language
// that is spoken. A talk without one is a [inputerr.Fault].
func (d Desk) Source(ctx context.Context, slug string) (conference.Track, error) {
	s, err := d.Catalog.Talk(ctx, slug)
	if err != nil {
		return conference.Track{}, err
	}
	if t := conference.AuthoredIn(s.Facts.Tracks); t != nil {
		return *t, nil
	}
	return conference.Track{}, inputerr.New(slug, "has no subtitles in %s that a translation could be held against", subtitle.EnglishName(s.Facts.Talk.Language)).
		Try("Run it with --subtitles %s=FILE first", s.Facts.Talk.Language)
}

// Open is a revision of a talk's translation, 0 being the last, or ErrUnknown.
func (d Desk) Open(ctx context.Context, slug, language string, number int) (Held, error) {
	t, err := d.Catalog.Translation(ctx, slug, language, number)
	if errors.Is(err, catalog.ErrNone) {
		return Held{}, ErrUnknown
	}
	if err != nil {
		return Held{}, err
	}
	held, err := d.held(ctx, slug, []catalog.Translation{t})
	if err != nil {
		return Held{}, err
	}
	return held[0], nil
}

// held reads what the catalogue has, and each revision of the source once.
func (d Desk) held(ctx context.Context, slug string, list []catalog.Translation) (all []Held, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	source, err := d.Source(ctx, slug)
	if err != nil {
		return nil, err
	}
	revisions := map[int][]conference.Cue{source.Revision: source.Cues}
	for _, t := range list {
		h := Held{Slug: slug, Language: t.Language, Number: t.Number, Source: source, Who: t.Who, Why: t.Why, At: t.At}
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

// Begin is the last revision of a talk's translation or, where there is none yet, what one
// begins with. The language that is spoken is refused.
func (d Desk) Begin(ctx context.Context, slug, language string) (Held, error) {
	source, err := d.Source(ctx, slug)
	if err != nil {
		return Held{}, err
	}
	if language == source.Language {
		return Held{}, inputerr.New(language, "is the language that is spoken in %s, and no translation", slug).
			Try("Run it with --subtitles %s=FILE to replace the source", language)
	}
	h, err := d.Open(ctx, slug, language, 0)
	if errors.Is(err, ErrUnknown) {
		return Held{Slug: slug, Language: language, Source: source}, nil
	}
	return h, err
}

// All is the last revision of each of a talk's translations, by language.
func (d Desk) All(ctx context.Context, slug string) ([]Held, error) {
	list, err := d.Catalog.Translations(ctx, slug)
	if err != nil {
		return nil, err
	}
	return d.held(ctx, slug, list)
}

// Memory is what was translated into a language in all talks of a talk's conference, as far
// as it is held against its source; and in this one, too.
func (d Desk) Memory(ctx context.Context, slug, language string) (*Memory, error) {
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
		h, err := d.Open(ctx, t.Slug, language, t.Number)
		if inputerr.Of(err) != nil { // nothing that could be suggested
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Add(Pairs(t.Slug, language, Units(h.Source.Cues, h.Cues))...)
	}
	return m, nil
}

// Releasable is what viewers may have got of all revisions of a talk's translations, by any
// of the states that a release can ask for.
func (d Desk) Releasable(ctx context.Context, slug string) (all []conference.Track, err error) {
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
				all = append(all, conference.Track{Language: r.Language, Revision: r.Number, Cues: Released(cues, least)})
			}
		}
	}
	return all, err
}

// save makes a revision of what h holds now, after the one it was.
func (d Desk) save(ctx context.Context, h Held, who, why string) (Held, error) {
	if d.Dry {
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

// HandIn takes a translated file: the cues of a new translation, or the present ones of one
// that is there. What is all as it was makes no revision. What is as it was keeps its id and its state; everything else is a draft
// in who's words. base, unless it is 0, is the revision that the file was made from: if it
// is not the last one, the error is a [catalog.Conflict]. So it is where base is 0 and the
// file has other words than another person's.
func (d Desk) HandIn(ctx context.Context, slug, language string, cues []conference.Cue, base int, who, why string) (Held, error) {
	h, err := d.Begin(ctx, slug, language)
	if err != nil {
		return h, err
	}
	source, err := d.Source(ctx, slug)
	if err != nil {
		return h, err
	}
	last, held := h.Cues, h.Source.Revision
	if base != 0 && base != h.Number {
		return h, d.conflict(ctx, h, base)
	}
	h.Source = source
	used, err := d.usedIDs(ctx, slug, language)
	if err != nil {
		return h, err
	}
	h.Cues = BoundIn(source.Language, language, source.Cues, compare.Carry(plain(last), cues, compare.Fresh(used)))
	if !slices.ContainsFunc(h.Cues, func(c Cue) bool { return len(c.Of) > 0 }) {
		return h, inputerr.New(slug+" in "+language, "nothing in the file is shown when anything of the source is").
			Try("Look whether it is for another talk, or on another clock (lectern subtitles sync)")
	}
	if base == 0 && overwrites(h.Cues, last, who) {
		return h, d.conflict(ctx, h, 0)
	}
	keepStates(h.Cues, last, who)
	if h.Number > 0 && held == source.Revision && unchanged(h.Cues, last) {
		return h, nil
	}
	return d.save(ctx, h, who, why)
}

// Import takes what came back from a translator's program. What they changed is a draft in
// who's words, whatever their program says of it: only a person here approves. base is as
// with HandIn; where it is 0, the file may say it.
func (d Desk) Import(ctx context.Context, slug, language string, r *Returned, base int, who string) (Held, Taken, error) {
	h, err := d.Begin(ctx, slug, language)
	if err != nil {
		return h, Taken{}, err
	}
	catalogued := base != 0 || r.Revision > 0 // files from the catalogue say what they were made from
	if base = cmp.Or(base, r.Base); catalogued && base != h.Number {
		return h, Taken{}, d.conflict(ctx, h, base)
	}
	last := h.Cues
	cues, taken, err := r.Take(h.Source.Cues, last)
	if err != nil {
		return h, taken, err
	}
	h.Cues = cues
	taken.Changed = h.sign(last, who)
	if h.Number > 0 && unchanged(h.Cues, last) {
		return h, taken, nil
	}
	h, err = d.save(ctx, h, who, "imported from "+r.File)
	return h, taken, err
}

// sign says whose words cues are that were not there before, and lets none of them be
// further than a draft. It counts what changed.
func (h *Held) sign(last []Cue, who string) (changed int) {
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
			case c.State == NeedsEditing && c.Was == "": // a program dropped it
				c.Hash, c.Was, c.Stood = was.Hash, was.Was, was.Stood
			case c.State != was.State && c.State.reached(InReview):
				c.State = was.State
			}
			if c.State != was.State {
				changed++
			}
			continue
		}
		changed++
		c.By = who
		if c.State.reached(InReview) {
			c.State = Draft
		}
	}
	return changed + len(before) // and what is not there any more
}

// Sheet is a translation beside its source, for a translator.
func (h Held) Sheet(title string) Sheet {
	return Sheet{Talk: title, From: h.Source.Language, To: h.Language, Revision: h.Source.Revision, Base: h.Number, Units: Units(h.Source.Cues, h.Cues)}
}

// overwrites reports whether cues change or leave out what is in another's words than who's.
func overwrites(cues, last []Cue, who string) bool {
	now := make(map[string]string, len(cues))
	for _, c := range cues {
		now[c.ID] = c.Text
	}
	return slices.ContainsFunc(last, func(c Cue) bool {
		return c.By != "" && !strings.EqualFold(c.By, who) && c.State != Obsolete && now[c.ID] != c.Text
	})
}

// unchanged reports whether the catalogue would write the same of both.
func unchanged(a, b []Cue) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// conflict is the error of a change to a revision that is not the last.
func (d Desk) conflict(ctx context.Context, h Held, base int) error {
	last, err := d.Catalog.Translation(ctx, h.Slug, h.Language, 0)
	if err != nil {
		return err
	}
	return &catalog.Conflict{Slug: h.Slug, Language: h.Language, Base: base, Last: last}
}

// usedIDs are the ids of all cues that a translation ever had.
func (d Desk) usedIDs(ctx context.Context, slug, language string) (ids []string, err error) {
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

func plain(cues []Cue) []conference.Cue {
	all := make([]conference.Cue, len(cues))
	for i, c := range cues {
		all[i] = c.Cue
	}
	return all
}

// keepStates gives cues that say what they said before, of the same source, what was known
// of them; the others are who's.
func keepStates(cues, last []Cue, who string) {
	before := make(map[string]Cue, len(last))
	for _, c := range last {
		before[c.ID] = c
	}
	for n := range cues {
		c := &cues[n]
		was, ok := before[c.ID]
		c.Notes = was.Notes
		same := ok && was.Text == c.Text && slices.Equal(was.Spans, c.Spans) && slices.Equal(was.Of, c.Of)
		if same && was.State != Obsolete && c.State != Untranslated {
			c.Hash, c.Was, c.State, c.Stood, c.By = was.Hash, was.Was, was.State, was.Stood, was.By
			continue
		}
		if ok && was.State == Obsolete && was.Text == c.Text && len(c.Of) == 0 { // its source is gone still
			was.Cue = c.Cue
			*c = was
			continue
		}
		c.By = who
	}
}

// Follow brings all translations of a talk along to its present source, and says what
// became of those that were not held against it yet, by language.
func (d Desk) Follow(ctx context.Context, slug string) (map[string]Report, error) {
	reports := make(map[string]Report)
	all, err := d.All(ctx, slug)
	if err != nil || len(all) == 0 {
		return reports, err
	}
	source, err := d.Source(ctx, slug)
	if err != nil {
		return reports, err
	}
	since := make(map[int]*revision) // each revision of the source
	for _, h := range all {
		was := h.Source
		if was.Revision == source.Revision {
			continue
		}
		if since[was.Revision] == nil {
			since[was.Revision] = newRevision(was.Cues, source.Cues)
		}
		h.Source = source
		h.Cues, reports[h.Language] = since[was.Revision].update(h.Cues)
		why := fmt.Sprintf("the source is at revision %d", source.Revision)
		if _, err := d.save(ctx, h, "lectern", why); err != nil {
			return reports, err
		}
	}
	return reports, nil
}

// change is what becomes of some cues of a translation; a change that is for nothing says
// why not.
type change func(h *Held) error

// alter makes a revision of a changed translation.
func (d Desk) alter(ctx context.Context, slug, language, who, why string, do change) (Held, error) {
	h, err := d.Open(ctx, slug, language, 0)
	if err != nil {
		return h, err
	}
	h.Cues = slices.Clone(h.Cues)
	if err := do(&h); err != nil {
		return h, err
	}
	return d.save(ctx, h, who, why)
}

// Review hands all drafts of a translation in for review.
func (d Desk) Review(ctx context.Context, slug, language, who string) (Held, error) {
	return d.alter(ctx, slug, language, who, "handed in for review", func(h *Held) error {
		return h.move(Draft, InReview, "has no draft that could be handed in for review")
	})
}

// move moves all cues from one state to another.
func (h *Held) move(from, to State, none string) error {
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
func (d Desk) Approve(ctx context.Context, slug, language, who string, names ...string) (Held, error) {
	names = append([]string{who}, names...)
	return d.alter(ctx, slug, language, who, "approved", func(h *Held) error {
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
				Try("Ask another who knows the language")
		}
		return inputerr.New(slug+" in "+language, "has nothing that is in review: it is %s", h.Progress().State())
	})
}

// SendBack makes drafts of what is in review or approved, with a note that says why: of
// the translation of one source cue, or of all where id is "".
func (d Desk) SendBack(ctx context.Context, slug, language, id, who, note string) (Held, error) {
	return d.alter(ctx, slug, language, who, "sent back: "+note, func(h *Held) error {
		n := 0
		for i := range h.Cues {
			c := &h.Cues[i]
			if id != "" && !slices.Contains(c.Of, id) || c.State != InReview && c.State != Approved {
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
				Try("Only what is in review or approved can be sent back")
		}
		return nil
	})
}

// Restore makes an earlier revision the present one, brought along to the present source.
func (d Desk) Restore(ctx context.Context, slug, language string, number int, who string) (Held, error) {
	return d.alter(ctx, slug, language, who, fmt.Sprintf("revision %d restored", number), func(h *Held) error {
		old, err := d.Open(ctx, slug, language, number)
		if errors.Is(err, ErrUnknown) || number < 1 {
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
