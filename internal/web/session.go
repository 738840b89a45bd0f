package web

import (
	"net/http"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// sessionRoutes returns the routes for signing in and out.
func (s *Server) sessionRoutes() []route {
	return []route{
		{"GET /{$}", access.Public, s.home},
		{"GET /l/{secret}", access.Public, s.confirmLink},
		{"POST /l/{secret}", access.Public, s.openLink},
		{"POST /sign-out", access.Public, s.signOut},
		{"POST /locale", access.Public, s.setLocale},
	}
}

// home redirects to the start page of the visitor's only role, or lists the start pages of all
// roles.
func (s *Server) home(v *request) error {
	var places []startPage
	for _, g := range v.person.Grants {
		places = append(places, startPageOf(g))
	}
	if len(places) == 1 {
		return v.redirect(places[0].Path)
	}
	return v.render("home.html", places)
}

// startPage is where a person with a grant starts.
type startPage struct {
	Path string
	access.Grant
}

func startPageOf(g access.Grant) startPage {
	switch g.Role {
	case access.Speaker:
		return startPage{"/talks/" + g.Talk + "/speaker", g}
	case access.Translator:
		return startPage{"/talks/" + g.Talk + "/translations/" + g.Language, g}
	case access.Reviewer:
		return startPage{"/review/" + g.Language, g}
	}
	return startPage{"/talks", g}
}

// confirmLink shows a button that opens a link. Fetching the page does not open it, so that mail
// scanners don't use up one-time links.
func (s *Server) confirmLink(v *request) error {
	if !s.limits.allowLink(v.r) {
		return errRateLimited
	}
	l, err := s.service.People.UsableLink(v.ctx(), access.Secret(v.r.PathValue("secret")))
	if err != nil {
		return err
	}
	return v.render("enter.html", l)
}

// openLink signs in with the secret of the link in the path, and redirects to the start page of
// what the link grants. Sessions that the browser already has remain. It is rate-limited.
func (s *Server) openLink(v *request) error {
	if !s.limits.allowLink(v.r) {
		return errRateLimited
	}
	session, grant, err := s.service.People.SignIn(v.ctx(), access.Secret(v.r.PathValue("secret")))
	if err != nil {
		return err
	}
	v.setSessions(append([]access.Secret{session}, v.sessionsOf(v.r)...))
	return v.redirect(startPageOf(grant).Path)
}

// signOut ends all sessions of the browser.
func (s *Server) signOut(v *request) error {
	for _, session := range v.sessionsOf(v.r) {
		if err := s.service.People.SignOut(v.ctx(), session); err != nil {
			return err
		}
	}
	v.setSessions(nil)
	return v.redirect("/")
}

// setLocale remembers the chosen language of the pages.
func (s *Server) setLocale(v *request) error {
	chosen := v.r.FormValue("locale")
	if s.messages[chosen] != nil {
		http.SetCookie(v.w, &http.Cookie{Name: localeCookie, Value: chosen, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.usesTLS()})
	}
	back := v.r.FormValue("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n") {
		back = "/"
	}
	return v.redirect(back)
}

// The session cookie holds the secrets of several sessions, because a person may have several
// roles.
const (
	sessionCookie       = "lectern"
	secureSessionCookie = "__Host-lectern"
	maxSessions         = 12
)

func (s *Server) cookieName() string {
	if s.usesTLS() {
		return secureSessionCookie
	}
	return sessionCookie
}

func (s *Server) sessionsOf(r *http.Request) (sessions []access.Secret) {
	c, err := r.Cookie(s.cookieName())
	if err != nil || c.Value == "" {
		return nil
	}
	for secret := range strings.SplitSeq(c.Value, ".") {
		if len(sessions) < maxSessions {
			sessions = append(sessions, access.Secret(secret))
		}
	}
	return sessions
}

// setSessions replaces the sessions in the browser's cookie; none removes it.
func (v *request) setSessions(sessions []access.Secret) {
	texts := make([]string, 0, len(sessions))
	for _, s := range sessions[:min(len(sessions), maxSessions)] {
		texts = append(texts, string(s))
	}
	c := http.Cookie{Name: v.cookieName(), Value: strings.Join(texts, "."), Path: "/", MaxAge: int(service.SessionLifetime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.usesTLS()}
	if len(texts) == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, &c)
}
