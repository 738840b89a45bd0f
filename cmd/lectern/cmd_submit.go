package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/web"
)

type submitCmd struct {
	Recordings []string `arg:"" name:"recording" help:"Recordings to upload."`
	Talk       []string `help:"Slug of the talk in the recordings. Repeat the flag if they contain several. Without it, a volunteer assigns them later." placeholder:"SLUG"`
	Replace    bool     `help:"Replace the talk's existing recordings. By default they are appended."`
	Room       string   `help:"Room of the recordings, used to suggest their talks." placeholder:"ROOM"`
	JSON       bool     `help:"Print JSON: the uploaded recordings."`
	serverFlags
}

// Run implements `lectern submit`: it uploads recordings, assigns them to the talks in --talk, and
// prints their ids. An interrupted upload continues when the command is run again.
func (c *submitCmd) Run(ctx context.Context, t *console) (err error) {
	r, err := c.connect(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var all []web.Arrival
	for i, path := range c.Recordings {
		id, err := c.upload(ctx, t, r, path)
		if err != nil {
			return err
		}
		if len(c.Talk) > 0 {
			if err := r.call(ctx, http.MethodPost, "/recordings/"+id+"/assign", web.Assignment{Talks: c.Talk, Instead: c.Replace && i == 0}, nil); err != nil {
				return fmt.Errorf("%s was uploaded, but not assigned: %w", path, err)
			}
		}
		arrived, err := findArrival(ctx, r, id)
		if err != nil {
			return err
		}
		all = append(all, arrived)
		if !c.JSON {
			fmt.Fprintf(t.out, "%s\t%s\n", arrived.ID, arrived.Name)
		}
	}
	if c.JSON {
		return t.printJSON(all)
	}
	return nil
}

// findArrival returns the server's entry for an uploaded recording, by the id of the upload.
func findArrival(ctx context.Context, r *apiClient, id string) (web.Arrival, error) {
	var all []web.Arrival
	if err := r.call(ctx, http.MethodGet, "/recordings", nil, &all); err != nil {
		return web.Arrival{}, err
	}
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	return web.Arrival{}, fmt.Errorf("%s doesn't know the recording that was just uploaded (%s)", r.base, id)
}

// upload uploads a recording by the tus protocol, and returns its id. If an earlier run of the
// command was interrupted, it continues the upload of the same file.
func (c *submitCmd) upload(ctx context.Context, t *console, r *apiClient, path string) (id string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", inputerr.New(path, "cannot be read: %v", errors.Unwrap(err)).Hint("Check its name and its permissions")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return "", inputerr.New(path, "is empty or not a file").Hint("Name the recording itself")
	}
	begun := resumeFile(r.base, path, info)
	at, _ := os.ReadFile(begun) // a memory that cannot be read is none
	u := tusUpload{apiClient: r, file: f, size: info.Size(), location: string(at)}
	if u.location == "" || !u.exists(ctx) {
		if err := u.create(ctx, filepath.Base(path), c.Room); err != nil {
			return "", err
		}
		saveUploadURL(begun, u.location)
	}
	line := newProgressLine(t)
	defer line.end()
	u.show = func(sent int64) {
		line.show("%s: %.0f%%", quoteName(filepath.Base(path)), 100*float64(sent)/float64(u.size))
	}
	if err := u.sendAll(ctx); err != nil {
		return "", err
	}
	os.Remove(begun)
	return filepath.Base(u.location), nil
}

// resumeFile returns the path of the file in the user's cache that holds the URL of an unfinished
// upload. It differs for each server and each path, size and time of the recording.
func resumeFile(base, path string, info os.FileInfo) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%d", base, absolute, info.Size(), info.ModTime().UnixNano()))
	return filepath.Join(dir, "lectern", "uploads", hex.EncodeToString(sum[:12]))
}

// saveUploadURL writes the URL of an upload to a file, so that the upload can be continued later.
// Errors are ignored: without the file, an interrupted upload starts over.
func saveUploadURL(file, address string) {
	if os.MkdirAll(filepath.Dir(file), 0o700) == nil {
		_ = os.WriteFile(file, []byte(address), 0o600)
	}
}

// tusUpload is one upload by the tus protocol 1.0 (https://tus.io/protocols/resumable-upload).
type tusUpload struct {
	*apiClient
	file     *os.File
	size     int64
	location string // the address of the upload
	show     func(sent int64)
}

