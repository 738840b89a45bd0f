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

	"github.com/lectern-av/lectern/internal/fsutil"
)

// upload is one that is known. Whoever changes it or its files has its turn.
type upload struct {
	dir, id string
	lock    chan struct{} // holds one while somebody has it
	removed atomic.Bool

	mu       sync.Mutex
	info     uploadInfo
	transfer *transfer // the PATCH that is being received, if one is
}

// uploadInfo is what is known of an upload and lies beside its bytes.
type uploadInfo struct {
	Owner     string    `json:"owner"`
	Size      int64     `json:"size"`     // bytes; unknown if it is not known yet
	Offset    int64     `json:"offset"`   // up to where its bytes are on the disk
	Hash      []byte    `json:"hash"`     // SHA-256 of them, in the state that goes on from there
	Metadata  string    `json:"metadata"` // as it came
	CreatedAt time.Time `json:"began"`
	UpdatedAt time.Time `json:"touched"` // when something last came for it
	Delivered bool      `json:"taken"`   // whether the file is the owner's already
	Removed   bool      `json:"removed"` // whether it is to be forgotten
}

const unknownSize = -1

// createUpload makes a new upload, durably.
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

// loadUpload knows an upload again.
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
		return u, nil // the file may be elsewhere already
	}
	fi, err := os.Stat(u.dataPath())
	if err == nil && fi.Size() < u.info.Offset {
		err = fmt.Errorf("there are %d bytes of %d that were acknowledged", fi.Size(), u.info.Offset)
	}
	return u, err
}

func newUpload(dir, id string) *upload {
	return &upload{dir: dir, id: id, lock: make(chan struct{}, 1)}
}

func (u *upload) dataPath() string { return filepath.Join(u.dir, u.id+".bin") }
func (u *upload) infoPath() string { return filepath.Join(u.dir, u.id+".json") }

// snapshot is what is known of the upload at this moment.
func (u *upload) snapshot() uploadInfo {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.info
}

// expires is when the upload is removed if nothing comes for it until then.
func (u *upload) expires(lifetime time.Duration) time.Time {
	return u.snapshot().UpdatedAt.Add(lifetime)
}

// save replaces what is known, at once and durably: after a power cut there is the old or
// the new, and whoever asks is told nothing that is not on the disk.
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
	if err := fsutil.SyncDir(u.dir); err != nil {
		return err
	}
	u.mu.Lock()
	u.info = i
	u.mu.Unlock()
	return nil
}

// deleteFiles removes the files, those bytes excepted that are the owner's. If the process dies
// meanwhile, the next one finds that it has to go on.
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
	return errors.Join(os.Remove(u.infoPath()), fsutil.SyncDir(u.dir))
}

// acquire waits for the upload's turn. A PATCH that nothing comes for within the patience has
// lost its client, which is likely the one that asks: it is ended. One that still receives
// keeps its turn, and the answer is false.
func (u *upload) acquire(ctx context.Context, patience time.Duration) (bool, error) {
	for first := true; ; first = false {
		arrived := u.received()
		wait, stop := context.WithTimeout(ctx, patience)
		select {
		case u.lock <- struct{}{}:
			stop()
			return true, nil
		case <-wait.Done():
			stop()
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if !first || u.received() != arrived {
			return false, nil
		}
		u.abortTransfer()
	}
}

// received is how many bytes came by the PATCH that is being received.
func (u *upload) received() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.transfer == nil {
		return 0
	}
	return u.transfer.received.Load()
}

// abortTransfer ends the PATCH that is being received, if one is.
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

// marshalHash is a hash in a form that it can be resumed from.
func marshalHash(h hash.Hash) []byte {
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic(err) // hashes of the standard library have none
	}
	return state
}

// unmarshalHash is the SHA-256 that was in this state.
func unmarshalHash(state []byte) (hash.Hash, error) {
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("go on with the hash: %w", err)
	}
	return h, nil
}

// sha256 is the SHA-256 of the bytes that are on the disk.
func (i uploadInfo) sha256() string {
	h, err := unmarshalHash(i.Hash)
	if err != nil {
		panic(err) // load refuses it
	}
	return hex.EncodeToString(h.Sum(nil))
}
