package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/service"
)

func TestALinkThatOpensOnceOpensOnce(t *testing.T) {
	w := newWorld(t)
	secret, ok, err := w.office.FirstLink(t.Context())
	if err != nil || !ok {
		t.Fatalf("the first start has no link: %v", err)
	}
	path := "/l/" + string(secret)
	for range 2 { // a program that looks into letters fetches it
		if status, text := w.stranger().get(path); status != http.StatusOK || !strings.Contains(text, "Come in") {
			t.Fatalf("looking at the link answers %d", status)
		}
	}
	first := w.stranger()
	if status, _ := first.post(path, nil); status != http.StatusSeeOther {
		t.Fatalf("opening it answers %d", status)
	}
	if status, _ := first.get("/talks"); status != http.StatusOK {
		t.Errorf("the organiser's first page answers %d", status)
	}
	second := w.stranger()
	if status, _ := second.post(path, nil); status != http.StatusNotFound {
		t.Errorf("opening it once more answers %d", status)
	}
	if status, _ := second.get("/talks"); status != http.StatusForbidden {
		t.Errorf("who came too late gets %d", status)
	}
	if _, ok, err := w.office.FirstLink(t.Context()); err != nil || ok {
		t.Errorf("a later start makes another link (%v)", err)
	}
}

func TestRevokingALinkEndsItsSessions(t *testing.T) {
	w := newWorld(t)
	v := w.as(access.Volunteer, "", "")
	links, err := w.office.Links(t.Context(), operator)
	if err != nil || len(links) != 1 {
		t.Fatalf("links: %v, %v", links, err)
	}
	if err := w.office.Revoke(t.Context(), operator, links[0].Link); err != nil {
		t.Fatal(err)
	}
	if status, _ := v.get("/talks"); status != http.StatusForbidden {
		t.Errorf("a revoked volunteer gets %d", status)
	}
}

func TestATokenIsNoLinkAndALinkNoToken(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		kind   string
		token  int // what showing it as a token answers
		opened int // what opening it answers
	}{
		{catalog.PersonalLink, http.StatusForbidden, http.StatusSeeOther},
		{catalog.OnceLink, http.StatusForbidden, http.StatusSeeOther},
		{catalog.Token, http.StatusOK, http.StatusNotFound},
	} {
		secret, _, err := w.office.Invite(t.Context(), operator, service.Invitation{Kind: c.kind, Role: access.Volunteer, Name: "Vera"})
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/v1/me", nil)
		r.Header.Set("Authorization", "Bearer "+string(secret))
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.token {
			t.Errorf("a %s as a token answers %d, want %d", c.kind, answer.StatusCode, c.token)
		}
		if status, _ := w.stranger().post("/l/"+string(secret), nil); status != c.opened {
			t.Errorf("opening a %s answers %d, want %d", c.kind, status, c.opened)
		}
	}
}

func TestABrowserMayHoldSeveralRoles(t *testing.T) {
	w := newWorld(t)
	w.talk("apis", "Prototyping APIs")
	b := w.as(access.Speaker, "apis", "")
	secret, _, err := w.office.Invite(t.Context(), operator, service.Invitation{Role: access.Volunteer, Name: "Vera"})
	if err != nil {
		t.Fatal(err)
	}
	b.post("/l/"+string(secret), nil)
	status, text := b.get("/")
	if status != http.StatusOK || !strings.Contains(text, "/talks/apis/speaker") || !strings.Contains(text, "Volunteer") {
		t.Errorf("who has two links is offered (%d): %s", status, text)
	}
	b.post("/leave", nil)
	if status, _ := b.get("/talks"); status != http.StatusForbidden {
		t.Errorf("after leaving, the talks answer %d", status)
	}
}

func TestAnotherSiteCannotSendForms(t *testing.T) {
	w := newWorld(t)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/leave", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site answers %d", answer.StatusCode)
	}
}
