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

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/pipelines"
)

// ExecSettings are the settings of an exec stage in a pipeline file: a program of the user's,
// and all that it reads and writes. In run and env, the placeholders {input.NAME},
// {output.NAME}, {param.NAME}, {file.NAME}, {talk.slug}, {talk.title} and {talk.language} are
// replaced by what they name. A program in run that contains a slash is a file that belongs to
// the pipeline; any other is looked up in the worker's PATH.
type ExecSettings struct {
	Run     []pipelines.Scalar                 `yaml:"run"`     // the program and its arguments
	Version int                                `yaml:"version"` // raised when the program makes something else from the same inputs
	Inputs  map[string]ExecInput               `yaml:"inputs"`
	Outputs map[string]ExecOutput              `yaml:"outputs"`
	Params  map[string]pipelines.Scalar        `yaml:"params"`
	Files   map[string]*pipelines.AttachedFile `yaml:"files"` // scripts, word lists and the like
	Env     map[string]pipelines.Scalar        `yaml:"env"`   // in addition to the few that every program gets
	Timeout time.Duration                      `yaml:"timeout"`
}

// ExecInput is an input of a program: files that an earlier stage made. An argument that is
// {input.NAME} and nothing else becomes one argument for each file.
type ExecInput struct {
	From      pipelines.Scalar `yaml:"from"`      // a stage listed in needs, or "talk": the talk's metadata as JSON
	Recording int              `yaml:"recording"` // of index and analyse: which, from 1; unset: all
	Rendition string           `yaml:"rendition"` // of assemble: its name; unset: the highest
	Language  string           `yaml:"language"`  // of captions; unset: the talk's own
	Format    string           `yaml:"format"`    // of captions, or of a stage with several files: how the file's name ends
	Output    string           `yaml:"output"`    // of exec: its name; unset: its only one
}

// ExecOutput is a file that a program makes.
type ExecOutput struct {
	Path  pipelines.Scalar `yaml:"path"`  // in the bundle; unset: for other stages only
	Role  string           `yaml:"role"`  // role in the manifest; unset: extra
	Track *ExecTrack       `yaml:"track"` // set if the file holds subtitles
}

// ExecTrack says that an output is a subtitle file, in any format that Lectern reads. It
// becomes a draft in the bundle's drafts/, and is not published. The stage is left out if the
// talk has subtitles in that language.
type ExecTrack struct {
	Language string `yaml:"language"` // BCP 47; unset: the talk's own
	Time     string `yaml:"time"`     // clock of its times, reel or programme; unset: as in the inputs
}

// Exec returns the kind that runs a program that the user supplies, with files of earlier stages as
// inputs. The files that it writes can be inputs of later stages, and go into the bundle if they
// have a path there.
func Exec() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindExec,
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

// programFile is the key in Files of a program that belongs to the pipeline.
const programFile = "program"

