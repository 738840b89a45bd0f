package web

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
)

// translationPage is the data of translation.html and review.html.
type translationPage struct {
	service.Translation
	Path                   string // of the translation
	ClaimedByMe            bool   // the claim is the visitor's
	FilterCounts           []unitCount
	Filter                 string // a state, filterTodo or filterAll
	Units                  []unitView
	From, Total            int // position of the first of Units, from 1, and the number of all units
	PreviousPage, NextPage int // from 1; 0: none
	Formats                []string
	Drafts                 int // cues that can be submitted for review
	OwnInReview            int // cues in review that the visitor wrote
	HasGlossary            bool
	Player                 service.Playback // without renditions if there is no video yet
}

// unitCount is the number of units that a filter shows.
type unitCount struct {
	Filter string
	Count  int
}

// The filters of units besides the states.
const (
	filterTodo = "todo" // units that need work, the most urgent first
	filterAll  = "all"
)

// unitView is one unit on a page.
type unitView struct {
	translation.Unit
	ID string // of its first source cue; "own-" and that of its first cue if it has no source
	cueTime
	OldSource, NewSource []compare.TextPart // the changes of the source since it was translated
	Notes                []translation.Note
	Suggestions          []translation.Suggestion
}

// cueTime is the position of a cue.
type cueTime struct {
	At   time.Duration // in the video, or in reel time if the video does not show it
	Seek string        // At in seconds; "": not in the video
}

func cueTimeOf(t service.Translation, c conference.Cue) cueTime {
	at, ok := t.ProgrammeTime(c)
	if !ok {
		return cueTime{At: c.Start}
	}
	return cueTime{at, strconv.FormatFloat(at.Seconds(), 'f', 3, 64)}
}

// unitsPerPage is the number of units on a page.
const unitsPerPage = 50

// newTranslationPage returns the data of a translation's page. show is the filter of units, unless
// the query has another one: a state, filterTodo or filterAll.
func (v *request) newTranslationPage(show string) (p translationPage, err error) {
	t, err := v.service.Translations.Get(v.ctx(), v.person, v.slug(), v.language(), 0)
	if err != nil {
		return p, err
	}
	p = translationPage{Translation: t, Path: translationPath(t.Slug, t.Language), Formats: service.ExchangeFormats(), Filter: show}
	if asked := v.r.URL.Query().Get("show"); asked != "" {
		p.Filter = asked
	}
	if t.Claim != nil {
		g, err := v.person.GrantFor(access.Translate, t.Slug, t.Language)
		p.ClaimedByMe = err == nil && g.Name == t.Claim.Who
	}
	if _, p.HasGlossary, err = v.service.Translations.Glossary(v.ctx(), v.person); err != nil {
		return p, err
	}
	if p.Player, err = v.player(t.Language); err != nil {
		return p, err
	}
	units := translation.Units(t.Source.Cues, t.Cues)
	p.FilterCounts = countUnits(units)
	for _, c := range t.Cues {
		if c.State == translation.Draft {
			p.Drafts++
		}
	}
	shown := filterUnits(units, p.Filter)
	number, _ := strconv.Atoi(v.r.URL.Query().Get("page")) // otherwise the first page
	p.paginate(shown, number)
	return p, v.addSuggestions(&p)
}

// player returns what the player of the talk needs, with the subtitles in language first. It has no
// renditions if there is no video yet.
func (v *request) player(language string) (service.Playback, error) {
	play, err := v.service.Bundles.Playback(v.ctx(), v.person, v.slug())
	if errors.Is(err, service.ErrNotFound) {
		return service.Playback{}, nil
	}
	slices.SortStableFunc(play.Tracks, func(a, b service.CaptionTrack) int {
		switch language {
		case a.Language:
			return -1
		case b.Language:
			return 1
		}
		return 0
	})
	return play, err
}

