package explain

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

func TestExplain(t *testing.T) {
	slot := func(state catalog.SlotState, version int, params string, inputs map[string]action.Key) catalog.SlotResult {
		b, err := action.Canonical(action.Preimage{Kind: "encode", Version: version, Params: json.RawMessage(params), Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		return catalog.SlotResult{Slot: "encode/0", Kind: "encode", Key: action.KeyOf(b), Preimage: b, State: state}
	}
	hash := func(digit string) action.Key { return action.Key(strings.Repeat(digit, 64)) }
	reads := func(role, digit string) map[string]action.Key { return map[string]action.Key{role: hash(digit)} }
	names := Explainer{
		recordings: map[string]string{string(hash("a")): "take-1.mp4", string(hash("b")): "take-2.mp4", string(hash("d")): "take-2.mp4"},
		tracks: map[action.Key]conference.Track{
			hash("1"): {Language: "es", Cues: []conference.Cue{{End: 1, Text: "Uno."}, {Start: 2, End: 3, Text: "Dos."}, {Start: 4, End: 5, Text: "Tres."}}},
			hash("2"): {Language: "es", Cues: []conference.Cue{{End: 1, Text: "Uno."}, {Start: 2, End: 3, Text: "¡Dos.!"}, {Start: 4, End: 5, Text: "Tres."}}},
		},
	}
	const whole = `{"range":{"from":0,"to":750},"pictures":{"rate":"25/1"},"encoding":{"crf":22},"title":"Loops"}`
	old := slot(catalog.SlotRan, 1, whole, reads("recording", "a"))
	changed := func(from, to string) string { return strings.Replace(whole, from, to, 1) }
	for name, c := range map[string]struct {
		before []catalog.SlotResult // the slot in earlier runs, from new to old
		now    catalog.SlotResult
		want   string
	}{
		"the first time":        {nil, old, "there was no such action before"},
		"its artifact went":     {[]catalog.SlotResult{old}, old, "nothing changed, but its artifact was missing from the store"},
		"it was interrupted":    {[]catalog.SlotResult{{Slot: old.Slot, Key: old.Key, Preimage: old.Preimage, State: catalog.SlotWaiting}}, old, "an earlier run did not finish it"},
		"the cut":               {[]catalog.SlotResult{old}, slot(catalog.SlotRan, 1, changed(`"from":0`, `"from":125`), reads("recording", "a")), "its start in the recording changed from 00:00:00 to 00:00:05"},
		"a setting":             {[]catalog.SlotResult{old}, slot(catalog.SlotRan, 1, changed(`22`, `23`), reads("recording", "a")), "crf changed from 22 to 23"},
		"the title":             {[]catalog.SlotResult{old}, slot(catalog.SlotRan, 1, changed(`Loops`, `On Loops`), reads("recording", "a")), "the title changed from “Loops” to “On Loops”"},
		"one more and one less": {[]catalog.SlotResult{old}, slot(catalog.SlotRan, 1, changed(`"title":"Loops"`, `"speakers":["Ada","Bob"]`), reads("recording", "a")), "the list of speakers was added: Ada, Bob; the title was removed; it was “Loops”"},
		"unnamed parameters":    {[]catalog.SlotResult{slot(catalog.SlotRan, 1, `{"a":{"b":[1,{}]}}`, nil)}, slot(catalog.SlotRan, 1, `{"a":{"b":[2,{"c":0}]}}`, nil), "a.b[1] changed from 1 to 2; a.b[2].c was added: 0"},
		"the recording":         {[]catalog.SlotResult{old}, slot(catalog.SlotRan, 1, whole, reads("recording", "b")), "the recording changed from take-1.mp4 to take-2.mp4"},
		"a recording of the same name": {
			[]catalog.SlotResult{slot(catalog.SlotRan, 1, whole, reads("recording/00000", "b"))}, slot(catalog.SlotRan, 1, whole, reads("recording/00000", "d")),
			"the content of the recording take-2.mp4 changed",
		},
		"what another action made": {[]catalog.SlotResult{old}, slot(catalog.SlotRan, 1, whole, reads("recording", "c")), "its input index/r1 changed"},
		"a caption": {
			[]catalog.SlotResult{slot(catalog.SlotRan, 1, `{"edition":"`+string(hash("a"))+`"}`, reads("track", "1"))},
			slot(catalog.SlotRan, 1, `{"edition":"`+string(hash("b"))+`"}`, reads("track", "2")),
			"the edition changed; the subtitles in es changed: cue 2 was edited",
		},
		"one track among several": {
			[]catalog.SlotResult{slot(catalog.SlotRan, 1, `{"tracks":[{"language":"es","revision":1}]}`, nil)},
			slot(catalog.SlotRan, 1, `{"tracks":[{"language":"en","revision":1},{"language":"es","revision":2}]}`, nil),
			"the subtitle track in en was added; the revision of the subtitles in es changed from 1 to 2",
		},
		"one more part before the last": {
			[]catalog.SlotResult{slot(catalog.SlotRan, 1, `{}`, map[string]action.Key{"segment/0": hash("1"), "segment/1": hash("2")})},
			slot(catalog.SlotRan, 1, `{}`, map[string]action.Key{"segment/0": hash("1"), "segment/1": hash("c"), "segment/2": hash("2")}),
			"its input index/r1 changed; the order of its inputs changed",
		},
		"a part of what is called one thing": {
			[]catalog.SlotResult{slot(catalog.SlotRan, 1, `{"tracks":[{"language":"es","source":{"remarks":[]}}]}`, nil)},
			slot(catalog.SlotRan, 1, `{"tracks":[{"language":"es","source":{"remarks":[],"size":9}}]}`, nil),
			"the subtitle file in es changed",
		},
		"an input that parameters name, too": {
			[]catalog.SlotResult{slot(catalog.SlotRan, 1, `{"entries":["`+string(hash("a"))+`"]}`, reads("video/a.mp4", "a"))},
			slot(catalog.SlotRan, 1, `{"entries":["`+string(hash("b"))+`"]}`, reads("video/a.mp4", "b")),
			"the file submitted as video/a.mp4 changed",
		},
		"Lectern itself": {[]catalog.SlotResult{old}, slot(catalog.SlotRan, 2, whole, reads("recording", "a")), "this version of Lectern makes it differently (version 2 of encode; it was 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			runs := []catalog.Run{{Slots: []catalog.SlotResult{c.now, {Slot: "index/r1", Key: hash("c")}}}, {Slots: []catalog.SlotResult{{Slot: "another"}}}}
			for _, b := range c.before {
				runs = append(runs, catalog.Run{Slots: []catalog.SlotResult{b}})
			}
			why, changes, err := names.Explain(runs, c.now)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, ch := range changes {
				said = append(said, ch.Text)
			}
			if len(said) > 0 && why == "changed since the last time" {
				why = strings.Join(said, "; ")
			}
			if why != c.want {
				t.Errorf("got  %s\nwant %s", why, c.want)
			}
		})
	}
}
