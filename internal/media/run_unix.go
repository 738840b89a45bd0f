//go:build unix && !linux

package media

import (
	"fmt"
	"os/exec"
	"syscall"
)

// prepare makes cmd the leader of a process group. The niceness is set later, by limitResources.
func (t Tools) prepare(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return nil
}

// limitResources sets the niceness of a process that has just started. It limits neither memory nor
// file sizes, which is possible only on Linux.
func (t Tools) limitResources(pid int) error {
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, pid, t.Nice); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("set the niceness: %w", err)
	}
	return nil
}
