package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/pipelines"
)

// runHandler has a worker handle a job of one action with one recording. The action's key is
// that of version 1 of its kind; the worker has version and do. It returns the failure, if
// any, and whether the artifact exists.
func runHandler(t *testing.T, version int, do func(ctx context.Context, t *Task) error) (failed *action.Failure, there bool) {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	recording := filepath.Join(dir, "talk.mp4")
	if err := os.WriteFile(recording, []byte("pictures"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(recording)
	if err != nil {
		t.Fatal(err)
	}
	original := action.KeyOf([]byte("pictures"))
	a, _, err := action.New("try", 1, "try", nil, map[string]action.Key{"recording": original})
	if err != nil {
		t.Fatal(err)
	}
	w := &Worker{Store: s, Log: slog.New(slog.DiscardHandler), Kinds: []Kind{{plan.Kind{StageKind: pipelines.StageKind{Name: "try"}, Version: version}, do}}}
	err = w.Handle(t.Context(), action.Job{
		ID:        "job",
		Actions:   []action.Action{a},
		Originals: map[action.Key]action.Original{original: {Path: recording, Size: info.Size(), ModTime: info.ModTime()}},
	}, func(action.Event) {})
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("not an *action.Failure: %v", err)
	}
	if there, err = s.Has(t.Context(), a.Key); err != nil {
		t.Fatal(err)
	}
	return failed, there
}

// What was made from a recording that changed meanwhile is not published under the key of the
// old content.
func TestHandle_ChangedRecordingNotPublished(t *testing.T) {
	for _, changes := range []bool{false, true} {
		failed, there := runHandler(t, 1, func(ctx context.Context, t *Task) error {
			path, err := t.InputPath(ctx, t.Actions[0], "recording", "")
			if err != nil {
				return err
			}
			if changes {
				if err := os.WriteFile(path, []byte("others"), 0o600); err != nil {
					return err
				}
			}
			return t.Publish(ctx, t.Actions[0], t.Dir, "facts", nil)
		})
		if there == changes {
			t.Errorf("recording changed: %v; published: %v", changes, there)
		}
		if changes && (failed == nil || failed.InputError == nil) {
			t.Errorf("want an input error for the changed recording, got %v", failed)
		}
	}
}

// A full disk is reported as such, whether a write of our own or one by a tool failed.
func TestHandle_DiskFull(t *testing.T) {
	for _, c := range []struct {
		err  error
		full bool
	}{
		{fmt.Errorf("write the thumbnail: %w", &os.PathError{Op: "write", Path: "x.jpg", Err: syscall.ENOSPC}), true},
		{&os.PathError{Op: "write", Path: "x.jpg", Err: syscall.EDQUOT}, true},
		{fmt.Errorf("encode: %w", &media.ToolError{Command: []string{"ffmpeg"}, ExitCode: 1, Stderr: "[error] Error closing file x: No space left on device\n"}), true},
		{&media.ToolError{Command: []string{"ffmpeg"}, ExitCode: 1, Stderr: "[error] Invalid data found\n"}, false},
		{&os.PathError{Op: "write", Path: "x.jpg", Err: syscall.EIO}, false},
	} {
		failed, _ := runHandler(t, 1, func(context.Context, *Task) error { return c.err })
		if failed == nil || (failed.InputError != nil) != c.full || failed.MachineFault != c.full {
			t.Errorf("%v: want an input error: %v; got %+v", c.err, c.full, failed)
		}
	}
}

// If a recording is missing on this machine, another may have it. If it has changed, no other
// machine can help.
func TestHandle_MissingOrChangedRecording(t *testing.T) {
	for _, c := range []struct {
		name    string
		harm    func(path string) error
		machine bool
	}{
		{"gone", os.Remove, true},
		{"changed", func(path string) error { return os.WriteFile(path, []byte("others"), 0o600) }, false},
	} {
		failed, _ := runHandler(t, 1, func(ctx context.Context, t *Task) error {
			path, err := t.InputPath(ctx, t.Actions[0], "recording", "")
			if err == nil {
				err = c.harm(path)
			}
			if err == nil {
				_, err = t.InputPath(ctx, t.Actions[0], "recording", "")
			}
			return err
		})
		if failed == nil || failed.InputError == nil || failed.MachineFault != c.machine {
			t.Errorf("%s: want Machine %v; got %+v", c.name, c.machine, failed)
		}
	}
}

// A worker of another version publishes nothing, because its result would not belong to the
// key.
func TestHandle_VersionMismatch(t *testing.T) {
	for _, version := range []int{1, 2} {
		_, there := runHandler(t, version, func(ctx context.Context, t *Task) error {
			return t.Publish(ctx, t.Actions[0], t.Dir, "facts", nil)
		})
		if there != (version == 1) {
			t.Errorf("version %d: published: %v", version, there)
		}
	}
}
