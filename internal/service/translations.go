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

// Translations is where translators and reviewers work on the translations of talks.
type Translations struct {
	catalog  *catalog.Catalog
	board    *Board
	editor   *talkEditor
	notifier *Notifier
	tracks   translation.Service
	memories memoryCache
	progress progressCache
}

// ClaimLifetime is how long it lasts that somebody is at a translation, counted from when
// they said so, or handed something in.
const ClaimLifetime = 3 * 24 * time.Hour

// Translation is one of a talk, as it stands.
type Translation struct {
	translation.Revision                    // Number 0: it is still to be begun
	Talk                 conference.Talk    //
	Claim                *catalog.Claim     // who is at it; nil: nobody
	HasVideo             bool               // there is a video of the talk
	Programme            timeline.Programme // of the video that was made last
}

// ProgrammeTime is when a viewer of the video sees a cue, or not at all.
func (t Translation) ProgrammeTime(c conference.Cue) (at time.Duration, ok bool) {
	if !t.HasVideo {
		return 0, false
	}
	span, ok := t.Programme.FromReel(timeline.Span{From: c.Start, To: c.End})
	return span.From, ok
}

// Translations is how far each of a talk's translations has come, by language.
func (svc *Translations) List(ctx context.Context, p access.Person, slug string) ([]Translation, error) {
	if !p.May(access.ViewTalk, slug, "") {
		return nil, access.ErrForbidden
	}
	talk, err := svc.loadTalk(ctx, slug)
	if err != nil {
		return nil, err
	}
	held, err := svc.tracks.Latest(ctx, slug)
	all := make([]Translation, len(held))
	for i, h := range held {
		if all[i], err = svc.withClaim(ctx, h, talk); err != nil {
			return nil, err
		}
	}
	return all, err
}

// Translation is a revision of a talk's translation, 0 being the last, or what one begins
// with; for its translators and reviewers.
func (svc *Translations) Get(ctx context.Context, p access.Person, slug, language string, number int) (Translation, error) {
	if !p.May(access.Translate, slug, language) {
		return Translation{}, access.ErrForbidden
	}
	if err := checkCanonicalTag(language); err != nil {
		return Translation{}, err
	}
	talk, err := svc.loadTalk(ctx, slug)
	if err != nil {
		return Translation{}, err
	}
	h, err := svc.open(ctx, slug, language, number)
	if err != nil {
		return Translation{}, err
	}
	t, err := svc.withClaim(ctx, h, talk)
	if err != nil {
		return t, err
	}
	return svc.withProgramme(ctx, t)
}

func (svc *Translations) open(ctx context.Context, slug, language string, number int) (h translation.Revision, err error) {
	if number == 0 {
		return svc.tracks.LoadOrNew(ctx, slug, language)
	}
	h, err = svc.tracks.Load(ctx, slug, language, number)
	if errors.Is(err, translation.ErrNotFound) {
		err = fmt.Errorf("revision %d of %s in %s: %w", number, slug, language, catalog.ErrNotFound)
	}
	return h, err
}

func (svc *Translations) loadTalk(ctx context.Context, slug string) (conference.Talk, error) {
	s, err := svc.catalog.Talk(ctx, slug)
	return s.Facts.Talk, err
}

func (svc *Translations) withClaim(ctx context.Context, h translation.Revision, talk conference.Talk) (Translation, error) {
	t := Translation{Revision: h, Talk: talk}
	c, err := svc.catalog.ActiveClaim(ctx, h.Slug, h.Language)
	switch {
	case err == nil:
		t.Claim = &c
	case errors.Is(err, catalog.ErrNotFound):
		err = nil
	}
	return t, err
}

// withProgramme is a translation with the video that was made last of its talk.
func (svc *Translations) withProgramme(ctx context.Context, t Translation) (Translation, error) {
	published, ok, err := svc.catalog.LastPublication(ctx, t.Slug)
	if err != nil || !ok {
		return t, err
	}
	e, err := svc.catalog.Edition(ctx, published.Edition)
	if err != nil {
		return t, err
	}
	t.HasVideo, t.Programme = true, e.Programme
	return t, nil
}

// checkCanonicalTag refuses a language that is not in its one form (BCP 47): two translations would
// be of one language else.
func checkCanonicalTag(language string) error {
	said, err := subtitle.CanonicalLanguage(language)
	if err == nil && said != language {
		err = fmt.Errorf("a translation in %q, which is %s: %w", language, said, catalog.ErrNotFound)
	}
	return err
}

