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

// Has reports whether there is a record of the key. It is cheap, one stat, and does not check the
// artifact's files as Get does. A key that is no SHA-256 is an error.
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

// Get returns the artifact under the key, or ErrNotFound. The files of the returned artifact exist,
// with the recorded sizes. If files of a record are missing or damaged, Get removes the record and
// returns ErrNotFound, so that the artifact is made again.
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

// loadVerified reads the record of the key and verifies its files, restoring small ones from the
// record. It returns ErrNotFound if there is no record, and errTorn if the record or a file is
// damaged.
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

// readRecord reads the record of the key. It returns ErrNotFound if there is none, and errTorn if
// it is damaged.
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

// verifyBlob returns errTorn if the blob of a file is missing or damaged. It compares the size and,
// if the blob is younger than the record of key, the hash: a bundle holds videos as links to blobs,
// through which they may have been edited. A sound blob is hashed only once, since the record's
// time is then updated. A damaged blob is removed.
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

// restoreInline writes the blob of a small file again if it differs from data, the copy in the
// record. It returns errTorn if the copy is damaged too.
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

// removeTorn removes the record of the key and returns ErrNotFound. If another process has repaired
// or removed the record meanwhile, it returns what it finds instead.
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

// Forget removes the record of the key, if there is one. The blobs stay until CollectGarbage
// removes them.
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

// Put stores an artifact and returns it with the hashes and sizes of its files. If there is an
// artifact under the key already, Put keeps and returns that one. When Put has returned, the
// artifact survives a crash.
//
// Of a.Files only the names count. The files must be in dir, a Scratch directory, out of which they
// are moved. dir may be "" if there are no files.
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

// put stores an artifact as Put does, without looking first whether there is one under the key. If
// another process stores one meanwhile, put returns that one.
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

// hashAndSync returns the hash and size of a file. It syncs the file to the disk, except one of at
// most inlineMax bytes: of that it returns the content, which the record is to hold.
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

// commit moves the files of r from dir into place as blobs, and then links temp, which holds r as
// JSON, into place as the record. It returns fs.ErrExist if the key has a record already.
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
		if err := touch(to); err != nil { // CollectGarbage keeps what is new
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