func (u *tusUpload) do(ctx context.Context, method, address string, content io.Reader, length int64, header map[string]string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, err
	}
	r.ContentLength = length
	r.Header.Set("Tus-Resumable", "1.0.0")
	u.authenticate(r)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	return u.client.Do(r)
}

func (u *tusUpload) create(ctx context.Context, name, room string) error {
	text := base64.StdEncoding.EncodeToString
	metadata := "filename " + text([]byte(name))
	if room != "" {
		metadata += ",room " + text([]byte(room))
	}
	answer, err := u.do(ctx, http.MethodPost, u.base+"/uploads/", nil, 0, map[string]string{
		"Upload-Length": strconv.FormatInt(u.size, 10), "Upload-Metadata": metadata,
	})
	if err != nil {
		return connectionError(u.base, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		return newAPIError(u.base, answer)
	}
	at, err := url.Parse(answer.Header.Get("Location"))
	if err != nil {
		return fmt.Errorf("read the upload address of %s: %w", u.base, err)
	}
	base, err := url.Parse(u.base + "/uploads/")
	if err != nil {
		return err
	}
	u.location = base.ResolveReference(at).String()
	return nil
}

// offset returns how many bytes of the file the server has. ok is false if the server does not have
// the upload any more. Other failures return an error with ok true.
func (u *tusUpload) offset(ctx context.Context) (sent int64, ok bool, err error) {
	answer, err := u.do(ctx, http.MethodHead, u.location, nil, 0, nil)
	if err != nil {
		return 0, true, connectionError(u.base, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return 0, answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusGone, newAPIError(u.base, answer)
	}
	sent, err = strconv.ParseInt(answer.Header.Get("Upload-Offset"), 10, 64)
	return sent, true, err
}

func (u *tusUpload) exists(ctx context.Context) bool {
	_, _, err := u.offset(ctx)
	return err == nil
}

// uploadRetryTimeout is how long to retry while the server doesn't answer. The upload can be resumed
// later.
const uploadRetryTimeout = 2 * time.Minute

// sendAll sends the part of the file that the server does not have yet. After a broken connection or
// an error that may pass, it tries again until uploadRetryTimeout has gone by without progress.
func (u *tusUpload) sendAll(ctx context.Context) error {
	wait, last := time.Second, time.Now()
	for {
		sent, ok, err := u.offset(ctx)
		if !ok {
			return fmt.Errorf("the server no longer has the upload: %w", err)
		}
		if err == nil && sent == u.size {
			return nil
		}
		if err == nil {
			var moved bool
			if moved, err = u.patch(ctx, sent); moved {
				wait, last = time.Second, time.Now()
			}
			if err == nil {
				continue
			}
		}
		if ctx.Err() != nil || isRefusal(err) || time.Since(last) > uploadRetryTimeout {
			return errors.Join(ctx.Err(), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait = min(2*wait, 15*time.Second)
		}
	}
}

// isRefusal reports whether err is the server's answer that the request is wrong or not allowed, so
// that sending it again would not help.
func isRefusal(err error) bool {
	var refusal *apiError
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusLocked, http.StatusTooManyRequests:
		return false // as while an interrupted request still holds the upload
	}
	return refusal.status >= 400 && refusal.status < 500
}

// patch sends the rest of the file, beginning at the offset from. moved reports whether the upload got
// further: if the server accepted it, or if the connection failed after some bytes were sent. It is
// false if the server answered with an error.
func (u *tusUpload) patch(ctx context.Context, from int64) (moved bool, err error) {
	content := &progressReader{Reader: io.NewSectionReader(u.file, from, u.size-from), sent: from, show: u.show}
	answer, err := u.do(ctx, http.MethodPatch, u.location, content, u.size-from, map[string]string{
		"Upload-Offset": strconv.FormatInt(from, 10), "Content-Type": "application/offset+octet-stream",
	})
	if err != nil {
		return content.sent > from, connectionError(u.base, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return false, newAPIError(u.base, answer)
	}
	return true, nil
}

// progressReader reports how many bytes of an upload were read.
type progressReader struct {
	io.Reader
	sent int64
	show func(int64)
}

func (s *progressReader) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	s.sent += int64(n)
	s.show(s.sent)
	return n, err
}

func connectionError(base string, err error) error {
	return inputerr.New(base, "does not answer: %v", errors.Unwrap(err)).Hint("Check that the server runs. The same command continues where this one stopped")
}