// paginate sets p.Units to those of the page with this number, counted from 1, and the numbers of
// the pages around it. A number out of range is replaced by the nearest page.
func (p *translationPage) paginate(units []translation.Unit, number int) {
	last := max(1, (len(units)+unitsPerPage-1)/unitsPerPage)
	number = min(max(1, number), last)
	first := (number - 1) * unitsPerPage
	p.From, p.Total = first+1, len(units)
	for _, u := range units[first:min(len(units), first+unitsPerPage)] {
		p.Units = append(p.Units, p.newUnitView(u))
	}
	if number > 1 {
		p.PreviousPage = number - 1
	}
	if number < last {
		p.NextPage = number + 1
	}
}

// To returns the position of the page's last unit among all units that the filter shows, counted
// from 1.
func (p translationPage) To() int { return p.From + len(p.Units) - 1 }

// addSuggestions adds to each unit on the page earlier translations of similar texts.
func (v *request) addSuggestions(p *translationPage) error {
	units := make([]translation.Unit, len(p.Units))
	for i, u := range p.Units {
		units[i] = u.Unit
	}
	found, err := v.service.Translations.Suggest(v.ctx(), v.person, p.Slug, p.Language, units)
	for i, s := range found {
		p.Units[i].Suggestions = s
	}
	return err
}

func (p *translationPage) newUnitView(u translation.Unit) unitView {
	v := unitView{Unit: u}
	if len(u.Source) > 0 {
		v.cueTime, v.ID = cueTimeOf(p.Translation, u.Source[0]), u.Source[0].ID
	} else {
		v.cueTime, v.ID = cueTimeOf(p.Translation, u.Target[0].Cue), "own-"+u.Target[0].ID
	}
	if was := u.PreviousSource(); was != "" {
		v.OldSource, v.NewSource = compare.SplitByCommon(was, translation.JoinText(u.Source))
	}
	for _, c := range u.Target {
		if c.State != translation.Approved {
			v.Notes = append(v.Notes, c.Notes...)
		}
	}
	return v
}

// unitStates returns all states of units in the order in which translators work on them.
func unitStates() []translation.State {
	return []translation.State{translation.Untranslated, translation.NeedsEditing, translation.Draft,
		translation.InReview, translation.Approved, translation.Obsolete}
}

func countUnits(units []translation.Unit) []unitCount {
	n := make(map[translation.State]int)
	todo, all := 0, 0
	for _, u := range units {
		n[u.State()]++
		if unitStateIndex(u) <= 2 {
			todo++
		}
		all++
	}
	counts := []unitCount{{filterTodo, todo}}
	for _, s := range unitStates() {
		if n[s] > 0 {
			counts = append(counts, unitCount{string(s), n[s]})
		}
	}
	return append(counts, unitCount{filterAll, all})
}

// unitStateIndex returns the position of the unit's state in unitStates. Units up to rank 2 need work.
func unitStateIndex(u translation.Unit) int { return slices.Index(unitStates(), u.State()) }

// filterUnits returns the units that a filter shows. With filterTodo they are ordered by urgency,
// else as in the talk.
func filterUnits(units []translation.Unit, show string) []translation.Unit {
	switch show {
	case filterAll:
		return units
	case filterTodo:
		units = slices.DeleteFunc(slices.Clone(units), func(u translation.Unit) bool { return unitStateIndex(u) > 2 })
		slices.SortStableFunc(units, func(a, b translation.Unit) int { return workOrder(a) - workOrder(b) })
		return units
	}
	return slices.DeleteFunc(slices.Clone(units), func(u translation.Unit) bool { return string(u.State()) != show })
}

// workOrder returns a sort key for units that need work; lower ones come first. It depends on the
// state and, within a state, puts units with a note first.
func workOrder(u translation.Unit) int {
	noted := slices.ContainsFunc(u.Target, func(c translation.Cue) bool { return len(c.Notes) > 0 })
	n := 2 * unitStateIndex(u)
	if !noted {
		n++
	}
	return n
}
