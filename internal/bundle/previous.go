package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/fileio"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// previousBundle is the bundle that a new one replaces.
type previousBundle struct {
	dir         string
	exists      bool              // whether dir does; it may be empty
	sums        map[string]string // SHA-256 by path, SHA256SUMS included
	sumsWritten time.Time         // a file modified later was edited by hand
}

// loadPrevious reads the bundle in dir, which is to be replaced; dir may also be missing or empty.
// It returns an *inputerr.Error if dir is not a bundle, has no valid SHA256SUMS, or has files that
// Lectern did not make: replacing it would destroy them.
func loadPrevious(dir string) (previousBundle, error) {
	refuse := func(format string, args ...any) (previousBundle, error) {
		return previousBundle{}, inputerr.New(dir, format, args...).Hint("Move it away, or choose another directory or slug")
	}
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return previousBundle{dir: dir}, nil
	} else if err != nil {
		return previousBundle{}, err
	}
	if !info.IsDir() {
		return refuse("already exists and is not a directory")
	}
	files, err := listFiles(dir)
	if err != nil {
		return previousBundle{}, err
	}
	b := previousBundle{dir: dir, exists: true}
	if len(files) == 0 {
		return b, nil
	}
	if !isLecternBundle(dir) {
		return refuse("already exists and is not a bundle that Lectern made")
	}
	data, err := os.ReadFile(filepath.Join(dir, SumsName))
	if err != nil {
		return refuse("already exists and has no %s", SumsName)
	}
	if b.sums, err = parseSums(data); err != nil {
		return refuse("already exists, and its %v", err)
	}
	for path, info := range files {
		if path == SumsName {
			b.sumsWritten = info.ModTime()
		} else if _, listed := b.sums[path]; !listed {
			return refuse("contains %s, which Lectern did not make and would delete", path)
		}
	}
	b.sums[SumsName] = sha256Hex(data)
	return b, nil
}

// isLecternBundle reports whether dir has a manifest of any format version.
func isLecternBundle(dir string) bool {
	var m struct {
		FormatVersion int `json:"lectern"`
	}
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	return err == nil && json.Unmarshal(b, &m) == nil && m.FormatVersion > 0
}

// equals reports whether the bundle already has exactly these files, with the same content.
func (b previousBundle) equals(ctx context.Context, files []Entry) bool {
	if len(b.sums) != len(files) {
		return false
	}
	for _, f := range files {
		if _, ok := b.reusable(ctx, f); !ok {
			return false
		}
	}
	return true
}

// reusable returns the path of the bundle's file that has the path and content of f. If it was not
// modified after SHA256SUMS was written, its hash is taken from there; otherwise it is computed. ok
// is false if there is no such file.
func (b previousBundle) reusable(ctx context.Context, f Entry) (path string, ok bool) {
	if b.sums[f.Path] != f.SHA256 {
		return "", false
	}
	path = filepath.Join(b.dir, filepath.FromSlash(f.Path))
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
		return "", false
	}
	if info.ModTime().After(b.sumsWritten) {
		if sum, _, err := fileio.HashFile(ctx, path); err != nil || sum != f.SHA256 {
			return "", false
		}
	}
	return path, true
}

// editedContent returns the content of the file at path, in the bundle, if it was edited after
// SHA256SUMS was written, or nil. Files of more than maxCopySize are links to the store, and never
// count as edited.
func (b previousBundle) editedContent(path string) ([]byte, error) {
	at := filepath.Join(b.dir, filepath.FromSlash(path))
	info, err := os.Lstat(at)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxCopySize || !info.ModTime().After(b.sumsWritten) {
		return nil, nil
	}
	data, err := os.ReadFile(at)
	if err != nil || sha256Hex(data) == b.sums[path] {
		return nil, err
	}
	return data, nil
}

// EditedFile is a file that was edited by hand in the previous bundle, and of which Write saved
// a copy.
type EditedFile struct {
	Path    string // in the bundle, with slashes
	SavedAs string // path of the copy
}

// saveEdited copies files that were edited by hand in the previous bundle to root/slug.edited, and
// lists them in w.edited. Those whose content is part of the new bundle are left out.
func (w *writer) saveEdited(files []Entry) error {
	for _, path := range slices.Sorted(maps.Keys(w.previous.sums)) {
		data, err := w.previous.editedContent(path)
		if err != nil {
			return err
		}
		sum := sha256Hex(data)
		if data == nil || slices.ContainsFunc(files, func(f Entry) bool { return f.SHA256 == sum }) {
			continue
		}
		saved, err := saveCopy(filepath.Join(w.root, w.slug+".edited", filepath.FromSlash(path)), data)
		if err != nil {
			return err
		}
		w.edited = append(w.edited, EditedFile{Path: path, SavedAs: saved})
	}
	return nil
}

// saveCopy writes data to path, or if a file with other content is there, to path with the first
// free number from 2. It returns the path used.
func saveCopy(path string, data []byte) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	ext := filepath.Ext(path)
	for n, to := 2, path; ; n++ {
		err := createFile(to, data)
		if !errors.Is(err, fs.ErrExist) {
			return to, err
		}
		if existing, err := os.ReadFile(to); err == nil && bytes.Equal(existing, data) {
			return to, nil
		}
		to = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext)
	}
}
