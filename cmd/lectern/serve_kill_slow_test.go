//go:build slow

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/web"
)

// kills is how many times the server is killed.
const kills = 50

// killableServer is a server that is killed many times, and what it has acknowledged.
type killableServer struct {
	t              *testing.T
	program, data  string
	token          string
	cmd            *exec.Cmd
	url            string
	mu             sync.Mutex
	upload         string // its path
	content        []byte
	sent           int64 // acknowledged bytes of it
	title, caption int   // the last that were acknowledged
}

// lectern runs a command on the data directory.
func (m *killableServer) lectern(args ...string) string {
	m.t.Helper()
	out, err := exec.CommandContext(m.t.Context(), m.program, append(args, "--data", m.data)...).Output()
	if err != nil {
		m.t.Fatalf("lectern %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// start starts the server, and fails the test if it doesn't recover by itself.
func (m *killableServer) start() {
	m.t.Helper()
	m.cmd = exec.Command(m.program, "serve", "--data", m.data, "--listen", "127.0.0.1:0")
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	var messages bytes.Buffer
	m.cmd.Stderr = &messages
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "Lectern serves "); ok {
			m.url = url
			return
		}
	}
	err = m.cmd.Wait() // after it, messages is complete
	m.t.Fatalf("the server did not come up again: %v\n%s", err, &messages)
}

// kill sends SIGKILL to the server alone. Its ffmpegs notice that by themselves.
func (m *killableServer) kill() {
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait() // it was killed
}

// request makes a request to the server, which may die meanwhile.
func (m *killableServer) request(ctx context.Context, method, path, contentType string, content []byte, header map[string]string) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, m.url+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+m.token)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusInternalServerError {
		m.t.Errorf("%s %s answers %s: %s", method, path, answer.Status, text)
	}
	return answer.StatusCode, answer.Header, text, err
}

