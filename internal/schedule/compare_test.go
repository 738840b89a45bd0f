package schedule_test

import (
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/schedule"
)

// event is a talk as a schedule says it.
func event(guid, id, title, room string) schedule.Event {
	return schedule.Event{
		Talk:       conference.Talk{Title: title, Kind: "talk", Language: "en", Length: 30 * time.Minute},
		Scheduling: conference.Scheduling{GUID: guid, Event: id, Room: room, Start: time.Date(2026, 5, 9, 10, 0, 0, 0, time.UTC)},
	}
}

// known is a talk that a schedule brought, and that may have been corrected since.
func known(slug string, imported schedule.Event, correct func(*schedule.Event)) schedule.Known {
	imported.Talk.Slug = slug
	now := imported
	if correct != nil {
		correct(&now)
	}
	return schedule.Known{Slug: slug, Now: now, Imported: &imported}
}

func TestWhatAScheduleChanges(t *testing.T) {
	said := event("g1", "1", "APIs", "Hall")
	for _, c := range []struct {
		name  string
		known []schedule.Known
		says  schedule.Event
		kind  schedule.Kind
		title string // afterwards
		room  string
		kept  int // corrections that stay
	}{
		{"one that nobody knew", nil, said, schedule.New, "APIs", "Hall", 0},
		{"the same again", []schedule.Known{known("apis", said, nil)}, said, schedule.Same, "APIs", "Hall", 0},
		{"another room", []schedule.Known{known("apis", said, nil)}, event("g1", "1", "APIs", "Attic"), schedule.Changed, "APIs", "Attic", 0},
		{"another title", []schedule.Known{known("apis", said, nil)}, event("g1", "1", "Better APIs", "Hall"), schedule.Changed, "Better APIs", "Hall", 0},
		{"its id alone tells it", []schedule.Known{known("apis", event("", "1", "APIs", "Hall"), nil)}, event("", "1", "Better APIs", "Hall"), schedule.Changed, "Better APIs", "Hall", 0},
		{"its guid comes before its id", []schedule.Known{known("apis", said, nil)}, event("g1", "99", "APIs", "Hall"), schedule.Changed, "APIs", "Hall", 0},
		{"a title corrected by hand", []schedule.Known{known("apis", said, func(e *schedule.Event) { e.Talk.Title = "APIs!" })}, said, schedule.Same, "APIs!", "Hall", 0},
		{"corrected by hand, and moved by the schedule", []schedule.Known{known("apis", said, func(e *schedule.Event) { e.Talk.Title = "APIs!" })}, event("g1", "1", "APIs", "Attic"), schedule.Changed, "APIs!", "Attic", 0},
		{"both say another title", []schedule.Known{known("apis", said, func(e *schedule.Event) { e.Talk.Title = "APIs!" })}, event("g1", "1", "Better APIs", "Hall"), schedule.Same, "APIs!", "Hall", 1},
		{"the same title is not enough", []schedule.Known{known("apis", said, nil)}, event("g2", "2", "APIs", "Hall"), schedule.New, "APIs", "Hall", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes := schedule.Compare(c.known, schedule.Programme{Events: []schedule.Event{c.says}})
			got := changes[0]
			kept := 0
			for _, f := range got.Fields {
				if f.Kept {
					kept++
				}
			}
			if got.Kind != c.kind || got.After.Talk.Title != c.title || got.After.Scheduling.Room != c.room || kept != c.kept {
				t.Errorf("%s: “%s” in %s, %d kept; want %s: “%s” in %s, %d kept\n%+v", got.Kind, got.After.Talk.Title, got.After.Scheduling.Room, kept, c.kind, c.title, c.room, c.kept, got.Fields)
			}
			again := schedule.Compare([]schedule.Known{{Slug: got.Slug, Now: got.After, Imported: &got.Says}}, schedule.Programme{Events: []schedule.Event{c.says}})
			if again[0].Kind != schedule.Same {
				t.Errorf("applied, and once more it changes %+v", again[0].Fields)
			}
		})
	}
}

func TestWhatIsGoneIsSaidAndStays(t *testing.T) {
	byHand := schedule.Known{Slug: "lightning", Now: event("", "", "Lightning talks", "Hall")}
	changes := schedule.Compare([]schedule.Known{known("apis", event("g1", "1", "APIs", "Hall"), nil), byHand},
		schedule.Programme{Events: []schedule.Event{event("g2", "2", "APIs", "Hall")}})
	if len(changes) != 2 || changes[0].Slug != "apis-2" || changes[1].Kind != schedule.Gone || changes[1].Slug != "apis" {
		t.Errorf("it changes %+v", changes)
	}
}
