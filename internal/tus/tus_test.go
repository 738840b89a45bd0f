package tus_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/tus"
)

// testServer serves a directory and records the uploads that it delivers.
type testServer struct {
	t   testing.TB
	dir string
	*tus.Server
	url string

	mu            sync.Mutex
	received      chan int // the length of each read from the body of a PATCH
	completed     []tus.Upload
	onCompleteErr error // what OnComplete returns
}

// newTestServer serves a directory. The header X-Name names the owner; "stranger" is refused.
func newTestServer(t testing.TB, dir string, change ...func(*tus.Options)) *testServer {
	t.Helper()
	p := &testServer{t: t, dir: dir, received: make(chan int, 1<<16)}
	o := tus.Options{
		Dir: dir, BasePath: "/uploads/", MaxSize: 1 << 20, MaxUploads: 100, Lifetime: time.Hour, StallTimeout: time.Second,
		Authorize: func(r *http.Request) (string, error) {
			if name := r.Header.Get("X-Name"); name != "stranger" {
				return name, nil
			}
			return "", errors.New("only volunteers can upload recordings")
		},
		OnComplete: p.onComplete,
		Log:        slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if p.Server, err = tus.New(o); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(p.reportReceived())
	t.Cleanup(h.Close)
	p.url = h.URL
	return p
}

// reportReceived sends on p.received what the server reads of each PATCH.
func (p *testServer) reportReceived() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			r.Body = reportingBody{r.Body, p.received}
		}
		p.ServeHTTP(w, r)
	})
}

type reportingBody struct {
	io.ReadCloser
	received chan<- int
}

func (b reportingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	select {
	case b.received <- n:
	default: // a test that sends this much waits for no byte of it
	}
	return n, err
}

// waitReceived waits until the server has read n bytes of PATCH bodies.
func (p *testServer) waitReceived(n int) {
	p.t.Helper()
	timeout := time.After(time.Minute)
	for n > 0 {
		select {
		case got := <-p.received:
			n -= got
		case <-timeout:
			p.t.Fatalf("the server has not received the last %d bytes after a minute", n)
		}
	}
}

func (p *testServer) onComplete(_ context.Context, u tus.Upload) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.completed = append(p.completed, u)
	return p.onCompleteErr
}

// response is the response to a request.
type response struct {
	status int
	header http.Header
	text   string
}

// do sends a request with headers of the form "Name: value" and the version of the protocol.
func (p *testServer) do(method, path, body string, headers ...string) response {
	p.t.Helper()
	var from io.Reader = strings.NewReader(body)
	if body == "" {
		from = nil
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, from)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response{res.StatusCode, res.Header, string(text)}
}

// create creates an upload and returns its path.
func (p *testServer) create(size int, headers ...string) string {
	p.t.Helper()
	a := p.do("POST", "/uploads/", "", append(headers, "Upload-Length: "+strconv.Itoa(size))...)
	if a.status != http.StatusCreated {
		p.t.Fatalf("begin: %d %s", a.status, a.text)
	}
	return a.header.Get("Location")
}

const offsetOctetStream = "Content-Type: application/offset+octet-stream"

// patch sends a PATCH with a body.
func (p *testServer) patch(path string, offset int, body string, headers ...string) response {
	p.t.Helper()
	return p.do("PATCH", path, body, append([]string{offsetOctetStream, "Upload-Offset: " + strconv.Itoa(offset)}, headers...)...)
}

// expectOffset fails the test if HEAD does not return the offset want.
func (p *testServer) expectOffset(path string, want int) {
	p.t.Helper()
	a := p.do("HEAD", path, "")
	if got := a.header.Get("Upload-Offset"); a.status != http.StatusOK || got != strconv.Itoa(want) {
		p.t.Errorf("HEAD %s: %d, offset %q; want 200, offset %d", path, a.status, got, want)
	}
}

// expectDone fails the test unless exactly one file with content was delivered, and returns it.
func (p *testServer) expectDone(content string) tus.Upload {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.completed) != 1 {
		p.t.Fatalf("%d uploads were delivered, want 1", len(p.completed))
	}
	u := p.completed[0]
	sum := sha256.Sum256([]byte(content))
	if u.SHA256 != hex.EncodeToString(sum[:]) || u.Size != int64(len(content)) {
		p.t.Errorf("delivered %d bytes of SHA-256 %s, want %d of %x", u.Size, u.SHA256, len(content), sum)
	}
	got, err := os.ReadFile(u.Path)
	if err != nil {
		p.t.Fatal(err)
	}
	if string(got) != content {
		p.t.Errorf("the file holds %.40q, want %.40q", got, content)
	}
	return u
}

