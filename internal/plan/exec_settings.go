package plan

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/pipelines"
)

// ExecSettings are what a pipeline says under an exec stage's with: a program of the
// user's own, and all that it reads and makes. In run and env, {input.NAME},
// {output.NAME}, {param.NAME}, {file.NAME}, {talk.slug}, {talk.title} and {talk.language}
// stand for what they name. A program in run that has a slash is a file that belongs to
// the pipeline; one without is looked for on the worker's PATH.
type ExecSettings struct {
	Run     []pipelines.Scalar                 `yaml:"run"`     // the program and its arguments
	Version int                                `yaml:"version"` // raised when the program makes something else of the same
	Inputs  map[string]ExecInput               `yaml:"inputs"`
	Outputs map[string]ExecOutput              `yaml:"outputs"`
	Params  map[string]pipelines.Scalar        `yaml:"params"`
	Files   map[string]*pipelines.AttachedFile `yaml:"files"` // scripts, word lists and the like
	Env     map[string]pipelines.Scalar        `yaml:"env"`   // beside the few that every program gets
	Timeout time.Duration                      `yaml:"timeout"`
}

// ExecInput is what a program reads of an earlier stage. An argument that is {input.NAME}
// and nothing else becomes as many as there are files.
type ExecInput struct {
	From      pipelines.Scalar `yaml:"from"`      // a stage of needs, or "talk": what is known of it, as JSON
	Recording int              `yaml:"recording"` // of index and analyse: which, from 1; unset: all
	Rendition string           `yaml:"rendition"` // of assemble: its name; unset: the highest
	Language  string           `yaml:"language"`  // of captions; unset: the talk's own
	Format    string           `yaml:"format"`    // of captions, or of a stage with several files: how the file's name ends
	Output    string           `yaml:"output"`    // of exec: its name; unset: its only one
}

// ExecOutput is a file that a program makes.
type ExecOutput struct {
	Path  pipelines.Scalar `yaml:"path"`  // in the bundle; unset: only other stages get it
	Role  string           `yaml:"role"`  // what the manifest calls it; unset: extra
	Track *ExecTrack       `yaml:"track"` // it is subtitles
}

// ExecTrack says that an output is subtitles, in any format that Lectern reads. They are a
// draft: they lie in the bundle's drafts/, and no viewer gets them. Where subtitles in the
// language were handed in, the stage is left out.
type ExecTrack struct {
	Language string `yaml:"language"` // BCP 47; unset: the talk's own
	Time     string `yaml:"time"`     // reel or programme; unset: that of what the program reads
}

// Exec runs a program of the user's own.
func Exec() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "exec",
			Synonyms: []string{"run", "script", "program", "shell", "command", "custom", "external"},
			With:     func() any { return &ExecSettings{Version: 1, Timeout: time.Hour} },
			Check:    func(with any) error { return with.(*ExecSettings).check() },
			CheckOrder: func(s pipelines.Stage, before []pipelines.Stage) error {
				return s.With.(*ExecSettings).checkInputs(s, before)
			},
		},
		Version: 1,
		Expand:  expandExec,
	}
}

// programFile is the name among the files of a program that belongs to the pipeline.
const programFile = "program"

// BelongingFiles are what has to be read along with the pipeline: the declared files, and
// the program, where that is a path.
func (s *ExecSettings) BelongingFiles() (all []*pipelines.AttachedFile) {
	if len(s.Run) > 0 && strings.Contains(s.Run[0].Text, "/") && !placeholderPattern.MatchString(s.Run[0].Text) && s.Files[programFile] == nil {
		if s.Files == nil {
			s.Files = make(map[string]*pipelines.AttachedFile)
		}
		s.Files[programFile] = &pipelines.AttachedFile{Scalar: s.Run[0]}
		s.Run[0].Text = "{file." + programFile + "}"
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		all = append(all, s.Files[name])
	}
	return all
}

// maxTimeout is how long a program may take at most: as any job.
const maxTimeout = 6 * time.Hour

