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

// doExec runs a program that the user supplies. It has all rights of the worker, because the
// authors of pipelines are trusted. doExec only prevents accidents: the program runs in a scratch
// directory, gets its inputs as links with names of their own and almost no environment, and is
// killed with everything it started when its time is over or the worker ends.
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

// The directories in a program's scratch directory.
const (
	inputsDir  = "in"
	outputsDir = "out"
	filesDir   = "files"
	workDir    = "work" // where it runs
	homeDir    = "home"
	tempDir    = "tmp"
)

// execRun is one run of a program.
type execRun struct {
	*Task
	action action.Action
	spec   plan.ExecSpec
	paths  map[string][]string // by placeholder, such as "input.NAME"
	notes  []string
}

// stageFault returns an error that blames the stage's settings or its program, and names the stage.
func (e *execRun) stageFault(format string, args ...any) *inputerr.Error {
	stage, _, _ := strings.Cut(e.action.Slot, "/")
	return inputerr.New("stage "+stage, format, args...)
}

// prepareDirs creates the directories of the run, puts the inputs and the pipeline's files into
// them, and sets the paths that placeholders stand for.
func (e *execRun) prepareDirs(ctx context.Context) error {
	for _, dir := range []string{inputsDir, outputsDir, filesDir, workDir, homeDir, tempDir} {
		if err := os.Mkdir(filepath.Join(e.Dir, dir), 0o700); err != nil {
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

// linkInput puts file i of an input, counted from 0, into the input directory, and returns its
// path there. It links to the file or, if file is "", writes the facts of the artifact as JSON.
// The path is named after the input, with a number if it has several files, and keeps the
// extension, by which many programs recognise a format.
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

// copyPipelineFile copies a file that came with the pipeline, such as a script, into the run's
// directory, makes it executable, and returns its path there.
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

// run runs the program until it ends or its timeout is over. A program whose input is at fault
// exits with 3, as Lectern itself does, and says why in the last line on standard error. That
// becomes an inputerr.Error, so that it is not tried again.
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
			said = "the program reports that its input is at fault, but not why"
		}
		return e.stageFault("%s", strings.TrimRight(said[strings.LastIndexByte(said, '\n')+1:], "."))
	}
	return err
}

// environment returns the variables that the program gets: PATH, a home and a temporary
// directory of its own, the C locale in UTF-8, UTC, and those of the pipeline.
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

// expandArgument replaces the placeholders of an argument. {input.NAME} alone becomes one argument
// for each of its files.
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

// readOutput reads the program's standard output. A line "note TEXT" becomes a note for people, up
// to maxNotes of them, and "progress F" reports progress from 0 to 1. Other lines are ignored.
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
		rest = strings.TrimSpace(rest)
		switch {
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

// maxNotes is the number of notes that are kept of a program.
const maxNotes = 20

// verifyOutputs returns the names of all output files, or an error unless each is a regular file
// that is not empty and has no other hard link.
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
			return nil, fmt.Errorf("the program succeeded but did not write the output %q, whose path it got as {output.%s}", file, name)
		case err != nil:
			return nil, fmt.Errorf("look for the output %q: %w", file, err)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("the output %q is not a regular file but %s", file, info.Mode().Type())
		case links > 1:
			return nil, fmt.Errorf("the output %q is a hard link to another file; the program must write a file of its own", file)
		case info.Size() == 0:
			return nil, fmt.Errorf("the output %q is empty", file)
		}
		names = append(names, file)
	}
	return names, nil
}

// writeDraft reads the subtitles that the program wrote, and stores them as canonical JSON in reel
// time. If cues have no place on the reel, it leaves them out and adds a note. It returns an
// inputerr.Error if the subtitles cannot be read.
func (e *execRun) writeDraft() error {
	d := e.spec.Draft
	name := e.spec.Outputs[d.Output]
	data, err := os.ReadFile(filepath.Join(e.Dir, outputsDir, name))
	if err != nil {
		return err
	}
	doc, err := subtitle.Parse(name, data, subtitle.Options{Language: d.Language})
	if f := inputerr.As(err); f != nil {
		return e.stageFault("the program wrote subtitles that cannot be read: %v", f)
	}
	if err != nil {
		return err
	}
	cues, left := toReel(doc.Cues, *d)
	if len(left) > 0 {
		e.notes = append(e.notes, fmt.Sprintf("%s: %d cues were left out: %s", name, len(left), left[0].Reason))
	}
	return os.WriteFile(filepath.Join(e.Dir, outputsDir, plan.InlineInputFile), subtitle.CanonicalJSON(cues), 0o600)
}

// toReel returns cues converted from the program's clock to reel time, and those that are left out
// because they have no place on the reel.
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
