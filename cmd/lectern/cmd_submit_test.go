package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func TestUpload_StopsWhenRefusedAndRetriesWhatMayPass(t *testing.T) {
	for _, c := range []struct {
		name     string
		statuses []int // of the server's answers to PATCH, in turn; the last one repeats
		wantErr  bool
		requests int32
	}{
		{name: "access was revoked", statuses: []int{http.StatusForbidden}, wantErr: true, requests: 1},
		{name: "the file is too large", statuses: []int{http.StatusRequestEntityTooLarge}, wantErr: true, requests: 1},
		{name: "an interrupted request holds the upload", statuses: []int{http.StatusLocked, http.StatusNoContent}, requests: 2},
		{name: "a proxy restarts", statuses: []int{http.StatusBadGateway, http.StatusNoContent}, requests: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			var complete atomic.Bool
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					w.Header().Set("Upload-Offset", map[bool]string{false: "0", true: "4"}[complete.Load()])
					return
				}
				n := int(requests.Add(1))
				status := c.statuses[min(n, len(c.statuses))-1]
				complete.Store(status == http.StatusNoContent)
				w.WriteHeader(status)
			}))
			defer server.Close()
			file := uploadedFile(t)
			u := tusUpload{apiClient: &apiClient{base: server.URL, client: server.Client()}, file: file, size: 4, location: server.URL + "/uploads/1", show: func(int64) {}}
			if err := u.sendAll(t.Context()); (err != nil) != c.wantErr {
				t.Errorf("sendAll = %v", err)
			}
			if n := requests.Load(); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

// uploadedFile returns an open file of 4 bytes.
func uploadedFile(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "talk.mp4")
	if err := os.WriteFile(path, []byte("talk"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