func TestServer_Upload(t *testing.T) {
	p := newTestServer(t, t.TempDir())
	path := p.create(10, "Upload-Metadata: filename "+base64.StdEncoding.EncodeToString([]byte("talk.mp4"))+",draft")
	p.expectOffset(path, 0)
	if a := p.patch(path, 0, "hello"); a.status != http.StatusNoContent || a.header.Get("Upload-Offset") != "5" {
		t.Errorf("PATCH: %d, offset %q; want 204, offset 5", a.status, a.header.Get("Upload-Offset"))
	}
	p.expectOffset(path, 5)
	p.patch(path, 5, "world")
	u := p.expectDone("helloworld")
	if u.Metadata["filename"] != "talk.mp4" || len(u.Metadata) != 2 {
		t.Errorf("metadata: %q", u.Metadata)
	}
	p.expectOffset(path, 10) // a client that lost the response asks
	p.expectDone("helloworld")
}

// TestServer_StatusCodes sends each request to a server with an upload of 10 bytes that has 5.
func TestServer_StatusCodes(t *testing.T) {
	tests := []struct {
		name    string
		method  string
		path    string // "": the upload
		body    string
		headers []string
		want    int
		offset  int // of the upload afterwards; -1: removed
	}{
		{"OPTIONS", "OPTIONS", "/uploads/", "", []string{"Tus-Resumable: 0"}, 204, 5},
		{"other version", "HEAD", "", "", []string{"Tus-Resumable: 0.2.2"}, 412, 5},
		{"HEAD", "HEAD", "", "", nil, 200, 5},
		{"HEAD by another owner", "HEAD", "", "", []string{"X-Name: ada"}, 404, 5},
		{"PATCH by another owner", "PATCH", "", "world", []string{"X-Name: ada", offsetOctetStream, "Upload-Offset: 5"}, 404, 5},
		{"DELETE by another owner", "DELETE", "", "", []string{"X-Name: ada"}, 404, 5},
		{"not authorized", "POST", "/uploads/", "", []string{"X-Name: stranger", "Upload-Length: 1"}, 403, 5},
		{"unknown ID", "HEAD", "/uploads/00000000000000000000000000000000", "", nil, 404, 5},
		{"path instead of an ID", "HEAD", "/uploads/..%2f..%2fetc%2fpasswd", "", nil, 404, 5},
		{"GET", "GET", "", "", nil, 405, 5},
		{"GET of all", "GET", "/uploads/", "", nil, 405, 5},

		{"PATCH", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5"}, 204, 8},
		{"PATCH by method override", "POST", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5", "X-HTTP-Method-Override: PATCH"}, 204, 8},
		{"PATCH with an empty body", "PATCH", "", "", []string{offsetOctetStream, "Upload-Offset: 5"}, 204, 5},
		{"wrong offset", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 4"}, 409, 5},
		{"negative offset", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: -1"}, 400, 5},
		{"no offset", "PATCH", "", "wor", []string{offsetOctetStream}, 400, 5},
		{"wrong content type", "PATCH", "", "wor", []string{"Content-Type: text/plain", "Upload-Offset: 5"}, 415, 5},
		{"body too long", "PATCH", "", "worldly", []string{offsetOctetStream, "Upload-Offset: 5"}, 413, 5},
		{"changed length", "PATCH", "", "world", []string{offsetOctetStream, "Upload-Offset: 5", "Upload-Length: 11"}, 400, 5},
		{"sha1", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5", checksumHeader("sha1", "wor")}, 204, 8},
		{"md5", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5", checksumHeader("md5", "wor")}, 204, 8},
		{"sha256", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5", checksumHeader("sha256", "wor")}, 204, 8},
		{"checksum mismatch", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5", checksumHeader("sha1", "war")}, 460, 5},
		{"unknown checksum algorithm", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5", "Upload-Checksum: crc32 AAAA"}, 400, 5},
		{"malformed checksum", "PATCH", "", "wor", []string{offsetOctetStream, "Upload-Offset: 5", "Upload-Checksum: sha1 AAAA"}, 400, 5},
		{"DELETE", "DELETE", "", "", nil, 204, -1},

		{"POST", "POST", "/uploads/", "", []string{"Upload-Length: 5"}, 201, 5},
		{"POST with a body", "POST", "/uploads/", "he", []string{"Upload-Length: 5", offsetOctetStream}, 201, 5},
		{"POST with a checksum mismatch", "POST", "/uploads/", "he", []string{"Upload-Length: 5", offsetOctetStream, checksumHeader("md5", "ha")}, 460, 5},
		{"POST with a body too long", "POST", "/uploads/", "hello!", []string{"Upload-Length: 5", offsetOctetStream}, 413, 5},
		{"POST with a wrong content type", "POST", "/uploads/", "he", []string{"Upload-Length: 5", "Content-Type: text/plain"}, 415, 5},
		{"POST with deferred length", "POST", "/uploads/", "", []string{"Upload-Defer-Length: 1"}, 201, 5},
		{"POST with invalid deferred length", "POST", "/uploads/", "", []string{"Upload-Defer-Length: 2"}, 400, 5},
		{"POST with both lengths", "POST", "/uploads/", "", []string{"Upload-Length: 5", "Upload-Defer-Length: 1"}, 400, 5},
		{"POST without a length", "POST", "/uploads/", "", nil, 400, 5},
		{"POST with negative length", "POST", "/uploads/", "", []string{"Upload-Length: -5"}, 400, 5},
		{"POST with length out of range", "POST", "/uploads/", "", []string{"Upload-Length: 9223372036854775808"}, 400, 5},
		{"POST too large", "POST", "/uploads/", "", []string{"Upload-Length: 1048577"}, 413, 5},
		{"repeated metadata key", "POST", "/uploads/", "", []string{"Upload-Length: 5", "Upload-Metadata: a,a"}, 400, 5},
		{"empty metadata key", "POST", "/uploads/", "", []string{"Upload-Length: 5", "Upload-Metadata: a,,b"}, 400, 5},
		{"metadata not in Base64", "POST", "/uploads/", "", []string{"Upload-Length: 5", "Upload-Metadata: filename talk.mp4"}, 400, 5},
		{"metadata too long", "POST", "/uploads/", "", []string{"Upload-Length: 5", "Upload-Metadata: a " + strings.Repeat("A", 9000)}, 431, 5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newTestServer(t, t.TempDir())
			path := p.create(10)
			p.patch(path, 0, "hello")
			where := path
			if test.path != "" {
				where = test.path
			}
			a := p.do(test.method, where, test.body, test.headers...)
			if a.status != test.want {
				t.Errorf("%s: %d %s; want %d", test.method, a.status, a.text, test.want)
			}
			if a.header.Get("Tus-Resumable") != "1.0.0" {
				t.Error("the response has no Tus-Resumable")
			}
			if test.offset >= 0 {
				p.expectOffset(path, test.offset)
			} else if a := p.do("HEAD", path, ""); a.status != 404 {
				t.Errorf("afterwards: %d, want 404", a.status)
			}
			p.patch(path, 5, "world") // a refused request has no effect
			if test.want >= 400 {
				p.expectDone("helloworld")
			}
		})
	}
}

func checksumHeader(name, of string) string {
	var s []byte
	switch name {
	case "sha1":
		h := sha1.Sum([]byte(of))
		s = h[:]
	case "md5":
		h := md5.Sum([]byte(of))
		s = h[:]
	case "sha256":
		h := sha256.Sum256([]byte(of))
		s = h[:]
	}
	return "Upload-Checksum: " + name + " " + base64.StdEncoding.EncodeToString(s)
}

func TestServer_Options(t *testing.T) {
	a := newTestServer(t, t.TempDir()).do("OPTIONS", "/uploads/", "")
	for name, want := range map[string]string{
		"Tus-Version": "1.0.0", "Tus-Max-Size": "1048576", "Tus-Checksum-Algorithm": "sha1,md5,sha256",
		"Tus-Extension": "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestServer_EmptyFile(t *testing.T) {
	p := newTestServer(t, t.TempDir())
	p.create(0)
	p.expectDone("")
}

func TestServer_DeferredLength(t *testing.T) {
	p := newTestServer(t, t.TempDir())
	path := p.do("POST", "/uploads/", "hello", "Upload-Defer-Length: 1", offsetOctetStream).header.Get("Location")
	if a := p.do("HEAD", path, ""); a.header.Get("Upload-Defer-Length") != "1" || a.header.Get("Upload-Offset") != "5" {
		t.Errorf("HEAD: %v", a.header)
	}
	p.patch(path, 5, "world", "Upload-Length: 10")
	p.expectDone("helloworld")
}

func TestServer_ChunkedBodyLongerThanDeclared(t *testing.T) {
	p := newTestServer(t, t.TempDir())
	path := p.create(10)
	r, err := http.NewRequestWithContext(t.Context(), "PATCH", p.url+path, io.MultiReader(strings.NewReader("hello, world"))) // chunked
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Tus-Resumable": {"1.0.0"}, "Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {"0"}}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", res.StatusCode)
	}
	p.expectOffset(path, 0)
}

func TestServer_Limits(t *testing.T) {
	p := newTestServer(t, t.TempDir(), func(o *tus.Options) { o.MaxUploads, o.MaxSize = 2, 1<<62 })
	p.create(5)
	path := p.create(5)
	if a := p.do("POST", "/uploads/", "", "Upload-Length: 5"); a.status != http.StatusTooManyRequests {
		t.Errorf("third unfinished upload: %d, want 429", a.status)
	}
	p.create(5, "X-Name: ada")
	p.patch(path, 0, "hello")
	if a := p.do("POST", "/uploads/", "", "Upload-Length: "+strconv.Itoa(1<<61)); a.status != http.StatusInsufficientStorage || !strings.Contains(a.text, "disk has space for") {
		t.Errorf("file larger than the disk: %d %s; want 507", a.status, a.text)
	}
}

func TestServer_FilenameIsNeverAPath(t *testing.T) {
	for _, name := range []string{
		"../../../etc/passwd", "..", "/etc/passwd", `..\..\boot.ini`, "a\x00b.mp4", "<script>alert(1)</script>.mp4",
		"\u202egpj.mp4", "con", strings.Repeat("x", 4000), "\xff\xfe.mp4", "line\nbreak", "", "x.json",
	} {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			outer := t.TempDir()
			dir := filepath.Join(outer, "uploads")
			p := newTestServer(t, dir)
			path := p.create(5, "Upload-Metadata: filename "+base64.StdEncoding.EncodeToString([]byte(name)))
			p = newTestServer(t, dir) // restored, as after a restart
			p.patch(path, 0, "hello")
			if u := p.expectDone("hello"); u.Metadata["filename"] != name {
				t.Errorf("the name is %q", u.Metadata["filename"])
			}
			id := strings.TrimPrefix(path, "/uploads/")
			expectFiles(t, outer, "uploads")
			expectFiles(t, dir, id+".bin", id+".json")
		})
	}
}

func expectFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

func TestSweep_RemovesExpired(t *testing.T) {
	dir := t.TempDir()
	p := newTestServer(t, dir, func(o *tus.Options) { o.Lifetime = 48 * time.Hour })
	path := p.create(10)
	expires, err := http.ParseTime(p.patch(path, 0, "hello").header.Get("Upload-Expires"))
	if left := time.Until(expires).Round(time.Hour); err != nil || left != 48*time.Hour {
		t.Errorf("expires in %s (%v), want 48h", left, err)
	}
	if err := p.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expectOffset(path, 5)

	p = newTestServer(t, dir, func(o *tus.Options) { o.Lifetime = time.Nanosecond })
	if a := p.do("HEAD", path, ""); a.status != http.StatusGone {
		t.Errorf("after expiry: %d, want 410", a.status)
	}
	if err := p.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := p.do("HEAD", path, ""); a.status != http.StatusNotFound {
		t.Errorf("after removal: %d, want 404", a.status)
	}
	expectFiles(t, dir)
}

func TestDelete_KeepsDeliveredFile(t *testing.T) {
	dir := t.TempDir()
	p := newTestServer(t, dir)
	path := p.create(5)
	p.patch(path, 0, "hello")
	p.do("DELETE", path, "")
	p.expectDone("hello")
	expectFiles(t, dir, strings.TrimPrefix(path, "/uploads/")+".bin")
}

func TestSweep_RetriesDelivery(t *testing.T) {
	dir := t.TempDir()
	p := newTestServer(t, dir)
	path := p.create(5)
	p.onCompleteErr = errors.New("the catalog is busy")
	if a := p.patch(path, 0, "hello"); a.status != http.StatusInternalServerError {
		t.Errorf("PATCH: %d, want 500", a.status)
	}
	if a := p.do("HEAD", path, ""); a.status != http.StatusInternalServerError {
		t.Errorf("HEAD: %d, want 500", a.status)
	}
	p = newTestServer(t, dir)
	for range 2 {
		if err := p.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.expectDone("hello") // once
}

func TestNew_RestoresAfterCrash(t *testing.T) {
	dir := t.TempDir()
	p := newTestServer(t, dir)
	path := p.create(10)
	p.patch(path, 0, "hello")
	id := filepath.Join(dir, strings.TrimPrefix(path, "/uploads/"))

	// The process died while receiving, while creating an upload, and while saving an offset.
	write := func(name, text string) {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	write(id+".bin", "\x00\x00never acknowledged")
	write(id+".json.tmp", `{"owner`)
	write(filepath.Join(dir, "fresh.bin"), "")

	p = newTestServer(t, dir)
	p.expectOffset(path, 5)
	p.patch(path, 5, "world")
	p.expectDone("helloworld")
	expectFiles(t, dir, filepath.Base(id)+".bin", filepath.Base(id)+".json")
}
