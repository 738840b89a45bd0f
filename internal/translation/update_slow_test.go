//go:build slow

package translation

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// corpusCues is the cues of every third of the real subtitle files that can be read, if there are 20
// or more.
func corpusCues(t testing.TB) (files [][]conference.Cue) {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS does not name a folder of real subtitle files")
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if doc, err := subtitle.Parse(filepath.Base(path), data, subtitle.Options{}); err == nil && len(doc.Cues) >= 20 {
			files = append(files, doc.Cues)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no file in %s could be read", root)
	}
	var some [][]conference.Cue
	for n := 0; n < len(files); n += 3 {
		some = append(some, files[n])
	}
	return some
}

// pseudoTranslate says text in a language that nobody speaks, a little longer than it was: names,
// numbers and code words stay.
func pseudoTranslate(text string) string {
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		words := strings.Fields(line)
		for i, w := range words {
			if findAnchors("x "+w) != nil {
				continue
			}
			words[i] = strings.Map(func(r rune) rune {
				switch {
				case r >= 'a' && r <= 'z':
					return 'a' + (r-'a'+13)%26
				case r >= 'A' && r <= 'Z':
					return 'A' + (r-'A'+13)%26
				case unicode.IsLetter(r) && !unicode.IsUpper(r):
					return r + 1
				}
				return r
			}, w)
			if len(words[i]) > 3 {
				words[i] = words[i][:2] + "al" + words[i][2:]
			}
		}
		lines[n] = strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}

func pseudoTranslated(cues []conference.Cue) []conference.Cue {
	all := slices.Clone(cues)
	for i := range all {
		all[i].Text, all[i].Spans = pseudoTranslate(all[i].Text), nil
	}
	return all
}

// editModel are how likely each thing happens to a cue, and what happens to the clock.
type editModel struct {
	name                                 string
	reword, split, merge, insert, remove float64
	jitter, shift                        time.Duration
}

var editModels = []editModel{
	{name: "nothing"},
	{name: "a tenth reworded", reword: 0.1},
	{name: "retimed by 300 ms", jitter: 300 * time.Millisecond, reword: 0.1},
	{name: "split and merged", split: 0.05, merge: 0.05},
	{name: "inserted and deleted", insert: 0.05, remove: 0.05},
	{name: "shifted as a whole", shift: 12340 * time.Millisecond, reword: 0.1},
	{name: "shifted to the front", shift: -2500 * time.Millisecond, reword: 0.1, remove: 0.02},
	{name: "all of it", reword: 0.1, split: 0.03, merge: 0.03, insert: 0.03, remove: 0.03, jitter: 300 * time.Millisecond, shift: 8 * time.Second},
}

// edit makes a new version of cues; good tells of each old one whether it is still there,
// by itself, with the same words.
func (e editModel) edit(rng *rand.Rand, cues, foreign []conference.Cue) (edited []conference.Cue, good []bool) {
	good = make([]bool, len(cues))
	put := func(c conference.Cue) {
		hand := func() time.Duration {
			if e.jitter == 0 {
				return 0
			}
			return time.Duration(rng.Int64N(2*int64(e.jitter))) - e.jitter
		}
		c.ID, c.Start, c.End = "", max(0, c.Start+e.shift+hand()), c.End+e.shift+hand()
		c.End = max(c.End, c.Start+100*time.Millisecond)
		edited = append(edited, c)
	}
	for n := 0; n < len(cues); n++ {
		c := cues[n]
		words := strings.Fields(c.Text)
		half := len(words) / 2
		switch p := rng.Float64(); {
		case p < e.remove:
			continue
		case p < e.remove+e.merge && n+1 < len(cues):
			n++
			c.Text, c.End, c.Spans = c.Text+" "+cues[n].Text, cues[n].End, nil
			put(c)
		case p < e.remove+e.merge+e.split && half > 1:
			a, b := c, c
			a.Text, b.Text = strings.Join(words[:half], " "), strings.Join(words[half:], " ")
			a.End = c.Start + (c.End-c.Start)/2
			b.Start, a.Spans, b.Spans = a.End, nil, nil
			put(a)
			put(b)
		case p < e.remove+e.merge+e.split+e.reword && len(words) > 0:
			at := rng.IntN(len(words))
			words[at] = []string{words[at] + "s", "really " + words[at], strings.ToUpper(words[at]) + "!", "2010"}[rng.IntN(4)]
			c.Text, c.Spans = strings.Join(words, " "), nil
			put(c)
		default:
			good[n] = true
			put(c)
		}
		if rng.Float64() < e.insert {
			f := foreign[rng.IntN(len(foreign))]
			f.Start, f.End = c.End, c.End+1500*time.Millisecond
			put(f)
		}
	}
	slices.SortStableFunc(edited, func(a, b conference.Cue) int { return int(a.Start - b.Start) })
	return edited, good
}

// What the source still says stays good, and nothing else does, in every file of the
// corpus revised in every way.
func TestUpdate_Corpus(t *testing.T) {
	files := corpusCues(t)
	for _, e := range editModels {
		t.Run(e.name, func(t *testing.T) {
			var still, wronglyGood, wronglyStale int
			for n, source := range files {
				rng := rand.New(rand.NewPCG(uint64(n), 5))
				edited, good := e.edit(rng, source, files[(n+1)%len(files)])
				edited = compare.CarryIDs(source, edited, compare.NewIDs(idsOf(source)))
				cues := pseudoTranslated(source)
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
