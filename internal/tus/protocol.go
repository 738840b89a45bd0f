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
	maxMetadata       = 8 << 10 // maximum bytes of Upload-Metadata

	statusChecksumMismatch = 460 // defined by the tus protocol
)

// httpError is an error with an HTTP status and a message for the client.
type httpError struct {
	status  int
	message string
}

func (r *httpError) Error() string { return r.message }

func httpErrorf(status int, why string, args ...any) error {
	return &httpError{status, fmt.Sprintf(why, args...)}
}

// ServeHTTP handles a request of the tus protocol: OPTIONS, POST at BasePath to create an upload,
// and HEAD, PATCH or DELETE at the upload's own address. A POST with X-HTTP-Method-Override counts
// as a request of that method.
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

// beginRequest counts a running request; the caller calls s.requests.Done at its end. It returns an
// httpError if the server is closed.
func (s *Server) beginRequest() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return httpErrorf(http.StatusServiceUnavailable, "the server is shutting down; continue when it is back")
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
		return httpErrorf(http.StatusPreconditionFailed, "this server supports version %s of the tus protocol", version)
	}
	owner, err := s.opts.Authorize(r)
	if err != nil {
		return httpErrorf(http.StatusForbidden, "%v", err)
	}
	id := strings.Trim(strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(s.opts.BasePath, "/")), "/")
	if id == "" {
		if method != http.MethodPost {
			w.Header().Set("Allow", "OPTIONS, POST")
			return httpErrorf(http.StatusMethodNotAllowed, "create an upload with POST")
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
	return httpErrorf(http.StatusMethodNotAllowed, "use HEAD, PATCH or DELETE for an upload")
}

// findUpload returns the upload with an id. It returns an httpError if there is none, if it belongs
// to another owner, or if it has expired. The id is only looked up in memory and never used as a
// path.
func (s *Server) findUpload(id, owner string) (*upload, error) {
	s.mu.Lock()
	u := s.uploads[id]
	s.mu.Unlock()
	if u == nil || u.snapshot().Owner != owner {
		return nil, httpErrorf(http.StatusNotFound, "there is no such upload")
	}
	if !time.Now().Before(u.expires(s.opts.Lifetime)) {
		return nil, httpErrorf(http.StatusGone, "this upload has expired; start it again")
	}
	return u, nil
}

// writeError responds with the status and text of err. An unexpected error is logged, and the
// client only gets status 500 and a general text.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	status, text := http.StatusInternalServerError, "internal server error; see the server's log"
	var known *httpError
	switch {
	case errors.As(err, &known):
		status, text = known.status, known.message
	case errors.Is(err, errSuperseded):
		status, text = http.StatusConflict, errSuperseded.Error()
	case errors.Is(err, errTooLong):
		status, text = http.StatusRequestEntityTooLarge, errTooLong.Error()
	case errors.Is(err, errChecksumMismatch):
		status, text = statusChecksumMismatch, errChecksumMismatch.Error()
	case isDiskFull(err):
		status = http.StatusInsufficientStorage
		text = "the server's disk is full; the received bytes are kept, and the upload can continue when there is space again"
		s.opts.Log.Error("the disk is full; uploads cannot continue", "dir", s.opts.Dir, "err", err)
	default:
		s.opts.Log.Error("an upload request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		io.WriteString(w, text+"\n")
	}
}

// handleOptions responds with the version, the extensions and the limits of the server. It is not
// subject to Authorize.
func (s *Server) handleOptions(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Checksum-Algorithm", algorithms)
	h.Set("Tus-Max-Size", strconv.FormatInt(s.opts.MaxSize, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// handleCreate creates an upload of owner and responds with its address. If the request has a body,
// it receives that as the first bytes of the file.
func (s *Server) handleCreate(w http.ResponseWriter, r *http.Request, owner string) error {
	size, err := s.declaredLength(r)
	if err != nil {
		return err
	}
	metadata := r.Header.Get("Upload-Metadata")
	if _, err := parseMetadata(metadata); err != nil {
		return err
	}
	hasBody := r.Header.Get("Content-Type") == offsetOctetStream
	if !hasBody && r.ContentLength != 0 {
		return httpErrorf(http.StatusUnsupportedMediaType, "the body of a new upload must be %s", offsetOctetStream)
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
		return fmt.Errorf("create an upload: %w", err)
	}
	u.lock <- struct{}{}
	defer func() { <-u.lock }()
	s.mu.Lock()
	s.uploads[u.id] = u
	s.mu.Unlock()
	w.Header().Set("Location", path.Join(s.opts.BasePath, u.id))
	return s.receiveAndRespond(w, r, u, hasBody, check, http.StatusCreated)
}

// declaredLength returns the size that a POST declares for its upload, in bytes, or unknownSize if
// the client will send it later.
func (s *Server) declaredLength(r *http.Request) (int64, error) {
	length, later := r.Header.Get("Upload-Length"), r.Header.Get("Upload-Defer-Length")
	switch {
	case length != "" && later != "", length == "" && later == "":
		return 0, httpErrorf(http.StatusBadRequest, "send either Upload-Length or Upload-Defer-Length")
	case later != "" && later != "1":
		return 0, httpErrorf(http.StatusBadRequest, "Upload-Defer-Length must be 1")
	case later != "":
		return unknownSize, nil
	}
	return s.parseLength(length)
}

// parseLength parses the value of an Upload-Length header, in bytes. It returns an httpError if
// that is no number or more than Options.MaxSize.
func (s *Server) parseLength(text string) (int64, error) {
	n, err := parseByteCount(text)
	if err != nil {
		return 0, httpErrorf(http.StatusBadRequest, "Upload-Length must be a number of bytes")
	}
	if n > s.opts.MaxSize {
		return 0, httpErrorf(http.StatusRequestEntityTooLarge, "the file is too large; at most %d bytes are allowed", s.opts.MaxSize)
	}
	return n, nil
}

// checkQuota returns an httpError if owner has too many unfinished uploads, or if the disk has no
// space for another size bytes.
func (s *Server) checkQuota(owner string, size int64) error {
	unfinished := 0
	for _, u := range s.allUploads() {
		if i := u.snapshot(); i.Owner == owner && i.Offset != i.Size {
			unfinished++
		}
	}
	if unfinished >= s.opts.MaxUploads {
		return httpErrorf(http.StatusTooManyRequests, "you have %d unfinished uploads; finish or cancel some first", unfinished)
	}
	return s.checkFreeSpace(size)
}

// checkFreeSpace returns an httpError if the disk has no space for another size bytes. The space
// that unfinished uploads still need counts as taken.
func (s *Server) checkFreeSpace(size int64) error {
	free, err := freeSpace(s.opts.Dir)
	if err != nil {
		return fmt.Errorf("get the free disk space: %w", err)
	}
	for _, u := range s.allUploads() {
		if i := u.snapshot(); i.Size > i.Offset {
			free -= i.Size - i.Offset
		}
	}
	if size > max(free, 0) {
		return httpErrorf(http.StatusInsufficientStorage, "the file has %d bytes, but the server's disk has space for only %d beside other uploads", size, max(free, 0))
	}
	return nil
}

// handleHead responds with the offset and the size of an upload. It aborts a stalled PATCH first,
// so that the offset includes everything that was received; while a PATCH is receiving, the offset
// is that of the last sync. It also delivers a complete upload that OnComplete has not accepted
// yet.
func (s *Server) handleHead(w http.ResponseWriter, r *http.Request, u *upload) error {
	locked, err := u.acquire(r.Context(), s.opts.StallTimeout)
	if err != nil {
		return err
	}
	if locked {
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

// handlePatch appends the body to an upload, if Upload-Offset is where the upload ends so far. A
// PATCH with Upload-Length also sets a size that was left open.
func (s *Server) handlePatch(w http.ResponseWriter, r *http.Request, u *upload) error {
	if r.Header.Get("Content-Type") != offsetOctetStream {
		return httpErrorf(http.StatusUnsupportedMediaType, "the body must be %s", offsetOctetStream)
	}
	offset, err := parseByteCount(r.Header.Get("Upload-Offset"))
	if err != nil {
		return httpErrorf(http.StatusBadRequest, "Upload-Offset must be a number of bytes")
	}
	check, err := parseChecksum(r)
	if err != nil {
		return err
	}
	if err := s.lockUpload(r, u); err != nil {
		return err
	}
	defer func() { <-u.lock }()
	current := u.snapshot().Offset
	if offset != current {
		return httpErrorf(http.StatusConflict, "the upload continues at byte %d, not at %d", current, offset)
	}
	if length := r.Header.Get("Upload-Length"); length != "" {
		if err := s.setDeferredLength(u, length); err != nil {
			return err
		}
	}
	return s.receiveAndRespond(w, r, u, true, check, http.StatusNoContent)
}

// lockUpload locks an upload for a request that changes it. The caller unlocks it by reading from
// u.lock. If another request still receives bytes, or if the upload was removed, lockUpload returns
// an httpError and the upload is not locked.
func (s *Server) lockUpload(r *http.Request, u *upload) error {
	locked, err := u.acquire(r.Context(), s.opts.StallTimeout)
	if err != nil {
		return err
	}
	if !locked {
		return httpErrorf(http.StatusLocked, "another request is continuing this upload")
	}
	if u.removed.Load() {
		<-u.lock
		return httpErrorf(http.StatusNotFound, "there is no such upload")
	}
	return nil
}

// setDeferredLength sets the size of an upload that was created without one. text is the value of
// Upload-Length. It returns an httpError if the upload has another size already, or if there is no
// space on the disk.
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
		return httpErrorf(http.StatusBadRequest, "the length of this upload cannot be changed to %d", n)
	}
	if err := s.checkFreeSpace(n - i.Offset); err != nil {
		return err
	}
	i.Size = n
	return u.save(i)
}

// receiveAndRespond receives the request's body if body is true, delivers the upload if it is then
// complete, and responds with status. check may be nil. The caller holds the lock of the upload.
func (s *Server) receiveAndRespond(w http.ResponseWriter, r *http.Request, u *upload, body bool, check *checksum, status int) error {
	i := u.snapshot()
	limit := s.opts.MaxSize - i.Offset
	if i.Size != unknownSize {
		limit = i.Size - i.Offset
	}
	if r.ContentLength > limit {
		return errTooLong
	}
	if body && r.ContentLength != 0 {
		t := &transfer{conn: http.NewResponseController(w)}
		if err := s.receive(u, t, r.Body, limit, check); err != nil {
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

// classifyReceiveError returns the error to respond with after err ended the receiving of a body. A
// broken connection becomes an httpError, which is not logged, since it is normal for resumable
// uploads.
func (s *Server) classifyReceiveError(r *http.Request, err error) error {
	if errors.Is(err, errSuperseded) || errors.Is(err, errTooLong) || errors.Is(err, errChecksumMismatch) || isDiskFull(err) {
		return err
	}
	var network net.Error
	if r.Context().Err() != nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) {
		return httpErrorf(http.StatusServiceUnavailable, "the connection broke; the received bytes are kept, and the upload can continue")
	}
	return fmt.Errorf("receive an upload: %w", err)
}

// handleDelete aborts an upload that is being received, and removes it.
func (s *Server) handleDelete(w http.ResponseWriter, r *http.Request, u *upload) error {
	u.abortTransfer() // a running PATCH is not needed any more
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

// setUploadHeaders sets the headers Upload-Offset and Upload-Expires of a response.
func (s *Server) setUploadHeaders(w http.ResponseWriter, u *upload) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(u.snapshot().Offset, 10))
	w.Header().Set("Upload-Expires", u.expires(s.opts.Lifetime).UTC().Format(http.TimeFormat))
}

// parseByteCount parses a number of bytes below 2^63. Signs and spaces are errors.
func parseByteCount(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err
}

// parseChecksum parses the header Upload-Checksum. It returns nil if the request has none, and an
// httpError for an unknown algorithm or a malformed value.
func parseChecksum(r *http.Request) (*checksum, error) {
	text := r.Header.Get("Upload-Checksum")
	if text == "" {
		return nil, nil
	}
	name, sum, _ := strings.Cut(text, " ")
	known := map[string]func() hash.Hash{"sha1": sha1.New, "md5": md5.New, "sha256": sha256.New}
	if known[name] == nil {
		return nil, httpErrorf(http.StatusBadRequest, "the supported checksum algorithms are %s", algorithms)
	}
	c := &checksum{hash: known[name]()}
	var err error
	if c.want, err = base64.StdEncoding.Strict().DecodeString(sum); err != nil || len(c.want) != c.hash.Size() {
		return nil, httpErrorf(http.StatusBadRequest, "Upload-Checksum is not a %s in Base64", name)
	}
	return c, nil
}

// parseMetadata parses the value of an Upload-Metadata header: pairs of a key and an optional value
// in Base64, separated by commas. The decoded values can be any bytes. It returns an httpError for
// a malformed header.
func parseMetadata(text string) (map[string]string, error) {
	all := make(map[string]string)
	if text == "" {
		return all, nil
	}
	if len(text) > maxMetadata {
		return nil, httpErrorf(http.StatusRequestHeaderFieldsTooLarge, "Upload-Metadata can have at most %d bytes", maxMetadata)
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, coded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if _, twice := all[key]; key == "" || twice || strings.ContainsFunc(key, notPrintableASCII) {
			return nil, httpErrorf(http.StatusBadRequest, "Upload-Metadata has a key that is empty, repeated or not printable ASCII")
		}
		value, err := base64.StdEncoding.Strict().DecodeString(coded)
		if err != nil {
			return nil, httpErrorf(http.StatusBadRequest, "Upload-Metadata has a value for %s that is not in Base64", key)
		}
		all[key] = string(value)
	}
	return all, nil
}

func notPrintableASCII(r rune) bool { return r <= ' ' || r > '~' }
