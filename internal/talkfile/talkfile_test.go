package talkfile

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
)

const examples = "../../testdata"

func TestRead_Examples(t *testing.T) {
	facts, err := Read(filepath.Join(examples, "talk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if facts.Talk.Title != "Prototyping APIs" || facts.Talk.Conference != "Small Interfaces 2026" {
		t.Errorf("read %+v", facts.Talk)
	}
	if facts.Conference.Name != facts.Talk.Conference {
		t.Errorf("the talk belongs to %q", facts.Conference.Name)
	}
	if n := len(facts.Talk.Chapters); n != 3 || facts.Talk.Chapters[2].At != 41*time.Second {
		t.Errorf("chapters %+v", facts.Talk.Chapters)
	}
}

func TestRead_ConferenceDefaults(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "all/conference.yaml", "name: Loops\nlicence: CC0\nlanguage: de\ntags: [loops, video]\nurl: https://loops.example.org\n")
	path := writeFile(t, dir, "talks/one.yaml", "title: One\ntags: [video, one]\nconference: ../all/conference.yaml\n")
	facts, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := conference.Talk{Title: "One", Conference: "Loops", Licence: "CC0", Language: "de", Tags: []string{"video", "one", "loops"}}
	if !reflect.DeepEqual(facts.Talk, want) {
		t.Errorf("got  %+v\nwant %+v", facts.Talk, want)
	}
	if facts.Conference != (conference.Conference{Name: "Loops", URL: "https://loops.example.org"}) {
		t.Errorf("the conference is %+v", facts.Conference)
	}
}

func TestRead_CardLanguage(t *testing.T) {
	const asks, calls, own = "cards: {language: es}\n", "conference: conference.yaml\n", "name: Loops\ncards: {language: de, font: Serif}\n"
	for _, c := range []struct {
		talk, conference string
		want             *conference.Cards
	}{
		{"title: x\n", own, nil},
		{"title: x\n" + asks, own, &conference.Cards{Language: "es"}},
		{"title: x\n" + calls, own, &conference.Cards{Language: "de", Font: "Serif"}},
		{"title: x\n" + calls + asks, own, &conference.Cards{Language: "es", Font: "Serif"}},
		{"title: x\n" + calls + asks, "name: Loops\n", &conference.Cards{Language: "es"}},
	} {
		dir := t.TempDir()
		writeFile(t, dir, "conference.yaml", c.conference)
		facts, err := Read(writeFile(t, dir, "talk.yaml", c.talk))
		if err != nil || !reflect.DeepEqual(facts.Conference.Cards, c.want) {
			t.Errorf("%q, %q: %+v, %v", c.talk, c.conference, facts.Conference.Cards, err)
		}
	}
}

