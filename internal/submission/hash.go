package submission

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
	"github.com/lectern-av/lectern/internal/fileio"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// HashRecordings returns the recordings at these paths with their SHA-256, and where each is. A
// file that the catalog has hashed before, and that has not changed since, is not read again.
// onProgress, which may be nil, is called with the bytes of the current file that were read, and
// its size. A missing, empty or unreadable file is an *inputerr.Error.
func HashRecordings(ctx context.Context, c *catalog.Catalog, paths []string, onProgress func(done, total int64)) ([]conference.Recording, map[action.Key]action.Original, error) {
	originals := make(map[action.Key]action.Original)
	var recordings []conference.Recording
	for _, path := range paths {
		absolute, info, err := statRecording(path)
		if err != nil {
			return nil, nil, err
		}
		sum, err := hashFile(ctx, c, path, absolute, info, onProgress)
		if err != nil {
			return nil, nil, err
		}
		recordings = append(recordings, conference.Recording{SHA256: sum, Size: info.Size(), Name: filepath.Base(path)})
		originals[action.Key(sum)] = action.Original{Path: absolute, Size: info.Size(), ModTime: info.ModTime()}
	}
	return recordings, originals, nil
}

// statRecording returns the absolute path and the file info of a recording. It returns an
// *inputerr.Error if there is no regular file at path or if it is empty.
func statRecording(path string) (absolute string, info os.FileInfo, err error) {
	if absolute, err = filepath.Abs(path); err != nil {
		return "", nil, err
	}
	info, err = os.Stat(absolute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, inputerr.New(path, "does not exist").Hint("Check the name of the recording.")
	case err != nil:
		return "", nil, inputerr.New(path, "cannot be read: %v", err).Hint("Check its permissions.")
	case info.IsDir():
		return "", nil, inputerr.New(path, "is a directory").Hint("Name the recordings in it, in the order they were made.")
	case !info.Mode().IsRegular():
		return "", nil, inputerr.New(path, "is not a file").Hint("Copy the recording to a file first.")
	case info.Size() == 0:
		return "", nil, inputerr.New(path, "is empty").Hint("Copy it from the camera again.")
	}
	return absolute, info, nil
}

// hashFile returns the SHA-256 of the recording at path, from the catalog if that has it for the
// same size and time, and saves it there. name is the path that errors show. A file that changes
// while it is read is an *inputerr.Error.
func hashFile(ctx context.Context, c *catalog.Catalog, name, path string, info os.FileInfo, onProgress func(done, total int64)) (string, error) {
	identity := catalog.IdentityOf(info)
	if sum, ok, err := c.CachedHash(ctx, identity); err != nil || ok {
		return sum, err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", inputerr.New(name, "cannot be read: %v", err).Hint("Check its permissions.")
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, &progressReader{r: fileio.Reader(ctx, f), total: info.Size(), onProgress: onProgress}); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", inputerr.New(name, "cannot be read to its end: %v", err).Hint("Check the disk it lies on.")
	}
	after, err := f.Stat()
	if err != nil {
		return "", err
	}
	if catalog.IdentityOf(after) != identity {
		return "", inputerr.New(name, "is still being written to").Hint("Run again when it is finished.")
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return sum, c.CacheHash(ctx, identity, sum)
}

// progressReader reports how many bytes were read.
type progressReader struct {
	r           io.Reader
	done, total int64
	onProgress  func(done, total int64) // may be nil
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.done += int64(n)
	if p.onProgress != nil {
		p.onProgress(p.done, p.total)
	}
	return n, err
}
