package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
)

// TestSpanishPages_NothingInEnglish uploads files in which the parser and the checks find
// something, and looks for English on the pages that show it.
func TestSpanishPages_NothingInEnglish(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "APIs")
	rosa := w.signInAs("Rosa", access.Translator, "apis", "es")
	rosa.post("/locale", url.Values{"locale": {"es"}, "back": {"/"}})
	olivia := w.signInAs("Olivia", access.Organiser, "", "")
	olivia.post("/locale", url.Values{"locale": {"es"}, "back": {"/"}})

	bad := "1\n00:00:01.000 --> 00:00:01,300\n<i>Hola, esta es una línea demasiado larga que nadie podría leer nunca en tan poco tiempo (o casi\n2\n00:00:04,000 --> 00:00:06,000\nAdiós 12.\n"
	status, handed := rosa.upload("apis.srt", bad, nil)
	if status != http.StatusOK {
		t.Fatalf("upload: %d\n%s", status, handed)
	}
	for _, want := range []string{"se tarda", "falta la línea vacía", "no se cierra"} {
		if !strings.Contains(handed, want) {
			t.Errorf("the page has no finding with %q:\n%s", want, handed)
		}
	}
	pages := map[string]string{"uploaded file": handed}
	for _, path := range []string{spanishPath, spanishPath + "/history", "/talks/apis/translations"} {
		status, page := rosa.get(path)
		if status != http.StatusOK {
			t.Errorf("%s answers %d", path, status)
		}
		pages[path] = page
	}
	for _, path := range []string{"/talks", "/talks/apis", "/talks/apis/speaker", "/people", "/schedule", "/recordings"} {
		status, page := olivia.get(path)
		if status != http.StatusOK || !strings.Contains(page, `<html lang="es">`) {
			t.Errorf("%s answers %d, or not in Spanish", path, status)
		}
		pages[path] = page
	}
	english := regexp.MustCompile(`(?i)\b(the|is|was|have|which|shown|changed|saved|imported|source|subtitles|revision)\b`)
	for path, page := range pages {
		if i := strings.Index(page, "<main"); i > 0 {
			page = page[i:]
		}
		page = regexp.MustCompile(`(?s)<(footer|script).*?</(footer|script)>|<[^>]*\slang="en"[^>]*>[^<]*</|<[^>]*>`).ReplaceAllString(page, "\n")
		for line := range strings.SplitSeq(html.UnescapeString(page), "\n") {
			if word := english.FindString(line); word != "" {
				t.Errorf("%s: %q is English in %q", path, word, strings.TrimSpace(line))
			}
		}
	}
}
