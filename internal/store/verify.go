package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/fileio"
)

// VerifyResult says what Verify read, and what of it was damaged.
type VerifyResult struct {
	Files            int           `json:"files"`
	Bytes            int64         `json:"bytes"`
	Corrupt          []CorruptFile `json:"spoilt"`    // damaged files of artifacts; they were removed and will be made again
	CorruptOriginals []string      `json:"originals"` // paths of damaged originals, which stay
}

// CorruptFile is a damaged file of an artifact.
type CorruptFile struct {
	Key  action.Key `json:"key"`
	Kind string     `json:"kind"`
	File string     `json:"file"`
}

// Verify reads and hashes every file in the store. It removes damaged blobs, and the artifacts that
// name them, so that they are made again. Small blobs are restored from their records instead.
// Damaged originals stay, since they cannot be made again. The result lists both.
func (s *Local) Verify(ctx context.Context) (found VerifyResult, err error) {
	found = VerifyResult{Corrupt: []CorruptFile{}, CorruptOriginals: []string{}}
	c := collector{Local: s}
	corrupt := make(map[string]bool)
	intact := func(section, sum string) (bool, error) {
		is, n, err := fileio.HashFile(ctx, s.path(section, sum))
		if errors.Is(err, fs.ErrNotExist) { // collected by another process
			return true, nil
		}
		found.Files, found.Bytes = found.Files+1, found.Bytes+n
		return is == sum, err
	}
	err = c.each(ctx, "originals", func(sum string) error {
		ok, err := intact("originals", sum)
		if err == nil && !ok {
			found.CorruptOriginals = append(found.CorruptOriginals, s.path("originals", sum))
		}
		return err
	})
	if err == nil {
		err = c.each(ctx, "blobs", func(sum string) error {
			ok, err := intact("blobs", sum)
			if err == nil && !ok {
				corrupt[sum], err = true, s.removeCorruptBlob(sum)
			}
			return err
		})
	}
	if err == nil && len(corrupt) > 0 {
		err = c.each(ctx, "records", func(key string) error {
			return s.forgetCorrupt(ctx, action.Key(key), corrupt, &found)
		})
	}
	if err != nil {
		return found, fmt.Errorf("verify the store: %w", err)
	}
	return found, nil
}

// removeCorruptBlob removes a damaged blob. It first sets the blob's time to now, since a bundle
// may hold the same file by a link: the new time makes the next layout of that bundle hash the file
// again.
func (s *Local) removeCorruptBlob(sum string) error {
	unlock, err := s.lock(exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	path := s.path("blobs", sum)
	if err = touch(path); err == nil {
		err = os.Remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// forgetCorrupt forgets the artifact under key if it names one of the corrupt blobs, and adds it to
// found. If its record holds the content of all those blobs, forgetCorrupt restores them instead.
func (s *Local) forgetCorrupt(ctx context.Context, key action.Key, corrupt map[string]bool, found *VerifyResult) error {
	r, err := s.readRecord(key)
	if errors.Is(err, ErrNotFound) || errors.Is(err, errTorn) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range r.Files {
		if _, mendable := r.Inline[f.SHA256]; mendable || !corrupt[f.SHA256] {
			continue
		}
		found.Corrupt = append(found.Corrupt, CorruptFile{key, r.Kind, f.Name})
		return s.Forget(ctx, key)
	}
	_, err = s.Get(ctx, key) // restores inline files
	return err
}
