package schedule

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/sortedkeys"
)

// KnownTalk is a talk that the conference already has.
type KnownTalk struct {
	Slug         string
	Current      Event  // with manual edits
	LastImported *Event // as in the last imported schedule; nil if it was never in one
}

// ChangeKind says what an import does to a talk.
type ChangeKind string

// The kinds of changes.
const (
	Added     ChangeKind = "new"
	Changed   ChangeKind = "changed"
	Unchanged ChangeKind = "same"
	Removed   ChangeKind = "gone" // it is no longer in the schedule, but is kept
)

// Change is what importing a schedule does to one talk.
type Change struct {
	Kind     ChangeKind    `json:"kind"`
	Slug     string        `json:"slug"`
	Title    string        `json:"title"`
	Fields   []FieldChange `json:"fields"`
	After    Event         `json:"after"` // the talk after the import
	Imported Event         `json:"says"`  // the event in the schedule
}

// FieldChange is a field in which the schedule differs from the talk.
type FieldChange struct {
	Name string `json:"name"` // "room", "start", "title" …
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	Kept bool   `json:"kept,omitempty"` // it was edited by hand, so the schedule's value is not used
}

// Compare returns what importing a schedule would change. Talks are matched by the schedule's ids:
// guid first, then id. A field is imported if it changed in the schedule since the last import,
// unless it was edited by hand in the meantime; then the edit is kept. In a talk that was never
// imported, each field that the schedule has is imported. Known talks that were imported before and
// are not in p count as removed.
func Compare(known []KnownTalk, p Programme) []Change {
	byID := make(map[string]int)
	slugs := make(map[string]bool)
	for i, k := range known {
		slugs[k.Slug] = true
		for _, id := range eventIDs(k.Current.Scheduling) {
			byID[id] = i
		}
	}
	seen := make(map[int]bool)
	match := make(map[int]int)                    // by index of the event, index of the known talk
	for _, kind := range []string{"guid", "id"} { // a match by guid wins
		for n, e := range p.Events {
			for _, id := range eventIDs(e.Scheduling) {
				i, ok := byID[id]
				if _, matched := match[n]; ok && !matched && !seen[i] && idKind(id) == kind {
					match[n], seen[i] = i, true
				}
			}
		}
	}
	var changes []Change
	for n, e := range p.Events {
		at, ok := match[n]
		if !ok {
			e.Talk.Slug = newSlug(slugs, e.Talk.Title)
			changes = append(changes, Change{Kind: Added, Slug: e.Talk.Slug, Title: e.Talk.Title, After: e, Imported: e})
			continue
		}
		changes = append(changes, mergeEvent(known[at], e))
	}
	for i, k := range known {
		if k.LastImported != nil && !seen[i] {
			changes = append(changes, Change{Kind: Removed, Slug: k.Slug, Title: k.Current.Talk.Title, After: k.Current})
		}
	}
	return changes
}

// newSlug returns an unused slug for a title, and adds it to taken.
func newSlug(taken map[string]bool, title string) string {
	slug, _ := conference.UnusedSlug(conference.Slug(title), func(slug string) (bool, error) { return taken[slug], nil })
	taken[slug] = true
	return slug
}

// mergeEvent returns what importing the event e changes in a known talk. It compares the event with
// the talk's current state and with its last import (a three-way merge).
func mergeEvent(k KnownTalk, e Event) Change {
	e.Talk.Slug = k.Slug
	base := k.LastImported
	if base == nil { // made by hand: every field of the schedule is new
		base = &Event{Talk: conference.Talk{Slug: k.Slug}}
	}
	last, now, imported := eventFields(*base), eventFields(k.Current), eventFields(e)
	after := maps.Clone(now)
	c := Change{Kind: Unchanged, Slug: k.Slug, Title: k.Current.Talk.Title, Imported: e}
	for _, name := range sortedkeys.Union(last, now, imported) {
		switch {
		case !scheduleFields[name]:
		case sameValue(last[name], imported[name]), sameValue(now[name], imported[name]):
		case k.LastImported != nil && !sameValue(now[name], last[name]), imported[name] == nil && !sameValue(now[name], last[name]):
			c.Fields = append(c.Fields, FieldChange{Name: name, Old: displayValue(now[name]), New: displayValue(imported[name]), Kept: true})
		default:
			c.Fields = append(c.Fields, FieldChange{Name: name, Old: displayValue(now[name]), New: displayValue(imported[name])})
			c.Kind = Changed
			after[name] = imported[name]
			if imported[name] == nil {
				delete(after, name)
			}
		}
	}
	c.After = eventOf(after)
	return c
}

// scheduleFields are the fields that a schedule can change. All others belong to the
// organisers.
var scheduleFields = map[string]bool{
	"title": true, "kind": true, "speakers": true, "language": true, "abstract": true, "licence": true, "date": true, "url": true, "links": true, "length": true,
	"guid": true, "event": true, "room": true, "start": true, "track": true, "persons": true, "do_not_record": true,
}

// eventFields returns the fields of an event's JSON by name, without empty ones.
func eventFields(e Event) map[string]any {
	all := make(map[string]any)
	for _, v := range []any{e.Talk, e.Scheduling} {
		b, err := json.Marshal(v)
		if err != nil {
			continue // does not happen: all fields can be encoded
		}
		var some map[string]any
		if json.Unmarshal(b, &some) == nil {
			maps.Copy(all, some)
		}
	}
	maps.DeleteFunc(all, func(_ string, v any) bool {
		return v == nil || v == "" || v == 0.0 || v == false || reflect.DeepEqual(v, []any{})
	})
	return all
}

// eventOf returns the event that has these JSON fields; it reverses [eventFields].
func eventOf(all map[string]any) (e Event) {
	b, err := json.Marshal(all)
	if err != nil {
		return e
	}
	_ = json.Unmarshal(b, &e.Talk)
	_ = json.Unmarshal(b, &e.Scheduling)
	return e
}

// sameValue reports whether two fields are equal. The same moment in two time zones is equal, too.
func sameValue(a, b any) bool {
	one, okOne := a.(string)
	other, okOther := b.(string)
	if okOne && okOther && one != other {
		then, err := time.Parse(time.RFC3339, one)
		now, errNow := time.Parse(time.RFC3339, other)
		return err == nil && errNow == nil && then.Equal(now)
	}
	return reflect.DeepEqual(a, b)
}

// displayValue returns the value of a JSON field for people. Texts are cut at 120 characters, lists
// are joined by commas, links and persons are shown by name or address, and a number, which is a
// length in nanoseconds, in minutes.
func displayValue(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if r := []rune(v); len(r) > 120 {
			return string(r[:119]) + "…"
		}
		return v
	case []any:
		var parts []string
		for _, one := range v {
			if m, ok := one.(map[string]any); ok {
				one = m["name"]
				if one == nil {
					one = m["url"]
				}
			}
			parts = append(parts, fmt.Sprint(one))
		}
		return strings.Join(parts, ", ")
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%.0f", v/60e9), ".0") + " min" // lengths, in ns, are the only numbers
	}
	return fmt.Sprint(v)
}
