package tus

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bufferSize         = 1 << 20
	bufferCount        = 4         // of one PATCH: how many are read ahead of writing
	writebackInterval  = 8 << 20   // bytes after which writeback is started
	checkpointInterval = 128 << 20 // bytes after which a long PATCH syncs and saves its progress
	readTimeout        = 2 * time.Minute
)

// transfer is the body of one PATCH. The goroutine of the request reads it, a second one writes and
// hashes, and a third one syncs, so that network, processor and disk work at the same time.
type transfer struct {
	received atomic.Int64 // bytes

	mu       sync.Mutex
	conn     *http.ResponseController
	aborted  bool
	finished bool
}

var (
	errSuperseded       = errors.New("a newer request for this upload replaced this one")
	errTooLong          = errors.New("the body is longer than the upload")
	errChecksumMismatch = errors.New("the bytes do not match their checksum")
)

// extendDeadline allows the client readTimeout from now to send the next bytes. It returns
// errSuperseded if the transfer was aborted.
func (t *transfer) extendDeadline() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.aborted {
		return errSuperseded
	}
	t.conn.SetReadDeadline(time.Now().Add(readTimeout)) // fails only without a connection, in tests
	return nil
}

// abort makes the goroutine that reads the body stop with errSuperseded. It has no effect on a
// finished transfer.
func (t *transfer) abort() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aborted = true
	if !t.finished {
		t.conn.SetReadDeadline(time.Now())
	}
}

// finish removes the read deadline from the connection, so that it can serve another request.
func (t *transfer) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finished = true
	t.conn.SetReadDeadline(time.Time{})
}

// transferReader reads a body, counts its bytes and extends the deadline.
type transferReader struct {
	t    *transfer
	body io.Reader
}

func (r transferReader) Read(p []byte) (int, error) {
	if err := r.t.extendDeadline(); err != nil {
		return 0, err
	}
	n, err := r.body.Read(p)
	r.t.received.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) && r.t.extendDeadline() != nil {
		err = errSuperseded
	}
	return n, err
}

// checksum is the Upload-Checksum of one PATCH.
type checksum struct {
	hash hash.Hash
	want []byte
}

// receive appends up to limit bytes of body to the upload, whose lock the caller holds. After an
// error, the bytes received so far are kept and synced, with two exceptions: a body with a checksum
// is kept completely or not at all, and of a body with more than limit bytes nothing is kept. check
// may be nil.
func (s *Server) receive(u *upload, t *transfer, body io.Reader, limit int64, check *checksum) error {
	u.setTransfer(t)
	defer u.setTransfer(nil)
	defer t.finish()

	before := u.snapshot()
	w, err := s.openWriter(u, before, check)
	if err != nil {
		return err
	}
	defer w.file.Close()
	err = w.copyBody(transferReader{t, body}, limit)
	if errors.Is(err, errTooLong) || check != nil && err != nil {
		if u.snapshot().Offset != before.Offset {
			return errors.Join(err, u.save(before))
		}
		return err
	}
	return errors.Join(err, w.commit(w.checkpoint()))
}

// writer appends bytes to an upload.
type writer struct {
	s             *Server
	u             *upload
	file          *os.File
	whole         hash.Hash // SHA-256 of all bytes before at
	check         *checksum
	at            int64 // offset of the next byte
	writebackFrom int64 // offset up to which writeback was started
}

