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
	bufferCount        = 4         // of one PATCH: what is read ahead of what is written
	writebackInterval  = 8 << 20   // bytes after which the disk is told to begin with them
	checkpointInterval = 128 << 20 // bytes after which a long PATCH makes sure of what it has
	readTimeout        = 2 * time.Minute
)

// transfer is the body of one PATCH on its way to the disk. The request's own goroutine
// reads it, a second one writes and hashes, and a third makes the disk keep up, so that
// network, processor and disk work at the same time.
type transfer struct {
	received atomic.Int64 // bytes

	mu       sync.Mutex
	conn     *http.ResponseController
	aborted  bool
	finished bool
}

var (
	errSuperseded       = errors.New("a newer request for this upload took over")
	errTooLong          = errors.New("there is more than was announced")
	errChecksumMismatch = errors.New("the bytes do not have the checksum that came with them")
)

// extendDeadline gives the client time to send the next bytes.
func (t *transfer) extendDeadline() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.aborted {
		return errSuperseded
	}
	t.conn.SetReadDeadline(time.Now().Add(readTimeout)) // where there is no connection, there is no need
	return nil
}

// abort ends the reading.
func (t *transfer) abort() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aborted = true
	if !t.finished {
		t.conn.SetReadDeadline(time.Now())
	}
}

// finish leaves the connection to the next request.
func (t *transfer) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finished = true
	t.conn.SetReadDeadline(time.Time{})
}

// transferReader is the body as the transfer reads it.
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

// checksum is what the bytes of one PATCH must come to.
type checksum struct {
	hash hash.Hash
	want []byte
}

// receive appends a body of at most so many bytes to the upload, whose turn the caller has.
// Whatever ends it, what arrived is kept and on the disk when it returns; but with a
// checksum, or when there is more than room was announced for, all or nothing of it is.
func (s *Server) receive(u *upload, t *transfer, body io.Reader, most int64, check *checksum) error {
	u.setTransfer(t)
	defer u.setTransfer(nil)
	defer t.finish()

	before := u.snapshot()
	w, err := s.openWriter(u, before, check)
	if err != nil {
		return err
	}
	defer w.file.Close()
	trouble := w.copyBody(transferReader{t, body}, most)
	if errors.Is(trouble, errTooLong) || check != nil && trouble != nil {
		if u.snapshot().Offset != before.Offset {
			return errors.Join(trouble, u.save(before))
		}
		return trouble
	}
	return errors.Join(trouble, w.commit(w.checkpoint()))
}

// writer puts bytes at the end of an upload.
type writer struct {
	s             *Server
	u             *upload
	file          *os.File
	whole         hash.Hash // of all bytes before at
	check         *checksum
	at            int64 // where its next byte goes
	writebackFrom int64 // up to where the disk was told to begin
}

func (s *Server) openWriter(u *upload, i uploadInfo, check *checksum) (*writer, error) {
	whole, err := unmarshalHash(i.Hash)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(u.dataPath(), os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(i.Offset); err != nil { // what is beyond was never acknowledged
		return nil, errors.Join(err, f.Close())
	}
	return &writer{s: s, u: u, file: f, whole: whole, check: check, at: i.Offset, writebackFrom: i.Offset}, nil
}

// copyBody reads until the end and writes as it goes. It returns when all that was read is
// written, though not when it is on the disk.
func (w *writer) copyBody(body io.Reader, most int64) error {
	full, free := make(chan []byte, bufferCount), make(chan []byte, bufferCount)
	for range bufferCount {
		b := w.s.buffers.Get().(*[]byte)
		defer w.s.buffers.Put(b)
		free <- *b
	}
	failed := make(chan struct{})
	var writing error
	var work sync.WaitGroup
	work.Go(func() {
		if writing = w.writeAndSync(full, free); writing != nil {
			close(failed)
		}
	})
	reading := readBody(io.LimitReader(body, most), full, free, failed)
	close(full)
	work.Wait()
	if err := errors.Join(writing, reading); err != nil {
		return err
	}
	if n, _ := body.Read(make([]byte, 1)); n > 0 {
		return errTooLong
	}
	if w.check != nil && !bytes.Equal(w.check.hash.Sum(nil), w.check.want) {
		return errChecksumMismatch
	}
	return nil
}

// readBody reads into free buffers, until the end or until the writing failed.
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

// writeAndSync takes what is full, and gives the buffers back.
func (w *writer) writeAndSync(full <-chan []byte, free chan<- []byte) error {
	marks := make(chan uploadInfo, 1)
	var settling error
	var work sync.WaitGroup
	work.Go(func() { settling = w.commitAll(marks) })
	err := w.writeBuffers(full, free, marks)
	close(marks)
	work.Wait()
	return errors.Join(err, settling)
}

func (w *writer) writeBuffers(full <-chan []byte, free chan<- []byte, marks chan<- uploadInfo) error {
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
			case marks <- w.checkpoint():
				next = w.at + checkpointInterval
			default: // the disk is behind; the next buffer asks again
			}
		}
	}
	return nil
}

// commitAll makes sure of what was written up to each mark.
func (w *writer) commitAll(marks <-chan uploadInfo) (first error) {
	for m := range marks {
		if first == nil {
			first = w.commit(m)
		}
	}
	return first
}

// checkpoint is what will be known of the upload when all that is written is on the disk.
func (w *writer) checkpoint() uploadInfo {
	i := w.u.snapshot()
	i.Offset, i.Hash, i.UpdatedAt = w.at, marshalHash(w.whole), time.Now().UTC()
	return i
}

// commit brings what is written to the disk, and then what is known of it.
func (w *writer) commit(i uploadInfo) error {
	if err := w.file.Sync(); err != nil {
		return err
	}
	return w.u.save(i)
}
