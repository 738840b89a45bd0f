package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// stagingPrefix returns the beginning of the names of directories in which the bundle slug is being
// written.
func stagingPrefix(slug string) string { return ".lectern-new-" + slug + "-" }

// previousName returns the name that the bundle slug has between the two renames by which it is
// replaced.
func previousName(slug string) string { return ".lectern-old-" + slug }

// Recover cleans up in root after a [Write] of the bundle slug that was killed: it brings back a
// previous bundle that had been moved away, and removes staging directories, except those of a
// Write that is still running. Write calls it first.
func Recover(root, slug string) error {
	dir, old := filepath.Join(root, slug), filepath.Join(root, previousName(slug))
	if _, err := os.Lstat(old); err == nil {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(old, dir); err != nil {
				return fmt.Errorf("bring back the previous bundle: %w", err)
			}
		} else if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("remove the previous bundle: %w", err)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), stagingPrefix(slug))
		if ok && e.IsDir() && strings.Trim(suffix, "0123456789") == "" {
			if err := removeStaleStaging(filepath.Join(root, e.Name())); err != nil {
				return fmt.Errorf("remove an unfinished bundle: %w", err)
			}
		}
	}
	return nil
}

// removeStaleStaging removes a staging directory unless a living process has it locked.
func removeStaleStaging(dir string) error {
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil
	}
	return os.RemoveAll(dir)
}

// CheckWritable returns an error if the bundle root/slug could not be written: root is not
// writable, or files that are not Lectern's are in the place of the bundle. Call it before spending
// hours on encoding. It creates root if needed, and cleans up as [Recover] does.
func CheckWritable(root, slug string) error {
	w := newWriter(root, slug, nil)
	if err := w.checkWritable(); err != nil {
		return w.asInputError(err)
	}
	return nil
}

func (w *writer) checkWritable() error {
	if err := os.MkdirAll(w.root, 0o755); err != nil {
		return err
	}
	if err := Recover(w.root, w.slug); err != nil {
		return err
	}
	if _, err := loadPrevious(w.dir); err != nil {
		return err
	}
	lock, err := w.createStaging()
	if err != nil {
		return err
	}
	return errors.Join(lock.Close(), os.RemoveAll(w.staging))
}

// asInputError returns an *inputerr.Error for an error that the output directory causes, such as a
// full disk or missing permissions. It wraps any other error.
func (w *writer) asInputError(err error) error {
	err = fmt.Errorf("write the bundle %s: %w", w.slug, err)
	var failed *fs.PathError
	switch {
	case inputerr.As(err) != nil:
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return inputerr.New(w.root, "has no space left for the bundle %s; the previous one, if any, is unchanged", w.slug).Hint("Free some space and run again")
	case errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission):
		return inputerr.New(w.root, "cannot be written to: %v", err).Hint("Choose another directory, or change its permissions")
	case errors.Is(err, syscall.ENOTDIR):
		return inputerr.New(w.root, "is not a directory").Hint("Choose another one")
	case errors.As(err, &failed) && !pathExists(w.root): // below /proc, for example, or with a name that is too long
		return inputerr.New(w.root, "cannot be created: %v", err).Hint("Choose another directory")
	}
	return err
}

func pathExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
