package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Tools are the programs that do the work, and how they are to be run. It is a plain
// value; methods may be called from several goroutines at once.
type Tools struct {
	FFmpeg      string // absolute path
	FFprobe     string // absolute path
	Nice        int    // added to the programs' niceness, so that pages stay quick
	MaxMemory   int64  // bytes of address space each program may take; 0 sets no limit
	MaxFileSize int64  // bytes any file they write may have; 0 sets no limit
}

// FindTools looks for ffmpeg and ffprobe on PATH.
func FindTools() (Tools, error) {
	t := Tools{Nice: 10, MaxMemory: 16 << 30, MaxFileSize: 512 << 30} // a day of 1080p without loss
	for name, at := range map[string]*string{"ffmpeg": &t.FFmpeg, "ffprobe": &t.FFprobe} {
		path, err := exec.LookPath(name)
		if err != nil {
			return Tools{}, fmt.Errorf("%s is not on PATH; install it (Debian and Ubuntu: apt-get install ffmpeg; Fedora: dnf install ffmpeg; macOS: brew install ffmpeg): %w", name, err)
		}
		if *at, err = filepath.Abs(path); err != nil {
			return Tools{}, fmt.Errorf("find %s: %w", name, err)
		}
	}
	return t, nil
}

// Progress is how far a run of ffmpeg has come.
type Progress struct {
	Frame int64         // pictures written
	Time  time.Duration // of the output's clock
	Speed float64       // times real time; 0 where it means nothing yet
}

// ToolError is a program that ended badly.
type ToolError struct {
	Command  []string // the program and its arguments
	ExitCode int      // -1 where a signal ended it
	Stderr   string   // the tail of what it said
}

// Error names the program, how it ended and the last thing it said.
func (e *ToolError) Error() string {
	s := fmt.Sprintf("%s ended with code %d", filepath.Base(e.Command[0]), e.ExitCode)
	if stderr := strings.TrimSpace(e.Stderr); stderr != "" {
		s += ": " + stderr[strings.LastIndexByte(stderr, '\n')+1:]
	}
	return s
}

const (
	killDelay = 700 * time.Millisecond // between SIGTERM and SIGKILL
	tailSize  = 16 << 10               // bytes of standard error that are kept
)

// Run runs ffmpeg with args behind Lectern's own global options and tells on, which may
// be nil, how far it has come. said is the tail of ffmpeg's warnings, each line led by
// its level in brackets. A bad end is a *ToolError; where ctx ended, the error wraps its
// cause.
func (t Tools) Run(ctx context.Context, args []string, progress func(Progress)) (stderr string, err error) {
	return t.runProgram(ctx, program{args: t.ffmpeg(append([]string{"-progress", "pipe:1"}, args...))}, func(r io.Reader) error {
		return readProgress(r, progress)
	})
}

// Stream runs ffmpeg like Run, and hands what it writes to "pipe:1" to read. If read
// fails, ffmpeg is stopped and that error is returned. What read leaves is discarded.
func (t Tools) Stream(ctx context.Context, args []string, read func(io.Reader) error) (stderr string, err error) {
	return t.runProgram(ctx, program{args: t.ffmpeg(args)}, read)
}

// Feed runs ffmpeg like Run, and lets write make what it reads from "pipe:0". If write
// fails, ffmpeg is stopped and that error is returned.
func (t Tools) Feed(ctx context.Context, args []string, write func(io.Writer) error) (stderr string, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(in)
		if err != nil {
			stop(err)
		}
		in.CloseWithError(err)
		written <- err
	}()
	stderr, err = t.runProgram(ctx, program{args: t.ffmpeg(args), stdin: out}, func(io.Reader) error { return nil })
	out.Close()
	if failed := <-written; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return stderr, fmt.Errorf("write what ffmpeg reads: %w", failed)
	}
	return stderr, err
}

// Inspect runs ffprobe with args, and hands its standard output to read. said and err are
// as with Run.
func (t Tools) Inspect(ctx context.Context, args []string, read func(io.Reader) error) (stderr string, err error) {
	return t.runProgram(ctx, program{args: append([]string{t.FFprobe, "-hide_banner", "-loglevel", "level+warning"}, args...)}, read)
}

