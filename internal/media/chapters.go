package media

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// writeFFMetadata writes metadata, by ffmpeg's keys, and the sections as chapters into a file in
// dir, in ffmpeg's metadata format. It returns the file's path.
func writeFFMetadata(metadata map[string]string, sections []conference.Section, dir string) (path string, err error) {
	escape := strings.NewReplacer(`\`, `\\`, "=", `\=`, ";", `\;`, "#", `\#`, "\n", "\\\n", "\r", "")
	var b strings.Builder
	b.WriteString(";FFMETADATA1\n")
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		fmt.Fprintf(&b, "%s=%s\n", key, escape.Replace(metadata[key]))
	}
	for _, s := range sections {
		title := strings.Join(strings.Fields(s.Title), " ")
		fmt.Fprintf(&b, "[CHAPTER]\nTIMEBASE=1/1000\nSTART=%d\nEND=%d\ntitle=%s\n",
			s.From.Round(time.Millisecond).Milliseconds(), s.To.Round(time.Millisecond).Milliseconds(), escape.Replace(title))
	}
	path = filepath.Join(dir, "listing.ffmetadata")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// addFFMetadataInput adds list, a file that writeFFMetadata wrote, to ffmpeg's arguments as the
// last input. ffmpeg then takes the chapters from it, and the metadata if all is true. If list is
// "", it returns args unchanged. The arguments must contain -map. (The file has no streams, so a
// graph of streams cannot contain it.)
func addFFMetadataInput(args []string, list string, all bool) []string {
	if list == "" {
		return args
	}
	n := 0
	for _, arg := range args {
		if arg == "-i" {
			n++
		}
	}
	input := []string{"-f", "ffmetadata", "-i", fileURL(list), "-map_chapters", fmt.Sprint(n)}
	if all {
		input = append(input, "-map_metadata", fmt.Sprint(n))
	}
	return slices.Insert(args, slices.Index(args, "-map"), input...)
}

// estimateChapterSize returns an upper bound for the size of chapters in a file's index, in
// bytes.
func estimateChapterSize(sections []conference.Section) (bytes int64) {
	for _, s := range sections {
		bytes += 256 + 2*int64(len(s.Title))
	}
	return bytes
}

// verifyChapters returns an error unless a file has exactly one chapter for each section, which has
// a title and starts within a millisecond of the section. Without sections it checks nothing.
func (t Tools) verifyChapters(ctx context.Context, path string, sections []conference.Section) error {
	if len(sections) == 0 {
		return nil
	}
	var c struct {
		Chapters []struct {
			Start string            `json:"start_time"`
			Tags  map[string]string `json:"tags"`
		} `json:"chapters"`
	}
	args := append([]string{"-show_chapters", "-of", "json"}, InputArgs(path)...)
	if _, err := t.Inspect(ctx, args, func(r io.Reader) error { return json.NewDecoder(r).Decode(&c) }); err != nil {
		return fmt.Errorf("look for the chapters of %s: %w", filepath.Base(path), err)
	}
	if len(c.Chapters) != len(sections) {
		return fmt.Errorf("%s has %d chapters, not %d", filepath.Base(path), len(c.Chapters), len(sections))
	}
	for i, s := range sections {
		at, err := time.ParseDuration(c.Chapters[i].Start + "s")
		if title := c.Chapters[i].Tags["title"]; err != nil || (at-s.From).Abs() > time.Millisecond || strings.TrimSpace(title) == "" {
			return fmt.Errorf("%s has the chapter %q at %s s, not %q at %v", filepath.Base(path), title, c.Chapters[i].Start, s.Title, s.From)
		}
	}
	return nil
}
