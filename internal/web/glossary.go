package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// glossaryPage is the data of the page of how the conference's terms are translated.
type glossaryPage struct {
	service.GlossaryFile
	There bool
}

func (v *visit) glossaryPage() (p glossaryPage, err error) {
	p.GlossaryFile, p.There, err = v.office.Glossary(v.ctx(), v.person)
	return p, err
}

func (s *Server) glossary(v *visit) error {
	p, err := v.glossaryPage()
	if err != nil {
		return err
	}
	return v.show("glossary.html", p)
}

// glossaryFile is the glossary for translators.
func (s *Server) glossaryFile(v *visit) error {
	p, err := v.glossaryPage()
	if err == nil && !p.There {
		err = fmt.Errorf("a glossary: %w", catalog.ErrNone)
	}
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", attachment("glossary.csv"))
	_, err = io.WriteString(v.w, p.Text)
	return err
}

// setGlossary takes a glossary, or takes it away.
func (s *Server) setGlossary(v *visit) error {
	var f service.GlossaryFile
	if v.r.FormValue("do") != "remove" {
		var err error
		if f, err = v.glossaryHanded(); err != nil {
			return v.glossaryAgain(err)
		}
	}
	if err := s.office.SetGlossary(v.ctx(), v.person, f); err != nil {
		return v.glossaryAgain(err)
	}
	return v.to("/glossary")
}

func (v *visit) glossaryHanded() (f service.GlossaryFile, err error) {
	file, header, err := v.r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return f, inputerr.New("", "no file was chosen").Try("Choose a CSV file")
	}
	if err != nil {
		return f, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	f = service.GlossaryFile{Name: filepath.Base(header.Filename), Text: string(data)}
	if err == nil && f.Text == "" {
		err = inputerr.New(f.Name, "is empty").Try("Choose a CSV file with the column term, and one for each language")
	}
	return f, err
}

func (v *visit) glossaryAgain(problem error) error {
	p, err := v.glossaryPage()
	if err != nil {
		return err
	}
	return v.again("glossary.html", p, problem)
}
