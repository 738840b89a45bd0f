// Package worker does actions: one file per kind, each a function from a task to
// published artifacts, and Kinds, the one table that names them all.
//
// A worker keeps nothing. It needs the queue and the store, and an action that it did
// twice, or that two workers did, is one artifact.
//
// To add a kind, write its file here: a function that reads the action's parameters with
// params, its inputs with [Task.Path], works in Task.Dir and ends with [Task.Publish]. Write
// its expansion in package plan, which says of which actions a stage of the kind consists:
// their parameters and inputs are their keys, so what decides the result belongs there, and
// nothing else. Then give it a line in [Kinds]. What needs no Go can be a stage that uses
// exec, which runs any program; see pipelines/examples.
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

// Kind is a kind of stage with the function that does its actions.
type Kind struct {
	plan.Kind
	Do func(ctx context.Context, t *Task) error
}

// Kinds are all kinds of stages there are. A new one is a file in this package, its
// expansion in plan, and its line here.
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

// PlanKinds are what planning needs of kinds.
func PlanKinds(kinds []Kind) []plan.Kind {
	all := make([]plan.Kind, len(kinds))
	for i, k := range kinds {
		all[i] = k.Kind
	}
	return all
}

// PipelineKinds are what reading a pipeline needs of kinds.
func PipelineKinds(kinds []Kind) []pipelines.StageKind {
	return plan.PipelineKinds(PlanKinds(kinds))
}

// Store is where a worker finds what it reads and leaves what it made.
type Store interface {
	Has(ctx context.Context, key action.Key) (bool, error)
	Get(ctx context.Context, key action.Key) (action.Artifact, error)
	Put(ctx context.Context, a action.Artifact, dir string) (action.Artifact, error)
	Path(f action.File) (string, error)
	Scratch(name string) (dir string, release func() error, err error)
}

// Worker does jobs.
type Worker struct {
	Store Store
	Media media.Tools
	Kinds []Kind
	Log   *slog.Logger
}

// Handle does those actions of a job whose artifacts are not there yet. It is the queue's
// handler; its error is an *action.Failure.
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
			Hint("Make room, then run the same again: what is finished is kept")
	}
	var own *machineFault
	f.MachineFault = full || errors.As(err, &own)
	return f
}

// machineFault is a fault of this machine, and not of the input: another worker may do the job.
type machineFault struct{ err error }

func (f *machineFault) Error() string { return f.err.Error() }

func (f *machineFault) Unwrap() error { return f.err }

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
		return fmt.Errorf("this worker does not know the kind %q; it may be older than the conductor", kind)
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

// checkKeys refuses actions whose keys this worker would not give them: a worker of another
// version makes something else of the same parameters, and would leave it under their keys.
func (k Kind) checkKeys(actions []action.Action) error {
	for _, a := range actions {
		own, _, err := action.New(a.Kind, k.Version, a.Slot, a.Params, a.Inputs)
		if err != nil {
			return err
		}
		if own.Key != a.Key {
			return fmt.Errorf("this worker makes %q otherwise than the conductor means; run the same version of Lectern everywhere", a.Kind)
		}
	}
	return nil
}

// newFailure tells the conductor what it needs to know of an error.
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

// isDiskFull reports whether there was no room left for what was being written, by us or by
// a tool.
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

// Task is a job being done.
type Task struct {
	Actions []action.Action // those still to be made, of one kind; at least one
	Dir     string          // scratch, this attempt's own; removed afterwards
	job     action.Job
	worker  *Worker
	report  func(action.Event)
}

// Media are the tools.
func (t *Task) Media() media.Tools { return t.worker.Media }

// Progress tells how far the job has come, from 0 to 1, and how many times faster than
// real time it goes (0 if that means nothing).
func (t *Task) Progress(fraction, speed float64) {
	t.report(action.Event{Type: action.JobProgress, Fraction: min(max(fraction, 0), 1), Speed: speed})
}

// frameProgress is a progress function for an ffmpeg that makes so many frames.
func (t *Task) frameProgress(total int64) func(media.Progress) {
	return func(p media.Progress) { t.Progress(float64(p.Frame)/float64(total), p.Speed) }
}

// fractionProgress is a progress function for work that knows its share and not its speed.
func (t *Task) fractionProgress(f float64) { t.Progress(f, 0) }

// decodeParams are an action's parameters.
func decodeParams[T any](a action.Action) (p T, err error) {
	if err := json.Unmarshal(a.Params, &p); err != nil {
		return p, fmt.Errorf("parameters of %s: %w", a.Slot, err)
	}
	return p, nil
}

// InputPath is where the input of that role can be read: an original, which must still be
// what it was when it was hashed, or a file of an artifact.
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

// InputPaths are the inputs whose roles begin with role and a slash, in their order.
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

// InputFacts are those of the artifact that is the input of that role.
func (t *Task) InputFacts(ctx context.Context, a action.Action, role string, into any) error {
	artifact, err := t.worker.Store.Get(ctx, a.Inputs[role])
	if err != nil {
		return fmt.Errorf("input %s of %s: %w", role, a.Slot, err)
	}
	return json.Unmarshal(artifact.Facts, into)
}

// checkUnchanged refuses an original that is not the file that was hashed.
func checkUnchanged(o action.Original) error {
	info, err := os.Stat(o.Path)
	if err != nil {
		return &machineFault{inputerr.New(o.Path, "cannot be read any more: %v", err).Hint("Put it back, or give its new place.")}
	}
	if info.Size() != o.Size || !info.ModTime().Equal(o.ModTime) {
		return inputerr.New(o.Path, "changed while it was being worked on").Hint("Run again when it is finished.")
	}
	return nil
}

// recordingName is what people call the recording that an action reads.
func (t *Task) recordingName(a action.Action) string {
	for _, key := range a.Inputs {
		if o, ok := t.job.Originals[key]; ok {
			return o.Path
		}
	}
	return a.Slot
}

// Publish puts what an action made into the store: the files of those names in t.Dir
// (or below it), facts as JSON, and notes for people.
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
