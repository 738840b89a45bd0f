package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// The environment variables that control the shim.
const (
	shimReal     = "SHIM_FFMPEG"    // the ffmpeg that it becomes
	shimLog      = "SHIM_LOG"       // a file that gets a line for each call: its arguments as JSON
	shimFail     = "SHIM_FAIL"      // calls with this in their arguments fail
	shimFailOnce = "SHIM_FAIL_ONCE" // a file that the first such call makes; only that one fails
	shimAsk      = "SHIM_ASK"       // a socket on which it asks before it encodes a chunk of talk.mp4
)

// shim stands in for ffmpeg: it logs its arguments, and then becomes ffmpeg.
func shim() {
	args := os.Args[1:]
	err := logCall(args)
	if err == nil {
		args, err = shimResponse(args)
	}
	if err == nil {
		err = syscall.Exec(os.Getenv(shimReal), append([]string{"ffmpeg"}, args...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, "shim:", err)
	os.Exit(1)
}

func logCall(args []string) error {
	line, err := json.Marshal(args)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(os.Getenv(shimLog), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// shimResponse returns what the call must do: fail, or run with these arguments.
func shimResponse(args []string) ([]string, error) {
	line := strings.Join(args, " ")
	if fail := os.Getenv(shimFail); fail != "" && strings.Contains(line, fail) {
		once := os.Getenv(shimFailOnce)
		if once == "" {
			return nil, errors.New("the encoder burst into flames")
		}
		if f, err := os.OpenFile(once, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			return nil, errors.Join(errors.New("the encoder coughed"), f.Close())
		}
	}
	if os.Getenv(shimAsk) == "" || !strings.Contains(line, "libx264") || !strings.Contains(line, "/talk.mp4") {
		return args, nil // cards are encoded too, and in no fixed order beside the chunks
	}
	return askController(args, line)
}

// askController tells the test what is about to be encoded and waits for its answer: with "slow",
// ffmpeg reads its input no faster than it plays. The connection stays open while ffmpeg runs, so
// that the test sees its end.
func askController(args []string, line string) ([]string, error) {
	c, err := net.Dial("unix", os.Getenv(shimAsk))
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintln(c, line); err != nil {
		return nil, err
	}
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return nil, err
	}
	if answer == "slow\n" {
		args = slices.Insert(slices.Clone(args), slices.Index(args, "-i"), "-re")
	}
	f, err := c.(*net.UnixConn).File()
	if err != nil {
		return nil, err
	}
	_, err = syscall.Dup(int(f.Fd())) // a copy that exec does not close
	return args, err
}

// realFFmpeg finds ffmpeg on the test's own PATH.
var realFFmpeg = sync.OnceValue(func() string {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		panic(err)
	}
	return path
})

// installShim puts the shim into a directory, named ffmpeg.
func installShim(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(dir, "ffmpeg"))
}

// readCalls returns the arguments of the calls in the shim's log.
func readCalls(log string) (calls [][]string, err error) {
	f, err := os.Open(log)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for d := json.NewDecoder(f); ; {
		var args []string
		if err := d.Decode(&args); err == io.EOF {
			return calls, nil
		} else if err != nil {
			return nil, err
		}
		calls = append(calls, args)
	}
}

// makeRecording makes a recording with moving pictures and a tone.
func makeRecording(path, seconds string, options ...string) error {
	args := []string{"-nostdin", "-v", "error", "-y",
		"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=" + seconds,
		"-f", "lavfi", "-i", "sine=440:r=48000:d=" + seconds,
		"-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"}
	out, err := exec.Command(realFFmpeg(), append(append(args, options...), "file:"+path)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make %s: %w\n%s", path, err, out)
	}
	return nil
}
