package tus

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lectern-av/lectern/internal/fileio"
)

// upload is an upload in the directory. Changing it or its files requires its lock.
type upload struct {
	dir, id string
	lock    chan struct{} // a mutex that can be awaited with a timeout: full while locked
	removed atomic.Bool

	mu       sync.Mutex
	info     uploadInfo
	transfer *transfer // the body that is being received, or nil
}

// uploadInfo is the content of ID.json.
type uploadInfo struct {
	Owner     string    `json:"owner"`
	Size      int64     `json:"size"`     // bytes, or unknownSize
	Offset    int64     `json:"offset"`   // up to which the bytes are synced to disk
	Hash      []byte    `json:"hash"`     // marshalled state of SHA-256 at Offset
	Metadata  string    `json:"metadata"` // Upload-Metadata as received
	CreatedAt time.Time `json:"began"`
	UpdatedAt time.Time `json:"touched"` // time of the last PATCH
	Delivered bool      `json:"taken"`   // whether OnComplete accepted it
	Removed   bool      `json:"removed"` // whether its removal has begun
}

const unknownSize = -1

// createUpload creates the files of a new upload with a random id, and syncs them to the disk.
func createUpload(dir string, i uploadInfo) (*upload, error) {
	var id [16]byte
	rand.Read(id[:])
	u := newUpload(dir, hex.EncodeToString(id[:]))
	i.Hash = marshalHash(sha256.New())
	f, err := os.OpenFile(u.dataPath(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Close(), u.save(i)); err != nil {
		return nil, errors.Join(err, os.Remove(u.dataPath()))
	}
	return u, nil
}

// loadUpload reads an upload from its files. It fails if the data file is shorter than the
// acknowledged bytes.
func loadUpload(dir, id string) (*upload, error) {
	u := newUpload(dir, id)
	text, err := os.ReadFile(u.infoPath())
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &u.info); err != nil {
		return nil, err
	}
	if _, err := unmarshalHash(u.info.Hash); err != nil {
		return nil, err
	}
	if u.info.Offset == u.info.Size || u.info.Removed {
		return u, nil // OnComplete may have renamed the file
	}
	fi, err := os.Stat(u.dataPath())
	if err == nil && fi.Size() < u.info.Offset {
		err = fmt.Errorf("found %d bytes, but %d were acknowledged", fi.Size(), u.info.Offset)
	}
	return u, err
}

func newUpload(dir, id string) *upload {
	return &upload{dir: dir, id: id, lock: make(chan struct{}, 1)}
}

func (u *upload) dataPath() string { return filepath.Join(u.dir, u.id+".bin") }
func (u *upload) infoPath() string { return filepath.Join(u.dir, u.id+".json") }

// snapshot returns a copy of the upload's info as it is on the disk.
func (u *upload) snapshot() uploadInfo {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.info
}

// expires returns when the upload expires: lifetime after its last PATCH.
func (u *upload) expires(lifetime time.Duration) time.Time {
	return u.snapshot().UpdatedAt.Add(lifetime)
}

// save replaces the info atomically and syncs it: after a power cut, ID.json is the old or the new
// one. Until the new info is on the disk, snapshot returns the old one.
func (u *upload) save(i uploadInfo) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	temp := u.infoPath() + ".tmp"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, u.infoPath()); err != nil {
		return err
	}
	if err := fileio.SyncDir(u.dir); err != nil {
		return err
	}
	u.mu.Lock()
	u.info = i
	u.mu.Unlock()
	return nil
}

// deleteFiles removes ID.json, and also the data file unless OnComplete has accepted that. If the
// process dies meanwhile, New completes the removal at the next start.
func (u *upload) deleteFiles() error {
	i := u.snapshot()
	if !i.Delivered {
		i.Removed = true
		if err := u.save(i); err != nil {
			return err
		}
		if err := os.Remove(u.dataPath()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return errors.Join(os.Remove(u.infoPath()), fileio.SyncDir(u.dir))
}

// acquire locks the upload, and reports whether it could. If another request holds the lock,
// acquire waits for up to stallTimeout. If that request received nothing meanwhile, it is likely a
// broken connection of the same client: acquire aborts it and waits once more. If it did receive
// bytes, acquire returns false.
func (u *upload) acquire(ctx context.Context, stallTimeout time.Duration) (bool, error) {
	for first := true; ; first = false {
		before := u.received()
		waiting, stop := context.WithTimeout(ctx, stallTimeout)
		select {
		case u.lock <- struct{}{}:
			stop()
			return true, nil
		case <-waiting.Done():
			stop()
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if !first || u.received() != before {
			return false, nil
		}
		u.abortTransfer()
	}
}

// received returns how many bytes of the body that is being received have arrived, or 0 if none is
// being received.
func (u *upload) received() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.transfer == nil {
		return 0
	}
	return u.transfer.received.Load()
}

// abortTransfer aborts the request that is sending bytes of this upload, if there is one.
func (u *upload) abortTransfer() {
	u.mu.Lock()
	t := u.transfer
	u.mu.Unlock()
	if t != nil {
		t.abort()
	}
}

func (u *upload) setTransfer(t *transfer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.transfer = t
}

// marshalHash returns the state of a hash from the standard library, from which [unmarshalHash] can
// continue.
func marshalHash(h hash.Hash) []byte {
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic(err) // hashes of the standard library do not fail
	}
	return state
}

// unmarshalHash returns a SHA-256 hash that continues from a state that [marshalHash] returned.
func unmarshalHash(state []byte) (hash.Hash, error) {
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("restore the hash: %w", err)
	}
	return h, nil
}

// sha256 returns the SHA-256 of the bytes up to Offset, in hexadecimal.
func (i uploadInfo) sha256() string {
	h, err := unmarshalHash(i.Hash)
	if err != nil {
		panic(err) // loadUpload checked it
	}
	return hex.EncodeToString(h.Sum(nil))
}
