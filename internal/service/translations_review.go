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

// HandInForReview hands all drafts of a translation in for review. Its reviewers should be
// told.
func (o *Office) HandInForReview(ctx context.Context, p access.Person, slug, language string) (translation.Held, Consequences, error) {
	by, err := p.As(access.Translate, slug, language)
	if err != nil {
		return translation.Held{}, nil, err
	}
	h, err := o.desk().Review(ctx, slug, language, by.Name)
	if err != nil {
		return h, nil, none(err)
	}
	o.poke(slug)
	c, err := o.call(ctx, h, access.Reviewer)
	if err != nil {
		return h, nil, err
	}
	return h, Consequences{c}, o.tellCalls(ctx, mail.Review, slug, Consequences{c})
}

// ApproveTranslation approves what of a translation is in review, but for the reviewer's own words, by
// whatever name they are theirs.
func (o *Office) ApproveTranslation(ctx context.Context, p access.Person, slug, language string) (translation.Held, error) {
	by, err := p.As(access.Review, slug, language)
	if err != nil {
		return translation.Held{}, err
	}
	names, err := o.namesOf(ctx, p)
	if err != nil {
		return translation.Held{}, err
	}
	h, err := o.desk().Approve(ctx, slug, language, by.Name, names...)
	if err == nil {
		o.poke(slug)
	}
	return h, none(err)
}

// namesOf is all names that a person goes by: those of all links that they opened, and of all
// that were made for the same address.
func (o *Office) namesOf(ctx context.Context, p access.Person) (names []string, err error) {
	links, err := o.Catalog.Links(ctx)
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

// OwnInReview is how many cues of a translation that are in review are in a person's own words.
func (o *Office) OwnInReview(ctx context.Context, p access.Person, h translation.Held) (n int, err error) {
	names, err := o.namesOf(ctx, p)
	for _, c := range h.Cues {
		if c.State == translation.InReview && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.By) }) {
			n++
		}
	}
	return n, err
}

// SendBackTranslation makes drafts of what is in review or approved, and says why: of the translation of
// one source cue, by its id, or of all where that is "". Its translators should be told.
func (o *Office) SendBackTranslation(ctx context.Context, p access.Person, slug, language, cue, note string) (translation.Held, Consequences, error) {
	by, err := p.As(access.Review, slug, language)
	if err != nil {
		return translation.Held{}, nil, err
	}
	note = strings.TrimSpace(note)
	switch {
	case note == "":
		return translation.Held{}, nil, inputerr.New("", "the comment is empty").Try("Say what is to be done")
	case len(note) > mostNote:
		return translation.Held{}, nil, inputerr.New("", "the comment is longer than %d characters", mostNote).Try("Say it in fewer words")
	}
	h, err := o.desk().SendBack(ctx, slug, language, cue, by.Name, note)
	if err != nil {
		return h, nil, none(err)
	}
	o.poke(slug)
	c, err := o.call(ctx, h, access.Translator)
	if err != nil {
		return h, nil, err
	}
	return h, Consequences{c}, o.tellCalls(ctx, mail.Returned, slug, Consequences{c})
}

// mostNote is how long a comment may be, in bytes.
const mostNote = 4000

// RestoreTranslation makes an earlier revision of a translation the present one.
func (o *Office) RestoreTranslation(ctx context.Context, p access.Person, slug, language string, number int) (translation.Held, error) {
	by, err := p.As(access.Review, slug, language)
	if err != nil {
		return translation.Held{}, err
	}
	h, err := o.desk().Restore(ctx, slug, language, number, by.Name)
	if err == nil {
		o.poke(slug)
	}
	return h, none(err)
}

// TranslationRevisions is all revisions of a translation without their cues, the last one first.
func (o *Office) TranslationRevisions(ctx context.Context, p access.Person, slug, language string) ([]catalog.Translation, error) {
	if !p.May(access.Translate, slug, language) {
		return nil, access.ErrForbidden
	}
	all, err := o.Catalog.TranslationHistory(ctx, slug, language)
	for i := range all {
		all[i].Cues = nil
	}
	slices.Reverse(all)
	return all, err
}

// ChangedUnit is what differs between two revisions of a translation, of one unit.
type ChangedUnit struct {
	translation.Unit                   // of the later
	Old              []translation.Cue // of the earlier
}

// CompareTranslations is what a later revision of a translation says or holds otherwise than an earlier
// one, in the order of time.
func (o *Office) CompareTranslations(ctx context.Context, p access.Person, slug, language string, earlier, later int) ([]ChangedUnit, error) {
	if !p.May(access.Translate, slug, language) {
		return nil, access.ErrForbidden
	}
	a, err := o.open(ctx, slug, language, earlier)
	if err != nil {
		return nil, err
	}
	b, err := o.open(ctx, slug, language, later)
	if err != nil {
		return nil, err
	}
	return changes(a, b), nil
}

// changes lays what each unit of b says beside what its cues, and those of its source, said
// in a.
func changes(a, b translation.Held) (all []ChangedUnit) {
	old := make(map[string]translation.Cue, len(a.Cues))
	of := make(map[string][]string) // cues of a, by those of its source
	for _, c := range a.Cues {
		old[c.ID] = c
		for _, id := range c.Of {
			of[id] = append(of[id], c.ID)
		}
	}
	for _, u := range translation.Units(b.Source.Cues, b.Cues) {
		change := ChangedUnit{Unit: u}
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
			all = append(all, ChangedUnit{Old: []translation.Cue{c}})
		}
	}
	return all
}

// none is the error of a translation that is not there, as everything else is that is not.
func none(err error) error {
	if err == translation.ErrUnknown {
		return fmt.Errorf("%w: %w", err, catalog.ErrNone)
	}
	return err
}
