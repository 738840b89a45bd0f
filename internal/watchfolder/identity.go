package watchfolder

import (
	"io/fs"
	"syscall"
)

// identity is what the system knows a file by.
func identity(info fs.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino)
	}
	return 0, 0
}