func TestRead_InvalidFiles(t *testing.T) {
	for _, c := range []struct {
		name, talk, conference string
		file                   string
		line                   int
		says                   string
	}{
		{"a misspelt key", "title: x\nspeaker: [y]\n", "", "talk.yaml", 2, `unknown key "speaker", did you mean "speakers"?`},
		{"a day that never was", "title: x\ndate: 2026-02-30\n", "", "talk.yaml", 2, "is not a date"},
		{"a kind of its own", "kind: keynote\n", "", "talk.yaml", 1, `Write talk or tutorial`},
		{"a slug with a slash", "title: x\nslug: a/b\n", "", "talk.yaml", 2, "cannot be used in file names"},
		{"a conference that is not there", "title: x\nconference: none.yaml\n", "", "talk.yaml", 2, "none.yaml cannot be read"},
		{"a misspelt key of the conference", "conference: conference.yaml\n", "name: x\nlicense: y\n", "conference.yaml", 2, `did you mean "licence"?`},
		{"a conference without a name", "conference: conference.yaml\n", "licence: y\n", "conference.yaml", 0, "has no name for the conference"},
		{"a title in no language", "title: x\ntitles:\n  spanish: y\n", "", "talk.yaml", 3, "Did you mean es"},
		{"a title in one language twice", "title: x\ntitles:\n  pt-br: y\n  pt-BR: z\n", "", "talk.yaml", 4, "appears twice"},
		{"a link that is none", "title: x\nlinks:\n  - {url: slides.pdf}\n", "", "talk.yaml", 3, "https://"},
		{"a chapter at no time", "title: x\nchapters:\n  - {title: y}\n", "", "talk.yaml", 3, "has no time"},
		{"a chapter at two times", "begins: 9:00\nchapters:\n  - {title: y, at: 10, time: 9:30}\n", "", "talk.yaml", 3, "has two times"},
		{"a chapter without a title", "chapters:\n  - {at: 10}\n", "", "talk.yaml", 2, "no title"},
		{"a chapter at a strange time", "chapters:\n  - {title: x, at: noon}\n", "", "talk.yaml", 2, "is not a time"},
		{"a chapter by the time of day, of a recording at no time", "chapters:\n  - {title: x, time: 10:30}\n", "", "talk.yaml", 2, "begins: 09:00"},
		{"chapters out of order", "chapters:\n  - {title: x, at: 1:00}\n  - {title: y, at: 0:30}\n", "", "talk.yaml", 3, "does not begin after the one before it"},
		{"a misspelt key of a chapter", "chapters:\n  - {title: x, at: 1:00}\n  - {titel: y, at: 1:30}\n", "", "talk.yaml", 3, `did you mean "title"?`},
		{"a description with a misspelt word", "conference: conference.yaml\n", "name: x\ndescription: |\n  {abstract}\n  {license}\n", "conference.yaml", 4, `did you mean "licence"?`},
		{"a list where a text should be", "title: [x]\n", "", "talk.yaml", 1, `"title" needs a text, not a list`},
		{"a text where a list should be", "title: x\nspeakers: Ann\n", "", "talk.yaml", 2, "Write it in brackets, [Ann]"},
		{"a text where keys should be", "sound: loud\n", "", "talk.yaml", 1, "floor, high-pass, interpreters"},
		{"a list where a font should be", "conference: conference.yaml\n", "name: x\ncards:\n  font: [x]\n", "conference.yaml", 3, `"font" needs a text, not a list`},
		{"a word where a number should be", "sound: {high-pass: 80 Hz}\n", "", "talk.yaml", 1, `"high-pass" needs a whole number, not "80 Hz"`},
		{"a list alone", "- title\n", "", "talk.yaml", 1, "expected a mapping, found a list"},
		{"two documents", "title: x\n---\ntitle: y\n", "", "talk.yaml", 2, "a second document"},
		{"a title of blanks", "slug: x\ntitle: ' '\n", "", "talk.yaml", 2, "this value is empty"},
		{"a speaker without a name", "speakers: [x, '']\n", "", "talk.yaml", 1, "this value is empty"},
		{"a page that is none", "title: x\nurl: my page\n", "", "talk.yaml", 2, "https://"},
		{"a link to nowhere", "title: x\nlinks:\n  - {title: Slides}\n", "", "talk.yaml", 3, "has no url"},
		{"a passage that is none", "mute:\n  - 00:12\n", "", "talk.yaml", 2, "FROM-TO"},
		{"a passage backwards", "blank:\n  - 00:12-00:10\n", "", "talk.yaml", 2, "ends before it begins"},
		{"an interpreter in no language", "sound:\n  interpreters:\n    - {stream: 2}\n", "", "talk.yaml", 3, "no language"},
		{"an interpreter in the talk's own", "language: en\nsound:\n  interpreters:\n    - {language: en, stream: 2}\n", "", "talk.yaml", 4, "two audio tracks would be in English"},
		{"an interpreter where the talk is", "sound:\n  interpreters:\n    - {language: es}\n", "", "talk.yaml", 3, "has the same audio"},
		{"an interpreter on one side, and the talk on both", "sound:\n  interpreters:\n    - {language: es, channels: right}\n", "", "talk.yaml", 3, "under floor:"},
		{"two interpreters in one place", "sound:\n  interpreters:\n    - {language: es, stream: 2}\n    - {language: fr, stream: 2}\n", "", "talk.yaml", 4, "into French"},
		{"a sound before the first", "sound:\n  floor: {stream: 0}\n", "", "talk.yaml", 2, "counted from 1"},
		{"a share of no picture", "picture: {share: 60}\n", "", "talk.yaml", 1, "none is given"},
		{"only clips, and none", "conference: conference.yaml\n", "name: x\ncards:\n  only-clips: true\n", "conference.yaml", 3, "there is no clip"},
		{"a channel that is none", "sound:\n  floor: {channels: lefft}\n", "", "talk.yaml", 2, `did you mean "left"`},
		{"a sound that cannot be", "sound:\n  floor: {stream: -1}\n", "", "talk.yaml", 2, "counted from 1"},
		{"a high-pass that takes the voice", "sound:\n  high-pass: 3000\n", "", "talk.yaml", 2, "between 20 and 300"},
		{"a way with noise that is none", "sound:\n  noise: away\n", "", "talk.yaml", 2, "keep, gentle"},
		{"a picture beside itself", "picture: {stream: 2, beside: 2}\n", "", "talk.yaml", 1, "beside itself"},
		{"the first beside itself", "picture: {beside: 1}\n", "", "talk.yaml", 1, "beside itself"},
		{"a share of one picture", "picture: {stream: 2, share: 50}\n", "", "talk.yaml", 1, "only one is given"},
		{"a share that leaves nothing", "picture: {beside: 2, share: 95}\n", "", "talk.yaml", 1, "not between 30 and 80"},
		{"a picture that cannot be", "picture: {stream: 0}\n", "", "talk.yaml", 1, "counted from 1"},
		{"something that cannot stand in", "stand-in: {sound: music}\n", "", "talk.yaml", 1, "Known values: silence"},
		{"a background that is not there", "conference: conference.yaml\n", "name: x\ncards:\n  background: none.png\n", "conference.yaml", 3, "none.png does not exist"},
		{"a background that is none", "conference: conference.yaml\n", "name: x\ncards:\n  background: talk.yaml\n", "conference.yaml", 3, "cannot be the background"},
		{"a clip that is none", "conference: conference.yaml\n", "name: x\ncards:\n  opening-clip: talk.yaml\n", "conference.yaml", 3, "is not a video clip"},
		{"a place beside the card", "conference: conference.yaml\n", "name: x\ncards:\n  title: {x: 50, y: 10, width: 60}\n", "conference.yaml", 3, "outside of the card"},
		{"a place of no width", "conference: conference.yaml\n", "name: x\ncards:\n  date: {x: 50, y: 10}\n", "conference.yaml", 3, "outside of the card"},
		{"a colour that is none", "conference: conference.yaml\n", "name: x\ncards:\n  title: {x: 5, y: 10, width: 60, colour: red}\n", "conference.yaml", 3, `"red" is not a colour`},
		{"a logo that is no PNG", "conference: conference.yaml\n", "name: x\ncards:\n  logo: {file: talk.yaml, x: 5, y: 10, width: 60}\n", "conference.yaml", 3, "is not a PNG"},
		{"a misspelt key of a place", "conference: conference.yaml\n", "name: x\ncards:\n  title: {x: 5, y: 10, widht: 60}\n", "conference.yaml", 3, `did you mean "width"?`},
		{"a picture that cannot stand in", "stand-in: {picture: cat}\n", "", "talk.yaml", 1, "Known values: waveform"},
		{"cards in no language", "title: x\ncards: {language: spanish}\n", "", "talk.yaml", 2, "Did you mean es"},
		{"a look in a talk's file", "title: x\ncards:\n  font: Serif\n", "", "talk.yaml", 3, "unknown key \"font\""},
		{"nothing", "", "", "talk.yaml", 0, "is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := writeFile(t, dir, "talk.yaml", c.talk)
			if c.conference != "" {
				writeFile(t, dir, "conference.yaml", c.conference)
			}
			_, err := Read(path)
			var f *inputerr.Error
			if !errors.As(err, &f) {
				t.Fatalf("got %v, want an input error", err)
			}
			if filepath.Base(f.File) != c.file || f.Line != c.line || !strings.Contains(f.Error(), c.says) {
				t.Errorf("got %v, want %s:%d … %s", f, c.file, c.line, c.says)
			}
		})
	}
}

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// disabledKey matches the # before a key that an example has commented out. In other comments, one
// space follows the #.
var disabledKey = regexp.MustCompile(`(?m)^#(\S|  )`)

