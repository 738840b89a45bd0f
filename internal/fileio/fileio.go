// Package fileio holds the file operations that several packages need: hashing a file, reading
// until a context ends, and making a directory entry durable.
package fileio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"syscall"
)

// bufferSize is how many bytes are read between two looks at the context.
const bufferSize = 1 << 20

// HashFile returns the SHA-256 of a file, in hexadecimal, and its size in bytes. If ctx ends while
// it reads, it returns ctx.Err().
func HashFile(ctx context.Context, path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.CopyBuffer(h, Reader(ctx, f), make([]byte, bufferSize))
	if err != nil {
		return "", size, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// Reader returns a reader of r that fails with ctx.Err() once ctx has ended. A Read that has
// begun is not interrupted.
func Reader(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(b)
	})
}

// readerFunc is a function that implements io.Reader.
type readerFunc func(b []byte) (int, error)

// Read calls f.
func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// SyncDir syncs a directory to the disk, so that entries created, renamed or removed in it survive
// a power cut. On a file system without this operation it returns nil.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