// AttachedFiles returns the files to be read along with the pipeline file, by name. If the program
// is a path, it changes s: the program is added to Files, and a placeholder takes its place in Run.
func (s *ExecSettings) AttachedFiles() (all []*pipelines.AttachedFile) {
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

// maxTimeout is the longest timeout of a program, and of any job.
const maxTimeout = 6 * time.Hour

func (s *ExecSettings) check() error {
	switch {
	case len(s.Run) == 0 || s.Run[0].Text == "":
		return errors.New("runs nothing; add run: [program, argument, …]")
	case strings.Contains(s.Run[0].Text, "/"): // and was not taken for a file
		return fmt.Errorf("the program is the path %q, but a file is already called %q; rename that one", s.Run[0].Text, programFile)
	case s.Version < 1:
		return fmt.Errorf("version %d is below 1", s.Version)
	case s.Timeout <= 0 || s.Timeout > maxTimeout:
		return fmt.Errorf("a timeout of %v is not between 1s and %v", s.Timeout, maxTimeout)
	case len(s.Outputs) == 0:
		return errors.New("has no outputs; name the files it makes under outputs, and pass their paths to the program as {output.NAME}")
	}
	for _, names := range []map[string]bool{nameSet(s.Inputs), nameSet(s.Outputs), nameSet(s.Params), nameSet(s.Files)} {
		for name := range names {
			if !fileNamePattern.MatchString(name) {
				return fmt.Errorf("the name %q cannot be part of a file name: use at most 40 letters, digits and hyphens", name)
			}
		}
	}
	for name := range s.Env {
		if !envNamePattern.MatchString(name) {
			return fmt.Errorf("%q is not a valid name for an environment variable", name)
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

// placeholderPattern matches two words in braces, separated by a point. Other braces have no
// meaning.
var placeholderPattern = regexp.MustCompile(`\{([a-z]+)\.([A-Za-z0-9][A-Za-z0-9._-]*)\}`)

// titlePlaceholder may be replaced by any text, because speakers choose their titles.
const titlePlaceholder = "{talk.title}"

// envNamePattern matches the names of environment variables that POSIX allows.
var envNamePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// checkPlaceholders returns an error for a placeholder that names nothing, for a talk's title that
// is only part of an argument, and for an input, output, parameter or file that no placeholder
// names.
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
				return inputerr.New("", "unknown placeholder %s%s", m[0], strictyaml.DidYouMean(m[1], slices.Sorted(maps.Keys(known)))).At(w.Line).
					Hint("Known are {input.…}, {output.…}, {param.…}, {file.…} and {talk.…}.")
			}
			if !names[m[2]] {
				return inputerr.New("", "unknown placeholder %s%s", m[0], strictyaml.DidYouMean(m[2], slices.Sorted(maps.Keys(names)))).At(w.Line).
					Hint("%s", declarationHint(m[1], names))
			}
			if m[0] == titlePlaceholder && w.Text != titlePlaceholder {
				return inputerr.New("", "%s is part of %q, where a shell could interpret what is in a title", titlePlaceholder, w.Text).At(w.Line).
					Hint("Make it an argument of its own.")
			}
			used[m[1]+"."+m[2]] = true
		}
	}
	for _, what := range []string{"input", "output", "param", "file"} {
		for _, name := range slices.Sorted(maps.Keys(known[what])) {
			if !used[what+"."+name] {
				return fmt.Errorf("the %s %q is never passed to the program; add {%s.%s} to run", what, name, what, name)
			}
		}
	}
	return nil
}

// declarationHint returns a sentence that lists the names that placeholders {what.…} may have.
func declarationHint(what string, names map[string]bool) string {
	if what == "talk" {
		return "There are {talk.slug}, {talk.title} and {talk.language}; an input with from: talk has all of its metadata."
	}
	if len(names) == 0 {
		return fmt.Sprintf("Declare it under %ss.", what)
	}
	return fmt.Sprintf("Declared under %ss: %s.", what, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
}

// placeholderTexts returns the texts in which placeholders are replaced: the arguments, then the
// environment by name.
func (s *ExecSettings) placeholderTexts() []pipelines.Scalar {
	words := slices.Clone(s.Run)
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		words = append(words, s.Env[name])
	}
	return words
}

// reservedRoles are the roles of files that the bundle makes itself.
var reservedRoles = []bundle.Role{bundle.RoleVideo, bundle.RoleAudio, bundle.RoleCaptions, bundle.RoleChapters, bundle.RoleUploadMetadata}

func (s *ExecSettings) checkOutputs() error {
	tracks := 0
	for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
		o := s.Outputs[name]
		if o.Track != nil {
			tracks++
		}
		if tracks > 1 {
			return fmt.Errorf("the output %q is a second track; a stage can draft only one", name)
		}
		if err := o.check(name); err != nil {
			return err
		}
	}
	return nil
}

func (o ExecOutput) check(name string) error {
	if o.Track != nil {
		if o.Path.Text+o.Role != "" {
			return fmt.Errorf("the output %q is a track; leave out path and role, which follow from that", name)
		}
		return o.Track.check(name)
	}
	switch {
	case o.Role == "":
	case o.Path.Text == "":
		return fmt.Errorf("the output %q has a role in the bundle but no path", name)
	case slices.Contains(reservedRoles, bundle.Role(o.Role)):
		return fmt.Errorf("the output %q cannot have the role %s, which is reserved", name, o.Role)
	case !fileNamePattern.MatchString(o.Role):
		return fmt.Errorf("the output %q: the role %q is not a word of letters, digits and hyphens", name, o.Role)
	}
	return checkBundlePath(o.Path)
}

