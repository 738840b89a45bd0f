package service

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
)

// maySeeAddresses reports whether p may see the email addresses of speakers.
func maySeeAddresses(p access.Person) bool { return p.May(access.ManageConference, "", "") }

// maySeeRemarks reports whether p may see what speakers wrote to the organisers about a talk.
func maySeeRemarks(p access.Person, slug string) bool { return p.May(access.EditTalk, slug, "") }

// visibleTo returns the summary without what p may not see. It does not change r.
func (r TalkSummary) visibleTo(p access.Person) TalkSummary {
	if !maySeeAddresses(p) {
		r.Scheduling.Persons = slices.Clone(r.Scheduling.Persons)
		for i := range r.Scheduling.Persons {
			r.Scheduling.Persons[i].Email = ""
		}
	}
	if !maySeeRemarks(p, r.Slug) {
		r.VerdictComment = ""
		if r.State == StateChangesRequested {
			r.Reason = ""
		}
	}
	return r
}

// redactHistory removes from the events of a talk what p may not see: the details of speakers, and
// the words of a verdict.
func redactHistory(p access.Person, slug string, events []catalog.Event) {
	for i := range events {
		e := &events[i]
		switch {
		case e.What == "scheduling.persons" && !maySeeAddresses(p):
			e.Old, e.New = nil, nil
		case e.What == "verdict" && !maySeeRemarks(p, slug):
			var text string
			_ = json.Unmarshal(e.New, &text) // what cannot be read becomes ""
			verdict, _, _ := strings.Cut(text, " ")
			e.New, _ = json.Marshal(verdict) // a string never fails
		}
	}
}
