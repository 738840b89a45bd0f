package tus

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriteback tells the kernel to begin bringing bytes to the disk, so that little is left to
// do when they must be there. That it cannot is no failure.
func startWriteback(f *os.File, from, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE)
}
