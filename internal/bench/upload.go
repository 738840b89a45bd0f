package main

import (
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
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/tus"
)

const (
	cp       = "cp and fsync"
	received = "upload"
	grown    = "memory grown"
	cuts     = "cuts survived"
	cutCount = 20 // times
)

func uploadBenchmark() Benchmark {
	return Benchmark{
		Name: "upload",
		Method: `Four GiB are uploaded over loopback by one PATCH of the tus protocol, which returns when they
are on the disk and their SHA-256 is known; and copied by cp, with fsync. Memory is that of the
receiving process, against before. Then they are uploaded once more by a client whose connection is
cut off twenty times, each time after bytes by chance, and compared byte for byte.`,
		Measure: measureUpload,
		Evaluate: func(rounds []Round) []TableLine {
			share := medianOf(rounds, func(r Round) float64 { return r.Values[cp] / r.Values[received] })
			memory, survived := maxOf(rounds, grown), minOf(rounds, cuts)
			return []TableLine{
				{
					Task: "upload on loopback, 4 GiB: throughput", Lectern: formatSeconds(median(rounds, received)), Baseline: cp + ": " + formatSeconds(median(rounds, cp)),
					Ratio: fmt.Sprintf("%.3f", share), Target: "≥ 0.70", Met: share >= 0.7,
				},
				{Task: "upload: more memory", Lectern: formatMB(memory), Target: "≤ 32 MB", Met: memory <= 32e6},
				{Task: "upload cut off: byte-identical", Lectern: fmt.Sprintf("after %.0f cuts", survived), Target: fmt.Sprint(cutCount), Met: survived >= cutCount},
			}
		},
	}
}

// measureUpload records how long cp and an upload of the same file take, in rotating order, and how
// much memory the upload needs. Then it uploads again over a connection that breaks.
func measureUpload(ctx context.Context, b *Bench, n int, into *Round) error {
	bytes := forSize(b, int64(4<<30), 64<<20)
	source := filepath.Join(b.work, "recording.bin")
	if err := writeRandomFile(source, bytes); err != nil {
		return err
	}
	defer os.Remove(source)
	if err := os.MkdirAll(filepath.Join(b.work, "uploads"), 0o755); err != nil {
		return err
	}
	copied := func(into *Round) (took float64, err error) {
		defer os.Remove(filepath.Join(b.work, "uploads", "copy.bin"))
		return b.timePlain(ctx, into, []string{"uploads/copy.bin"}, "cp", "recording.bin", "uploads/copy.bin")
	}
	sent := func(into *Round) (took float64, err error) {
		r, err := b.startReceiver(ctx)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, r.stop()) }()
		before, err := peakMemory(r.pid())
		if err != nil {
			return 0, err
		}
		took, err = b.timeUntilSynced(ctx, into, func() ([]string, error) {
			where, err := r.begin(ctx, bytes)
			if err == nil {
				_, err = r.send(ctx, where, source, 0, -1)
			}
			return nil, err
		}, []string{"PATCH", "recording.bin"})
		if err != nil || into == nil {
			return took, err
		}
		after, err := peakMemory(r.pid())
		into.Values[grown] = float64(after - before)
		return took, err
	}
	// Disks of virtual machines are many times slower where nothing was ever written: each writes
	// once before it is measured, and then probably to the same places.
	for _, first := range []func(*Round) (float64, error){copied, sent} {
		if _, err := first(nil); err != nil {
			return err
		}
	}
	again := func(value string, do func(*Round) (float64, error)) func() error {
		return func() (err error) {
			into.Values[value], err = do(into)
			return err
		}
	}
	if err := runRotated(n, again(cp, copied), again(received, sent)); err != nil {
		return err
	}
	return b.uploadWithCuts(ctx, into, source, bytes)
}

