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
	Talk     string      `json:"talk,omitempty" doc:"The slug of the talk that it is for."`
	Language string      `json:"language,omitempty" doc:"The language that it is for (BCP 47)."`
	Name     string      `json:"name" doc:"Of the person, for the history."`
	Email    string      `json:"email,omitempty"`
	Maker    string      `json:"maker"`
	Created  time.Time   `json:"created"`
	Expires  time.Time   `json:"expires"`
	Revoked  *time.Time  `json:"revoked,omitempty"`
	Used     *time.Time  `json:"used,omitempty" doc:"The last time."`
	URL      string      `json:"url,omitempty" doc:"What to open. It is told once, when the link is made."`
	Secret   string      `json:"secret,omitempty" doc:"Of a token, told once."`
}

func apiLink(l service.Link) Link {
	return Link{ID: l.LinkID, Kind: string(l.Kind), Role: l.Role, Talk: l.Talk, Language: l.Language, Name: l.Name, Email: l.Email,
		Maker: l.CreatedBy, Created: l.Created, Expires: l.Expires, Revoked: optionalTime(l.Revoked), Used: optionalTime(l.Used)}
}

// optionalTime returns nil for the zero time, so that JSON omits it.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// LinkRequest describes a link or an API token to create.
type LinkRequest struct {
	Kind     string      `json:"kind,omitempty" enum:"link,once,token" default:"link" doc:"A link that may be opened again, one that opens once, or a token for programs."`
	Role     access.Role `json:"role" enum:"organiser,volunteer,reviewer,speaker,translator"`
	Talk     string      `json:"talk,omitempty" doc:"For a speaker or a translator: the slug of the talk."`
	Language string      `json:"language,omitempty" doc:"For a translator or a reviewer (BCP 47)."`
	Name     string      `json:"name" maxLength:"200"`
	Email    string      `json:"email,omitempty" maxLength:"254"`
	Days     int         `json:"days,omitempty" minimum:"1" maximum:"3650" doc:"How long it stands; 90 if it does not say."`
}

type body[T any] struct{ Body T }

func (a *api) linkOperations() {
	register(a, operation{"who-am-i", http.MethodGet, "/me", "Say what one was let in for.", access.Enter}, a.whoAmI)
	register(a, operation{"list-links", http.MethodGet, "/links", "List all links and tokens.", access.ManageConference}, a.listLinks)
	register(a, operation{"make-link", http.MethodPost, "/links", "Make a link for a person, or a token for a program.", access.ManageConference}, a.makeLink)
	register(a, operation{"invite-speakers", http.MethodPost, "/links/speakers", "Make a link for every speaker of the programme who has none.", access.ManageConference}, a.inviteSpeakers)
	register(a, operation{"revoke-link", http.MethodDelete, "/links/{id}", "Revoke a link or a token, and end what it opened.", access.ManageConference}, a.revokeLink)
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
		all = append(all, Grant{g.Role, g.Name, g.Talk, g.Language})
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
