// Package worker runs actions. It has one file for each kind or two: a function from a [Task]
// to published artifacts. [Kinds] is the table of all of them.
//
// A worker keeps no state. It needs the queue and the store. It does no harm to run an action
// twice, or on two workers: both make the same artifact.
//
// To add a kind:
//
//  1. Write its expansion in package plan: the actions that a stage of the kind consists
//     of, with their parameters and inputs. These are hashed into the key, so everything
//     that decides the result must be among them, and nothing else.
//  2. Write a file here with a function that reads the action's parameters with
//     decodeParams and its inputs with [Task.InputPath], works in Task.Dir and ends with
//     [Task.Publish].
//  3. Add a line to [Kinds].
//
// A kind that needs no Go can be an exec stage, which runs any program; see
// pipelines/examples.
package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/pipelines"
)

// Kind is a kind of stage, and the function that runs its actions.
type Kind struct {
	plan.Kind
	Do func(ctx context.Context, t *Task) error
}

// Kinds returns all kinds of stages that this version of Lectern supports.
func Kinds() []Kind {
	return []Kind{
		{plan.Probe(), doProbe},
		{plan.Index(), doIndex},
		{plan.Analyse(), doAnalyse},
		{plan.Encode(), doEncode},
		{plan.Card(), doCard},
		{plan.Audio(), doAudio},
		{plan.Assemble(), doAssemble},
		{plan.Stills(), doStills},
		{plan.Thumbnail(), doThumbnail},
		{plan.Sprite(), doSprite},
		{plan.Captions(), doCaptions},
		{plan.Sync(), doSync},
		{plan.Subtitled(), doAssemble},
		{plan.Podcast(), doPodcast},
		{plan.Exec(), doExec},
		{plan.Bundle(), doBundle},
	}
}

// PlanKinds returns the plan.Kind of each kind, which is what planning needs.
func PlanKinds(kinds []Kind) []plan.Kind {
	all := make([]plan.Kind, len(kinds))
	for i, k := range kinds {
		all[i] = k.Kind
	}
	return all
}

// PipelineKinds returns the pipelines.StageKind of each kind, which is what reading a pipeline file
// needs.
func PipelineKinds(kinds []Kind) []pipelines.StageKind {
	return plan.PipelineKinds(PlanKinds(kinds))
}

// Store is where a worker reads inputs from and publishes artifacts to.
type Store interface {
	Has(ctx context.Context, key action.Key) (bool, error)
	Get(ctx context.Context, key action.Key) (action.Artifact, error)
	Put(ctx context.Context, a action.Artifact, dir string) (action.Artifact, error)
	Path(f action.File) (string, error)
	Scratch(name string) (dir string, release func() error, err error)
}

// Worker runs jobs.
type Worker struct {
	Store Store
	Media media.Tools
	Kinds []Kind
	Log   *slog.Logger
}

// Handle runs the actions of a job whose artifacts are missing from the store, and calls report
// with its progress. The queue calls it. If ctx ends, the error is that of what was interrupted;
// any other error is an *action.Failure.
func (w *Worker) Handle(ctx context.Context, job action.Job, report func(action.Event)) error {
	t := &Task{job: job, worker: w, report: report}
	err := w.runMissing(ctx, t)
	if err == nil || ctx.Err() != nil {
		return err
	}
	f := newFailure(job.Actions[0].Slot, err)
	full := isDiskFull(err)
	if f.InputError == nil && full {
		f.InputError = inputerr.New(filepath.Dir(t.Dir), "the disk is full").
			Hint("Free some space, then run the same command again: finished work is kept")
	}
	var own *machineFault
	f.MachineFault = full || errors.As(err, &own)
	return f
}

// machineFault is an error of this machine, such as a missing font. Another worker may be able
// to run the job.
type machineFault struct{ err error }

func (f *machineFault) Error() string { return f.err.Error() }

// Unwrap returns the error itself, without the mark that this machine caused it.
func (f *machineFault) Unwrap() error { return f.err }

// runMissing runs those actions of the task's job that are not in the store, in a scratch directory
// that it removes afterwards. It returns an error if this worker does not know their kind, or has
// another version of it.
func (w *Worker) runMissing(ctx context.Context, t *Task) (err error) {
	for _, a := range t.job.Actions {
		has, err := w.Store.Has(ctx, a.Key)
		if err != nil {
			return err
		}
		if !has {
			t.Actions = append(t.Actions, a)
		}
	}
	if len(t.Actions) == 0 {
		return nil
	}
	kind := t.Actions[0].Kind
	i := slices.IndexFunc(w.Kinds, func(k Kind) bool { return k.Name == kind })
	if i < 0 {
		return fmt.Errorf("this worker does not support the kind %q; it may be older than the server. Run the same version of Lectern everywhere", kind)
	}
	if err := w.Kinds[i].checkKeys(t.Actions); err != nil {
		return err
	}
	dir, release, err := w.Store.Scratch(kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	t.Dir = dir
	return w.Kinds[i].Do(ctx, t)
}

// checkKeys returns an error if this worker computes another key for one of the actions. It then
// has another version than the server, and would publish a different result under the wrong key.
func (k Kind) checkKeys(actions []action.Action) error {
	for _, a := range actions {
		own, _, err := action.New(a.Kind, k.Version, a.Slot, a.Params, a.Inputs)
		if err != nil {
			return err
		}
		if own.Key != a.Key {
			return fmt.Errorf("this worker has another version of the kind %q than the server; run the same version of Lectern everywhere", a.Kind)
		}
	}
	return nil
}

// newFailure returns err as the failure of the action in slot, with the command that failed and, if
// segments could not be joined, their rendition.
func newFailure(slot string, err error) *action.Failure {
	f := &action.Failure{Slot: slot, Message: err.Error(), InputError: inputerr.As(err)}
	var tool *media.ToolError
	if errors.As(err, &tool) {
		f.Command, f.Stderr = tool.Command, tool.Stderr
	}
	var unlike *media.SegmentMismatchError
	if errors.As(err, &unlike) {
		_, f.MismatchedRendition, _ = strings.Cut(slot, "/")
	}
	return f
}

// isDiskFull reports whether err says that this program or a tool could not write because the disk,
// or a quota, was full.
func isDiskFull(err error) bool {
	var tool *media.ToolError
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, full) {
			return true
		}
		if errors.As(err, &tool) && strings.Contains(strings.ToLower(tool.Stderr), full.Error()) {
			return true
		}
	}
	return false
}

