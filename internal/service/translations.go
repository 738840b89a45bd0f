package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

// Translations holds what translators and reviewers do with the translations of talks.
type Translations struct {
	catalog  *catalog.Catalog
	board    *Board
	editor   *talkEditor
	notifier *Notifier
	tracks   translation.Service
	memories translation.MemoryCache
	progress translation.ProgressCache
}

// ClaimLifetime is the time after which a claim expires, counted from the claim or the last upload.
const ClaimLifetime = 3 * 24 * time.Hour

// Translation is a revision of a translation with its talk, its claim and its video.
type Translation struct {
	translation.Revision                    // Number 0: not started
	Talk                 conference.Talk    //
	Claim                *catalog.Claim     // nil: not claimed
	HasVideo             bool               // the talk has a video
	Programme            timeline.Programme // of the last video
}

// ProgrammeTime returns when a cue in reel time starts in the talk's video. ok is false if the cue
// is not in the video or if there is no video.
func (t Translation) ProgrammeTime(c conference.Cue) (at time.Duration, ok bool) {
	if !t.HasVideo {
		return 0, false
	}
	span, ok := t.Programme.FromReel(timeline.Span{From: c.Start, To: c.End})
	return span.From, ok
}

// List returns the last revision of each of a talk's translations, by language, without the
// programme of the video. It requires access.ViewTalk.
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

// Get returns a revision of a translation. number 0 is the last revision, or an empty one if the
// translation was not started. It requires access.Translate.
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

// withProgramme returns t with the programme of the talk's last video, if there is one.
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

// checkCanonicalTag returns an error for a language tag (BCP 47) that is invalid or not in
// canonical form. So there is only one translation for each language.
func checkCanonicalTag(language string) error {
	said, err := subtitle.CanonicalLanguage(language)
	if err == nil && said != language {
		err = fmt.Errorf("a translation in %q, which is %s: %w", language, said, catalog.ErrNotFound)
	}
	return err
}

// Claim saves that a person works on a translation. If another person's claim is in force, that one
// stays. Claim returns the claim in force. It requires access.Translate.
func (svc *Translations) Claim(ctx context.Context, p access.Person, slug, language string) (catalog.Claim, error) {
	by, err := p.GrantFor(access.Translate, slug, language)
	if err != nil {
		return catalog.Claim{}, err
	}
	if _, err := svc.Get(ctx, p, slug, language, 0); err != nil { // without a source there is nothing to claim
		return catalog.Claim{}, err
	}
	return svc.catalog.Claim(ctx, slug, language, by.Name, time.Now().Add(ClaimLifetime))
}

// Unclaim removes the person's claim on a translation. If the person is an organiser, it removes
// anyone's claim. It requires access.Translate.
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

// PendingTask is a translation that waits for people with a role.
type PendingTask struct {
	Slug     string
	Language string               // BCP 47
	Role     access.Role          // that has to act
	People   []access.Grant       // with a valid link
	Progress translation.Progress // in source cues
}

// PendingTasks lists what a change has given people to do. They should be notified.
type PendingTasks []PendingTask

// FollowSource updates all translations of a talk to the current subtitles in the spoken language.
// It returns a task for each translation in which there are now texts to translate or to check.
// Call it after those subtitles have changed; it checks no permission.
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

// newPendingTask returns a task in translation h for all people who have the role in it.
func (svc *Translations) newPendingTask(ctx context.Context, h translation.Revision, role access.Role) (PendingTask, error) {
	people, err := svc.notifier.grantsWithRole(ctx, role, h.Slug, h.Language)
	return PendingTask{Slug: h.Slug, Language: h.Language, Role: role, People: people, Progress: h.Progress()}, err
}

// maxSuggestions limits the suggestions for one text.
const maxSuggestions = 3

// Suggest returns earlier translations of similar texts, by index into units, at most
// maxSuggestions for each. Units that need no translation get none. It requires access.Translate.
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
			if m, err = svc.memories.Get(ctx, svc.tracks, slug, language); err != nil {
				return nil, err
			}
		}
		if s := m.Suggest(translation.JoinText(u.Source), language, maxSuggestions); len(s) > 0 {
			found[i] = s
		}
	}
	return found, nil
}

// Start returns the canonical form of a language tag after checking that p may translate the talk
// into this language. It saves nothing. An invalid tag, the spoken language, and a language that p
// has no link for are each an *inputerr.Error.
func (svc *Translations) Start(ctx context.Context, p access.Person, slug, language string) (string, error) {
	tag, err := subtitle.CanonicalLanguage(strings.TrimSpace(language))
	if err != nil {
		if !p.May(access.ViewTalk, slug, "") {
			err = access.ErrForbidden
		}
		return "", err
	}
	if !p.May(access.Translate, slug, tag) {
		return "", inputerr.Coded("link.other_language", "your link does not allow you to translate into "+subtitle.EnglishLanguageName(tag), "language", tag).
			Hint("Ask the organisers for another link")
	}
	_, err = svc.tracks.LoadOrNew(ctx, slug, tag)
	return tag, err
}

// ReviewQueueItem is one translation in the list of a reviewer.
type ReviewQueueItem struct {
	catalog.TalkTranslation
	Talk     conference.Talk // only the fields that lists show
	Progress translation.Progress
}

// ReviewQueue returns all translations into a language: first those with texts in review, then
// those with texts to check again, and within each group those with fewer untranslated texts first.
// Translations whose source was removed are left out. It requires access.ReviewTranslation.
func (svc *Translations) ReviewQueue(ctx context.Context, p access.Person, language string) (all []ReviewQueueItem, err error) {
	if !p.May(access.ReviewTranslation, "", language) {
		return nil, access.ErrForbidden
	}
	if err := checkCanonicalTag(language); err != nil {
		return nil, err
	}
	list, err := svc.catalog.TranslationsInto(ctx, language)
	for _, t := range list {
		progress, err := svc.progress.Get(ctx, svc.tracks, t)
		if inputerr.As(err) != nil { // its source was removed
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
