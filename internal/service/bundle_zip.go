package service

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/fileio"
)

// ZipSize returns the size in bytes of the archive that WriteZip writes. It reads no files: nothing
// in the archive is compressed, so the sizes in the manifest suffice.
func (b *Bundle) ZipSize() (int64, error) {
	const mask = 1<<32 - 1 // larger values use 64-bit fields (APPNOTE 6.3.10, 4.5.3)
	var frame byteCounter
	var sizes []int64
	err := b.writeZip(&frame, func(_ io.Writer, p archiveFile) error {
		sizes = append(sizes, p.size)
		return nil
	})
	total := int64(frame)
	var offset int64 // of the entry, without the headers before it
	for _, size := range sizes {
		if size >= mask {
			total += 8 // 64-bit sizes after the data
		}
		if size >= mask || offset >= mask {
			total += 28 // 64-bit fields in the central directory
		}
		total += size
		offset += size
	}
	if offset >= mask {
		total += 56 + 20 // 64-bit end of the central directory
	}
	return total, err
}

// WriteZip writes the bundle to w as an uncompressed ZIP archive, with all files in a directory
// that has the talk's slug as its name. It fails if a file does not have the size in the manifest.
func (b *Bundle) WriteZip(ctx context.Context, w io.Writer) error {
	return b.writeZip(w, func(w io.Writer, p archiveFile) error {
		r, err := p.open()
		if err != nil {
			return err
		}
		defer r.Close()
		n, err := io.Copy(w, fileio.Reader(ctx, r))
		if err == nil && n != p.size {
			err = fmt.Errorf("%s has %d bytes; its manifest says %d", p.name, n, p.size)
		}
		return err
	})
}

func (b *Bundle) writeZip(w io.Writer, fill func(io.Writer, archiveFile) error) error {
	archive := zip.NewWriter(w)
	for _, p := range b.archiveFiles() {
		name := path.Join(b.Talk.Slug, p.name)
		if !filepath.IsLocal(p.name) || strings.ContainsAny(name, `\:`) {
			return fmt.Errorf("the file name %q of the bundle leads out of its directory", p.name)
		}
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: b.Published.UTC().Truncate(2 * time.Second)})
		if err != nil {
			return err
		}
		if err := fill(entry, p); err != nil {
			return fmt.Errorf("pack %s: %w", p.name, err)
		}
	}
	return archive.Close()
}

// byteCounter is a writer that only counts.
type byteCounter int64

func (c *byteCounter) Write(b []byte) (int, error) {
	*c += byteCounter(len(b))
	return len(b), nil
}
