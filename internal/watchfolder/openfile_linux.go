package watchfolder

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// isOpenForWriting reports whether a process on this machine has a file open for writing. The kernel
// then refuses a read lease (fcntl(2), F_SETLEASE). Only the owner of the file and root get leases,
// and not on every filesystem; where a lease is refused for these reasons, isOpenForWriting returns
// false, and Options.StableFor alone decides.
func isOpenForWriting(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		return errors.Is(err, unix.EAGAIN)
	}
	_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK) // closing the file releases it, too
	return false
}
