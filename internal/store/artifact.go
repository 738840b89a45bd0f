package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/fileio"
)

// inlineMax is the size in bytes up to which a file's content is also in its artifact's record.
// Its blob then need not be synced: one fsync makes the whole artifact durable, and Get
// restores the blob from the record.
const inlineMax = 4 << 10 // bytes

// record is what is written under a key.
type record struct {
	action.Artifact
	Inline map[string][]byte `json:"inline,omitempty"` // by SHA-256
}

// errTorn says that a record, or a blob it names, is not as it was written.
var errTorn = errors.New("damaged")

// Has reports whether there is a record of the key. It costs one stat and checks no blobs; Get
// does.
func (s *Local) Has(ctx context.Context, key action.Key) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !isHash(string(key)) {
		return false, fmt.Errorf("%q is not a key", key)
	}
	_, err := os.Stat(s.path("records", string(key)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up artifact %s: %w", key, err)
	}
	return true, nil
}

// Get returns the artifact under the key, or ErrNotFound. Its files exist, with the recorded
// sizes. A record whose blobs are missing or damaged is removed, so that Has agrees and the
// artifact is made again.
func (s *Local) Get(ctx context.Context, key action.Key) (action.Artifact, error) {
	if err := ctx.Err(); err != nil {
		return action.Artifact{}, err
	}
	if !isHash(string(key)) {
		return action.Artifact{}, fmt.Errorf("%q is not a key", key)
	}
	r, err := s.loadVerified(ctx, key)
	if errors.Is(err, errTorn) {
		r, err = s.removeTorn(ctx, key)
	}
	if err != nil {
		return action.Artifact{}, fmt.Errorf("artifact %s: %w", key, s.wrapDiskFull(err))
	}
	return r.Artifact, nil
}

// loadVerified reads the record of the key and verifies that its files exist.
func (s *Local) loadVerified(ctx context.Context, key action.Key) (record, error) {
	r, err := s.readRecord(key)
	if err != nil {
		return record{}, err
	}
	for _, f := range r.Files {
		if data, ok := r.Inline[f.SHA256]; ok {
			err = s.restoreInline(f, data)
		} else {
			err = s.verifyBlob(ctx, f, key)
		}
		if err != nil {
			return record{}, err
		}
	}
	return r, nil
}

// readRecord reads the record of the key. A damaged one is errTorn.
func (s *Local) readRecord(key action.Key) (record, error) {
	b, err := os.ReadFile(s.path("records", string(key)))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, ErrNotFound
	}
	if err != nil {
		return record{}, err
	}
	var r record
	if err := json.Unmarshal(b, &r); err != nil || r.Key != key {
		return record{}, errTorn
	}
	for _, f := range r.Files {
		if !isHash(f.SHA256) {
			return record{}, errTorn
		}
	}
	return r, nil
}

// verifyBlob checks that a blob is what it was when it was recorded. A film in a bundle is a
// link to it, through which it may have been changed: a blob that is younger than its record is
// hashed again, once.
func (s *Local) verifyBlob(ctx context.Context, f action.File, key action.Key) error {
	path, record := s.path("blobs", f.SHA256), s.path("records", string(key))
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != f.Size {
		return errTorn
	}
	if err != nil {
		return err
	}
	if recorded, err := os.Stat(record); err != nil || !info.ModTime().After(recorded.ModTime()) {
		return err
	}
	sum, _, err := fileio.HashFile(ctx, path)
	switch {
	case err != nil:
		return err
	case sum == f.SHA256:
		return touch(record)
	}
	// Remove it, or Put would keep it in place of a sound one.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errTorn
}

// restoreInline writes the blob of an inline file again unless it equals the record.
func (s *Local) restoreInline(f action.File, data []byte) error {
	path := s.path("blobs", f.SHA256)
	there, err := os.ReadFile(path)
	if err == nil && bytes.Equal(there, data) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if action.KeyOf(data) != action.Key(f.SHA256) {
		return errTorn
	}
	dir, release, err := s.Scratch("mend")
	if err != nil {
		return err
	}
	temp, err := writeSynced(dir, data)
	if err == nil {
		err = withParentDir(path, func() error { return os.Rename(temp, path) })
	}
	return errors.Join(err, release())
}

// removeTorn removes the key's record if it is still damaged, and then returns ErrNotFound.
func (s *Local) removeTorn(ctx context.Context, key action.Key) (record, error) {
	unlock, err := s.lock(exclusive)
	if err != nil {
		return record{}, err
	}
	defer unlock()
	r, err := s.loadVerified(ctx, key)
	if !errors.Is(err, errTorn) {
		return r, err // restored or removed by another process
	}
	if err := os.Remove(s.path("records", string(key))); err != nil {
		return record{}, err
	}
	return record{}, ErrNotFound
}

