package tus

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	version           = "1.0.0"
	extensions        = "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration"
	algorithms        = "sha1,md5,sha256"
	offsetOctetStream = "application/offset+octet-stream"
	maxMetadata       = 8 << 10 // bytes of Upload-Metadata

	statusChecksumMismatch = 460 // the protocol's own
)

// httpError is an answer that says no.
type httpError struct {
	status  int
	message string
}

func (r *httpError) Error() string { return r.message }

func httpErrorf(status int, why string, args ...any) error {
	return &httpError{status, fmt.Sprintf(why, args...)}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Tus-Resumable", version)
	w.Header().Set("Cache-Control", "no-store")
	if err := s.beginRequest(); err != nil {
		s.writeError(w, r, err)
		return
	}
	defer s.requests.Done()
	if err := s.serve(w, r); err != nil {
		s.writeError(w, r, err)
	}
}

// beginRequest counts a request, unless the server has closed.
func (s *Server) beginRequest() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return httpErrorf(http.StatusServiceUnavailable, "the server is being stopped; go on when it is there again")
	}
	s.requests.Add(1)
	return nil
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	method := r.Method
	if override := r.Header.Get("X-HTTP-Method-Override"); override != "" && method == http.MethodPost {
		method = override
	}
	if method == http.MethodOptions {
		return s.handleOptions(w)
	}
	if r.Header.Get("Tus-Resumable") != version {
		w.Header().Set("Tus-Version", version)
		return httpErrorf(http.StatusPreconditionFailed, "this is a tus server of version %s, and the request is not of that version", version)
	}
	owner, err := s.opts.Authorize(r)
	if err != nil {
		return httpErrorf(http.StatusForbidden, "%v", err)
	}
	id := strings.Trim(strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(s.opts.BasePath, "/")), "/")
	if id == "" {
		if method != http.MethodPost {
			w.Header().Set("Allow", "OPTIONS, POST")
			return httpErrorf(http.StatusMethodNotAllowed, "uploads begin with a POST")
		}
		return s.handleCreate(w, r, owner)
	}
	u, err := s.findUpload(id, owner)
	if err != nil {
		return err
	}
	switch method {
	case http.MethodHead:
		return s.handleHead(w, r, u)
	case http.MethodPatch:
		return s.handlePatch(w, r, u)
	case http.MethodDelete:
		return s.handleDelete(w, r, u)
	}
	w.Header().Set("Allow", "OPTIONS, HEAD, PATCH, DELETE")
	return httpErrorf(http.StatusMethodNotAllowed, "an upload can be asked for (HEAD), continued (PATCH) and removed (DELETE)")
}

// findUpload is an upload of this owner's. An identifier is only ever looked up, and no path.
func (s *Server) findUpload(id, owner string) (*upload, error) {
	s.mu.Lock()
	u := s.uploads[id]
	s.mu.Unlock()
	if u == nil || u.snapshot().Owner != owner {
		return nil, httpErrorf(http.StatusNotFound, "there is no such upload")
	}
	if !time.Now().Before(u.expires(s.opts.Lifetime)) {
		return nil, httpErrorf(http.StatusGone, "nothing came for this upload for too long; begin it again")
	}
	return u, nil
}

// writeError answers with what went wrong: in words where the client or the disk is at fault.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	status, text := http.StatusInternalServerError, "something went wrong on the server; it is in its log"
	var no *httpError
	switch {
	case errors.As(err, &no):
		status, text = no.status, no.message
	case errors.Is(err, errSuperseded):
		status, text = http.StatusConflict, errSuperseded.Error()
	case errors.Is(err, errTooLong):
		status, text = http.StatusRequestEntityTooLarge, errTooLong.Error()
	case errors.Is(err, errChecksumMismatch):
		status, text = statusChecksumMismatch, errChecksumMismatch.Error()
	case isDiskFull(err):
		status = http.StatusInsufficientStorage
		text = "the server's disk is full; what has arrived is kept, and the upload goes on when there is room again"
		s.opts.Log.Error("the disk is full: uploads have to wait", "dir", s.opts.Dir, "err", err)
	default:
		s.opts.Log.Error("an upload met an error", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		io.WriteString(w, text+"\n")
	}
}

