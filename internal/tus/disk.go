package tus

import (
	"errors"

	"golang.org/x/sys/unix"
)

// freeSpace returns how many bytes can be written to the filesystem of a directory.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// isDiskFull reports whether err is a full disk, an exceeded quota or a file size limit.
func isDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}
