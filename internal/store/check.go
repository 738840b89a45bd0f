package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lectern-av/lectern/internal/action"
)

// Checked is what Check read, and what of it was not as it was stored.
type Checked struct {
	Files     int      `json:"files"`
	Bytes     int64    `json:"bytes"`
	Spoilt    []Spoilt `json:"spoilt"`    // files of artifacts, which are gone now and will be made again
	Originals []string `json:"originals"` // paths of originals that are no longer what was handed in
}

// Spoilt is an artifact one of whose files was not what it was.
type Spoilt struct {
	Key  action.Key `json:"key"`
	Kind string     `json:"kind"`
	File string     `json:"file"`
}

// Check reads everything in the store. A blob whose bytes are not those it is named after
// goes, and with it every artifact that names it, so that it is made again. An original
// cannot be made again: it stays, and is named.
func (s *Local) Check(ctx context.Context) (found Checked, err error) {
	found = Checked{Spoilt: []Spoilt{}, Originals: []string{}}
	c := collection{Local: s}
	spoilt := make(map[string]bool)
	sound := func(hall, sum string) (bool, error) {
		is, n, err := hashFile(ctx, s.path(hall, sum))
		if errors.Is(err, fs.ErrNotExist) { // somebody collected it meanwhile
			return true, nil
		}
		found.Files, found.Bytes = found.Files+1, found.Bytes+n
		return is == sum, err
	}
	err = c.each(ctx, "originals", func(sum string) error {
		ok, err := sound("originals", sum)
		if err == nil && !ok {
			found.Originals = append(found.Originals, s.path("originals", sum))
		}
		return err
	})
	if err == nil {
		err = c.each(ctx, "blobs", func(sum string) error {
			ok, err := sound("blobs", sum)
			if err == nil && !ok {
				spoilt[sum], err = true, s.drop(sum)
			}
			return err
		})
	}
	if err == nil && len(spoilt) > 0 {
		err = c.each(ctx, "records", func(key string) error {
			return s.forgetSpoilt(ctx, action.Key(key), spoilt, &found)
		})
	}
	if err != nil {
		return found, fmt.Errorf("check the store: %w", err)
	}
	return found, nil
}

// drop removes a spoilt blob. A bundle may hold the same file by a link: it becomes young,
// so that whoever lays that bundle out anew does not believe its sums.
func (s *Local) drop(sum string) error {
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

// forgetSpoilt forgets an artifact that names a spoilt blob, unless its record can mend it.
func (s *Local) forgetSpoilt(ctx context.Context, key action.Key, spoilt map[string]bool, found *Checked) error {
	r, err := s.record(key)
	if errors.Is(err, ErrNone) || errors.Is(err, errTorn) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range r.Files {
		if _, mendable := r.Inline[f.SHA256]; mendable || !spoilt[f.SHA256] {
			continue
		}
		found.Spoilt = append(found.Spoilt, Spoilt{key, r.Kind, f.Name})
		return s.Forget(ctx, key)
	}
	_, err = s.Get(ctx, key) // mends
	return err
}
