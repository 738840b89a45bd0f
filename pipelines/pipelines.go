// Package pipelines holds the built-in pipelines, one YAML file each, and parses those that people
// write. A pipeline lists the stages that a talk goes through, with what each needs and its
// settings.
package pipelines

import (
	"cmp"
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
	"github.com/lectern-av/lectern/internal/timeline"
)

//go:embed *.yaml
var builtin embed.FS

// Pipeline is a parsed and valid definition.
type Pipeline struct {
	Name      string
	File      string // path or name of the file, for messages
	Text      string // the YAML
	About     string
	Programme Programme
	Stages    []Stage // each after those that it needs
}

// Programme holds the settings for the programme as a whole.
type Programme struct {
	Opening time.Duration  `yaml:"opening" json:"opening"` // duration of the opening card; 0s: no card
	Closing time.Duration  `yaml:"closing" json:"closing"` // duration of the closing card; 0s: no card
	Chunk   time.Duration  `yaml:"chunk" json:"chunk"`     // length of an encoded chunk
	Rate    *timeline.Rate `yaml:"rate" json:"rate"`       // frames per second; nil: the first recording's
}

// Stage is a named step of a pipeline.
type Stage struct {
	Name  string
	Uses  string   // the name of its StageKind
	Needs []string // names of earlier stages
	With  any      // the settings, of the type that the kind's With returns
	Line  int      // of the file
}

// StageKind is a kind of stage that pipelines can use.
type StageKind struct {
	Name       string
	Synonyms   []string                            // other words for it, for suggestions
	Needs      []string                            // kinds of which a stage must be listed in needs
	With       func() any                          // returns a pointer to a struct with yaml tags and default settings; nil: no settings
	Check      func(with any) error                // checks the settings; the error gets the line of the stage unless it is an *inputerr.Error with one
	CheckOrder func(s Stage, before []Stage) error // likewise, checks a stage against those before it
	Unique     bool                                // whether a pipeline can have only one stage of this kind
	Terminal   bool                                // whether a pipeline must end with a stage of this kind
}

// minChunk is the shortest chunk; with shorter ones, encoders would work inefficiently.
const minChunk = 5 * time.Second

// definition is the content of a pipeline file.
type definition struct {
	About     string    `yaml:"about"`
	Programme Programme `yaml:"programme"`
	Stages    []struct {
		Name  string    `yaml:"name"`
		Uses  string    `yaml:"uses"`
		Needs []string  `yaml:"needs"`
		With  yaml.Node `yaml:"with"`
	} `yaml:"stages"`
}

// Names returns the names of the built-in pipelines, in alphabetical order.
func Names() []string {
	files, _ := fs.Glob(builtin, "*.yaml") // fails only for a bad pattern
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".yaml")
	}
	return files
}

