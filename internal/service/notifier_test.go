package service

import (
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/mail"
)

func TestNotifier_Language(t *testing.T) {
	svc := newServiceWithBundle(t, conference.Scheduling{})
	c := svc.Talks.catalog
	entry := catalog.ProgrammeEntry{Talk: conference.Talk{Slug: "charla", Title: "Charla", Kind: "talk", Language: "es"}, Initial: catalog.Submission{Out: t.TempDir(), Pipeline: "talk"}}
	if err := c.SaveProgramme(t.Context(), "test", []catalog.ProgrammeEntry{entry}); err != nil {
		t.Fatal(err)
	}
	board, err := NewBoard(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := &Notifier{catalog: c, board: board, Queued: make(chan struct{}, 1)}
	for _, tc := range []struct {
		name string
		to   access.Grant
		want string // greeting
	}{
		{"speaker of a Spanish talk", access.Grant{Role: access.Speaker, Talk: "charla"}, "Hola, "},
		{"speaker of an English talk", access.Grant{Role: access.Speaker, Talk: "apis"}, "Hello "},
		{"translator into Spanish", access.Grant{Role: access.Translator, Talk: "apis", Language: "es-MX"}, "Hola, "},
		{"organiser", access.Grant{Role: access.Organiser}, "Hello "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.to.Name, tc.to.Email = "Ana", "ana@example.org"
			if err := n.queueLetter(t.Context(), mail.Invitation, tc.name, tc.to, mail.Content{Title: "T", Link: "https://example.org", Expires: time.Now()}); err != nil {
				t.Fatal(err)
			}
			letters, err := c.Emails(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(letters[0].Body, tc.want) {
				t.Errorf("want %q at the beginning of %q", tc.want, letters[0].Body)
			}
		})
	}
}