func (t Tools) ffmpeg(args []string) []string {
	return append([]string{t.FFmpeg, "-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "level+warning"}, args...)
}

// program is what watch runs.
type program struct {
	args      []string  // it and its arguments
	stdin     io.Reader // nil: nothing
	dir       string    // "": ours
	env       []string  // nil: ours
	killGroup bool      // nothing of its group may outlive it
}

// runProgram runs a program in its own process group until it ends or ctx does, while read
// takes its standard output.
//
// The command is started from a thread of its own, which waits for it and then ends:
// the kernel kills the command when that thread dies (so that even kill -9 of Lectern
// leaves no encoder behind), and the thread's niceness is what the command inherits.
func (t Tools) runProgram(ctx context.Context, p program, read func(io.Reader) error) (stderr string, err error) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out, in := io.Pipe()
	tail := &tail{}
	cmd := exec.CommandContext(running, p.args[0], p.args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.stdin, in, tail
	cmd.Dir, cmd.Env = p.dir, p.env
	cmd.WaitDelay = killDelay
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := t.runOnThisThread(cmd)
		in.CloseWithError(err) // a bad end is no end of file to the reader
		ended <- err
	}()
	reading := read(out)
	if reading == nil {
		_, reading = io.Copy(io.Discard, out)
	}
	if reading != nil {
		stop(reading)
	}
	out.CloseWithError(reading)
	err = <-ended
	if (running.Err() != nil || p.killGroup) && cmd.Process != nil {
		// Whatever of the group outlived SIGTERM, or its head. An empty group is no error.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	stderr = tail.String()
	err = resultError(ctx, cmd, err, reading, stderr)
	if err == nil && strings.Contains(stderr, "[error] Error writing trailer") {
		// ffmpeg 5 ends with 0 although its output is no file, for want of space perhaps.
		err = &ToolError{Command: p.args, Stderr: stderr}
	}
	return stderr, err
}

// runOnThisThread starts cmd from the calling thread and waits for it.
func (t Tools) runOnThisThread(cmd *exec.Cmd) error {
	if err := t.prepare(cmd); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := t.limitResources(cmd.Process.Pid); err != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		return err
	}
	return cmd.Wait()
}

// resultError is what became of a command: the reader's own error, the end of the context
// or the command's end, in this order.
func resultError(ctx context.Context, cmd *exec.Cmd, ended, reading error, stderr string) error {
	name := filepath.Base(cmd.Path)
	var exit *exec.ExitError
	switch {
	case ended == nil && reading == nil:
		return nil
	case reading != nil && (ended == nil || !errors.Is(reading, ended)):
		return fmt.Errorf("read what %s wrote: %w", name, reading)
	case ctx.Err() != nil:
		return fmt.Errorf("%s was stopped: %w", name, context.Cause(ctx))
	case errors.As(ended, &exit):
		return &ToolError{Command: cmd.Args, ExitCode: exit.ExitCode(), Stderr: stderr}
	default:
		return fmt.Errorf("run %s: %w", name, ended)
	}
}

// readProgress reads what -progress writes: lines of key=value, each block of them
// closed by a line "progress=…".
func readProgress(r io.Reader, progress func(Progress)) error {
	var p Progress
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		value = strings.TrimSpace(value)
		switch key {
		case "frame":
			p.Frame, _ = strconv.ParseInt(value, 10, 64)
		case "out_time_us": // "N/A" until something is written
			us, _ := strconv.ParseInt(value, 10, 64)
			p.Time = time.Duration(us) * time.Microsecond
		case "speed":
			p.Speed, _ = strconv.ParseFloat(strings.TrimSuffix(value, "x"), 64)
		case "progress":
			if progress != nil {
				progress(p)
			}
		}
	}
	return lines.Err()
}

// tail keeps the last tailSize bytes written to it.
type tail struct {
	kept []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailSize; over > tailSize {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

// String is what was kept, from the start of a line on where something was lost.
func (t *tail) String() string {
	b := t.kept
	if len(b) > tailSize {
		b = b[len(b)-tailSize:]
		b = b[strings.IndexByte(string(b), '\n')+1:]
	}
	return strings.ToValidUTF8(string(b), "�")
}
