package web_test

import (
	"bytes"
	"encoding/json"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

const spanishPath = "/talks/apis/translations/es"

// spanishSRT returns Spanish subtitles for the talk of a testServer.
func spanishSRT(first, second string) string {
	return "1\n00:00:01,000 --> 00:00:03,000\n" + first + "\n\n2\n00:00:04,000 --> 00:00:06,000\n" + second + "\n"
}

// upload sends a translated file with other form fields.
func (b *browser) upload(name, content string, fields url.Values) (int, string) {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key := range fields {
		if err := form.WriteField(key, fields.Get(key)); err != nil {
			b.t.Fatal(err)
		}
	}
	if name != "" {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := part.Write([]byte(content)); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.do(http.MethodPost, spanishPath, form.FormDataContentType(), &body)
}

// signInAs returns a browser signed in under a name.
func (w *testServer) signInAs(name string, role access.Role, talk, language string) *browser {
	w.t.Helper()
	secret, _, err := w.service.People.Invite(w.t.Context(), olga, service.Invitation{Role: role, Talk: talk, Language: language, Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.newBrowser()
	if status, _ := b.post("/l/"+string(secret), nil); status != http.StatusSeeOther {
		w.t.Fatalf("the link of %s answers %d", name, status)
	}
	return b
}

func TestTranslation_StartToApproval(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	rosa, eva := w.signInAs("Rosa", access.Translator, "apis", "es"), w.signInAs("Eva", access.Reviewer, "", "es")

	status, page := rosa.get(spanishPath)
	if status != http.StatusOK || strings.Count(page, `data-state="untranslated"`) != 2 || !strings.Contains(page, "Hello.") {
		t.Fatalf("what is to be translated: %d\n%s", status, page)
	}
	if status, page = rosa.upload("apis.r0.es.srt", spanishSRT("Hola.", "Adiós."), nil); status != http.StatusOK || !strings.Contains(page, "Saved as revision 1") {
		t.Fatalf("handed in: %d\n%s", status, page)
	}
	if status, _ = rosa.post(spanishPath+"/claim", nil); status != http.StatusSeeOther {
		t.Fatalf("claimed: %d", status)
	}
	if status, _ = rosa.post(spanishPath+"/ready", nil); status != http.StatusSeeOther {
		t.Fatalf("ready: %d", status)
	}
	if status, page = eva.get("/review/es"); status != http.StatusOK || !strings.Contains(page, "2 in review") || !strings.Contains(page, "laimed by Rosa") {
		t.Fatalf("the queue: %d\n%s", status, page)
	}
	if status, _ = eva.post(spanishPath+"/send-back", url.Values{"cue": {"2"}, "note": {"Too final."}}); status != http.StatusSeeOther {
		t.Fatalf("sent back: %d", status)
	}
	if _, page = rosa.get(spanishPath); !strings.Contains(page, "Too final.") || !strings.Contains(page, `id="cue-2"`) || strings.Contains(page, `id="cue-1"`) {
		t.Fatalf("to do after one was sent back:\n%s", page)
	}
	if status, page = rosa.upload("apis.r3.es.srt", spanishSRT("Hola.", "Hasta luego."), nil); status != http.StatusOK || !strings.Contains(page, "<ins>Hasta luego") {
		t.Fatalf("handed in again: %d\n%s", status, page)
	}
	rosa.post(spanishPath+"/ready", nil)
	if status, _ = eva.post(spanishPath+"/approve", nil); status != http.StatusSeeOther {
		t.Fatalf("approved: %d", status)
	}
	if _, page = eva.get("/talks/apis/translations"); !strings.Contains(page, "2 approved") {
		t.Fatalf("the overview:\n%s", page)
	}
}

func TestTranslation_ConflictKeepsBoth(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	rosa, pablo := w.signInAs("Rosa", access.Translator, "apis", "es"), w.signInAs("Pablo", access.Translator, "apis", "es")
	rosa.upload("apis.r0.es.srt", spanishSRT("Hola.", "Adiós."), nil)
	rosa.upload("apis.r1.es.srt", spanishSRT("Hola a todos.", "Adiós."), nil)
	status, page := pablo.upload("apis.r1.es.srt", spanishSRT("Hola.", "Hasta luego."), nil)
	if status != http.StatusConflict || !strings.Contains(page, "Rosa") || !strings.Contains(page, "Hola<ins> a todos</ins>.") || !strings.Contains(page, "<ins>Hasta luego</ins>") {
		t.Fatalf("a conflict: %d\n%s", status, page)
	}
	form := url.Values{"do": {"save"}}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	if status, page = pablo.upload("", "", form); status != http.StatusOK || !strings.Contains(page, "Saved as revision 3") {
		t.Fatalf("on top: %d\n%s", status, page)
	}
	if _, file := rosa.get(spanishPath + "/file.srt"); !strings.Contains(file, "Hola a todos.") || !strings.Contains(file, "Hasta luego.") {
		t.Errorf("what both did:\n%s", file)
	}
}

func TestTranslation_RoundTripEveryFormat(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	rosa := w.signInAs("Rosa", access.Translator, "apis", "es")
	rosa.upload("apis.r0.es.srt", spanishSRT("Hola.", "Adiós."), nil)
	for _, format := range service.ExchangeFormats() {
		t.Run(format, func(t *testing.T) {
			status, file := rosa.get(spanishPath + "/file." + format)
			if status != http.StatusOK || !strings.Contains(file, "Adiós.") {
				t.Fatalf("%d\n%s", status, file)
			}
			if status, page := rosa.upload("x."+format, file, nil); status != http.StatusOK || !strings.Contains(page, "has no changes") {
				t.Errorf("unchanged, it comes back as %d\n%s", status, page)
			}
			changed := strings.ReplaceAll(file, "Adiós.", "Hasta "+format+".")
			if status, page := rosa.upload("x."+format, changed, url.Values{"do": {"check"}}); status != http.StatusOK || !strings.Contains(page, "Nothing was saved") || !strings.Contains(page, "<ins>Hasta "+format+"</ins>") {
				t.Errorf("only checked: %d\n%s", status, page)
			}
		})
	}
	if status, _ := rosa.get(spanishPath + "/file.exe"); status != http.StatusNotFound {
		t.Errorf("a format that there is not answers %d", status)
	}
}

func TestTranslation_FindingsShowLocation(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	rosa := w.signInAs("Rosa", access.Translator, "apis", "es")
	bad := "msgid \"\"\nmsgstr \"\"\n\"Language: es\\n\"\n\nmsgctxt \"1\"\nmsgid \"Hello.\nmsgstr \"Hola.\"\n"
	if status, page := rosa.upload("mine.po", bad, nil); status != http.StatusUnprocessableEntity || !strings.Contains(page, "mine.po:6:") {
		t.Errorf("%d\n%s", status, page)
	}
	if status, _ := rosa.upload("", "", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("no file at all answers %d", status)
	}
}

func TestTranslation_HostileTextEscaped(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	rosa, eva := w.signInAs("Rosa", access.Translator, "apis", "es"), w.signInAs("Eva", access.Reviewer, "", "es")
	const hostile = "<script>alert(1)</script> <img src=x onerror=alert(2)> \u202eevil"
	_, page := rosa.upload("\"><script>alert(3)</script>.srt", spanishSRT(hostile, "Adiós."), nil)
	pages := []string{page}
	rosa.post(spanishPath+"/ready", nil)
	eva.post(spanishPath+"/send-back", url.Values{"note": {hostile}})
	for _, path := range []string{spanishPath, spanishPath + "?show=%22%3E%3Cscript%3E", spanishPath + "/history?a=1&b=3"} {
		_, page := rosa.get(path)
		pages = append(pages, page)
	}
	_, page = eva.get(spanishPath + "/review")
	for _, page := range append(pages, page) {
		if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") || strings.Contains(page, `"><script`) {
			t.Errorf("something would run:\n%s", page)
		}
	}
}

func TestTranslation_CueLanguageAndDirection(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	rosa := w.signInAs("Rosa", access.Translator, "apis", "ar")
	if _, page := rosa.get("/talks/apis/translations/ar"); !strings.Contains(page, `<p class="cue" lang="en" dir="auto">Hello.</p>`) {
		t.Errorf("the source:\n%s", page)
	}
}

func TestStartTranslation_ByLanguageTag(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	olga := w.signIn(access.Organiser, "", "")
	for typed, want := range map[string]int{"pt-br": http.StatusSeeOther, "espanol": http.StatusUnprocessableEntity, "en": http.StatusUnprocessableEntity, "es-LA": http.StatusUnprocessableEntity} {
		if status, page := olga.post("/talks/apis/translations", url.Values{"language": {typed}}); status != want {
			t.Errorf("%s answers %d\n%s", typed, status, page)
		}
	}
	if status, _ := w.signIn(access.Translator, "apis", "es").post("/talks/apis/translations", url.Values{"language": {"fr"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a translator into Spanish begins French: %d", status)
	}
}

func TestAPI_TranslationMatchesPages(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	rosa, eva := w.signInAs("Rosa", access.Translator, "apis", "es"), w.signInAs("Eva", access.Reviewer, "", "es")
	const api = "/api/v1" + spanishPath
	status, answer := rosa.do(http.MethodPost, api+"?name=apis.r0.es.srt", "application/octet-stream", strings.NewReader(spanishSRT("Hola.", "Adiós.")))
	var receipt struct {
		Saved   bool
		Changed int
	}
	if err := json.Unmarshal([]byte(answer), &receipt); err != nil || status != http.StatusOK || !receipt.Saved || receipt.Changed != 2 {
		t.Fatalf("handed in: %d %s", status, answer)
	}
	for _, c := range []struct {
		who          *browser
		method, path string
		body         string
		want         int
	}{
		{rosa, http.MethodPost, "/approve", "", http.StatusForbidden},
		{rosa, http.MethodPut, "/claim", "", http.StatusOK},
		{rosa, http.MethodPost, "/review", "", http.StatusOK},
		{rosa, http.MethodPost, "/review", "", http.StatusUnprocessableEntity}, // there is no draft left
		{eva, http.MethodPost, "/approve", "", http.StatusOK},
		{eva, http.MethodPost, "/send-back", `{"cue": "1", "note": "Warmer."}`, http.StatusOK},
		{eva, http.MethodPost, "/restore", `{"revision": 3}`, http.StatusOK},
		{eva, http.MethodGet, "/revisions", "", http.StatusOK},
		{rosa, http.MethodGet, "/file?format=xliff", "", http.StatusOK},
		{rosa, http.MethodDelete, "/claim", "", http.StatusNoContent},
	} {
		if status, answer := c.who.do(c.method, api+c.path, "application/json", strings.NewReader(c.body)); status != c.want {
			t.Errorf("%s %s answers %d, want %d: %s", c.method, c.path, status, c.want, answer)
		}
	}
	if _, answer := eva.get("/api/v1/review/es"); !strings.Contains(answer, `"approved":2`) {
		t.Errorf("the queue: %s", answer)
	}
}
