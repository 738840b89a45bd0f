package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

var ten = time.Date(2026, 5, 9, 10, 0, 0, 0, time.FixedZone("", 2*60*60))

// apis is a talk as a schedule says it, with what a test has otherwise.
func apis(otherwise ...func(*Event)) Event {
	e := Event{
		conference.Talk{Title: "APIs", Kind: "talk", Language: "en", Speakers: []string{"Ada"}, Length: 30 * time.Minute, Date: "2026-05-09"},
		conference.Scheduling{GUID: "g1", Event: "1", Room: "A", Start: ten},
	}
	for _, change := range otherwise {
		change(&e)
	}
	return e
}

func room(name string) func(*Event)     { return func(e *Event) { e.Scheduling.Room = name } }
func title(text string) func(*Event)    { return func(e *Event) { e.Talk.Title = text } }
func guid(id string) func(*Event)       { return func(e *Event) { e.Scheduling.GUID = id } }
func number(id string) func(*Event)     { return func(e *Event) { e.Scheduling.Event = id } }
func start(at time.Time) func(*Event)   { return func(e *Event) { e.Scheduling.Start = at } }
func named(slug string) func(*Event)    { return func(e *Event) { e.Talk.Slug = slug } }
func notWanted(e *Event)                { e.Scheduling.DoNotRecord = true }
func prioritised(e *Event)              { e.Scheduling.Priority, e.Talk.Tags = 5, []string{"keynote"} }
func known(now, imported Event) []Known { return []Known{{"apis", now, &imported}} }

// inLine is a change as a person reads it.
func inLine(c Change) string {
	said := fmt.Sprintf("%s %s", c.Kind, c.Slug)
	for _, f := range c.Fields {
		said += fmt.Sprintf("; %s: %s → %s", f.Name, f.Old, f.New)
		if f.Kept {
			said += " (kept)"
		}
	}
	return said
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name     string
		known    []Known
		schedule []Event
		want     []string
		room     string // of the first talk, afterwards
		title    string
	}{
		{"all is new", nil, []Event{apis()}, []string{"new apis"}, "A", "APIs"},
		{"two new ones of one title have names of their own", nil, []Event{apis(), apis(guid("g2"), number("2"))}, []string{"new apis", "new apis-2"}, "A", "APIs"},
		{"nothing has changed", known(apis(), apis()), []Event{apis()}, []string{"same apis"}, "A", "APIs"},
		{"the room is another", known(apis(), apis()), []Event{apis(room("B"))}, []string{"changed apis; room: A → B"}, "B", "APIs"},
		{"the schedule renames a talk, whose name in files stays", known(apis(), apis()), []Event{apis(title("Better APIs"))}, []string{"changed apis; title: APIs → Better APIs"}, "A", "Better APIs"},
		{"the speaker withdraws consent", known(apis(), apis()), []Event{apis(notWanted)}, []string{"changed apis; do_not_record:  → true"}, "A", "APIs"},
		{"what was corrected by hand stays", known(apis(title("APIs!")), apis()), []Event{apis()}, []string{"same apis"}, "A", "APIs!"},
		{"and does not keep the rest from changing", known(apis(title("APIs!")), apis()), []Event{apis(room("B"))}, []string{"changed apis; room: A → B"}, "B", "APIs!"},
		{"corrected by both, the hand wins, and it is said", known(apis(title("APIs!")), apis()), []Event{apis(title("The APIs"))}, []string{"same apis; title: APIs! → The APIs (kept)"}, "A", "APIs!"},
		{"corrected by both alike", known(apis(title("APIs!")), apis()), []Event{apis(title("APIs!"))}, []string{"same apis"}, "A", "APIs!"},
		{"a room that the schedule takes back", known(apis(), apis()), []Event{apis(room(""))}, []string{"changed apis; room: A → "}, "", "APIs"},
		{"what only people say stays", known(apis(prioritised), apis()), []Event{apis(room("B"))}, []string{"changed apis; room: A → B"}, "B", "APIs"},
		{"it is gone from the schedule", known(apis(), apis()), []Event{apis(guid("g2"), number("2"), title("Tests"))}, []string{"new tests", "gone apis"}, "A", "Tests"},
		{"a talk made by hand is never gone", []Known{{"mine", apis(guid(""), number(""), title("Mine")), nil}}, []Event{apis()}, []string{"new apis"}, "A", "APIs"},
		{"a talk made by hand is matched by its guid", []Known{{"apis", apis(number(""), room("")), nil}}, []Event{apis()}, []string{"changed apis; event:  → 1; room:  → A"}, "A", "APIs"},
		{"by its id, where the guid is none", known(apis(guid("")), apis(guid(""))), []Event{apis()}, []string{"changed apis; guid:  → g1"}, "A", "APIs"},
		{"the guid goes before the id, in whatever order they come", known(apis(), apis()), []Event{apis(guid("g2"), title("Tests")), apis(number("2"))},
			[]string{"new tests", "changed apis; event: 1 → 2"}, "A", "Tests"},
		{"the same moment in another zone is the same", known(apis(), apis()), []Event{apis(start(ten.UTC()))}, []string{"same apis"}, "A", "APIs"},
		{"another moment is another", known(apis(), apis()), []Event{apis(start(ten.Add(time.Hour)))},
			[]string{"changed apis; start: 2026-05-09T10:00:00+02:00 → 2026-05-09T11:00:00+02:00"}, "A", "APIs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.known {
				named(c.known[i].Slug)(&c.known[i].Now)
			}
			changes := Compare(c.known, Programme{Events: c.schedule})
			var got []string
			var after []Known
			for _, change := range changes {
				got = append(got, inLine(change))
				if change.Kind != Gone {
					after = append(after, Known{change.Slug, change.After, &change.Says})
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("it changes\n got %q\nwant %q", got, c.want)
			}
			if e := changes[0].After; e.Scheduling.Room != c.room || e.Talk.Title != c.title {
				t.Errorf("it stands in room %q as %q, want %q and %q", e.Scheduling.Room, e.Talk.Title, c.room, c.title)
			}
			for _, k := range c.known {
				for _, a := range after {
					if a.Slug == k.Slug && (a.Now.Scheduling.Priority != k.Now.Scheduling.Priority || !slices.Equal(a.Now.Talk.Tags, k.Now.Talk.Tags)) {
						t.Errorf("what people said of %s is lost: %+v", k.Slug, a.Now)
					}
				}
			}
			for _, change := range Compare(after, Programme{Events: c.schedule}) {
				if change.Kind != Same || len(change.Fields) > 0 {
					t.Errorf("applied again, it finds: %s", inLine(change))
				}
			}
		})
	}
}

func TestLongTextsAreShownInALine(t *testing.T) {
	if got := show(strings.Repeat("ñ", 500)); len([]rune(got)) != 120 || !strings.HasSuffix(got, "…") {
		t.Errorf("it is shown as %q", got)
	}
}
