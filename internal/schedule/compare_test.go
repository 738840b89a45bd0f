package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

var tenOClock = time.Date(2026, 5, 9, 10, 0, 0, 0, time.FixedZone("", 2*60*60))

// apisEvent returns an event with changes.
func apisEvent(otherwise ...func(*Event)) Event {
	e := Event{
		conference.Talk{Title: "APIs", Kind: "talk", Language: "en", Speakers: []string{"Ada"}, Length: 30 * time.Minute, Date: "2026-05-09"},
		conference.Scheduling{GUID: "g1", Event: "1", Room: "A", Start: tenOClock},
	}
	for _, change := range otherwise {
		change(&e)
	}
	return e
}

func withRoom(name string) func(*Event)         { return func(e *Event) { e.Scheduling.Room = name } }
func withTitle(text string) func(*Event)        { return func(e *Event) { e.Talk.Title = text } }
func withGUID(id string) func(*Event)           { return func(e *Event) { e.Scheduling.GUID = id } }
func withID(id string) func(*Event)             { return func(e *Event) { e.Scheduling.Event = id } }
func withStart(at time.Time) func(*Event)       { return func(e *Event) { e.Scheduling.Start = at } }
func withSlug(slug string) func(*Event)         { return func(e *Event) { e.Talk.Slug = slug } }
func doNotRecord(e *Event)                      { e.Scheduling.DoNotRecord = true }
func withPriority(e *Event)                     { e.Scheduling.Priority, e.Talk.Tags = 5, []string{"keynote"} }
func knownTalk(now, imported Event) []KnownTalk { return []KnownTalk{{"apis", now, &imported}} }

// formatChange formats a change for the tests.
func formatChange(c Change) string {
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
		known    []KnownTalk
		schedule []Event
		want     []string
		room     string // of the first talk, afterwards
		title    string
	}{
		{"all is new", nil, []Event{apisEvent()}, []string{"new apis"}, "A", "APIs"},
		{"two new ones of one title have names of their own", nil, []Event{apisEvent(), apisEvent(withGUID("g2"), withID("2"))}, []string{"new apis", "new apis-2"}, "A", "APIs"},
		{"nothing has changed", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent()}, []string{"same apis"}, "A", "APIs"},
		{"the room is another", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(withRoom("B"))}, []string{"changed apis; room: A → B"}, "B", "APIs"},
		{"the schedule renames a talk, whose name in files stays", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(withTitle("Better APIs"))}, []string{"changed apis; title: APIs → Better APIs"}, "A", "Better APIs"},
		{"the speaker withdraws consent", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(doNotRecord)}, []string{"changed apis; do_not_record:  → true"}, "A", "APIs"},
		{"what was corrected by hand stays", knownTalk(apisEvent(withTitle("APIs!")), apisEvent()), []Event{apisEvent()}, []string{"same apis"}, "A", "APIs!"},
		{"and does not keep the rest from changing", knownTalk(apisEvent(withTitle("APIs!")), apisEvent()), []Event{apisEvent(withRoom("B"))}, []string{"changed apis; room: A → B"}, "B", "APIs!"},
		{"corrected by both, the hand wins, and it is said", knownTalk(apisEvent(withTitle("APIs!")), apisEvent()), []Event{apisEvent(withTitle("The APIs"))}, []string{"same apis; title: APIs! → The APIs (kept)"}, "A", "APIs!"},
		{"corrected by both alike", knownTalk(apisEvent(withTitle("APIs!")), apisEvent()), []Event{apisEvent(withTitle("APIs!"))}, []string{"same apis"}, "A", "APIs!"},
		{"a room that the schedule takes back", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(withRoom(""))}, []string{"changed apis; room: A → "}, "", "APIs"},
		{"what only people say stays", knownTalk(apisEvent(withPriority), apisEvent()), []Event{apisEvent(withRoom("B"))}, []string{"changed apis; room: A → B"}, "B", "APIs"},
		{"it is gone from the schedule", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(withGUID("g2"), withID("2"), withTitle("Tests"))}, []string{"new tests", "gone apis"}, "A", "Tests"},
		{"a talk made by hand is never gone", []KnownTalk{{"mine", apisEvent(withGUID(""), withID(""), withTitle("Mine")), nil}}, []Event{apisEvent()}, []string{"new apis"}, "A", "APIs"},
		{"a talk made by hand is matched by its guid", []KnownTalk{{"apis", apisEvent(withID(""), withRoom("")), nil}}, []Event{apisEvent()}, []string{"changed apis; event:  → 1; room:  → A"}, "A", "APIs"},
		{"by its id, where the guid is none", knownTalk(apisEvent(withGUID("")), apisEvent(withGUID(""))), []Event{apisEvent()}, []string{"changed apis; guid:  → g1"}, "A", "APIs"},
		{"the guid goes before the id, in whatever order they come", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(withGUID("g2"), withTitle("Tests")), apisEvent(withID("2"))},
			[]string{"new tests", "changed apis; event: 1 → 2"}, "A", "Tests"},
		{"the same moment in another zone is the same", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(withStart(tenOClock.UTC()))}, []string{"same apis"}, "A", "APIs"},
		{"another moment is another", knownTalk(apisEvent(), apisEvent()), []Event{apisEvent(withStart(tenOClock.Add(time.Hour)))},
			[]string{"changed apis; start: 2026-05-09T10:00:00+02:00 → 2026-05-09T11:00:00+02:00"}, "A", "APIs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.known {
				withSlug(c.known[i].Slug)(&c.known[i].Current)
			}
			changes := Compare(c.known, Programme{Events: c.schedule})
			var got []string
			var after []KnownTalk
			for _, change := range changes {
				got = append(got, formatChange(change))
				if change.Kind != Removed {
					after = append(after, KnownTalk{change.Slug, change.After, &change.Imported})
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
					if a.Slug == k.Slug && (a.Current.Scheduling.Priority != k.Current.Scheduling.Priority || !slices.Equal(a.Current.Talk.Tags, k.Current.Talk.Tags)) {
						t.Errorf("what people said of %s is lost: %+v", k.Slug, a.Current)
					}
				}
			}
			for _, change := range Compare(after, Programme{Events: c.schedule}) {
				if change.Kind != Unchanged || len(change.Fields) > 0 {
					t.Errorf("applied again, it finds: %s", formatChange(change))
				}
			}
		})
	}
}

func TestDisplayValue_LongText(t *testing.T) {
	if got := displayValue(strings.Repeat("ñ", 500)); len([]rune(got)) != 120 || !strings.HasSuffix(got, "…") {
		t.Errorf("it is shown as %q", got)
	}
}
