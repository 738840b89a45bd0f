package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// sessionRoutes returns the routes of the start page, of signing in and out, and of choosing the
// language.
func (s *Server) sessionRoutes() []route {
	return []route{
		{"GET /{$}", access.Public, s.home},
		{"GET /l/{secret}", access.Public, s.confirmLink},
		{"POST /l/{secret}", access.Public, s.openLink},
		{"POST /sign-out", access.Public, s.signOut},
		{"POST /locale", access.Public, s.setLocale},
	}
}

// home redirects a visitor with one grant to the start page of its role. Other visitors get a list
// of the start pages of their grants.
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

// confirmLink shows a page with a button that signs in with the link. Only the button uses the
// link, so that mail scanners that fetch the page do not use up one-time links. Requests are
// rate-limited.
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

// openLink signs in with the secret in the path, and redirects to the start page of the link's
// role. The browser's other sessions stay. Requests are rate-limited.
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

// signOut ends all sessions in the browser's cookie and removes the cookie.
func (s *Server) signOut(v *request) error {
	for _, session := range v.sessionsOf(v.r) {
		if err := s.service.People.SignOut(v.ctx(), session); err != nil {
			return err
		}
	}
	v.setSessions(nil)
	return v.redirect("/")
}

// setLocale saves the chosen language of the pages in a cookie, for a year, and redirects to the
// page that the form was on.
func (s *Server) setLocale(v *request) error {
	chosen := v.r.FormValue("locale")
	if s.messages[chosen] != nil {
		http.SetCookie(v.w, &http.Cookie{Name: localeCookie, Value: chosen, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.usesTLS()})
	}
	back := v.r.FormValue("back")
	if !isLocalPath(back) {
		back = "/"
	}
	return v.redirect(back)
}

// isLocalPath reports whether target is a path of this site to which a browser can be redirected.
// Browsers drop control characters and take a backslash for a slash, so that "/\t/host" leads to
// another site. Neither is accepted in the path, escaped or not.
func isLocalPath(target string) bool {
	u, err := url.Parse(target)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil &&
		strings.HasPrefix(u.Path, "/") && !strings.Contains(u.Path, "//") &&
		!strings.ContainsFunc(u.Path, func(r rune) bool { return r == '\\' || unicode.IsControl(r) })
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

// setSessions replaces the sessions in the browser's cookie by the first maxSessions of these.
// Without sessions, it removes the cookie.
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