// keepUploading sends the file piece by piece from the server's offset, until the server dies.
func (m *killableServer) keepUploading(ctx context.Context) {
	for ctx.Err() == nil {
		m.mu.Lock()
		from := m.sent
		m.mu.Unlock()
		to := min(from+512<<10, int64(len(m.content)))
		if from == to {
			return
		}
		status, header, _, err := m.request(ctx, http.MethodPatch, m.upload, "application/offset+octet-stream", m.content[from:to],
			map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": fmt.Sprint(from)})
		if err != nil {
			return
		}
		if status == http.StatusConflict { // more had arrived than was acknowledged
			if m.sent, err = m.offset(ctx); err != nil {
				return
			}
			continue
		}
		if status != http.StatusNoContent {
			m.t.Errorf("a piece of the upload answers %d", status)
			return
		}
		at, _ := strconv.ParseInt(header.Get("Upload-Offset"), 10, 64)
		m.mu.Lock()
		m.sent = at
		m.mu.Unlock()
	}
}

func (m *killableServer) offset(ctx context.Context) (int64, error) {
	status, header, _, err := m.request(ctx, http.MethodHead, m.upload, "", nil, map[string]string{"Tus-Resumable": "1.0.0"})
	if err != nil || status != http.StatusOK {
		return 0, errors.Join(err, fmt.Errorf("the upload answers %d", status))
	}
	return strconv.ParseInt(header.Get("Upload-Offset"), 10, 64)
}

// keepEditing changes a title, a caption and a cut in turn, until the server dies.
func (m *killableServer) keepEditing(ctx context.Context) {
	for ctx.Err() == nil {
		m.mu.Lock()
		n, c := m.title+1, m.caption+1
		m.mu.Unlock()
		entry, _ := json.Marshal(web.ScheduleEntry{Title: fmt.Sprintf("Title %d", n), Kind: "talk", Language: "en"})
		if status, _, _, err := m.request(ctx, http.MethodPut, "/api/v1/talks/errors-that-tell-the-way-out/entry", "application/json", entry, nil); err != nil || status >= 300 {
			return
		}
		m.mu.Lock()
		m.title = n
		m.mu.Unlock()
		srt := fmt.Appendf(nil, "1\n00:00:05,000 --> 00:00:08,000\nCaption %d\n", c)
		if status, _, _, err := m.request(ctx, http.MethodPut, "/api/v1/talks/prototyping-apis/subtitles?clock=reel&name=talk.srt", "application/octet-stream", srt, nil); err != nil || status >= 300 {
			return
		}
		m.mu.Lock()
		m.caption = c
		m.mu.Unlock()
		cut, _ := json.Marshal(web.ProcessingOptions{Cut: []string{fmt.Sprintf("00:00:0%d-00:00:40", 1+c%4)}, Channels: "auto", Pipeline: "talk"})
		if status, _, _, err := m.request(ctx, http.MethodPut, "/api/v1/talks/prototyping-apis/processing", "application/json", cut, nil); err != nil || status >= 300 {
			return
		}
	}
}

// checkAcknowledged checks that everything that was acknowledged is still there.
func (m *killableServer) checkAcknowledged() {
	m.t.Helper()
	ctx := m.t.Context()
	at, err := m.offset(ctx)
	if err != nil && m.sent < int64(len(m.content)) {
		m.t.Fatal(err)
	}
	if err == nil && at < m.sent {
		m.t.Errorf("%d bytes were acknowledged, and %d are there", m.sent, at)
	}
	m.sent = max(at, m.sent)
	said := func(path string) string {
		_, _, text, err := m.request(ctx, http.MethodGet, path, "", nil, nil)
		if err != nil {
			m.t.Fatal(err)
		}
		return string(text)
	}
	m.title = m.checkCount("title", said("/api/v1/talks/errors-that-tell-the-way-out"), `"title":"Title %d"`, m.title)
	m.caption = m.checkCount("caption", said("/talks/prototyping-apis/subtitles/0.srt"), "Caption %d\n", m.caption)
}

// checkCount checks what the server has of something numbered: the last that was acknowledged, or
// the one after it, whose acknowledgement was lost.
func (m *killableServer) checkCount(what, said, pattern string, acknowledged int) int {
	m.t.Helper()
	for _, n := range []int{acknowledged, acknowledged + 1} {
		if strings.Contains(said, fmt.Sprintf(pattern, n)) {
			return n
		}
	}
	m.t.Errorf("%s %d was acknowledged, and what is there is %.300s", what, acknowledged, said)
	return acknowledged
}

func TestServer_KilledLosesNothing(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	m := &killableServer{t: t, program: lecternBinary(t), data: t.TempDir(), content: make([]byte, 48<<20)}
	for i := range m.content {
		m.content[i] = byte(random.Uint32())
	}
	m.lectern("import", sampleFile(t, "schedule.xml"), "--yes")
	m.lectern("submit", smallRecording(t), "--talk", "prototyping-apis")
	m.token = m.lectern("link", "new", "organiser", "--name", "test", "--program")
	m.start()
	t.Cleanup(m.kill) // whichever lives when the test ends
	status, header, _, err := m.request(t.Context(), http.MethodPost, "/uploads/", "", nil, map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Length": fmt.Sprint(len(m.content)), "Upload-Metadata": "filename " + base64.StdEncoding.EncodeToString([]byte("big.bin"))})
	if err != nil || status != http.StatusCreated {
		t.Fatalf("an upload begins with %d, %v", status, err)
	}
	m.upload = header.Get("Location")
	if at := strings.Index(m.upload, "/uploads/"); at >= 0 {
		m.upload = m.upload[at:]
	}
	for n := range kills {
		ctx, stop := context.WithCancel(t.Context())
		var working sync.WaitGroup
		working.Go(func() { m.keepUploading(ctx) })
		working.Go(func() { m.keepEditing(ctx) })
		<-time.After(time.Duration(50+random.IntN(400)) * time.Millisecond) // a moment nobody chose
		m.kill()
		stop()
		working.Wait()
		m.start()
		m.checkAcknowledged()
		if t.Failed() {
			t.Fatalf("after kill %d", n+1)
		}
	}
	m.finishUpload()
}

// finishUpload finishes the upload, and checks that it is complete.
func (m *killableServer) finishUpload() {
	t := m.t
	m.keepUploading(t.Context())
	sum := sha256.Sum256(m.content)
	deadline := time.Now().Add(3 * time.Minute)
	for { // each look is a question to the server
		_, _, text, err := m.request(t.Context(), http.MethodGet, "/api/v1/talks/prototyping-apis", "", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"state":"ready"`) {
			break
		}
		if time.Now().After(deadline) || strings.Contains(string(text), `"state":"failed"`) {
			t.Fatalf("it does not finish: %.600s", text)
		}
		<-time.After(time.Second)
	}
	if _, _, text, err := m.request(t.Context(), http.MethodGet, "/api/v1/recordings", "", nil, nil); err != nil || !strings.Contains(string(text), hex.EncodeToString(sum[:])) {
		t.Errorf("the upload is not what was sent: %v, %.400s", err, text)
	}
	tools, err := media.FindTools()
	if err != nil {
		t.Fatal(err)
	}
	report, err := bundle.Verify(t.Context(), tools, filepath.Join(m.data, "bundles", "prototyping-apis"))
	if err != nil || !report.OK {
		t.Errorf("the bundle is not sound: %v, %v", report.Failed(), err)
	}
	if b, err := os.ReadFile(filepath.Join(m.data, "bundles", "prototyping-apis", "captions", "prototyping-apis.en.srt")); err != nil || !strings.Contains(string(b), fmt.Sprintf("Caption %d\n", m.caption)) {
		t.Errorf("the bundle has not the last caption: %v, %s", err, b)
	}
}