// Task is a job while it is being run.
type Task struct {
	Actions []action.Action // those that are not in the store; at least one, all of the same kind
	Dir     string          // scratch directory of this attempt; removed afterwards
	job     action.Job
	worker  *Worker
	report  func(action.Event)
}

// Media returns ffmpeg and ffprobe, with the limits of this worker.
func (t *Task) Media() media.Tools { return t.worker.Media }

// Progress reports which fraction of the job is done, from 0 to 1, and the speed as a multiple of
// real time, or 0 for work that has none.
func (t *Task) Progress(fraction, speed float64) {
	t.report(action.Event{Type: action.JobProgress, Fraction: min(max(fraction, 0), 1), Speed: speed})
}

// frameProgress returns a callback for a run of ffmpeg that writes total frames. It reports the
// run's progress as that of the job.
func (t *Task) frameProgress(total int64) func(media.Progress) {
	return func(p media.Progress) { t.Progress(float64(p.Frame)/float64(total), p.Speed) }
}

// fractionProgress reports which fraction of the job is done, for work that has no speed.
func (t *Task) fractionProgress(f float64) { t.Progress(f, 0) }

func decodeParams[T any](a action.Action) (p T, err error) {
	if err := json.Unmarshal(a.Params, &p); err != nil {
		return p, fmt.Errorf("parameters of %s: %w", a.Slot, err)
	}
	return p, nil
}

// InputPath returns the path of an action's input. If the input is an artifact, file names the file
// in it. If it is an original, file is ignored, and it is an error if the original has changed
// since it was hashed.
func (t *Task) InputPath(ctx context.Context, a action.Action, role, file string) (string, error) {
	key, ok := a.Inputs[role]
	if !ok {
		return "", fmt.Errorf("%s has no input %q", a.Slot, role)
	}
	if o, ok := t.job.Originals[key]; ok {
		return o.Path, checkUnchanged(o)
	}
	artifact, err := t.worker.Store.Get(ctx, key)
	if err != nil {
		return "", fmt.Errorf("input %s of %s: %w", role, a.Slot, err)
	}
	f, err := artifact.File(file)
	if err != nil {
		return "", err
	}
	return t.worker.Store.Path(f)
}

// InputPaths returns the paths of the inputs of an action that have a numbered role, in the order
// of the numbers. For file see InputPath.
func (t *Task) InputPaths(ctx context.Context, a action.Action, role, file string) ([]string, error) {
	var paths []string
	for _, r := range slices.Sorted(maps.Keys(a.Inputs)) {
		if !strings.HasPrefix(r, role+"/") {
			continue
		}
		path, err := t.InputPath(ctx, a, r, file)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// InputFacts decodes the facts of the artifact that is the action's input with that role. into is a
// pointer to the value that gets them.
func (t *Task) InputFacts(ctx context.Context, a action.Action, role string, into any) error {
	artifact, err := t.worker.Store.Get(ctx, a.Inputs[role])
	if err != nil {
		return fmt.Errorf("input %s of %s: %w", role, a.Slot, err)
	}
	return json.Unmarshal(artifact.Facts, into)
}

// checkUnchanged returns an error if an original cannot be read, or has another size or
// modification time than when it was hashed.
func checkUnchanged(o action.Original) error {
	info, err := os.Stat(o.Path)
	if err != nil {
		return &machineFault{inputerr.New(o.Path, "can no longer be read: %v", err).Hint("Put it back, or give its new path.")}
	}
	if info.Size() != o.Size || !info.ModTime().Equal(o.ModTime) {
		return inputerr.New(o.Path, "changed while it was being processed").Hint("Run again when the file is complete.")
	}
	return nil
}

// recordingName returns the path of the original that an action reads, for messages, or the
// action's slot if it reads none.
func (t *Task) recordingName(a action.Action) string {
	for _, key := range a.Inputs {
		if o, ok := t.job.Originals[key]; ok {
			return o.Path
		}
	}
	return a.Slot
}

// Publish stores the artifact of an action: the named files in dir, facts as JSON (nil for none),
// and notes for people. It returns an error if an original that the action read has changed
// meanwhile.
func (t *Task) Publish(ctx context.Context, a action.Action, dir string, facts any, notes []string, files ...string) error {
	for _, key := range a.Inputs {
		if o, ok := t.job.Originals[key]; ok {
			if err := checkUnchanged(o); err != nil { // since it was read
				return err
			}
		}
	}
	artifact := action.Artifact{Key: a.Key, Kind: a.Kind, Notes: notes}
	for _, name := range files {
		artifact.Files = append(artifact.Files, action.File{Name: name})
	}
	if facts != nil {
		b, err := json.Marshal(facts)
		if err != nil {
			return fmt.Errorf("facts of %s: %w", a.Slot, err)
		}
		artifact.Facts = b
	}
	if _, err := t.worker.Store.Put(ctx, artifact, dir); err != nil {
		return fmt.Errorf("publish %s: %w", a.Slot, err)
	}
	return nil
}
