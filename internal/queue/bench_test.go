package queue

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
)

// BenchmarkThroughput measures jobs that do nothing, from Dispatch to the Done event, on two
// slots. The target is 500 jobs a second on the embedded Redis.
func BenchmarkThroughput(b *testing.B) {
	benchEachBackend(b, func(b *testing.B, url string) {
		q := openQueue(b, Options{URL: url, Heartbeat: defaultHeartbeat})
		events := q.Events()
		startWorker(b, q, 2, func(context.Context, action.Job, func(action.Event)) error { return nil })
		b.ResetTimer()
		go func() {
			for i := range b.N {
				if err := q.Dispatch(b.Context(), action.Job{ID: fmt.Sprintf("%064d-1", i)}, time.Minute); err != nil {
					b.Error(err)
				}
			}
		}()
		for done := 0; done < b.N; {
			if e := <-events; e.Type == action.JobDone {
				done++
			}
		}
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	})
}

// BenchmarkChain measures three jobs, each dispatched when the one before it is done. The
// target is a 95th percentile of 0.3 s.
func BenchmarkChain(b *testing.B) {
	benchEachBackend(b, func(b *testing.B, url string) {
		q := openQueue(b, Options{URL: url, Heartbeat: defaultHeartbeat})
		events := q.Events()
		startWorker(b, q, 2, func(context.Context, action.Job, func(action.Event)) error { return nil })
		var took []time.Duration
		for i := range b.N {
			start := time.Now()
			for j := range 3 {
				id := fmt.Sprintf("%d-%d", i, j)
				dispatchJobs(b, q, id)
				awaitType(b, events, action.JobDone, id)
			}
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
		b.ReportMetric(float64(took[len(took)*95/100].Milliseconds()), "p95-ms")
	})
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		q, err := Open(b.Context(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		q.Close()
	}
}

func benchEachBackend(b *testing.B, bench func(*testing.B, string)) {
	b.Run("embedded", func(b *testing.B) { bench(b, "") })
	b.Run("redis-server", func(b *testing.B) { bench(b, startRedis(b).url()) })
}
