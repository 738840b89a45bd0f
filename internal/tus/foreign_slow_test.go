//go:build slow

package tus_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/tus"
)

// TestServer_TusJSClient uploads a file with tus-js-client, an independent implementation, which pauses
// and continues after a restart of the server. `make test` installs it with `npm ci`.
func TestServer_TusJSClient(t *testing.T) {
	const size = 3<<20 + 17
	content := randomBytes(size)
	dir := t.TempDir()
	path, store := filepath.Join(dir, "talk.mp4"), filepath.Join(dir, "urls.json")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	limit := func(o *tus.Options) { o.MaxSize = 10 << 20 }
	upload := func(p *testServer, more ...string) *exec.Cmd {
		words := append([]string{"testdata/tus-js-client/upload.mjs", path, p.url + "/uploads/", store}, more...)
		cmd := exec.CommandContext(t.Context(), "node", words...)
		cmd.Stderr = os.Stderr
		return cmd
	}

	p := newTestServer(t, filepath.Join(dir, "uploads"), limit)
	cmd := upload(p, strconv.Itoa(1<<20))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: install node, and tus-js-client with npm ci", err)
	}
	lines := bufio.NewScanner(out)
	paused := false
	for lines.Scan() {
		paused = paused || lines.Text() == "paused"
		if sent, err := strconv.Atoi(lines.Text()); err == nil && sent > size/4 {
			io.WriteString(in, "\n") // repeating it has no effect
		}
	}
	if err := cmd.Wait(); err != nil || !paused {
		t.Fatalf("paused: %t (%v)", paused, err)
	}
	p.Close()
	if len(p.completed) > 0 {
		t.Fatal("the upload was complete before it was paused")
	}

	// The new process listens elsewhere, behind the address that people know.
	next := newTestServer(t, p.dir, limit)
	urls, err := os.ReadFile(store)
	if err != nil {
		t.Fatal(err)
	}
	urls = bytes.ReplaceAll(urls, []byte(strings.TrimPrefix(p.url, "http://")), []byte(strings.TrimPrefix(next.url, "http://")))
	if err := os.WriteFile(store, urls, 0o644); err != nil {
		t.Fatal(err)
	}
	said, err := upload(next).Output()
	if err != nil {
		t.Fatal(err)
	}
	next.expectDone(string(content))
	where := strings.TrimPrefix(strings.TrimSpace(string(said)), next.url)
	if !bytes.Contains(urls, []byte(where)) {
		t.Errorf("it began another upload, %s; the first is in %s", where, urls)
	}
	if a := next.do(http.MethodHead, where, ""); a.status != http.StatusOK {
		t.Errorf("HEAD: %d", a.status)
	}
}
