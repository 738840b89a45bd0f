// Package watchfolder watches a folder into which recorders write or copy recordings, and reports each
// file when it has stopped growing. It never moves or changes a file.
package watchfolder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options configure [Watch].
type Options struct {
	StableFor    time.Duration // how long a file must be unchanged to count as complete
	PollInterval time.Duration // time between scans, for network filesystems without change events
	Log          *slog.Logger
}

// File is a recording that has stopped growing.
type File struct {
	Path     string    // on the disk
	Room     string    // name of the folder directly in the watched one; "" for files outside of folders
	Device   uint64    // with Inode, identifies the file after it was moved;
	Inode    uint64    // both are 0 on systems without such numbers
	Size     int64     // bytes
	Modified time.Time // when it was last written
}

// partialExtensions are the extensions of files that a program renames when they are complete.
var partialExtensions = []string{".part", ".tmp", ".crdownload"}

// Watch scans dir and its folders until ctx ends, and returns ctx.Err(). It calls found for each
// complete file, one at a time. A file for which found returned nil is reported again only after it
// changed, or by the next call of Watch: to import a file only once, remember its device, inode, size
// and time. If found returns an error, Watch logs it and reports the file again after
// Options.PollInterval.
//
// If dir does not exist, as when a network folder is not mounted, Watch waits for it.
func Watch(ctx context.Context, dir string, o Options, found func(context.Context, File) error) error {
	w := &watcher{dir: dir, opts: o, found: found, seen: make(map[string]fileState)}
	events, stop := w.subscribe()
	defer stop()
	return w.run(ctx, events)
}

// run scans the folder at once, and again after every event, at every poll, and when a file may
// have become complete. It ends with ctx and returns ctx.Err().
func (w *watcher) run(ctx context.Context, events <-chan struct{}) error {
	poll := time.NewTicker(w.opts.PollInterval)
	defer poll.Stop()
	for {
		retry := time.NewTimer(w.scan(ctx))
		select {
		case <-ctx.Done():
		case <-poll.C:
		case <-retry.C:
		case <-events:
		}
		retry.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// watcher is the state of one [Watch].
type watcher struct {
	dir     string
	opts    Options
	found   func(context.Context, File) error
	seen    map[string]fileState // by path
	notify  *fsnotify.Watcher    // nil if the system has no more watches
	missing bool                 // whether dir was unreadable at the last scan
}

// fileState is the last known state of a file.
type fileState struct {
	file     File
	since    time.Time // unchanged since
	reported bool      // whether found returned nil
	retryAt  time.Time // not before this time, after an error
}

// subscribe starts listening to filesystem events. The channel receives a value after one or
// several events, until stop is called. If the system provides no events, the channel is nil.
func (w *watcher) subscribe() (events <-chan struct{}, stop func()) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		w.opts.Log.Warn("filesystem events are not available; scanning regularly", "every", w.opts.PollInterval, "err", err)
		return nil, func() {}
	}
	w.notify = notify
	changed, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case _, ok := <-notify.Events:
				if !ok {
					return
				}
			case _, ok := <-notify.Errors: // such as an overflow: scan
				if !ok {
					return
				}
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	return changed, func() { notify.Close(); <-done }
}

// scan walks the folder once, leaving out hidden files and folders, and calls found for complete
// files. It returns how long to wait at most until the next scan. It logs errors, and forgets files
// that have disappeared.
func (w *watcher) scan(ctx context.Context) (next time.Duration) {
	now := time.Now()
	next = w.opts.PollInterval
	present := make(map[string]bool)
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == w.dir:
			return err
		case err != nil:
			return nil // removed meanwhile, or no permission
		case path != w.dir && strings.HasPrefix(d.Name(), "."):
			return skipDir(d)
		case d.IsDir():
			w.subscribeDir(path)
			return nil
		case !isCandidate(path, d):
			return nil
		}
		present[path] = true
		next = min(next, w.checkFile(ctx, path, d, now))
		return nil
	})
	if ctx.Err() == nil {
		w.logMissing(err)
	}
	if err == nil {
		maps.DeleteFunc(w.seen, func(path string, _ fileState) bool { return !present[path] })
	}
	return next
}

// isCandidate reports whether a file may be a recording: a regular file without the extension of an
// unfinished one.
func isCandidate(path string, d fs.DirEntry) bool {
	return d.Type().IsRegular() && !slices.Contains(partialExtensions, strings.ToLower(filepath.Ext(path)))
}

// logMissing logs when the watched folder becomes inaccessible and when it becomes accessible
// again. err is the result of the scan, nil if the folder was readable.
func (w *watcher) logMissing(err error) {
	switch {
	case err != nil && !w.missing:
		w.opts.Log.Warn("the watched folder is not accessible; waiting for it", "dir", w.dir, "err", err)
	case err == nil && w.missing:
		w.opts.Log.Info("the watched folder is accessible again", "dir", w.dir)
	}
	w.missing = err != nil
}

// skipDir returns the result with which a WalkDir function skips d: fs.SkipDir if d is a directory,
// else nil.
func skipDir(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// subscribeDir asks for the filesystem events of a folder, if the system provides them. Errors are
// ignored, since polling finds the same files later. Repeated calls have no effect.
func (w *watcher) subscribeDir(dir string) {
	if w.notify != nil {
		_ = w.notify.Add(dir) // polling finds what this misses
	}
}

// checkFile calls found for a file that is complete and was not reported yet. A file is complete if
// it is not empty, has not changed for Options.StableFor, and is not open for writing. It returns
// how long to wait until the next check.
func (w *watcher) checkFile(ctx context.Context, path string, d fs.DirEntry, now time.Time) time.Duration {
	info, err := d.Info()
	if err != nil || info.Size() == 0 { // removed meanwhile, or empty so far
		return w.opts.PollInterval
	}
	file := File{Path: path, Room: w.room(path), Size: info.Size(), Modified: info.ModTime()}
	file.Device, file.Inode = deviceAndInode(info)
	s, known := w.seen[path]
	if !known || !s.file.equal(file) {
		w.seen[path] = fileState{file: file, since: now}
		return w.opts.StableFor
	}
	if s.reported || now.Before(s.retryAt) {
		return w.opts.PollInterval
	}
	if left := w.opts.StableFor - now.Sub(s.since); left > 0 {
		return left
	}
	if isOpenForWriting(path) {
		return w.opts.StableFor
	}
	if err := w.found(ctx, file); err != nil {
		if !errors.Is(err, ctx.Err()) || ctx.Err() == nil {
			w.opts.Log.Error(fmt.Sprintf("cannot import a recording from the watched folder; trying again in %s", w.opts.PollInterval), "file", path, "err", err)
		}
		s.retryAt = now.Add(w.opts.PollInterval)
	} else {
		s.reported = true
	}
	w.seen[path] = s
	return w.opts.PollInterval
}

// room returns the name of the folder, directly in the watched one, that path is in. It returns ""
// if path is directly in the watched folder.
func (w *watcher) room(path string) string {
	rel, err := filepath.Rel(w.dir, path)
	if err != nil {
		return ""
	}
	room, _, below := strings.Cut(filepath.ToSlash(rel), "/")
	if !below {
		return ""
	}
	return room
}

// equal reports whether f and other have the same device, inode, size and modification time. Paths
// do not count, so a file that was only renamed is equal.
func (f File) equal(other File) bool {
	return f.Device == other.Device && f.Inode == other.Inode && f.Size == other.Size && f.Modified.Equal(other.Modified)
}
