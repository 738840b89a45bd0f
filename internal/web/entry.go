package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/service"
)

// entryRoutes are how people come in, and leave.
func (s *Server) entryRoutes() []route {
	return []route{
		{"GET /{$}", access.Anyone, s.home},
		{"GET /l/{secret}", access.Anyone, s.askIn},
		{"POST /l/{secret}", access.Anyone, s.letIn},
		{"POST /leave", access.Anyone, s.leave},
		{"POST /locale", access.Anyone, s.setLocale},
	}
}

// home sends people to where their work is. Who has several works chooses.
func (s *Server) home(v *visit) error {
	var places []place
	for _, g := range v.person.Grants {
		places = append(places, placeOf(g))
	}
	if len(places) == 1 {
		return v.to(places[0].Path)
	}
	return v.show("home.html", places)
}

// place is where a grant is put to use.
type place struct {
	Path string
	access.Grant
}

func placeOf(g access.Grant) place {
	switch g.Role {
	case access.Speaker:
		return place{"/talks/" + g.Talk + "/speaker", g}
	case access.Translator:
		return place{"/talks/" + g.Talk + "/translations/" + g.Language, g}
	case access.Reviewer:
		return place{"/review/" + g.Language, g}
	}
	return place{"/talks", g}
}

// askIn asks whether to open a link. That a page which was only fetched opens nothing keeps
// links that open once from the programs that look into letters before people do.
func (s *Server) askIn(v *visit) error {
	if !s.limits.tryLink(v.r) {
		return errTooOften
	}
	l, err := s.office.Catalog.LinkBy(v.ctx(), access.Secret(v.r.PathValue("secret")).Hash())
	if err == nil && (l.Kind == catalog.Token || !l.Stands(time.Now()) || l.Kind == catalog.OnceLink && !l.Used.IsZero()) {
		err = catalog.ErrNone
	}
	if err != nil {
		return err
	}
	return v.show("enter.html", l)
}

// letIn opens a link.
func (s *Server) letIn(v *visit) error {
	if !s.limits.tryLink(v.r) {
		return errTooOften
	}
	session, grant, err := s.office.Enter(v.ctx(), access.Secret(v.r.PathValue("secret")))
	if err != nil {
		return err
	}
	v.keep(append([]access.Secret{session}, v.sessionsOf(v.r)...))
	return v.to(placeOf(grant).Path)
}

// leave ends what the browser holds.
func (s *Server) leave(v *visit) error {
	for _, session := range v.sessionsOf(v.r) {
		if err := s.office.Catalog.EndSession(v.ctx(), session.Hash()); err != nil {
			return err
		}
	}
	v.keep(nil)
	return v.to("/")
}

// setLocale remembers in which language somebody wants the pages.
func (s *Server) setLocale(v *visit) error {
	chosen := v.r.FormValue("locale")
	if s.words[chosen] != nil {
		http.SetCookie(v.w, &http.Cookie{Name: localeCookie, Value: chosen, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.secure()})
	}
	back := v.r.FormValue("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n") {
		back = "/"
	}
	return v.to(back)
}

// sessionCookie holds the secrets of a browser's sessions: somebody may speak in one talk and
// translate another.
const (
	sessionCookie       = "lectern"
	secureSessionCookie = "__Host-lectern"
	mostSessions        = 12
)

func (s *Server) cookieName() string {
	if s.secure() {
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
		if len(sessions) < mostSessions {
			sessions = append(sessions, access.Secret(secret))
		}
	}
	return sessions
}

// keep has the browser hold sessions, or none.
func (v *visit) keep(sessions []access.Secret) {
	texts := make([]string, 0, len(sessions))
	for _, s := range sessions[:min(len(sessions), mostSessions)] {
		texts = append(texts, string(s))
	}
	c := http.Cookie{Name: v.cookieName(), Value: strings.Join(texts, "."), Path: "/", MaxAge: int(service.SessionLifetime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.secure()}
	if len(texts) == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, &c)
}
