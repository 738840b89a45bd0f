package watchfolder

import (
	"io/fs"
	"syscall"
)

// deviceAndInode returns the numbers of the file's device and inode, which identify it even after
// it was moved. Both are 0 on systems without them.
func deviceAndInode(info fs.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino)
	}
	return 0, 0
}
