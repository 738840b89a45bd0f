package schedule

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/maputil"
)

// KnownTalk is a talk that is there.
type KnownTalk struct {
	Slug         string
	Current      Event  // as it stands, corrected by hand perhaps
	LastImported *Event // as the schedule said it last; nil: it never did
}

// ChangeKind is what becomes of a talk.
type ChangeKind string

// What may become of a talk.
const (
	Added     ChangeKind = "new"
	Changed   ChangeKind = "changed"
	Unchanged ChangeKind = "same"
	Removed   ChangeKind = "gone" // from the schedule; nothing is taken away from it here
)

// Change is what a schedule changes of one talk.
type Change struct {
	Kind     ChangeKind    `json:"kind"`
	Slug     string        `json:"slug"`
	Title    string        `json:"title"`
	Fields   []FieldChange `json:"fields"`
	After    Event         `json:"after"` // as it will stand
	Imported Event         `json:"says"`  // as the schedule says it
}

// FieldChange is one thing that the schedule says otherwise than before.
type FieldChange struct {
	Name string `json:"name"` // "room", "start", "title" …
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	Kept bool   `json:"kept,omitempty"` // it was corrected by hand meanwhile, and stays so
}

// Compare says what a schedule changes of what is known. Talks are matched by the schedule's
// own ids: guid, then id. What the schedule says otherwise than it did is taken over, unless
// it was corrected by hand meanwhile; what was corrected by hand alone stays.
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
	match := make(map[int]int)                    // of events, what is known
	for _, kind := range []string{"guid", "id"} { // whoever has the guid goes before whoever has the id
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
			e.Talk.Slug = freshSlug(slugs, e.Talk.Title)
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

func freshSlug(taken map[string]bool, title string) string {
	base := conference.Slug(title)
	slug := base
	for n := 2; taken[slug]; n++ {
		slug = fmt.Sprintf("%s-%d", base, n)
	}
	taken[slug] = true
	return slug
}

// mergeEvent is a talk with what the schedule says otherwise than it did.
func mergeEvent(k KnownTalk, e Event) Change {
	e.Talk.Slug = k.Slug
	base := k.LastImported
	if base == nil { // made by hand: all that the schedule knows is new
		base = &Event{Talk: conference.Talk{Slug: k.Slug}}
	}
	was, now, says := eventFields(*base), eventFields(k.Current), eventFields(e)
	after := maps.Clone(now)
	c := Change{Kind: Unchanged, Slug: k.Slug, Title: k.Current.Talk.Title, Imported: e}
	for _, name := range maputil.UnionKeys(was, now, says) {
		switch {
		case !scheduleFields[name]:
		case sameValue(was[name], says[name]), sameValue(now[name], says[name]):
		case k.LastImported != nil && !sameValue(now[name], was[name]), says[name] == nil && !sameValue(now[name], was[name]):
			c.Fields = append(c.Fields, FieldChange{name, displayValue(now[name]), displayValue(says[name]), true})
		default:
			c.Fields = append(c.Fields, FieldChange{name, displayValue(now[name]), displayValue(says[name]), false})
			c.Kind = Changed
			if after[name] = says[name]; says[name] == nil {
				delete(after, name)
			}
		}
	}
	c.After = eventOf(after)
	return c
}

// scheduleFields are the things that a schedule says. The rest is people's.
var scheduleFields = map[string]bool{
	"title": true, "kind": true, "speakers": true, "language": true, "abstract": true, "licence": true, "date": true, "url": true, "links": true, "length": true,
	"guid": true, "event": true, "room": true, "start": true, "track": true, "persons": true, "do_not_record": true,
}

// eventFields is an event as its things by name, without those that say nothing.
func eventFields(e Event) map[string]any {
	all := make(map[string]any)
	for _, v := range []any{e.Talk, e.Scheduling} {
		b, err := json.Marshal(v)
		if err != nil {
			continue // strings, numbers and times can be written
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

// eventOf is an event of its things.
func eventOf(all map[string]any) (e Event) {
	b, err := json.Marshal(all)
	if err != nil {
		return e
	}
	_ = json.Unmarshal(b, &e.Talk)
	_ = json.Unmarshal(b, &e.Scheduling)
	return e
}

// sameValue compares as people do: the same moment in two zones is one.
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

// displayValue is a thing in a line.
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
		return strings.TrimSuffix(fmt.Sprintf("%.0f", v/60e9), ".0") + " min" // lengths are the only numbers
	}
	return fmt.Sprint(v)
}