func (t ExecTrack) check(output string) error {
	if !slices.Contains([]string{"", "reel", "programme"}, t.Time) {
		return fmt.Errorf("the output %q: unknown time %q; choose reel or programme", output, t.Time)
	}
	if t.Language == "" {
		return nil
	}
	if _, err := subtitle.CanonicalLanguage(t.Language); err != nil {
		return fmt.Errorf("the output %q: %w", output, err)
	}
	return nil
}

// bundlePathSample replaces the placeholders that a path in the bundle may have, so that the
// path can be checked.
var bundlePathSample = strings.NewReplacer("{talk.slug}", "slug", "{talk.language}", "en")

// checkBundlePath returns an error for a path that leads out of the bundle or into a directory that
// Lectern manages, or is in no directory, or has an unsupported placeholder. An empty path is
// valid.
func checkBundlePath(w pipelines.Scalar) error {
	if w.Text == "" {
		return nil
	}
	p := bundlePathSample.Replace(w.Text)
	if m := placeholderPattern.FindString(p); m != "" {
		return inputerr.New("", "%s cannot be used in the path %q", m, w.Text).At(w.Line).Hint("Only {talk.slug} and {talk.language} can.")
	}
	first, _, below := strings.Cut(p, "/")
	switch {
	case !filepath.IsLocal(p) || path.Clean(p) != p || strings.ContainsAny(p, "\\\x00\n\r"):
		return inputerr.New("", "%q is not a path inside a bundle", w.Text).At(w.Line).Hint("Write it like reports/{talk.slug}.json.")
	case !below || slices.Contains([]string{"video", "audio", "captions", "chapters", "drafts"}, first):
		return inputerr.New("", "the path %q is reserved for files that Lectern makes", w.Text).At(w.Line).Hint("Choose another directory, such as reports/%s.", path.Base(w.Text))
	}
	return nil
}

// readableKinds are the kinds of stages whose results a program can read.
var readableKinds = []string{KindIndex, KindAnalyse, KindAudio, KindAssemble, KindSubtitled, KindCaptions, KindThumbnail, KindSprite, KindExec}

// talkInput is the source of an input that is the talk's metadata.
const talkInput = "talk"

// checkInputs returns an error for an input that names no stage, or one that is not listed in the
// stage's needs or whose results a program cannot read, and for settings that have no meaning for
// that stage. before are the earlier stages of the pipeline.
func (s *ExecSettings) checkInputs(stage pipelines.Stage, before []pipelines.Stage) error {
	for _, name := range slices.Sorted(maps.Keys(s.Inputs)) {
		in := s.Inputs[name]
		if in.From.Text == "" {
			return fmt.Errorf("the input %q has no from: name the stage it comes from", name)
		}
		if in.From.Text == talkInput {
			continue
		}
		if !slices.Contains(stage.Needs, in.From.Text) {
			return inputerr.New("", "the input %q is from %q, which is not listed in needs%s", name, in.From.Text,
				strictyaml.DidYouMean(in.From.Text, stage.Needs)).At(in.From.Line).Hint("Add the stage to needs: […].")
		}
		i := slices.IndexFunc(before, func(b pipelines.Stage) bool { return b.Name == in.From.Text })
		if !slices.Contains(readableKinds, before[i].Uses) {
			return inputerr.New("", "the input %q is from %q, whose results a program cannot read", name, in.From.Text).At(in.From.Line).
				Hint("Inputs can come from stages that use %s.", strings.Join(readableKinds, ", "))
		}
		if err := in.checkKind(name, before[i].Uses); err != nil {
			return err
		}
	}
	return nil
}

// checkKind returns an error if the input called name sets something that has no meaning for stages
// of the kind uses.
func (in ExecInput) checkKind(name, uses string) error {
	for _, c := range []struct {
		key  string
		said bool
		of   []string
	}{
		{"recording", in.Recording != 0, []string{KindIndex, KindAnalyse}},
		{"rendition", in.Rendition != "", []string{KindAssemble}},
		{"language", in.Language != "", []string{KindCaptions}},
		{"output", in.Output != "", []string{KindExec}},
	} {
		if c.said && !slices.Contains(c.of, uses) {
			return inputerr.New("", "the input %q sets %s, which is only for stages that use %s", name, c.key, strings.Join(c.of, " or ")).
				At(in.From.Line)
		}
	}
	return nil
}
