package media

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// checkHead returns an inputerr.Error for a file that can be refused before a tool opens it: a
// directory or other irregular file, an empty file, or a playlist, which refers to other files. It
// returns another error if the file cannot be read. name is the file's name in errors.
func checkHead(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return inputerr.Coded("recording.not_a_file", "is not a file").In(name).Hint("Name the recording itself")
	}
	if info.Size() == 0 {
		return inputerr.Coded("recording.empty", "is empty (0 bytes)").In(name).Hint("Copy it again from the camera or the recorder")
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if kind := playlistKind(head[:n]); kind != "" {
		return inputerr.Coded("recording.playlist", "is {kind}, which only points at other files or hosts; nothing it names was opened", "kind", kind).In(name).
			Hint("Use the recording itself")
	}
	return nil
}

// playlistKind returns the kind of playlist whose file begins with head, with its article ("an HLS
// playlist (m3u8)"), or "" if it is not a playlist.
func playlistKind(head []byte) string {
	text := strings.TrimSpace(strings.TrimPrefix(string(head), "\ufeff"))
	switch {
	case strings.HasPrefix(text, "#EXTM3U"):
		return "an HLS playlist (m3u8)"
	case strings.HasPrefix(text, "ffconcat"):
		return "an ffconcat list"
	case strings.HasPrefix(text, "<") && strings.Contains(text, "<MPD"):
		return "a DASH manifest"
	case strings.HasPrefix(text, "v=0") && strings.Contains(text, "\nm="):
		return "an SDP session description"
	}
	return ""
}

// unreadableFault returns the error for a file that ffprobe cannot read. stderr is what ffprobe
// wrote to standard error. If it reports that the index of an MP4 is missing, the error says that
// the recording was not finished; else that the file is not a recording that Lectern can read.
func unreadableFault(path, name, stderr string) error {
	if strings.Contains(stderr, "moov atom not found") && isMP4(path) {
		return inputerr.Coded("recording.no_moov", "is an MP4 whose index (moov) is missing: the recording was not finished, or not copied whole").In(name).
			Hint("Copy it again; if the camera's own file is like this, put the card back into the camera, which may repair it, or rebuild the index with untrunc and a good file of the same camera")
	}
	return inputerr.Coded("recording.unknown_format", "is not a media file that Lectern can read").In(name).
		Hint("Use MP4, MOV, MKV, WebM, TS, MTS, MPG, AVI, FLV or MXF")
}

// isMP4 reports whether a file begins with one of the boxes that MP4s begin with. It returns false
// if the file cannot be read.
func isMP4(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 8)
	if _, err := io.ReadFull(f, head); err != nil {
		return false
	}
	switch string(head[4:]) {
	case "ftyp", "mdat", "wide", "free", "skip", "pnot", "moov":
		return true
	}
	return false
}
