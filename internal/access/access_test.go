package access_test

import (
	"errors"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
)

func TestGrantAllows(t *testing.T) {
	speaker := access.Grant{Role: access.Speaker, Talk: "apis"}
	translator := access.Grant{Role: access.Translator, Talk: "apis", Language: "es"}
	reviewer := access.Grant{Role: access.Reviewer, Language: "es"}
	for _, c := range []struct {
		name           string
		grant          access.Grant
		act            access.Permission
		talk, language string
		want           bool
	}{
		{"a speaker judges their own talk", speaker, access.ApproveTalk, "apis", "", true},
		{"and no other", speaker, access.ApproveTalk, "tests", "", false},
		{"nor all of them", speaker, access.ViewTalk, "", "", false},
		{"nor the conference", speaker, access.ViewConference, "", "", false},
		{"and releases nothing", speaker, access.ReleaseTalk, "apis", "", false},
		{"a translator translates", translator, access.Translate, "apis", "es", true},
		{"into one language", translator, access.Translate, "apis", "fr", false},
		{"sees the talk they translate", translator, access.ViewTalk, "apis", "", true},
		{"and does not review", translator, access.ReviewTranslation, "apis", "es", false},
		{"a reviewer reviews every talk", reviewer, access.ReviewTranslation, "tests", "es", true},
		{"in their language", reviewer, access.ReviewTranslation, "tests", "fr", false},
		{"everybody may see what they are let in for", reviewer, access.Enter, "", "", true},
		{"a volunteer lets nobody in", access.Grant{Role: access.Volunteer}, access.ManageConference, "", "", false},
		{"an organiser may do it all", access.Grant{Role: access.Organiser}, access.ReviewTranslation, "tests", "ja", true},
		{"an unknown role may do nothing", access.Grant{Role: "guest"}, access.Enter, "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.grant.Allows(c.act, c.talk, c.language); got != c.want {
				t.Errorf("May(%s, %q, %q) = %v, want %v", c.act, c.talk, c.language, got, c.want)
			}
		})
	}
}

func TestGrantFor(t *testing.T) {
	p := access.Person{Grants: []access.Grant{
		{Role: access.Speaker, Name: "Ada", Talk: "apis"},
		{Role: access.Translator, Name: "Rosa", Talk: "tests", Language: "es"},
	}}
	if g, err := p.GrantFor(access.Translate, "tests", "es"); err != nil || g.Name != "Rosa" {
		t.Errorf("the translation is made by %q (%v), want Rosa", g.Name, err)
	}
	if _, err := p.GrantFor(access.Translate, "apis", "es"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("two grants together allow what neither does: %v", err)
	}
	if (access.Person{}).May(access.Enter, "", "") {
		t.Error("a stranger may enter")
	}
}

func TestNewSecret(t *testing.T) {
	a, b := access.NewSecret(), access.NewSecret()
	if a == b || len(a) != 22 {
		t.Errorf("secrets %q and %q: want two different ones of 22 characters (128 bits)", a, b)
	}
}
