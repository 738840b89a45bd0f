package web_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
)

func TestTalkList_Filter(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	w.addTalk("hostile", `<script>alert(1)</script>`)
	v := w.signIn(access.Volunteer, "", "")
	for _, c := range []struct{ query, has, not string }{
		{"", "Prototyping APIs", "<script>alert"},
		{"?q=prototyping", "1 of 2 talks", "alert"},
		{"?state=failed", "0 of 2 talks", "Prototyping"},
		{"?language=es", "0 of 2 talks", "Prototyping"},
		{"?waits=volunteer", "2 of 2 talks", ""},
	} {
		status, text := v.get("/talks" + c.query)
		if status != http.StatusOK || !strings.Contains(text, c.has) || c.not != "" && strings.Contains(text, c.not) {
			t.Errorf("/talks%s (%d) has not %q, or has %q:\n%s", c.query, status, c.has, c.not, text)
		}
	}
}

func TestLiveEvents_RowUpdates(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	v := w.signIn(access.Volunteer, "", "")
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/live", nil)
	answer, err := v.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Scan() // it listens
	if _, err := w.catalog.Edit(t.Context(), "ada", "apis", func(s *catalog.Submission) error { s.Facts.Talk.Title = "Better <APIs>"; return nil }); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if text := lines.Text(); strings.HasPrefix(text, "data:") {
			if !strings.Contains(text, `"talk":"apis"`) || !strings.Contains(text, "Better") || strings.Contains(text, "<APIs>") {
				t.Errorf("it is told %s", text)
			}
			return
		}
	}
	t.Fatal("the line ended without a word")
}
