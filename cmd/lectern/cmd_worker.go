package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/queue"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/worker"
)

type workerCmd struct {
	Slots int `help:"Number of jobs at once. 0 means one for each core, and at least two." default:"0" placeholder:"N"`
	redisFlag
	dataFlag
}

// Run implements `lectern worker`: it runs jobs of a server or a build on another machine until it
// is interrupted. Both must share Redis and the store, for example over NFS, and see recordings at
// the same paths. A problem of this machine, such as a full disk, ends the worker.
func (c *workerCmd) Run(ctx context.Context, t *console) (err error) {
	if c.Redis == "" {
		return &usageError{"a worker needs --redis URL, the same as the server or the build"}
	}
	tools, err := media.FindTools()
	if err != nil {
		return err
	}
	s, err := store.Open(filepath.Join(c.Data, "store"))
	if err != nil {
		return err
	}
	q, err := queue.Open(ctx, queue.Options{URL: c.Redis, Name: s.ID(), Log: t.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	if c.Slots == 0 {
		c.Slots = slots()
	}
	fmt.Fprintf(t.err, "worker %s: %d slots; Ctrl-C ends it\n", workerName(), c.Slots)
	w := &worker.Worker{Store: s, Media: tools, Kinds: worker.Kinds(), Log: t.log}
	serving, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	err = q.Serve(serving, queue.ServeOptions{Worker: workerName(), Slots: c.Slots, Quick: quickSlots}, stopOnMachineFailure(leave, w.Handle))
	if f := inputerr.As(context.Cause(serving)); f != nil {
		fmt.Fprintf(t.err, "worker %s stops because of a problem of this machine; other workers take its jobs\n", workerName())
		return errors.Join(f, err)
	}
	return err
}

// stopOnMachineFailure returns a handler that calls handle and also calls leave if the job failed
// because of this machine, for example because its disk is full. leave must end the context of
// queue.Serve, so that the job is not reported as failed and another worker gets it. Without this,
// a broken worker would fail jobs faster than others take them.
func stopOnMachineFailure(leave context.CancelCauseFunc, handle queue.Handler) queue.Handler {
	return func(ctx context.Context, job action.Job, report func(action.Event)) error {
		err := handle(ctx, job, report)
		if f := (*action.Failure)(nil); errors.As(err, &f) && f.MachineFault {
			leave(f)
		}
		return err
	}
}
