package access_test

import (
	"errors"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
)

func TestGrantsCoverWhatTheyAreFor(t *testing.T) {
	speaker := access.Grant{Role: access.Speaker, Talk: "apis"}
	translator := access.Grant{Role: access.Translator, Talk: "apis", Language: "es"}
	reviewer := access.Grant{Role: access.Reviewer, Language: "es"}
	for _, c := range []struct {
		name           string
		grant          access.Grant
		act            access.Act
		talk, language string
		want           bool
	}{
		{"a speaker judges their own talk", speaker, access.Judge, "apis", "", true},
		{"and no other", speaker, access.Judge, "tests", "", false},
		{"nor all of them", speaker, access.See, "", "", false},
		{"nor the conference", speaker, access.Conference, "", "", false},
		{"and releases nothing", speaker, access.Release, "apis", "", false},
		{"a translator translates", translator, access.Translate, "apis", "es", true},
		{"into one language", translator, access.Translate, "apis", "fr", false},
		{"sees the talk they translate", translator, access.See, "apis", "", true},
		{"and does not review", translator, access.Review, "apis", "es", false},
		{"a reviewer reviews every talk", reviewer, access.Review, "tests", "es", true},
		{"in their language", reviewer, access.Review, "tests", "fr", false},
		{"everybody may see what they are let in for", reviewer, access.Enter, "", "", true},
		{"a volunteer lets nobody in", access.Grant{Role: access.Volunteer}, access.Manage, "", "", false},
		{"an organiser may do it all", access.Grant{Role: access.Organiser}, access.Review, "tests", "ja", true},
		{"an unknown role may do nothing", access.Grant{Role: "guest"}, access.Enter, "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.grant.May(c.act, c.talk, c.language); got != c.want {
				t.Errorf("May(%s, %q, %q) = %v, want %v", c.act, c.talk, c.language, got, c.want)
			}
		})
	}
}

func TestAPersonActsByTheGrantThatCoversIt(t *testing.T) {
	p := access.Person{Grants: []access.Grant{
		{Role: access.Speaker, Name: "Ada", Talk: "apis"},
		{Role: access.Translator, Name: "Rosa", Talk: "tests", Language: "es"},
	}}
	if g, err := p.As(access.Translate, "tests", "es"); err != nil || g.Name != "Rosa" {
		t.Errorf("the translation is made by %q (%v), want Rosa", g.Name, err)
	}
	if _, err := p.As(access.Translate, "apis", "es"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("two grants together allow what neither does: %v", err)
	}
	if (access.Person{}).May(access.Enter, "", "") {
		t.Error("a stranger may enter")
	}
}

func TestSecretsAreLongAndNeverTheSame(t *testing.T) {
	a, b := access.NewSecret(), access.NewSecret()
	if a == b || len(a) != 22 {
		t.Errorf("secrets %q and %q: want two different ones of 22 characters (128 bits)", a, b)
	}
}
