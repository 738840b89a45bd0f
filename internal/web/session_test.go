package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/service"
)

func TestOneTimeLink_OpensOnce(t *testing.T) {
	w := newTestServer(t)
	secret, ok, err := w.service.People.CreateFirstOrganiserLink(t.Context())
	if err != nil || !ok {
		t.Fatalf("the first start has no link: %v", err)
	}
	path := "/l/" + string(secret)
	for range 2 { // a program that looks into letters fetches it
		if status, text := w.newBrowser().get(path); status != http.StatusOK || !strings.Contains(text, "Continue") {
			t.Fatalf("looking at the link answers %d", status)
		}
	}
	first := w.newBrowser()
	if status, _ := first.post(path, nil); status != http.StatusSeeOther {
		t.Fatalf("opening it answers %d", status)
	}
	if status, _ := first.get("/talks"); status != http.StatusOK {
		t.Errorf("the organiser's first page answers %d", status)
	}
	second := w.newBrowser()
	if status, _ := second.post(path, nil); status != http.StatusNotFound {
		t.Errorf("opening it once more answers %d", status)
	}
	if status, _ := second.get("/talks"); status != http.StatusForbidden {
		t.Errorf("who came too late gets %d", status)
	}
	if _, ok, err := w.service.People.CreateFirstOrganiserLink(t.Context()); err != nil || ok {
		t.Errorf("a later start makes another link (%v)", err)
	}
}

func TestRevokeLink_EndsSessions(t *testing.T) {
	w := newTestServer(t)
	v := w.signIn(access.Volunteer, "", "")
	links, err := w.service.People.Links(t.Context(), olga)
	if err != nil || len(links) != 1 {
		t.Fatalf("links: %v, %v", links, err)
	}
	if err := w.service.People.Revoke(t.Context(), olga, links[0].LinkID); err != nil {
		t.Fatal(err)
	}
	if status, _ := v.get("/talks"); status != http.StatusForbidden {
		t.Errorf("a revoked volunteer gets %d", status)
	}
}

func TestToken_NotALink(t *testing.T) {
	w := newTestServer(t)
	for _, c := range []struct {
		kind   catalog.LinkKind
		token  int // what showing it as a token answers
		opened int // what opening it answers
	}{
		{catalog.LinkReusable, http.StatusForbidden, http.StatusSeeOther},
		{catalog.LinkOneTime, http.StatusForbidden, http.StatusSeeOther},
		{catalog.LinkAPIToken, http.StatusOK, http.StatusNotFound},
	} {
		secret, _, err := w.service.People.Invite(t.Context(), olga, service.Invitation{Kind: c.kind, Role: access.Volunteer, Name: "Vera"})
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
		if status, _ := w.newBrowser().post("/l/"+string(secret), nil); status != c.opened {
			t.Errorf("opening a %s answers %d, want %d", c.kind, status, c.opened)
		}
	}
}

func TestSession_SeveralRoles(t *testing.T) {
	w := newTestServer(t)
	w.addTalk("apis", "Prototyping APIs")
	b := w.signIn(access.Speaker, "apis", "")
	secret, _, err := w.service.People.Invite(t.Context(), olga, service.Invitation{Role: access.Volunteer, Name: "Vera"})
	if err != nil {
		t.Fatal(err)
	}
	b.post("/l/"+string(secret), nil)
	status, text := b.get("/")
	if status != http.StatusOK || !strings.Contains(text, "/talks/apis/speaker") || !strings.Contains(text, "Volunteer") {
		t.Errorf("who has two links is offered (%d): %s", status, text)
	}
	b.post("/sign-out", nil)
	if status, _ := b.get("/talks"); status != http.StatusForbidden {
		t.Errorf("after leaving, the talks answer %d", status)
	}
}

func TestForms_CrossOriginRefused(t *testing.T) {
	w := newTestServer(t)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/sign-out", nil)
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
