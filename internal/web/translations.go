package web

import (
	"fmt"
	"mime"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// translationRoutes returns the routes on which translators work, and those of the glossary.
func (s *Server) translationRoutes() []route {
	return []route{
		{"GET /glossary.csv", access.Enter, s.glossaryFile},
		{"GET /glossary", access.ManageConference, s.glossary},
		{"POST /glossary", access.ManageConference, s.setGlossary},
		{"GET /talks/{slug}/translations", access.ViewTalk, s.translations},
		{"POST /talks/{slug}/translations", access.ViewTalk, s.startTranslation},
		{"GET /talks/{slug}/translations/{language}", access.Translate, s.translation},
		{"POST /talks/{slug}/translations/{language}", access.Translate, s.uploadTranslation},
		{"GET /talks/{slug}/translations/{language}/{file}", access.Translate, s.translationFile},
		{"POST /talks/{slug}/translations/{language}/claim", access.Translate, s.claimTranslation},
		{"POST /talks/{slug}/translations/{language}/unclaim", access.Translate, s.unclaimTranslation},
		{"POST /talks/{slug}/translations/{language}/ready", access.Translate, s.submitForReview},
	}
}

// translationsPage is the data of translations.html.
type translationsPage struct {
	Summary      service.TalkSummary
	Translations []service.Translation
	Form         string // the typed language
}

func (v *request) newTranslationsPage() (p translationsPage, err error) {
	if p.Summary, err = v.service.Talks.Summary(v.person, v.slug()); err != nil {
		return p, err
	}
	p.Translations, err = v.service.Translations.List(v.ctx(), v.person, v.slug())
	if inputerr.As(err) != nil { // there is no source; the page shows an empty list
		err = nil
	}
	return p, err
}

func (s *Server) translations(v *request) error {
	p, err := v.newTranslationsPage()
	if err != nil {
		return err
	}
	return v.render("translations.html", p)
}

// startTranslation redirects to the page of a translation into the typed language. Nothing is saved
// before the first upload.
func (s *Server) startTranslation(v *request) error {
	p, err := v.newTranslationsPage()
	if err != nil {
		return err
	}
	p.Form = v.r.FormValue("language")
	language, err := s.service.Translations.Start(v.ctx(), v.person, v.slug(), p.Form)
	if err != nil {
		return v.renderInvalid("translations.html", p, err)
	}
	return v.redirect(translationPath(v.slug(), language))
}

func translationPath(slug, language string) string {
	return "/talks/" + slug + "/translations/" + language
}

func (s *Server) translation(v *request) error {
	p, err := v.newTranslationPage(filterTodo)
	if err != nil {
		return err
	}
	return v.render("translation.html", p)
}

// translationFile serves a revision of a translation as a file for translators. The file in the
// path is "file." and a format, such as "file.po". The query revision selects the revision; by
// default it is the last.
func (s *Server) translationFile(v *request) error {
	name := v.r.PathValue("file")
	number, _ := strconv.Atoi(v.r.URL.Query().Get("revision"))
	format, ok := strings.CutPrefix(name, "file.")
	if !ok {
		return fmt.Errorf("%s: %w", name, service.ErrNotFound)
	}
	called, data, err := s.service.Translations.File(v.ctx(), v.person, v.slug(), v.language(), service.TranslationExport{Format: format, Revision: number})
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", attachment(called))
	h.Set("Cache-Control", "no-store")
	_, err = v.w.Write(data)
	return err
}

// attachment returns the Content-Disposition of a response that browsers save under this name.
func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

func (s *Server) claimTranslation(v *request) error {
	if _, err := s.service.Translations.Claim(v.ctx(), v.person, v.slug(), v.language()); err != nil {
		return err
	}
	return v.redirect(translationPath(v.slug(), v.language()))
}

func (s *Server) unclaimTranslation(v *request) error {
	if err := s.service.Translations.Unclaim(v.ctx(), v.person, v.slug(), v.language()); err != nil {
		return err
	}
	return v.redirect(translationPath(v.slug(), v.language()))
}

func (s *Server) submitForReview(v *request) error {
	if _, _, err := s.service.Translations.SubmitForReview(v.ctx(), v.person, v.slug(), v.language()); err != nil {
		return v.renderInvalidTranslation("translation.html", filterTodo, err)
	}
	return v.redirect(translationPath(v.slug(), v.language()))
}

// renderInvalidTranslation shows the translation page name with an input error and the units of the
// filter show. If problem is no input error, it returns problem and writes nothing.
func (v *request) renderInvalidTranslation(name, show string, problem error) error {
	if inputerr.As(problem) == nil {
		return problem
	}
	p, err := v.newTranslationPage(show)
	if err != nil {
		return err
	}
	return v.renderInvalid(name, p, problem)
}
