// Package store keeps originals and artifacts by their content.
//
// An artifact is a record under its key and the blobs that the record names. The record is
// written last, so an artifact is stored completely or not at all, and the first record of a
// key wins. What a power cut may still damage (a blob whose directory entry never reached the
// disk) is noticed by Get, which then treats the artifact as absent: it can be made again.
// Originals cannot, and are never collected.
//
// Several processes may share one directory.
package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/fileio"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// ErrNotFound says that the store does not hold what was asked for.
var ErrNotFound = errors.New("not in the store")

// Local is a store in a directory:
//
//	id                     the store's random id, created once
//	lock                   flock: shared to publish, exclusive to remove
//	originals/ab/<sha256>  what people submitted; to be backed up
//	blobs/ab/<sha256>      files of artifacts
//	records/ab/<key>       one JSON document an artifact
//	scratch/<name>-<id>/   an attempt's own directory, beside its flocked <name>-<id>.lock
type Local struct {
	dir   string
	id    string
	trace func(step string)
}

// Option changes how a store behaves.
type Option func(*Local)

// WithTrace returns an option that makes the store call f before each durable step: "blob" before a
// blob is moved into place, "record" before the record that completes an artifact, "original"
// before an original, "drop records" and "drop blobs" before CollectGarbage removes one. Crash
// tests end the process there.
func WithTrace(f func(step string)) Option { return func(s *Local) { s.trace = f } }

// Open opens the store in dir. It creates the directory and its sections if they do not exist.
func Open(dir string, opts ...Option) (*Local, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Local{dir: dir, trace: func(string) {}}
	for _, o := range opts {
		o(s)
	}
	for _, section := range []string{"originals", "blobs", "records", "scratch"} {
		if err := os.MkdirAll(filepath.Join(dir, section), 0o755); err != nil {
			return nil, fmt.Errorf("open store: %w", s.wrapDiskFull(err))
		}
	}
	if s.id, err = s.loadID(); err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, s.wrapDiskFull(err))
	}
	return s, nil
}

// ID returns the store's random id, the same for every process that opens the directory.
func (s *Local) ID() string { return s.id }

// loadID reads the store's id, and creates one if there is none. If several processes create one at
// the same time, all get the id of the first.
func (s *Local) loadID() (string, error) {
	path := filepath.Join(s.dir, "id")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.createID(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(b))
	if id == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return id, nil
}

func (s *Local) createID(path string) error {
	dir, release, err := s.Scratch("id")
	if err != nil {
		return err
	}
	temp, err := writeSynced(dir, []byte(randomID()+"\n"))
	if err == nil {
		err = os.Link(temp, path)
	}
	if err == nil {
		err = fileio.SyncDir(s.dir)
	}
	return errors.Join(err, release())
}

func randomID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// PutOriginal stores the content of r as an original. It returns the hash and size, without a name.
// If the store has the same content already, nothing changes.
func (s *Local) PutOriginal(ctx context.Context, r io.Reader) (action.File, error) {
	dir, release, err := s.Scratch("original")
	if err != nil {
		return action.File{}, err
	}
	f, err := s.putOriginal(ctx, r, dir)
	if err = errors.Join(err, release()); err != nil {
		return action.File{}, fmt.Errorf("store an original: %w", s.wrapDiskFull(err))
	}
	return f, nil
}

func (s *Local) putOriginal(ctx context.Context, r io.Reader, dir string) (action.File, error) {
	out, err := os.CreateTemp(dir, "")
	if err != nil {
		return action.File{}, err
	}
	defer out.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), fileio.Reader(ctx, r))
	if err != nil {
		return action.File{}, err
	}
	if err := out.Sync(); err != nil {
		return action.File{}, err
	}
	f := action.File{SHA256: hexSum(sum), Size: n}
	s.trace("original")
	to := s.path("originals", f.SHA256)
	if err := moveIntoPlace(out.Name(), to, n); err != nil {
		return action.File{}, err
	}
	return f, errors.Join(fileio.SyncDir(filepath.Dir(to)), fileio.SyncDir(filepath.Join(s.dir, "originals")))
}

