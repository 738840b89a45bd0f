package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
)

// translationUploadPage is the data of translation_handed.html and translation_conflict.html.
type translationUploadPage struct {
	translationPage
	service.TranslationUploadResult
	Upload   service.TranslationUpload
	Conflict *service.Conflict // nil: none
	Yours    changeList        // what the file changes
	Theirs   changeList        // what others changed meanwhile
	Content  string            // of the file in base64, so that it need not be chosen again
}

// findingView is one finding on a page.
type findingView struct {
	translation.Finding
	From, To string // languages of the source and of the translation
}

// maxFindings limits the findings on a page.
const maxFindings = 300

// Findings returns the findings that are notes if notes is true, else the others. It returns at
// most maxFindings.
func (p translationUploadPage) Findings(notes bool) (all []findingView) {
	for _, f := range p.Quality.Findings {
		if notes == (f.Severity == check.Note) && len(all) < maxFindings {
			all = append(all, findingView{f, p.Quality.SourceLanguage, p.Quality.Language})
		}
	}
	return all
}

// changeView is the change of one unit on a page.
type changeView struct {
	cueTime
	Old, New           []compare.TextPart
	OldState, NewState translation.State // "": no cues
	SameText           bool              // only the state differs
	Language           string            // of the texts
}

// changeList holds the first maxChanges changes and the total number.
type changeList struct {
	Total int
	Shown []changeView
}

// Hidden returns how many changes the page does not show.
func (l changeList) Hidden() int { return l.Total - len(l.Shown) }

// maxChanges limits the changes on a page.
const maxChanges = 200

func newChangeList(t service.Translation, changed []translation.UnitChange) changeList {
	l := changeList{Total: len(changed)}
	for _, c := range changed[:min(len(changed), maxChanges)] {
		v := changeView{Language: t.Language}
		was := translation.Unit{Target: c.Old}
		switch {
		case len(c.Source) > 0:
			v.cueTime = cueTimeOf(t, c.Source[0])
		case len(c.Target) > 0:
			v.cueTime = cueTimeOf(t, c.Target[0].Cue)
		default:
			v.cueTime = cueTimeOf(t, c.Old[0].Cue)
		}
		if len(c.Old) > 0 {
			v.OldState = was.State()
		}
		if len(c.Target) > 0 {
			v.NewState = c.State()
		}
		old, now := translation.JoinText(translation.PlainCues(c.Old)), translation.JoinText(translation.PlainCues(c.Target))
		v.SameText = old == now
		v.Old, v.New = compare.SplitByCommon(old, now)
		l.Shown = append(l.Shown, v)
	}
	return l
}

// uploadTranslation saves the translated file in the form, or only checks it if the button "check"
// was pressed, and shows the changes and findings. If others changed the translation meanwhile, it
// shows the conflict.
func (s *Server) uploadTranslation(v *request) error {
	f, err := v.readTranslationUpload()
	page := translationUploadPage{Upload: f}
	if err == nil {
		page.TranslationUploadResult, err = s.service.Translations.Upload(v.ctx(), v.person, v.slug(), v.language(), f)
	}
	if errors.As(err, &page.Conflict) {
		return s.renderConflict(v, page)
	}
	if err != nil {
		return v.renderInvalidTranslation("translation.html", filterTodo, err)
	}
	if page.translationPage, err = v.newTranslationPage(filterTodo); err != nil {
		return err
	}
	page.Content = base64.StdEncoding.EncodeToString(f.Data)
	page.Yours = newChangeList(page.translationPage.Translation, page.TranslationUploadResult.Changed)
	return v.render("translation_handed.html", page)
}

// readTranslationUpload returns the upload in a form: the chosen file, or the content of a file
// that an earlier page contained.
func (v *request) readTranslationUpload() (f service.TranslationUpload, err error) {
	f = service.TranslationUpload{
		Encoding: v.r.FormValue("encoding"), InProgrammeTime: v.r.FormValue("times") == "video",
		Rebase: v.r.FormValue("ontop") != "", DryRun: v.r.FormValue("do") == "check",
	}
	f.Base, _ = strconv.Atoi(v.r.FormValue("base")) // otherwise 0
	if content := v.r.FormValue("content"); content != "" {
		f.Name = v.r.FormValue("name")
		if f.Data, err = base64.StdEncoding.DecodeString(content); err != nil {
			return f, inputerr.Coded("file.changed", "the file changed on its way to the server").In(f.Name).Hint("Choose it again")
		}
		return f, nil
	}
	f.Name, f.Data, err = v.formFile("file")
	return f, err
}

// renderConflict shows, with status 409, what others changed in the translation since the file was
// exported, and what applying the file to the latest revision would change.
func (s *Server) renderConflict(v *request, page translationUploadPage) error {
	var err error
	if page.translationPage, err = v.newTranslationPage(filterTodo); err != nil {
		return err
	}
	page.Upload.Rebase = true
	page.Upload.Base = page.Conflict.Base
	if page.Conflict.Base > 0 {
		theirs, err := s.service.Translations.Compare(v.ctx(), v.person, v.slug(), v.language(), page.Conflict.Base, page.Conflict.Last.Number)
		if err != nil {
			return err
		}
		page.Theirs = newChangeList(page.translationPage.Translation, theirs)
	}
	look := page.Upload
	look.DryRun = true
	if page.TranslationUploadResult, err = s.service.Translations.Upload(v.ctx(), v.person, v.slug(), v.language(), look); err != nil {
		return err
	}
	page.Content = base64.StdEncoding.EncodeToString(page.Upload.Data)
	page.Yours = newChangeList(page.translationPage.Translation, page.TranslationUploadResult.Changed)
	return v.renderStatus(http.StatusConflict, "translation_conflict.html", page, nil)
}
