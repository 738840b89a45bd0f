package web_test

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
)

// script is hostile input. No page may contain it unescaped.
const script = `<script>alert(1)</script><img src=x onerror=alert(1)>"'><svg/onload=alert(1)>`

// multipartForm returns the body of a form with a file, and its content type.
func multipartForm(t *testing.T, field, name string, content []byte, values map[string]string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = new(bytes.Buffer)
	w := multipart.NewWriter(body)
	f, err := w.CreateFormFile(field, name)
	if err == nil {
		_, err = f.Write(content)
	}
	for k, v := range values {
		if err == nil {
			err = w.WriteField(k, v)
		}
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

func TestHostileInput_EscapedAndConfined(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs "+script)
	organiser := w.signIn(access.Organiser, "", "")
	subtitles := "1\n00:00:01,000 --> 00:00:03,000\n" + script + "\n\n2\n00:00:04,000 --> 00:00:06,000\nWEBVTT --> position:0%\u202e\n"
	names := []string{"../../escaped.srt", `..\..\escaped.srt`, `C:\escaped.srt`, "/tmp/escaped.srt", script + ".srt", "a\r\nX-Evil: 1.srt"}
	for _, name := range names {
		contentType, body := multipartForm(t, "file", name, []byte(subtitles), map[string]string{"clock": "reel", "do": "save"})
		if status, text := organiser.do(http.MethodPost, "/talks/apis/subtitles", contentType, body); status >= 500 || strings.Contains(text, "<script>alert") {
			t.Errorf("subtitles called %q: %d", name, status)
		}
		contentType, body = multipartForm(t, "file", name, []byte(subtitles), map[string]string{"do": "save"})
		if status, text := organiser.do(http.MethodPost, "/talks/apis/translations/es", contentType, body); status >= 500 || strings.Contains(text, "<script>alert") {
			t.Errorf("a translation called %q: %d", name, status)
		}
		w.upload(organiser, name)
	}
	for path, values := range map[string]url.Values{
		"/talks":               {"title": {script}, "kind": {"talk"}, "speakers": {script}, "room": {script}, "abstract": {script}, "tags": {script}},
		"/people":              {"role": {"volunteer"}, "name": {script}, "email": {script}},
		"/talks/apis/describe": {"title": {script}, "abstract": {script}, "speakers": {script}},
		"/schedule/conference": {"name": {script}, "url": {"javascript:alert(1)"}, "zone": {"Europe/Madrid"}},
		"/locale":              {"locale": {"es"}, "back": {"//evil.example"}},
	} {
		if status, text := organiser.post(path, values); status >= 500 || strings.Contains(text, "<script>alert") {
			t.Errorf("POST %s answers %d", path, status)
		}
	}
	for _, path := range []string{"/", "/talks", "/talks?q=" + url.QueryEscape(script), "/talks/apis", "/talks/apis/speaker", "/talks/apis/edit", "/talks/apis/translations",
		"/talks/apis/translations/es", "/talks/apis/translations/es/review", "/review/es", "/recordings", "/schedule", "/people", "/talks/" + url.PathEscape(script), "/nothing/" + url.PathEscape(script)} {
		status, text := organiser.get(path)
		if status >= 500 {
			t.Errorf("%s answers %d", path, status)
		}
		for _, bad := range []string{"<script>alert", "<img src=x", "<svg/onload", `href="javascript:`, "style=\"", " onclick=", " onload="} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %s in it", path, bad)
			}
		}
	}
	err := filepath.WalkDir(filepath.Dir(w.data), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), "escaped") {
			t.Errorf("%s was written", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/tmp/escaped.srt"); err == nil {
		t.Error("a file of that name was written outside the data directory")
	}
}

// upload sends a recording by the tus protocol.
func (w *testServer) upload(b *browser, name string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/uploads/", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	r.Header.Set("Upload-Length", "0")
	r.Header.Set("Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(name))+",room "+base64.StdEncoding.EncodeToString([]byte(script)))
	answer, err := b.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode >= 500 {
		w.t.Errorf("an upload called %q answers %d", name, answer.StatusCode)
	}
}

func TestSecurityHeaders_ForbidInline(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	v := w.signIn(access.Volunteer, "", "")
	for _, path := range []string{"/", "/talks", "/talks/apis", "/static/lectern.css", "/api/v1/talks", "/nothing", "/live-not"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		answer, err := v.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s comes with the policy %q", path, policy)
		}
	}
}

func TestLimits_OversizedRefused(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	organiser := w.signIn(access.Organiser, "", "")
	long := strings.Repeat("word ", 2<<20) // 10 MB
	if status, _ := organiser.post("/talks/apis/describe", url.Values{"title": {"T"}, "abstract": {long}}); status != http.StatusUnprocessableEntity {
		t.Errorf("an abstract of 10 MB answers %d", status)
	}
	one := []byte("1\n00:00:01,000 --> 00:00:03,000\n" + long + "\n")
	contentType, body := multipartForm(t, "file", "long.srt", one, map[string]string{"clock": "reel", "do": "save"})
	if status, text := organiser.do(http.MethodPost, "/talks/apis/subtitles", contentType, body); status != http.StatusUnprocessableEntity || !strings.Contains(text, "more than the limit") {
		t.Errorf("a caption of 10 MB answers %d", status)
	}
	contentType, body = multipartForm(t, "file", "endless.srt", make([]byte, 40<<20), nil)
	if status, _ := organiser.do(http.MethodPost, "/talks/apis/subtitles", contentType, body); status != http.StatusRequestEntityTooLarge && status != http.StatusUnprocessableEntity {
		t.Errorf("a file of 40 MB answers %d", status)
	}
}
