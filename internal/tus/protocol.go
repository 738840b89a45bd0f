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
	version      = "1.0.0"
	extensions   = "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration"
	algorithms   = "sha1,md5,sha256"
	bytesType    = "application/offset+octet-stream"
	mostMetadata = 8 << 10 // bytes of Upload-Metadata

	statusChecksumMismatch = 460 // the protocol's own
)

// refusal is an answer that says no.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

func refuse(status int, why string, args ...any) error {
	return &refusal{status, fmt.Sprintf(why, args...)}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Tus-Resumable", version)
	w.Header().Set("Cache-Control", "no-store")
	if err := s.enter(); err != nil {
		s.fail(w, r, err)
		return
	}
	defer s.working.Done()
	if err := s.serve(w, r); err != nil {
		s.fail(w, r, err)
	}
}

// enter counts a request, unless the server has closed.
func (s *Server) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return refuse(http.StatusServiceUnavailable, "the server is being stopped; go on when it is there again")
	}
	s.working.Add(1)
	return nil
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	method := r.Method
	if override := r.Header.Get("X-HTTP-Method-Override"); override != "" && method == http.MethodPost {
		method = override
	}
	if method == http.MethodOptions {
		return s.options(w)
	}
	if r.Header.Get("Tus-Resumable") != version {
		w.Header().Set("Tus-Version", version)
		return refuse(http.StatusPreconditionFailed, "this is a tus server of version %s, and the request is not of that version", version)
	}
	owner, err := s.o.Who(r)
	if err != nil {
		return refuse(http.StatusForbidden, "%v", err)
	}
	id := strings.Trim(strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(s.o.Base, "/")), "/")
	if id == "" {
		if method != http.MethodPost {
			w.Header().Set("Allow", "OPTIONS, POST")
			return refuse(http.StatusMethodNotAllowed, "uploads begin with a POST")
		}
		return s.create(w, r, owner)
	}
	u, err := s.find(id, owner)
	if err != nil {
		return err
	}
	switch method {
	case http.MethodHead:
		return s.head(w, r, u)
	case http.MethodPatch:
		return s.patch(w, r, u)
	case http.MethodDelete:
		return s.terminate(w, r, u)
	}
	w.Header().Set("Allow", "OPTIONS, HEAD, PATCH, DELETE")
	return refuse(http.StatusMethodNotAllowed, "an upload can be asked for (HEAD), continued (PATCH) and removed (DELETE)")
}

// find is an upload of this owner's. An identifier is only ever looked up, and no path.
func (s *Server) find(id, owner string) (*upload, error) {
	s.mu.Lock()
	u := s.uploads[id]
	s.mu.Unlock()
	if u == nil || u.now().Owner != owner {
		return nil, refuse(http.StatusNotFound, "there is no such upload")
	}
	if !time.Now().Before(u.expires(s.o.Lifetime)) {
		return nil, refuse(http.StatusGone, "nothing came for this upload for too long; begin it again")
	}
	return u, nil
}

// fail answers with what went wrong: in words where the client or the disk is at fault.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := http.StatusInternalServerError, "something went wrong on the server; it is in its log"
	var no *refusal
	switch {
	case errors.As(err, &no):
		status, text = no.status, no.why
	case errors.Is(err, errCut):
		status, text = http.StatusConflict, errCut.Error()
	case errors.Is(err, errTooLong):
		status, text = http.StatusRequestEntityTooLarge, errTooLong.Error()
	case errors.Is(err, errMismatch):
		status, text = statusChecksumMismatch, errMismatch.Error()
	case isFull(err):
		status = http.StatusInsufficientStorage
		text = "the server's disk is full; what has arrived is kept, and the upload goes on when there is room again"
		s.o.Log.Error("the disk is full: uploads have to wait", "dir", s.o.Dir, "err", err)
	default:
		s.o.Log.Error("an upload met an error", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		io.WriteString(w, text+"\n")
	}
}

