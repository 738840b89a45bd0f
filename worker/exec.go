package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// doExec runs a program of the user's own. It has the rights of the worker, and can do
// whatever they allow: who writes a pipeline is trusted with them. What it is kept from is
// accidents: it works in scratch, gets its inputs as links by names of their own, has next
// to no environment, and ends with its time, with the worker and as a whole.
func doExec(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[plan.ExecSpec](a)
	if err != nil {
		return err
	}
	e := &execRun{Task: t, action: a, spec: spec, paths: make(map[string][]string)}
	if err := e.prepareDirs(ctx); err != nil {
		return err
	}
	if err := e.run(ctx); err != nil {
		return err
	}
	names, err := e.verifyOutputs()
	if err != nil {
		return err
	}
	if spec.Draft != nil {
		if err := e.writeDraft(); err != nil {
			return err
		}
		names = append(names, plan.InlineInputFile)
	}
	return t.Publish(ctx, a, filepath.Join(t.Dir, outputsDir), nil, e.notes, names...)
}

// The rooms of a program's scratch.
const (
	inputsDir  = "in"
	outputsDir = "out"
	filesDir   = "files"
	workDir    = "work" // where it runs
	homeDir    = "home"
	tempDir    = "tmp"
)

// execRun is a program on its way.
type execRun struct {
	*Task
	action action.Action
	spec   plan.ExecSpec
	paths  map[string][]string // what "input.NAME" and its like stand for
	notes  []string
}

// stageFault is a fault of the stage.
func (e *execRun) stageFault(format string, args ...any) *inputerr.Error {
	stage, _, _ := strings.Cut(e.action.Slot, "/")
	return inputerr.New("stage "+stage, format, args...)
}

// prepareDirs lays out what the program finds.
func (e *execRun) prepareDirs(ctx context.Context) error {
	for _, room := range []string{inputsDir, outputsDir, filesDir, workDir, homeDir, tempDir} {
		if err := os.Mkdir(filepath.Join(e.Dir, room), 0o700); err != nil {
			return err
		}
	}
	for name, files := range e.spec.Inputs {
		for i, file := range files {
			path, err := e.linkInput(ctx, name, i, len(files), file)
			if err != nil {
				return fmt.Errorf("input %s: %w", name, err)
			}
			e.paths["input."+name] = append(e.paths["input."+name], path)
		}
	}
	for name, file := range e.spec.Files {
		path, err := e.copyPipelineFile(ctx, name, file)
		if err != nil {
			return fmt.Errorf("file %s: %w", name, err)
		}
		e.paths["file."+name] = []string{path}
	}
	for name, file := range e.spec.Outputs {
		e.paths["output."+name] = []string{filepath.Join(e.Dir, outputsDir, file)}
	}
	return nil
}

// linkInput is a link to a file, or the facts of an artifact, by the input's name and with the
// ending that programs go by.
func (e *execRun) linkInput(ctx context.Context, name string, i, of int, file string) (string, error) {
	role := fmt.Sprintf("%s%s/%05d", plan.InputRole, name, i)
	if of > 1 {
		name = fmt.Sprintf("%s-%d", name, i+1)
	}
	at := filepath.Join(e.Dir, inputsDir, name)
	if file == "" {
		artifact, err := e.worker.Store.Get(ctx, e.action.Inputs[role])
		if err != nil {
			return "", err
		}
		return at + ".json", os.WriteFile(at+".json", artifact.Facts, 0o400)
	}
	path, err := e.InputPath(ctx, e.action, role, file)
	if err != nil {
		return "", err
	}
	ending := filepath.Ext(file)
	if o, ok := e.job.Originals[e.action.Inputs[role]]; ok {
		ending = filepath.Ext(o.Path)
	} else if file == plan.InlineInputFile {
		ending = ".json"
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	return at + ending, os.Symlink(path, at+ending)
}

// copyPipelineFile is a copy of a file that belongs to the pipeline, which can be run.
func (e *execRun) copyPipelineFile(ctx context.Context, name, file string) (string, error) {
	from, err := e.InputPath(ctx, e.action, plan.FileRole+name, plan.InlineInputFile)
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(e.Dir, filesDir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, file)
	return path, os.WriteFile(path, content, 0o700)
}

// run runs the program. Like Lectern itself it ends with 3 where the input is at fault, and
// says so in the last line of its standard error; then trying again is no use.
func (e *execRun) run(ctx context.Context) error {
	command := media.Command{Dir: filepath.Join(e.Dir, workDir), Env: e.environment()}
	for _, word := range e.spec.Run {
		command.Args = append(command.Args, e.expandArgument(word)...)
	}
	if _, err := exec.LookPath(command.Args[0]); err != nil {
		return e.stageFault("the program %q cannot be run on this machine: %v", filepath.Base(command.Args[0]), errors.Unwrap(err)).
			Hint("Install it on every machine with a worker, or make it executable.")
	}
	if limit := e.action.Timeout; limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, limit, e.stageFault("the program took longer than %v", limit).
			Hint("Give the stage a longer timeout."))
		defer stop()
	}
	_, err := e.Media().Exec(ctx, command, e.readOutput)
	var ended *media.ToolError
	if errors.As(err, &ended) && ended.ExitCode == 3 {
		said := strings.TrimSpace(ended.Stderr)
		if said == "" {
			said = "the program says that its input is at fault, and not why"
		}
		return e.stageFault("%s", strings.TrimRight(said[strings.LastIndexByte(said, '\n')+1:], "."))
	}
	return err
}

