package web

import (
	"net/http"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// sessionRoutes are how people come in, and leave.
func (s *Server) sessionRoutes() []route {
	return []route{
		{"GET /{$}", access.Public, s.home},
		{"GET /l/{secret}", access.Public, s.confirmLink},
		{"POST /l/{secret}", access.Public, s.openLink},
		{"POST /leave", access.Public, s.signOut},
		{"POST /locale", access.Public, s.setLocale},
	}
}

// home sends people to where their work is. Who has several works chooses.
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

// startPage is where a grant is put to use.
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

// confirmLink asks whether to open a link. That a page which was only fetched opens nothing keeps
// links that open once from the programs that look into letters before people do.
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

// openLink opens a link.
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

// signOut ends what the browser holds.
func (s *Server) signOut(v *request) error {
	for _, session := range v.sessionsOf(v.r) {
		if err := s.service.People.SignOut(v.ctx(), session); err != nil {
			return err
		}
	}
	v.setSessions(nil)
	return v.redirect("/")
}

// setLocale remembers in which language somebody wants the pages.
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

// sessionCookie holds the secrets of a browser's sessions: somebody may speak in one talk and
// translate another.
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

// setSessions has the browser hold sessions, or none.
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
