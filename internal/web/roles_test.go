package web_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/web"
)

// roleCase is a browser signed in with one role.
type roleCase struct {
	name string
	*browser
	role           access.Role
	talk, language string // that their link is for
}

// allowedActs lists the acts of each role, written down a second time so that the test does not
// depend on package access.
var allowedActs = map[access.Role]string{
	access.Organiser:  "enter conference manage record see describe caption judge release translate review",
	access.Volunteer:  "enter conference record see describe caption",
	access.Reviewer:   "enter see translate review",
	access.Speaker:    "enter see describe caption judge",
	access.Translator: "enter see translate",
}

// allowed reports whether the role permits an act on a talk and a language.
func (w roleCase) allowed(act access.Permission, talk, language string) bool {
	switch {
	case act == access.Public:
		return true
	case w.role == "" || !slices.Contains(strings.Fields(allowedActs[w.role]), string(act)):
		return false
	case act == access.Enter:
		return true
	}
	return (w.talk == "" || w.talk == talk) && (w.language == "" || w.language == language || act == access.ViewTalk)
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestEndpoints_ForbiddenToOtherRoles(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	w.addTalk("tests", "Testing Tests")
	people := []roleCase{
		{"stranger", w.newBrowser(), "", "", ""},
		{"organiser", w.signIn(access.Organiser, "", ""), access.Organiser, "", ""},
		{"volunteer", w.signIn(access.Volunteer, "", ""), access.Volunteer, "", ""},
		{"reviewer of Spanish", w.signIn(access.Reviewer, "", "es"), access.Reviewer, "", "es"},
		{"speaker of apis", w.signIn(access.Speaker, "apis", ""), access.Speaker, "apis", ""},
		{"translator of apis into Spanish", w.signIn(access.Translator, "apis", "es"), access.Translator, "apis", "es"},
	}
	doors := w.pages.Endpoints()
	if len(doors) < 30 {
		t.Fatalf("there are only %d doors: some are not tried", len(doors))
	}
	for _, door := range doors {
		for _, about := range []struct{ talk, language string }{{"apis", "es"}, {"apis", "fr"}, {"tests", "es"}} {
			if !strings.Contains(door.Path, "{slug}") && about.talk == "tests" || !strings.Contains(door.Path, "{language}") && about.language == "fr" {
				continue
			}
			path := strings.NewReplacer("{slug}", about.talk, "{language}", about.language).Replace(door.Path)
			talk, language := "", ""
			if strings.Contains(door.Path, "{slug}") {
				talk = about.talk
			}
			if strings.Contains(door.Path, "{language}") {
				language = about.language
			}
			for _, p := range people {
				if p.allowed(door.Act, talk, language) {
					continue // what is behind the door has tests of its own
				}
				if status, _ := p.do(door.Method, placeholder.ReplaceAllString(path, "x"), "", nil); status != http.StatusForbidden {
					t.Errorf("%s gets %d at %s %s, which is for who may %s", p.name, status, door.Method, path, door.Act)
				}
			}
		}
	}
}

func TestEndpoints_AllowedRoles(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	people := []roleCase{
		{"organiser", w.signIn(access.Organiser, "", ""), access.Organiser, "", ""},
		{"volunteer", w.signIn(access.Volunteer, "", ""), access.Volunteer, "", ""},
		{"reviewer of Spanish", w.signIn(access.Reviewer, "", "es"), access.Reviewer, "", "es"},
		{"speaker of apis", w.signIn(access.Speaker, "apis", ""), access.Speaker, "apis", ""},
		{"translator of apis into Spanish", w.signIn(access.Translator, "apis", "es"), access.Translator, "apis", "es"},
	}
	for _, door := range w.pages.Endpoints() {
		if door.Method != http.MethodGet || strings.HasSuffix(door.Path, "/live") {
			continue // changes have tests of their own; live events have no end
		}
		path := placeholder.ReplaceAllString(strings.NewReplacer("{slug}", "apis", "{language}", "es").Replace(door.Path), "x")
		for _, p := range people {
			talk, language := "", ""
			if strings.Contains(door.Path, "{slug}") {
				talk = "apis"
			}
			if strings.Contains(door.Path, "{language}") {
				language = "es"
			}
			if !p.allowed(door.Act, talk, language) {
				continue
			}
			if status, text := p.get(path); status == http.StatusForbidden || status >= http.StatusInternalServerError {
				t.Errorf("%s gets %d at %s: %s", p.name, status, path, text)
			}
		}
	}
}

func TestMessages_SameKeysInEveryLocale(t *testing.T) {
	words, err := web.Messages()
	if err != nil {
		t.Fatal(err)
	}
	for key, english := range words["en"] {
		spanish, ok := words["es"][key]
		if !ok {
			t.Errorf("%s is not said in Spanish", key)
			continue
		}
		names := func(text string) []string {
			found := placeholder.FindAllString(text, -1)
			slices.Sort(found)
			return slices.Compact(found)
		}
		if !slices.Equal(names(english), names(spanish)) {
			t.Errorf("%s fills in %q in English and %q in Spanish", key, names(english), names(spanish))
		}
	}
	for key := range words["es"] {
		if _, ok := words["en"][key]; !ok && !englishInCode(key) {
			t.Errorf("%s is not said in English", key)
		}
	}
}

// englishInCode reports whether the English text of a key is in Go: that of errors and of other
// packages' messages.
func englishInCode(key string) bool {
	area, _, _ := strings.Cut(key, ".")
	return slices.Contains([]string{"problem", "subtitle", "finding", "sync", "match", "event", "reason", "issue"}, area)
}

func TestOpenAPI_Valid(t *testing.T) {
	w := newTestServer(t)
	status, text := w.newBrowser().get("/api/v1/openapi.json")
	if status != http.StatusOK || !strings.Contains(text, `"openapi":"3.1.0"`) || !strings.Contains(text, `"/api/v1/talks/{slug}"`) {
		t.Errorf("the description (%d) is %.300s", status, text)
	}
}

// templateText finds the keys of texts in templates.
var templateText = regexp.MustCompile(`\bt "([a-z][a-z0-9.-]*)"`)

func TestMessages_TemplatesNameKnownKeys(t *testing.T) {
	words, err := web.Messages()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("templates/*.html")
	parts, err2 := filepath.Glob("templates/parts/*.html")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, parts...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range templateText.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, ok := words["en"][m[1]]; !ok {
				t.Errorf("%s names the text %q, which there is not", file, m[1])
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d texts were found in templates", found)
	}
}
