package conductor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
)

// Change is one part of a key that differs from what it was.
type Change struct {
	What string          `json:"what"` // "range.from", "input segment/00003"
	Old  json.RawMessage `json:"old,omitempty"`
	New  json.RawMessage `json:"new,omitempty"`
	Made string          `json:"made,omitempty"` // for an input: the slot that makes it
}

// String is the change in a line. Hashes, which tell a person nothing, are left out.
func (c Change) String() string {
	what := c.What
	if role, ok := strings.CutPrefix(what, "input "); ok && c.Made == "" {
		what = handedIn(role)
	}
	old, now := isHash(c.Old), isHash(c.New)
	switch {
	case c.Made != "":
		return fmt.Sprintf("%s changed: it is made by %s", what, c.Made)
	case old && now:
		return what + " is another"
	case c.Old == nil && now:
		return what + " is new"
	case old && c.New == nil:
		return what + " is gone"
	case c.Old == nil:
		return fmt.Sprintf("%s is new: %s", what, short(c.New))
	case c.New == nil:
		return fmt.Sprintf("%s is gone: it was %s", what, short(c.Old))
	}
	return fmt.Sprintf("%s: %s → %s", what, short(c.Old), short(c.New))
}

// handedIn is what people call an input that no action makes.
func handedIn(role string) string {
	name, number, numbered := strings.Cut(role, "/")
	switch {
	case name == "track":
		return "the track as it was handed in"
	case name == "recording" && numbered:
		return "recording " + strings.TrimLeft(number, "0") + "'s content"
	case name == "recording":
		return "the recording's content"
	}
	return "what was handed in as " + role
}

// hashText is a SHA-256 as JSON has it.
var hashText = regexp.MustCompile(`^"[0-9a-f]{64}"$`)

func isHash(b json.RawMessage) bool { return hashText.Match(b) }

func short(b json.RawMessage) string {
	const enough = 60
	r := []rune(string(b))
	if len(r) > enough {
		return string(r[:enough-1]) + "…"
	}
	return string(b)
}

// Explain says why a slot of the newest of runs ran: which part of its key is not what it
// was when that slot was last seen.
func Explain(runs []catalog.Run, s catalog.Slot) (why string, changes []Change, err error) {
	for _, run := range runs[1:] {
		i := slices.IndexFunc(run.Slots, func(o catalog.Slot) bool { return o.Slot == s.Slot })
		if i < 0 {
			continue
		}
		before := run.Slots[i]
		if before.Key == s.Key && before.State != catalog.Ran && before.State != catalog.Reused {
			return "it was wanted before, and not finished", nil, nil
		}
		if before.Key == s.Key {
			return "nothing changed, but its artifact was gone from the store", nil, nil
		}
		changes, err = diff(runs[0], before, s)
		return "changed since the last time:", changes, err
	}
	return "there was no such action before", nil, nil
}

// diff compares the preimages of two keys.
func diff(run catalog.Run, before, now catalog.Slot) ([]Change, error) {
	var a, b action.Preimage
	if err := errors.Join(json.Unmarshal(before.Preimage, &a), json.Unmarshal(now.Preimage, &b)); err != nil {
		return nil, fmt.Errorf("read the key of %s: %w", now.Slot, err)
	}
	var changes []Change
	if a.Version != b.Version {
		changes = append(changes, Change{What: "how Lectern makes it", Old: number(a.Version), New: number(b.Version)})
	}
	inputs := slices.Collect(maps.Values(b.Inputs))
	for _, c := range diffJSON("", a.Params, b.Params) {
		if !isHash(c.New) || !slices.Contains(inputs, action.Key(bytes.Trim(c.New, `"`))) { // it is told of as an input
			changes = append(changes, c)
		}
	}
	makers := make(map[action.Key]string)
	for _, s := range run.Slots {
		makers[s.Key] = s.Slot
	}
	for _, role := range union(a.Inputs, b.Inputs) {
		was, is := a.Inputs[role], b.Inputs[role]
		if was == is {
			continue
		}
		c := Change{What: "input " + role, Made: makers[is]}
		if was != "" {
			c.Old = json.RawMessage(fmt.Sprintf("%q", was))
		}
		if is != "" {
			c.New = json.RawMessage(fmt.Sprintf("%q", is))
		}
		changes = append(changes, c)
	}
	return changes, nil
}

func number(n int) json.RawMessage { return json.RawMessage(fmt.Sprint(n)) }

// diffJSON compares two JSON values part by part.
func diffJSON(at string, a, b json.RawMessage) []Change {
	if bytes.Equal(a, b) {
		return nil
	}
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && x != nil && y != nil {
		var changes []Change
		for _, name := range union(x, y) {
			changes = append(changes, diffJSON(strings.TrimPrefix(at+"."+name, "."), x[name], y[name])...)
		}
		return changes
	}
	var l, m []json.RawMessage
	if json.Unmarshal(a, &l) == nil && json.Unmarshal(b, &m) == nil && len(l) == len(m) && len(l) > 0 {
		var changes []Change
		for i := range l {
			changes = append(changes, diffJSON(fmt.Sprintf("%s[%d]", at, i), l[i], m[i])...)
		}
		return changes
	}
	return []Change{{What: at, Old: a, New: b}}
}

func union[K cmp.Ordered, V any](a, b map[K]V) []K {
	all := maps.Clone(a)
	if all == nil {
		all = make(map[K]V)
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
