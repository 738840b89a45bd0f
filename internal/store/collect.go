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

// CollectGarbage removes each artifact if keep returns false for its key, and then the blobs that
// no remaining artifact names. It spares what was stored or used less than minAge ago, and all
// originals. Other processes may store artifacts meanwhile.
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

// each calls do with the hash of every entry in a section, one of the store's directories such as
// "blobs". It stops at the first error.
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

// markBlobs adds the blobs of an artifact to live, so that they are kept. It adds none for a
// missing or damaged record, since the artifact cannot be restored from it.
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

// remove removes an entry of a section, unless it is younger than the cutoff, and increments count.
// The exclusive lock keeps Put from starting to use the entry between the check of its age and the
// removal.
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

// lock locks the store for all processes until unlock is called: with shared against removal, with
// exclusive also against publishing. It waits until the lock is free.
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

// flock locks an open file, and retries if a signal interrupts the wait. With LOCK_NB in how it
// returns EWOULDBLOCK if the lock is not free.
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
