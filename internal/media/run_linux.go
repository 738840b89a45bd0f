package media

import (
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// prepare makes cmd the head of a process group that dies with the calling thread, and
// makes that thread as nice as the command is to be. On Linux niceness belongs to a
// thread and is inherited, so that not one thread of the command can miss it.
func (t Tools) prepare(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	kernel, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return fmt.Errorf("ask for the niceness: %w", err)
	}
	nice := 20 - kernel // the system call answers 20 - nice, to stay above zero
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, min(19, nice+t.Nice)); err != nil {
		return fmt.Errorf("set the niceness: %w", err)
	}
	return nil
}

// limitResources limits the memory, and the size of what it writes, of a process that has just
// started.
func (t Tools) limitResources(pid int) error {
	for what, bytes := range map[int]int64{unix.RLIMIT_AS: t.MaxMemory, unix.RLIMIT_FSIZE: t.MaxFileSize} {
		if bytes <= 0 {
			continue
		}
		limit := unix.Rlimit{Cur: uint64(bytes), Max: uint64(bytes)}
		if err := unix.Prlimit(pid, what, &limit, nil); err != nil && err != unix.ESRCH {
			return fmt.Errorf("limit memory and output: %w", err)
		}
	}
	return nil
}
