package catalog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
)

// BenchmarkSave saves a talk of which every part changed.
func BenchmarkSave(b *testing.B) {
	c := open(b, b.TempDir())
	for n := 0; b.Loop(); n++ {
		must(c.Save(b.Context(), "ada", edited("talk", n)))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "saves/s")
}

// BenchmarkSaveSame saves a talk that is unchanged.
func BenchmarkSaveSame(b *testing.B) {
	c := open(b, b.TempDir())
	for b.Loop() {
		must(c.Save(b.Context(), "ada", edited("talk", 1)))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "saves/s")
}

// BenchmarkRecordSlots saves a run of 5,000 actions in batches.
func BenchmarkRecordSlots(b *testing.B) {
	for _, batch := range []int{1, 10, 100, 5000} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) {
			c := open(b, b.TempDir())
			must(c.Save(b.Context(), "ada", edited("talk", 1)))
			run := must(c.BeginRun(b.Context(), "talk", "bench"))
			slots := slotsFor(5000)
			at, written := 0, 0
			for b.Loop() {
				if err := c.RecordSlots(b.Context(), run, slots[at:at+batch]); err != nil {
					b.Fatal(err)
				}
				written += batch
				at = (at + batch) % len(slots)
			}
			b.ReportMetric(float64(written)/b.Elapsed().Seconds(), "slots/s")
		})
	}
}

func slotsFor(n int) []catalog.SlotResult {
	slots := make([]catalog.SlotResult, n)
	for i := range slots {
		a, preimage, err := action.New("encode", 1, fmt.Sprintf("encode/1080/r1/%d", i),
			map[string]any{"chunk": i, "width": 1920, "height": 1080}, map[string]action.Key{"recording": action.KeyOf([]byte("r"))})
		if err != nil {
			panic(err)
		}
		slots[i] = catalog.SlotResult{Slot: a.Slot, Kind: a.Kind, Key: a.Key, Preimage: preimage,
			State: catalog.SlotRan, Attempts: 1, Took: 1500 * time.Millisecond}
	}
	return slots
}
