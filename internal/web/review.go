package web

import (
	"fmt"
	"strconv"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/translation"
)

// reviewRoutes returns the routes on which reviewers check translations, and that of a
// translation's history.
func (s *Server) reviewRoutes() []route {
	return []route{
		{"GET /review/{language}", access.ReviewTranslation, s.reviewQueue},
		{"GET /talks/{slug}/translations/{language}/review", access.ReviewTranslation, s.review},
		{"POST /talks/{slug}/translations/{language}/approve", access.ReviewTranslation, s.approveTranslation},
		{"POST /talks/{slug}/translations/{language}/send-back", access.ReviewTranslation, s.sendBackTranslation},
		{"GET /talks/{slug}/translations/{language}/history", access.Translate, s.translationHistory},
		{"POST /talks/{slug}/translations/{language}/restore", access.ReviewTranslation, s.restoreTranslation},
	}
}

// reviewQueuePage is the data of review_queue.html.
type reviewQueuePage struct {
	Language string
	Items    []service.ReviewQueueItem
}

func (s *Server) reviewQueue(v *request) error {
	all, err := s.service.Translations.ReviewQueue(v.ctx(), v.person, v.language())
	if err != nil {
		return err
	}
	return v.render("review_queue.html", reviewQueuePage{v.language(), all})
}

func (s *Server) review(v *request) error {
	p, err := v.newReviewPage()
	if err != nil {
		return err
	}
	return v.render("review.html", p)
}

// newReviewPage returns the data of review.html with the units in review. If there are none and the
// query sets no filter, it contains all units.
func (v *request) newReviewPage() (translationPage, error) {
	p, err := v.newTranslationPage(string(translation.InReview))
	if err == nil && len(p.Units) == 0 && v.r.URL.Query().Get("show") == "" {
		p, err = v.newTranslationPage(filterAll)
	}
	if err != nil {
		return p, err
	}
	p.OwnInReview, err = v.service.Translations.CountOwnInReview(v.ctx(), v.person, p.Revision)
	return p, err
}

func (s *Server) approveTranslation(v *request) error {
	if _, err := s.service.Translations.Approve(v.ctx(), v.person, v.slug(), v.language()); err != nil {
		return v.renderInvalidReview(err)
	}
	return v.redirect(translationPath(v.slug(), v.language()) + "/review")
}

func (s *Server) sendBackTranslation(v *request) error {
	cue := v.r.FormValue("cue")
	if _, _, err := s.service.Translations.SendBack(v.ctx(), v.person, v.slug(), v.language(), cue, v.r.FormValue("note")); err != nil {
		return v.renderInvalidReview(err)
	}
	return v.redirect(translationPath(v.slug(), v.language()) + "/review")
}

func (v *request) renderInvalidReview(problem error) error {
	p, err := v.newReviewPage()
	if err != nil {
		return err
	}
	return v.renderInvalid("review.html", p, problem)
}

// historyPage is the data of translation_history.html.
type historyPage struct {
	service.Translation
	Path      string
	Revisions []service.TranslationRecord // without their cues, the newest first
	A, B      int                         // the compared revisions; 0: none
	Changed   changeList
}

func (s *Server) translationHistory(v *request) error {
	p, err := v.newHistoryPage()
	if err != nil {
		return err
	}
	return v.render("translation_history.html", p)
}

func (v *request) newHistoryPage() (p historyPage, err error) {
	p.Path = translationPath(v.slug(), v.language())
	if p.Translation, err = v.service.Translations.Get(v.ctx(), v.person, v.slug(), v.language(), 0); err != nil {
		return p, err
	}
	if p.Revisions, err = v.service.Translations.Revisions(v.ctx(), v.person, v.slug(), v.language()); err != nil {
		return p, err
	}
	a, errA := strconv.Atoi(v.r.FormValue("a"))
	b, errB := strconv.Atoi(v.r.FormValue("b"))
	if errA != nil || errB != nil || a < 1 || b < 1 {
		return p, nil
	}
	p.A, p.B = min(a, b), max(a, b)
	changed, err := v.service.Translations.Compare(v.ctx(), v.person, v.slug(), v.language(), p.A, p.B)
	p.Changed = newChangeList(p.Translation, changed)
	return p, err
}

func (s *Server) restoreTranslation(v *request) error {
	number, err := strconv.Atoi(v.r.FormValue("revision"))
	if err != nil {
		return fmt.Errorf("revision %q: %w", v.r.FormValue("revision"), service.ErrNotFound)
	}
	if _, err := s.service.Translations.Restore(v.ctx(), v.person, v.slug(), v.language(), number); err != nil {
		p, again := v.newHistoryPage()
		if again != nil {
			return again
		}
		return v.renderInvalid("translation_history.html", p, err)
	}
	return v.redirect(translationPath(v.slug(), v.language()) + "/history")
}
