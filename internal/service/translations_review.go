package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/mail"
	"github.com/lectern-av/lectern/internal/translation"
)

// SubmitForReview hands all drafts of a translation in for review. Its reviewers should be
// told.
func (svc *Translations) SubmitForReview(ctx context.Context, p access.Person, slug, language string) (translation.Revision, PendingTasks, error) {
	by, err := p.GrantFor(access.Translate, slug, language)
	if err != nil {
		return translation.Revision{}, nil, err
	}
	h, err := svc.tracks.SubmitForReview(ctx, slug, language, by.Name)
	if err != nil {
		return h, nil, asNotFound(err)
	}
	svc.editor.reconcile(slug)
	c, err := svc.newPendingTask(ctx, h, access.Reviewer)
	if err != nil {
		return h, nil, err
	}
	return h, PendingTasks{c}, svc.notifier.pendingTasks(ctx, mail.ReviewRequested, slug, PendingTasks{c})
}

// ApproveTranslation approves what of a translation is in review, but for the reviewer's own words, by
// whatever name they are theirs.
func (svc *Translations) Approve(ctx context.Context, p access.Person, slug, language string) (translation.Revision, error) {
	by, err := p.GrantFor(access.ReviewTranslation, slug, language)
	if err != nil {
		return translation.Revision{}, err
	}
	names, err := svc.knownNames(ctx, p)
	if err != nil {
		return translation.Revision{}, err
	}
	h, err := svc.tracks.Approve(ctx, slug, language, by.Name, names...)
	if err == nil {
		svc.editor.reconcile(slug)
	}
	return h, asNotFound(err)
}

// knownNames is all names that a person goes by: those of all links that they opened, and of all
// that were made for the same address.
func (svc *Translations) knownNames(ctx context.Context, p access.Person) (names []string, err error) {
	links, err := svc.catalog.Links(ctx)
	for _, g := range p.Grants {
		names = append(names, g.Name)
		for _, l := range links {
			if g.Email != "" && strings.EqualFold(l.Email, g.Email) {
				names = append(names, l.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// CountOwnInReview is how many cues of a translation that are in review are in a person's own words.
func (svc *Translations) CountOwnInReview(ctx context.Context, p access.Person, h translation.Revision) (n int, err error) {
	names, err := svc.knownNames(ctx, p)
	for _, c := range h.Cues {
		if c.State == translation.InReview && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.By) }) {
			n++
		}
	}
	return n, err
}

// SendBackTranslation makes drafts of what is in review or approved, and says why: of the translation of
// one source cue, by its id, or of all where that is "". Its translators should be told.
func (svc *Translations) SendBack(ctx context.Context, p access.Person, slug, language, cue, note string) (translation.Revision, PendingTasks, error) {
	by, err := p.GrantFor(access.ReviewTranslation, slug, language)
	if err != nil {
		return translation.Revision{}, nil, err
	}
	note = strings.TrimSpace(note)
	switch {
	case note == "":
		return translation.Revision{}, nil, inputerr.New("", "the comment is empty").Hint("Say what is to be done")
	case len(note) > maxNoteBytes:
		return translation.Revision{}, nil, inputerr.New("", "the comment is longer than %d characters", maxNoteBytes).Hint("Say it in fewer words")
	}
	h, err := svc.tracks.SendBack(ctx, slug, language, cue, by.Name, note)
	if err != nil {
		return h, nil, asNotFound(err)
	}
	svc.editor.reconcile(slug)
	c, err := svc.newPendingTask(ctx, h, access.Translator)
	if err != nil {
		return h, nil, err
	}
	return h, PendingTasks{c}, svc.notifier.pendingTasks(ctx, mail.TranslationReturned, slug, PendingTasks{c})
}

// maxNoteBytes is how long a comment may be, in bytes.
const maxNoteBytes = 4000

// RestoreTranslation makes an earlier revision of a translation the present one.
func (svc *Translations) Restore(ctx context.Context, p access.Person, slug, language string, number int) (translation.Revision, error) {
	by, err := p.GrantFor(access.ReviewTranslation, slug, language)
	if err != nil {
		return translation.Revision{}, err
	}
	h, err := svc.tracks.Restore(ctx, slug, language, number, by.Name)
	if err == nil {
		svc.editor.reconcile(slug)
	}
	return h, asNotFound(err)
}

// TranslationRevisions is all revisions of a translation without their cues, the last one first.
func (svc *Translations) Revisions(ctx context.Context, p access.Person, slug, language string) ([]catalog.Translation, error) {
	if !p.May(access.Translate, slug, language) {
		return nil, access.ErrForbidden
	}
	all, err := svc.catalog.TranslationHistory(ctx, slug, language)
	for i := range all {
		all[i].Cues = nil
	}
	slices.Reverse(all)
	return all, err
}

// UnitChange is what differs between two revisions of a translation, of one unit.
type UnitChange struct {
	translation.Unit                   // of the later
	Old              []translation.Cue // of the earlier
}

// CompareRevisions is what a later revision of a translation says or holds otherwise than an earlier
// one, in the order of time.
func (svc *Translations) Compare(ctx context.Context, p access.Person, slug, language string, earlier, later int) ([]UnitChange, error) {
	if !p.May(access.Translate, slug, language) {
		return nil, access.ErrForbidden
	}
	a, err := svc.open(ctx, slug, language, earlier)
	if err != nil {
		return nil, err
	}
	b, err := svc.open(ctx, slug, language, later)
	if err != nil {
		return nil, err
	}
	return compareUnits(a, b), nil
}

// compareUnits lays what each unit of b says beside what its cues, and those of its source, said
// in a.
func compareUnits(a, b translation.Revision) (all []UnitChange) {
	old := make(map[string]translation.Cue, len(a.Cues))
	of := make(map[string][]string) // cues of a, by those of its source
	for _, c := range a.Cues {
		old[c.ID] = c
		for _, id := range c.SourceIDs {
			of[id] = append(of[id], c.ID)
		}
	}
	for _, u := range translation.Units(b.Source.Cues, b.Cues) {
		change := UnitChange{Unit: u}
		take := func(id string) {
			if c, ok := old[id]; ok {
				change.Old = append(change.Old, c)
				delete(old, id)
			}
		}
		for _, c := range u.Target {
			take(c.ID)
		}
		for _, s := range u.Source {
			for _, id := range of[s.ID] {
				take(id)
			}
		}
		if !slices.EqualFunc(change.Old, u.Target, func(x, y translation.Cue) bool { return x.Text == y.Text && x.State == y.State }) {
			all = append(all, change)
		}
	}
	for _, c := range a.Cues {
		if _, left := old[c.ID]; left {
			all = append(all, UnitChange{Old: []translation.Cue{c}})
		}
	}
	return all
}

// asNotFound is the error of a translation that is not there, as everything else is that is not.
func asNotFound(err error) error {
	if err == translation.ErrNotFound {
		return fmt.Errorf("%w: %w", err, catalog.ErrNotFound)
	}
	return err
}
