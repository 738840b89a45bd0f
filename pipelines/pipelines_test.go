package pipelines_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

func kinds() []pipelines.StageKind { return worker.PipelineKinds(worker.Kinds()) }

func TestLoad_BuiltinPipelines(t *testing.T) {
	names := pipelines.Names()
	if len(names) < 2 {
		t.Fatalf("shipped: %v", names)
	}
	for _, name := range names {
		p, err := pipelines.Load(name, kinds())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.About == "" {
			t.Errorf("%s does not say what it is about", name)
		}
	}
}

func TestLoad_Examples(t *testing.T) {
	examples, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(examples) < 2 {
		t.Fatalf("examples: %v, %v", examples, err)
	}
	for _, file := range examples {
		if _, err := pipelines.Load(file, kinds()); err != nil {
			t.Error(err)
		}
	}
}

// The examples name every key that an exec stage, and a rendition, may have.
func TestExamples_ExplainEveryKey(t *testing.T) {
	var text []byte
	for _, file := range []string{"examples/loudness.yaml", "examples/draft.yaml", "examples/renditions.yaml"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, b...)
	}
	for _, of := range []any{plan.ExecSettings{}, plan.ExecInput{}, plan.ExecOutput{}, plan.ExecTrack{}, plan.RenditionSettings{}, plan.SubtitledSettings{}} {
		for i := range reflect.TypeOf(of).NumField() {
			key := reflect.TypeOf(of).Field(i).Tag.Get("yaml")
			if !regexp.MustCompile(`\b` + key + `:`).Match(text) {
				t.Errorf("%T: no example has the key %q", of, key)
			}
		}
	}
}

