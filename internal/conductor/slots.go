package conductor

import (
	"context"
	"log/slog"
)

// slotCounter is a Queue that knows how many jobs all live workers run at once.
type slotCounter interface {
	Slots(ctx context.Context) (int, error)
}

// countSlots returns how many jobs the workers of q run at once. It returns known, the last number,
// if q does not tell, and as long as no worker lives.
func countSlots(ctx context.Context, q Queue, known int, log *slog.Logger) int {
	c, ok := q.(slotCounter)
	if !ok {
		return known
	}
	n, err := c.Slots(ctx)
	if err != nil {
		if ctx.Err() == nil {
			log.Debug("count the workers' slots", "err", err)
		}
		return known
	}
	if n == 0 {
		return known
	}
	return n
}

// inFlightLimit returns how many jobs may be in the queue at once: fixed, or, if that is 0, twice as
// many as run at once and two more, so that no worker waits for its next job.
func inFlightLimit(fixed, slots int) int {
	if fixed > 0 {
		return fixed
	}
	return 2*max(1, slots) + 2
}
