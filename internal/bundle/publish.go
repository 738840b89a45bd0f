package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Placed is a file on its way into a bundle.
type Placed struct {
	Path   string // in the bundle, with slashes
	Source string // where its content lies now, on whatever filesystem
	Data   []byte // its content where Source is ""
	SHA256 string // of the content
	Size   int64  // bytes
}

// Made is a file of this content.
func Made(path string, data []byte) Placed {
	return Placed{Path: path, Data: data, SHA256: sumOf(data), Size: int64(len(data))}
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Publish lays out files, which are a whole bundle with bundle.json and SHA256SUMS, as
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
func Publish(ctx context.Context, root, slug string, files []Placed, trace func(step string)) (dir string, edited []Edited, err error) {
	p := newPublisher(ctx, root, slug, trace)
	if err := p.publish(files); err != nil {
		return "", nil, p.explain(err)
	}
	return p.dir, p.edited, nil
}

// Edited is a file that was changed by hand in an earlier bundle.
type Edited struct {
	Path string // in the bundle, with slashes
	Kept string // where a copy of it lies now
}

type publisher struct {
	ctx        context.Context
	root, slug string
	dir        string // root/slug
	staging    string
	trace      func(string)
	exchange   func(a, b string) error
	before     earlier
	edited     []Edited
}

func newPublisher(ctx context.Context, root, slug string, trace func(string)) *publisher {
	if trace == nil {
		trace = func(string) {}
	}
	return &publisher{ctx: ctx, root: root, slug: slug, dir: filepath.Join(root, slug), trace: trace, exchange: exchange}
}

func (p *publisher) publish(files []Placed) error {
	if err := p.check(files); err != nil {
		return err
	}
	if err := os.MkdirAll(p.root, 0o755); err != nil {
		return err
	}
	if err := Recover(p.root, p.slug); err != nil {
		return err
	}
	var err error
	if p.before, err = lookAt(p.dir); err != nil {
		return err
	}
	if p.before.holds(files) {
		return nil
	}
	p.trace("stage")
	lock, err := p.stage()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := p.fill(files); err != nil {
		return errors.Join(err, os.RemoveAll(p.staging))
	}
	if err := p.keepEdited(files); err != nil {
		return errors.Join(fmt.Errorf("keep what was edited in the earlier bundle: %w", err), os.RemoveAll(p.staging))
	}
	return p.swap()
}

// keepEdited copies what was changed by hand in the earlier bundle to beside it. Only what
// is small enough to have been copied there, and not linked, can have been.
func (p *publisher) keepEdited(files []Placed) error {
	for _, path := range slices.Sorted(maps.Keys(p.before.sums)) {
		data, err := p.before.edited(path)
		if err != nil {
			return err
		}
		sum := sumOf(data)
		if data == nil || slices.ContainsFunc(files, func(f Placed) bool { return f.SHA256 == sum }) {
			continue
		}
		kept, err := keepAt(filepath.Join(p.root, p.slug+".edited", filepath.FromSlash(path)), data)
		if err != nil {
			return err
		}
		p.edited = append(p.edited, Edited{Path: path, Kept: kept})
	}
	return nil
}

// keepAt writes data to path or, where something else stands there, to path with a number.
func keepAt(path string, data []byte) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	ext := filepath.Ext(path)
	for n, to := 2, path; ; n++ {
		err := writeFile(to, data)
		if !errors.Is(err, fs.ErrExist) {
			return to, err
		}
		if there, err := os.ReadFile(to); err == nil && bytes.Equal(there, data) {
			return to, nil
		}
		to = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext)
	}
}

