package media

import (
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// prepare makes cmd the leader of a process group, has the kernel kill it when the calling thread
// dies, and adds t.Nice to the niceness of that thread. On Linux niceness belongs to a thread and
// is inherited, so it applies to all threads of the command.
func (t Tools) prepare(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	kernel, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return fmt.Errorf("ask for the niceness: %w", err)
	}
	nice := 20 - kernel // the system call returns 20 - nice
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, min(19, nice+t.Nice)); err != nil {
		return fmt.Errorf("set the niceness: %w", err)
	}
	return nil
}

// limitResources limits the address space and the file size of a process that has just started. It
// returns no error if the process has ended already.
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
