package service

import (
	"context"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/mail"
	"github.com/lectern-av/lectern/internal/translation"
)

// SubmitForReview puts all drafts of a translation into review and notifies its reviewers. It
// requires access.Translate.
func (svc *Translations) SubmitForReview(ctx context.Context, p access.Person, slug, language string) (translation.Revision, PendingTasks, error) {
	by, err := p.GrantFor(access.Translate, slug, language)
	if err != nil {
		return translation.Revision{}, nil, err
	}
	h, err := svc.tracks.SubmitForReview(ctx, slug, language, by.Name)
	if err != nil {
		return h, nil, err
	}
	svc.editor.reconcile(slug)
	c, err := svc.newPendingTask(ctx, h, access.Reviewer)
	if err != nil {
		return h, nil, err
	}
	return h, PendingTasks{c}, svc.notifier.pendingTasks(ctx, mail.ReviewRequested, slug, PendingTasks{c})
}

// Approve approves all texts of a translation that are in review, except those that the reviewer
// wrote under any of their names. It requires access.ReviewTranslation.
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
	return h, err
}

// knownNames returns the names that a person has used: those of their grants and of all links with
// the same email address.
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

// CountOwnInReview returns how many cues of h that are in review p wrote and so cannot approve.
func (svc *Translations) CountOwnInReview(ctx context.Context, p access.Person, h translation.Revision) (n int, err error) {
	names, err := svc.knownNames(ctx, p)
	for _, c := range h.Cues {
		if c.State == translation.InReview && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.Author) }) {
			n++
		}
	}
	return n, err
}

// SendBack turns texts that are in review or approved into drafts again, with a note, and notifies
// the translators. cue is the id of a source cue; with "", all texts are sent back. It requires
// access.ReviewTranslation. An empty or long note is an *inputerr.Error.
func (svc *Translations) SendBack(ctx context.Context, p access.Person, slug, language, cue, note string) (translation.Revision, PendingTasks, error) {
	by, err := p.GrantFor(access.ReviewTranslation, slug, language)
	if err != nil {
		return translation.Revision{}, nil, err
	}
	note = strings.TrimSpace(note)
	switch {
	case note == "":
		return translation.Revision{}, nil, inputerr.Coded("comment.empty", "the comment is empty").Hint("Describe what to change")
	case len(note) > maxNoteBytes:
		return translation.Revision{}, nil, inputerr.Coded("comment.too_long", "the comment is longer than {max} characters", "max", maxNoteBytes).Hint("Shorten it")
	}
	h, err := svc.tracks.SendBack(ctx, slug, language, cue, by.Name, note)
	if err != nil {
		return h, nil, err
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

// Restore saves an earlier revision of a translation as the newest one. It requires
// access.ReviewTranslation.
func (svc *Translations) Restore(ctx context.Context, p access.Person, slug, language string, number int) (translation.Revision, error) {
	by, err := p.GrantFor(access.ReviewTranslation, slug, language)
	if err != nil {
		return translation.Revision{}, err
	}
	h, err := svc.tracks.Restore(ctx, slug, language, number, by.Name)
	if err == nil {
		svc.editor.reconcile(slug)
	}
	return h, err
}

// Revisions returns all revisions of a translation, the newest first, without their cues. It
// requires access.Translate.
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

// Compare returns the units that differ between two revisions of a translation, in order of time.
// It requires access.Translate.
func (svc *Translations) Compare(ctx context.Context, p access.Person, slug, language string, earlier, later int) ([]translation.UnitChange, error) {
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
	return translation.CompareRevisions(a, b), nil
}
