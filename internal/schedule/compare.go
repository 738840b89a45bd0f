package schedule

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// Known is a talk that is there.
type Known struct {
	Slug     string
	Now      Event  // as it stands, corrected by hand perhaps
	Imported *Event // as the schedule said it last; nil: it never did
}

// Kind is what becomes of a talk.
type Kind string

// What may become of a talk.
const (
	New     Kind = "new"
	Changed Kind = "changed"
	Same    Kind = "same"
	Gone    Kind = "gone" // from the schedule; nothing is taken away from it here
)

// Change is what a schedule changes of one talk.
type Change struct {
	Kind   Kind    `json:"kind"`
	Slug   string  `json:"slug"`
	Title  string  `json:"title"`
	Fields []Field `json:"fields"`
	After  Event   `json:"after"` // as it will stand
	Says   Event   `json:"says"`  // as the schedule says it
}

// Field is one thing that the schedule says otherwise than before.
type Field struct {
	Name string `json:"name"` // "room", "start", "title" …
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	Kept bool   `json:"kept,omitempty"` // it was corrected by hand meanwhile, and stays so
}

// Compare says what a schedule changes of what is known. Talks are matched by the schedule's
// own ids: guid, then id. What the schedule says otherwise than it did is taken over, unless
// it was corrected by hand meanwhile; what was corrected by hand alone stays.
func Compare(known []Known, p Programme) []Change {
	byID := make(map[string]int)
	slugs := make(map[string]bool)
	for i, k := range known {
		slugs[k.Slug] = true
		for _, id := range ids(k.Now.Scheduling) {
			byID[id] = i
		}
	}
	seen := make(map[int]bool)
	match := make(map[int]int)                    // of events, what is known
	for _, kind := range []string{"guid", "id"} { // whoever has the guid goes before whoever has the id
		for n, e := range p.Events {
			for _, id := range ids(e.Scheduling) {
				i, ok := byID[id]
				if _, matched := match[n]; ok && !matched && !seen[i] && kindOfID(id) == kind {
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
			changes = append(changes, Change{Kind: New, Slug: e.Talk.Slug, Title: e.Talk.Title, After: e, Says: e})
			continue
		}
		changes = append(changes, merge(known[at], e))
	}
	for i, k := range known {
		if k.Imported != nil && !seen[i] {
			changes = append(changes, Change{Kind: Gone, Slug: k.Slug, Title: k.Now.Talk.Title, After: k.Now})
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

// merge is a talk with what the schedule says otherwise than it did.
func merge(k Known, e Event) Change {
	e.Talk.Slug = k.Slug
	base := k.Imported
	if base == nil { // made by hand: all that the schedule knows is new
		base = &Event{Talk: conference.Talk{Slug: k.Slug}}
	}
	was, now, says := fields(*base), fields(k.Now), fields(e)
	after := maps.Clone(now)
	c := Change{Kind: Same, Slug: k.Slug, Title: k.Now.Talk.Title, Says: e}
	for _, name := range slices.Sorted(maps.Keys(union(was, union(now, says)))) {
		switch {
		case !fromSchedule[name]:
		case equal(was[name], says[name]), equal(now[name], says[name]):
		case k.Imported != nil && !equal(now[name], was[name]), says[name] == nil && !equal(now[name], was[name]):
			c.Fields = append(c.Fields, Field{name, show(now[name]), show(says[name]), true})
		default:
			c.Fields = append(c.Fields, Field{name, show(now[name]), show(says[name]), false})
			c.Kind = Changed
			if after[name] = says[name]; says[name] == nil {
				delete(after, name)
			}
		}
	}
	c.After = eventOf(after)
	return c
}

// fromSchedule are the things that a schedule says. The rest is people's.
var fromSchedule = map[string]bool{
	"title": true, "kind": true, "speakers": true, "language": true, "abstract": true, "licence": true, "date": true, "url": true, "links": true, "length": true,
	"guid": true, "event": true, "room": true, "start": true, "track": true, "persons": true, "do_not_record": true,
}

// fields is an event as its things by name, without those that say nothing.
func fields(e Event) map[string]any {
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

func union(a, b map[string]any) map[string]any {
	u := maps.Clone(a)
	maps.Copy(u, b)
	return u
}

// equal compares as people do: the same moment in two zones is one.
func equal(a, b any) bool {
	one, okOne := a.(string)
	other, okOther := b.(string)
	if okOne && okOther && one != other {
		then, err := time.Parse(time.RFC3339, one)
		now, errNow := time.Parse(time.RFC3339, other)
		return err == nil && errNow == nil && then.Equal(now)
	}
	return reflect.DeepEqual(a, b)
}

// show is a thing in a line.
func show(v any) string {
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