// options is what the server can do, for everybody.
func (s *Server) options(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Checksum-Algorithm", algorithms)
	h.Set("Tus-Max-Size", strconv.FormatInt(s.o.MaxSize, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// create begins an upload, and takes what comes along already.
func (s *Server) create(w http.ResponseWriter, r *http.Request, owner string) error {
	size, err := s.announced(r)
	if err != nil {
		return err
	}
	metadata := r.Header.Get("Upload-Metadata")
	if _, err := parseMetadata(metadata); err != nil {
		return err
	}
	with := r.Header.Get("Content-Type") == bytesType
	if !with && r.ContentLength != 0 {
		return refuse(http.StatusUnsupportedMediaType, "what comes with an upload's beginning has to be %s", bytesType)
	}
	check, err := checksumOf(r)
	if err != nil {
		return err
	}
	if err := s.admit(owner, size); err != nil {
		return err
	}
	now := time.Now().UTC()
	u, err := begin(s.o.Dir, info{Owner: owner, Size: size, Metadata: metadata, Began: now, Touched: now})
	if err != nil {
		return fmt.Errorf("begin an upload: %w", err)
	}
	u.turn <- struct{}{}
	defer func() { <-u.turn }()
	s.mu.Lock()
	s.uploads[u.id] = u
	s.mu.Unlock()
	w.Header().Set("Location", path.Join(s.o.Base, u.id))
	return s.accept(w, r, u, with, check, http.StatusCreated)
}

// announced is how long a new upload will be, or unknown.
func (s *Server) announced(r *http.Request) (int64, error) {
	length, later := r.Header.Get("Upload-Length"), r.Header.Get("Upload-Defer-Length")
	switch {
	case length != "" && later != "", length == "" && later == "":
		return 0, refuse(http.StatusBadRequest, "either Upload-Length or Upload-Defer-Length has to be there")
	case later != "" && later != "1":
		return 0, refuse(http.StatusBadRequest, "Upload-Defer-Length can only be 1")
	case later != "":
		return unknown, nil
	}
	return s.length(length)
}

func (s *Server) length(text string) (int64, error) {
	n, err := number(text)
	if err != nil {
		return 0, refuse(http.StatusBadRequest, "Upload-Length has to be a number of bytes")
	}
	if n > s.o.MaxSize {
		return 0, refuse(http.StatusRequestEntityTooLarge, "a file may have %d bytes at most", s.o.MaxSize)
	}
	return n, nil
}

// admit looks whether there is room for another upload beside all that are unfinished.
func (s *Server) admit(owner string, size int64) error {
	unfinished := 0
	for _, u := range s.all() {
		if i := u.now(); i.Owner == owner && i.Offset != i.Size {
			unfinished++
		}
	}
	if unfinished >= s.o.MaxUploads {
		return refuse(http.StatusTooManyRequests, "%d uploads are unfinished; finish or remove some first", unfinished)
	}
	return s.fits(size)
}

// fits looks whether the disk has room for so many bytes beside what it was promised to.
func (s *Server) fits(size int64) error {
	free, err := room(s.o.Dir)
	if err != nil {
		return fmt.Errorf("see how much room there is for uploads: %w", err)
	}
	for _, u := range s.all() {
		if i := u.now(); i.Size > i.Offset {
			free -= i.Size - i.Offset
		}
	}
	if size > max(free, 0) {
		return refuse(http.StatusInsufficientStorage, "the file has %d bytes, and the server's disk has room for %d beside other uploads", size, max(free, 0))
	}
	return nil
}

// head says how far an upload has come. One whose client was lost without a word is settled
// first, so that the client goes on where it truly stopped.
func (s *Server) head(w http.ResponseWriter, r *http.Request, u *upload) error {
	mine, err := u.take(r.Context(), s.o.Patience)
	if err != nil {
		return err
	}
	if mine {
		defer func() { <-u.turn }()
		if err := s.handOver(context.WithoutCancel(r.Context()), u); err != nil {
			return err
		}
	}
	if u.gone.Load() {
		return refuse(http.StatusNotFound, "there is no such upload")
	}
	i := u.now()
	if i.Metadata != "" {
		w.Header().Set("Upload-Metadata", i.Metadata)
	}
	if i.Size == unknown {
		w.Header().Set("Upload-Defer-Length", "1")
	} else {
		w.Header().Set("Upload-Length", strconv.FormatInt(i.Size, 10))
	}
	s.say(w, u)
	w.WriteHeader(http.StatusOK)
	return nil
}

// patch continues an upload.
func (s *Server) patch(w http.ResponseWriter, r *http.Request, u *upload) error {
	if r.Header.Get("Content-Type") != bytesType {
		return refuse(http.StatusUnsupportedMediaType, "what continues an upload has to be %s", bytesType)
	}
	offset, err := number(r.Header.Get("Upload-Offset"))
	if err != nil {
		return refuse(http.StatusBadRequest, "Upload-Offset has to be a number of bytes")
	}
	check, err := checksumOf(r)
	if err != nil {
		return err
	}
	if err := s.turn(r, u); err != nil {
		return err
	}
	defer func() { <-u.turn }()
	if now := u.now().Offset; offset != now {
		return refuse(http.StatusConflict, "the upload goes on at byte %d, not at %d", now, offset)
	}
	if length := r.Header.Get("Upload-Length"); length != "" {
		if err := s.settleLength(u, length); err != nil {
			return err
		}
	}
	return s.accept(w, r, u, true, check, http.StatusNoContent)
}

// turn takes an upload's turn for a request that changes it.
func (s *Server) turn(r *http.Request, u *upload) error {
	mine, err := u.take(r.Context(), s.o.Patience)
	if err != nil {
		return err
	}
	if !mine {
		return refuse(http.StatusLocked, "the upload is being continued by another request")
	}
	if u.gone.Load() {
		<-u.turn
		return refuse(http.StatusNotFound, "there is no such upload")
	}
	return nil
}

// settleLength says how long an upload is that began without saying it.
func (s *Server) settleLength(u *upload, text string) error {
	n, err := s.length(text)
	if err != nil {
		return err
	}
	i := u.now()
	switch {
	case i.Size == n:
		return nil
	case i.Size != unknown || n < i.Offset:
		return refuse(http.StatusBadRequest, "the length of an upload that has one, or more bytes, cannot change to %d", n)
	}
	if err := s.fits(n - i.Offset); err != nil {
		return err
	}
	i.Size = n
	return u.save(i)
}

// accept takes the body that comes with a request, if one does, hands the upload over if
// that completes it, and answers. The caller has the upload's turn.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, u *upload, body bool, check *checksum, status int) error {
	i := u.now()
	most := s.o.MaxSize - i.Offset
	if i.Size != unknown {
		most = i.Size - i.Offset
	}
	if r.ContentLength > most {
		return errTooLong
	}
	if body && r.ContentLength != 0 {
		t := &transfer{conn: http.NewResponseController(w)}
		if err := s.receive(u, t, r.Body, most, check); err != nil {
			return s.lost(r, err)
		}
	}
	if err := s.handOver(context.WithoutCancel(r.Context()), u); err != nil {
		return err
	}
	s.say(w, u)
	w.WriteHeader(status)
	return nil
}

// lost tells a connection that broke, which is why there are resumable uploads and no
// trouble of the server's, from what is.
func (s *Server) lost(r *http.Request, err error) error {
	if errors.Is(err, errCut) || errors.Is(err, errTooLong) || errors.Is(err, errMismatch) || isFull(err) {
		return err
	}
	var network net.Error
	if r.Context().Err() != nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) {
		return refuse(http.StatusServiceUnavailable, "the connection broke; what arrived is kept, and the upload goes on from there")
	}
	return fmt.Errorf("receive an upload: %w", err)
}

// terminate removes an upload.
func (s *Server) terminate(w http.ResponseWriter, r *http.Request, u *upload) error {
	u.cut() // whoever removes it wants nothing more of it
	if err := s.turn(r, u); err != nil {
		return err
	}
	defer func() { <-u.turn }()
	if err := s.remove(u); err != nil {
		return fmt.Errorf("remove an upload: %w", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// say is where an upload stands, in an answer's header.
func (s *Server) say(w http.ResponseWriter, u *upload) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(u.now().Offset, 10))
	w.Header().Set("Upload-Expires", u.expires(s.o.Lifetime).UTC().Format(http.TimeFormat))
}

// number is a count of bytes: digits, and nothing else.
func number(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err
}

// checksumOf is what the body of a request must come to, if it says so.
func checksumOf(r *http.Request) (*checksum, error) {
	text := r.Header.Get("Upload-Checksum")
	if text == "" {
		return nil, nil
	}
	name, sum, _ := strings.Cut(text, " ")
	known := map[string]func() hash.Hash{"sha1": sha1.New, "md5": md5.New, "sha256": sha256.New}
	if known[name] == nil {
		return nil, refuse(http.StatusBadRequest, "the server knows the checksums %s", algorithms)
	}
	c := &checksum{hash: known[name]()}
	var err error
	if c.want, err = base64.StdEncoding.Strict().DecodeString(sum); err != nil || len(c.want) != c.hash.Size() {
		return nil, refuse(http.StatusBadRequest, "Upload-Checksum is no %s in base 64", name)
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
	if len(text) > mostMetadata {
		return nil, refuse(http.StatusRequestHeaderFieldsTooLarge, "Upload-Metadata may have %d bytes", mostMetadata)
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, coded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if _, twice := all[key]; key == "" || twice || strings.ContainsFunc(key, notASCII) {
			return nil, refuse(http.StatusBadRequest, "Upload-Metadata has a key that is empty, there twice or not of printable ASCII")
		}
		value, err := base64.StdEncoding.Strict().DecodeString(coded)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "Upload-Metadata has a value of %s that is not in base 64", key)
		}
		all[key] = string(value)
	}
	return all, nil
}

func notASCII(r rune) bool { return r <= ' ' || r > '~' }
