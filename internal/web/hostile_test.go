package web_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
)

// hostile are texts that somebody hands in who means harm, or whose program does.
var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`--><svg onload=alert(1)>`,
	"turned \u202eround\u2066",
	"nothing\x00there",
	"a line\r\nX-Evil: yes",
	`../../x`,
	`C:\x`,
	`javascript:alert(1)`,
	strings.Repeat("long ", 20<<10),
}

// markup is what a page has if it takes a text for more than a text.
var markup = regexp.MustCompile(`(?i)<script>alert|<img src=x|<svg onload|href="javascript:|style="`)

// evil posts and gets as a browser does, and judges every answer.
type evil struct{ *browser }

func (e evil) answer(method, path string, header http.Header, content []byte) (int, http.Header, string) {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.url+path, bytes.NewReader(content))
	if err != nil {
		e.t.Fatal(err)
	}
	r.Header = header
	answer, err := e.client.Do(r)
	if err != nil {
		e.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	text, h := string(b), answer.Header
	if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-inline") {
		e.t.Errorf("%s %s has the policy %q", method, path, policy)
	}
	if h.Get("X-Evil") != "" || h.Get("X-Content-Type-Options") != "nosniff" {
		e.t.Errorf("%s %s has the headers %v", method, path, h)
	}
	if found := markup.FindString(text); found != "" && strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		e.t.Errorf("%s %s (%d) has %q in it", method, path, answer.StatusCode, found)
	}
	switch status := answer.StatusCode; {
	case status >= http.StatusInternalServerError:
		e.t.Errorf("%s %s answers %d: %.300s", method, path, status, text)
	case status >= http.StatusBadRequest && strings.TrimSpace(text) == "":
		e.t.Errorf("%s %s answers %d without a word", method, path, status)
	}
	return answer.StatusCode, h, text
}

// form posts fields.
func (e evil) form(path string, fields url.Values) int {
	e.t.Helper()
	status, _, _ := e.answer(http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(fields.Encode()))
	return status
}

