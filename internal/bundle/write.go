package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Entry is a file on its way into a bundle.
type Entry struct {
	Path   string // in the bundle, with slashes
	Source string // where its content lies now, on whatever filesystem
	Data   []byte // its content where Source is ""
	SHA256 string // of the content
	Size   int64  // bytes
}

// NewEntry is a file of this content.
func NewEntry(path string, data []byte) Entry {
	return Entry{Path: path, Data: data, SHA256: sha256Hex(data), Size: int64(len(data))}
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Write lays out files, which are a whole bundle with bundle.json and SHA256SUMS, as
// root/slug. A reader sees the bundle that was there before or the new one. A file that
// the earlier bundle has already keeps its inode; any other is a hard link to its
// source, or a copy where there can be none or where it is small. Where root/slug already
// is what it should be, nothing is touched. After an error the earlier bundle stands as it
// was.
//
// Somebody may have corrected a caption where they found it. What was changed by hand in
// the earlier bundle and is in no way part of the new one is copied to root/slug.edited,
// and edited says where to.
//
// trace, which may be nil, is told each step before it is taken.
func Write(ctx context.Context, root, slug string, files []Entry, trace func(step string)) (dir string, edited []EditedFile, err error) {
	p := newWriter(ctx, root, slug, trace)
	if err := p.write(files); err != nil {
		return "", nil, p.asInputError(err)
	}
	return p.dir, p.edited, nil
}

type writer struct {
	ctx        context.Context
	root, slug string
	dir        string // root/slug
	staging    string
	trace      func(string)
	exchange   func(a, b string) error
	previous   previousBundle
	edited     []EditedFile
}

func newWriter(ctx context.Context, root, slug string, trace func(string)) *writer {
	if trace == nil {
		trace = func(string) {}
	}
	return &writer{ctx: ctx, root: root, slug: slug, dir: filepath.Join(root, slug), trace: trace, exchange: exchangePaths}
}

func (p *writer) write(files []Entry) error {
	if err := p.validate(files); err != nil {
		return err
	}
	if err := os.MkdirAll(p.root, 0o755); err != nil {
		return err
	}
	if err := Recover(p.root, p.slug); err != nil {
		return err
	}
	var err error
	if p.previous, err = loadPrevious(p.dir); err != nil {
		return err
	}
	if p.previous.equals(files) {
		return nil
	}
	p.trace("stage")
	lock, err := p.createStaging()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := p.fillStaging(files); err != nil {
		return errors.Join(err, os.RemoveAll(p.staging))
	}
	if err := p.saveEdited(files); err != nil {
		return errors.Join(fmt.Errorf("keep what was edited in the earlier bundle: %w", err), os.RemoveAll(p.staging))
	}
	return p.replaceBundle()
}

// validate refuses a list of files that is no bundle.
func (p *writer) validate(files []Entry) error {
	if err := validatePath(p.slug); err != nil || strings.ContainsAny(p.slug, `/\`) || strings.HasPrefix(p.slug, ".") {
		return inputerr.New("", "%q cannot name a bundle", p.slug).Hint("Give a slug of letters, digits and hyphens")
	}
	seen := map[string]bool{}
	for _, f := range files {
		if err := validatePath(f.Path); err != nil {
			return err
		}
		if seen[f.Path] {
			return fmt.Errorf("two files of the bundle are called %q", f.Path)
		}
		seen[f.Path] = true
	}
	if !seen[ManifestName] || !seen[SumsName] {
		return fmt.Errorf("a bundle needs %s and %s", ManifestName, SumsName)
	}
	return nil
}

// createStaging makes the directory that becomes the bundle, and locks it for as long as this
// process lives, so that nobody sweeps it away as a leftover.
func (p *writer) createStaging() (lock *os.File, err error) {
	if p.staging, err = os.MkdirTemp(p.root, stagingPrefix(p.slug)+"*"); err != nil {
		return nil, err
	}
	if err := os.Chmod(p.staging, 0o755); err != nil {
		return nil, err
	}
	if lock, err = os.Open(p.staging); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", p.staging, err), lock.Close())
	}
	return lock, nil
}

// fillStaging puts every file into the staging directory, the sums last, and makes it durable.
func (p *writer) fillStaging(files []Entry) error {
	dirs := map[string]bool{p.staging: true}
	var sums Entry
	for _, f := range files {
		if f.Path == SumsName {
			sums = f
			continue
		}
		if err := p.addEntry(f, dirs); err != nil {
			return fmt.Errorf("lay out %s: %w", f.Path, err)
		}
	}
	// Last, because no file of an untouched bundle is younger than its sums.
	if err := p.addEntry(sums, dirs); err != nil {
		return fmt.Errorf("lay out %s: %w", sums.Path, err)
	}
	p.trace("sync")
	for dir := range dirs {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (p *writer) addEntry(f Entry, dirs map[string]bool) error {
	if err := p.ctx.Err(); err != nil {
		return context.Cause(p.ctx)
	}
	p.trace("place " + f.Path)
	to := filepath.Join(p.staging, filepath.FromSlash(f.Path))
	dir := filepath.Dir(to)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for ; !dirs[dir]; dir = filepath.Dir(dir) {
		dirs[dir] = true
	}
	if old, ok := p.previous.reusable(f); ok && os.Link(old, to) == nil {
		return nil
	}
	if f.Source == "" {
		return createFile(to, f.Data)
	}
	if info, err := os.Lstat(f.Source); err != nil {
		return err
	} else if !info.Mode().IsRegular() || info.Size() != f.Size {
		return fmt.Errorf("%s is not the file of %d bytes it should be", f.Source, f.Size)
	}
	if f.Size > maxCopySize && os.Link(f.Source, to) == nil {
		return nil
	}
	return p.copyEntry(f, to)
}

// maxCopySize is up to how many bytes a file is copied even where it could be linked. Captions
// and descriptions are what people correct where they find them, and through a link they
// would write into the store.
const maxCopySize = 1 << 20

func createFile(path string, data []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return errors.Join(err, w.Sync(), w.Close())
}

// copyEntry copies a file and makes sure of its content on the way.
func (p *writer) copyEntry(f Entry, to string) error {
	r, err := os.Open(f.Source)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.CopyBuffer(io.MultiWriter(w, h), ctxReader{p.ctx, r}, make([]byte, 1<<20))
	if err := errors.Join(err, w.Sync(), w.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s is damaged: its content is not what its hash says", f.Source)
	}
	return nil
}

// ctxReader reads until ctx ends.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r ctxReader) Read(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(b)
}

// replaceBundle makes the staging directory the bundle, and removes the earlier one.
func (p *writer) replaceBundle() error {
	if !p.previous.exists {
		p.trace("rename")
		if err := os.Rename(p.staging, p.dir); err != nil {
			return errors.Join(err, os.RemoveAll(p.staging))
		}
		return syncDir(p.root)
	}
	p.trace("exchange")
	old := p.staging
	if err := p.exchange(p.staging, p.dir); exchangeUnsupported(err) {
		if old, err = p.replaceByRenames(); err != nil {
			return errors.Join(err, os.RemoveAll(p.staging))
		}
	} else if err != nil {
		return errors.Join(fmt.Errorf("exchange the bundles: %w", err), os.RemoveAll(p.staging))
	}
	if err := syncDir(p.root); err != nil {
		return err
	}
	p.trace("sweep")
	// The new bundle stands; what cannot be removed now is swept at the next start.
	_ = os.RemoveAll(old)
	return nil
}

// replaceByRenames does what exchange does where there is none. Whoever looks in between sees
// no bundle; a crash in between is mended by Recover.
func (p *writer) replaceByRenames() (old string, err error) {
	old = filepath.Join(p.root, previousName(p.slug))
	p.trace("move the earlier bundle away")
	if err := os.Rename(p.dir, old); err != nil {
		return "", err
	}
	p.trace("move the new bundle in")
	if err := os.Rename(p.staging, p.dir); err != nil {
		return "", errors.Join(err, os.Rename(old, p.dir))
	}
	return old, nil
}

func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, ctxReader{ctx, f}, make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a filesystem that cannot
	}
	return errors.Join(err, d.Close())
}
