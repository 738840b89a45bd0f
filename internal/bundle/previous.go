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

	"github.com/lectern-av/lectern/internal/inputerr"
)

// EditedFile is a file that was changed by hand in an earlier bundle.
type EditedFile struct {
	Path    string // in the bundle, with slashes
	SavedAs string // where a copy of it lies now
}

// previousBundle is the bundle that stands where a new one is to go.
type previousBundle struct {
	dir         string
	exists      bool              // there is a directory
	sums        map[string]string // of its files, by path
	sumsWritten time.Time         // when its sums were written, after all other files
}

// loadPrevious finds out what stands at dir. Anything but a bundle with only its own files in
// it, or an empty directory, belongs to somebody and is a fault.
func loadPrevious(dir string) (previousBundle, error) {
	foreign := func(format string, args ...any) (previousBundle, error) {
		return previousBundle{}, inputerr.New(dir, format, args...).Hint("Move it away, or choose another directory or slug")
	}
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return previousBundle{dir: dir}, nil
	} else if err != nil {
		return previousBundle{}, err
	}
	if !info.IsDir() {
		return foreign("is in the way: it is no directory")
	}
	files, err := listFiles(dir)
	if err != nil {
		return previousBundle{}, err
	}
	e := previousBundle{dir: dir, exists: true}
	if len(files) == 0 {
		return e, nil
	}
	if !isLecternBundle(dir) {
		return foreign("is in the way: it is no bundle that Lectern made")
	}
	b, err := os.ReadFile(filepath.Join(dir, SumsName))
	if err != nil {
		return foreign("is in the way: it is a bundle without its %s", SumsName)
	}
	if e.sums, err = parseSums(b); err != nil {
		return foreign("is in the way: %v", err)
	}
	for path, info := range files {
		if path == SumsName {
			e.sumsWritten = info.ModTime()
		} else if _, listed := e.sums[path]; !listed {
			return foreign("holds %s, which is not Lectern's and would be lost", path)
		}
	}
	e.sums[SumsName] = sha256Hex(b)
	return e, nil
}

// isLecternBundle reports whether dir holds a manifest of Lectern's, of whatever form.
func isLecternBundle(dir string) bool {
	var m struct {
		Lectern int `json:"lectern"`
	}
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	return err == nil && json.Unmarshal(b, &m) == nil && m.Lectern > 0
}

// equals reports whether the bundle already is exactly these files.
func (e previousBundle) equals(files []Entry) bool {
	if len(e.sums) != len(files) {
		return false
	}
	for _, f := range files {
		if _, ok := e.reusable(f); !ok {
			return false
		}
	}
	return true
}

// reusable is the earlier bundle's own file of that path and content. Its sums say what it
// was; they are believed of a file that nobody changed since they were written, and any
// other is read again.
func (e previousBundle) reusable(f Entry) (string, bool) {
	if e.sums[f.Path] != f.SHA256 {
		return "", false
	}
	path := filepath.Join(e.dir, filepath.FromSlash(f.Path))
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
		return "", false
	}
	if info.ModTime().After(e.sumsWritten) {
		if sum, err := hashFile(context.Background(), path); err != nil || sum != f.SHA256 {
			return "", false
		}
	}
	return path, true
}

// editedContent is the content of a file of the bundle that was changed since its sums were
// written, or nil.
func (e previousBundle) editedContent(path string) ([]byte, error) {
	at := filepath.Join(e.dir, filepath.FromSlash(path))
	info, err := os.Lstat(at)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxCopySize || !info.ModTime().After(e.sumsWritten) {
		return nil, nil // gone, or as it was
	}
	data, err := os.ReadFile(at)
	if err != nil || sha256Hex(data) == e.sums[path] {
		return nil, err
	}
	return data, nil
}

// saveEdited copies what was changed by hand in the earlier bundle to beside it. Only what
// is small enough to have been copied there, and not linked, can have been.
func (p *writer) saveEdited(files []Entry) error {
	for _, path := range slices.Sorted(maps.Keys(p.previous.sums)) {
		data, err := p.previous.editedContent(path)
		if err != nil {
			return err
		}
		sum := sha256Hex(data)
		if data == nil || slices.ContainsFunc(files, func(f Entry) bool { return f.SHA256 == sum }) {
			continue
		}
		kept, err := saveCopy(filepath.Join(p.root, p.slug+".edited", filepath.FromSlash(path)), data)
		if err != nil {
			return err
		}
		p.edited = append(p.edited, EditedFile{Path: path, SavedAs: kept})
	}
	return nil
}

// saveCopy writes data to path or, where something else stands there, to path with a number.
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
		if there, err := os.ReadFile(to); err == nil && bytes.Equal(there, data) {
			return to, nil
		}
		to = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext)
	}
}