// environment is all that the program gets: PATH, rooms of its own for what it may want to
// leave somewhere, the C locale in UTF-8, UTC, and what the pipeline adds.
func (e *execRun) environment() []string {
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "LANG": "C.UTF-8", "TZ": "UTC",
		"HOME": filepath.Join(e.Dir, homeDir), "TMPDIR": filepath.Join(e.Dir, tempDir),
	}
	for name, value := range e.spec.Env {
		env[name] = strings.Join(e.expandArgument(value), " ")
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		all = append(all, name+"="+env[name])
	}
	return all
}

// expandArgument is what a word of the command line becomes: several, where it stands for several
// files and for nothing else.
func (e *execRun) expandArgument(word string) []string {
	if name, ok := strings.CutPrefix(word, "{"); ok {
		if paths := e.paths[strings.TrimSuffix(name, "}")]; len(paths) > 1 {
			return paths
		}
	}
	return []string{plan.FillPlaceholders(word, func(what, name string) (string, bool) {
		paths := e.paths[what+"."+name]
		return strings.Join(paths, " "), len(paths) > 0
	})}
}

// readOutput takes from the program's standard output the lines "note TEXT", for people, and
// "progress F", from 0 to 1. All other lines are its own affair.
func (e *execRun) readOutput(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, tooLong, err := lines.ReadLine()
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return err
		}
		word, rest, _ := strings.Cut(string(line), " ")
		switch rest = strings.TrimSpace(rest); {
		case tooLong:
		case word == "note" && rest != "" && len(e.notes) < maxNotes:
			e.notes = append(e.notes, strings.ToValidUTF8(rest, "�"))
		case word == "progress":
			if f, err := strconv.ParseFloat(rest, 64); err == nil {
				e.fractionProgress(f)
			}
		}
	}
}

// maxNotes is how many notes of a program anybody reads.
const maxNotes = 20

// verifyOutputs sees that all outputs were made: files with something in them, here and
// nowhere else.
func (e *execRun) verifyOutputs() (names []string, err error) {
	root, err := os.OpenRoot(e.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, name := range slices.Sorted(maps.Keys(e.spec.Outputs)) {
		file := e.spec.Outputs[name]
		info, err := root.Lstat(filepath.Join(outputsDir, file))
		var links uint64
		if err == nil {
			links = uint64(info.Sys().(*syscall.Stat_t).Nlink)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("the program ended well and did not make the output %q; it was given as {output.%s}", file, name)
		case err != nil:
			return nil, fmt.Errorf("look for the output %q: %w", file, err)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("the output %q is no regular file but %s", file, info.Mode().Type())
		case links > 1:
			return nil, fmt.Errorf("the output %q is another file by a second name; the program must write one of its own", file)
		case info.Size() == 0:
			return nil, fmt.Errorf("the output %q is empty", file)
		}
		names = append(names, file)
	}
	return names, nil
}

// writeDraft reads the subtitles that the program wrote, and puts them on the reel's clock.
func (e *execRun) writeDraft() error {
	d := e.spec.Draft
	name := e.spec.Outputs[d.Output]
	data, err := os.ReadFile(filepath.Join(e.Dir, outputsDir, name))
	if err != nil {
		return err
	}
	doc, err := subtitle.Parse(name, data, subtitle.Options{Language: d.Language})
	if f := inputerr.As(err); f != nil {
		return e.stageFault("the subtitles that the program wrote cannot be read: %v", f)
	}
	if err != nil {
		return err
	}
	cues, left := toReel(doc.Cues, *d)
	if len(left) > 0 {
		e.notes = append(e.notes, fmt.Sprintf("%s: %d cues were not taken: %s", name, len(left), left[0].Reason))
	}
	return os.WriteFile(filepath.Join(e.Dir, outputsDir, plan.InlineInputFile), subtitle.CanonicalJSON(cues), 0o600)
}

// toReel moves cues from a program's clock to the reel's.
func toReel(cues []conference.Cue, d plan.DraftSpec) (moved []conference.Cue, left []subtitle.OmittedCue) {
	if d.Programme != nil {
		return subtitle.ToReel(*d.Programme, cues)
	}
	moved = slices.Clone(cues)
	for i := range moved {
		moved[i].Start, moved[i].End = moved[i].Start+d.Offset, moved[i].End+d.Offset
	}
	return moved, nil
}
