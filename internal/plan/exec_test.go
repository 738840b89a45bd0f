package plan_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
)

// withExec returns a talk's pipeline with further stages, given as YAML, before the bundle
// stage, which needs all of them. names lists their names.
func withExec(names, stages string) string {
	return `programme: {opening: 5s, closing: 4s}
stages:
  - {uses: probe}
  - {uses: index, needs: [probe]}
  - {uses: analyse, needs: [index]}
  - {uses: encode, needs: [index], with: {renditions: [{height: 720}, {height: 480}]}}
  - {uses: card, needs: [encode]}
  - {uses: audio, needs: [index, analyse]}
  - {uses: assemble, needs: [card, encode, audio]}
  - {uses: captions}
` + stages + `
  - {uses: bundle, needs: [assemble, captions, ` + names + `]}
`
}

func execStage(name, needs, with string) string {
	return "  - {name: " + name + ", uses: exec, needs: [" + needs + "], with: {" + with + "}}\n"
}

// twoRecordings returns a fixture with two recordings of half an hour each.
func twoRecordings() planFixture {
	w := newFixture()
	w.facts.Recordings = append(w.facts.Recordings, conference.Recording{SHA256: strings.Repeat("b", 64), Name: "two.mp4"})
	w.probes = append(w.probes, recording(half))
	return w
}

// execAction returns the action in a slot, with its parameters; ok is false if there is none.
func execAction(t *testing.T, g plan.Graph, slot string) (a action.Action, spec plan.ExecSpec, ok bool) {
	t.Helper()
	i := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Slot == slot })
	if i < 0 {
		return a, spec, false
	}
	a = g.Actions[i]
	if err := json.Unmarshal(a.Params, &spec); err != nil {
		t.Fatal(err)
	}
	return a, spec, true
}

// TestExec_Inputs checks which files a program gets for each kind of input.
func TestExec_Inputs(t *testing.T) {
	for _, c := range []struct {
		name, needs, input string
		roles              int
		file               string
		says               string // where there is nothing to read
	}{
		{"all recordings", "index", "{from: index}", 2, "recording.mkv", ""},
		{"one of them", "index", "{from: index, recording: 2}", 1, "recording.mkv", ""},
		{"one that is not there", "index", "{from: index, recording: 3}", 0, "", "asks for recording 3, but there are only 2"},
		{"what was heard", "analyse", "{from: analyse, recording: 1}", 1, "", ""},
		{"the sound", "audio", "{from: audio}", 1, "sound.m4a", ""},
		{"the highest rendition", "assemble", "{from: assemble}", 1, "video.mp4", ""},
		{"another", "assemble", `{from: assemble, rendition: "480"}`, 1, "video.mp4", ""},
		{"one that is not there", "assemble", `{from: assemble, rendition: "360"}`, 0, "", "matches none of the files of \"assemble\". It has apis-720.mp4, apis-480.mp4"},
		{"captions in the talk's language", "captions", "{from: captions}", 1, "captions.srt", ""},
		{"as WebVTT", "captions", "{from: captions, format: vtt}", 1, "captions.vtt", ""},
		{"the talk itself", "", "{from: talk}", 1, "given", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := twoRecordings()
			w.pipeline = withExec("mine", execStage("mine", c.needs, `run: [cp, "{input.i}", "{output.o}"], outputs: {o: {path: "x/{talk.slug}.txt"}}, inputs: {i: `+c.input+"}"))
			g, err := w.plan(t)
			if c.says != "" {
				var f *inputerr.Error
				if !errors.As(err, &f) || f.Line == 0 || f.File != "mine.yaml" || !strings.Contains(f.Error(), c.says) {
					t.Fatalf("%v; want a fault with a line that says %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			a, spec, ok := execAction(t, g, "mine")
			if !ok || len(a.Inputs) != c.roles || len(spec.Inputs["i"]) != c.roles || spec.Inputs["i"][0] != c.file {
				t.Errorf("it reads %v as %q", a.Inputs, spec.Inputs)
			}
			var b plan.BundleSpec
			if err := json.Unmarshal(g.Actions[len(g.Actions)-1].Params, &b); err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(b.Entries, func(e plan.BundleEntry) bool { return e.Path == "x/apis.txt" })
			if i < 0 || b.Entries[i].Role != "extra" || b.Entries[i].File != "o.txt" || b.Entries[i].Key != a.Key {
				t.Errorf("the bundle has %+v", b.Entries)
			}
		})
	}
}

// A stage is left out if the talk lacks what it reads, and so is a stage that reads from it.
func TestExec_StageLeftOut(t *testing.T) {
	w := newFixture()
	w.pipeline = withExec("one, two",
		execStage("one", "captions", `run: [cp, "{input.i}", "{output.o}"], outputs: {o: {}}, inputs: {i: {from: captions, language: fr}}`)+
			execStage("two", "one", `run: [cp, "{input.i}", "{output.o}"], outputs: {o: {path: x/y}}, inputs: {i: {from: one}}`))
	g, err := w.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		if _, _, ok := execAction(t, g, name); ok {
			t.Errorf("the stage %s is there", name)
		}
	}
	if want := []string{"the stage one is left out: the talk has no subtitles in French", "the stage two is left out, because one is"}; !slices.Equal(g.Notes, want) {
		t.Errorf("notes %q, want %q", g.Notes, want)
	}
	w.facts.Tracks = append(w.facts.Tracks, conference.Track{Language: "fr", Revision: 1, Cues: w.facts.Tracks[0].Cues})
	if g, err = w.plan(t); err != nil {
		t.Fatal(err)
	}
	one, _, _ := execAction(t, g, "one")
	if two, _, ok := execAction(t, g, "two"); !ok || two.Inputs["input/i/00000"] != one.Key {
		t.Errorf("with French subtitles, two reads %v; one is %s", two.Inputs, one.Key)
	}
}

// A key depends on everything that decides the output, and on nothing else.
func TestExec_ActionKeys(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "a.sh")
	key := func(text, with string) action.Key {
		t.Helper()
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w := newFixture()
		w.pipeline = withExec("mine", execStage("mine", "index", with))
		g, err := w.plan(t)
		if err != nil {
			t.Fatal(err)
		}
		a, _, _ := execAction(t, g, "mine")
		return a.Key
	}
	with := `run: [` + script + `, "{input.i}", "{output.o}", "{param.p}"], inputs: {i: {from: index}}, outputs: {o: {path: x/y.txt}}, params: {p: 1}`
	was := key("#!/bin/sh", with)
	for _, c := range []struct {
		name, text, with string
		same             bool
	}{
		{"the same", "#!/bin/sh", with, true},
		{"another time to do it in", "#!/bin/sh", with + ", timeout: 2h", true},
		{"another place in the bundle", "#!/bin/sh", strings.Replace(with, "x/y", "z/z", 1), true},
		{"the version that it has anyway", "#!/bin/sh", with + ", version: 1", true},
		{"another program", "#!/bin/sh\n", with, false},
		{"another parameter", "#!/bin/sh", strings.Replace(with, "p: 1", "p: 2", 1), false},
		{"another version", "#!/bin/sh", with + ", version: 2", false},
		{"another environment", "#!/bin/sh", with + ", env: {A: b}", false},
	} {
		if now := key(c.text, c.with); (now == was) != c.same {
			t.Errorf("%s: the same key: %v, want %v", c.name, now == was, c.same)
		}
	}
}