func (s *ExecSettings) check() error {
	switch {
	case len(s.Run) == 0 || s.Run[0].Text == "":
		return errors.New("runs nothing; say what: run: [program, argument, …]")
	case strings.Contains(s.Run[0].Text, "/"): // and was not taken for a file
		return fmt.Errorf("the program is the path %q, and a file is called %q; give that another name", s.Run[0].Text, programFile)
	case s.Version < 1:
		return fmt.Errorf("version %d is not counted from 1", s.Version)
	case s.Timeout <= 0 || s.Timeout > maxTimeout:
		return fmt.Errorf("a timeout of %v is not between 1s and %v", s.Timeout, maxTimeout)
	case len(s.Outputs) == 0:
		return errors.New("makes nothing; name what it makes under outputs, and give it to the program as {output.NAME}")
	}
	for _, names := range []map[string]bool{nameSet(s.Inputs), nameSet(s.Outputs), nameSet(s.Params), nameSet(s.Files)} {
		for name := range names {
			if !fileNamePattern.MatchString(name) {
				return fmt.Errorf("the name %q cannot stand in a file's: use letters, digits and hyphens, 40 at most", name)
			}
		}
	}
	for name := range s.Env {
		if !envNamePattern.MatchString(name) {
			return fmt.Errorf("%q is no name of an environment variable", name)
		}
	}
	if err := s.checkPlaceholders(); err != nil {
		return err
	}
	return s.checkOutputs()
}

func nameSet[T any](m map[string]T) map[string]bool {
	names := make(map[string]bool)
	for name := range m {
		names[name] = true
	}
	return names
}

// placeholderPattern is a word of two parts in braces. Other braces mean nothing.
var placeholderPattern = regexp.MustCompile(`\{([a-z]+)\.([A-Za-z0-9][A-Za-z0-9._-]*)\}`)

// titlePlaceholder is what may hold anything: whoever hands in a talk writes it.
const titlePlaceholder = "{talk.title}"

// envNamePattern is what POSIX lets be one.
var envNamePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// checkPlaceholders refuses placeholders that stand for nothing, and what is declared and never
// given to the program.
func (s *ExecSettings) checkPlaceholders() error {
	known := map[string]map[string]bool{
		"input": nameSet(s.Inputs), "output": nameSet(s.Outputs), "param": nameSet(s.Params), "file": nameSet(s.Files),
		"talk": {"slug": true, "title": true, "language": true},
	}
	used := make(map[string]bool)
	for _, w := range s.placeholderTexts() {
		for _, m := range placeholderPattern.FindAllStringSubmatch(w.Text, -1) {
			names, ok := known[m[1]]
			if !ok {
				return inputerr.New("", "%s stands for nothing%s", m[0], strictyaml.DidYouMean(m[1], slices.Sorted(maps.Keys(known)))).At(w.Line).
					Hint("Known are {input.…}, {output.…}, {param.…}, {file.…} and {talk.…}.")
			}
			if !names[m[2]] {
				return inputerr.New("", "%s stands for nothing%s", m[0], strictyaml.DidYouMean(m[2], slices.Sorted(maps.Keys(names)))).At(w.Line).
					Hint("%s", declarationHint(m[1], names))
			}
			if m[0] == titlePlaceholder && w.Text != titlePlaceholder {
				return inputerr.New("", "%s stands within %q, where what a title holds could mean something to a shell", titlePlaceholder, w.Text).At(w.Line).
					Hint("Let it be an argument of its own.")
			}
			used[m[1]+"."+m[2]] = true
		}
	}
	for _, what := range []string{"input", "output", "param", "file"} {
		for _, name := range slices.Sorted(maps.Keys(known[what])) {
			if !used[what+"."+name] {
				return fmt.Errorf("the %s %q is never given to the program; put {%s.%s} into run", what, name, what, name)
			}
		}
	}
	return nil
}

func declarationHint(what string, names map[string]bool) string {
	if what == "talk" {
		return "Of the talk there are slug, title and language; all of it comes by an input with from: talk."
	}
	if len(names) == 0 {
		return fmt.Sprintf("Declare it under %ss.", what)
	}
	return fmt.Sprintf("Declared under %ss: %s.", what, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
}

// placeholderTexts are the texts in which placeholders stand.
func (s *ExecSettings) placeholderTexts() []pipelines.Scalar {
	words := slices.Clone(s.Run)
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		words = append(words, s.Env[name])
	}
	return words
}

// reservedRoles are those of files that the bundle makes something of; a program's are its own.
var reservedRoles = []string{"video", "audio", "captions", "chapters", "upload"}