// openWriter opens the data file of an upload for appending at i.Offset. Bytes after that offset
// were not acknowledged, and are cut off.
func (s *Server) openWriter(u *upload, i uploadInfo, check *checksum) (*writer, error) {
	whole, err := unmarshalHash(i.Hash)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(u.dataPath(), os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(i.Offset); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &writer{s: s, u: u, file: f, whole: whole, check: check, at: i.Offset, writebackFrom: i.Offset}, nil
}

// copyBody reads body to its end and writes it. It returns errTooLong if body has more than limit
// bytes, and errChecksumMismatch if it does not match its checksum. On return, everything that was
// read is written but not necessarily synced.
func (w *writer) copyBody(body io.Reader, limit int64) error {
	full, free := make(chan []byte, bufferCount), make(chan []byte, bufferCount)
	for range bufferCount {
		b := w.s.buffers.Get().(*[]byte)
		defer w.s.buffers.Put(b)
		free <- *b
	}
	failed := make(chan struct{})
	var writeErr error
	var work sync.WaitGroup
	work.Go(func() {
		writeErr = w.writeAndSync(full, free)
		if writeErr != nil {
			close(failed)
		}
	})
	readErr := readBody(io.LimitReader(body, limit), full, free, failed)
	close(full)
	work.Wait()
	if err := errors.Join(writeErr, readErr); err != nil {
		return err
	}
	n, _ := body.Read(make([]byte, 1))
	if n > 0 {
		return errTooLong
	}
	if w.check != nil && !bytes.Equal(w.check.hash.Sum(nil), w.check.want) {
		return errChecksumMismatch
	}
	return nil
}

// readBody fills buffers from free and sends them to full, until the end of the body or until
// failed is closed. The last buffer may be partly filled.
func readBody(from io.Reader, full chan<- []byte, free <-chan []byte, failed <-chan struct{}) error {
	for {
		var b []byte
		select {
		case b = <-free:
		case <-failed:
			return nil
		}
		n, err := 0, error(nil)
		for n < len(b) && err == nil {
			var more int
			more, err = from.Read(b[n:])
			n += more
		}
		select {
		case full <- b[:n]:
		case <-failed:
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
	}
}

// writeAndSync writes the buffers from full and returns them to free, until full is closed or an
// error occurs. Meanwhile another goroutine syncs what was written.
func (w *writer) writeAndSync(full <-chan []byte, free chan<- []byte) error {
	checkpoints := make(chan uploadInfo, 1)
	var commitErr error
	var work sync.WaitGroup
	work.Go(func() { commitErr = w.commitAll(checkpoints) })
	err := w.writeBuffers(full, free, checkpoints)
	close(checkpoints)
	work.Wait()
	return errors.Join(err, commitErr)
}

// writeBuffers writes and hashes the buffers from full, and returns them to free. About every
// checkpointInterval bytes it sends a checkpoint, unless the last one is still being synced. It
// sends none if the body has a checksum, since such a body is kept only as a whole.
func (w *writer) writeBuffers(full <-chan []byte, free chan<- []byte, checkpoints chan<- uploadInfo) error {
	next := w.at + checkpointInterval
	for b := range full {
		n, err := w.file.WriteAt(b, w.at)
		w.whole.Write(b[:n])
		w.at += int64(n)
		if err != nil {
			return err
		}
		if w.check != nil {
			w.check.hash.Write(b)
		}
		free <- b[:bufferSize]
		if w.at-w.writebackFrom >= writebackInterval {
			startWriteback(w.file, w.writebackFrom, w.at-w.writebackFrom)
			w.writebackFrom = w.at
		}
		if w.at >= next && w.check == nil {
			select {
			case checkpoints <- w.checkpoint():
				next = w.at + checkpointInterval
			default: // still syncing; try again after the next buffer
			}
		}
	}
	return nil
}

// commitAll commits each checkpoint until the channel is closed, and returns the first error. After
// an error it only drains the channel.
func (w *writer) commitAll(checkpoints <-chan uploadInfo) (first error) {
	for c := range checkpoints {
		if first == nil {
			first = w.commit(c)
		}
	}
	return first
}

// checkpoint returns the info of the upload that will be true once everything written so far is
// synced.
func (w *writer) checkpoint() uploadInfo {
	i := w.u.snapshot()
	i.Offset, i.Hash, i.UpdatedAt = w.at, marshalHash(w.whole), time.Now().UTC()
	return i
}

// commit syncs the data to the disk and then saves i as the upload's info.
func (w *writer) commit(i uploadInfo) error {
	if err := w.file.Sync(); err != nil {
		return err
	}
	return w.u.save(i)
}
