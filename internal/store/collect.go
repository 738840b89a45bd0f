package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lectern-av/lectern/internal/action"
)

// CollectStats is what CollectGarbage removed.
type CollectStats struct {
	Artifacts int   `json:"artifacts"`
	Blobs     int   `json:"blobs"`
	Bytes     int64 `json:"bytes"` // freed on the disk; a blob that a bundle links frees none
}

// CollectGarbage removes the artifacts whose keys keep rejects and which are older than minAge,
// then the blobs that no artifact names and that are as old. Originals stay. Other processes
// may put artifacts meanwhile.
func (s *Local) CollectGarbage(ctx context.Context, keep func(action.Key) bool, minAge time.Duration) (CollectStats, error) {
	c := collector{Local: s, cutoff: time.Now().Add(-max(minAge, 0)), live: map[string]bool{}}
	err := c.each(ctx, "records", func(key string) error {
		if keep(action.Key(key)) {
			return nil
		}
		return c.remove("records", key, &c.Artifacts)
	})
	if err == nil {
		err = c.each(ctx, "records", c.markBlobs)
	}
	if err == nil {
		err = c.each(ctx, "blobs", func(sum string) error {
			if c.live[sum] {
				return nil
			}
			return c.remove("blobs", sum, &c.Blobs)
		})
	}
	if err != nil {
		return c.CollectStats, fmt.Errorf("collect garbage: %w", err)
	}
	return c.CollectStats, nil
}

// collector is one run of CollectGarbage. It touches nothing that was stored after cutoff, so
// it need not know what is stored while it runs.
type collector struct {
	*Local
	CollectStats
	cutoff time.Time
	live   map[string]bool // blobs of the artifacts that stay
}

// each calls do with the name of everything in one of the store's sections.
func (c *collector) each(ctx context.Context, section string, do func(hash string) error) error {
	return filepath.WalkDir(filepath.Join(c.dir, section), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() || !isHash(d.Name()):
			return nil
		}
		return do(d.Name())
	})
}

// markBlobs marks the blobs of an artifact as live, so that they are kept. A missing or damaged
// record marks none, since the artifact cannot be restored from it.
func (c *collector) markBlobs(key string) error {
	r, err := c.readRecord(action.Key(key))
	if errors.Is(err, ErrNotFound) || errors.Is(err, errTorn) {
		return nil
	}
	for _, f := range r.Files {
		c.live[f.SHA256] = true
	}
	return err
}

// remove removes an entry unless it is too young. Put updates the time of what it uses under
// the shared lock, so that cannot happen between the check and the removal.
func (c *collector) remove(section, hash string, count *int) error {
	c.trace("drop " + section)
	unlock, err := c.lock(exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	path := c.path(section, hash)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.ModTime().Before(c.cutoff) {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	*count++
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink == 1 {
		c.Bytes += info.Size()
	}
	return nil
}

// Modes of the store's lock.
const (
	shared    = syscall.LOCK_SH
	exclusive = syscall.LOCK_EX
)

// lock locks the store against removal (shared) or also against publishing (exclusive), in
// every process, until unlock is called.
func (s *Local) lock(how int) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return nil, err
	}
	if err := flock(f, how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { f.Close() }, nil
}

// flock locks an open file; a signal does not end the wait.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// touch sets a file's time to now by the clock that CollectGarbage reads; the time that a file
// system sets by itself may lag by some milliseconds.
func touch(path string) error {
	now := time.Now()
	return os.Chtimes(path, now, now)
}
