package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
)

// Command is a user's program to be run.
type Command struct {
	Args []string // program and arguments; a program without a slash is looked up in PATH
	Dir  string   // working directory
	Env  []string // its whole environment, as "NAME=value"
}

// Exec runs a program as ffmpeg is run: niced, with a limit on the size of its files, and in a
// process group that is killed when ctx ends or this process dies. Its address space is not
// limited, because some programs reserve far more than they use. read gets its standard
// output. Any process of the group that is still running at the end is killed. Exec returns a
// *ToolError if the program fails.
func (t Tools) Exec(ctx context.Context, c Command, read func(io.Reader) error) (stderr string, err error) {
	t.MaxMemory = 0
	stderr, err = t.runProgram(ctx, program{args: c.Args, dir: c.Dir, env: c.Env, killGroup: true}, read)
	if errors.Is(err, exec.ErrWaitDelay) {
		err = fmt.Errorf("%s ended but left a program running that holds its output open; it was killed", filepath.Base(c.Args[0]))
	}
	return stderr, err
}
