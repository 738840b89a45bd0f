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
	Data string `help:"Where facts and artifacts are kept." type:"path" default:"${data}" placeholder:"DIR"`
}

// redisFlag is shared by the commands that queue jobs or take them.
type redisFlag struct {
	Redis string `help:"The Redis that carries the jobs (redis://host:port/db); without it, one inside this process." placeholder:"URL"`
}

// house is an open data directory.
type house struct {
	lock    *catalog.DirLock
	catalog *catalog.Catalog
	store   *store.Local
}

// openHouse opens a data directory for this process alone; it waits while another has it.
func openHouse(ctx context.Context, t *terminal, dir string, options ...store.Option) (_ *house, err error) {
	h := new(house)
	defer func() {
		if err != nil {
			err = errors.Join(unwritable(dir, err), h.close())
		}
	}()
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	h.lock, err = catalog.LockWait(waiting, dir, "lectern "+shellWords(t.args), func(e catalog.HeldError) {
		if strings.HasPrefix(e.Command, "lectern serve") { // which ends when the conference does
			giveUp(inputerr.New(dir, "is served by %s (process %d)", e.Command, e.PID).
				Try("Hand things in there (lectern submit, cut, subtitles hand-in …), or choose another data directory with --data"))
			return
		}
		fmt.Fprintf(t.err, "lectern: %v; waiting for it to end\n", &e)
	})
	if f := inputerr.Of(context.Cause(waiting)); f != nil {
		return h, f
	}
	if err != nil {
		return h, err
	}
	if h.catalog, err = catalog.Open(ctx, dir); err != nil {
		return h, err
	}
	if h.store, err = store.Open(filepath.Join(dir, "store"), options...); err != nil {
		return h, err
	}
	return h, h.store.SweepScratch(ctx)
}

// unwritable is err, or the fault of a data directory that cannot be made or may not be
// written to.
func unwritable(dir string, err error) error {
	var failed *fs.PathError
	switch {
	case inputerr.Of(err) != nil:
		return err
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOTDIR):
		return inputerr.New(dir, "cannot be written to: %v", err).
			Try("Choose another data directory with --data, or change its permissions")
	case errors.As(err, &failed) && failed.Op == "mkdir":
		return inputerr.New(dir, "cannot be made: %v", err).Try("Choose another data directory with --data")
	}
	return err
}

func (h *house) close() error {
	var errs []error
	if h.catalog != nil {
		errs = append(errs, h.catalog.Close())
	}
	if h.lock != nil {
		errs = append(errs, h.lock.Release())
	}
	return errors.Join(errs...)
}

// serve opens the queue and takes jobs from it until the returned function is called,
// which waits for them.
func serve(ctx context.Context, t *terminal, s *store.Local, url string) (*queue.Queue, func() error, error) {
	tools, err := media.Find()
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
	go func() {
		done <- q.Serve(serving, queue.ServeOptions{Worker: workerName(), Slots: slots(), Quick: quickSlots}, w.Handle)
	}()
	return q, func() error {
		stop()
		err := <-done
		if ctx.Err() != nil || url != "" {
			if err := q.Drain(context.WithoutCancel(ctx)); err != nil {
				// What is left there is harmless: nothing waits for it.
				t.log.Warn("jobs may be left in the queue", "err", err)
			}
		}
		return errors.Join(err, q.Close())
	}, nil
}

// slots is how many jobs this machine does at once.
func slots() int { return max(2, runtime.NumCPU()) }

// quickSlots is how many more it does of those that take moments. A corrected caption is not
// to wait for an encode, and the encodes hardly notice.
const quickSlots = 2

func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// releaser is the conductor of an open house.
func (h *house) releaser(t *terminal, q *queue.Queue) *conductor.Releaser {
	return &conductor.Releaser{
		Conductor: conductor.Conductor{
			Store: h.store, Queue: q, Recorder: h.catalog, Log: t.log, Window: 2*slots() + 2, Slots: slots(),
		},
		Catalog: h.catalog,
		Blobs:   h.store,
		Kinds:   worker.PlanKinds(worker.Kinds()),
	}
}

// release publishes what is wanted, and shows how it goes unless JSON will say it all.
func (h *house) release(ctx context.Context, t *terminal, url string, asJSON bool, want conductor.Release) (released conductor.Released, err error) {
	q, stop, err := serve(ctx, t, h.store, url)
	if err != nil {
		return released, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	v := newView(t)
	if asJSON {
		v.told = nil
	}
	want.Watch, want.Command = v.show, shellWords(t.args)
	released, err = h.releaser(t, q).Release(ctx, want)
	v.end()
	return released, err
}