// Load returns the built-in pipeline of that name, or parses the file at that path. kinds are the
// kinds of stages that it can use. Every error is an *inputerr.Error.
func Load(nameOrFile string, kinds []StageKind) (Pipeline, error) {
	if slices.Contains(Names(), nameOrFile) {
		text, err := builtin.ReadFile(nameOrFile + ".yaml")
		if err != nil {
			return Pipeline{}, err
		}
		return Parse(nameOrFile, "pipelines/"+nameOrFile+".yaml", text, kinds)
	}
	text, err := os.ReadFile(nameOrFile)
	if err != nil {
		f := inputerr.New(nameOrFile, "is neither the name of a pipeline nor a readable file%s",
			strictyaml.DidYouMean(nameOrFile, Names()))
		return Pipeline{}, f.Hint("Use one of the built-in pipelines (%s), or give the path of a YAML file.", strings.Join(Names(), ", "))
	}
	name := nameOrFile[strings.LastIndexByte(nameOrFile, '/')+1:]
	return Parse(strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml"), nameOrFile, text, kinds)
}

// Parse parses a definition and checks it against the kinds of stages. filename is for messages.
// Every error is an *inputerr.Error with a line.
func Parse(name, filename string, text []byte, kinds []StageKind) (Pipeline, error) {
	f := definition{Programme: Programme{Chunk: 30 * time.Second}}
	if err := strictyaml.Decode(filename, text, &f); err != nil {
		return Pipeline{}, err
	}
	var root struct { // decoded again for the line numbers
		Programme yaml.Node   `yaml:"programme"`
		Stages    []yaml.Node `yaml:"stages"`
	}
	if err := yaml.Unmarshal(text, &root); err != nil {
		return Pipeline{}, inputerr.New(filename, "%v", err)
	}
	if len(f.Stages) == 0 {
		return Pipeline{}, inputerr.New(filename, "has no stages").At(1).Hint("See pipelines/talk.yaml for an example.")
	}
	if f.Programme.Chunk < minChunk {
		return Pipeline{}, inputerr.New(filename, "a chunk of %v is too short", f.Programme.Chunk).
			At(root.Programme.Line).Hint("Use at least %v; 30s is a good choice.", minChunk)
	}
	if f.Programme.Opening < 0 || f.Programme.Closing < 0 {
		return Pipeline{}, inputerr.New(filename, "a card cannot be shorter than 0s").At(root.Programme.Line)
	}
	p := Pipeline{Name: name, File: filename, Text: string(text), About: f.About, Programme: f.Programme}
	for i, s := range f.Stages {
		stage := Stage{Name: s.Name, Uses: s.Uses, Needs: s.Needs, Line: root.Stages[i].Line}
		if stage.Name == "" {
			stage.Name = stage.Uses
		}
		if err := p.addStage(stage, &s.With, kinds); err != nil {
			return Pipeline{}, err
		}
	}
	return p, p.checkLastStage(kinds)
}

// checkLastStage returns an error if the pipeline does not end with a stage of a Terminal kind. If
// kinds has none, any stage may be the last.
func (p *Pipeline) checkLastStage(kinds []StageKind) error {
	last := p.Stages[len(p.Stages)-1]
	var names []string
	for _, k := range kinds {
		if k.Terminal {
			names = append(names, k.Name)
		}
	}
	if len(names) == 0 || slices.Contains(names, last.Uses) {
		return nil
	}
	return inputerr.New(p.File, "ends with %s, so it makes no bundle", last.Name).At(last.Line).
		Hint("End with a stage that uses %q.", strings.Join(names, " or "))
}

// addStage checks a stage and its settings, the node with, and appends it to the pipeline. It
// returns an *inputerr.Error, on the line of the stage or of the setting at fault, if the kind is
// unknown, the name was used before or has a slash, a Unique kind is there already, a stage that it
// needs does not come before it, or the settings are invalid.
func (p *Pipeline) addStage(s Stage, with *yaml.Node, kinds []StageKind) error {
	refuse := func(format string, args ...any) *inputerr.Error {
		return inputerr.New(p.File, format, args...).At(s.Line)
	}
	kind, ok := findKind(kinds, s.Uses)
	if !ok {
		return refuse("unknown stage kind %q%s", s.Uses, suggestKind(s.Uses, kinds)).
			Hint("Known kinds: %s.", strings.Join(kindNames(kinds), ", "))
	}
	if strings.Contains(s.Name, "/") {
		return refuse("the name %q has a slash", s.Name).Hint("Use a hyphen instead.")
	}
	for _, before := range p.Stages {
		if before.Name == s.Name {
			return refuse("a second stage has the name %q, first on line %d", s.Name, before.Line).
				Hint("Give one of them another name.")
		}
		if before.Uses == s.Uses && kind.Unique {
			return refuse("a second %q stage, first on line %d", s.Uses, before.Line).Hint("Several stages can need the same one.")
		}
	}
	needed := make(map[string]bool)
	for _, name := range s.Needs {
		i := slices.IndexFunc(p.Stages, func(b Stage) bool { return b.Name == name })
		if i < 0 {
			return refuse("%s needs %q, but no stage before it has this name%s", s.Name, name,
				strictyaml.DidYouMean(name, p.stageNames()))
		}
		needed[p.Stages[i].Uses] = true
	}
	for _, k := range kind.Needs {
		if !needed[k] {
			return refuse("%s needs a stage that uses %q", s.Name, k).
				Hint("Add one before it, and its name to needs: […].")
		}
	}
	if err := s.decodeSettings(p.File, kind, with); err != nil {
		return err
	}
	if kind.CheckOrder != nil {
		if err := kind.CheckOrder(s, p.Stages); err != nil {
			return s.errorAt(p.File, s.Line, err)
		}
	}
	p.Stages = append(p.Stages, s)
	return nil
}

// decodeSettings decodes and checks the settings under with:, and reads the files that they attach.
// Without the key, the stage has the default settings of its kind.
func (s *Stage) decodeSettings(filename string, kind StageKind, with *yaml.Node) error {
	given := with.Kind != 0
	if kind.With == nil {
		if given {
			return inputerr.New(filename, "%s has no settings", s.Uses).At(with.Line)
		}
		return nil
	}
	s.With = kind.With()
	if given {
		if err := strictyaml.DecodeNode(filename, with, s.With); err != nil {
			return err
		}
	}
	line := s.Line
	if given {
		line = with.Line
	}
	if of, ok := s.With.(interface{ AttachedFiles() []*AttachedFile }); ok {
		for _, f := range of.AttachedFiles() {
			if err := f.read(filepath.Dir(filename)); err != nil {
				return s.errorAt(filename, line, err)
			}
		}
	}
	if kind.Check == nil {
		return nil
	}
	if err := kind.Check(s.With); err != nil {
		return s.errorAt(filename, line, err)
	}
	return nil
}

// errorAt returns err as an error about the stage, on err's own line or else on line.
func (s Stage) errorAt(filename string, line int, err error) error {
	if f := inputerr.As(err); f != nil {
		at := *f
		at.File, at.Line, at.Problem = filename, cmp.Or(f.Line, line), s.Name+": "+f.Problem
		return &at
	}
	return inputerr.New(filename, "%s: %v", s.Name, err).At(line)
}

func (p Pipeline) stageNames() []string {
	names := make([]string, len(p.Stages))
	for i, s := range p.Stages {
		names[i] = s.Name
	}
	return names
}

func findKind(kinds []StageKind, name string) (StageKind, bool) {
	i := slices.IndexFunc(kinds, func(k StageKind) bool { return k.Name == name })
	if i < 0 {
		return StageKind{}, false
	}
	return kinds[i], true
}

func kindNames(kinds []StageKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return names
}

// suggestKind returns `, did you mean "encode"?` for a word near the name of a kind or one of its
// synonyms, such as "transcod", or "".
func suggestKind(word string, kinds []StageKind) string {
	meant := make(map[string]string)
	var words []string
	for _, k := range kinds {
		for _, w := range append([]string{k.Name}, k.Synonyms...) {
			meant[w] = k.Name
			words = append(words, w)
		}
	}
	if near, ok := strictyaml.Nearest(word, words); ok {
		return `, did you mean "` + meant[near] + `"?`
	}
	return ""
}
