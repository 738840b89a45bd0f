// Package tus receives large files over connections that break, by version 1.0.0 of the tus
// protocol (https://tus.io/protocols/resumable-upload): its core and the extensions creation,
// creation-with-upload, creation-defer-length, termination, checksum and expiration. It knows
// nothing of talks; whoever owns a Server is handed every file that is complete.
//
// A byte that was acknowledged, be it by the answer to a PATCH or to a HEAD, is on the disk:
// it survives a killed process and a power cut. Of each upload there are two files in the
// directory. ID.bin holds its bytes; ID.json says up to where they are known to be on the
// disk and in which state SHA-256 is there, so that nothing is read again to hash the whole.
// Bytes beyond that offset were never acknowledged, and the next PATCH writes over them.
package tus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say where uploads lie and whose they are.
type Options struct {
	Dir          string        // where they lie while they arrive, for the Server alone
	BasePath     string        // the path that the Server is reached at, "/uploads/"
	MaxSize      int64         // bytes that a file may have
	MaxUploads   int           // that one owner may have unfinished at once
	Lifetime     time.Duration // after which an upload that nothing came for is removed
	StallTimeout time.Duration // after which a PATCH that nothing comes for gives way to a newer one; 0: 5 s

	// Authorize asks: a name for whom the upload belongs to, or why they may not. Uploads of
	// others do not exist for them.
	Authorize func(*http.Request) (owner string, err error)

	// OnComplete takes over a file that is complete: from its return without an error on, the file
	// is the owner's, who may have renamed it away. Until it has returned without one, it is
	// called again; also for what it took just before the process died, which it has to know
	// again by the ID.
	OnComplete func(context.Context, Upload) error

	Log *slog.Logger
}

// Upload is a file that is complete.
type Upload struct {
	ID        string
	Owner     string // as Options.Who named them
	Path      string // where the file lies, on the disk
	Size      int64  // bytes
	SHA256    string // of the whole file, in hexadecimal
	CreatedAt time.Time
	Metadata  map[string]string // what the client says of it: data that nobody vouches for
}

// Server is the protocol as an http.Handler. Its owner calls Sweep when it starts and now
// and then, and Close at the end.
type Server struct {
	opts    Options
	buffers sync.Pool

	mu       sync.Mutex
	uploads  map[string]*upload
	closed   bool
	requests sync.WaitGroup // requests
}

// New opens a directory, which it makes if need be, and knows again what it holds.
func New(o Options) (*Server, error) {
	o.BasePath = strings.TrimSuffix(o.BasePath, "/") + "/"
	o.StallTimeout = cmp.Or(o.StallTimeout, 5*time.Second)
	s := &Server{opts: o, uploads: make(map[string]*upload)}
	s.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make a place for uploads: %w", err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("look for unfinished uploads: %w", err)
	}
	for _, e := range entries {
		if err := s.restore(e.Name()); err != nil {
			return nil, fmt.Errorf("look for unfinished uploads: %w", err)
		}
	}
	return s, nil
}

// restore takes up an upload again, or tidies away what a creation or a removal that did not
// come to its end has left.
func (s *Server) restore(name string) error {
	path := filepath.Join(s.opts.Dir, name)
	switch id, kind, _ := strings.Cut(name, "."); kind {
	case "json":
		u, err := loadUpload(s.opts.Dir, id)
		switch {
		case err != nil:
			s.opts.Log.Error("an upload cannot be taken up again; its files are left alone", "upload", path, "err", err)
		case u.info.Removed:
			return u.deleteFiles()
		default:
			s.uploads[id] = u
		}
	case "json.tmp":
		return os.Remove(path)
	case "bin":
		fi, err := os.Stat(path)
		if _, known := os.Stat(filepath.Join(s.opts.Dir, id+".json")); err == nil && fi.Size() == 0 && known != nil {
			return os.Remove(path)
		}
		return err
	}
	return nil
}

// Sweep hands over what is complete and was not taken yet, and removes what nothing came
// for in Options.Lifetime. What goes wrong with one upload does not keep it from the rest.
func (s *Server) Sweep(ctx context.Context) error {
	var all []error
	for _, u := range s.allUploads() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		select {
		case u.lock <- struct{}{}:
			all = append(all, s.sweepUpload(ctx, u))
			<-u.lock
		default: // somebody is at it
		}
	}
	return errors.Join(all...)
}

func (s *Server) sweepUpload(ctx context.Context, u *upload) error {
	if err := s.deliver(ctx, u); err != nil {
		return err
	}
	if time.Now().Before(u.expires(s.opts.Lifetime)) {
		return nil
	}
	s.opts.Log.Info("nothing came for an upload any more; it is removed", "upload", u.id, "bytes", u.snapshot().Offset)
	return s.removeUpload(u)
}

// Close ends what is being received, keeping what has arrived, and waits for it. Requests
// that come later are refused.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, u := range s.allUploads() {
		u.abortTransfer()
	}
	s.requests.Wait()
}

func (s *Server) allUploads() (all []*upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.uploads {
		all = append(all, u)
	}
	return all
}

// removeUpload forgets an upload, and its bytes unless they are the owner's already. Who calls it
// has the upload's turn.
func (s *Server) removeUpload(u *upload) error {
	s.mu.Lock()
	delete(s.uploads, u.id)
	s.mu.Unlock()
	u.removed.Store(true)
	return u.deleteFiles()
}

// deliver gives a complete upload to the owner, once. Who calls it has the upload's turn.
func (s *Server) deliver(ctx context.Context, u *upload) error {
	now := u.snapshot()
	if now.Delivered || now.Offset != now.Size {
		return nil
	}
	metadata, err := parseMetadata(now.Metadata)
	if err != nil {
		return err
	}
	done := Upload{
		ID: u.id, Owner: now.Owner, Path: u.dataPath(), Size: now.Size, SHA256: now.sha256(),
		CreatedAt: now.CreatedAt, Metadata: metadata,
	}
	if err := s.opts.OnComplete(ctx, done); err != nil {
		return fmt.Errorf("take over upload %s: %w", u.id, err)
	}
	now.Delivered = true
	return u.save(now)
}
