package queue

import (
	"context"
	"encoding/json"
	"math"

	"github.com/redis/go-redis/v9"

	"github.com/lectern-av/lectern/internal/action"
)

// Events returns the channel of the events that workers publish. It is the same channel at every
// call, and Close closes it. Workers never wait for its reader.
//
// Events may be lost or come twice: an Event is a reason to look at a job, never a proof of its
// state. An Event with a Job but no Type means that the job was stopped, by Cancel or by its
// worker's shutdown. An Event without a Job means that others may have been lost and that the
// reader should look at all jobs. It comes after each connection to Redis including the first, when
// a worker stops, and in place of all events that were dropped because the reader was slow.
func (q *Queue) Events() <-chan action.Event {
	q.mu.Lock()
	first := q.events == nil
	if first {
		q.events = &eventBuffer{in: make(chan action.Event), out: make(chan action.Event)}
	}
	m := q.events
	q.mu.Unlock()
	if !first {
		return m.out
	}
	receive := func(payload string) {
		e, err := decode(payload)
		if err != nil {
			q.log.Warn("cannot read a worker's message", "error", err)
		}
		m.in <- e // an unreadable message is also a reason to look
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := q.subscribe(ctx, q.key("events"))
	q.tasks.Go(func() { <-q.closed; cancel() })
	q.tasks.Go(m.forward)
	q.tasks.Go(func() {
		defer close(m.in)
		s.listen(ctx, func() { m.in <- action.Event{} }, receive)
	})
	return m.out
}

// encode returns e as JSON. A fraction or speed that is infinite or not a number becomes 0, since
// JSON cannot represent it.
func encode(e action.Event) string {
	e.Fraction, e.Speed = finite(e.Fraction), finite(e.Speed)
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // the other fields are strings
	}
	return string(b)
}

// finite returns x, or 0 if it is infinite or not a number.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}

func decode(s string) (e action.Event, err error) {
	err = json.Unmarshal([]byte(s), &e)
	if err != nil {
		return action.Event{}, err
	}
	return e, nil
}

// eventBufferSize is how many events are kept for a slow reader.
const eventBufferSize = 4096

// eventBuffer takes every event at once, and passes them on as the reader comes.
type eventBuffer struct {
	in, out chan action.Event
}

// forward passes events from in to out, buffering up to eventBufferSize of them. If the buffer is
// full, it replaces all of them by one Event without a Job. When in is closed, it drops the rest
// and closes out.
func (m *eventBuffer) forward() {
	defer close(m.out)
	var kept []action.Event
	for {
		var out chan action.Event
		var next action.Event
		if len(kept) > 0 {
			out, next = m.out, kept[0]
		}
		select {
		case e, open := <-m.in:
			if !open {
				return
			}
			if len(kept) == eventBufferSize {
				kept = kept[:0] // one "look at everything" replaces them all
				e = action.Event{}
			}
			kept = append(kept, e)
		case out <- next:
			kept = kept[1:]
		}
	}
}

// subscription is to one channel, and reconnects by itself after an outage.
type subscription struct {
	pubsub *redis.PubSub
}

func (q *Queue) subscribe(ctx context.Context, channel string) subscription {
	return subscription{q.rdb.Subscribe(ctx, channel)}
}

// listen calls onMessage for every message, and onSubscribe whenever the subscription begins: at
// first, and again after each outage. It returns when ctx ends.
func (s subscription) listen(ctx context.Context, onSubscribe func(), onMessage func(string)) {
	stop := context.AfterFunc(ctx, func() { s.pubsub.Close() })
	defer stop()
	for m := range s.pubsub.ChannelWithSubscriptions(redis.WithChannelSize(eventBufferSize)) {
		switch m := m.(type) {
		case *redis.Subscription:
			onSubscribe()
		case *redis.Message:
			onMessage(m.Payload)
		}
	}
}
