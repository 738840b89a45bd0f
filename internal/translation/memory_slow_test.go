//go:build slow

package translation

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/subtitle"
)

// corpusTalks returns 500 talks of 600 cues each, combined from the first and second halves of
// real cues.
func corpusTalks(t testing.TB) (pairs []Pair) {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS does not name a folder of real subtitle files")
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "en", "*.srt"))
	if err != nil {
		t.Fatal(err)
	}
	var heads, tails []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := subtitle.Parse(f, data, subtitle.Options{})
		if err != nil {
			continue
		}
		for _, c := range doc.Cues {
			words := strings.Fields(c.Text)
			heads = append(heads, strings.Join(words[:len(words)/2], " "))
			tails = append(tails, strings.Join(words[len(words)/2:], " "))
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for talk := range 500 {
		for cue := range 600 {
			text := heads[rng.IntN(len(heads))] + " " + tails[rng.IntN(len(tails))]
			pairs = append(pairs, Pair{text, fmt.Sprintf("traducción %d.%d", talk, cue), "es", fmt.Sprint("talk", talk), fmt.Sprint("c", cue), Draft})
		}
	}
	return pairs
}

// In a memory of 500 talks, suggestions must be fast, and texts with up to a sixth of their
// letters changed must be found.
func TestSuggest_ConferenceSize(t *testing.T) {
	pairs := corpusTalks(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	var m Memory
	m.Add(pairs...)
	built := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	rng := rand.New(rand.NewPCG(3, 4))
	var took []time.Duration
	found := 0
	const asked = 500
	for range asked {
		p := pairs[rng.IntN(len(pairs))]
		r := []rune(p.Source)
		for range len(r) / 6 { // one letter in six is another
			r[rng.IntN(len(r))] = 'a' + rune(rng.IntN(26))
		}
		began := time.Now()
		all := m.Suggest(string(r), "es", 5)
		took = append(took, time.Since(began))
		if slices.ContainsFunc(all, func(s Suggestion) bool { return s.Translation == p.Translation }) {
			found++
		}
	}
	slices.Sort(took)
	t.Logf("%d pairs remembered in %s, %d MB; suggestions take %s, 99 in 100 of them at most %s, the slowest %s; %d of %d found again",
		len(pairs), built.Round(time.Millisecond), (after.HeapAlloc-before.HeapAlloc)>>20, took[asked/2], took[asked*99/100], took[asked-1], found, asked)
	if took[asked/2] > 20*time.Millisecond {
		t.Errorf("suggestions take %s", took[asked/2])
	}
	if found < asked*95/100 {
		t.Errorf("only %d of %d were found again", found, asked)
	}
	runtime.KeepAlive(&m)
}

func BenchmarkSuggest(b *testing.B) {
	pairs := corpusTalks(b)
	var m Memory
	m.Add(pairs...)
	for n := 0; b.Loop(); n++ {
		m.Suggest(pairs[n*7919%len(pairs)].Source+" indeed", "es", 5)
	}
}
