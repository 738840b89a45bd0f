package translation

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
)

// edit applies do to the latest revision of a translation, saves the result and returns it. If do
// fails, nothing is saved, and its error is returned.
func (s Service) edit(ctx context.Context, slug, language, who, why string, do func(r *Revision) error) (Revision, error) {
	r, err := s.Load(ctx, slug, language, 0)
	if err != nil {
		return r, err
	}
	r.Cues = slices.Clone(r.Cues)
	if err := do(&r); err != nil {
		return r, err
	}
	return s.save(ctx, r, who, why)
}

// SubmitForReview moves all drafts of a translation to the state InReview. If there are none, it
// returns an inputerr.Error.
func (s Service) SubmitForReview(ctx context.Context, slug, language, who string) (Revision, error) {
	return s.edit(ctx, slug, language, who, WhyEnglish["why.for-review"], func(r *Revision) error {
		if r.changeState(Draft, InReview) {
			return nil
		}
		return inputerr.Coded("translation.no_drafts", "has no draft to send for review. Its state is {state}", "state", r.Progress().State()).
			In(slug + "/" + language)
	})
}

// changeState moves all cues in state from to state to, and reports whether there were any.
func (r *Revision) changeState(from, to State) bool {
	n := 0
	for i := range r.Cues {
		if r.Cues[i].State == from {
			r.Cues[i].State = to
			n++
		}
	}
	return n > 0
}

// Approve approves the cues in review that another person translated. Cues whose author is who, or
// one of names (other names of the same person), stay in review. If no cue can be approved, it
// returns an inputerr.Error.
func (s Service) Approve(ctx context.Context, slug, language, who string, names ...string) (Revision, error) {
	names = append([]string{who}, names...)
	return s.edit(ctx, slug, language, who, WhyEnglish["why.approved"], func(r *Revision) error {
		own, approved := 0, 0
		for i := range r.Cues {
			switch c := &r.Cues[i]; {
			case c.State != InReview:
			case slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(c.Author, name) }):
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
			return inputerr.Coded("translation.only_own", "has only cues that you translated yourself ({count}, as {who})", "count", own, "who", who).In(slug + "/" + language).
				Hint("Ask another reviewer to approve them")
		}
		return inputerr.Coded("translation.not_in_review", "has nothing in review. Its state is {state}", "state", r.Progress().State()).In(slug + "/" + language)
	})
}

// SendBack makes cues that are in review or approved drafts again, with a note: the translation of
// the source cue with this id, or all if id is "". If there are none, it returns an inputerr.Error.
func (s Service) SendBack(ctx context.Context, slug, language, id, who, note string) (Revision, error) {
	return s.edit(ctx, slug, language, who, WhyEnglish.Format(message.New("why.sent-back", "note", note)), func(r *Revision) error {
		n := 0
		for i := range r.Cues {
			c := &r.Cues[i]
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
			return inputerr.Coded("translation.nothing_to_return", "has nothing to send back. Its state is {state}", "state", r.Progress().State()).In(slug + "/" + language).
				Hint("Only what is in review or approved can be sent back")
		}
		return nil
	})
}

// Restore saves an earlier revision as the latest one, adapted to the current source. If there is
// no such revision, it returns an inputerr.Error.
func (s Service) Restore(ctx context.Context, slug, language string, number int, who string) (Revision, error) {
	return s.edit(ctx, slug, language, who, WhyEnglish.Format(message.New("why.restored", "n", strconv.Itoa(number))), func(r *Revision) error {
		old, err := s.Load(ctx, slug, language, number)
		if errors.Is(err, ErrNotFound) || number < 1 {
			return inputerr.Coded("translation.no_revision", "has no revision {number}. The latest is {latest}", "number", number, "latest", r.Number).In(slug + "/" + language)
		}
		if err != nil {
			return err
		}
		source, err := s.Source(ctx, slug)
		if err != nil {
			return err
		}
		r.Cues = old.Cues
		if old.Source.Revision != source.Revision {
			r.Cues, _ = Update(old.Cues, old.Source.Cues, source.Cues)
		}
		r.Source = source
		return nil
	})
}