// Each error has a line, and a suggestion for a misspelt word.
func TestParse_InvalidPipelines(t *testing.T) {
	const head = "stages:\n  - uses: probe\n  - {uses: index, needs: [probe]}\n"
	const bare = head + "  - uses: exec\n    needs: [index]\n    with:\n      inputs: {recording: {from: index}}\n"
	const exec = bare + "      outputs: {o: {}}\n"
	for _, c := range []struct {
		name, text string
		line       int
		says       string
	}{
		{"a misspelt kind", head + "  - uses: transcod\n", 4, `unknown stage kind "transcod", did you mean "encode"?`},
		{"a misspelt kind, almost right", head + "  - uses: encod\n", 4, `did you mean "encode"?`},
		{"a misspelt key", "stagse: []\n", 1, `unknown key "stagse", did you mean "stages"?`},
		{"a misspelt setting", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditons: []\n", 7, `did you mean "renditions"?`},
		{"a misspelt setting deep inside", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions:\n        - {hight: 720}\n", 8, `did you mean "height"?`},
		{"a stage that is not there", head + "  - {uses: analyse, needs: [indexx]}\n", 4, `needs "indexx", but no stage before it has this name, did you mean "index"?`},
		{"a need left out", head + "  - {uses: thumbnail, needs: [probe]}\n", 4, `needs a stage that uses "index"`},
		{"twice the same name", head + "  - {uses: index, needs: [probe]}\n", 4, `first on line 3`},
		{"an unknown codec", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{height: 720, codec: h266}]\n", 7, `unknown codec "h266"`},
		{"a container that a codec does not go into", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{height: 720, codec: vp9, container: mp4}]\n", 7, "vp9 cannot be stored in mp4; use webm"},
		{"an unknown container", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{height: 720, container: avi}]\n", 7, `unknown container "avi"`},
		{"a preset of another encoder", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{height: 720, codec: av1, preset: medium}]\n", 7, `unknown preset "medium"; av1 has 0, 1`},
		{"quality of what is without loss", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{height: 720, codec: ffv1, crf: 20}]\n", 7, "crf has no meaning for ffv1"},
		{"subtitles in no language", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{height: 720, subtitles: spanish}]\n", 7, "not a known language tag"},
		{"a number that is none", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{height: tall}]\n", 7, `tall`},
		{"an unknown profile", "stages:\n  - uses: captions\n    with:\n      profile: netflix-em\n", 4, `unknown profile "netflix-em", did you mean "netflix-en"?`},
		{"settings where there are none", "stages:\n  - {uses: probe, with: {x: 1}}\n", 2, "has no settings"},
		{"a stage with a slash", "stages:\n  - {name: a/b, uses: probe}\n", 2, "has a slash"},
		{"a rendition that leads elsewhere", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{name: ../x, height: 720}]\n", 7, `the name "../x" cannot be part of a file name`},
		{"two renditions of one name", head + "  - uses: encode\n    needs: [index]\n    with:\n      renditions: [{name: x, height: 720}, {name: x, height: 480}]\n", 7, `renditions 1 and 2 are both called "x"`},
		{"a program that is nowhere", exec + "      run: [./absent.sh, \"{output.o}\"]\n", 9, `the file "./absent.sh" cannot be read`},
		{"a program that has no outputs", head + "  - uses: exec\n    needs: [index]\n    with:\n      run: [echo]\n", 7, "has no outputs"},
		{"a program of no name", head + "  - uses: exec\n    with:\n      version: 2\n", 6, "runs nothing"},
		{"a placeholder misspelt", exec + "      run:\n        - cp\n        - \"{input.recrding}\"\n        - \"{output.o}\"\n", 11, `unknown placeholder {input.recrding}, did you mean "recording"?`},
		{"a kind of placeholder misspelt", exec + "      run: [cp, \"{inputs.recording}\", \"{output.o}\"]\n", 9, `unknown placeholder {inputs.recording}, did you mean "input"?`},
		{"an input that the program never gets", exec + "      run: [touch, \"{output.o}\"]\n", 7, `the input "recording" is never passed to the program`},
		{"an input from nowhere", head + "  - uses: exec\n    needs: [index]\n    with:\n      run: [cp, \"{input.i}\", \"{output.o}\"]\n      outputs: {o: {}}\n      inputs:\n        i: {from: indx}\n", 10, `is from "indx", which is not listed in needs, did you mean "index"?`},
		{"an input that no program can read", head + "  - uses: exec\n    needs: [probe]\n    with:\n      run: [cp, \"{input.i}\", \"{output.o}\"]\n      outputs: {o: {}}\n      inputs: {i: {from: probe}}\n", 9, `a program cannot read`},
		{"an input that says what means nothing", head + "  - uses: exec\n    needs: [index]\n    with:\n      run: [cp, \"{input.i}\", \"{output.o}\"]\n      outputs: {o: {}}\n      inputs: {i: {from: index, rendition: \"480\"}}\n", 9, `sets rendition, which is only for stages that use assemble`},
		{"a misspelt key of an input", head + "  - uses: exec\n    needs: [index]\n    with:\n      run: [cp, \"{input.i}\", \"{output.o}\"]\n      outputs: {o: {}}\n      inputs: {i: {form: index}}\n", 9, `unknown key "form", did you mean "from"?`},
		{"an output that leads elsewhere", bare + "      run: [cp, \"{input.recording}\", \"{output.o}\"]\n      outputs: {o: {path: ../x}}\n", 9, `"../x" is not a path inside a bundle`},
		{"an output where the bundle has its own", bare + "      run: [cp, \"{input.recording}\", \"{output.o}\"]\n      outputs: {o: {path: \"video/{talk.slug}.mp4\"}}\n", 9, `the path "video/{talk.slug}.mp4" is reserved`},
		{"an output that would be a video", bare + "      run: [cp, \"{input.recording}\", \"{output.o}\"]\n      outputs: {o: {path: x/y.mp4, role: video}}\n", 7, "cannot have the role video"},
		{"a title in a shell's script", exec + "      run: [sh, -c, \"cp {input.recording} {output.o}; echo {talk.title}\"]\n", 9, "where a shell could interpret"},
		{"an environment variable of no name", exec + "      run: [cp, \"{input.recording}\", \"{output.o}\"]\n      env: {a b: c}\n", 7, `"a b" is not a valid name for an environment variable`},
		{"a track in no language", bare + "      run: [cp, \"{input.recording}\", \"{output.o}\"]\n      outputs: {o: {track: {language: english-ish}}}\n", 7, "english-ish"},
		{"no time at all", exec + "      run: [cp, \"{input.recording}\", \"{output.o}\"]\n      timeout: 0s\n", 7, "a timeout of 0s is not between"},
		{"no bundle in the end", head, 3, `ends with index, so it makes no bundle`},
		{"no stages", "about: nothing\n", 1, "has no stages"},
		{"not YAML", "stages: [\n", 0, ""},
		{"nothing", "", 0, "is empty"},
		{"chunks too short", "about: x\nprogramme:\n  chunk: 1s\n" + head, 3, "a chunk of 1s is too short"},
		{"a card shorter than nothing", "programme: {closing: -1s}\n" + head, 1, "shorter than 0s"},
		{"a rate that is none", "programme: {rate: fast}\n" + head, 1, "frame rate"},
	} {
		_, err := pipelines.Parse("mine", "mine.yaml", []byte(c.text), kinds())
		var f *inputerr.Error
		if !errors.As(err, &f) {
			t.Errorf("%s: %v, want an input error", c.name, err)
			continue
		}
		if f.File != "mine.yaml" || c.line != 0 && f.Line != c.line || !strings.Contains(f.Problem, c.says) {
			t.Errorf("%s: %v; want line %d and %q", c.name, f, c.line, c.says)
		}
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	text, err := os.ReadFile("talk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := pipelines.Load(file, kinds())
	if err != nil || p.Name != "mine" {
		t.Errorf("Load(%s) = %q, %v", file, p.Name, err)
	}
	if _, err := pipelines.Load("talks", kinds()); err == nil || !strings.Contains(err.Error(), `did you mean "talk"?`) {
		t.Errorf("Load of a misspelt name: %v", err)
	}
}
