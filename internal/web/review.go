package web

import (
	"fmt"
	"strconv"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/translation"
)

// reviewRoutes are where reviewers work.
func (s *Server) reviewRoutes() []route {
	return []route{
		{"GET /review/{language}", access.Review, s.reviewQueue},
		{"GET /talks/{slug}/translations/{language}/review", access.Review, s.review},
		{"POST /talks/{slug}/translations/{language}/approve", access.Review, s.approveTranslation},
		{"POST /talks/{slug}/translations/{language}/send-back", access.Review, s.sendBackTranslation},
		{"GET /talks/{slug}/translations/{language}/history", access.Translate, s.translationHistory},
		{"POST /talks/{slug}/translations/{language}/restore", access.Review, s.restoreTranslation},
	}
}

func (s *Server) reviewQueue(v *visit) error {
	all, err := s.office.ReviewQueue(v.ctx(), v.person, v.language())
	if err != nil {
		return err
	}
	return v.show("review_queue.html", struct {
		Language string
		All      []service.Standing
	}{v.language(), all})
}

func (s *Server) review(v *visit) error {
	p, err := v.reviewPage()
	if err != nil {
		return err
	}
	return v.show("review.html", p)
}

// reviewPage is a translation as reviewers read it: what is in review first, and where nothing
// is, all of it.
func (v *visit) reviewPage() (translationPage, error) {
	p, err := v.translationPage(string(translation.InReview))
	if err == nil && len(p.Units) == 0 && v.r.URL.Query().Get("show") == "" {
		p, err = v.translationPage(showAll)
	}
	if err != nil {
		return p, err
	}
	p.Own, err = v.office.OwnInReview(v.ctx(), v.person, p.Held)
	return p, err
}

func (s *Server) approveTranslation(v *visit) error {
	if _, err := s.office.ApproveTranslation(v.ctx(), v.person, v.slug(), v.language()); err != nil {
		return v.reviewAgain(err)
	}
	return v.to(translationPath(v.slug(), v.language()) + "/review")
}

func (s *Server) sendBackTranslation(v *visit) error {
	cue := v.r.FormValue("cue")
	if _, _, err := s.office.SendBackTranslation(v.ctx(), v.person, v.slug(), v.language(), cue, v.r.FormValue("note")); err != nil {
		return v.reviewAgain(err)
	}
	return v.to(translationPath(v.slug(), v.language()) + "/review")
}

func (v *visit) reviewAgain(problem error) error {
	p, err := v.reviewPage()
	if err != nil {
		return err
	}
	return v.again("review.html", p, problem)
}

// historyPage is the data of the page of all revisions of a translation.
type historyPage struct {
	service.Translation
	Path      string
	Revisions []catalog.Translation // without their cues, the last one first
	A, B      int                   // that are compared; 0: none
	Changed   changeList
}

func (s *Server) translationHistory(v *visit) error {
	p, err := v.historyPage()
	if err != nil {
		return err
	}
	return v.show("translation_history.html", p)
}

func (v *visit) historyPage() (p historyPage, err error) {
	p.Path = translationPath(v.slug(), v.language())
	if p.Translation, err = v.office.Translation(v.ctx(), v.person, v.slug(), v.language(), 0); err != nil {
		return p, err
	}
	if p.Revisions, err = v.office.TranslationRevisions(v.ctx(), v.person, v.slug(), v.language()); err != nil {
		return p, err
	}
	a, errA := strconv.Atoi(v.r.FormValue("a"))
	b, errB := strconv.Atoi(v.r.FormValue("b"))
	if errA != nil || errB != nil || a < 1 || b < 1 {
		return p, nil
	}
	p.A, p.B = min(a, b), max(a, b)
	changed, err := v.office.CompareTranslations(v.ctx(), v.person, v.slug(), v.language(), p.A, p.B)
	p.Changed = changeViews(p.Translation, changed)
	return p, err
}

func (s *Server) restoreTranslation(v *visit) error {
	number, err := strconv.Atoi(v.r.FormValue("revision"))
	if err != nil {
		return fmt.Errorf("revision %q: %w", v.r.FormValue("revision"), catalog.ErrNone)
	}
	if _, err := s.office.RestoreTranslation(v.ctx(), v.person, v.slug(), v.language(), number); err != nil {
		p, again := v.historyPage()
		if again != nil {
			return again
		}
		return v.again("translation_history.html", p, err)
	}
	return v.to(translationPath(v.slug(), v.language()) + "/history")
}
