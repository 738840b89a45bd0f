package conductor

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/queue"
)

// Four workers of six slots each join a conductor that knew of two slots. All slots are in use as
// soon as they have joined, and after one has left, the queue holds no more than the others need.
func TestScheduler_FollowsWorkerSlots(t *testing.T) {
	q, err := queue.Open(t.Context(), queue.Options{Name: t.Name(), Log: discardLog})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	changed := make(chan int, 100)
	s := newScheduler(q, 0, 2, discardLog)
	s.slotsChanged = func() {
		n, _ := s.Slots(ctx)
		changed <- n
	}
	var running sync.WaitGroup
	running.Go(func() { s.run(ctx, time.Hour) }) // no tick: only events make it look
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})

	talk := s.openSession(0)
	for n := range 100 {
		job := action.Job{ID: fmt.Sprint("job", n), Actions: []action.Action{{Kind: "encode", Key: action.Key(fmt.Sprint("key", n))}}}
		if err := talk.Dispatch(ctx, job, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	started := make(chan string, 100)
	handle := func(ctx context.Context, job action.Job, _ func(action.Event)) error {
		started <- job.ID
		<-ctx.Done()
		return ctx.Err()
	}
	leaving, leave := context.WithCancel(ctx)
	for n := range 4 {
		of := ctx
		if n == 3 {
			of = leaving
		}
		running.Go(func() {
			if err := q.Serve(of, queue.ServeOptions{Worker: fmt.Sprint("worker", n), Slots: 6}, handle); err != nil {
				t.Error(err)
			}
		})
	}
	for range 24 {
		select {
		case <-started:
		case <-time.After(time.Minute):
			t.Fatal("not all slots are in use")
		}
	}
	leave()
	for n := range changed {
		if n == 18 {
			return
		}
	}
}
