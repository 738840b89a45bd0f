package web

import (
	"fmt"
	"io"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// glossaryPage is the data of glossary.html.
type glossaryPage struct {
	service.GlossaryFile
	Exists bool
}

func (v *request) newGlossaryPage() (p glossaryPage, err error) {
	p.GlossaryFile, p.Exists, err = v.service.Translations.Glossary(v.ctx(), v.person)
	return p, err
}

func (s *Server) glossary(v *request) error {
	p, err := v.newGlossaryPage()
	if err != nil {
		return err
	}
	return v.render("glossary.html", p)
}

// glossaryFile serves the glossary as a CSV download.
func (s *Server) glossaryFile(v *request) error {
	p, err := v.newGlossaryPage()
	if err == nil && !p.Exists {
		err = fmt.Errorf("a glossary: %w", service.ErrNotFound)
	}
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", attachment("glossary.csv"))
	_, err = io.WriteString(v.w, p.Text)
	return err
}

// setGlossary replaces the glossary by the file in the form, or removes it if the button "remove"
// was pressed.
func (s *Server) setGlossary(v *request) error {
	var f service.GlossaryFile
	if v.r.FormValue("do") != "remove" {
		var err error
		if f, err = v.readGlossaryForm(); err != nil {
			return v.renderInvalidGlossary(err)
		}
	}
	if err := s.service.Translations.SetGlossary(v.ctx(), v.person, f); err != nil {
		return v.renderInvalidGlossary(err)
	}
	return v.redirect("/glossary")
}

func (v *request) readGlossaryForm() (f service.GlossaryFile, err error) {
	name, data, err := v.formFile("file")
	if err == nil && len(data) == 0 {
		err = inputerr.Coded("glossary.empty", "is empty").In(name).Hint("Choose a CSV file with the column term and one column per language")
	}
	return service.GlossaryFile{Name: name, Text: string(data)}, err
}

func (v *request) renderInvalidGlossary(problem error) error {
	p, err := v.newGlossaryPage()
	if err != nil {
		return err
	}
	return v.renderInvalid("glossary.html", p, problem)
}
