package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/store"
)

// BenchmarkPut measures an action that produces one small file: Scratch, write, Put.
func BenchmarkPut(b *testing.B) {
	s, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		dir, release, err := s.Scratch("bench")
		if err != nil {
			b.Fatal(err)
		}
		content := []byte(fmt.Sprintf(`{"n":%d}`, n))
		if err := os.WriteFile(filepath.Join(dir, "probe.json"), content, 0o644); err != nil {
			b.Fatal(err)
		}
		a := action.Artifact{Key: action.KeyOf(content), Kind: "probe", Files: []action.File{{Name: "probe.json"}}}
		if _, err := s.Put(b.Context(), a, dir); err != nil {
			b.Fatal(err)
		}
		if err := release(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
}