// Forget removes the artifact under the key, if there is one. Its files stay until they are
// collected.
func (s *Local) Forget(ctx context.Context, key action.Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !isHash(string(key)) {
		return fmt.Errorf("%q is not a key", key)
	}
	unlock, err := s.lock(exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.Remove(s.path("records", string(key))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget artifact %s: %w", key, err)
	}
	return nil
}

// Put stores an artifact whose files, named by a.Files (names alone count), are in dir. That
// must be a Scratch directory; the files are moved out of it. Without files dir may be empty.
// Put returns the artifact that is then under the key: the first one, if there was another
// before. When Put has returned, the artifact survives a crash.
func (s *Local) Put(ctx context.Context, a action.Artifact, dir string) (action.Artifact, error) {
	if dir == "" {
		scratch, release, err := s.Scratch("put")
		if err != nil {
			return action.Artifact{}, err
		}
		defer release()
		dir = scratch
	}
	stored, err := s.Get(ctx, a.Key)
	if errors.Is(err, ErrNotFound) {
		stored, err = s.put(ctx, a, dir)
	}
	if err != nil {
		return action.Artifact{}, fmt.Errorf("store %s: %w", a.Kind, s.wrapDiskFull(err))
	}
	return stored, nil
}

// put hashes the files and commits them with their record.
func (s *Local) put(ctx context.Context, a action.Artifact, dir string) (action.Artifact, error) {
	r := record{Artifact: a, Inline: map[string][]byte{}}
	r.Files = slices.Clone(a.Files)
	for i, f := range r.Files {
		if !filepath.IsLocal(f.Name) {
			return action.Artifact{}, fmt.Errorf("file name %q leads out of its directory", f.Name)
		}
		sealed, data, err := hashAndSync(ctx, filepath.Join(dir, f.Name))
		if err != nil {
			return action.Artifact{}, err
		}
		sealed.Name = f.Name
		r.Files[i] = sealed
		if data != nil {
			r.Inline[sealed.SHA256] = data
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		return action.Artifact{}, err
	}
	temp, err := writeSynced(dir, b)
	if err != nil {
		return action.Artifact{}, err
	}
	err = s.commit(r, dir, temp)
	if errors.Is(err, fs.ErrExist) {
		return s.Get(ctx, a.Key)
	}
	return r.Artifact, err
}

// hashAndSync hashes a file and syncs it to the disk. It returns the bytes of a small one
// instead of syncing it, for the record.
func hashAndSync(ctx context.Context, path string) (action.File, []byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return action.File{}, nil, err
	}
	if !info.Mode().IsRegular() {
		return action.File{}, nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() <= inlineMax {
		data, err := os.ReadFile(path)
		return action.File{SHA256: string(action.KeyOf(data)), Size: int64(len(data))}, data, err
	}
	f, err := os.Open(path)
	if err != nil {
		return action.File{}, nil, err
	}
	defer f.Close()
	synced := make(chan error, 1)
	go func() { synced <- f.Sync() }()
	sum := sha256.New()
	n, err := io.Copy(sum, fileio.Reader(ctx, f))
	return action.File{SHA256: hexSum(sum), Size: n}, nil, errors.Join(err, <-synced)
}

// commit moves the blobs and then the record into place. fs.ErrExist says that another record
// was there first.
func (s *Local) commit(r record, dir, temp string) error {
	unlock, err := s.lock(shared)
	if err != nil {
		return err
	}
	defer unlock()
	moved := map[string]bool{} // two names may have the same content
	for _, f := range r.Files {
		if moved[f.SHA256] {
			continue
		}
		moved[f.SHA256] = true
		s.trace("blob")
		to := s.path("blobs", f.SHA256)
		if err := moveIntoPlace(filepath.Join(dir, f.Name), to, f.Size); err != nil {
			return err
		}
		if _, inline := r.Inline[f.SHA256]; inline {
			continue
		}
		if err := fileio.SyncDir(filepath.Dir(to)); err != nil {
			return err
		}
	}
	s.trace("record")
	to := s.path("records", string(r.Key))
	if err := touch(temp); err != nil {
		return err
	}
	if err := withParentDir(to, func() error { return os.Link(temp, to) }); err != nil {
		return err
	}
	return errors.Join(os.Remove(temp), fileio.SyncDir(filepath.Dir(to)))
}
