package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/store"
)

// execFixture is a worker with one action to do: a program.
type execFixture struct {
	worker *Worker
	store  *store.Local
	action action.Action
	job    action.Job
}

// newExecFixture has a program that reads two recordings and a script, and makes "out.txt".
func newExecFixture(t *testing.T, run ...string) *execFixture {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	b := &execFixture{store: s, job: action.Job{ID: "job", Originals: make(map[action.Key]action.Original)}}
	inputs := make(map[string]action.Key)
	for i, name := range []string{"one.mp4", "two words.mts"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		key := action.KeyOf([]byte(name))
		b.job.Originals[key] = action.Original{Path: path, Size: info.Size(), ModTime: info.ModTime()}
		inputs[plan.InputRole+"recordings/0000"+strconv.Itoa(i)] = key
	}
	inputs[plan.FileRole+"script"] = putInlineInput(t, s, "#!/bin/sh\necho from the script: \"$1\"\n")
	spec := plan.ExecSpec{
		Run: run, Version: 1,
		Inputs:  map[string][]string{"recordings": {plan.RecordingFile, plan.RecordingFile}},
		Outputs: map[string]string{"out": "out.txt"},
		Files:   map[string]string{"script": "hello.sh"},
		Env:     map[string]string{"MODEL": "/models/{x}", "OUT": "{output.out}"},
	}
	if b.action, _, err = action.New("exec", plan.Exec().Version, "report", spec, inputs); err != nil {
		t.Fatal(err)
	}
	b.worker = &Worker{Store: s, Media: media.Tools{MaxFileSize: 1 << 20}, Log: slog.New(slog.DiscardHandler), Kinds: Kinds()}
	return b
}

// putInlineInput stores an input that comes with the facts.
func putInlineInput(t *testing.T, s *store.Local, content string) action.Key {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, plan.InlineInputFile), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	a := action.Artifact{Key: action.KeyOf([]byte(content)), Kind: "given", Files: []action.File{{Name: plan.InlineInputFile}}}
	if _, err := s.Put(t.Context(), a, dir); err != nil {
		t.Fatal(err)
	}
	return a.Key
}

// run runs the action, and returns the content of its output "out.txt".
func (b *execFixture) run(ctx context.Context, t *testing.T) (made string, a action.Artifact, err error) {
	t.Helper()
	b.job.Actions = []action.Action{b.action}
	if err := b.worker.Handle(ctx, b.job, func(action.Event) {}); err != nil {
		if has, _ := b.store.Has(t.Context(), b.action.Key); has {
			t.Error("the action failed but left an artifact")
		}
		return "", a, err
	}
	if a, err = b.store.Get(t.Context(), b.action.Key); err != nil {
		t.Fatal(err)
	}
	f, err := a.File("out.txt")
	if err != nil {
		t.Fatal(err)
	}
	path, err := b.store.Path(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content), a, nil
}

// sh returns the command line of a shell script.
func sh(script string, args ...string) []string {
	return append([]string{"sh", "-c", script, "sh"}, args...)
}

// TestExec_ProgramEnvironment checks the inputs, variables and directories that a program
// gets, and that its output is published.
func TestExec_ProgramEnvironment(t *testing.T) {
	for _, c := range []struct {
		name string
		run  []string
		want string
	}{
		{"an input of several files is as many arguments", sh(`for f in "$@"; do basename "$f"; done >$OUT`, "{input.recordings}"), "recordings-1.mp4\nrecordings-2.mts\n"},
		{"and they are the recordings", sh(`cat "$@" >$OUT`, "{input.recordings}"), "one.mp4two words.mts"},
		{"a script of the pipeline's runs, and words stay together", []string{"sh", "-c", `"$0" "$1" >$OUT`, "{file.script}", "a  b"}, "from the script: a  b\n"},
		{"the environment is small", sh(`env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | cut -d= -f1 | sort | tr '\n' ' ' >$OUT`), "HOME LANG MODEL OUT PATH TMPDIR TZ "},
		{"braces that are no placeholders stay", sh(`echo "$MODEL" >$OUT`), "/models/{x}\n"},
		{"home and temporary files are its own", sh(`echo x >$HOME/x && echo y >$TMPDIR/y && echo z >z && cat $HOME/x $TMPDIR/y z >$OUT`), "x\ny\nz\n"},
		{"standard input is empty", sh(`cat - >read; wc -c <read | tr -d ' ' >$OUT`), "0\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			made, _, err := newExecFixture(t, c.run...).run(t.Context(), t)
			if err != nil || made != c.want {
				t.Errorf("it made %q, %v; want %q", made, err, c.want)
			}
		})
	}
}

