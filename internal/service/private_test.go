package service

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

func TestTalks_PrivateFieldsByRole(t *testing.T) {
	const address, remark = "ada@example.org", "my slides are wrong"
	ctx := t.Context()
	o := newServiceWithBundle(t, conference.Scheduling{Persons: []conference.Person{{Name: "Ada", Email: address}}})
	if err := o.Talks.catalog.AddReview(ctx, "apis", catalog.Review{Who: "Ada", Verdict: catalog.ReviewRejected, Comment: remark}); err != nil {
		t.Fatal(err)
	}
	board, err := NewBoard(ctx, o.Talks.catalog, nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Talks.board = board
	for _, c := range []struct {
		grant            access.Grant
		address, remarks bool // are seen
	}{
		{access.Grant{Role: access.Organiser}, true, true},
		{access.Grant{Role: access.Volunteer}, false, true},
		{access.Grant{Role: access.Speaker, Talk: "apis"}, false, true},
		{access.Grant{Role: access.Reviewer, Language: "es"}, false, false},
		{access.Grant{Role: access.Translator, Talk: "apis", Language: "es"}, false, false},
	} {
		p := access.Person{Grants: []access.Grant{c.grant}}
		details, err := o.Talks.Details(ctx, p, "apis")
		if err != nil {
			t.Fatal(err)
		}
		release, err := o.Releases.Status(ctx, p, "apis")
		if err != nil {
			t.Fatal(err)
		}
		history, persons, reason := toJSON(t, details.History), toJSON(t, details.Scheduling), details.Reason+details.VerdictComment
		for _, f := range []struct {
			field, text, secret string
			want                bool
		}{
			{"persons", persons, address, c.address},
			{"history", history, address, c.address},
			{"reason", reason, remark, c.remarks},
			{"history", history, remark, c.remarks},
			{"release", release.Review.Comment, remark, c.remarks},
		} {
			if got := strings.Contains(f.text, f.secret); got != f.want {
				t.Errorf("%s sees %q in %s: %v, want %v", c.grant.Role, f.secret, f.field, got, f.want)
			}
		}
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