// uploadWithCuts uploads source, whose size is bytes, over a connection that breaks cutCount times.
// It returns an error unless the result equals source.
func (b *Bench) uploadWithCuts(ctx context.Context, into *Round, source string, bytes int64) (err error) {
	r, err := b.startReceiver(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	where, err := r.begin(ctx, bytes)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(5, 8))
	var offset int64
	for range cutCount {
		if _, err := r.send(ctx, where, source, offset, random.Int64N(2*bytes/(3*cutCount))); err == nil {
			return errors.New("a connection that was to break did not")
		}
		if offset, err = r.offset(ctx, where); err != nil {
			return err
		}
		into.Values[cuts]++
	}
	if _, err := r.send(ctx, where, source, offset, -1); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cmp", source, r.file(where)).CombinedOutput(); err != nil {
		return fmt.Errorf("after %d cuts: %w\n%s", cutCount, err, out)
	}
	return nil
}

// writeRandomFile writes a file of that many bytes that cannot be compressed, the same each time,
// and syncs it.
func writeRandomFile(path string, bytes int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	random := rand.NewChaCha8([32]byte{1})
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, io.LimitReader(random, bytes), make([]byte, 1<<20))
	return errors.Join(err, f.Sync(), f.Close())
}

// receiver receives uploads in a process of its own, so that its memory can be measured apart from
// the client's.
type receiver struct {
	cmd *exec.Cmd
	in  io.Closer
	dir string
	url string
}

// startReceiver starts this program as a receiver of uploads, and waits until it listens.
func (b *Bench) startReceiver(ctx context.Context) (*receiver, error) {
	dir := filepath.Join(b.work, "uploads")
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := &receiver{cmd: exec.CommandContext(ctx, self, "-receive", dir), dir: dir}
	r.cmd.Stderr = os.Stderr
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a receiver of uploads: %w", err)
	}
	if _, err := fmt.Fscanln(out, &r.url); err != nil {
		return nil, fmt.Errorf("ask the receiver of uploads where it is: %w", errors.Join(err, r.stop()))
	}
	return r, nil
}

func (r *receiver) pid() int { return r.cmd.Process.Pid }

func (r *receiver) stop() error {
	err := errors.Join(r.in.Close(), r.cmd.Wait())
	left, globErr := filepath.Glob(filepath.Join(r.dir, "*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return errors.Join(err, globErr)
}

// runReceiver receives uploads into dir until standard input ends. It prints its address first.
func runReceiver(ctx context.Context, dir string) error {
	s, err := tus.New(tus.Options{
		Dir: dir, BasePath: "/", MaxSize: 1 << 40, MaxUploads: 1, Lifetime: time.Hour, Log: slog.Default(),
		Authorize:  func(*http.Request) (string, error) { return "bench", nil },
		OnComplete: func(context.Context, tus.Upload) error { return nil },
	})
	if err != nil {
		return err
	}
	defer s.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s, BaseContext: func(net.Listener) context.Context { return ctx }}
	defer server.Close()
	fmt.Println("http://" + listener.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (r *receiver) begin(ctx context.Context, bytes int64) (where string, err error) {
	res, err := r.ask(ctx, http.MethodPost, "/", nil, map[string]string{"Upload-Length": strconv.FormatInt(bytes, 10)})
	return res.Get("Location"), err
}

func (r *receiver) offset(ctx context.Context, where string) (int64, error) {
	res, err := r.ask(ctx, http.MethodHead, where, nil, nil)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(res.Get("Upload-Offset"), 10, 64)
}

// file returns the path at which the receiver keeps the upload with the address where.
func (r *receiver) file(where string) string {
	return filepath.Join(r.dir, strings.TrimPrefix(where, "/")+".bin")
}

// send continues the upload at the address where with the bytes of source from offset on. The
// connection breaks when after bytes are sent, unless after is -1.
func (r *receiver) send(ctx context.Context, where, source string, offset, after int64) (http.Header, error) {
	f, err := os.Open(source)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	var body io.Reader = f
	if after >= 0 {
		body = io.MultiReader(io.LimitReader(f, after), broken{})
	}
	return r.ask(ctx, http.MethodPatch, where, body, map[string]string{
		"Upload-Offset": strconv.FormatInt(offset, 10), "Content-Type": "application/offset+octet-stream",
	})
}

// broken is the error of a broken connection.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the connection is cut off") }

func (r *receiver) ask(ctx context.Context, method, where string, body io.Reader, header map[string]string) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.url+where, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, WriteBufferSize: 1 << 20}}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(res.Body)
		return nil, fmt.Errorf("%s: %s: %s", method, res.Status, text)
	}
	return res.Header, nil
}