// file posts a file and fields.
func (e evil) file(path, field, name string, content []byte, fields map[string]string) int {
	e.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, value := range fields {
		_ = form.WriteField(key, value) // to memory
	}
	part, err := form.CreateFormFile(field, name)
	if err != nil {
		e.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = form.Close()
	status, _, _ := e.answer(http.MethodPost, path, http.Header{"Content-Type": {form.FormDataContentType()}}, body.Bytes())
	return status
}

func TestWhatIsHandedInIsNeverMoreThanAText(t *testing.T) {
	w := newWorld(t)
	w.talk("apis", "Prototyping APIs")
	w.talk("tests", "Testing Tests")
	organiser := evil{w.as(access.Organiser, "", "")}
	translator := evil{w.as(access.Translator, "tests", "es")}
	for n, text := range hostile {
		short := text[:min(len(text), 40)]
		long := len(text) > 1<<16
		b, err := json.Marshal(map[string]any{
			"code": fmt.Sprint("evil-", n), "title": "Evil " + text, "abstract": text, "room": text, "track": text, "url": text, "speakers": []string{text},
			"links": []map[string]string{{"url": text, "title": text}},
		})
		if err != nil {
			t.Fatal(err)
		}
		organiser.file("/programme", "schedule", short, fmt.Appendf(nil, "[%s]", b), nil)
		if !long {
			organiser.form("/programme/import", url.Values{"file": {text}, "content": {base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "[%s]", b))}})
		}
		organiser.form("/talks", url.Values{"title": {text}, "kind": {"talk"}, "language": {"en"}, "speakers": {text}, "room": {text}, "url": {text}, "abstract": {text}})
		organiser.form("/talks/tests/edit", url.Values{"title": {text}, "kind": {"talk"}, "language": {"en"}, "speakers": {text}, "room": {text}, "tags": {text}, "track": {text}})
		organiser.form("/talks/tests/describe", url.Values{"title": {text}, "speakers": {text}, "abstract": {text}})
		organiser.form("/people", url.Values{"role": {"speaker"}, "talk": {"tests"}, "kind": {"personal"}, "name": {text}, "email": {text}})
		organiser.form("/programme/conference", url.Values{"name": {text}, "url": {text}, "licence": {text}})
		srt := []byte("1\n00:00:01,000 --> 00:00:03,000\n" + text + "\n\n2\n00:00:04,000 --> 00:00:06,000\nGoodbye.\n")
		captioned := organiser.file("/talks/tests/subtitles", "file", short+".srt", srt, map[string]string{"clock": "reel"})
		if long && captioned < http.StatusBadRequest {
			t.Errorf("a caption of %d bytes is taken (%d)", len(text), captioned)
		}
		translator.file("/talks/tests/translations/es", "file", short+".srt", srt, nil)
		if !long {
			encoded := base64.StdEncoding.EncodeToString([]byte(text))
			_, h, _ := organiser.answer(http.MethodPost, "/uploads/", http.Header{
				"Tus-Resumable": {"1.0.0"}, "Upload-Length": {"4"}, "Upload-Metadata": {"filename " + encoded + ",room " + encoded},
			}, nil)
			at, err := url.Parse(h.Get("Location"))
			if err != nil || at.Path == "" {
				t.Errorf("an upload called %q is not begun: %v", text, h)
				continue
			}
			organiser.answer(http.MethodPatch, at.Path, http.Header{
				"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {"0"}, "Content-Type": {"application/offset+octet-stream"},
			}, []byte(fmt.Sprintf("%04d", n)))
		}
		for _, page := range []string{"/talks/tests", "/talks/tests/speaker", "/talks/tests/edit", "/talks/tests/translations", "/talks/tests/translations/es", "/people", "/programme", "/arrivals"} {
			organiser.answer(http.MethodGet, page, http.Header{}, nil)
		}
		for _, file := range []string{"/talks/tests/subtitles/0.vtt", "/talks/tests/subtitles/0.srt", "/talks/tests/translations/es/es.vtt"} {
			status, h, vtt := organiser.answer(http.MethodGet, file, http.Header{}, nil)
			if status == http.StatusOK && strings.HasSuffix(file, "vtt") && markup.MatchString(vtt) {
				t.Errorf("%s has markup in it:\n%.500s", file, vtt)
			}
			if strings.HasPrefix(h.Get("Content-Type"), "text/html") && status == http.StatusOK {
				t.Errorf("%s is said to be %s", file, h.Get("Content-Type"))
			}
		}
	}
	var names []string
	everything, err := w.catalog.Programme(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range everything {
		names = append(names, s.Talk.Slug)
	}
	everyone := []evil{organiser, {w.as(access.Volunteer, "", "")}, {w.as(access.Speaker, "tests", "")}, translator}
	for _, who := range everyone {
		for _, door := range w.pages.Everything() {
			if door.Method != http.MethodGet || strings.HasSuffix(door.Path, "/live") {
				continue
			}
			for _, slug := range names {
				path := strings.NewReplacer("{slug}", url.PathEscape(slug), "{language}", "es").Replace(door.Path)
				who.answer(http.MethodGet, placeholder.ReplaceAllString(path, "x"), http.Header{}, nil)
				if !strings.Contains(door.Path, "{slug}") {
					break
				}
			}
		}
	}
	beside, err := os.ReadDir(filepath.Dir(w.data))
	if err != nil || len(beside) != 1 {
		t.Errorf("beside the data directory there is %v (%v)", beside, err)
	}
	_, page := organiser.get("/talks")
	if !strings.Contains(page, html.EscapeString(hostile[1])) && !strings.Contains(page, "&lt;img src=x") {
		t.Error("the overview shows no hostile title: the test proves nothing")
	}
	t.Logf("%d talks of hostile names", len(names))
}
