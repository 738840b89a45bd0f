package watchfolder

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// isOpenForWriting reports whether some process on this machine has a file open for writing: a
// lease to read it is refused as long as one has (fcntl(2), F_SETLEASE). Leases are given to
// a file's owner and to root only, and not on every filesystem; where none is given for such
// reasons, the answer is no, and the time for which the file has not changed has to do.
func isOpenForWriting(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		return errors.Is(err, unix.EAGAIN)
	}
	_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK) // closing the file gives it back too
	return false
}
