// Package access holds the roles and permissions of a conference server, and the secrets in
// the links that grant them.
//
// There are no accounts. Opening a personal link gives a person the role that it was made
// for, often for one talk or one language only. See [Grant.Allows].
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
)

// Role is what a person does at the conference.
type Role string

// The roles.
const (
	Organiser  Role = "organiser"  // runs the conference
	Volunteer  Role = "volunteer"  // handles recordings and trims them
	Reviewer   Role = "reviewer"   // reviews translations into a language
	Speaker    Role = "speaker"    // gives a talk
	Translator Role = "translator" // translates a talk into a language
)

// Roles returns all roles, the organiser first.
func Roles() []Role { return []Role{Organiser, Volunteer, Reviewer, Speaker, Translator} }

// Permission is the right to do something.
type Permission string

// The permissions. Each page and operation requires one, for a talk and a language where it
// is about one.
const (
	Public            Permission = ""           // no role is needed
	Enter             Permission = "enter"      // sign in and see the start page
	ViewConference    Permission = "conference" // see all talks
	ManageConference  Permission = "manage"     // edit the schedule and settings, invite people
	ManageRecordings  Permission = "record"     // assign and trim recordings, choose channels, retry failed jobs
	ViewTalk          Permission = "see"        // see a talk, its preview and its bundle
	EditTalk          Permission = "describe"   // edit a talk's title, abstract and speakers
	UploadSubtitles   Permission = "caption"    // upload subtitles in the spoken language
	ApproveTalk       Permission = "judge"      // approve a talk for publication, or report a problem
	ReleaseTalk       Permission = "release"    // make a talk public, also without approval
	Translate         Permission = "translate"  // translate a talk into a language
	ReviewTranslation Permission = "review"     // review translations into a language
)

// Permissions returns all permissions but [Public].
func Permissions() []Permission {
	return []Permission{Enter, ViewConference, ManageConference, ManageRecordings, ViewTalk, EditTalk, UploadSubtitles, ApproveTalk, ReleaseTalk, Translate, ReviewTranslation}
}

// rolePermissions are the permissions of each role, within the talk and language of its grant.
var rolePermissions = map[Role][]Permission{
	Organiser:  Permissions(),
	Volunteer:  {Enter, ViewConference, ManageRecordings, ViewTalk, EditTalk, UploadSubtitles},
	Reviewer:   {Enter, ViewTalk, Translate, ReviewTranslation},
	Speaker:    {Enter, ViewTalk, EditTalk, UploadSubtitles, ApproveTalk},
	Translator: {Enter, ViewTalk, Translate},
}

// Grant is a role that a person has, possibly for one talk or language only.
type Grant struct {
	LinkID   int64 // id of the link that gave it; 0 if none
	Role     Role
	Name     string // of the person
	Email    string
	Talk     string // slug; "" for every talk
	Language string // BCP 47; "" for every language
}

// Allows reports whether the grant gives a permission for a talk and a language. talk and language
// are "" if the request is about no particular one; then a grant for one talk or one language does
// not suffice. There are two exceptions: every grant allows [Enter], and [ViewTalk] ignores the
// language, since translators need to see the talk.
func (g Grant) Allows(act Permission, talk, language string) bool {
	if !slices.Contains(rolePermissions[g.Role], act) {
		return false
	}
	inTalk := g.Talk == "" || g.Talk == talk
	inLanguage := g.Language == "" || g.Language == language || act == ViewTalk // translators see the talk itself
	return act == Enter || inTalk && inLanguage
}

// Person is a user of the server with all grants they have.
type Person struct{ Grants []Grant }

// ErrForbidden reports that a person lacks a permission.
var ErrForbidden = errors.New("not allowed")

// GrantFor returns the person's first grant that gives a permission, as [Grant.Allows] decides. It
// returns ErrForbidden if none does.
func (p Person) GrantFor(act Permission, talk, language string) (Grant, error) {
	for _, g := range p.Grants {
		if g.Allows(act, talk, language) {
			return g, nil
		}
	}
	return Grant{}, ErrForbidden
}

// May reports whether one of the person's grants gives a permission, as [Grant.Allows] decides.
func (p Person) May(act Permission, talk, language string) bool {
	_, err := p.GrantFor(act, talk, language)
	return err == nil
}

// HasAccess reports whether the person has any grant.
func (p Person) HasAccess() bool { return len(p.Grants) > 0 }

// Name returns the name in the person's first grant, or "" if they have none.
func (p Person) Name() string {
	if len(p.Grants) == 0 {
		return ""
	}
	return p.Grants[0].Name
}

// Secret is the secret part of a link: 128 random bits, in characters that are safe in URLs.
type Secret string

// NewSecret returns 128 random bits in URL-safe Base64.
func NewSecret() Secret {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return Secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Hash returns the SHA-256 of the secret's text, which is stored in place of the secret. It is not
// salted: secrets are random.
func (s Secret) Hash() []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
