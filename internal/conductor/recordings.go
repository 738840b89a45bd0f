package conductor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// Identify says by their content what the recordings at these paths are. A file that was
// hashed before and has not been touched since is not read. The progress function, which
// may be nil, is told how many bytes of how many have been read.
func Identify(ctx context.Context, c *catalog.Catalog, paths []string, on func(done, total int64)) ([]conference.Recording, map[action.Key]action.Original, error) {
	originals := make(map[action.Key]action.Original)
	var recordings []conference.Recording
	for _, path := range paths {
		absolute, info, err := find(path)
		if err != nil {
			return nil, nil, err
		}
		sum, err := hash(ctx, c, path, absolute, info, on)
		if err != nil {
			return nil, nil, err
		}
		recordings = append(recordings, conference.Recording{SHA256: sum, Size: info.Size(), Name: filepath.Base(path)})
		originals[action.Key(sum)] = action.Original{Path: absolute, Size: info.Size(), ModTime: info.ModTime()}
	}
	return recordings, originals, nil
}

// find is the recording at path, or the fault that there is none.
func find(path string) (absolute string, info os.FileInfo, err error) {
	if absolute, err = filepath.Abs(path); err != nil {
		return "", nil, err
	}
	info, err = os.Stat(absolute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, inputerr.New(path, "does not exist").Try("Check the name of the recording.")
	case err != nil:
		return "", nil, inputerr.New(path, "cannot be read: %v", err).Try("Check its permissions.")
	case info.IsDir():
		return "", nil, inputerr.New(path, "is a directory").Try("Name the recordings in it, in the order they were made.")
	case !info.Mode().IsRegular():
		return "", nil, inputerr.New(path, "is not a file").Try("Copy the recording to a file first.")
	case info.Size() == 0:
		return "", nil, inputerr.New(path, "is empty").Try("Copy it from the camera again.")
	}
	return absolute, info, nil
}

// hash is the SHA-256 of the file, from the catalogue if it knows it.
func hash(ctx context.Context, c *catalog.Catalog, name, path string, info os.FileInfo, on func(done, total int64)) (string, error) {
	identity := catalog.IdentityOf(info)
	if sum, ok, err := c.Hash(ctx, identity); err != nil || ok {
		return sum, err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", inputerr.New(name, "cannot be read: %v", err).Try("Check its permissions.")
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, &counted{ctx: ctx, r: f, total: info.Size(), on: on}); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", inputerr.New(name, "cannot be read to its end: %v", err).Try("Check the disk it lies on.")
	}
	after, err := f.Stat()
	if err != nil {
		return "", err
	}
	if catalog.IdentityOf(after) != identity {
		return "", inputerr.New(name, "is still being written to").Try("Run again when it is finished.")
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return sum, c.SetHash(ctx, identity, sum)
}

// counted is a reader that tells how far it has come and stops with its context.
type counted struct {
	ctx         context.Context
	r           io.Reader
	done, total int64
	on          func(done, total int64)
}

func (c *counted) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(b)
	c.done += int64(n)
	if c.on != nil {
		c.on(c.done, c.total)
	}
	return n, err
}
