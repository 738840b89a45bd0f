package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

// ClaimLifetime is how long it lasts that somebody is at a translation, counted from when
// they said so, or handed something in.
const ClaimLifetime = 3 * 24 * time.Hour

// Translation is one of a talk, as it stands.
type Translation struct {
	translation.Held                    // Number 0: it is still to be begun
	Talk             conference.Talk    //
	Claim            *catalog.Claim     // who is at it; nil: nobody
	Made             bool               // there is a video of the talk
	Programme        timeline.Programme // of the video that was made last
}

// Seen is when a viewer of the video sees a cue, or not at all.
func (t Translation) Seen(c conference.Cue) (at time.Duration, ok bool) {
	if !t.Made {
		return 0, false
	}
	span, ok := t.Programme.FromReel(timeline.Span{From: c.Start, To: c.End})
	return span.From, ok
}

// Translations is how far each of a talk's translations has come, by language.
func (o *Office) Translations(ctx context.Context, p access.Person, slug string) ([]Translation, error) {
	if !p.May(access.See, slug, "") {
		return nil, access.ErrForbidden
	}
	talk, err := o.talkOf(ctx, slug)
	if err != nil {
		return nil, err
	}
	held, err := o.desk().All(ctx, slug)
	all := make([]Translation, len(held))
	for i, h := range held {
		if all[i], err = o.translationOf(ctx, h, talk); err != nil {
			return nil, err
		}
	}
	return all, err
}

// Translation is a revision of a talk's translation, 0 being the last, or what one begins
// with; for its translators and reviewers.
func (o *Office) Translation(ctx context.Context, p access.Person, slug, language string, number int) (Translation, error) {
	if !p.May(access.Translate, slug, language) {
		return Translation{}, access.ErrForbidden
	}
	if err := sameTag(language); err != nil {
		return Translation{}, err
	}
	talk, err := o.talkOf(ctx, slug)
	if err != nil {
		return Translation{}, err
	}
	h, err := o.open(ctx, slug, language, number)
	if err != nil {
		return Translation{}, err
	}
	t, err := o.translationOf(ctx, h, talk)
	if err != nil {
		return t, err
	}
	return o.withVideo(ctx, t)
}

func (o *Office) open(ctx context.Context, slug, language string, number int) (h translation.Held, err error) {
	if number == 0 {
		return o.desk().Begin(ctx, slug, language)
	}
	h, err = o.desk().Open(ctx, slug, language, number)
	if errors.Is(err, translation.ErrUnknown) {
		err = fmt.Errorf("revision %d of %s in %s: %w", number, slug, language, catalog.ErrNone)
	}
	return h, err
}

func (o *Office) desk() translation.Desk { return translation.Desk{Catalog: o.Catalog} }

func (o *Office) talkOf(ctx context.Context, slug string) (conference.Talk, error) {
	s, err := o.Catalog.Talk(ctx, slug)
	return s.Facts.Talk, err
}

func (o *Office) translationOf(ctx context.Context, h translation.Held, talk conference.Talk) (Translation, error) {
	t := Translation{Held: h, Talk: talk}
	c, err := o.Catalog.ClaimOf(ctx, h.Slug, h.Language)
	switch {
	case err == nil:
		t.Claim = &c
	case errors.Is(err, catalog.ErrNone):
		err = nil
	}
	return t, err
}

// withVideo is a translation with the video that was made last of its talk.
func (o *Office) withVideo(ctx context.Context, t Translation) (Translation, error) {
	published, ok, err := o.Catalog.Published(ctx, t.Slug)
	if err != nil || !ok {
		return t, err
	}
	e, err := o.Catalog.Edition(ctx, published.Edition)
	if err != nil {
		return t, err
	}
	t.Made, t.Programme = true, e.Programme
	return t, nil
}

// sameTag refuses a language that is not in its one form (BCP 47): two translations would
// be of one language else.
func sameTag(language string) error {
	said, err := subtitle.Language(language)
	if err == nil && said != language {
		err = fmt.Errorf("a translation in %q, which is %s: %w", language, said, catalog.ErrNone)
	}
	return err
}

