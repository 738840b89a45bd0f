package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/queue"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/worker"
)

// dataFlag is shared by the commands that work on a data directory.
type dataFlag struct {
	Data string `help:"The data directory." type:"path" default:"${data}" placeholder:"DIR"`
}

// redisFlag is shared by the commands that queue jobs or run them.
type redisFlag struct {
	Redis string `help:"The Redis server for the job queue (redis://host:port/db). By default the queue is in this process. Set a URL with a password in the environment." env:"LECTERN_REDIS" placeholder:"URL"`
}

// dataDir is an open data directory, which this process has locked.
type dataDir struct {
	lock    *catalog.DirLock
	catalog *catalog.Catalog
	store   *store.Local
}

// openDataDir opens a data directory, which it creates if it does not exist, and locks it for this
// process. It waits for other commands that have the lock, and says so on standard error. If a
// server has the lock, it returns an *inputerr.Error.
func openDataDir(ctx context.Context, t *console, dir string) (_ *dataDir, err error) {
	h := new(dataDir)
	defer func() {
		if err != nil {
			err = errors.Join(dataDirError(dir, err), h.close())
		}
	}()
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	h.lock, err = catalog.LockWait(waiting, dir, "lectern "+shellQuote(maskSecrets(t.args)), func(e catalog.DirLockedError) {
		if strings.HasPrefix(e.Command, "lectern serve") { // which ends when the conference does
			giveUp(inputerr.New(dir, "is in use by %s (process %d)", e.Command, e.PID).
				Hint("Use the commands that ask the server (lectern submit, cut, subtitles upload …), or choose another data directory with --data"))
			return
		}
		fmt.Fprintf(t.err, "lectern: %v; waiting for it to end\n", &e)
	})
	if f := inputerr.As(context.Cause(waiting)); f != nil {
		return h, f
	}
	if err != nil {
		return h, err
	}
	if h.catalog, err = catalog.Open(ctx, dir); err != nil {
		return h, err
	}
	if h.store, err = store.Open(filepath.Join(dir, "store")); err != nil {
		return h, err
	}
	return h, h.store.SweepScratch(ctx)
}

// dataDirError returns err as an *inputerr.Error with a hint if it means that the data directory
// cannot be created or written to. It returns other errors as they are.
func dataDirError(dir string, err error) error {
	var failed *fs.PathError
	switch {
	case inputerr.As(err) != nil:
		return err
	case errors.Is(err, fs.ErrPermission) && dir == systemDataDir:
		return inputerr.New(dir, "belongs to the service, which does not run").
			Hint("Start it (sudo systemctl start lectern), or choose another data directory with --data")
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOTDIR):
		return inputerr.New(dir, "cannot be written to: %v", err).
			Hint("Choose another data directory with --data, or change its permissions")
	case errors.As(err, &failed) && failed.Op == "mkdir":
		return inputerr.New(dir, "cannot be created: %v", err).Hint("Choose another data directory with --data")
	}
	return err
}

func (h *dataDir) close() error {
	var errs []error
	if h.catalog != nil {
		errs = append(errs, h.catalog.Close())
	}
	if h.lock != nil {
		errs = append(errs, h.lock.Release())
	}
	return errors.Join(errs...)
}

// startQueueWorker opens the queue, with the Redis at url or an embedded one if url is "", and runs
// localSlots of its jobs at once in this process: none if that is 0, and as many as slots returns if
// it is below 0. Call the returned function in the end: it stops the worker, waits for
// running jobs and closes the queue.
func startQueueWorker(ctx context.Context, t *console, s *store.Local, url string, localSlots int) (*queue.Queue, func() error, error) {
	tools, err := media.FindTools()
	if err != nil {
		return nil, nil, err
	}
	q, err := queue.Open(ctx, queue.Options{URL: url, Name: s.ID(), Log: t.log})
	if err != nil {
		return nil, nil, err
	}
	w := &worker.Worker{Store: s, Media: tools, Kinds: worker.Kinds(), Log: t.log}
	serving, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	switch {
	case localSlots == 0:
		close(done)
	case localSlots < 0:
		localSlots = slots()
		fallthrough
	default:
		go func() {
			done <- q.Serve(serving, queue.ServeOptions{Worker: workerName(), Slots: localSlots, Quick: quickSlots}, w.Handle)
		}()
	}
	return q, func() error {
		stop()
		err := <-done
		if ctx.Err() != nil || url != "" {
			if err := q.Drain(context.WithoutCancel(ctx)); err != nil {
				// Harmless: nothing waits for these jobs.
				t.log.Warn("jobs may be left in the queue", "err", err)
			}
		}
		return errors.Join(err, q.Close())
	}, nil
}

// slots returns how many jobs this machine runs at once: one for each core, and at least two.
func slots() int { return max(2, runtime.NumCPU()) }

// quickSlots is how many more jobs run at once if they take moments only, so that a corrected
// caption need not wait for an encode.
const quickSlots = 2

func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// publisher returns a Builder that builds bundles from the data directory. q may be nil if it is
// only used for planning.
func (h *dataDir) publisher(t *console, q *queue.Queue) *conductor.Builder {
	b := &conductor.Builder{
		Conductor: conductor.Conductor{Store: h.store, Recorder: h.catalog, Log: t.log, WorkerSlots: slots()},
		Catalog:   h.catalog,
		Blobs:     h.store,
		Kinds:     worker.PlanKinds(worker.Kinds()),
	}
	if q != nil {
		b.Queue = q
	}
	return b
}

// buildBundle builds a bundle with the queue at url, embedded if that is "", and shows the
// progress. With asJSON it does not print issues, which the result contains anyway.
func (h *dataDir) buildBundle(ctx context.Context, t *console, url string, asJSON bool, req conductor.BuildRequest) (result conductor.BuildResult, err error) {
	q, stop, err := startQueueWorker(ctx, t, h.store, url, -1)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	v := newProgress(t)
	if asJSON {
		v.reportedIssues = nil
	}
	req.OnStatus, req.Command = v.update, shellQuote(maskSecrets(t.args))
	result, err = h.publisher(t, q).Build(ctx, req)
	v.finish()
	return result, err
}
