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

// SubmitForReview puts all drafts of a translation into review and notifies its reviewers.
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

// Approve approves what is in review, except texts that the reviewer wrote under any of their
// names.
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

// knownNames returns all names of a person: those of their grants, and of all links for the same
// address.
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

// CountOwnInReview returns how many cues in review a person wrote, and so cannot approve.
func (svc *Translations) CountOwnInReview(ctx context.Context, p access.Person, h translation.Revision) (n int, err error) {
	names, err := svc.knownNames(ctx, p)
	for _, c := range h.Cues {
		if c.State == translation.InReview && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.By) }) {
			n++
		}
	}
	return n, err
}

// SendBack turns cues that are in review or approved back into drafts with a note, and notifies the
// translators. cue is the id of a source cue; "" sends everything back.
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

// maxNoteBytes limits the length of a note.
const maxNoteBytes = 4000

// Restore saves an earlier revision of a translation again as the newest one.
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

// Revisions returns all revisions of a translation without their cues, the newest first.
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

// UnitChange is the difference of one unit between two revisions.
type UnitChange struct {
	translation.Unit                   // of the later
	Old              []translation.Cue // of the earlier
}

// Compare returns the units that differ between two revisions of a translation, in the order of
// time.
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

// compareUnits returns the units of b whose cues differ from those that translate the same source
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

// asNotFound makes a missing translation an ErrNotFound.
func asNotFound(err error) error {
	if err == translation.ErrNotFound {
		return fmt.Errorf("%w: %w", err, catalog.ErrNotFound)
	}
	return err
}