// Every key has documentation, and the examples show every key and no other.
func TestExamples_ShowEveryKey(t *testing.T) {
	for form, typ := range schemaTypes {
		text, err := os.ReadFile(filepath.Join(examples, form+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		text = disabledKey.ReplaceAll(text, []byte("$1"))
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		used := reflect.New(typ)
		if err := strictyaml.Decode(form+".yaml", text, used.Interface()); err != nil {
			t.Errorf("the commented-out keys are invalid: %v", err)
		}
		shown := make(map[string]bool)
		collectKeys(doc.Content[0], "", shown)
		forEachKey(typ, "", func(key, doc string) {
			if !shown[key] {
				t.Errorf("testdata/%s.yaml does not show %q", form, key)
			}
			if doc == "" {
				t.Errorf("the key %q of %s.yaml is not documented", key, form)
			}
		})
	}
}

// collectKeys adds the path of every key in a document, such as "cards.title.x", to into.
func collectKeys(node *yaml.Node, above string, into map[string]bool) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := above + node.Content[i].Value
			into[key] = true
			collectKeys(node.Content[i+1], key+".", into)
		}
	case yaml.SequenceNode:
		for _, item := range node.Content {
			collectKeys(item, above, into)
		}
	}
}

// forEachKey calls do for each key of a type, at any depth.
func forEachKey(t reflect.Type, above string, do func(key, doc string)) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if _, own := reflect.Zero(t).Interface().(schemaProvider); own || t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("yaml")
		if name == "" {
			continue
		}
		do(above+name, f.Tag.Get("doc"))
		forEachKey(f.Type, above+name+".", do)
	}
}

var update = flag.Bool("update", false, "write the schemas in testdata")

// The schemas in testdata match the code. go test ./internal/talkfile -update writes them.
func TestSchema_PublishedFilesAreCurrent(t *testing.T) {
	for form := range schemaTypes {
		want, err := Schema(form)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(examples, form+".schema.json")
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
			t.Errorf("%s is out of date (%v): run go test ./internal/talkfile -update", path, err)
		}
	}
}