// Draft subtitles are converted from the clock of the program's inputs, and never count as
// approved.
func TestExec_SubtitleDrafts(t *testing.T) {
	const draft = `run: [hear, "{input.i}", "{output.o}"], outputs: {o: {track: {%}}}, inputs: {i: `
	for _, c := range []struct {
		name, needs, with, track string
		offset                   time.Duration
		programme                bool
		says                     string
	}{
		{"of the first recording", "index", "{from: index, recording: 1}", "", 0, false, ""},
		{"of the second", "index", "{from: index, recording: 2}", "", half, false, ""},
		{"of the programme", "audio", "{from: audio}", "", 0, true, ""},
		{"of two recordings", "index", "{from: index}", "", 0, false, `it is not clear which clock the times of the output "o" refer to`},
		{"of two, end to end", "index", "{from: index}", "time: reel", 0, false, ""},
		{"of what has no clock", "", "{from: talk}", "", 0, false, "not clear"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := twoRecordings()
			w.facts.Tracks = nil
			w.pipeline = withExec("mine", execStage("mine", c.needs, strings.Replace(draft, "%", c.track, 1)+c.with+"}"))
			g, err := w.plan(t)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v; want %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			a, spec, _ := execAction(t, g, "mine")
			if d := spec.Draft; d == nil || d.Language != "en" || d.Offset != c.offset || (d.Programme != nil) != c.programme {
				t.Errorf("drafts %+v", d)
			}
			i := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Kind == "captions" })
			if i < 0 || g.Actions[i].Inputs["track"] != a.Key {
				t.Errorf("no captions action reads them: %+v", g.Actions)
			}
			var b plan.BundleSpec
			if err := json.Unmarshal(g.Actions[len(g.Actions)-1].Params, &b); err != nil {
				t.Fatal(err)
			}
			if len(b.Tracks) != 1 || b.Tracks[0].State != conference.TrackDraft {
				t.Errorf("the bundle has the tracks %+v", b.Tracks)
			}
			for _, e := range b.Entries {
				if e.Role == "captions" && !strings.HasPrefix(e.Path, "drafts/") {
					t.Errorf("a draft is at %s", e.Path)
				}
			}
		})
	}
}

func TestBundle_DuplicatePathRefused(t *testing.T) {
	w := newFixture()
	one := `, run: [touch, "{output.o}"], outputs: {o: {path: x/y}}`
	w.pipeline = withExec("one, two", execStage("one", "index", "version: 1"+one)+execStage("two", "index", "version: 2"+one))
	if _, err := w.plan(t); err == nil || !strings.Contains(err.Error(), "two files of the bundle would be called x/y") {
		t.Errorf("%v", err)
	}
}

// loadShipped loads one of the pipelines that come with Lectern.
func loadShipped(name string) (pipelines.Pipeline, error) {
	return pipelines.Load(name, plan.PipelineKinds(kinds()))
}

func unmarshal(t *testing.T, b []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}
