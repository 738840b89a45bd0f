package catalog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// makePrivateDir creates the data directory dir so that only its owner has access. If it exists,
// the permissions of other users are removed, unless it belongs to another user or is shared, as
// /tmp is.
func makePrivateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return removeOthersAccess(dir, 0o700)
}

// makePrivateDatabase creates the database in the data directory dir, if needed, and removes the
// permissions of other users from it and its log. SQLite creates its other files with the mode of
// the database.
func makePrivateDatabase(dir string) error {
	path := filepath.Join(dir, "catalog.db")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err := removeOthersAccess(path+suffix, 0o600)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// removeOthersAccess removes the permissions that mode does not have from path, if other users have
// any. It does nothing if path has the sticky bit, as /tmp has, or belongs to another user and this
// process is not root's.
func removeOthersAccess(path string, mode fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	foreign := known && int(owner.Uid) != os.Geteuid() && os.Geteuid() != 0
	if info.Mode().Perm()&0o077 == 0 || info.Mode()&fs.ModeSticky != 0 || foreign {
		return nil
	}
	return os.Chmod(path, info.Mode().Perm()&mode)
}
