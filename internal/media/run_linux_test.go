package media

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tools returns the installed ffmpeg and ffprobe.
func tools(t *testing.T) Tools {
	t.Helper()
	found, err := FindTools()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// endless makes pictures for ever, at the pace of a clock.
var endless = []string{"-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25", "-f", "null", "-"}

func TestRun_ReportsProgress(t *testing.T) {
	var last Progress
	stderr, err := tools(t).Run(t.Context(), []string{"-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "null", "-"}, func(p Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	if stderr != "" {
		t.Errorf("a run without trouble said %q", stderr)
	}
	if last.Frame != 50 || last.Time < 1900*time.Millisecond {
		t.Errorf("the last progress was %+v; want 50 frames and two seconds", last)
	}
}

func TestRun_FailureIsToolError(t *testing.T) {
	for name, run := range map[string]func(Tools, []string) error{
		"run": func(tl Tools, args []string) error { _, err := tl.Run(t.Context(), args, nil); return err },
		"stream": func(tl Tools, args []string) error {
			_, err := tl.Stream(t.Context(), args, func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(tools(t), []string{"-i", "file:/nowhere/at all.mp4", "-f", "null", "-"})
			var failed *ToolError
			if !errors.As(err, &failed) {
				t.Fatalf("got %v; want a ToolError", err)
			}
			if failed.ExitCode != 1 || !strings.Contains(failed.Stderr, "No such file") || !strings.Contains(err.Error(), "No such file") {
				t.Errorf("got %+v", failed)
			}
		})
	}
}

func TestStream_Output(t *testing.T) {
	var n int64
	_, err := tools(t).Stream(t.Context(), []string{"-f", "lavfi", "-i", "sine=r=48000:d=1", "-f", "s16le", "pipe:1"}, func(r io.Reader) (err error) {
		n, err = io.Copy(io.Discard, r)
		return err
	})
	if err != nil || n != 96000 {
		t.Errorf("read %d bytes, %v; want 96000", n, err)
	}
}

func TestStream_ReaderErrorStopsProgram(t *testing.T) {
	enough := errors.New("enough")
	_, err := tools(t).Stream(t.Context(), []string{"-f", "lavfi", "-i", "anullsrc", "-f", "s16le", "pipe:1"}, func(io.Reader) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("got %v; want the reader's error", err)
	}
}

// stubborn stands in front of ffmpeg, as a wrapper on PATH might, and does not heed
// SIGTERM; nor does its child.
const stubborn = `#!/bin/sh
trap '' TERM
sh -c 'trap "" TERM; echo frame=$$; echo progress=continue; while :; do sleep 1; done' &
wait; while :; do wait; sleep 1; done
`

func TestRun_ContextCancelKillsGroup(t *testing.T) {
	wrapped := tools(t)
	wrapped.FFmpeg = filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(wrapped.FFmpeg, []byte(stubborn), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tl := range map[string]Tools{"ffmpeg": tools(t), "one that ignores SIGTERM": wrapped} {
		t.Run(name, func(t *testing.T) {
			interrupted := errors.New("interrupted")
			ctx, cancel := context.WithCancelCause(t.Context())
			var begun time.Time
			var child int
			_, err := tl.Run(ctx, endless, func(p Progress) {
				begun, child = time.Now(), int(p.Frame)
				cancel(interrupted)
			})
			if !errors.Is(err, interrupted) {
				t.Errorf("got %v; want the context's cause", err)
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("took %v to stop", took)
			}
			if tl.FFmpeg == wrapped.FFmpeg {
				awaitDeath(t, child)
			}
		})
	}
}

// TestRun_ParentKilled runs this test binary again as a process that runs ffmpeg,
// and kills that process the hard way.
func TestRun_FileSizeLimit(t *testing.T) {
	tl := tools(t)
	tl.MaxFileSize = 64 << 10
	out := filepath.Join(t.TempDir(), "out.yuv")
	_, err := tl.Run(t.Context(), []string{"-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=2", "-f", "rawvideo", out}, nil)
	if info, statErr := os.Stat(out); err == nil || statErr != nil || info.Size() > tl.MaxFileSize {
		t.Errorf("got %v and %v", err, statErr)
	}
}

// TestRun_ParentKilled runs this test binary again as a process that runs ffmpeg, and kills
// that process with SIGKILL.
func TestRun_ParentKilled(t *testing.T) {
	if os.Getenv("LECTERN_TEST_RUN_ENDLESS") != "" {
		_, err := tools(t).Run(context.Background(), endless, func(p Progress) { os.Stdout.WriteString("running\n") })
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestRun_ParentKilled$")
	cmd.Env = append(os.Environ(), "LECTERN_TEST_RUN_ENDLESS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "running\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	children := childrenOf(t, cmd.Process.Pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if len(children) != 1 {
		t.Fatalf("found the children %v; want ffmpeg alone", children)
	}
	awaitDeath(t, children[0])
}

func TestRun_Niceness(t *testing.T) {
	tl := tools(t)
	tl.Nice = 7
	ctx, cancel := context.WithCancel(t.Context())
	var nice []string
	_, _ = tl.Run(ctx, endless, func(Progress) {
		defer cancel()
		for _, child := range childrenOf(t, os.Getpid()) {
			tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(child) + "/task/*/stat")
			for _, task := range tasks {
				stat, _ := os.ReadFile(task)
				_, rest, _ := strings.Cut(string(stat), ") ")
				if fields := strings.Fields(rest); len(fields) > 16 { // else the thread has just ended
					nice = append(nice, fields[16])
				}
			}
		}
	})
	own, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := strconv.Itoa(min(19, 20-own+7))
	if len(nice) == 0 {
		t.Fatal("found no thread of ffmpeg")
	}
	for _, n := range nice {
		if n != want {
			t.Errorf("ffmpeg's threads are %v nice; want all %s", nice, want)
			break
		}
	}
}

// childrenOf returns the direct children of a process, of all its threads.
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		b, _ := os.ReadFile(list) // a thread may have ended meanwhile
		for _, field := range strings.Fields(string(b)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
		}
	}
	return children
}

// awaitDeath waits until a process that is not our child is gone, or is a zombie.
func awaitDeath(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 5000)
	if n != 1 {
		_ = unix.Kill(pid, unix.SIGKILL)
		t.Errorf("process %d outlived us (%v)", pid, err)
	}
}
