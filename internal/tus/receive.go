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
	bufferSize = 1 << 20
	buffers    = 4         // of one PATCH: what is read ahead of what is written
	stride     = 8 << 20   // bytes after which the disk is told to begin with them
	milestone  = 128 << 20 // bytes after which a long PATCH makes sure of what it has
	silence    = 2 * time.Minute
)

// transfer is the body of one PATCH on its way to the disk. The request's own goroutine
// reads it, a second one writes and hashes, and a third makes the disk keep up, so that
// network, processor and disk work at the same time.
type transfer struct {
	arrived atomic.Int64 // bytes

	mu      sync.Mutex
	conn    *http.ResponseController
	isCut   bool
	hasDone bool
}

var (
	errCut      = errors.New("a newer request for this upload took over")
	errTooLong  = errors.New("there is more than was announced")
	errMismatch = errors.New("the bytes do not have the checksum that came with them")
)

// wait gives the client time to send the next bytes.
func (t *transfer) wait() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isCut {
		return errCut
	}
	t.conn.SetReadDeadline(time.Now().Add(silence)) // where there is no connection, there is no need
	return nil
}

// cut ends the reading.
func (t *transfer) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.isCut = true
	if !t.hasDone {
		t.conn.SetReadDeadline(time.Now())
	}
}

// done leaves the connection to the next request.
func (t *transfer) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hasDone = true
	t.conn.SetReadDeadline(time.Time{})
}

// reading is the body as the transfer reads it.
type reading struct {
	t    *transfer
	from io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.t.wait(); err != nil {
		return 0, err
	}
	n, err := r.from.Read(p)
	r.t.arrived.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) && r.t.wait() != nil {
		err = errCut
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
	u.receiving(t)
	defer u.receiving(nil)
	defer t.done()

	before := u.now()
	w, err := s.open(u, before, check)
	if err != nil {
		return err
	}
	defer w.file.Close()
	trouble := w.drain(reading{t, body}, most)
	if errors.Is(trouble, errTooLong) || check != nil && trouble != nil {
		if u.now().Offset != before.Offset {
			return errors.Join(trouble, u.save(before))
		}
		return trouble
	}
	return errors.Join(trouble, w.settle(w.mark()))
}

// writer puts bytes at the end of an upload.
type writer struct {
	s     *Server
	u     *upload
	file  *os.File
	whole hash.Hash // of all bytes before at
	check *checksum
	at    int64 // where its next byte goes
	told  int64 // up to where the disk was told to begin
}

func (s *Server) open(u *upload, i info, check *checksum) (*writer, error) {
	whole, err := resume(i.Hash)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(u.data(), os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(i.Offset); err != nil { // what is beyond was never acknowledged
		return nil, errors.Join(err, f.Close())
	}
	return &writer{s: s, u: u, file: f, whole: whole, check: check, at: i.Offset, told: i.Offset}, nil
}

// drain reads until the end and writes as it goes. It returns when all that was read is
// written, though not when it is on the disk.
func (w *writer) drain(body io.Reader, most int64) error {
	full, free := make(chan []byte, buffers), make(chan []byte, buffers)
	for range buffers {
		b := w.s.buffers.Get().(*[]byte)
		defer w.s.buffers.Put(b)
		free <- *b
	}
	failed := make(chan struct{})
	var writing error
	var work sync.WaitGroup
	work.Go(func() {
		if writing = w.write(full, free); writing != nil {
			close(failed)
		}
	})
	reading := fill(io.LimitReader(body, most), full, free, failed)
	close(full)
	work.Wait()
	if err := errors.Join(writing, reading); err != nil {
		return err
	}
	if n, _ := body.Read(make([]byte, 1)); n > 0 {
		return errTooLong
	}
	if w.check != nil && !bytes.Equal(w.check.hash.Sum(nil), w.check.want) {
		return errMismatch
	}
	return nil
}

// fill reads into free buffers, until the end or until the writing failed.
func fill(from io.Reader, full chan<- []byte, free <-chan []byte, failed <-chan struct{}) error {
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

// write takes what is full, and gives the buffers back.
func (w *writer) write(full <-chan []byte, free chan<- []byte) error {
	marks := make(chan info, 1)
	var settling error
	var work sync.WaitGroup
	work.Go(func() { settling = w.keepUp(marks) })
	err := w.writeAll(full, free, marks)
	close(marks)
	work.Wait()
	return errors.Join(err, settling)
}

func (w *writer) writeAll(full <-chan []byte, free chan<- []byte, marks chan<- info) error {
	next := w.at + milestone
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
		if w.at-w.told >= stride {
			writeback(w.file, w.told, w.at-w.told)
			w.told = w.at
		}
		if w.at >= next && w.check == nil {
			select {
			case marks <- w.mark():
				next = w.at + milestone
			default: // the disk is behind; the next buffer asks again
			}
		}
	}
	return nil
}

// keepUp makes sure of what was written up to each mark.
func (w *writer) keepUp(marks <-chan info) (first error) {
	for m := range marks {
		if first == nil {
			first = w.settle(m)
		}
	}
	return first
}

// mark is what will be known of the upload when all that is written is on the disk.
func (w *writer) mark() info {
	i := w.u.now()
	i.Offset, i.Hash, i.Touched = w.at, stateOf(w.whole), time.Now().UTC()
	return i
}

// settle brings what is written to the disk, and then what is known of it.
func (w *writer) settle(i info) error {
	if err := w.file.Sync(); err != nil {
		return err
	}
	return w.u.save(i)
}
