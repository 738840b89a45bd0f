package web

import (
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// peopleRoutes returns the routes on which organisers invite people.
func (s *Server) peopleRoutes() []route {
	return []route{
		{"GET /people", access.ManageConference, s.people},
		{"POST /people", access.ManageConference, s.invite},
		{"POST /people/speakers", access.ManageConference, s.inviteSpeakers},
		{"POST /people/{link}/revoke", access.ManageConference, s.revoke},
	}
}

// peoplePage is the data of people.html.
type peoplePage struct {
	Links              []service.Link
	Now                time.Time
	Talks              []service.TalkSummary
	Roles              []access.Role
	Kinds              []service.LinkKind
	Form               service.Invitation
	SpeakerInvitations []service.SpeakerInvitation // that were just created
	InvitedSpeakers    bool                        // SpeakerInvitations is to be shown, even if empty
	URL                string                      // of the server
	NewLink            string                      // the URL of a link that was just created, or the token; shown once
}

func (v *request) newPeoplePage() (p peoplePage, err error) {
	p = peoplePage{Now: time.Now(), Roles: access.Roles(), Kinds: []service.LinkKind{service.LinkReusable, service.LinkOneTime, service.LinkAPIToken}}
	if p.Links, err = v.service.People.Links(v.ctx(), v.person); err != nil {
		return p, err
	}
	p.Talks, err = v.service.Talks.List(v.person)
	p.Form.Role, p.Form.Talk = access.Role(v.r.FormValue("role")), v.r.FormValue("talk")
	return p, err
}

func (s *Server) people(v *request) error {
	p, err := v.newPeoplePage()
	if err != nil {
		return err
	}
	return v.render("people.html", p)
}

// invite creates a link or an API token and shows it. It cannot be shown again, since only its hash
// is stored.
func (s *Server) invite(v *request) error {
	p, err := v.newPeoplePage()
	if err != nil {
		return err
	}
	p.Form = service.Invitation{
		Kind: service.LinkKind(v.r.FormValue("kind")), Role: access.Role(v.r.FormValue("role")), Talk: v.r.FormValue("talk"),
		Language: v.r.FormValue("language"), Name: v.r.FormValue("name"), Email: v.r.FormValue("email"),
	}
	secret, l, err := s.service.People.Invite(v.ctx(), v.person, p.Form)
	if err != nil {
		return v.renderInvalid("people.html", p, err)
	}
	p.NewLink = LinkURL(s.url, secret)
	if l.Kind == service.LinkAPIToken {
		p.NewLink = string(secret)
	}
	p.Links = append([]service.Link{l}, p.Links...)
	p.Form = service.Invitation{}
	return v.render("people.html", p)
}

// inviteSpeakers creates a link for every speaker who has none, and shows the new links.
func (s *Server) inviteSpeakers(v *request) error {
	made, err := s.service.People.InviteSpeakers(v.ctx(), v.person)
	if err != nil {
		return err
	}
	p, err := v.newPeoplePage()
	if err != nil {
		return err
	}
	p.SpeakerInvitations, p.InvitedSpeakers, p.URL = made, true, s.url
	return v.render("people.html", p)
}

func (s *Server) revoke(v *request) error {
	id, err := strconv.ParseInt(v.r.PathValue("link"), 10, 64)
	if err != nil {
		return service.ErrNotFound
	}
	if err := s.service.People.Revoke(v.ctx(), v.person, id); err != nil {
		return err
	}
	return v.redirect("/people")
}
