// Package pipelines holds the pipelines that Lectern ships, one YAML file each, and
// reads those that people write: which stages a talk goes through, what each needs and
// with which settings.
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

// Pipeline is a valid definition.
type Pipeline struct {
	Name      string
	File      string // as people know it, for messages
	Text      string // the definition itself
	About     string
	Programme Programme
	Stages    []Stage // each after the ones it needs
}

// Programme is what a pipeline says of the programme as a whole.
type Programme struct {
	Opening time.Duration  `yaml:"opening" json:"opening"` // how long the opening card stands; 0s: none
	Closing time.Duration  `yaml:"closing" json:"closing"` // likewise
	Chunk   time.Duration  `yaml:"chunk" json:"chunk"`     // how much is encoded at a time
	Rate    *timeline.Rate `yaml:"rate" json:"rate"`       // frames a second; unset: the first recording's
}

// Stage is one named step.
type Stage struct {
	Name  string
	Uses  string   // the name of its Kind
	Needs []string // names of earlier stages
	With  any      // the kind's settings, as its With gave them
	Line  int      // where it stands in the file
}

// StageKind is a kind of stage that a pipeline may use.
type StageKind struct {
	Name       string
	Synonyms   []string                            // words people use for it, to guess what was meant
	Needs      []string                            // kinds of which a stage must be needed, directly
	With       func() any                          // its settings with their defaults: a pointer to a struct with yaml tags; nil if it has none
	Check      func(with any) error                // what it returns is said with the stage's line; a *inputerr.Error may have a line of its own
	CheckOrder func(s Stage, before []Stage) error // likewise, of a stage among those that stand before it
	Unique     bool                                // at most one stage of a pipeline may be of it
	Terminal   bool                                // every pipeline ends with a stage of it
}

// minChunk keeps encoders from starting anew too often to be good at it.
const minChunk = 5 * time.Second

// definition is the form of a definition.
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

// Names are the pipelines that Lectern ships.
func Names() []string {
	files, _ := fs.Glob(builtin, "*.yaml") // cannot fail: the pattern is right
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".yaml")
	}
	return files
}

// Load finds a pipeline by the name of a shipped one, or reads the file of that path.
// What is wrong with it is a *inputerr.Error.
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
		f := inputerr.New(nameOrFile, "is neither a pipeline's name nor a file that can be read%s",
			strictyaml.DidYouMean(nameOrFile, Names()))
		return Pipeline{}, f.Hint("Shipped: %s; or give the path of a YAML file.", strings.Join(Names(), ", "))
	}
	name := nameOrFile[strings.LastIndexByte(nameOrFile, '/')+1:]
	return Parse(strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml"), nameOrFile, text, kinds)
}

// Parse reads a definition. The file's name is for messages. Every error is a
// *inputerr.Error with a line.
func Parse(name, filename string, text []byte, kinds []StageKind) (Pipeline, error) {
	f := definition{Programme: Programme{Chunk: 30 * time.Second}}
	if err := strictyaml.Decode(filename, text, &f); err != nil {
		return Pipeline{}, err
	}
	var root struct { // once more, for the lines
		Programme yaml.Node   `yaml:"programme"`
		Stages    []yaml.Node `yaml:"stages"`
	}
	if err := yaml.Unmarshal(text, &root); err != nil {
		return Pipeline{}, inputerr.New(filename, "%v", err)
	}
	if len(f.Stages) == 0 {
		return Pipeline{}, inputerr.New(filename, "has no stages").At(1).Hint("See pipelines/talk.yaml for a whole one.")
	}
	if f.Programme.Chunk < minChunk {
		return Pipeline{}, inputerr.New(filename, "a chunk of %v is too short", f.Programme.Chunk).
			At(root.Programme.Line).Hint("Make it %v at least; 30s serves well.", minChunk)
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

// checkLastStage checks that the last stage is of a kind that a pipeline can end with.
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
	return inputerr.New(p.File, "ends with %s, so nothing is published", last.Name).At(last.Line).
		Hint("Let the last stage use %q.", strings.Join(names, " or "))
}

// addStage checks a stage against those before it and appends it.
func (p *Pipeline) addStage(s Stage, with *yaml.Node, kinds []StageKind) error {
	wrong := func(format string, args ...any) *inputerr.Error {
		return inputerr.New(p.File, format, args...).At(s.Line)
	}
	kind, ok := findKind(kinds, s.Uses)
	if !ok {
		return wrong("unknown stage kind %q%s", s.Uses, suggestKind(s.Uses, kinds)).
			Hint("Known: %s.", strings.Join(kindNames(kinds), ", "))
	}
	if strings.Contains(s.Name, "/") {
		return wrong("the name %q has a slash", s.Name).Hint("Use a hyphen.")
	}
	for _, before := range p.Stages {
		if before.Name == s.Name {
			return wrong("a second stage is called %q, first on line %d", s.Name, before.Line).
				Hint("Give one of them a name of its own.")
		}
		if before.Uses == s.Uses && kind.Unique {
			return wrong("a second %q stage, first on line %d", s.Uses, before.Line).Hint("One is enough for all that need it.")
		}
	}
	needed := make(map[string]bool)
	for _, name := range s.Needs {
		i := slices.IndexFunc(p.Stages, func(b Stage) bool { return b.Name == name })
		if i < 0 {
			return wrong("%s needs %q, which no stage before it is called%s", s.Name, name,
				strictyaml.DidYouMean(name, p.stageNames()))
		}
		needed[p.Stages[i].Uses] = true
	}
	for _, k := range kind.Needs {
		if !needed[k] {
			return wrong("%s needs a stage that uses %q", s.Name, k).
				Hint("Put one before it, and its name into needs: […].")
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

// decodeSettings decodes what stands under with: into the kind's own form.
func (s *Stage) decodeSettings(filename string, kind StageKind, with *yaml.Node) error {
	given := with.Kind != 0
	if kind.With == nil {
		if given {
			return inputerr.New(filename, "%s takes no settings", s.Uses).At(with.Line)
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

// errorAt is a fault of the stage's, on the line that err names, or else on that one.
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

// suggestKind is `, did you mean "encode"?` for "transcod", too: what people call a kind counts.
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