// ClaimTranslation says that a person is at a translation. Where somebody else is, the answer
// is their claim.
func (o *Office) ClaimTranslation(ctx context.Context, p access.Person, slug, language string) (catalog.Claim, error) {
	by, err := p.As(access.Translate, slug, language)
	if err != nil {
		return catalog.Claim{}, err
	}
	if _, err := o.Translation(ctx, p, slug, language, 0); err != nil { // there is something to translate
		return catalog.Claim{}, err
	}
	return o.Catalog.Claim(ctx, slug, language, by.Name, time.Now().Add(ClaimLifetime))
}

// UnclaimTranslation says that a person is not at a translation any more. Whoever manages the
// conference may say so of everybody.
func (o *Office) UnclaimTranslation(ctx context.Context, p access.Person, slug, language string) error {
	by, err := p.As(access.Translate, slug, language)
	if err != nil {
		return err
	}
	who := by.Name
	if p.May(access.Manage, "", "") {
		c, err := o.Catalog.ClaimOf(ctx, slug, language)
		if errors.Is(err, catalog.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		who = c.Who
	}
	return o.Catalog.Unclaim(ctx, slug, language, who)
}

// Call is a translation that waits for somebody now.
type Call struct {
	Slug     string
	Language string               // BCP 47
	Role     access.Role          // whom it waits for
	People   []access.Grant       // those of them who have a link that stands
	Progress translation.Progress // in source cues
}

// Consequences are whom a change has given something to do: those who should be told.
type Consequences []Call

// SourceChanged brings a talk's translations along to its source as it is now, and says which
// of them have something to translate, or to look at again, since then. It is called, by
// whatever changed the subtitles in the language that is spoken, after that.
func (o *Office) SourceChanged(ctx context.Context, slug string) (calls Consequences, err error) {
	reports, err := o.desk().Follow(ctx, slug)
	if err != nil {
		return nil, err
	}
	all, err := o.desk().All(ctx, slug)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		r, changed := reports[h.Language]
		if !changed || len(r.NeedsEditing)+r.Untranslated == 0 {
			continue
		}
		c, err := o.call(ctx, h, access.Translator)
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// call is a call for those who have a role in a translation.
func (o *Office) call(ctx context.Context, h translation.Held, role access.Role) (Call, error) {
	people, err := o.holders(ctx, role, h.Slug, h.Language)
	return Call{h.Slug, h.Language, role, people, h.Progress()}, err
}

// mostSuggested is how many earlier translations of one text a translator is shown.
const mostSuggested = 3

// SuggestTranslations is earlier translations of what some units of a talk's translation say, by the
// unit's place among them; for units that are still to be translated, or again.
func (o *Office) SuggestTranslations(ctx context.Context, p access.Person, slug, language string, units []translation.Unit) (map[int][]translation.Suggestion, error) {
	if !p.May(access.Translate, slug, language) {
		return nil, access.ErrForbidden
	}
	var m *translation.Memory
	found := make(map[int][]translation.Suggestion)
	for i, u := range units {
		if s := u.State(); len(u.Source) == 0 || s != translation.Untranslated && s != translation.NeedsEditing {
			continue
		}
		if m == nil {
			var err error
			if m, err = o.memories.of(ctx, o.desk(), slug, language); err != nil {
				return nil, err
			}
		}
		if s := m.Suggest(sourceText(u), language, mostSuggested); len(s) > 0 {
			found[i] = s
		}
	}
	return found, nil
}

func sourceText(u translation.Unit) string {
	texts := make([]string, len(u.Source))
	for i, c := range u.Source {
		texts[i] = c.Text
	}
	return strings.Join(texts, "\n")
}

// memories keeps what was translated before, by conference and language. The zero memories
// is empty.
type memories struct {
	mu  sync.Mutex
	all map[memoryKey]*remembered
}

type memoryKey struct{ conference, language string }

// remembered is a memory, and of how many revisions it was made.
type remembered struct {
	making sync.Mutex // held by who makes it anew, for whom nobody waits
	mu     sync.Mutex // of what follows
	memory *translation.Memory
	of     int
	made   time.Time
	took   time.Duration
}

// patience is how many times as long as it took to make a memory it is used although there is
// something newer: to read all talks must not become all that the server does.
const patience = 20

// of is the memory for a talk's translation into a language. While somebody else has it made,
// it is the one before, or empty.
func (ms *memories) of(ctx context.Context, d translation.Desk, slug, language string) (*translation.Memory, error) {
	s, err := d.Catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	r := ms.entry(memoryKey{s.Facts.Talk.Conference, language})
	if r.making.TryLock() {
		defer r.making.Unlock()
		if err := r.renew(ctx, d, slug, language); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		return new(translation.Memory), nil
	}
	return r.memory, nil
}

// renew makes the memory anew where that is worth it.
func (r *remembered) renew(ctx context.Context, d translation.Desk, slug, language string) error {
	r.mu.Lock()
	have, of, fresh := r.memory != nil, r.of, time.Since(r.made) < patience*r.took
	r.mu.Unlock()
	if have && fresh {
		return nil
	}
	n, err := d.Catalog.CountTranslations(ctx, language)
	if err != nil || have && n == of {
		return err
	}
	begun := time.Now()
	m, err := d.Memory(ctx, slug, language)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory, r.of, r.made, r.took = m, n, time.Now(), time.Since(begun)
	return nil
}

func (ms *memories) entry(k memoryKey) *remembered {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if ms.all == nil {
		ms.all = make(map[memoryKey]*remembered)
	}
	if ms.all[k] == nil {
		ms.all[k] = &remembered{}
	}
	return ms.all[k]
}

// NewTranslation is the language, in its one form, of a translation of a talk that a person
// wants to begin. The language that is spoken is refused.
func (o *Office) NewTranslation(ctx context.Context, p access.Person, slug, language string) (string, error) {
	tag, err := subtitle.Language(strings.TrimSpace(language))
	if err != nil {
		if !p.May(access.See, slug, "") {
			err = access.ErrForbidden
		}
		return "", err
	}
	if !p.May(access.Translate, slug, tag) {
		return "", inputerr.New("", "your link is not for translating into %s", subtitle.EnglishName(tag)).
			Try("Ask the organisers for one that is")
	}
	_, err = o.desk().Begin(ctx, slug, tag)
	return tag, err
}

// Standing is how far a talk's translation has come.
type Standing struct {
	catalog.TalkTranslation
	Talk     conference.Talk // as far as lists show it
	Progress translation.Progress
}

// ReviewQueue is all translations into a language: those in review first, then those of which
// something is to be looked at again, then by how much is still to be done.
func (o *Office) ReviewQueue(ctx context.Context, p access.Person, language string) (all []Standing, err error) {
	if !p.May(access.Review, "", language) {
		return nil, access.ErrForbidden
	}
	if err := sameTag(language); err != nil {
		return nil, err
	}
	list, err := o.Catalog.TranslationsInto(ctx, language)
	for _, t := range list {
		progress, err := o.progress.of(ctx, o.desk(), t)
		if inputerr.Of(err) != nil { // it has no source any more
			continue
		}
		if err != nil {
			return nil, err
		}
		s := Standing{t, conference.Talk{Slug: t.Slug, Title: t.Slug}, progress}
		if row, ok := o.Board.Row(t.Slug); ok {
			s.Talk = conference.Talk{Slug: t.Slug, Title: row.Title, Language: row.Language, Speakers: row.Speakers}
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b Standing) int {
		x, y := a.Progress, b.Progress
		return cmp.Or(cmp.Compare(min(1, y.InReview), min(1, x.InReview)), cmp.Compare(min(1, y.NeedsEditing), min(1, x.NeedsEditing)),
			cmp.Compare(x.Untranslated, y.Untranslated))
	})
	return all, err
}

// progresses keeps how far the last revision of each translation has come, which is counted in
// all of its cues and, since a revision never changes, once. The zero progresses is empty.
type progresses struct {
	mu  sync.Mutex
	all map[progressKey]countedProgress
}

type progressKey struct{ slug, language string }

// countedProgress is that of a revision.
type countedProgress struct {
	number int
	translation.Progress
}

// of is how far a revision has come.
func (ps *progresses) of(ctx context.Context, d translation.Desk, t catalog.TalkTranslation) (translation.Progress, error) {
	key := progressKey{t.Slug, t.Language}
	ps.mu.Lock()
	known := ps.all[key]
	ps.mu.Unlock()
	if known.number == t.Number {
		return known.Progress, nil
	}
	h, err := d.Open(ctx, t.Slug, t.Language, t.Number)
	if err != nil {
		return translation.Progress{}, err
	}
	known = countedProgress{t.Number, h.Progress()}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.all == nil {
		ps.all = make(map[progressKey]countedProgress)
	}
	ps.all[key] = known
	return known.Progress, nil
}
