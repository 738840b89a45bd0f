package watchfolder

import (
	"io/fs"
	"syscall"
)

// deviceAndInode returns the numbers that identify a file, or zeros on systems without them.
func deviceAndInode(info fs.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino)
	}
	return 0, 0
}
