package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
)

// Command is a program that is not ours.
type Command struct {
	Args []string // the program and its arguments; one without a slash is looked for on PATH
	Dir  string   // where it runs
	Env  []string // all of its environment, as "NAME=value"
}

// Exec runs a program like ffmpeg: nice, in a process group of its own that ends with ctx
// and with Lectern, and with a limit to the files it writes. There is none to its address
// space, of which some take far more than memory. read takes its standard output. Whatever
// it leaves running is killed. A bad end is a *ToolError.
func (t Tools) Exec(ctx context.Context, c Command, read func(io.Reader) error) (stderr string, err error) {
	t.MaxMemory = 0
	stderr, err = t.runProgram(ctx, program{args: c.Args, dir: c.Dir, env: c.Env, killGroup: true}, read)
	if errors.Is(err, exec.ErrWaitDelay) {
		err = fmt.Errorf("%s ended, and left a program running that holds its output; it was killed", filepath.Base(c.Args[0]))
	}
	return stderr, err
}
