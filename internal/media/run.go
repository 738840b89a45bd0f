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

// Tools are the programs ffmpeg and ffprobe, and limits for running them. It is a plain value;
// its methods may be called from several goroutines.
type Tools struct {
	FFmpeg      string // absolute path
	FFprobe     string // absolute path
	Nice        int    // added to the programs' niceness, so that the web server stays responsive
	MaxMemory   int64  // bytes of address space for each program; 0 for no limit
	MaxFileSize int64  // bytes of each file they write; 0 for no limit
}

// FindTools looks for ffmpeg and ffprobe in PATH, and returns them with the usual limits. It
// returns an error that says how to install them if one is missing.
func FindTools() (Tools, error) {
	t := Tools{Nice: 10, MaxMemory: 16 << 30, MaxFileSize: 512 << 30} // enough for a day of lossless 1080p
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

// Progress says how far a run of ffmpeg is.
type Progress struct {
	Frame int64         // frames written
	Time  time.Duration // of the output
	Speed float64       // multiple of real time; 0 if unknown
}

// ToolError is returned if a program fails.
type ToolError struct {
	Command  []string // program and arguments
	ExitCode int      // -1 if it was killed by a signal
	Stderr   string   // the end of its standard error
}

// Error returns the program, its exit code and the last line of its standard error.
func (e *ToolError) Error() string {
	s := fmt.Sprintf("%s ended with code %d", filepath.Base(e.Command[0]), e.ExitCode)
	if stderr := strings.TrimSpace(e.Stderr); stderr != "" {
		s += ": " + stderr[strings.LastIndexByte(stderr, '\n')+1:]
	}
	return s
}

const (
	killDelay = 700 * time.Millisecond // between SIGTERM and SIGKILL
	tailSize  = 16 << 10               // bytes of standard error to keep
)

// Run runs ffmpeg with args after Lectern's own global options. progress may be nil. stderr is the
// end of ffmpeg's warnings, each line preceded by its level in brackets. If ffmpeg fails, the error
// is a *ToolError; if ctx ends, ffmpeg is killed and the error wraps the cause.
func (t Tools) Run(ctx context.Context, args []string, progress func(Progress)) (stderr string, err error) {
	return t.runProgram(ctx, program{args: t.ffmpeg(append([]string{"-progress", "pipe:1"}, args...))}, func(r io.Reader) error {
		return readProgress(r, progress)
	})
}

// Stream runs ffmpeg as Run does, and calls read with what it writes to "pipe:1". If read fails,
// ffmpeg is stopped and read's error is returned. What read leaves unread is discarded.
func (t Tools) Stream(ctx context.Context, args []string, read func(io.Reader) error) (stderr string, err error) {
	return t.runProgram(ctx, program{args: t.ffmpeg(args)}, read)
}

// Feed runs ffmpeg as Run does, and calls write to write what it reads from "pipe:0". If write
// fails, ffmpeg is stopped and write's error is returned. ffmpeg may end before it has read
// everything, which is no error.
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

// Inspect runs ffprobe with args, and calls read with its standard output. It returns what Run
// returns, for ffprobe.
func (t Tools) Inspect(ctx context.Context, args []string, read func(io.Reader) error) (stderr string, err error) {
	return t.runProgram(ctx, program{args: append([]string{t.FFprobe, "-hide_banner", "-loglevel", "level+warning"}, args...)}, read)
}

func (t Tools) ffmpeg(args []string) []string {
	return append([]string{t.FFmpeg, "-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "level+warning"}, args...)
}

// program is a command to run.
type program struct {
	args      []string  // program and arguments
	stdin     io.Reader // nil for none
	dir       string    // "" for that of this process
	env       []string  // nil for that of this process
	killGroup bool      // kill the rest of its process group when it ends
}

// runProgram runs a program in its own process group until it ends or ctx does, and calls read with
// its standard output meanwhile. If read fails, the program is stopped.
//
// The command is started from a thread of its own, which waits for it and then ends. The kernel
// kills the command when that thread dies, so that even kill -9 of Lectern leaves no encoder
// running, and the command inherits the thread's niceness.
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
		runtime.LockOSThread() // never unlocked, so that the thread ends with the goroutine
		err := t.runOnThisThread(cmd)
		in.CloseWithError(err) // after a failure the reader gets the error, not EOF
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
		// Kill what is left of the group, after SIGTERM or the program's end. The group may be empty.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	stderr = tail.String()
	err = resultError(ctx, cmd, err, reading, stderr)
	if err == nil && strings.Contains(stderr, "[error] Error writing trailer") {
		// ffmpeg 5 exits with 0 although the output is incomplete, if the disk is full for example.
		err = &ToolError{Command: p.args, Stderr: stderr}
	}
	return stderr, err
}

// runOnThisThread starts cmd from the calling thread, limits its resources, and waits for it to
// end.
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

// resultError returns the error of a run: that of the reader, else that of the context, else that
// of the command. ended is what waiting for the command returned, reading what the reader did.
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

// readProgress parses what ffmpeg's -progress writes, blocks of lines key=value, and calls progress
// at the end of each block, if it is not nil.
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

// String returns the last tailSize bytes, without a line that is cut off at the beginning, as valid
// UTF-8.
func (t *tail) String() string {
	b := t.kept
	if len(b) > tailSize {
		b = b[len(b)-tailSize:]
		b = b[strings.IndexByte(string(b), '\n')+1:]
	}
	return strings.ToValidUTF8(string(b), "�")
}