// handleOptions is what the server can do, for everybody.
func (s *Server) handleOptions(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Checksum-Algorithm", algorithms)
	h.Set("Tus-Max-Size", strconv.FormatInt(s.opts.MaxSize, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// handleCreate begins an upload, and takes what comes along already.
func (s *Server) handleCreate(w http.ResponseWriter, r *http.Request, owner string) error {
	size, err := s.declaredLength(r)
	if err != nil {
		return err
	}
	metadata := r.Header.Get("Upload-Metadata")
	if _, err := parseMetadata(metadata); err != nil {
		return err
	}
	with := r.Header.Get("Content-Type") == offsetOctetStream
	if !with && r.ContentLength != 0 {
		return httpErrorf(http.StatusUnsupportedMediaType, "what comes with an upload's beginning has to be %s", offsetOctetStream)
	}
	check, err := parseChecksum(r)
	if err != nil {
		return err
	}
	if err := s.checkQuota(owner, size); err != nil {
		return err
	}
	now := time.Now().UTC()
	u, err := createUpload(s.opts.Dir, uploadInfo{Owner: owner, Size: size, Metadata: metadata, CreatedAt: now, UpdatedAt: now})
	if err != nil {
		return fmt.Errorf("begin an upload: %w", err)
	}
	u.lock <- struct{}{}
	defer func() { <-u.lock }()
	s.mu.Lock()
	s.uploads[u.id] = u
	s.mu.Unlock()
	w.Header().Set("Location", path.Join(s.opts.BasePath, u.id))
	return s.receiveAndRespond(w, r, u, with, check, http.StatusCreated)
}

// declaredLength is how long a new upload will be, or unknown.
func (s *Server) declaredLength(r *http.Request) (int64, error) {
	length, later := r.Header.Get("Upload-Length"), r.Header.Get("Upload-Defer-Length")
	switch {
	case length != "" && later != "", length == "" && later == "":
		return 0, httpErrorf(http.StatusBadRequest, "either Upload-Length or Upload-Defer-Length has to be there")
	case later != "" && later != "1":
		return 0, httpErrorf(http.StatusBadRequest, "Upload-Defer-Length can only be 1")
	case later != "":
		return unknownSize, nil
	}
	return s.parseLength(length)
}

func (s *Server) parseLength(text string) (int64, error) {
	n, err := parseByteCount(text)
	if err != nil {
		return 0, httpErrorf(http.StatusBadRequest, "Upload-Length has to be a number of bytes")
	}
	if n > s.opts.MaxSize {
		return 0, httpErrorf(http.StatusRequestEntityTooLarge, "a file may have %d bytes at most", s.opts.MaxSize)
	}
	return n, nil
}

// checkQuota looks whether there is room for another upload beside all that are unfinished.
func (s *Server) checkQuota(owner string, size int64) error {
	unfinished := 0
	for _, u := range s.allUploads() {
		if i := u.snapshot(); i.Owner == owner && i.Offset != i.Size {
			unfinished++
		}
	}
	if unfinished >= s.opts.MaxUploads {
		return httpErrorf(http.StatusTooManyRequests, "%d uploads are unfinished; finish or remove some first", unfinished)
	}
	return s.checkFreeSpace(size)
}

// checkFreeSpace looks whether the disk has room for so many bytes beside what it was promised to.
func (s *Server) checkFreeSpace(size int64) error {
	free, err := freeSpace(s.opts.Dir)
	if err != nil {
		return fmt.Errorf("see how much room there is for uploads: %w", err)
	}
	for _, u := range s.allUploads() {
		if i := u.snapshot(); i.Size > i.Offset {
			free -= i.Size - i.Offset
		}
	}
	if size > max(free, 0) {
		return httpErrorf(http.StatusInsufficientStorage, "the file has %d bytes, and the server's disk has room for %d beside other uploads", size, max(free, 0))
	}
	return nil
}

// handleHead says how far an upload has come. One whose client was lost without a word is settled
// first, so that the client goes on where it truly stopped.
func (s *Server) handleHead(w http.ResponseWriter, r *http.Request, u *upload) error {
	mine, err := u.acquire(r.Context(), s.opts.StallTimeout)
	if err != nil {
		return err
	}
	if mine {
		defer func() { <-u.lock }()
		if err := s.deliver(context.WithoutCancel(r.Context()), u); err != nil {
			return err
		}
	}
	if u.removed.Load() {
		return httpErrorf(http.StatusNotFound, "there is no such upload")
	}
	i := u.snapshot()
	if i.Metadata != "" {
		w.Header().Set("Upload-Metadata", i.Metadata)
	}
	if i.Size == unknownSize {
		w.Header().Set("Upload-Defer-Length", "1")
	} else {
		w.Header().Set("Upload-Length", strconv.FormatInt(i.Size, 10))
	}
	s.setUploadHeaders(w, u)
	w.WriteHeader(http.StatusOK)
	return nil
}

// handlePatch continues an upload.
func (s *Server) handlePatch(w http.ResponseWriter, r *http.Request, u *upload) error {
	if r.Header.Get("Content-Type") != offsetOctetStream {
		return httpErrorf(http.StatusUnsupportedMediaType, "what continues an upload has to be %s", offsetOctetStream)
	}
	offset, err := parseByteCount(r.Header.Get("Upload-Offset"))
	if err != nil {
		return httpErrorf(http.StatusBadRequest, "Upload-Offset has to be a number of bytes")
	}
	check, err := parseChecksum(r)
	if err != nil {
		return err
	}
	if err := s.lockUpload(r, u); err != nil {
		return err
	}
	defer func() { <-u.lock }()
	if now := u.snapshot().Offset; offset != now {
		return httpErrorf(http.StatusConflict, "the upload goes on at byte %d, not at %d", now, offset)
	}
	if length := r.Header.Get("Upload-Length"); length != "" {
		if err := s.setDeferredLength(u, length); err != nil {
			return err
		}
	}
	return s.receiveAndRespond(w, r, u, true, check, http.StatusNoContent)
}

// lockUpload takes an upload's turn for a request that changes it.
func (s *Server) lockUpload(r *http.Request, u *upload) error {
	mine, err := u.acquire(r.Context(), s.opts.StallTimeout)
	if err != nil {
		return err
	}
	if !mine {
		return httpErrorf(http.StatusLocked, "the upload is being continued by another request")
	}
	if u.removed.Load() {
		<-u.lock
		return httpErrorf(http.StatusNotFound, "there is no such upload")
	}
	return nil
}

// setDeferredLength says how long an upload is that began without saying it.
func (s *Server) setDeferredLength(u *upload, text string) error {
	n, err := s.parseLength(text)
	if err != nil {
		return err
	}
	i := u.snapshot()
	switch {
	case i.Size == n:
		return nil
	case i.Size != unknownSize || n < i.Offset:
		return httpErrorf(http.StatusBadRequest, "the length of an upload that has one, or more bytes, cannot change to %d", n)
	}
	if err := s.checkFreeSpace(n - i.Offset); err != nil {
		return err
	}
	i.Size = n
	return u.save(i)
}

// receiveAndRespond takes the body that comes with a request, if one does, hands the upload over if
// that completes it, and answers. The caller has the upload's turn.
func (s *Server) receiveAndRespond(w http.ResponseWriter, r *http.Request, u *upload, body bool, check *checksum, status int) error {
	i := u.snapshot()
	most := s.opts.MaxSize - i.Offset
	if i.Size != unknownSize {
		most = i.Size - i.Offset
	}
	if r.ContentLength > most {
		return errTooLong
	}
	if body && r.ContentLength != 0 {
		t := &transfer{conn: http.NewResponseController(w)}
		if err := s.receive(u, t, r.Body, most, check); err != nil {
			return s.classifyReceiveError(r, err)
		}
	}
	if err := s.deliver(context.WithoutCancel(r.Context()), u); err != nil {
		return err
	}
	s.setUploadHeaders(w, u)
	w.WriteHeader(status)
	return nil
}

// classifyReceiveError tells a connection that broke, which is why there are resumable uploads and no
// trouble of the server's, from what is.
func (s *Server) classifyReceiveError(r *http.Request, err error) error {
	if errors.Is(err, errSuperseded) || errors.Is(err, errTooLong) || errors.Is(err, errChecksumMismatch) || isDiskFull(err) {
		return err
	}
	var network net.Error
	if r.Context().Err() != nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) {
		return httpErrorf(http.StatusServiceUnavailable, "the connection broke; what arrived is kept, and the upload goes on from there")
	}
	return fmt.Errorf("receive an upload: %w", err)
}

// handleDelete removes an upload.
func (s *Server) handleDelete(w http.ResponseWriter, r *http.Request, u *upload) error {
	u.abortTransfer() // whoever removes it wants nothing more of it
	if err := s.lockUpload(r, u); err != nil {
		return err
	}
	defer func() { <-u.lock }()
	if err := s.removeUpload(u); err != nil {
		return fmt.Errorf("remove an upload: %w", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// setUploadHeaders is where an upload stands, in an answer's header.
func (s *Server) setUploadHeaders(w http.ResponseWriter, u *upload) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(u.snapshot().Offset, 10))
	w.Header().Set("Upload-Expires", u.expires(s.opts.Lifetime).UTC().Format(http.TimeFormat))
}

// parseByteCount is a count of bytes: digits, and nothing else.
func parseByteCount(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err
}

// parseChecksum is what the body of a request must come to, if it says so.
func parseChecksum(r *http.Request) (*checksum, error) {
	text := r.Header.Get("Upload-Checksum")
	if text == "" {
		return nil, nil
	}
	name, sum, _ := strings.Cut(text, " ")
	known := map[string]func() hash.Hash{"sha1": sha1.New, "md5": md5.New, "sha256": sha256.New}
	if known[name] == nil {
		return nil, httpErrorf(http.StatusBadRequest, "the server knows the checksums %s", algorithms)
	}
	c := &checksum{hash: known[name]()}
	var err error
	if c.want, err = base64.StdEncoding.Strict().DecodeString(sum); err != nil || len(c.want) != c.hash.Size() {
		return nil, httpErrorf(http.StatusBadRequest, "Upload-Checksum is no %s in base 64", name)
	}
	return c, nil
}

// parseMetadata reads Upload-Metadata: pairs of a key and, in base 64, a value, which may be
// missing. Values are any bytes at all.
func parseMetadata(text string) (map[string]string, error) {
	all := make(map[string]string)
	if text == "" {
		return all, nil
	}
	if len(text) > maxMetadata {
		return nil, httpErrorf(http.StatusRequestHeaderFieldsTooLarge, "Upload-Metadata may have %d bytes", maxMetadata)
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, coded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if _, twice := all[key]; key == "" || twice || strings.ContainsFunc(key, notPrintableASCII) {
			return nil, httpErrorf(http.StatusBadRequest, "Upload-Metadata has a key that is empty, there twice or not of printable ASCII")
		}
		value, err := base64.StdEncoding.Strict().DecodeString(coded)
		if err != nil {
			return nil, httpErrorf(http.StatusBadRequest, "Upload-Metadata has a value of %s that is not in base 64", key)
		}
		all[key] = string(value)
	}
	return all, nil
}

func notPrintableASCII(r rune) bool { return r <= ' ' || r > '~' }
