package explain

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
	"github.com/lectern-av/lectern/internal/maputil"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Change is one part of a key that differs from what it was.
type Change struct {
	Part   string          `json:"what"` // "range.from", "input segment/00003"
	Old    json.RawMessage `json:"old,omitempty"`
	New    json.RawMessage `json:"new,omitempty"`
	MadeBy string          `json:"made,omitempty"` // for an input: the slot that makes it
	Text   string          `json:"says"`           // all that in words, and without hashes
}

// hashText is a SHA-256 as JSON has it.
var hashText = regexp.MustCompile(`^"[0-9a-f]{64}"$`)

func isHash(b json.RawMessage) bool { return hashText.Match(b) }

// Explain says why a slot of the newest of runs ran: which part of its key is not what it
// was when that slot was last seen.
func (n Explainer) Explain(runs []catalog.Run, s catalog.SlotResult) (why string, changes []Change, err error) {
	for _, run := range runs[1:] {
		i := slices.IndexFunc(run.Slots, func(o catalog.SlotResult) bool { return o.Slot == s.Slot })
		if i < 0 {
			continue
		}
		before := run.Slots[i]
		if before.Key == s.Key && before.State != catalog.SlotRan && before.State != catalog.SlotReused {
			return "it was wanted before, and not finished", nil, nil
		}
		if before.Key == s.Key {
			return "nothing changed, but its artifact was gone from the store", nil, nil
		}
		changes, err = n.diffKeys(runs[0], before, s)
		return "changed since the last time", changes, err
	}
	return "there was no such action before", nil, nil
}

// diffKeys compares the preimages of two keys.
func (n Explainer) diffKeys(run catalog.Run, before, now catalog.SlotResult) ([]Change, error) {
	var a, b action.Preimage
	if err := errors.Join(json.Unmarshal(before.Preimage, &a), json.Unmarshal(now.Preimage, &b)); err != nil {
		return nil, fmt.Errorf("read the key of %s: %w", now.Slot, err)
	}
	var changes []Change
	if a.Version != b.Version {
		changes = append(changes, Change{Part: "version", Old: jsonNumber(a.Version), New: jsonNumber(b.Version),
			Text: fmt.Sprintf("this Lectern makes it otherwise than the one before (version %d of %s; it was %d)", b.Version, b.Kind, a.Version)})
	}
	rate := findRate(b.Params)
	formerly, inputs := slices.Collect(maps.Values(a.Inputs)), slices.Collect(maps.Values(b.Inputs))
	for _, c := range diffJSON("", a.Params, b.Params) {
		if !isHash(c.New) || !slices.Contains(inputs, action.Key(unquote(c.New))) { // it is told of as an input
			c.Text = n.parameterText(c.Part, c.Old, c.New, rate)
			changes = append(changes, c)
		}
	}
	makers := make(map[action.Key]string)
	for _, s := range run.Slots {
		makers[s.Key] = s.Slot
	}
	for _, role := range maputil.UnionKeys(a.Inputs, b.Inputs) {
		was, is := a.Inputs[role], b.Inputs[role]
		if was == is || is == "" && slices.Contains(inputs, was) {
			continue
		}
		c := Change{Part: "input " + role, Text: "some of what it is made of comes at another place"}
		if !slices.Contains(formerly, is) {
			c.MadeBy, c.Text = makers[is], n.inputText(role, was, is, makers[is])
		}
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

// findRate is the rate of the frames that parameters speak of; zero if they do not say it.
func findRate(params json.RawMessage) timeline.Rate {
	var found struct{ Rate timeline.Rate }
	if json.Unmarshal(params, &found) == nil && !found.Rate.IsZero() {
		return found.Rate
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal(params, &parts) != nil {
		return timeline.Rate{}
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if rate := findRate(parts[name]); !rate.IsZero() {
			return rate
		}
	}
	return timeline.Rate{}
}

func jsonNumber(n int) json.RawMessage { return json.RawMessage(fmt.Sprint(n)) }

// diffJSON compares two JSON values part by part.
func diffJSON(at string, a, b json.RawMessage) []Change {
	if bytes.Equal(a, b) {
		return nil
	}
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && x != nil && y != nil {
		var changes []Change
		for _, name := range maputil.UnionKeys(x, y) {
			changes = append(changes, diffJSON(strings.TrimPrefix(at+"."+name, "."), x[name], y[name])...)
		}
		return changes
	}
	var l, m []json.RawMessage
	if json.Unmarshal(a, &l) == nil && json.Unmarshal(b, &m) == nil && len(l) > 0 && len(m) > 0 {
		if x, y = keyByName(l), keyByName(m); x == nil || y == nil {
			if len(l) != len(m) {
				return []Change{{Part: at, Old: a, New: b}}
			}
			x, y = keyByIndex(l), keyByIndex(m)
		}
		var changes []Change
		for _, name := range maputil.UnionKeys(x, y) {
			changes = append(changes, diffJSON(fmt.Sprintf("%s[%s]", at, name), x[name], y[name])...)
		}
		return changes
	}
	return []Change{{Part: at, Old: a, New: b}}
}

// keyByName is a list whose elements say what they are about: a language, or a path in the
// bundle. It is nil for others.
func keyByName(list []json.RawMessage) map[string]json.RawMessage {
	named := make(map[string]json.RawMessage)
	for _, v := range list {
		var e struct{ Path, Language string }
		if json.Unmarshal(v, &e) != nil || cmp.Or(e.Path, e.Language) == "" {
			return nil
		}
		named[cmp.Or(e.Path, e.Language)] = v
	}
	return named
}

func keyByIndex(list []json.RawMessage) map[string]json.RawMessage {
	indexed := make(map[string]json.RawMessage)
	for i, v := range list {
		indexed[fmt.Sprint(i)] = v
	}
	return indexed
}
