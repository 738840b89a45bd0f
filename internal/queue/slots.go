package queue

import (
	"context"
	"fmt"
	"strconv"
)

// Slots returns how many jobs all live workers run at once, without the slots that only take quick
// jobs. A worker that was killed counts until its last heartbeat is three intervals old.
func (q *Queue) Slots(ctx context.Context) (int, error) {
	names, err := q.rdb.SMembers(ctx, q.key("workers")).Result()
	if err != nil || len(names) == 0 {
		return 0, wrapSlots(err)
	}
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = q.key("slots", name)
	}
	values, err := q.rdb.MGet(ctx, keys...).Result()
	if err != nil {
		return 0, wrapSlots(err)
	}
	total := 0
	var gone []any
	for i, value := range values {
		text, ok := value.(string)
		n, err := strconv.Atoi(text)
		if !ok || err != nil {
			gone = append(gone, names[i])
			continue
		}
		total += n
	}
	if len(gone) > 0 { // a worker that is only late adds itself again
		err = q.rdb.SRem(ctx, q.key("workers"), gone...).Err()
	}
	return total, wrapSlots(err)
}

func wrapSlots(err error) error {
	if err != nil {
		return fmt.Errorf("count the slots of the workers: %w", err)
	}
	return nil
}

// announceSlots writes the number of the worker's slots for [Queue.Slots]. It logs a failure and
// does not return it, as the next heartbeat writes it again.
func (w *worker) announceSlots(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.heartbeat)
	defer cancel()
	p := w.rdb.Pipeline()
	p.SAdd(ctx, w.key("workers"), w.Worker)
	p.Set(ctx, w.key("slots", w.Worker), w.ServeOptions.Slots, w.heartbeatTTL())
	if _, err := p.Exec(ctx); err != nil {
		w.log.Debug("cannot announce the worker's slots", "error", err)
	}
}

// withdrawSlots removes the worker from those that [Queue.Slots] counts.
func (w *worker) withdrawSlots(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.heartbeat)
	defer cancel()
	p := w.rdb.Pipeline()
	p.SRem(ctx, w.key("workers"), w.Worker)
	p.Del(ctx, w.key("slots", w.Worker))
	if _, err := p.Exec(ctx); err != nil {
		w.log.Debug("cannot withdraw the worker's slots", "error", err)
	}
}
