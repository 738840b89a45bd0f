//go:build slow

package translation

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// In every corpus file and every kind of edit, translations of unchanged source text keep
// their state and all others lose it.
func TestUpdate_Corpus(t *testing.T) {
	files := translationtest.CorpusSample(t)
	for _, e := range translationtest.EditModels {
		t.Run(e.Name, func(t *testing.T) {
			var still, wronglyGood, wronglyStale int
			for n, source := range files {
				rng := rand.New(rand.NewPCG(uint64(n), 5))
				edited, good := e.Edit(rng, source, files[(n+1)%len(files)])
				edited = compare.CarryIDs(source, edited, compare.NewIDs(translationtest.IDs(source)))
				cues := translationtest.PseudoTranslate(source)
				for i := range cues {
					cues[i].ID = fmt.Sprint(i)
				}
				updated, report := Update(LinkCues(source, cues), source, edited)
				if len(updated) != len(cues) {
					t.Fatalf("file %d: %d of %d translated cues are left", n, len(updated), len(cues))
				}
				if total := report.Kept + report.Retimed; total == 0 {
					t.Errorf("file %d: nothing is still good", n)
				}
				for _, c := range updated {
					var i int
					fmt.Sscan(c.ID, &i)
					is := c.State == Draft
					switch {
					case good[i]:
						still++
						if !is {
							wronglyStale++
						}
					case is:
						wronglyGood++
						t.Logf("file %d: still good is %q of %q", n, c.Text, source[i].Text)
					}
				}
			}
			t.Logf("of %d still good, %d (%.2f %%) are called stale; %d are wrongly called good", still, wronglyStale, 100*float64(wronglyStale)/float64(still), wronglyGood)
			if wronglyGood > 0 || float64(wronglyStale) > 0.03*float64(still) {
				t.Errorf("%d wrongly called good, want 0; %d of %d wrongly called stale, want 3 %%", wronglyGood, wronglyStale, still)
			}
		})
	}
}
