package tus_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/tus"
)

// pipedPatch is a PATCH whose body the test writes bit by bit and can leave unfinished.
type pipedPatch struct {
	*io.PipeWriter
	ended chan int // its status, or 0 if there was no response
	stop  func()
}

// startPatch starts a PATCH, which the test's cleanup stops.
func (p *testServer) startPatch(path string, offset int, headers ...string) *pipedPatch {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	from, to := io.Pipe()
	r, err := http.NewRequestWithContext(ctx, "PATCH", p.url+path, from)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, h := range append(headers, "Tus-Resumable: 1.0.0", offsetOctetStream, "Upload-Offset: "+strconv.Itoa(offset)) {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	s := &pipedPatch{to, make(chan int, 1), func() { stop(); from.CloseWithError(io.ErrClosedPipe) }}
	go func() {
		defer close(s.ended)
		if res, err := http.DefaultClient.Do(r); err == nil {
			res.Body.Close()
			s.ended <- res.StatusCode
		}
	}()
	p.t.Cleanup(func() { s.stop(); <-s.ended })
	return s
}

// waitForOffset asks for the offset of an upload until it is want. HEAD itself waits for the
// PATCH to stall and ends it, but not for its bytes to be on the disk.
func (p *testServer) waitForOffset(path string, want int) {
	p.t.Helper()
	var got string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if got = p.do("HEAD", path, "").header.Get("Upload-Offset"); got == strconv.Itoa(want) {
			return
		}
	}
	p.t.Fatalf("HEAD %s: offset %q after a minute, want %d", path, got, want)
}

func TestPatch_BrokenConnectionKeepsReceivedBytes(t *testing.T) {
	dir := t.TempDir()
	p := newTestServer(t, dir)
	path := p.create(10)
	s := p.startPatch(path, 0)
	s.Write([]byte("hello"))
	p.waitReceived(5)
	s.stop()
	p.waitForOffset(path, 5)
	p = newTestServer(t, dir)
	p.expectOffset(path, 5)
	p.patch(path, 5, "world")
	p.expectDone("helloworld")
}

func TestPatch_BrokenConnectionWithChecksumKeepsNothing(t *testing.T) {
	p := newTestServer(t, t.TempDir())
	path := p.create(10)
	s := p.startPatch(path, 0, checksumHeader("sha1", "helloworld"))
	s.Write([]byte("hello"))
	s.stop()
	<-s.ended
	p.expectOffset(path, 0)
	p.patch(path, 0, "helloworld", checksumHeader("sha1", "helloworld"))
	p.expectDone("helloworld")
}

func TestPatch_NewerReplacesStalled(t *testing.T) {
	p := newTestServer(t, t.TempDir())
	path := p.create(10)
	s := p.startPatch(path, 0)
	s.Write([]byte("hello"))
	p.waitReceived(5)
	p.waitForOffset(path, 5) // the client reconnects while its old connection hangs
	if a := p.patch(path, 5, "world"); a.status != http.StatusNoContent {
		t.Errorf("the newer PATCH: %d, want 204", a.status)
	}
	p.expectDone("helloworld")
}

// endlessBody is a body that always has bytes to read until end is closed.
type endlessBody struct {
	began, end chan struct{}
	once       sync.Once
}

func (d *endlessBody) Read(p []byte) (int, error) {
	d.once.Do(func() { close(d.began) })
	select {
	case <-d.end:
		return 0, io.EOF
	default:
		return copy(p, "x"), nil
	}
}

func (d *endlessBody) Close() error { return nil }

func TestPatch_ActiveTransferIsNotReplaced(t *testing.T) {
	p := newTestServer(t, t.TempDir(), func(o *tus.Options) { o.MaxSize = 1 << 40 })
	path := p.do("POST", "/uploads/", "", "Upload-Defer-Length: 1").header.Get("Location")
	d := &endlessBody{began: make(chan struct{}), end: make(chan struct{})}
	first := make(chan int, 1)
	go func() {
		r := httptest.NewRequest("PATCH", path, d)
		r.Header = http.Header{"Tus-Resumable": {"1.0.0"}, "Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {"0"}}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		first <- w.Code
	}()
	<-d.began
	if a := p.patch(path, 0, "hello"); a.status != http.StatusLocked {
		t.Errorf("the second PATCH: %d, want 423", a.status)
	}
	if a := p.do("HEAD", path, ""); a.status != http.StatusOK {
		t.Errorf("HEAD meanwhile: %d, want 200", a.status)
	}
	close(d.end)
	if status := <-first; status != http.StatusNoContent {
		t.Errorf("the first PATCH: %d, want 204", status)
	}
}

func TestClose_KeepsReceivedBytes(t *testing.T) {
	dir := t.TempDir()
	p := newTestServer(t, dir, func(o *tus.Options) { o.StallTimeout = time.Hour })
	path := p.create(10)
	s := p.startPatch(path, 0)
	s.Write([]byte("hello"))
	s.Write(nil)
	p.Close()
	if a := p.do("HEAD", path, ""); a.status != http.StatusServiceUnavailable {
		t.Errorf("afterwards: %d, want 503", a.status)
	}
	p = newTestServer(t, dir)
	offset, err := strconv.Atoi(p.do("HEAD", path, "").header.Get("Upload-Offset"))
	if err != nil {
		t.Fatal(err)
	}
	p.patch(path, offset, "helloworld"[offset:])
	p.expectDone("helloworld")
}
