package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Scratch makes a new directory inside the store and returns its path. name begins the directory's
// name, for people. The directory belongs to the caller until release removes it. If the process
// dies before, SweepScratch removes it. release may be called more than once.
func (s *Local) Scratch(name string) (dir string, release func() error, err error) {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\`, r) || r < ' ' {
			return '-'
		}
		return r
	}, name)
	if len(name) > 100 {
		name = name[:100]
	}
	dir = filepath.Join(s.dir, "scratch", name+"-"+randomID())
	held, err := lockScratch(dir + ".lock")
	if err != nil {
		return "", nil, fmt.Errorf("make a scratch directory: %w", s.wrapDiskFull(err))
	}
	release = func() error {
		if held == nil {
			return nil
		}
		err := errors.Join(removeAll(dir), os.Remove(dir+".lock"), held.Close())
		held = nil
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", nil, fmt.Errorf("make a scratch directory: %w", s.wrapDiskFull(errors.Join(err, release())))
	}
	return dir, release, nil
}

// lockScratch creates and locks the lock file of a scratch directory. If SweepScratch removes the
// file before it is locked, lockScratch creates it again.
func lockScratch(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		if err := flock(f, exclusive); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if mine, err := sameFile(f, path); err != nil {
			return nil, errors.Join(err, f.Close())
		} else if mine {
			return f, nil
		}
		f.Close()
	}
}

// sameFile reports whether path still names the open file f, and not another file or none.
func sameFile(f *os.File, path string) (bool, error) {
	open, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(open, named), err
}

// SweepScratch removes the scratch directories of processes that have died.
func (s *Local) SweepScratch(ctx context.Context) error {
	section := filepath.Join(s.dir, "scratch")
	entries, err := os.ReadDir(section)
	if err != nil {
		return fmt.Errorf("sweep scratch: %w", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, isLock := strings.CutSuffix(e.Name(), ".lock")
		if !isLock {
			continue
		}
		if err := removeAbandoned(filepath.Join(section, name)); err != nil {
			return fmt.Errorf("sweep scratch: %w", err)
		}
	}
	return nil
}

// removeAbandoned removes a scratch directory and its lock file, unless a live process holds the
// lock. It removes the lock file last, so that a directory always has one.
func removeAbandoned(dir string) error {
	f, err := os.Open(dir + ".lock")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = flock(f, exclusive|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	if mine, err := sameFile(f, f.Name()); err != nil || !mine {
		return err
	}
	return errors.Join(removeAll(dir), os.Remove(f.Name()))
}

// removeAll removes dir with its content, even if directories in it are not writable.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
