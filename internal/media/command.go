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

// Exec runs a program of a user. Like ffmpeg, it is niced, has a limit on the size of its files,
// and runs in a process group that is killed when ctx ends or this process dies. Its memory is not
// limited, because some programs reserve far more address space than they use. read gets its
// standard output. When the program ends, other processes of its group are killed. Exec returns
// what the program wrote to standard error, and a *ToolError if the program fails.
func (t Tools) Exec(ctx context.Context, c Command, read func(io.Reader) error) (stderr string, err error) {
	t.MaxMemory = 0
	stderr, err = t.runProgram(ctx, program{args: c.Args, dir: c.Dir, env: c.Env, killGroup: true}, read)
	if errors.Is(err, exec.ErrWaitDelay) {
		err = fmt.Errorf("%s ended but left a program running that holds its output open; it was killed", filepath.Base(c.Args[0]))
	}
	return stderr, err
}