func (s *ExecSettings) checkOutputs() error {
	tracks := 0
	for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
		o := s.Outputs[name]
		if o.Track != nil {
			tracks++
		}
		switch {
		case tracks > 1:
			return fmt.Errorf("the output %q is a second track; a stage drafts one", name)
		case o.Track != nil && o.Path.Text+o.Role != "":
			return fmt.Errorf("the output %q is a track, whose files and role the bundle knows; leave out path and role", name)
		case o.Track != nil && !slices.Contains([]string{"", "reel", "programme"}, o.Track.Time):
			return fmt.Errorf("the output %q: unknown time %q; reel and programme can be had", name, o.Track.Time)
		case o.Role != "" && o.Path.Text == "":
			return fmt.Errorf("the output %q has a role in the bundle and no path", name)
		case slices.Contains(reservedRoles, o.Role):
			return fmt.Errorf("the output %q cannot be %s: those the bundle makes itself", name, o.Role)
		case o.Role != "" && !fileNamePattern.MatchString(o.Role):
			return fmt.Errorf("the output %q: the role %q is no word of letters, digits and hyphens", name, o.Role)
		}
		if o.Track != nil && o.Track.Language != "" {
			if _, err := subtitle.CanonicalLanguage(o.Track.Language); err != nil {
				return fmt.Errorf("the output %q: %w", name, err)
			}
		}
		if err := checkBundlePath(o.Path); err != nil {
			return err
		}
	}
	return nil
}

// bundlePathSample are the placeholders that a path in the bundle may have.
var bundlePathSample = strings.NewReplacer("{talk.slug}", "slug", "{talk.language}", "en")

// checkBundlePath refuses paths that lead out of the bundle, or to what is its own.
func checkBundlePath(w pipelines.Scalar) error {
	if w.Text == "" {
		return nil
	}
	p := bundlePathSample.Replace(w.Text)
	if m := placeholderPattern.FindString(p); m != "" {
		return inputerr.New("", "%s cannot stand in the path %q", m, w.Text).At(w.Line).Hint("{talk.slug} and {talk.language} can.")
	}
	first, _, below := strings.Cut(p, "/")
	switch {
	case !filepath.IsLocal(p) || path.Clean(p) != p || strings.ContainsAny(p, "\\\x00\n\r"):
		return inputerr.New("", "%q is no path inside a bundle", w.Text).At(w.Line).Hint("Write it like reports/{talk.slug}.json.")
	case !below || slices.Contains([]string{"video", "audio", "captions", "chapters", "drafts"}, first):
		return inputerr.New("", "the bundle keeps what is at %q for itself", w.Text).At(w.Line).Hint("Choose a directory of its own, such as reports/%s.", path.Base(w.Text))
	}
	return nil
}

// readableKinds are the kinds of stages whose results a program can read.
var readableKinds = []string{"index", "analyse", "audio", "assemble", "subtitled", "captions", "thumbnail", "sprite", "exec"}

// talkInput is what an input comes from that is the talk's own description.
const talkInput = "talk"

// checkInputs refuses inputs from stages that are not among those needed.
func (s *ExecSettings) checkInputs(stage pipelines.Stage, before []pipelines.Stage) error {
	for _, name := range slices.Sorted(maps.Keys(s.Inputs)) {
		in := s.Inputs[name]
		if in.From.Text == "" {
			return fmt.Errorf("the input %q does not say which stage it is from", name)
		}
		if in.From.Text == talkInput {
			continue
		}
		if !slices.Contains(stage.Needs, in.From.Text) {
			return inputerr.New("", "the input %q is from %q, which is no stage of its needs%s", name, in.From.Text,
				strictyaml.DidYouMean(in.From.Text, stage.Needs)).At(in.From.Line).Hint("Put the stage into needs: […].")
		}
		i := slices.IndexFunc(before, func(b pipelines.Stage) bool { return b.Name == in.From.Text })
		if !slices.Contains(readableKinds, before[i].Uses) {
			return inputerr.New("", "the input %q is from %q, whose results are of no use to a program", name, in.From.Text).At(in.From.Line).
				Hint("Inputs can be had of stages that use %s.", strings.Join(readableKinds, ", "))
		}
		if err := in.checkKind(name, before[i].Uses); err != nil {
			return err
		}
	}
	return nil
}

// checkKind refuses what an input says that means nothing to stages of that kind.
func (in ExecInput) checkKind(name, uses string) error {
	for _, c := range []struct {
		key  string
		said bool
		of   []string
	}{
		{"recording", in.Recording != 0, []string{"index", "analyse"}},
		{"rendition", in.Rendition != "", []string{"assemble"}},
		{"language", in.Language != "", []string{"captions"}},
		{"output", in.Output != "", []string{"exec"}},
	} {
		if c.said && !slices.Contains(c.of, uses) {
			return inputerr.New("", "the input %q says %s, which is of stages that use %s", name, c.key, strings.Join(c.of, " or ")).
				At(in.From.Line)
		}
	}
	return nil
}