// ClaimTranslation says that a person is at a translation. Where somebody else is, the answer
// is their claim.
func (svc *Translations) Claim(ctx context.Context, p access.Person, slug, language string) (catalog.Claim, error) {
	by, err := p.GrantFor(access.Translate, slug, language)
	if err != nil {
		return catalog.Claim{}, err
	}
	if _, err := svc.Get(ctx, p, slug, language, 0); err != nil { // there is something to translate
		return catalog.Claim{}, err
	}
	return svc.catalog.Claim(ctx, slug, language, by.Name, time.Now().Add(ClaimLifetime))
}

// UnclaimTranslation says that a person is not at a translation any more. Whoever manages the
// conference may say so of everybody.
func (svc *Translations) Unclaim(ctx context.Context, p access.Person, slug, language string) error {
	by, err := p.GrantFor(access.Translate, slug, language)
	if err != nil {
		return err
	}
	who := by.Name
	if p.May(access.ManageConference, "", "") {
		c, err := svc.catalog.ActiveClaim(ctx, slug, language)
		if errors.Is(err, catalog.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		who = c.Who
	}
	return svc.catalog.Unclaim(ctx, slug, language, who)
}

// PendingTask is a translation that waits for somebody now.
type PendingTask struct {
	Slug     string
	Language string               // BCP 47
	Role     access.Role          // whom it waits for
	People   []access.Grant       // those of them who have a link that stands
	Progress translation.Progress // in source cues
}

// PendingTasks are whom a change has given something to do: those who should be told.
type PendingTasks []PendingTask

// UpdateTranslations brings a talk's translations along to its source as it is now, and says which
// of them have something to translate, or to look at again, since then. It is called, by
// whatever changed the subtitles in the language that is spoken, after that.
func (svc *Translations) FollowSource(ctx context.Context, slug string) (calls PendingTasks, err error) {
	reports, err := svc.tracks.UpdateToSource(ctx, slug)
	if err != nil {
		return nil, err
	}
	all, err := svc.tracks.Latest(ctx, slug)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		r, changed := reports[h.Language]
		if !changed || len(r.NeedsEditing)+r.Untranslated == 0 {
			continue
		}
		c, err := svc.newPendingTask(ctx, h, access.Translator)
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// newPendingTask is a call for those who have a role in a translation.
func (svc *Translations) newPendingTask(ctx context.Context, h translation.Revision, role access.Role) (PendingTask, error) {
	people, err := svc.notifier.grantsWithRole(ctx, role, h.Slug, h.Language)
	return PendingTask{h.Slug, h.Language, role, people, h.Progress()}, err
}

// maxSuggestions is how many earlier translations of one text a translator is shown.
const maxSuggestions = 3

// SuggestTranslations is earlier translations of what some units of a talk's translation say, by the
// unit's place among them; for units that are still to be translated, or again.
func (svc *Translations) Suggest(ctx context.Context, p access.Person, slug, language string, units []translation.Unit) (map[int][]translation.Suggestion, error) {
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
			if m, err = svc.memories.get(ctx, svc.tracks, slug, language); err != nil {
				return nil, err
			}
		}
		if s := m.Suggest(sourceText(u), language, maxSuggestions); len(s) > 0 {
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

// memoryCache keeps what was translated before, by conference and language. The zero memories
// is empty.
type memoryCache struct {
	mu  sync.Mutex
	all map[memoryKey]*cachedMemory
}

type memoryKey struct{ conference, language string }

// cachedMemory is a memory, and of how many revisions it was made.
type cachedMemory struct {
	rebuilding sync.Mutex // held by who makes it anew, for whom nobody waits
	mu         sync.Mutex // of what follows
	memory     *translation.Memory
	revisions  int
	builtAt    time.Time
	buildTime  time.Duration
}

// rebuildInterval is how many times as long as it took to make a memory it is used although there is
// something newer: to read all talks must not become all that the server does.
const rebuildInterval = 20

// get is the memory for a talk's translation into a language. While somebody else has it made,
// it is the one before, or empty.
func (ms *memoryCache) get(ctx context.Context, d translation.Service, slug, language string) (*translation.Memory, error) {
	s, err := d.Catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	r := ms.entry(memoryKey{s.Facts.Talk.Conference, language})
	if r.rebuilding.TryLock() {
		defer r.rebuilding.Unlock()
		if err := r.refresh(ctx, d, slug, language); err != nil {
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

// refresh makes the memory anew where that is worth it.
func (r *cachedMemory) refresh(ctx context.Context, d translation.Service, slug, language string) error {
	r.mu.Lock()
	have, of, fresh := r.memory != nil, r.revisions, time.Since(r.builtAt) < rebuildInterval*r.buildTime
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
	r.memory, r.revisions, r.builtAt, r.buildTime = m, n, time.Now(), time.Since(begun)
	return nil
}

func (ms *memoryCache) entry(k memoryKey) *cachedMemory {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if ms.all == nil {
		ms.all = make(map[memoryKey]*cachedMemory)
	}
	if ms.all[k] == nil {
		ms.all[k] = &cachedMemory{}
	}
	return ms.all[k]
}

// StartTranslation is the language, in its one form, of a translation of a talk that a person
// wants to begin. The language that is spoken is refused.
func (svc *Translations) Start(ctx context.Context, p access.Person, slug, language string) (string, error) {
	tag, err := subtitle.CanonicalLanguage(strings.TrimSpace(language))
	if err != nil {
		if !p.May(access.ViewTalk, slug, "") {
			err = access.ErrForbidden
		}
		return "", err
	}
	if !p.May(access.Translate, slug, tag) {
		return "", inputerr.New("", "your link is not for translating into %s", subtitle.EnglishLanguageName(tag)).
			Hint("Ask the organisers for one that is")
	}
	_, err = svc.tracks.LoadOrNew(ctx, slug, tag)
	return tag, err
}

// ReviewQueueItem is how far a talk's translation has come.
type ReviewQueueItem struct {
	catalog.TalkTranslation
	Talk     conference.Talk // as far as lists show it
	Progress translation.Progress
}

// ReviewQueue is all translations into a language: those in review first, then those of which
// something is to be looked at again, then by how much is still to be done.
func (svc *Translations) ReviewQueue(ctx context.Context, p access.Person, language string) (all []ReviewQueueItem, err error) {
	if !p.May(access.ReviewTranslation, "", language) {
		return nil, access.ErrForbidden
	}
	if err := checkCanonicalTag(language); err != nil {
		return nil, err
	}
	list, err := svc.catalog.TranslationsInto(ctx, language)
	for _, t := range list {
		progress, err := svc.progress.get(ctx, svc.tracks, t)
		if inputerr.As(err) != nil { // it has no source any more
			continue
		}
		if err != nil {
			return nil, err
		}
		s := ReviewQueueItem{t, conference.Talk{Slug: t.Slug, Title: t.Slug}, progress}
		if row, ok := svc.board.Talk(t.Slug); ok {
			s.Talk = conference.Talk{Slug: t.Slug, Title: row.Title, Language: row.Language, Speakers: row.Speakers}
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b ReviewQueueItem) int {
		x, y := a.Progress, b.Progress
		return cmp.Or(cmp.Compare(min(1, y.InReview), min(1, x.InReview)), cmp.Compare(min(1, y.NeedsEditing), min(1, x.NeedsEditing)),
			cmp.Compare(x.Untranslated, y.Untranslated))
	})
	return all, err
}

// progressCache keeps how far the last revision of each translation has come, which is counted in
// all of its cues and, since a revision never changes, once. The zero progresses is empty.
type progressCache struct {
	mu  sync.Mutex
	all map[progressKey]cachedProgress
}

type progressKey struct{ slug, language string }

// cachedProgress is that of a revision.
type cachedProgress struct {
	number int
	translation.Progress
}

// get is how far a revision has come.
func (ps *progressCache) get(ctx context.Context, d translation.Service, t catalog.TalkTranslation) (translation.Progress, error) {
	key := progressKey{t.Slug, t.Language}
	ps.mu.Lock()
	known := ps.all[key]
	ps.mu.Unlock()
	if known.number == t.Number {
		return known.Progress, nil
	}
	h, err := d.Load(ctx, t.Slug, t.Language, t.Number)
	if err != nil {
		return translation.Progress{}, err
	}
	known = cachedProgress{t.Number, h.Progress()}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.all == nil {
		ps.all = make(map[progressKey]cachedProgress)
	}
	ps.all[key] = known
	return known.Progress, nil
}
