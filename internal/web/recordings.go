package web

import (
	"cmp"
	"slices"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// recordingRoutes returns the routes on which volunteers assign recordings to talks.
func (s *Server) recordingRoutes() []route {
	return []route{
		{"GET /recordings", access.ManageRecordings, s.recordings},
		{"POST /recordings/{id}/assign", access.ManageRecordings, s.assign},
		{"POST /recordings/{id}/dismiss", access.ManageRecordings, s.dismiss},
		{"POST /recordings/{id}/reopen", access.ManageRecordings, s.reopenRecording},
		{"POST /talks/{slug}/recordings/{sha256}/unassign", access.ManageRecordings, s.unassign},
	}
}

// recordingsPage is the data of recordings.html.
type recordingsPage struct {
	Pending    []service.Arrival
	Decided    []service.Arrival // assigned or dismissed
	Talks      []service.TalkSummary
	Rooms      []string
	WantedTalk string // the slug of the talk that needs a recording; "": any
}

func (v *request) newRecordingsPage() (p recordingsPage, err error) {
	p.WantedTalk = v.r.FormValue("talk")
	if p.Talks, err = v.service.Talks.List(v.person); err != nil {
		return p, err
	}
	slices.SortFunc(p.Talks, func(a, b service.TalkSummary) int { return cmp.Compare(a.Title, b.Title) })
	for _, r := range p.Talks {
		p.Rooms = appendUnique(p.Rooms, r.Scheduling.Room)
	}
	all, err := v.service.Recordings.List(v.ctx(), v.person)
	for _, a := range all {
		if a.State == service.ArrivalNew {
			p.Pending = append(p.Pending, a)
		} else {
			p.Decided = append(p.Decided, a)
		}
	}
	return p, err
}

func (s *Server) recordings(v *request) error {
	p, err := v.newRecordingsPage()
	if err != nil {
		return err
	}
	return v.render("recordings.html", p)
}

func (s *Server) assign(v *request) error {
	p, err := v.newRecordingsPage()
	if err != nil {
		return err
	}
	var slugs []string
	for _, slug := range v.r.Form["talk"] {
		slugs = appendUnique(slugs, slug)
	}
	if err := s.service.Recordings.Assign(v.ctx(), v.person, v.r.PathValue("id"), slugs, v.r.FormValue("instead") != ""); err != nil {
		return v.renderInvalid("recordings.html", p, err)
	}
	if len(slugs) == 1 {
		return v.redirect("/talks/" + slugs[0] + "#processing")
	}
	return v.redirect("/recordings")
}

func (s *Server) dismiss(v *request) error {
	if err := s.service.Recordings.Dismiss(v.ctx(), v.person, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.redirect("/recordings")
}

func (s *Server) reopenRecording(v *request) error {
	if err := s.service.Recordings.Restore(v.ctx(), v.person, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.redirect("/recordings")
}

func (s *Server) unassign(v *request) error {
	if err := s.service.Recordings.Unassign(v.ctx(), v.person, v.slug(), v.r.PathValue("sha256")); err != nil {
		return err
	}
	return v.redirect("/talks/" + v.slug())
}
