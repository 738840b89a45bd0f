// Package access says who may do what at a conference server, and makes the secrets that
// people show to be let in.
//
// There are no accounts. Whoever opens a link gets what the link is for: a role, often for
// one talk or one language. The rules are a table; see [Grant.May].
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
)

// Role is what somebody is at the conference.
type Role string

// The roles.
const (
	Organiser  Role = "organiser"  // of the conference
	Volunteer  Role = "volunteer"  // who records and cuts
	Reviewer   Role = "reviewer"   // of translations into a language
	Speaker    Role = "speaker"    // of a talk
	Translator Role = "translator" // of a talk into a language
)

// Roles is all of them, those who may do most first.
func Roles() []Role { return []Role{Organiser, Volunteer, Reviewer, Speaker, Translator} }

// Permission is a kind of thing that people do.
type Permission string

// The acts. A page or an operation asks for one of them, of a talk and a language where it
// is about one.
const (
	Public            Permission = ""           // needs no role: what is asked is open to everybody
	Enter             Permission = "enter"      // see what one is let in for
	ViewConference    Permission = "conference" // see all talks
	ManageConference  Permission = "manage"     // the programme, settings, and whom else to let in
	ManageRecordings  Permission = "record"     // recordings, cuts and channels; and try again what failed
	ViewTalk          Permission = "see"        // a talk: what it says, its preview and bundle
	EditTalk          Permission = "describe"   // correct what a talk says of itself
	UploadSubtitles   Permission = "caption"    // hand in subtitles in the language that is spoken
	ApproveTalk       Permission = "judge"      // say whether a talk may be published as it is
	ReleaseTalk       Permission = "release"    // publish a talk that somebody approved, or without
	Translate         Permission = "translate"  // a talk into a language
	ReviewTranslation Permission = "review"     // translations into a language
)

// Permissions is all of them that need a role.
func Permissions() []Permission {
	return []Permission{Enter, ViewConference, ManageConference, ManageRecordings, ViewTalk, EditTalk, UploadSubtitles, ApproveTalk, ReleaseTalk, Translate, ReviewTranslation}
}

// rolePermissions is what each role may do, within the talk and the language it is for.
var rolePermissions = map[Role][]Permission{
	Organiser:  Permissions(),
	Volunteer:  {Enter, ViewConference, ManageRecordings, ViewTalk, EditTalk, UploadSubtitles},
	Reviewer:   {Enter, ViewTalk, Translate, ReviewTranslation},
	Speaker:    {Enter, ViewTalk, EditTalk, UploadSubtitles, ApproveTalk},
	Translator: {Enter, ViewTalk, Translate},
}

// Grant is a role, for whom, and for which talk and language.
type Grant struct {
	LinkID   int64  // the link that it came by; 0: none
	Role     Role   //
	Name     string // of the person, for the history
	Email    string
	Talk     string // a slug; "": every talk
	Language string // BCP 47; "": every language
}

// Allows reports whether the grant covers an act on a talk and in a language, each "" where the
// act is about none in particular: then only a grant that is not for one covers it, but for
// [Enter].
func (g Grant) Allows(act Permission, talk, language string) bool {
	if !slices.Contains(rolePermissions[g.Role], act) {
		return false
	}
	inTalk := g.Talk == "" || g.Talk == talk
	inLanguage := g.Language == "" || g.Language == language || act == ViewTalk // what is translated has to be seen
	return act == Enter || inTalk && inLanguage
}

// Person is somebody at the server, with all that they were let in for.
type Person struct{ Grants []Grant }

// ErrForbidden says that a person may not do what they asked for.
var ErrForbidden = errors.New("not allowed")

// GrantFor is the grant by which a person may do something, or ErrForbidden.
func (p Person) GrantFor(act Permission, talk, language string) (Grant, error) {
	for _, g := range p.Grants {
		if g.Allows(act, talk, language) {
			return g, nil
		}
	}
	return Grant{}, ErrForbidden
}

// May reports whether a person may do something.
func (p Person) May(act Permission, talk, language string) bool {
	_, err := p.GrantFor(act, talk, language)
	return err == nil
}

// HasAccess reports whether the person was let in for anything at all.
func (p Person) HasAccess() bool { return len(p.Grants) > 0 }

// Name is what the person is called in the first of their grants; "" for a stranger.
func (p Person) Name() string {
	if len(p.Grants) == 0 {
		return ""
	}
	return p.Grants[0].Name
}

// Secret is 128 random bits that let somebody in, as text that may stand in an address.
type Secret string

// NewSecret makes one.
func NewSecret() Secret {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return Secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Hash is what is kept of a secret. It is random already, so that it needs no salt.
func (s Secret) Hash() []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
