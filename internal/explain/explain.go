// Package explain says why an action ran: it compares the parts of its key with those of the run
// before, and names them as people do.
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
	"github.com/lectern-av/lectern/internal/sortedkeys"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Change is one part of an action's key that changed.
type Change struct {
	Part   string          `json:"what"` // "range.from", "input segment/00003"
	Old    json.RawMessage `json:"old,omitempty"`
	New    json.RawMessage `json:"new,omitempty"`
	MadeBy string          `json:"made,omitempty"` // for an input: the slot that makes it
	Text   string          `json:"says"`           // the change in words, without hashes
}

// hashText is a SHA-256 in JSON.
var hashText = regexp.MustCompile(`^"[0-9a-f]{64}"$`)

func isHash(b json.RawMessage) bool { return hashText.Match(b) }

// Explain returns why slot s of the newest run ran. If its key changed since the last run that had
// this slot, changes holds the parts of the key that changed. runs are ordered from new to old; s
// is one of runs[0].
func (e Explainer) Explain(runs []catalog.Run, s catalog.SlotResult) (why string, changes []Change, err error) {
	for _, run := range runs[1:] {
		i := slices.IndexFunc(run.Slots, func(o catalog.SlotResult) bool { return o.Slot == s.Slot })
		if i < 0 {
			continue
		}
		before := run.Slots[i]
		if before.Key == s.Key && before.State != catalog.SlotRan && before.State != catalog.SlotReused {
			return "an earlier run did not finish it", nil, nil
		}
		if before.Key == s.Key {
			return "nothing changed, but its artifact was missing from the store", nil, nil
		}
		changes, err = e.diffKeys(runs[0], before, s)
		return "changed since the last time", changes, err
	}
	return "there was no such action before", nil, nil
}

// diffKeys returns the parts that differ between the keys of two results of the same slot: the
// version of its kind, its parameters, and its inputs. run is the run that has the later result.
func (e Explainer) diffKeys(run catalog.Run, before, now catalog.SlotResult) ([]Change, error) {
	var a, b action.Preimage
	if err := errors.Join(json.Unmarshal(before.Preimage, &a), json.Unmarshal(now.Preimage, &b)); err != nil {
		return nil, fmt.Errorf("read the key of %s: %w", now.Slot, err)
	}
	var changes []Change
	if a.Version != b.Version {
		changes = append(changes, Change{Part: "version", Old: jsonNumber(a.Version), New: jsonNumber(b.Version),
			Text: fmt.Sprintf("this version of Lectern makes it differently (version %d of %s; it was %d)", b.Version, b.Kind, a.Version)})
	}
	inputs := slices.Collect(maps.Values(b.Inputs))
	rate := findRate(b.Params)
	for _, c := range diffJSON("", a.Params, b.Params) {
		if isHash(c.New) && slices.Contains(inputs, action.Key(unquote(c.New))) {
			continue // diffInputs reports it
		}
		c.Text = e.parameterText(c.Part, c.Old, c.New, rate)
		changes = append(changes, c)
	}
	return append(changes, e.diffInputs(run, a.Inputs, b.Inputs)...), nil
}

// diffInputs returns the inputs that differ between two keys, by role. An input that only moved to
// another role is reported as a changed order. run is the run with the later key; its slots give
// the names of inputs that actions make.
func (e Explainer) diffInputs(run catalog.Run, before, now map[string]action.Key) (changes []Change) {
	makers := make(map[action.Key]string)
	for _, s := range run.Slots {
		makers[s.Key] = s.Slot
	}
	oldKeys, newKeys := slices.Collect(maps.Values(before)), slices.Collect(maps.Values(now))
	for _, role := range sortedkeys.Union(before, now) {
		oldKey, newKey := before[role], now[role]
		if oldKey == newKey || newKey == "" && slices.Contains(newKeys, oldKey) {
			continue
		}
		c := Change{Part: "input " + role, Text: "the order of its inputs changed"}
		if !slices.Contains(oldKeys, newKey) {
			c.MadeBy, c.Text = makers[newKey], e.inputText(role, oldKey, newKey, makers[newKey])
		}
		if oldKey != "" {
			c.Old = json.RawMessage(fmt.Sprintf("%q", oldKey))
		}
		if newKey != "" {
			c.New = json.RawMessage(fmt.Sprintf("%q", newKey))
		}
		changes = append(changes, c)
	}
	return changes
}

// findRate returns the first frame rate anywhere in parameters, or zero if there is none. Frame
// numbers in the parameters are at this rate.
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

// diffJSON returns the parts that differ between two JSON values, with their paths below path, such
// as "range.from". It compares objects by name, and lists by the path or language of their
// elements, else by index. Lists of different lengths without such names are one change.
func diffJSON(path string, a, b json.RawMessage) []Change {
	if bytes.Equal(a, b) {
		return nil
	}
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && x != nil && y != nil {
		var changes []Change
		for _, name := range sortedkeys.Union(x, y) {
			changes = append(changes, diffJSON(strings.TrimPrefix(path+"."+name, "."), x[name], y[name])...)
		}
		return changes
	}
	var l, m []json.RawMessage
	if json.Unmarshal(a, &l) == nil && json.Unmarshal(b, &m) == nil && len(l) > 0 && len(m) > 0 {
		x, y = keyByName(l), keyByName(m)
		if x == nil || y == nil {
			if len(l) != len(m) {
				return []Change{{Part: path, Old: a, New: b}}
			}
			x, y = keyByIndex(l), keyByIndex(m)
		}
		var changes []Change
		for _, name := range sortedkeys.Union(x, y) {
			changes = append(changes, diffJSON(fmt.Sprintf("%s[%s]", path, name), x[name], y[name])...)
		}
		return changes
	}
	return []Change{{Part: path, Old: a, New: b}}
}

// keyByName returns the elements of a list by their "path" or else "language" field, or nil if some
// element has neither.
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
