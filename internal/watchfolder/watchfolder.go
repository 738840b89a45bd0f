// Package watchfolder watches a folder that recordings appear in, as the machine in the room
// writes them, and tells of each when it has stopped growing. It only looks: files stay
// where they are, and are never changed.
package watchfolder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options say how a folder is watched.
type Options struct {
	StableFor    time.Duration // for which a file has to stay as it is before it counts as complete
	PollInterval time.Duration // between looks, for folders on a network, which tell of nothing
	Log          *slog.Logger
}

// File is a recording that has stopped growing.
type File struct {
	Path     string    // on the disk
	Room     string    // first folder on the way to it, within the watched one; "" if there is none
	Device   uint64    // with Inode what the file is known again by, wherever it is moved;
	Inode    uint64    // both are 0 where the system has no such numbers
	Size     int64     // bytes
	Modified time.Time // when it was last written
}

// partialExtensions are the endings of what a program is still writing and renames in the end.
var partialExtensions = []string{".part", ".tmp", ".crdownload"}

// Watch looks into dir and all folders in it until ctx ends, whose error it returns, and
// tells found of every file that is there and complete, one at a time. A file of which found
// returned nil is told of again only when it has changed, or by the next Watch: whoever must
// not take one twice remembers its device, inode, size and time. When found returns an error,
// that is logged, and the file is told of again after Poll.
//
// A dir that is away, as network folders are at times, is waited for.
func Watch(ctx context.Context, dir string, o Options, found func(context.Context, File) error) error {
	w := &watcher{dir: dir, opts: o, found: found, seen: make(map[string]fileState)}
	events, stop := w.subscribe()
	defer stop()
	return w.run(ctx, events)
}

// run looks whenever something may have changed.
func (w *watcher) run(ctx context.Context, events <-chan struct{}) error {
	poll := time.NewTicker(w.opts.PollInterval)
	defer poll.Stop()
	for {
		next := w.scan(ctx)
		settled := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-poll.C:
		case <-settled.C:
		case <-events:
		}
		settled.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// watcher is one folder and what was seen in it.
type watcher struct {
	dir     string
	opts    Options
	found   func(context.Context, File) error
	seen    map[string]fileState // by path
	notify  *fsnotify.Watcher    // nil where the system has none to spare
	missing bool
}

// fileState is how a file looked, and since when.
type fileState struct {
	file     File
	since    time.Time
	reported bool
	retryAt  time.Time // not to be told of before
}

// subscribe asks the system to tell of changes. Where it cannot, polling has to do.
func (w *watcher) subscribe() (events <-chan struct{}, stop func()) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		w.opts.Log.Warn("the system tells of no changes in folders; they are looked into now and then", "every", w.opts.PollInterval, "err", err)
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
			case _, ok := <-notify.Errors: // too many events: then just look
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

// scan goes through the folder once, tells of what is complete, and returns when something
// may be so next.
func (w *watcher) scan(ctx context.Context) (next time.Duration) {
	now := time.Now()
	next = w.opts.PollInterval
	there := make(map[string]bool)
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == w.dir:
			return err
		case err != nil:
			return nil // it went away, or nobody may look
		case path != w.dir && strings.HasPrefix(d.Name(), "."):
			return skipDir(d)
		case d.IsDir():
			w.subscribeDir(path)
			return nil
		case !d.Type().IsRegular() || slices.Contains(partialExtensions, strings.ToLower(filepath.Ext(path))):
			return nil
		}
		there[path] = true
		next = min(next, w.checkFile(ctx, path, d, now))
		return nil
	})
	if away := err != nil && ctx.Err() == nil; away != w.missing {
		w.missing = away
		w.opts.Log.Warn("the watched folder is away or there again", "dir", w.dir, "away", away, "err", err)
	}
	if err == nil {
		for path := range w.seen {
			if !there[path] {
				delete(w.seen, path)
			}
		}
	}
	return next
}

func skipDir(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// subscribeDir has the system tell of changes in one more folder. Asking twice does no harm.
func (w *watcher) subscribeDir(dir string) {
	if w.notify != nil {
		_ = w.notify.Add(dir) // polling sees what this misses
	}
}

// checkFile looks at one file, tells of it if it is complete, and returns when to look again.
func (w *watcher) checkFile(ctx context.Context, path string, d fs.DirEntry, now time.Time) time.Duration {
	info, err := d.Info()
	if err != nil || info.Size() == 0 { // it is gone, or has not begun
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
			w.opts.Log.Error(fmt.Sprintf("a recording in the watched folder could not be taken; trying again in %s", w.opts.PollInterval), "file", path, "err", err)
		}
		s.retryAt = now.Add(w.opts.PollInterval)
	} else {
		s.reported = true
	}
	w.seen[path] = s
	return w.opts.PollInterval
}

// room is the folder that a file is in, right below the watched one.
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

func (f File) equal(other File) bool {
	return f.Device == other.Device && f.Inode == other.Inode && f.Size == other.Size && f.Modified.Equal(other.Modified)
}
