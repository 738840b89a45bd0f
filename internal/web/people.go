package web

import (
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/service"
)

// peopleRoutes are whom the organisers let in.
func (s *Server) peopleRoutes() []route {
	return []route{
		{"GET /people", access.Manage, s.people},
		{"POST /people", access.Manage, s.invite},
		{"POST /people/speakers", access.Manage, s.inviteSpeakers},
		{"POST /people/{link}/revoke", access.Manage, s.revoke},
	}
}

// peoplePage is the data of the page of links.
type peoplePage struct {
	Links []catalog.Link
	Now   time.Time
	Talks []service.Row
	Roles []access.Role
	Kinds []string
	Typed service.Invitation
	All   []service.Invited // that were made just now, for all speakers
	Asked bool              // for them
	URL   string            // of the server
	Made  string            // the address of a link that was just made, or a token; it is shown once
}

func (v *visit) peoplePage() (p peoplePage, err error) {
	p = peoplePage{Now: time.Now(), Roles: access.Roles(), Kinds: []string{catalog.PersonalLink, catalog.OnceLink, catalog.Token}}
	if p.Links, err = v.office.Links(v.ctx(), v.person); err != nil {
		return p, err
	}
	p.Talks, err = v.office.Talks(v.person)
	p.Typed.Role, p.Typed.Talk = access.Role(v.r.FormValue("role")), v.r.FormValue("talk")
	return p, err
}

func (s *Server) people(v *visit) error {
	p, err := v.peoplePage()
	if err != nil {
		return err
	}
	return v.show("people.html", p)
}

// invite makes a link. The page that shows it is the answer itself: nowhere else is it told.
func (s *Server) invite(v *visit) error {
	p, err := v.peoplePage()
	if err != nil {
		return err
	}
	p.Typed = service.Invitation{
		Kind: v.r.FormValue("kind"), Role: access.Role(v.r.FormValue("role")), Talk: v.r.FormValue("talk"),
		Language: v.r.FormValue("language"), Name: v.r.FormValue("name"), Email: v.r.FormValue("email"),
	}
	secret, l, err := s.office.Invite(v.ctx(), v.person, p.Typed)
	if err != nil {
		return v.again("people.html", p, err)
	}
	p.Made = LinkTo(s.url, secret)
	if l.Kind == catalog.Token {
		p.Made = string(secret)
	}
	p.Links = append([]catalog.Link{l}, p.Links...)
	p.Typed = service.Invitation{}
	return v.show("people.html", p)
}

// inviteSpeakers makes links for all speakers who have none.
func (s *Server) inviteSpeakers(v *visit) error {
	made, err := s.office.InviteSpeakers(v.ctx(), v.person)
	if err != nil {
		return err
	}
	p, err := v.peoplePage()
	if err != nil {
		return err
	}
	p.All, p.Asked, p.URL = made, true, s.url
	return v.show("people.html", p)
}

func (s *Server) revoke(v *visit) error {
	id, err := strconv.ParseInt(v.r.PathValue("link"), 10, 64)
	if err != nil {
		return catalog.ErrNone
	}
	if err := s.office.Revoke(v.ctx(), v.person, id); err != nil {
		return err
	}
	return v.to("/people")
}