// MoveOriginal stores the file at path as an original by renaming it, and returns its new path.
// path must be on the store's file system, and f must hold the file's hash and size, which are not
// checked. If path does not exist but the original does, MoveOriginal returns the original: the
// file was moved before.
func (s *Local) MoveOriginal(path string, f action.File) (to string, err error) {
	if !isHash(f.SHA256) {
		return "", fmt.Errorf("store original %s: %q is not a SHA-256", path, f.SHA256)
	}
	to = s.path("originals", f.SHA256)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return s.existing(to, f.Name)
	}
	s.trace("original")
	if err := moveIntoPlace(path, to, f.Size); err != nil {
		return "", fmt.Errorf("store original %s: %w", path, s.wrapDiskFull(err))
	}
	if err := errors.Join(fileio.SyncDir(filepath.Dir(to)), fileio.SyncDir(filepath.Join(s.dir, "originals"))); err != nil {
		return "", fmt.Errorf("store original %s: %w", path, err)
	}
	return to, nil
}

// Original returns the path of the original with that SHA-256, or ErrNotFound.
func (s *Local) Original(sha256 string) (string, error) {
	if !isHash(sha256) {
		return "", fmt.Errorf("%q is not a SHA-256", sha256)
	}
	return s.existing(s.path("originals", sha256), sha256)
}

// Path returns the path at which a file of an artifact can be read. It must not be written to.
// Files of an artifact that Put or Get returned exist; for others, Path may return ErrNotFound.
func (s *Local) Path(f action.File) (string, error) {
	if !isHash(f.SHA256) {
		return "", fmt.Errorf("file %q has no SHA-256", f.Name)
	}
	return s.existing(s.path("blobs", f.SHA256), f.Name)
}

// existing returns path if it exists, else ErrNotFound. The error mentions name.
func (s *Local) existing(path, name string) (string, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	return path, nil
}

// path returns the path of an entry in a section of the store, such as blobs/ab/abcd… of "blobs".
// hash must be valid.
func (s *Local) path(section, hash string) string {
	return filepath.Join(s.dir, section, hash[:2], hash)
}

func isHash(h string) bool {
	return len(h) == 2*sha256.Size && strings.Trim(h, "0123456789abcdef") == ""
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// moveIntoPlace makes a file read-only and renames it to to, whose name is its hash. If a file of
// the same size exists there, that one stays as it is, and from is removed: a job that reads an
// original finds it unchanged.
func moveIntoPlace(from, to string, size int64) error {
	if info, err := os.Stat(to); err == nil && info.Size() == size {
		return os.Remove(from)
	}
	if err := os.Chmod(from, 0o444); err != nil {
		return err
	}
	if err := touch(from); err != nil {
		return err
	}
	return withParentDir(to, func() error { return os.Rename(from, to) })
}

// withParentDir calls enter, which creates an entry at to. If the parent directory does not exist,
// it creates that and calls enter again. It does not sync the directory above the parent: when the
// caller syncs the parent, a journalling file system writes both, and an artifact that is lost
// nevertheless is made again.
func withParentDir(to string, enter func() error) error {
	err := enter()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Mkdir(filepath.Dir(to), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return enter()
}

// writeSynced writes b to a new file in dir, mode 0444, syncs it and returns its path.
func writeSynced(dir string, b []byte) (string, error) {
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		return "", err
	}
	if err := f.Chmod(0o444); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

// wrapDiskFull returns err as a DiskFullError if it reports a full disk, an exhausted quota or a
// file size limit. It returns other errors as they are.
func (s *Local) wrapDiskFull(err error) error {
	var known *DiskFullError
	if errors.As(err, &known) {
		return err
	}
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) {
			return &DiskFullError{Dir: s.dir, Err: err}
		}
	}
	return err
}

// DiskFullError says that the store's disk (or a quota on it) is full. It unwraps to an
// inputerr.Error and to the system's error.
type DiskFullError struct {
	Dir string
	Err error
}

// InputError returns the problem as an error for users, with a hint how to continue.
func (e *DiskFullError) InputError() *inputerr.Error {
	return inputerr.New(e.Dir, "the disk is full").
		Hint("Free some space or choose another directory, then run the same command again: finished work is kept")
}

// Error returns the problem, the hint and the system's message.
func (e *DiskFullError) Error() string { return e.InputError().Error() + " (" + e.Err.Error() + ")" }

// Unwrap returns the input error and the system's error.
func (e *DiskFullError) Unwrap() []error { return []error{e.InputError(), e.Err} }
