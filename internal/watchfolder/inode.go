package watchfolder

import (
	"io/fs"
	"syscall"
)

// deviceAndInode is what the system knows a file by.
func deviceAndInode(info fs.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino)
	}
	return 0, 0
}
