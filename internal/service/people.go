package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/mail"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// People invites people by links, signs them in and revokes their links.
type People struct {
	catalog  *catalog.Catalog
	board    *Board
	notifier *Notifier
	url      string
}

// The default lifetimes of links and sessions.
const (
	LinkLifetime        = 90 * 24 * time.Hour
	OneTimeLinkLifetime = 24 * time.Hour
	SessionLifetime     = 30 * 24 * time.Hour
)

// Invitation describes a link that is to be made.
type Invitation struct {
	Kind     catalog.LinkKind // "": LinkReusable
	Role     access.Role
	Talk     string // a slug; for speakers and translators
	Language string // BCP 47; for reviewers and translators
	Name     string // of the person, for the history
	Email    string
	Lifetime time.Duration // 0: LinkLifetime
}

// Invite creates a link for a person, or an API token, and returns its secret, which is stored
// nowhere. It requires access.ManageConference. An invitation without a name, or without the talk
// or language that its role needs, is an *inputerr.Error.
func (svc *People) Invite(ctx context.Context, p access.Person, i Invitation) (access.Secret, catalog.Link, error) {
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return "", catalog.Link{}, err
	}
	if err := svc.validateInvitation(ctx, &i); err != nil {
		return "", catalog.Link{}, err
	}
	return svc.createLink(ctx, by.Name, i)
}

func (svc *People) createLink(ctx context.Context, maker string, i Invitation) (access.Secret, catalog.Link, error) {
	secret := access.NewSecret()
	l, err := svc.catalog.AddLink(ctx, secret.Hash(), catalog.Link{
		Kind:      cmp.Or(i.Kind, catalog.LinkReusable),
		Grant:     access.Grant{Role: i.Role, Name: i.Name, Email: i.Email, Talk: i.Talk, Language: i.Language},
		CreatedBy: maker, Expires: time.Now().Add(cmp.Or(i.Lifetime, LinkLifetime)),
	})
	return secret, l, err
}

// validateInvitation returns an *inputerr.Error if an invitation lacks a name, the talk or the
// language that its role needs, or has one that the role must not have. It changes the language to
// its canonical form.
func (svc *People) validateInvitation(ctx context.Context, i *Invitation) (err error) {
	if !slices.Contains(access.Roles(), i.Role) {
		return inputerr.Coded("role.unknown", "there is no role {name}", "name", strconv.Quote(string(i.Role)), "known", fmt.Sprint(access.Roles())).Hint("Use one of {known}")
	}
	if i.Name == "" {
		return inputerr.Coded("link.name_missing", "the link has no name").Hint("Enter the name of the person. The history shows it")
	}
	if err := i.validateTalk(); err != nil {
		return err
	}
	if err := i.validateLanguage(); err != nil {
		return err
	}
	if i.Talk != "" {
		taken, err := svc.catalog.SlugTaken(ctx, i.Talk)
		if err != nil {
			return err
		}
		if !taken {
			return inputerr.Coded("talk.unknown", "there is no such talk").In(i.Talk).Hint("Look for its name in the list of talks")
		}
	}
	if i.Language != "" {
		i.Language, err = subtitle.CanonicalLanguage(i.Language)
	}
	return err
}

// validateTalk returns an error if the role is for one talk and none is named, or the other way
// round.
func (i Invitation) validateTalk() error {
	needed := i.Role == access.Speaker || i.Role == access.Translator
	switch {
	case needed && i.Talk == "":
		return inputerr.Coded("link.talk_missing", "a link for a {role} needs a talk", "role", i.Role).Hint("Choose the talk")
	case !needed && i.Talk != "":
		return inputerr.Coded("link.talk_superfluous", "a link for a {role} is for all talks", "role", i.Role).Hint("Remove the talk")
	}
	return nil
}

// validateLanguage returns an error if the role is for one language and none is named, or the other
// way round.
func (i Invitation) validateLanguage() error {
	needed := i.Role == access.Reviewer || i.Role == access.Translator
	switch {
	case needed && i.Language == "":
		return inputerr.Coded("link.language_missing", "a link for a {role} needs a language", "role", i.Role).Hint("Choose the language")
	case !needed && i.Language != "":
		return inputerr.Coded("link.language_superfluous", "a link for a {role} is for all languages", "role", i.Role).Hint("Remove the language")
	}
	return nil
}

// UsableLink returns the link of a secret if a browser may sign in with it. For an API token, and
// for a link that is unknown, revoked, expired or used up, it returns ErrNotFound. It does not
// count as a use of the link.
func (svc *People) UsableLink(ctx context.Context, secret access.Secret) (Link, error) {
	l, err := svc.catalog.LinkByHash(ctx, secret.Hash())
	if err == nil && (l.Kind == catalog.LinkAPIToken || !l.Valid(time.Now()) || l.Kind == catalog.LinkOneTime && !l.Used.IsZero()) {
		err = catalog.ErrNotFound
	}
	return l, err
}

// SignOut ends a session. session is the secret that SignIn returned.
func (svc *People) SignOut(ctx context.Context, session access.Secret) error {
	return svc.catalog.EndSession(ctx, session.Hash())
}

