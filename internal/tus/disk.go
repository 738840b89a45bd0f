package tus

import (
	"errors"

	"golang.org/x/sys/unix"
)

// freeSpace returns how many bytes Lectern can still write to the file system of a directory.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// isDiskFull reports whether err means that the disk is full, that a quota is exhausted or that the
// file is too large for the file system.
func isDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}
