package web

import (
	"cmp"
	"slices"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/service"
)

// arrivalRoutes are the recordings that arrived, and what volunteers say of them.
func (s *Server) arrivalRoutes() []route {
	return []route{
		{"GET /arrivals", access.Record, s.arrivals},
		{"POST /arrivals/{id}/assign", access.Record, s.assign},
		{"POST /arrivals/{id}/dismiss", access.Record, s.dismiss},
		{"POST /arrivals/{id}/readmit", access.Record, s.readmit},
		{"POST /talks/{slug}/recordings/{sha256}/withdraw", access.Record, s.withdraw},
	}
}

// arrivalsPage is the data of the page of recordings.
type arrivalsPage struct {
	New    []service.Arrival
	Others []service.Arrival // that somebody decided on
	Talks  []service.Row
	Rooms  []string
	Talk   string // a slug that somebody looks for a recording of
}

func (v *visit) arrivalsPage() (p arrivalsPage, err error) {
	p.Talk = v.r.FormValue("talk")
	if p.Talks, err = v.office.Talks(v.person); err != nil {
		// A volunteer may see all of them; who else may record may not.
		return p, err
	}
	slices.SortFunc(p.Talks, func(a, b service.Row) int { return cmp.Compare(a.Title, b.Title) })
	for _, r := range p.Talks {
		p.Rooms = add(p.Rooms, r.Scheduling.Room)
	}
	all, err := v.office.Arrivals(v.ctx(), v.person)
	for _, a := range all {
		if a.State == catalog.Arrived {
			p.New = append(p.New, a)
		} else {
			p.Others = append(p.Others, a)
		}
	}
	return p, err
}

func (s *Server) arrivals(v *visit) error {
	p, err := v.arrivalsPage()
	if err != nil {
		return err
	}
	return v.show("arrivals.html", p)
}

func (s *Server) assign(v *visit) error {
	p, err := v.arrivalsPage()
	if err != nil {
		return err
	}
	var slugs []string
	for _, slug := range v.r.Form["talk"] {
		slugs = add(slugs, slug)
	}
	if err := s.office.Assign(v.ctx(), v.person, v.r.PathValue("id"), slugs, v.r.FormValue("instead") != ""); err != nil {
		return v.again("arrivals.html", p, err)
	}
	if len(slugs) == 1 {
		return v.to("/talks/" + slugs[0] + "#handling")
	}
	return v.to("/arrivals")
}

func (s *Server) dismiss(v *visit) error {
	if err := s.office.Dismiss(v.ctx(), v.person, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.to("/arrivals")
}

func (s *Server) readmit(v *visit) error {
	if err := s.office.Readmit(v.ctx(), v.person, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.to("/arrivals")
}

func (s *Server) withdraw(v *visit) error {
	if err := s.office.Withdraw(v.ctx(), v.person, v.slug(), v.r.PathValue("sha256")); err != nil {
		return err
	}
	return v.to("/talks/" + v.slug())
}