// SignIn opens a session with the secret of a link, and returns the secret of the session and the
// link's grant. The session lasts for SessionLifetime, but not longer than a reusable link. For a
// link that is not valid, and for an API token, SignIn returns ErrNotFound.
func (svc *People) SignIn(ctx context.Context, link access.Secret) (access.Secret, access.Grant, error) {
	l, err := svc.catalog.LinkByHash(ctx, link.Hash())
	if err != nil {
		return "", access.Grant{}, err
	}
	if l.Kind == catalog.LinkAPIToken {
		return "", access.Grant{}, fmt.Errorf("sign in with an API token: %w", catalog.ErrNotFound)
	}
	expires := time.Now().Add(SessionLifetime)
	if l.Kind != catalog.LinkOneTime && l.Expires.Before(expires) {
		expires = l.Expires
	}
	session := access.NewSecret()
	return session, l.Grant, svc.catalog.OpenSession(ctx, l.LinkID, session.Hash(), expires)
}

// BySessions returns the person with the grants of all these sessions. Sessions that have ended are
// ignored.
func (svc *People) BySessions(ctx context.Context, sessions ...access.Secret) (access.Person, error) {
	var p access.Person
	for _, s := range sessions {
		g, err := svc.catalog.SessionGrant(ctx, s.Hash())
		if errors.Is(err, catalog.ErrNotFound) {
			continue
		}
		if err != nil {
			return p, err
		}
		p.Grants = append(p.Grants, g)
	}
	return p, nil
}

// ByToken returns the person with the grant of an API token. It returns ErrNotFound if the token is
// unknown, revoked or expired.
func (svc *People) ByToken(ctx context.Context, token access.Secret) (access.Person, error) {
	l, err := svc.catalog.LinkByHash(ctx, token.Hash())
	if err == nil && (l.Kind != catalog.LinkAPIToken || !l.Valid(time.Now())) {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return access.Person{}, err
	}
	return access.Person{Grants: []access.Grant{l.Grant}}, nil
}

// Links returns all links and API tokens, the newest first, without their secrets. It requires
// access.ManageConference.
func (svc *People) Links(ctx context.Context, p access.Person) ([]catalog.Link, error) {
	if !p.May(access.ManageConference, "", "") {
		return nil, access.ErrForbidden
	}
	return svc.catalog.Links(ctx)
}

// Revoke makes a link invalid and ends its sessions. link is its id. It requires
// access.ManageConference.
func (svc *People) Revoke(ctx context.Context, p access.Person, link int64) error {
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return err
	}
	return svc.catalog.RevokeLink(ctx, by.Name, link)
}

// CreateFirstOrganiserLink creates a one-time link for an organiser, and revokes earlier one-time
// links for organisers. If a link for an organiser was used already, or if a reusable one is valid,
// it does nothing and ok is false.
func (svc *People) CreateFirstOrganiserLink(ctx context.Context) (secret access.Secret, ok bool, err error) {
	links, err := svc.catalog.Links(ctx)
	if err != nil {
		return "", false, err
	}
	if slices.ContainsFunc(links, func(l catalog.Link) bool {
		return l.Role == access.Organiser && (!l.Used.IsZero() || l.Kind == catalog.LinkReusable && l.Valid(time.Now()))
	}) {
		return "", false, nil
	}
	for _, l := range links { // from earlier starts
		if l.Role == access.Organiser && l.Kind == catalog.LinkOneTime && l.Revoked.IsZero() {
			if err := svc.catalog.RevokeLink(ctx, "lectern", l.LinkID); err != nil {
				return "", false, err
			}
		}
	}
	secret, _, err = svc.createLink(ctx, "lectern", Invitation{
		Kind: catalog.LinkOneTime, Role: access.Organiser, Name: "organiser", Lifetime: OneTimeLinkLifetime,
	})
	return secret, true, err
}

// SpeakerInvitation is a link that was created for a speaker.
type SpeakerInvitation struct {
	Name, Email, Talk, Title string
	Secret                   access.Secret
}

// InviteSpeakers creates a link for each speaker without a valid one, of all talks except those not
// to be recorded. It queues a letter to those whose address is known, and returns the new links. It
// requires access.ManageConference. After an error, the links that were created before are returned
// and stay valid.
func (svc *People) InviteSpeakers(ctx context.Context, p access.Person) (made []SpeakerInvitation, err error) {
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return nil, err
	}
	links, err := svc.catalog.Links(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for _, r := range svc.board.Talks() {
		if r.Scheduling.DoNotRecord {
			continue
		}
		for _, name := range r.Speakers {
			if slices.ContainsFunc(links, func(l catalog.Link) bool {
				return l.Role == access.Speaker && l.Talk == r.Slug && l.Name == name && l.Valid(now)
			}) {
				continue
			}
			i := SpeakerInvitation{Name: name, Talk: r.Slug, Title: r.Title}
			for _, person := range r.Scheduling.Persons {
				if person.Name == name {
					i.Email = person.Email
				}
			}
			var l catalog.Link
			if i.Secret, l, err = svc.createLink(ctx, by.Name, Invitation{Role: access.Speaker, Talk: r.Slug, Name: name, Email: i.Email}); err != nil {
				return made, err
			}
			made = append(made, i)
			m := mail.Content{Title: r.Title, Link: svc.url + "/l/" + string(i.Secret), Expires: l.Expires}
			if err := svc.notifier.queueLetter(ctx, mail.Invitation, fmt.Sprint(l.LinkID), l.Grant, m); err != nil {
				return made, err
			}
		}
	}
	return made, nil
}