func TestExec_NotesAndProgress(t *testing.T) {
	b := newExecFixture(t, sh(`echo note quiet; echo notes; echo progress 0.5; echo progress much; echo "note  and slow "; echo x >$OUT`)...)
	var progress []float64
	b.job.Actions = []action.Action{b.action}
	err := b.worker.Handle(t.Context(), b.job, func(e action.Event) { progress = append(progress, e.Fraction) })
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.store.Get(t.Context(), b.action.Key)
	if err != nil || !slices.Equal(a.Notes, []string{"quiet", "and slow"}) || !slices.Equal(progress, []float64{0.5}) {
		t.Errorf("notes %q, progress %v, %v", a.Notes, progress, err)
	}
}

// A program that fails, or that does not write its outputs as it should, publishes nothing.
func TestExec_OutputsVerified(t *testing.T) {
	for _, c := range []struct {
		name  string
		run   []string
		says  string
		fault bool // trying again is no use
	}{
		{"an output that was not made", sh("true"), `did not write the output "out.txt", whose path it got as {output.out}`, false},
		{"an empty one", sh(": >$OUT"), `"out.txt" is empty`, false},
		{"a link", sh("ln -s /etc/passwd $OUT"), "is not a regular file", false},
		{"a second name of another file", sh("echo x >x && ln x $OUT"), "is a hard link to another file", false},
		{"a directory", sh("mkdir $OUT"), "is not a regular file", false},
		{"one in a place that leads elsewhere", sh(`cd .. && mkdir /tmp/$$ && echo x >/tmp/$$/out.txt && rmdir out && ln -s /tmp/$$ out`), "escapes", false},
		{"a bad end", sh("echo first >&2; echo the model is broken >&2; exit 7"), "sh ended with code 7: the model is broken", false},
		{"an input at fault", sh("echo no speech in it. >&2; exit 3"), "stage report: no speech in it", true},
		{"an input at fault, without a word", sh("exit 3"), "stage report: the program reports that its input is at fault, but not why", true},
		{"a program that is nowhere", []string{"no-such-recogniser"}, `stage report: the program "no-such-recogniser" cannot be run on this machine`, true},
		{"a file larger than any may be", sh("while head -c 2000000 /dev/zero >$OUT; do :; done; exit 8"), "ended with code 8", false}, // the limit comes a moment after the start
		{"others left running that hold its output", sh("sleep 60 & echo x >$OUT"), "left a program running", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := newExecFixture(t, c.run...).run(t.Context(), t)
			var failed *action.Failure
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.says) && !strings.Contains(failed.InputError.Error(), c.says) {
				t.Fatalf("%v; want a failure that says %q", err, c.says)
			}
			if (failed.InputError != nil) != c.fault {
				t.Errorf("want an input error: %v; got %+v", c.fault, failed.InputError)
			}
		})
	}
}

// A failure keeps what the program wrote to standard error.
func TestExec_StderrKept(t *testing.T) {
	_, _, err := newExecFixture(t, sh("echo first >&2; echo last >&2; exit 7")...).run(t.Context(), t)
	var failed *action.Failure
	if !errors.As(err, &failed) || failed.Stderr != "first\nlast\n" || failed.Command[0] != "sh" {
		t.Errorf("%+v", failed)
	}
}

// A program is killed with everything it started when its time is over, or when the job is
// cancelled.
func TestExec_ProcessGroupKilled(t *testing.T) {
	for _, limit := range []time.Duration{0, 500 * time.Millisecond} {
		path := filepath.Join(t.TempDir(), "life")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		// What the program started says that it runs, and would go on for ever.
		b := newExecFixture(t, sh(`sh -c 'trap "" TERM; exec >"$0"; echo; while :; do sleep 60; done' "$1" & wait`, path)...)
		b.action.Timeout = limit
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan error, 1)
		go func() {
			_, _, err := b.run(ctx, t)
			ended <- err
		}()
		life, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer life.Close()
		if _, err := life.Read(make([]byte, 1)); err != nil { // waits until it is said
			t.Fatal(err)
		}
		if limit == 0 {
			stop()
		}
		err = <-ended
		var failed *action.Failure
		if limit > 0 && (!errors.As(err, &failed) || failed.InputError == nil || !strings.Contains(failed.InputError.Error(), "took longer than 500ms")) {
			t.Errorf("its time was over: %v", err)
		}
		if limit == 0 && !errors.Is(err, context.Canceled) {
			t.Errorf("it was called back: %v", err)
		}
		if err := life.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := life.Read(make([]byte, 1)); err != io.EOF { // no process has it open for writing
			t.Errorf("something that it started still runs: %v", err)
		}
	}
}
