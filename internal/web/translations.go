package web

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
)

// translationRoutes returns the routes of translators.
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
	Form         string // a language to begin
}

func (v *request) newTranslationsPage() (p translationsPage, err error) {
	if p.Summary, err = v.service.Talks.Summary(v.person, v.slug()); err != nil {
		return p, err
	}
	p.Translations, err = v.service.Translations.List(v.ctx(), v.person, v.slug())
	if inputerr.As(err) != nil { // it has no source to translate, which the page says
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

// startTranslation redirects to the page of a new language.
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

// translationPage is the data of translation.html and review.html.
type translationPage struct {
	service.Translation
	Path                   string // of the translation
	ClaimedByMe            bool   // the claim is the visitor's
	FilterCounts           []unitCount
	Filter                 string // what of it is shown: a state, or one of the words below
	Units                  []unitView
	From, Total            int // place of the first of Units, from 1, and how many there are
	PreviousPage, NextPage int // pages; 0: there is none
	Formats                []string
	Drafts                 int // cues that could be handed in for review
	OwnInReview            int // cues in review that are in the visitor's own words
	HasGlossary            bool
	Player                 service.Playback // without renditions where there is no video yet
}

// unitCount is the number of units that a filter shows.
type unitCount struct {
	Filter string
	Count  int
}

// The filters of units besides the states.
const (
	filterTodo = "todo" // what a translator has to do, in the order in which it is best done
	filterAll  = "all"
)

// unitView is one unit on a page.
type unitView struct {
	translation.Unit
	ID string // of its first source cue; of its own where nobody knows the source
	cueTime
	OldSource, NewSource []compare.TextPart // of the source, where it says something else now
	Notes                []translation.Note
	Suggestions          []translation.Suggestion
}

// cueTime is the position of a cue.
type cueTime struct {
	At   time.Duration // in the video; of the recording where it is not in that
	Seek string        // At in seconds; "": it is not in the video
}

func cueTimeOf(t service.Translation, c conference.Cue) cueTime {
	at, ok := t.ProgrammeTime(c)
	if !ok {
		return cueTime{At: c.Start}
	}
	return cueTime{at, strconv.FormatFloat(at.Seconds(), 'f', 3, 64)}
}

// unitsPerPage is the number of units on a page.
const unitsPerPage = 50

// newTranslationPage returns the page of a translation with the units that a filter shows, unless
// the query asks for another filter.
func (v *request) newTranslationPage(show string) (p translationPage, err error) {
	t, err := v.service.Translations.Get(v.ctx(), v.person, v.slug(), v.language(), 0)
	if err != nil {
		return p, err
	}
	p = translationPage{Translation: t, Path: translationPath(t.Slug, t.Language), Formats: service.ExchangeFormats(), Filter: show}
	if asked := v.r.URL.Query().Get("show"); asked != "" {
		p.Filter = asked
	}
	if t.Claim != nil {
		g, err := v.person.GrantFor(access.Translate, t.Slug, t.Language)
		p.ClaimedByMe = err == nil && g.Name == t.Claim.Who
	}
	if _, p.HasGlossary, err = v.service.Translations.Glossary(v.ctx(), v.person); err != nil {
		return p, err
	}
	if p.Player, err = v.player(t.Language); err != nil {
		return p, err
	}
	units := translation.Units(t.Source.Cues, t.Cues)
	p.FilterCounts = countUnits(units)
	for _, c := range t.Cues {
		if c.State == translation.Draft {
			p.Drafts++
		}
	}
	shown := filterUnits(units, p.Filter)
	number, _ := strconv.Atoi(v.r.URL.Query().Get("page")) // what is no number asks for the first
	p.paginate(shown, number)
	return p, v.addSuggestions(&p)
}

// player returns the player of the talk, with the subtitles of a language first; it has no
// renditions if there is no video yet.
func (v *request) player(language string) (service.Playback, error) {
	play, err := v.service.Bundles.Playback(v.ctx(), v.person, v.slug())
	if errors.Is(err, service.ErrNotFound) {
		return service.Playback{}, nil
	}
	slices.SortStableFunc(play.Tracks, func(a, b service.CaptionTrack) int {
		switch language {
		case a.Language:
			return -1
		case b.Language:
			return 1
		}
		return 0
	})
	return play, err
}

// paginate sets the units of one page, counted from 1.
func (p *translationPage) paginate(units []translation.Unit, number int) {
	last := max(1, (len(units)+unitsPerPage-1)/unitsPerPage)
	number = min(max(1, number), last)
	first := (number - 1) * unitsPerPage
	p.From, p.Total = first+1, len(units)
	for _, u := range units[first:min(len(units), first+unitsPerPage)] {
		p.Units = append(p.Units, p.newUnitView(u))
	}
	if number > 1 {
		p.PreviousPage = number - 1
	}
	if number < last {
		p.NextPage = number + 1
	}
}

// To returns the position of the last unit on the page, from 1.
func (p translationPage) To() int { return p.From + len(p.Units) - 1 }

// addSuggestions adds earlier translations of similar texts.
func (v *request) addSuggestions(p *translationPage) error {
	units := make([]translation.Unit, len(p.Units))
	for i, u := range p.Units {
		units[i] = u.Unit
	}
	found, err := v.service.Translations.Suggest(v.ctx(), v.person, p.Slug, p.Language, units)
	for i, s := range found {
		p.Units[i].Suggestions = s
	}
	return err
}

func (p *translationPage) newUnitView(u translation.Unit) unitView {
	v := unitView{Unit: u}
	if len(u.Source) > 0 {
		v.cueTime, v.ID = cueTimeOf(p.Translation, u.Source[0]), u.Source[0].ID
	} else {
		v.cueTime, v.ID = cueTimeOf(p.Translation, u.Target[0].Cue), "own-"+u.Target[0].ID
	}
	if was := u.PreviousSource(); was != "" {
		v.OldSource, v.NewSource = compare.SplitByCommon(was, translation.JoinText(u.Source))
	}
	for _, c := range u.Target {
		if c.State != translation.Approved {
			v.Notes = append(v.Notes, c.Notes...)
		}
	}
	return v
}

// unitStates returns the states of units in the order in which translators work on them.
func unitStates() []translation.State {
	return []translation.State{translation.Untranslated, translation.NeedsEditing, translation.Draft,
		translation.InReview, translation.Approved, translation.Obsolete}
}

func countUnits(units []translation.Unit) []unitCount {
	n := make(map[translation.State]int)
	todo, all := 0, 0
	for _, u := range units {
		n[u.State()]++
		if stateRank(u) <= 2 {
			todo++
		}
		all++
	}
	counts := []unitCount{{filterTodo, todo}}
	for _, s := range unitStates() {
		if n[s] > 0 {
			counts = append(counts, unitCount{string(s), n[s]})
		}
	}
	return append(counts, unitCount{filterAll, all})
}

// stateRank returns the position of a unit's state in unitStates.
func stateRank(u translation.Unit) int { return slices.Index(unitStates(), u.State()) }

// filterUnits returns the units that a filter shows, in the order in which they are worked on.
func filterUnits(units []translation.Unit, show string) []translation.Unit {
	switch show {
	case filterAll:
		return units
	case filterTodo:
		units = slices.DeleteFunc(slices.Clone(units), func(u translation.Unit) bool { return stateRank(u) > 2 })
		slices.SortStableFunc(units, func(a, b translation.Unit) int { return urgency(a) - urgency(b) })
		return units
	}
	return slices.DeleteFunc(slices.Clone(units), func(u translation.Unit) bool { return string(u.State()) != show })
}

// urgency returns a sort key for units that need work. Lower comes first: within a state, units
// with a reviewer's note.
func urgency(u translation.Unit) int {
	noted := slices.ContainsFunc(u.Target, func(c translation.Cue) bool { return len(c.Notes) > 0 })
	n := 2 * stateRank(u)
	if !noted {
		n++
	}
	return n
}

func (s *Server) translation(v *request) error {
	p, err := v.newTranslationPage(filterTodo)
	if err != nil {
		return err
	}
	return v.render("translation.html", p)
}

// translationFile serves a revision of a translation in a format for translators.
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

// attachment returns the Content-Disposition of a download.
func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// translationUploadPage is the data of translation_handed.html and translation_conflict.html.
type translationUploadPage struct {
	translationPage
	service.TranslationUploadResult
	Upload   service.TranslationUpload
	Conflict *service.Conflict // nil: it was taken, or looked at
	Yours    changeList        // what the file changes
	Theirs   changeList        // what others changed meanwhile
	Content  string            // of the file, in base64, so that it need not be chosen again
}

// findingView is one finding on a page.
type findingView struct {
	translation.Finding
	From, To string // languages of what it is about
}

// maxFindings limits the findings on a page.
const maxFindings = 300

// Findings returns the notes, or all findings that are not notes.
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
	OldState, NewState translation.State // "": there was, or is, nothing
	SameText           bool              // what it says
	Language           string            // in which it says it
}

// changeList holds the first maxChanges changes and the total number.
type changeList struct {
	Total int
	Shown []changeView
}

// Hidden returns the number of changes that are not shown.
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

// uploadTranslation saves a translated file, or only checks it, and shows what was found.
func (s *Server) uploadTranslation(v *request) error {
	f, err := v.readTranslationUpload()
	page := translationUploadPage{Upload: f}
	if err == nil {
		page.TranslationUploadResult, err = s.service.Translations.Upload(v.ctx(), v.person, v.slug(), v.language(), f)
	}
	if errors.As(err, &page.Conflict) {
		return s.renderConflict(v, page)
	}
	var again error
	if page.translationPage, again = v.newTranslationPage(filterTodo); again != nil {
		return again
	}
	if err != nil {
		return v.renderInvalid("translation.html", page.translationPage, err)
	}
	page.Content = base64.StdEncoding.EncodeToString(f.Data)
	page.Yours = newChangeList(page.translationPage.Translation, page.TranslationUploadResult.Changed)
	return v.render("translation_handed.html", page)
}

// readTranslationUpload returns the file of the form: the chosen one, or the content that an
// earlier page carried along.
func (v *request) readTranslationUpload() (f service.TranslationUpload, err error) {
	f = service.TranslationUpload{
		Encoding: v.r.FormValue("encoding"), InProgrammeTime: v.r.FormValue("times") == "video",
		Rebase: v.r.FormValue("ontop") != "", DryRun: v.r.FormValue("do") == "check",
	}
	f.Base, _ = strconv.Atoi(v.r.FormValue("base")) // what is no number says nothing
	if content := v.r.FormValue("content"); content != "" {
		f.Name = v.r.FormValue("name")
		if f.Data, err = base64.StdEncoding.DecodeString(content); err != nil {
			return f, inputerr.Coded("file.changed", "the file changed on its way to the server").In(f.Name).Hint("Choose it again")
		}
		return f, nil
	}
	file, header, err := v.r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return f, inputerr.Coded("file.missing", "no file was chosen").Hint("Choose a file")
	}
	if err != nil {
		return f, inputerr.Coded("form.unreadable", "the form could not be read ({error})", "error", err).Hint("Choose the file again. It may be too large, or its name may contain unusual characters")
	}
	defer file.Close()
	f.Name = header.Filename
	f.Data, err = io.ReadAll(file)
	return f, err
}

// renderConflict shows who changed the translation meanwhile, and what applying the upload on top
// of that would change.
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

// renderInvalidTranslation shows a page of a translation with an input error. Other errors are
// returned.
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
