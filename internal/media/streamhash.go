package media

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// StreamHashes returns the SHA-256 of the packets of a file's first video stream, as "v:…", and of
// each sound, as "a:…", in this order. Files that differ only in metadata or subtitles have the
// same hashes. A file without video is an error.
func (t Tools) StreamHashes(ctx context.Context, path string) (hashes []string, err error) {
	args := append(InputArgs(path), "-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-f", "streamhash", "-hash", "sha256", "pipe:1")
	_, err = t.Stream(ctx, args, func(r io.Reader) error {
		b, err := io.ReadAll(r)
		for line := range strings.Lines(string(b)) { // "0,v,SHA256=…"
			_, rest, _ := strings.Cut(strings.TrimSpace(line), ",")
			kind, sum, ok := strings.Cut(rest, ",SHA256=")
			if !ok {
				return fmt.Errorf("ffmpeg wrote an invalid hash: %q", line)
			}
			hashes = append(hashes, kind+":"+sum)
		}
		return err
	})
	if err == nil && len(hashes) == 0 {
		err = fmt.Errorf("%s has no video", path)
	}
	return hashes, err
}
