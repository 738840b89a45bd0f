// Package tus is a server for resumable uploads. It implements version 1.0.0 of the tus protocol
// (https://tus.io/protocols/resumable-upload) with the extensions creation, creation-with-upload,
// creation-defer-length, termination, checksum and expiration. It passes each complete file to
// [Options].OnComplete.
//
// An acknowledged byte, in the response to a PATCH or a HEAD, is on disk: it survives a killed
// process and a power cut. Each upload has two files in the directory. ID.bin holds its bytes.
// ID.json holds the offset up to which they are synced to disk and the state of SHA-256 at that
// offset, so that hashing never reads them again. Bytes after the offset were never acknowledged,
// and the next PATCH overwrites them.
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

// Options configure a Server.
type Options struct {
	Dir          string        // holds the uploads; used by the Server alone
	BasePath     string        // URL path of the Server, such as "/uploads/"
	MaxSize      int64         // maximum size of a file in bytes
	MaxUploads   int           // maximum number of unfinished uploads of one owner
	Lifetime     time.Duration // an upload is removed this long after its last request
	StallTimeout time.Duration // a newer request replaces a PATCH that received nothing for this long; 0: 5 s

	// Authorize returns the owner of the uploads of a request, or an error that tells the client
	// why access is denied. A request does not see the uploads of other owners.
	Authorize func(*http.Request) (owner string, err error)

	// OnComplete takes over a complete file, and may rename it. It is called again until it has
	// returned without an error, and once more for the same ID if the process dies just after that.
	OnComplete func(context.Context, Upload) error

	Log *slog.Logger
}

// Upload is a complete file.
type Upload struct {
	ID        string
	Owner     string // as returned by Options.Authorize
	Path      string // of the file on disk
	Size      int64  // bytes
	SHA256    string // of the whole file, in hexadecimal
	CreatedAt time.Time
	Metadata  map[string]string // from the client; untrusted
}

// Server is an http.Handler for the protocol. Call Sweep at the start and regularly, and Close at the
// end.
type Server struct {
	opts    Options
	buffers sync.Pool

	mu       sync.Mutex
	uploads  map[string]*upload
	closed   bool
	requests sync.WaitGroup // running ones
}

// New returns a Server that knows the uploads in o.Dir, which it creates if it does not exist. An
// upload that cannot be restored is logged, and its files are kept.
func New(o Options) (*Server, error) {
	o.BasePath = strings.TrimSuffix(o.BasePath, "/") + "/"
	o.StallTimeout = cmp.Or(o.StallTimeout, 5*time.Second)
	s := &Server{opts: o, uploads: make(map[string]*upload)}
	s.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("create the upload directory: %w", err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("restore uploads: %w", err)
	}
	for _, e := range entries {
		if err := s.restore(e.Name()); err != nil {
			return nil, fmt.Errorf("restore uploads: %w", err)
		}
	}
	return s, nil
}

// restore handles one file name of the directory at the start. For ID.json it loads the upload;
// other files it removes if an interrupted creation or removal left them, and ignores otherwise.
func (s *Server) restore(name string) error {
	path := filepath.Join(s.opts.Dir, name)
	switch id, kind, _ := strings.Cut(name, "."); kind {
	case "json":
		u, err := loadUpload(s.opts.Dir, id)
		switch {
		case err != nil:
			s.opts.Log.Error("cannot restore an upload; its files are kept", "upload", path, "err", err)
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

// Sweep delivers complete uploads that OnComplete has not accepted yet, and removes expired
// uploads. It skips uploads that a request is using. It continues after an error with one upload,
// and returns all errors.
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
		default: // a request has the lock
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
	s.opts.Log.Info("removing an expired upload", "upload", u.id, "bytes", u.snapshot().Offset)
	return s.removeUpload(u)
}

// Close aborts running requests, keeping the bytes that they received, and waits until they have
// ended. Later requests get status 503.
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

// removeUpload removes an upload, and its data file unless OnComplete has accepted that. The caller
// holds the lock of the upload.
func (s *Server) removeUpload(u *upload) error {
	s.mu.Lock()
	delete(s.uploads, u.id)
	s.mu.Unlock()
	u.removed.Store(true)
	return u.deleteFiles()
}

// deliver calls OnComplete if the upload is complete and OnComplete has not accepted it before. The
// caller holds the lock of the upload.
func (s *Server) deliver(ctx context.Context, u *upload) error {
	info := u.snapshot()
	if info.Delivered || info.Offset != info.Size {
		return nil
	}
	metadata, err := parseMetadata(info.Metadata)
	if err != nil {
		return err
	}
	done := Upload{
		ID: u.id, Owner: info.Owner, Path: u.dataPath(), Size: info.Size, SHA256: info.sha256(),
		CreatedAt: info.CreatedAt, Metadata: metadata,
	}
	if err := s.opts.OnComplete(ctx, done); err != nil {
		return fmt.Errorf("deliver upload %s: %w", u.id, err)
	}
	info.Delivered = true
	return u.save(info)
}
