package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Recover mends what a publication that was killed left in root: an earlier bundle that
// had been moved away comes back, and what was half laid out is removed. Publish does it
// too, before anything else.
func Recover(root, slug string) error {
	dir, old := filepath.Join(root, slug), filepath.Join(root, previousName(slug))
	if _, err := os.Lstat(old); err == nil {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(old, dir); err != nil {
				return fmt.Errorf("bring back the earlier bundle: %w", err)
			}
		} else if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("remove the earlier bundle: %w", err)
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
				return fmt.Errorf("sweep a leftover: %w", err)
			}
		}
	}
	return nil
}

// removeStaleStaging removes a staging directory unless its maker lives.
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

func stagingPrefix(slug string) string { return ".lectern-new-" + slug + "-" }

func previousName(slug string) string { return ".lectern-old-" + slug }

// asInputError turns what the place of output is to blame for into a fault.
func (p *writer) asInputError(err error) error {
	err = fmt.Errorf("publish %s: %w", p.slug, err)
	f := inputerr.As(err)
	var failed *fs.PathError
	switch {
	case f != nil:
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		f = inputerr.New(p.root, "has no room left for the bundle %s; the earlier one, if any, is untouched", p.slug).Hint("Make room and run again")
	case errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission):
		f = inputerr.New(p.root, "cannot be written to: %v", err).Hint("Choose another directory, or change its permissions")
	case errors.Is(err, syscall.ENOTDIR):
		f = inputerr.New(p.root, "is no directory").Hint("Choose another")
	case errors.As(err, &failed) && !pathExists(p.root): // as below /proc, or by a name that is too long
		f = inputerr.New(p.root, "cannot be made: %v", err).Hint("Choose another directory")
	default:
		return err
	}
	return f
}

func pathExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// CheckWritable tries, before hours are spent on a bundle, whether root/slug could be laid
// out: that root can be written to and that nothing foreign is in the way. What an
// earlier publication left half done is mended.
func CheckWritable(root, slug string) error {
	p := &writer{ctx: context.Background(), root: root, slug: slug, dir: filepath.Join(root, slug), trace: func(string) {}}
	if err := p.checkWritable(); err != nil {
		return p.asInputError(err)
	}
	return nil
}

func (p *writer) checkWritable() error {
	if err := os.MkdirAll(p.root, 0o755); err != nil {
		return err
	}
	if err := Recover(p.root, p.slug); err != nil {
		return err
	}
	if _, err := loadPrevious(p.dir); err != nil {
		return err
	}
	lock, err := p.createStaging()
	if err != nil {
		return err
	}
	return errors.Join(lock.Close(), os.RemoveAll(p.staging))
}
