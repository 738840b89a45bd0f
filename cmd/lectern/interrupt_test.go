package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conductor"
)

// ffmpegController lets a test control ffmpeg: the shim asks it before each encoding.
type ffmpegController struct {
	t        *testing.T
	listener net.Listener
}

func (d *cliTest) controlFFmpeg() *ffmpegController {
	d.t.Helper()
	dir, err := os.MkdirTemp("", "shim") // a socket's name must be short
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", dir+"/ask")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { l.Close() })
	d.env = append(d.env, shimAsk+"="+dir+"/ask")
	return &ffmpegController{d.t, l}
}

// next waits until the next chunk is about to be encoded, answers "go" or "slow", and returns the
// connection, which stays open while that ffmpeg runs.
func (u *ffmpegController) next(how string) net.Conn {
	u.t.Helper()
	c, err := u.listener.Accept()
	if err != nil {
		u.t.Fatal(err)
	}
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
		u.t.Fatal(err)
	}
	if _, err := fmt.Fprintln(c, how); err != nil {
		u.t.Fatal(err)
	}
	return c
}

// waitClosed waits for the end of the ffmpeg at the other end of the connection. One that ends
// before it has read its answer resets the connection.
func waitClosed(t *testing.T, c net.Conn) {
	t.Helper()
	defer c.Close()
	if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
}

// Ctrl-C stops ffmpeg within a second, and the next run continues.
func TestInterrupt_StopsFFmpegAndNextRunResumes(t *testing.T) {
	t.Parallel()
	d := newCLITest(t)
	d.record("talk.mp4", "32")
	ask := d.controlFFmpeg()
	args := []string{"run", "talk.mp4", "--title", "Talk", "--pipeline", "small.yaml", "-o", "out", "--json"}
	cmd := d.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	// Of seven chunks, the first is finished and the next two are being encoded when the interrupt
	// comes.
	first := ask.next("go")
	second := ask.next("slow")
	waitClosed(t, first)
	third := ask.next("slow")
	interrupted := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	waitClosed(t, second)
	waitClosed(t, third)
	took := time.Since(interrupted)
	cmd.Wait()
	t.Logf("ffmpeg was gone after %s", took)
	// The promise is one second. A busy machine may be late, but these two would have gone on for
	// five seconds each.
	if took > 3*time.Second {
		t.Errorf("ffmpeg was gone after %s only", took)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, &stderr)
	}
	if !strings.Contains(stderr.String(), "lectern: interrupted; the next run continues from here\n") {
		t.Errorf("it said %s", &stderr)
	}
	checkJSONError(t, stdout.String(), stderr.String())
	if left := d.files("data/store/scratch"); strings.Count(left, "\n") > 1 {
		t.Errorf("scratch holds\n%s", left)
	}

	d.env = append(d.env, shimAsk+"=")
	again, said, code := d.lectern(args...)
	if code != 0 {
		t.Fatalf("the next run: exit code %d\n%s", code, said)
	}
	if got, want := actionCounts(t, again)["encode"], (conductor.Count{Ran: 6, Reused: 1}); got != want {
		t.Errorf("the next run: %+v chunks, want %+v", got, want)
	}
}

// One process at a time works on a data directory. Another says what it waits for, and continues
// when that has ended.
func TestDataDir_SecondRunWaits(t *testing.T) {
	t.Parallel()
	d := newCLITest(t)
	d.record("talk.mp4", "2")
	ask := d.controlFFmpeg()
	first := d.command("run", "talk.mp4", "--title", "First of all", "--pipeline", "small.yaml", "-o", "out")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	held := ask.next("slow")
	d.env = append(d.env, shimAsk+"=")
	second := d.command("run", "talk.mp4", "--title", "Second", "--slug", "second", "--pipeline", "small.yaml", "-o", "out")
	stderr, err := second.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(stderr)
	line, err := said.ReadString('\n')
	if err != nil || !strings.Contains(line, "lectern run talk.mp4 --title 'First of all'") || !strings.HasSuffix(line, "; waiting for it to end\n") {
		t.Errorf("the second said %q, %v", line, err)
	}
	waitClosed(t, held)
	if err := first.Wait(); err != nil {
		t.Errorf("the first: %v", err)
	}
	rest, _ := io.ReadAll(said)
	if err := second.Wait(); err != nil {
		t.Errorf("the second: %v\n%s", err, rest)
	}
}

// A recording that changes while it is processed is noticed: no bundle is made, and artifacts of the
// changed file are not used for the original.
func TestRun_RecordingChangesMeanwhile(t *testing.T) {
	t.Parallel()
	d := newCLITest(t)
	d.record("talk.mp4", "3")
	recorded := d.read("talk.mp4")
	ask := d.controlFFmpeg()
	args := []string{"run", "talk.mp4", "--title", "Talk", "--pipeline", "small.yaml", "-o", "out", "--json"}
	cmd := d.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	chunk := ask.next("slow")
	d.record("talk.mp4", "2")
	waitClosed(t, chunk)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInputError || !strings.Contains(stderr.String(), "talk.mp4: changed while it was being processed. Run again") {
		t.Errorf("exit code %d\n%s", code, &stderr)
	}
	if _, err := os.Stat(d.path("out/talk")); err == nil {
		t.Error("it was published")
	}

	d.write("talk.mp4", string(recorded))
	d.env = append(d.env, shimAsk+"=")
	again, said, code := d.lectern(args...)
	if code != 0 {
		t.Fatalf("with the recording as it was: exit code %d\n%s", code, said)
	}
	if got, want := actionCounts(t, again)["encode"], (conductor.Count{Ran: 1}); got != want {
		t.Errorf("with the recording as it was: %+v chunks, want %+v", got, want)
	}
}

// actionCounts returns the counts of actions in the output of --json.
func actionCounts(t *testing.T, stdout string) map[string]conductor.Count {
	t.Helper()
	var result struct{ Actions map[string]conductor.Count }
	if err := json.Unmarshal([]byte(stdout), &result); err != nil {
		t.Fatal(err)
	}
	return result.Actions
}
