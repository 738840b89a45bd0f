package bundle

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchangePaths swaps two paths atomically. Both must exist on one filesystem.
func exchangePaths(a, b string) error {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}

// exchangeUnsupported reports whether err says that the kernel or the filesystem cannot swap paths.
func exchangeUnsupported(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP)
}
