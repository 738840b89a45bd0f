package web

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

func (s *Server) talkListRoutes() []route {
	return []route{
		{"GET /talks", access.ViewConference, s.talkList},
	}
}

// talkFilter holds the filters of the list of talks.
type talkFilter struct {
	Text, Day, Room, State, Language, WaitingFor string
}

func parseFilter(q url.Values) talkFilter {
	return talkFilter{
		Text: strings.TrimSpace(q.Get("q")), Day: q.Get("day"), Room: q.Get("room"), State: q.Get("state"), Language: q.Get("language"), WaitingFor: q.Get("waits"),
	}
}

// IsSet reports whether at least one filter is set.
func (f talkFilter) IsSet() bool { return f != talkFilter{} }

// matches reports whether a talk passes all filters that are set.
func (f talkFilter) matches(r service.TalkSummary) bool {
	return (f.Day == "" || f.Day == r.Day()) &&
		(f.Room == "" || f.Room == r.Scheduling.Room) &&
		(f.State == "" || f.State == string(r.State)) &&
		(f.Language == "" || inLanguage(r, f.Language)) &&
		(f.WaitingFor == "" || slices.ContainsFunc(r.WaitingFor, func(w service.WaitingFor) bool { return string(w.Role) == f.WaitingFor })) &&
		(f.Text == "" || containsWords(r, f.Text))
}

func inLanguage(r service.TalkSummary, language string) bool {
	return r.Language == language || slices.ContainsFunc(r.Tracks, func(t service.TalkTrack) bool { return t.Language == language })
}

// containsWords reports whether each word of text occurs in the talk's slug, title, room, track or
// speakers. Case does not matter.
func containsWords(r service.TalkSummary, text string) bool {
	said := strings.ToLower(strings.Join(append([]string{r.Slug, r.Title, r.Scheduling.Room, r.Scheduling.Stream}, r.Speakers...), "\n"))
	for _, word := range strings.Fields(strings.ToLower(text)) {
		if !strings.Contains(said, word) {
			return false
		}
	}
	return true
}

// talkListPage is the data of talks.html.
type talkListPage struct {
	Filter    talkFilter
	Days      []dayGroup
	Shown     int
	All       int
	Counts    []stateCount // of all talks, not only of those shown
	AllDays   []string     // for the filter
	Rooms     []string
	States    []service.TalkState
	Languages []string
	Roles     []access.Role
}

type dayGroup struct {
	Day  string // "": talks without a time
	Date time.Time
	Rows []template.HTML
}

type stateCount struct {
	State service.TalkState
	Count int
}

func (s *Server) talkList(v *request) error {
	rows, err := s.service.Talks.List(v.person)
	if err != nil {
		return err
	}
	p := talkListPage{Filter: parseFilter(v.r.URL.Query()), All: len(rows), States: service.TalkStates(), Roles: access.Roles()}
	counts := make(map[service.TalkState]int)
	for _, r := range rows {
		counts[r.State]++
		p.AllDays, p.Rooms = appendUnique(p.AllDays, r.Day()), appendUnique(p.Rooms, r.Scheduling.Room)
		p.Languages = appendUnique(p.Languages, r.Language)
		for _, t := range r.Tracks {
			p.Languages = appendUnique(p.Languages, t.Language)
		}
		if !p.Filter.matches(r) {
			continue
		}
		p.Shown++
		html, err := s.rowHTML(v.locale, r)
		if err != nil {
			return err
		}
		if n := len(p.Days); n == 0 || p.Days[n-1].Day != r.Day() {
			p.Days = append(p.Days, dayGroup{Day: r.Day(), Date: r.Scheduling.Start})
		}
		day := &p.Days[len(p.Days)-1]
		day.Rows = append(day.Rows, html)
	}
	slices.Sort(p.Rooms)
	slices.Sort(p.Languages)
	for _, state := range p.States {
		if counts[state] > 0 {
			p.Counts = append(p.Counts, stateCount{state, counts[state]})
		}
	}
	return v.render("talks.html", p)
}

// appendUnique appends one to list, unless it is empty or list contains it already.
func appendUnique(list []string, one string) []string {
	if one == "" || slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// rowCache holds the rendered rows of talks by locale.
type rowCache struct {
	mu   sync.Mutex
	rows map[rowKey]renderedRow
}

type rowKey struct{ locale, slug string }

type renderedRow struct {
	serial uint64
	html   template.HTML
}

// rowHTML returns the row of a talk in the list of talks, from the cache if the talk has not
// changed. It is the same for all visitors with this locale.
func (s *Server) rowHTML(locale string, r service.TalkSummary) (template.HTML, error) {
	key := rowKey{locale, r.Slug}
	s.rows.mu.Lock()
	cached := s.rows.rows[key]
	s.rows.mu.Unlock()
	if cached.serial == r.Version && r.Version != 0 {
		return cached.html, nil
	}
	b, err := s.templates.execute(locale, "talks.html", "row", r)
	if err != nil {
		return "", err
	}
	html := template.HTML(b) // rendered by html/template
	s.rows.mu.Lock()
	defer s.rows.mu.Unlock()
	s.rows.rows[key] = renderedRow{r.Version, html}
	return html, nil
}
