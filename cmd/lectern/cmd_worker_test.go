package main

import (
	"context"
	"testing"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// A worker stops when its machine fails, and for no other reason.
func TestWorker_StopsOnMachineFailure(t *testing.T) {
	input := inputerr.New("talk.mp4", "is no talk")
	disk := inputerr.New("/scratch", "the disk is full")
	for _, c := range []struct {
		name   string
		err    error
		leaves bool
	}{
		{"done", nil, false},
		{"failed", &action.Failure{Slot: "encode/720", Message: "ffmpeg ended with code 1"}, false},
		{"the input is at fault", &action.Failure{InputError: input}, false},
		{"the machine is at fault", &action.Failure{InputError: disk, MachineFault: true}, true},
	} {
		serving, leave := context.WithCancelCause(t.Context())
		handle := stopOnMachineFailure(leave, func(context.Context, action.Job, func(action.Event)) error { return c.err })
		if err := handle(serving, action.Job{}, nil); err != c.err {
			t.Errorf("%s: it returned %v", c.name, err)
		}
		if left := serving.Err() != nil; left != c.leaves || left && inputerr.As(context.Cause(serving)) != disk {
			t.Errorf("%s: it leaves: %v, because %v", c.name, left, context.Cause(serving))
		}
		leave(nil)
	}
}
