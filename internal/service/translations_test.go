package service_test

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/translation"
)

// translationTest is a service with an English talk, its translators and a reviewer.
type translationTest struct {
	*service.Service
	catalog *catalog.Catalog
	t       *testing.T
}

func newTranslationTest(t *testing.T) translationTest {
	t.Helper()
	data := t.TempDir()
	c, err := catalog.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s, err := store.Open(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	board, err := service.NewBoard(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := translationTest{service.New(service.Config{Catalog: c, Store: s, Board: board, BundleDir: filepath.Join(data, "bundles"), Log: slog.New(slog.DiscardHandler)}), c, t}
	w.addTalk("apis", "Hello.", "We have 10 servers.", "Goodbye.")
	return w
}

// addTalk has a talk say some texts, one every three seconds, for two.
func (w translationTest) addTalk(slug string, texts ...string) {
	w.t.Helper()
	track := conference.Track{Language: "en", Kind: conference.Authored, State: conference.TrackApproved, File: slug + ".en.srt"}
	for i, text := range texts {
		at := time.Duration(i+1) * 3 * time.Second
		track.Cues = append(track.Cues, conference.Cue{ID: string(rune('a' + i)), Start: at, End: at + 2*time.Second, Text: text})
	}
	_, err := w.catalog.Save(w.t.Context(), "ada", catalog.Submission{Pipeline: "talk", Out: "out", Facts: conference.Facts{
		Talk:   conference.Talk{Slug: slug, Title: "Prototyping APIs", Kind: "talk", Language: "en"},
		Tracks: []conference.Track{track},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// srt is subtitles as of source.
func srt(texts ...string) []byte {
	var b strings.Builder
	for i, text := range texts {
		b.WriteString(srtHeader(i+1, 3*(i+1)) + text + "\n\n")
	}
	return []byte(b.String())
}

// srtHeader is the head of a cue that is shown at a second.
func srtHeader(n, at int) string {
	second := func(s int) string { return time.Time{}.Add(time.Duration(s)*time.Second).Format("15:04:05") + ",000" }
	return string(rune('0'+n)) + "\n" + second(at) + " --> " + second(at+2) + "\n"
}

func (w translationTest) upload(p access.Person, f service.TranslationUpload) (service.TranslationUploadResult, error) {
	w.t.Helper()
	return w.Translations.Upload(w.t.Context(), p, "apis", "es", f)
}

func (w translationTest) mustUpload(p access.Person, f service.TranslationUpload) service.TranslationUploadResult {
	w.t.Helper()
	r, err := w.upload(p, f)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// translatedText is what the translation says now.
func (w translationTest) translatedText() string {
	w.t.Helper()
	t, err := w.Translations.Get(w.t.Context(), rosa, "apis", "es", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for _, c := range t.Cues {
		texts = append(texts, c.Text)
	}
	return strings.Join(texts, " | ")
}

func person(g access.Grant) access.Person { return access.Person{Grants: []access.Grant{g}} }

var (
	organiser        = person(access.Grant{Role: access.Organiser, Name: "Olga"})
	rosa             = person(access.Grant{Role: access.Translator, Name: "Rosa", Email: "rosa@example.org", Talk: "apis", Language: "es"})
	pablo            = person(access.Grant{Role: access.Translator, Name: "Pablo", Talk: "apis", Language: "es"})
	eva              = person(access.Grant{Role: access.Reviewer, Name: "Eva", Language: "es"})
	frenchTranslator = person(access.Grant{Role: access.Translator, Name: "Jean", Talk: "apis", Language: "fr"})
	speakerAda       = person(access.Grant{Role: access.Speaker, Name: "Ada", Talk: "apis"})
)

var spanish = service.TranslationUpload{Name: "apis.r0.es.srt", Data: srt("Hola.", "Tenemos 10 servidores.", "Adiós.")}

func TestTranslations_Permissions(t *testing.T) {
	w := newTranslationTest(t)
	for name, p := range map[string]access.Person{"a stranger": {}, "a translator into another language": frenchTranslator, "a speaker": speakerAda} {
		if _, err := w.upload(p, spanish); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s hands in: %v", name, err)
		}
		if _, err := w.Translations.Get(t.Context(), p, "apis", "es", 0); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s reads it: %v", name, err)
		}
		if _, err := w.Translations.Claim(t.Context(), p, "apis", "es"); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s claims it: %v", name, err)
		}
	}
	w.mustUpload(rosa, spanish)
	if _, err := w.Translations.Approve(t.Context(), pablo, "apis", "es"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a translator approves: %v", err)
	}
	if _, err := w.Translations.Restore(t.Context(), pablo, "apis", "es", 1); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a translator restores: %v", err)
	}
}

func TestUploadTranslation_RecordsAuthorAndChecks(t *testing.T) {
	w := newTranslationTest(t)
	f := spanish
	f.Data = srt("Hola.", "Tenemos 12 servidores.", "Adiós.")
	f.DryRun = true
	if r := w.mustUpload(rosa, f); r.Saved || w.translatedText() != "" {
		t.Errorf("a file that is only to be checked was saved: %q", w.translatedText())
	}
	f.DryRun = false
	r := w.mustUpload(rosa, f)
	if !r.Saved || len(r.Changed) != 3 || r.Translation.Cues[0].Author != "Rosa" {
		t.Errorf("saved %v, %d changes, in the words of %q", r.Saved, len(r.Changed), r.Translation.Cues[0].Author)
	}
	if len(r.Quality.Findings) == 0 || r.Quality.Findings[0].Code != translation.NumberChanged || r.Quality.Findings[0].Line != 6 {
		t.Errorf("12 for 10, on line 6, was not found: %+v", r.Quality.Findings)
	}
	if again := w.mustUpload(rosa, f); again.Saved || len(again.Changed) != 0 {
		t.Error("the same file again made another revision")
	}
}

func TestUploadTranslation_InvalidFileNamesLine(t *testing.T) {
	w := newTranslationTest(t)
	for _, c := range []struct {
		name, data string
		line       int
	}{
		{"empty.srt", "", 0},
		{"holiday.jpg", "\xff\xd8\xff\xe0 no subtitles", 0},
		{"apis.po", "msgid \"\"\nmsgstr \"\"\n\"Language: es\\n\"\n\nmsgctxt \"a\"\nmsgid \"Hello.\nmsgstr \"Hola.\"\n", 6},
		{"long.srt", string(srt("Hola.", strings.Repeat("palabra ", 10<<17))), 6},
		{"long.po", "msgid \"\"\nmsgstr \"\"\n\"Language: es\\n\"\n\nmsgctxt \"a\"\nmsgid \"Hello.\"\nmsgstr \"" + strings.Repeat("palabra ", 10<<17) + "\"\n", 5},
		{"../../etc/apis.po", "msgid \"\"\nmsgstr \"\"\n\"Language: fr\\n\"\n\nmsgctxt \"a\"\nmsgid \"Hello.\"\nmsgstr \"Bonjour.\"\n", 0},
	} {
		_, err := w.upload(rosa, service.TranslationUpload{Name: c.name, Data: []byte(c.data)})
		f := inputerr.As(err)
		if f == nil || f.File != filepath.Base(c.name) || f.Line != c.line {
			t.Errorf("%s: %v; want a fault on line %d", c.name, err, c.line)
		}
	}
	if w.translatedText() != "" {
		t.Errorf("something of it was taken: %q", w.translatedText())
	}
}

func TestUploadTranslation_ConcurrentEditsKept(t *testing.T) {
	po := func(w translationTest, p access.Person, from, to string) service.TranslationUpload {
		name, data, err := w.Translations.File(t.Context(), p, "apis", "es", service.TranslationExport{Format: "po"})
		if err != nil {
			t.Fatal(err)
		}
		return service.TranslationUpload{Name: name, Data: []byte(strings.ReplaceAll(string(data), from, to))}
	}
	for _, c := range []struct {
		name string
		mine func(w translationTest) service.TranslationUpload // made from revision 1
	}{
		{"subtitles, whose name says the revision", func(translationTest) service.TranslationUpload {
			return service.TranslationUpload{Name: "apis.r1.es.srt", Data: srt("Hola.", "Tenemos 10 servidores.", "Hasta luego.")}
		}},
		{"PO, which says it itself", func(w translationTest) service.TranslationUpload { return po(w, pablo, "Adiós.", "Hasta luego.") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTranslationTest(t)
			w.mustUpload(rosa, spanish)
			mine := c.mine(w)
			w.mustUpload(rosa, service.TranslationUpload{Name: "apis.r1.es.srt", Data: srt("¡Hola a todos!", "Tenemos 10 servidores.", "Adiós.")})

			_, err := w.upload(pablo, mine)
			var conflict *catalog.Conflict
			if !errors.As(err, &conflict) || conflict.Base != 1 || conflict.Last.Who != "Rosa" {
				t.Fatalf("what Rosa changed meanwhile is no conflict: %v", err)
			}
			mine.Rebase = true
			mine.DryRun = true
			r := w.mustUpload(pablo, mine)
			if len(r.Changed) != 1 || r.Changed[0].Target[0].Text != "Hasta luego." || r.Saved {
				t.Errorf("on top it would change %+v", r.Changed)
			}
			mine.DryRun = false
			w.mustUpload(pablo, mine)
			if got := w.translatedText(); got != "¡Hola a todos! | Tenemos 10 servidores. | Hasta luego." {
				t.Errorf("on top of each other: %q", got)
			}
		})
	}
}

func TestUploadTranslation_BaseZeroRemovesNothing(t *testing.T) {
	w := newTranslationTest(t)
	name, data, err := w.Translations.File(t.Context(), pablo, "apis", "es", service.TranslationExport{Format: "srt"})
	if err != nil {
		t.Fatal(err)
	}
	w.mustUpload(rosa, service.TranslationUpload{Name: name, Data: srt("Hola.", translation.Placeholder, translation.Placeholder)})
	last := strings.LastIndex(string(data), translation.Placeholder)
	mine := service.TranslationUpload{Name: name, Data: []byte(string(data[:last]) + "Adiós.\n")}
	var conflict *catalog.Conflict
	if _, err := w.upload(pablo, mine); !errors.As(err, &conflict) {
		t.Fatalf("a file without Rosa's words is no conflict: %v", err)
	}
	mine.Rebase = true
	w.mustUpload(pablo, mine)
	if got := strings.ReplaceAll(w.translatedText(), " | "+translation.Placeholder, ""); got != "Hola. | Adiós." {
		t.Errorf("both begun: %q", got)
	}
}

func TestApproveTranslation_OwnWordsRefusedAcrossLinks(t *testing.T) {
	rosaAgain := access.Grant{Role: access.Reviewer, Name: "Rosa García", Email: "Rosa@example.org", Language: "es"}
	for name, p := range map[string]access.Person{
		"the same name":              person(access.Grant{Role: access.Reviewer, Name: "rosa", Language: "es"}),
		"both links in one browser":  {Grants: []access.Grant{{Role: access.Reviewer, Name: "R. G.", Language: "es"}, rosa.Grants[0]}},
		"another name, same address": person(rosaAgain),
	} {
		t.Run(name, func(t *testing.T) {
			w := newTranslationTest(t)
			for _, g := range []access.Grant{rosa.Grants[0], rosaAgain} {
				i := service.Invitation{Role: g.Role, Talk: g.Talk, Language: g.Language, Name: g.Name, Email: g.Email}
				if _, _, err := w.People.Invite(t.Context(), organiser, i); err != nil {
					t.Fatal(err)
				}
			}
			w.mustUpload(rosa, spanish)
			if _, _, err := w.Translations.SubmitForReview(t.Context(), rosa, "apis", "es"); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Translations.Approve(t.Context(), p, "apis", "es"); inputerr.As(err) == nil {
				t.Errorf("they approved their own words: %v", err)
			}
			held, err := w.Translations.Approve(t.Context(), eva, "apis", "es")
			if err != nil || held.Progress().Approved != 3 {
				t.Errorf("somebody else approves %d: %v", held.Progress().Approved, err)
			}
		})
	}
}

func TestClaimTranslation_ShownRenewedReleased(t *testing.T) {
	w := newTranslationTest(t)
	claim := func(p access.Person) string {
		t.Helper()
		c, err := w.Translations.Claim(t.Context(), p, "apis", "es")
		if err != nil {
			t.Fatal(err)
		}
		return c.Who
	}
	if claim(rosa) != "Rosa" || claim(pablo) != "Rosa" || claim(rosa) != "Rosa" {
		t.Error("the first claim does not stand")
	}
	if r := w.mustUpload(pablo, spanish); !r.Saved || r.Claim == nil || r.Claim.Who != "Rosa" {
		t.Errorf("who hands in what another is at is not told so: %+v", r.Claim)
	}
	if err := w.Translations.Unclaim(t.Context(), pablo, "apis", "es"); err != nil || claim(pablo) != "Rosa" {
		t.Errorf("Pablo gave up Rosa's claim (%v)", err)
	}
	if err := w.Translations.Unclaim(t.Context(), organiser, "apis", "es"); err != nil || claim(pablo) != "Pablo" {
		t.Errorf("an organiser cannot give up a claim (%v)", err)
	}
}

func TestPendingTasks_NamePeople(t *testing.T) {
	w := newTranslationTest(t)
	for _, p := range []access.Person{rosa, eva, frenchTranslator} {
		g := p.Grants[0]
		if _, _, err := w.People.Invite(t.Context(), organiser, service.Invitation{Role: g.Role, Talk: g.Talk, Language: g.Language, Name: g.Name}); err != nil {
			t.Fatal(err)
		}
	}
	w.mustUpload(rosa, spanish)
	_, calls, err := w.Translations.SubmitForReview(t.Context(), rosa, "apis", "es")
	if err != nil || len(calls) != 1 || calls[0].Role != access.Reviewer || len(calls[0].People) != 1 || calls[0].People[0].Name != "Eva" || calls[0].Progress.InReview != 3 {
		t.Errorf("ready for review calls %+v (%v), want Eva for three cues", calls, err)
	}
	w.addTalk("apis", "Hello.", "We have 20 servers.", "Goodbye.")
	calls, err = w.Translations.FollowSource(t.Context(), "apis")
	if err != nil || len(calls) != 1 || calls[0].Role != access.Translator || len(calls[0].People) != 1 || calls[0].People[0].Name != "Rosa" || calls[0].Progress.NeedsEditing != 1 {
		t.Errorf("the changed source calls %+v (%v), want Rosa for one cue", calls, err)
	}
	if calls, err = w.Translations.FollowSource(t.Context(), "apis"); err != nil || len(calls) != 0 {
		t.Errorf("who was told is told again: %+v (%v)", calls, err)
	}
}

func TestSuggestTranslations_FromOtherTalks(t *testing.T) {
	w := newTranslationTest(t)
	w.addTalk("tests", "We have 10 servers.")
	suggested := func() string {
		t.Helper()
		all, err := w.Translations.Suggest(t.Context(), rosa, "apis", "es", translation.Units([]conference.Cue{{ID: "b", Text: "We have 10 servers."}}, nil))
		if err != nil {
			t.Fatal(err)
		}
		if len(all[0]) == 0 {
			return ""
		}
		return all[0][0].Translation
	}
	other := person(access.Grant{Role: access.Translator, Name: "Luz", Talk: "tests", Language: "es"})
	if _, err := w.Translations.Upload(t.Context(), other, "tests", "es", service.TranslationUpload{Name: "x.srt", Data: srt("Tenemos 10 servidores.")}); err != nil {
		t.Fatal(err)
	}
	if got := suggested(); got != "Tenemos 10 servidores." {
		t.Errorf("suggested %q", got)
	}
}

func TestReviewQueue_InReviewFirst(t *testing.T) {
	w := newTranslationTest(t)
	w.addTalk("tests", "We test.")
	if _, err := w.Translations.Upload(t.Context(), organiser, "tests", "es", service.TranslationUpload{Name: "x.srt", Data: srt("Probamos.")}); err != nil {
		t.Fatal(err)
	}
	w.mustUpload(rosa, spanish)
	if _, _, err := w.Translations.SubmitForReview(t.Context(), organiser, "tests", "es"); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.Board, err = service.NewBoard(t.Context(), w.catalog, nil); err != nil { // it reads what stands
		t.Fatal(err)
	}
	queue, err := w.Translations.ReviewQueue(t.Context(), eva, "es")
	if err != nil || len(queue) != 2 || queue[0].Slug != "tests" || queue[1].Slug != "apis" {
		t.Errorf("the queue is %+v (%v)", queue, err)
	}
	if _, err := w.Translations.ReviewQueue(t.Context(), eva, "fr"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("the queue of another language: %v", err)
	}
}

func TestRestoreTranslation_ComparesAndRestores(t *testing.T) {
	w := newTranslationTest(t)
	w.mustUpload(rosa, spanish)
	w.mustUpload(rosa, service.TranslationUpload{Name: "apis.r1.es.srt", Data: srt("Hola.", "Tenemos 10 servidores.", "Hasta luego.")})
	changed, err := w.Translations.Compare(t.Context(), eva, "apis", "es", 1, 2)
	if err != nil || len(changed) != 1 || changed[0].Old[0].Text != "Adiós." || changed[0].Target[0].Text != "Hasta luego." {
		t.Errorf("compared: %+v (%v)", changed, err)
	}
	if _, err := w.Translations.Restore(t.Context(), eva, "apis", "es", 1); err != nil || !strings.HasSuffix(w.translatedText(), "Adiós.") {
		t.Errorf("restored: %q (%v)", w.translatedText(), err)
	}
	if all, err := w.Translations.Revisions(t.Context(), eva, "apis", "es"); err != nil || len(all) != 3 || all[0].Number != 3 {
		t.Errorf("revisions: %+v (%v)", all, err)
	}
}

func TestGlossary_TermsChecked(t *testing.T) {
	w := newTranslationTest(t)
	g := service.GlossaryFile{Name: "glossary.csv", Text: "term,es\nserver,servidor|servidores\n"}
	if err := w.Translations.SetGlossary(t.Context(), rosa, g); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a translator sets it: %v", err)
	}
	if err := w.Translations.SetGlossary(t.Context(), organiser, service.GlossaryFile{Name: "photo.csv", Text: "\x00"}); inputerr.As(err) == nil {
		t.Errorf("what is no glossary is taken: %v", err)
	}
	if err := w.Translations.SetGlossary(t.Context(), organiser, g); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := w.Translations.Glossary(t.Context(), rosa); err != nil || !ok || got != g {
		t.Errorf("the glossary is %+v (%v)", got, err)
	}
	f := spanish
	f.Data = srt("Hola.", "Tenemos 10 camareros.", "Adiós.")
	if r := w.mustUpload(rosa, f); r.Quality.Counts.Codes[translation.GlossaryTerm] != 1 {
		t.Errorf("a term was translated otherwise, and nobody says so: %+v", r.Quality.Findings)
	}
}
