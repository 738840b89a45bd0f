package catalog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// makePrivateDir creates the data directory dir, or takes the permissions of other users away from
// an existing one. It leaves a directory of another user as it is, and one that users share, such
// as /tmp.
func makePrivateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return removeOthersAccess(dir, 0o700)
}

// makePrivateDatabase creates the database of the data directory dir, if needed, and takes the
// permissions of other users away from it and its log. SQLite gives its other files the mode of
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

// removeOthersAccess takes the permissions that are not in mode away from path, and grants none.
// It does nothing if path is shared or of another user.
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
