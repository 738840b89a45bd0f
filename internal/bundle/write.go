package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/fileio"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// Entry is a file to be written into a bundle: its content comes from Source or is Data.
type Entry struct {
	Path   string // in the bundle, with slashes
	Source string // path of a file with the content, on any filesystem; "": use Data
	Data   []byte
	SHA256 string // of the content, in hexadecimal
	Size   int64  // of the content, bytes
}

// NewEntry returns an entry with data as its content, and computes its hash and size.
func NewEntry(path string, data []byte) Entry {
	return Entry{Path: path, Data: data, SHA256: sha256Hex(data), Size: int64(len(data))}
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Write creates or replaces the bundle root/slug and returns its path. files are all files of the
// bundle, including bundle.json and SHA256SUMS.
//
// The bundle is replaced atomically: readers see the previous bundle or the new one, and after an
// error or a crash the previous one is still there. (On a filesystem that cannot exchange
// directories, there is none for a moment; see [Recover].) A file that the previous bundle already
// has keeps its inode. Any other file is hard-linked to its source, or copied if it is small or
// cannot be linked. If root/slug already has exactly these files, nothing is changed.
//
// People correct captions directly in a bundle. A file that was edited by hand in the previous
// bundle and is not part of the new one is copied to root/slug.edited, and listed in edited.
//
// trace, unless nil, is called with the name of each step before it begins; tests use it.
func Write(ctx context.Context, root, slug string, files []Entry, trace func(step string)) (dir string, edited []EditedFile, err error) {
	w := newWriter(root, slug, trace)
	if err := w.write(ctx, files); err != nil {
		return "", nil, w.asInputError(err)
	}
	return w.dir, w.edited, nil
}

// writer writes one bundle. It fills a staging directory beside root/slug and then puts it in
// the place of root/slug.
type writer struct {
	root, slug string
	dir        string // root/slug
	staging    string
	trace      func(string)
	exchange   func(a, b string) error // swaps two directories; a variable for tests
	previous   previousBundle
	edited     []EditedFile
}

func newWriter(root, slug string, trace func(string)) *writer {
	if trace == nil {
		trace = func(string) {}
	}
	return &writer{root: root, slug: slug, dir: filepath.Join(root, slug), trace: trace, exchange: exchangePaths}
}

func (w *writer) write(ctx context.Context, files []Entry) error {
	if err := w.validate(files); err != nil {
		return err
	}
	if err := os.MkdirAll(w.root, 0o755); err != nil {
		return err
	}
	if err := Recover(w.root, w.slug); err != nil {
		return err
	}
	var err error
	if w.previous, err = loadPrevious(w.dir); err != nil {
		return err
	}
	if w.previous.equals(ctx, files) {
		return nil
	}
	w.trace("stage")
	lock, err := w.createStaging()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := w.fillStaging(ctx, files); err != nil {
		return errors.Join(err, os.RemoveAll(w.staging))
	}
	if err := w.saveEdited(files); err != nil {
		return errors.Join(fmt.Errorf("save files edited in the previous bundle: %w", err), os.RemoveAll(w.staging))
	}
	return w.replaceBundle()
}

// validate returns an error for a slug that cannot be a directory's name, and for files with
// invalid or repeated paths, or without bundle.json and SHA256SUMS.
func (w *writer) validate(files []Entry) error {
	if err := validatePath(w.slug); err != nil || strings.ContainsAny(w.slug, `/\`) || strings.HasPrefix(w.slug, ".") {
		return inputerr.New("", "%q cannot be the name of a bundle", w.slug).Hint("Use a slug of letters, digits and hyphens")
	}
	seen := map[string]bool{}
	for _, f := range files {
		if err := validatePath(f.Path); err != nil {
			return err
		}
		if seen[f.Path] {
			return fmt.Errorf("the bundle has two files named %q", f.Path)
		}
		seen[f.Path] = true
	}
	if !seen[ManifestName] || !seen[SumsName] {
		return fmt.Errorf("a bundle needs %s and %s", ManifestName, SumsName)
	}
	return nil
}

// createStaging creates the directory that becomes the bundle, and locks it until lock is closed
// or this process ends, so that [Recover] does not remove it as a leftover.
func (w *writer) createStaging() (lock *os.File, err error) {
	if w.staging, err = os.MkdirTemp(w.root, stagingPrefix(w.slug)+"*"); err != nil {
		return nil, err
	}
	if err := os.Chmod(w.staging, 0o755); err != nil {
		return nil, err
	}
	if lock, err = os.Open(w.staging); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", w.staging, err), lock.Close())
	}
	return lock, nil
}

// fillStaging adds every file to the staging directory, and syncs its directories. SHA256SUMS comes
// last: a file that is newer counts as edited by hand (see previousBundle).
func (w *writer) fillStaging(ctx context.Context, files []Entry) error {
	dirs := map[string]bool{w.staging: true}
	var sums Entry
	for _, f := range files {
		if f.Path == SumsName {
			sums = f
			continue
		}
		if err := w.addEntry(ctx, f, dirs); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
	}
	if err := w.addEntry(ctx, sums, dirs); err != nil {
		return fmt.Errorf("write %s: %w", sums.Path, err)
	}
	w.trace("sync")
	for dir := range dirs {
		if err := fileio.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// addEntry links, copies or writes one file into the staging directory, and adds the directories
// that contain it to dirs.
func (w *writer) addEntry(ctx context.Context, f Entry, dirs map[string]bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w.trace("place " + f.Path)
	to := filepath.Join(w.staging, filepath.FromSlash(f.Path))
	dir := filepath.Dir(to)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for ; !dirs[dir]; dir = filepath.Dir(dir) {
		dirs[dir] = true
	}
	if old, ok := w.previous.reusable(ctx, f); ok && os.Link(old, to) == nil {
		return nil
	}
	if f.Source == "" {
		return createFile(to, f.Data)
	}
	info, err := os.Lstat(f.Source)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() != f.Size {
		return fmt.Errorf("%s is not a regular file of %d bytes", f.Source, f.Size)
	}
	if f.Size > maxCopySize && os.Link(f.Source, to) == nil {
		return nil
	}
	return copyEntry(ctx, f, to)
}

// maxCopySize is the size in bytes up to which a file is copied even if it could be linked.
// People edit captions and descriptions directly in a bundle; through a hard link they would
// change the store.
const maxCopySize = 1 << 20

// createFile writes a new file and syncs it. It fails with fs.ErrExist if the file exists.
func createFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// copyEntry copies the source of an entry to a new file, and returns an error if the content does
// not match the entry's hash.
func copyEntry(ctx context.Context, f Entry, to string) error {
	source, err := os.Open(f.Source)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.CopyBuffer(io.MultiWriter(target, h), fileio.Reader(ctx, source), make([]byte, 1<<20))
	if err := errors.Join(err, target.Sync(), target.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s is damaged: its content does not match its hash", f.Source)
	}
	return nil
}

// replaceBundle moves the staging directory into the place of the bundle, and removes the previous
// bundle.
func (w *writer) replaceBundle() error {
	if !w.previous.exists {
		w.trace("rename")
		if err := os.Rename(w.staging, w.dir); err != nil {
			return errors.Join(err, os.RemoveAll(w.staging))
		}
		return fileio.SyncDir(w.root)
	}
	w.trace("exchange")
	old, err := w.staging, w.exchange(w.staging, w.dir)
	if exchangeUnsupported(err) {
		if old, err = w.replaceByRenames(); err != nil {
			return errors.Join(err, os.RemoveAll(w.staging))
		}
	} else if err != nil {
		return errors.Join(fmt.Errorf("exchange the bundles: %w", err), os.RemoveAll(w.staging))
	}
	if err := fileio.SyncDir(w.root); err != nil {
		return err
	}
	w.trace("sweep")
	_ = os.RemoveAll(old) // the new bundle is in place; Recover removes what is left
	return nil
}

// replaceByRenames replaces the bundle on filesystems that cannot exchange two directories, and
// returns the path to which the previous bundle was moved. Between its two renames readers find no
// bundle; after a crash there, [Recover] brings the previous one back.
func (w *writer) replaceByRenames() (old string, err error) {
	old = filepath.Join(w.root, previousName(w.slug))
	w.trace("move the earlier bundle away")
	if err := os.Rename(w.dir, old); err != nil {
		return "", err
	}
	w.trace("move the new bundle in")
	if err := os.Rename(w.staging, w.dir); err != nil {
		return "", errors.Join(err, os.Rename(old, w.dir))
	}
	return old, nil
}
