package tus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/tus"
)

// receiverEnv is the environment variable with the directory that a child process serves.
const receiverEnv = "TUS_TEST_RECEIVER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(receiverEnv); dir != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveUntilKilled serves a directory until the process is killed, and prints its address.
func serveUntilKilled(dir string) error {
	s, err := tus.New(tus.Options{
		Dir: dir, BasePath: "/uploads/", MaxSize: 1 << 40, MaxUploads: 9, Lifetime: time.Hour, Log: slog.Default(),
		Authorize:  func(*http.Request) (string, error) { return "", nil },
		OnComplete: func(context.Context, tus.Upload) error { return nil },
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	return http.Serve(l, s)
}

// startReceiver starts a process that serves dir.
func startReceiver(t *testing.T, dir string) (cmd *exec.Cmd, url string) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), receiverEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	if _, err := fmt.Fscanln(out, &url); err != nil {
		t.Fatal(err)
	}
	return cmd, url
}

func TestServer_KilledWhileUploading(t *testing.T) { testKilledWhileUploading(t, 3, 8<<20) }

// testKilledWhileUploading kills the receiving process several times, each time after an acknowledged
// PATCH of random length and during another one. A restarted server must still have every
// acknowledged byte, and in the end the file must be complete.
func testKilledWhileUploading(t *testing.T, kills int, size int) {
	dir, content := t.TempDir(), randomBytes(size)
	random := rand.New(rand.NewPCG(1, uint64(size)))
	cmd, url := startReceiver(t, dir)
	p := &testServer{t: t, url: url}
	path := p.create(size)
	acknowledged := 0
	for range kills {
		some := min(random.IntN(100_000), size-1-acknowledged)
		a := p.patch(path, acknowledged, string(content[acknowledged:acknowledged+some]))
		if a.status != http.StatusNoContent {
			t.Fatalf("PATCH: %d %s", a.status, a.text)
		}
		acknowledged += some

		more := random.IntN(size - acknowledged) // less than all
		body := &killingBody{r: bytes.NewReader(content[acknowledged : acknowledged+more]), kill: cmd.Process.Kill}
		p.patchUntilKilled(path, acknowledged, body)
		cmd.Wait()

		cmd, p.url = startReceiver(t, dir)
		offset, err := strconv.Atoi(p.do("HEAD", path, "").header.Get("Upload-Offset"))
		if err != nil || offset < acknowledged {
			t.Fatalf("after a kill the offset is %d (%v), but %d bytes were acknowledged", offset, err, acknowledged)
		}
		acknowledged = offset
	}
	if a := p.patch(path, acknowledged, string(content[acknowledged:])); a.status != http.StatusNoContent {
		t.Fatalf("the rest: %d %s", a.status, a.text)
	}
	cmd.Process.Kill()
	cmd.Wait()
	here := newTestServer(t, dir, func(o *tus.Options) { o.MaxSize = 1 << 40 })
	here.expectOffset(path, size)
	got, err := os.ReadFile(dir + "/" + path[len("/uploads/"):] + ".bin")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Error("the received file differs from the one that was sent")
	}
}

// killingBody is a body that kills the server at its end and then fails, so that the server never sees
// the whole body.
type killingBody struct {
	r    io.Reader
	kill func() error
}

func (u *killingBody) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if errors.Is(err, io.EOF) {
		return n, errors.Join(errors.New("the server was killed"), u.kill())
	}
	return n, err
}

// patchUntilKilled sends a PATCH during which the server is killed.
func (p *testServer) patchUntilKilled(path string, offset int, body io.Reader) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), "PATCH", p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header = http.Header{
		"Tus-Resumable": {"1.0.0"}, "Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {strconv.Itoa(offset)},
	}
	if res, err := http.DefaultClient.Do(r); err == nil {
		res.Body.Close()
		p.t.Fatalf("a killed server responded %s", res.Status)
	}
}

// randomBytes returns the same pseudo-random bytes each time.
func randomBytes(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}
