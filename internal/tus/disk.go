package tus

import (
	"errors"

	"golang.org/x/sys/unix"
)

// freeSpace is how many bytes can still be written to the filesystem of a directory.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// isDiskFull reports whether the disk, or what somebody may have of it, is used up.
func isDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}
