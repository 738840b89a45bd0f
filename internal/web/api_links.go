package web

import (
	"context"
	"net/http"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// Link is the JSON form of a link or an API token.
type Link struct {
	ID       int64       `json:"id"`
	Kind     string      `json:"kind" enum:"link,once,token"`
	Role     access.Role `json:"role"`
	Talk     string      `json:"talk,omitempty" doc:"The slug of the talk, for roles that have one."`
	Language string      `json:"language,omitempty" doc:"The language (BCP 47), for roles that have one."`
	Name     string      `json:"name" doc:"The name of the person."`
	Email    string      `json:"email,omitempty"`
	Maker    string      `json:"maker"`
	Created  time.Time   `json:"created"`
	Expires  time.Time   `json:"expires"`
	Revoked  *time.Time  `json:"revoked,omitempty"`
	Used     *time.Time  `json:"used,omitempty" doc:"When it was last used."`
	URL      string      `json:"url,omitempty" doc:"The URL to open. Only the response that creates the link has it."`
	Secret   string      `json:"secret,omitempty" doc:"The token. Only the response that creates it has it."`
}

func apiLink(l service.Link) Link {
	return Link{ID: l.LinkID, Kind: string(l.Kind), Role: l.Role, Talk: l.Talk, Language: l.Language, Name: l.Name, Email: l.Email,
		Maker: l.CreatedBy, Created: l.Created, Expires: l.Expires, Revoked: optionalTime(l.Revoked), Used: optionalTime(l.Used)}
}

// optionalTime returns a pointer to t, or nil for the zero time, which JSON then omits.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// LinkRequest describes a link or an API token to create.
type LinkRequest struct {
	Kind     string      `json:"kind,omitempty" enum:"link,once,token" default:"link" doc:"A reusable link, a one-time link, or a token for programs."`
	Role     access.Role `json:"role" enum:"organiser,volunteer,reviewer,speaker,translator"`
	Talk     string      `json:"talk,omitempty" doc:"For a speaker or a translator: the slug of the talk."`
	Language string      `json:"language,omitempty" doc:"For a translator or a reviewer (BCP 47)."`
	Name     string      `json:"name" maxLength:"200"`
	Email    string      `json:"email,omitempty" maxLength:"254"`
	Days     int         `json:"days,omitempty" minimum:"1" maximum:"3650" doc:"Days until it expires; 90 by default."`
}

type body[T any] struct{ Body T }

func (a *api) linkOperations() {
	registerOperation(a, operation{name: "who-am-i", method: http.MethodGet, path: "/me", summary: "List your roles.", act: access.Enter}, a.whoAmI)
	registerOperation(a, operation{name: "list-links", method: http.MethodGet, path: "/links", summary: "List all links and tokens.", act: access.ManageConference}, a.listLinks)
	registerOperation(a, operation{name: "create-link", method: http.MethodPost, path: "/links", summary: "Create a link for a person, or a token for a program.", act: access.ManageConference}, a.makeLink)
	registerOperation(a, operation{name: "invite-speakers", method: http.MethodPost, path: "/links/speakers", summary: "Create a link for every speaker who has none.", act: access.ManageConference}, a.inviteSpeakers)
	registerOperation(a, operation{name: "revoke-link", method: http.MethodDelete, path: "/links/{id}", summary: "Revoke a link or a token, and end its sessions.", act: access.ManageConference}, a.revokeLink)
}

// Grant is the JSON form of one role of a person.
type Grant struct {
	Role     access.Role `json:"role"`
	Name     string      `json:"name"`
	Talk     string      `json:"talk,omitempty"`
	Language string      `json:"language,omitempty"`
}

func (a *api) whoAmI(_ context.Context, p access.Person, _ *struct{}) (*body[[]Grant], error) {
	all := []Grant{}
	for _, g := range p.Grants {
		all = append(all, Grant{Role: g.Role, Name: g.Name, Talk: g.Talk, Language: g.Language})
	}
	return &body[[]Grant]{all}, nil
}

func (a *api) listLinks(ctx context.Context, p access.Person, _ *struct{}) (*body[[]Link], error) {
	links, err := a.service.People.Links(ctx, p)
	all := []Link{}
	for _, l := range links {
		all = append(all, apiLink(l))
	}
	return &body[[]Link]{all}, err
}

func (a *api) makeLink(ctx context.Context, p access.Person, in *body[LinkRequest]) (*body[Link], error) {
	n := in.Body
	secret, l, err := a.service.People.Invite(ctx, p, service.Invitation{
		Kind: service.LinkKind(n.Kind), Role: n.Role, Talk: n.Talk, Language: n.Language, Name: n.Name, Email: n.Email,
		Lifetime: time.Duration(n.Days) * 24 * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	made := apiLink(l)
	if l.Kind == service.LinkAPIToken {
		made.Secret = string(secret)
	} else {
		made.URL = LinkURL(a.url, secret)
	}
	return &body[Link]{made}, nil
}

func (a *api) inviteSpeakers(ctx context.Context, p access.Person, _ *struct{}) (*body[[]Link], error) {
	made, err := a.service.People.InviteSpeakers(ctx, p)
	all := []Link{}
	for _, i := range made {
		all = append(all, Link{Kind: string(service.LinkReusable), Role: access.Speaker, Talk: i.Talk, Name: i.Name, Email: i.Email, URL: LinkURL(a.url, i.Secret)})
	}
	return &body[[]Link]{all}, err
}

func (a *api) revokeLink(ctx context.Context, p access.Person, in *struct {
	ID int64 `path:"id"`
}) (*struct{}, error) {
	return nil, a.service.People.Revoke(ctx, p, in.ID)
}