// check refuses a list of files that is no bundle.
func (p *publisher) check(files []Placed) error {
	if err := localPath(p.slug); err != nil || strings.ContainsAny(p.slug, `/\`) || strings.HasPrefix(p.slug, ".") {
		return inputerr.New("", "%q cannot name a bundle", p.slug).Try("Give a slug of letters, digits and hyphens")
	}
	seen := map[string]bool{}
	for _, f := range files {
		if err := localPath(f.Path); err != nil {
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

// stage makes the directory that becomes the bundle, and locks it for as long as this
// process lives, so that nobody sweeps it away as a leftover.
func (p *publisher) stage() (lock *os.File, err error) {
	if p.staging, err = os.MkdirTemp(p.root, newPrefix(p.slug)+"*"); err != nil {
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

// fill puts every file into the staging directory, the sums last, and makes it durable.
func (p *publisher) fill(files []Placed) error {
	dirs := map[string]bool{p.staging: true}
	var sums Placed
	for _, f := range files {
		if f.Path == SumsName {
			sums = f
			continue
		}
		if err := p.place(f, dirs); err != nil {
			return fmt.Errorf("lay out %s: %w", f.Path, err)
		}
	}
	// Last, because no file of an untouched bundle is younger than its sums.
	if err := p.place(sums, dirs); err != nil {
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

func (p *publisher) place(f Placed, dirs map[string]bool) error {
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
	if old, ok := p.before.path(f); ok && os.Link(old, to) == nil {
		return nil
	}
	if f.Source == "" {
		return writeFile(to, f.Data)
	}
	if info, err := os.Lstat(f.Source); err != nil {
		return err
	} else if !info.Mode().IsRegular() || info.Size() != f.Size {
		return fmt.Errorf("%s is not the file of %d bytes it should be", f.Source, f.Size)
	}
	if f.Size > copied && os.Link(f.Source, to) == nil {
		return nil
	}
	return p.copy(f, to)
}

// copied is up to how many bytes a file is copied even where it could be linked. Captions
// and descriptions are what people correct where they find them, and through a link they
// would write into the store.
const copied = 1 << 20

func writeFile(path string, data []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return errors.Join(err, w.Sync(), w.Close())
}

// copy copies a file and makes sure of its content on the way.
func (p *publisher) copy(f Placed, to string) error {
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
	_, err = io.CopyBuffer(io.MultiWriter(w, h), reader{p.ctx, r}, make([]byte, 1<<20))
	if err := errors.Join(err, w.Sync(), w.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s is damaged: its content is not what its hash says", f.Source)
	}
	return nil
}

// reader reads until ctx ends.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(b)
}

// swap makes the staging directory the bundle, and removes the earlier one.
func (p *publisher) swap() error {
	if !p.before.exists {
		p.trace("rename")
		if err := os.Rename(p.staging, p.dir); err != nil {
			return errors.Join(err, os.RemoveAll(p.staging))
		}
		return syncDir(p.root)
	}
	p.trace("exchange")
	old := p.staging
	if err := p.exchange(p.staging, p.dir); unsupported(err) {
		if old, err = p.twoRenames(); err != nil {
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

// twoRenames does what exchange does where there is none. Whoever looks in between sees
// no bundle; a crash in between is mended by Recover.
func (p *publisher) twoRenames() (old string, err error) {
	old = filepath.Join(p.root, oldName(p.slug))
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

func newPrefix(slug string) string { return ".lectern-new-" + slug + "-" }
func oldName(slug string) string   { return ".lectern-old-" + slug }

// Recover mends what a publication that was killed left in root: an earlier bundle that
// had been moved away comes back, and what was half laid out is removed. Publish does it
// too, before anything else.
func Recover(root, slug string) error {
	dir, old := filepath.Join(root, slug), filepath.Join(root, oldName(slug))
	if _, err := os.Lstat(old); err == nil {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(old, dir); err != nil {
				return fmt.Errorf("bring back the earlier bundle: %w", err)
			}
		} else if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("remove the earlier bundle: %w", err)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), newPrefix(slug))
		if ok && e.IsDir() && strings.Trim(suffix, "0123456789") == "" {
			if err := sweep(filepath.Join(root, e.Name())); err != nil {
				return fmt.Errorf("sweep a leftover: %w", err)
			}
		}
	}
	return nil
}

// sweep removes a staging directory unless its maker lives.
func sweep(dir string) error {
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil
	}
	return os.RemoveAll(dir)
}

// earlier is the bundle that stands where a new one is to go.
type earlier struct {
	dir    string
	exists bool              // there is a directory
	sums   map[string]string // of its files, by path
	signed time.Time         // when its sums were written, after all other files
}

// lookAt finds out what stands at dir. Anything but a bundle with only its own files in
// it, or an empty directory, belongs to somebody and is a fault.
func lookAt(dir string) (earlier, error) {
	foreign := func(format string, args ...any) (earlier, error) {
		return earlier{}, inputerr.New(dir, format, args...).Try("Move it away, or choose another directory or slug")
	}
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return earlier{dir: dir}, nil
	} else if err != nil {
		return earlier{}, err
	}
	if !info.IsDir() {
		return foreign("is in the way: it is no directory")
	}
	files, err := list(dir)
	if err != nil {
		return earlier{}, err
	}
	e := earlier{dir: dir, exists: true}
	if len(files) == 0 {
		return e, nil
	}
	if !ours(dir) {
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
			e.signed = info.ModTime()
		} else if _, listed := e.sums[path]; !listed {
			return foreign("holds %s, which is not Lectern's and would be lost", path)
		}
	}
	e.sums[SumsName] = sumOf(b)
	return e, nil
}

// ours reports whether dir holds a manifest of Lectern's, of whatever form.
func ours(dir string) bool {
	var m struct {
		Lectern int `json:"lectern"`
	}
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	return err == nil && json.Unmarshal(b, &m) == nil && m.Lectern > 0
}

func readManifest(dir string) (c Content, err error) {
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("%s: %w", ManifestName, err)
	}
	return c, nil
}

// list is everything under dir but directories, by path with slashes.
func list(dir string) (map[string]fs.FileInfo, error) {
	files := map[string]fs.FileInfo{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = d.Info()
		return err
	})
	return files, err
}

// path is the earlier bundle's own file of that path and content. Its sums say what it
// was; they are believed of a file that nobody changed since they were written, and any
// other is read again.
func (e earlier) path(f Placed) (string, bool) {
	if e.sums[f.Path] != f.SHA256 {
		return "", false
	}
	path := filepath.Join(e.dir, filepath.FromSlash(f.Path))
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
		return "", false
	}
	if info.ModTime().After(e.signed) {
		if sum, err := hashFile(context.Background(), path); err != nil || sum != f.SHA256 {
			return "", false
		}
	}
	return path, true
}

// edited is the content of a file of the bundle that was changed since its sums were
// written, or nil.
func (e earlier) edited(path string) ([]byte, error) {
	at := filepath.Join(e.dir, filepath.FromSlash(path))
	info, err := os.Lstat(at)
	if err != nil || !info.Mode().IsRegular() || info.Size() > copied || !info.ModTime().After(e.signed) {
		return nil, nil // gone, or as it was
	}
	data, err := os.ReadFile(at)
	if err != nil || sumOf(data) == e.sums[path] {
		return nil, err
	}
	return data, nil
}

// holds reports whether the bundle already is exactly these files.
func (e earlier) holds(files []Placed) bool {
	if len(e.sums) != len(files) {
		return false
	}
	for _, f := range files {
		if _, ok := e.path(f); !ok {
			return false
		}
	}
	return true
}

func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, reader{ctx, f}, make([]byte, 1<<20)); err != nil {
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

// explain turns what the place of output is to blame for into a fault.
func (p *publisher) explain(err error) error {
	err = fmt.Errorf("publish %s: %w", p.slug, err)
	f := inputerr.Of(err)
	var failed *fs.PathError
	switch {
	case f != nil:
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		f = inputerr.New(p.root, "has no room left for the bundle %s; the earlier one, if any, is untouched", p.slug).Try("Make room and run again")
	case errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission):
		f = inputerr.New(p.root, "cannot be written to: %v", err).Try("Choose another directory, or change its permissions")
	case errors.Is(err, syscall.ENOTDIR):
		f = inputerr.New(p.root, "is no directory").Try("Choose another")
	case errors.As(err, &failed) && !there(p.root): // as below /proc, or by a name that is too long
		f = inputerr.New(p.root, "cannot be made: %v", err).Try("Choose another directory")
	default:
		return err
	}
	return f
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
