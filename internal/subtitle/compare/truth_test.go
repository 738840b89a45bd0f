package compare_test

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

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// link says that a cue of the old version became one of the new, by their indices.
type link struct{ old, new int }

// trackedCue is a cue of the new version with the old ones that it was made of.
type trackedCue struct {
	conference.Cue
	from []int
}

// scenario is a way in which a file is edited. The probabilities are for each cue.
type scenario struct {
	name                                        string
	word, split, merge, insert, remove, rebreak float64
	clock                                       func(time.Duration) time.Duration
	jitter                                      time.Duration
	passage                                     string // "removed", "inserted", "moved": 5 to 30 cues
	short                                       bool   // first, half of the texts become "Yes.", "[Applause]" and the like
	translate                                   bool   // every text becomes another
}

var scenarios = []scenario{
	{name: "words in 2 % of the cues", word: 0.02},
	{name: "words in 26 % of the cues", word: 0.26},
	{name: "an opening of 12.34 s before it", word: 0.1, clock: shiftWords(12340 * time.Millisecond)},
	{name: "25 frames for 24", word: 0.1, clock: func(t time.Duration) time.Duration { return t * 24 / 25 }},
	{name: "drift of a thousandth and an offset", word: 0.1, clock: func(t time.Duration) time.Duration { return t + t/1000 - 40*time.Second }},
	{name: "every cue timed anew by hand", word: 0.1, jitter: 300 * time.Millisecond},
	{name: "lines broken anew", rebreak: 0.9, word: 0.05},
	{name: "cues inserted and deleted", insert: 0.05, remove: 0.05, word: 0.05},
	{name: "cues split and merged", split: 0.08, merge: 0.08, word: 0.05},
	{name: "a passage removed", passage: "removed", word: 0.05},
	{name: "a passage inserted", passage: "inserted", word: 0.05},
	{name: "a passage moved", passage: "moved", word: 0.05},
	{name: "short texts that come often", short: true, word: 0.1, insert: 0.03, remove: 0.03, passage: "removed", clock: shiftWords(-3 * time.Second)},
	{name: "another language", translate: true},
	{name: "another language, with an opening of 12.34 s", translate: true, clock: shiftWords(12340 * time.Millisecond)},
	{name: "another language, timed anew by hand", translate: true, jitter: 300 * time.Millisecond},
	{name: "half of the cues reworded and timed anew", word: 0.5, jitter: 300 * time.Millisecond, insert: 0.03, remove: 0.03, clock: shiftWords(5 * time.Second)},
	{name: "all of it, a minute later", word: 0.15, split: 0.02, merge: 0.02, insert: 0.02, remove: 0.02, rebreak: 0.2,
		jitter: 100 * time.Millisecond, passage: "removed", clock: shiftWords(time.Minute)},
}

func shiftWords(by time.Duration) func(time.Duration) time.Duration {
	return func(t time.Duration) time.Duration { return t + by }
}

// edit makes a new version of cues, and returns which old cues became which new ones.
func (s scenario) edit(rng *rand.Rand, cues, foreign []conference.Cue) (edited []conference.Cue, truth map[link]bool) {
	all := make([]trackedCue, len(cues))
	for i, c := range cues {
		all[i] = trackedCue{c, []int{i}}
		if s.translate {
			all[i].Text = foreign[(i*7+3)%len(foreign)].Text
		}
	}
	all = s.passages(rng, all, foreign)
	var out []trackedCue
	for n := 0; n < len(all); n++ {
		c := all[n]
		switch {
		case rng.Float64() < s.remove:
			continue
		case n+1 < len(all) && rng.Float64() < s.merge:
			next := all[n+1]
			c.Text, c.End, c.from = c.Text+"\n"+next.Text, next.End, append(slices.Clone(c.from), next.from...)
			n++
		}
		halves := []trackedCue{c}
		if rng.Float64() < s.split && len(c.from) == 1 {
			halves = split(c)
		}
		for _, h := range halves {
			if len(halves) == 1 && rng.Float64() < s.word {
				h.Text = reword(rng, h.Text)
			}
			if rng.Float64() < s.rebreak {
				h.Text = rebreak(rng, h.Text)
			}
			out = append(out, h)
		}
		if rng.Float64() < s.insert {
			f := foreign[rng.IntN(len(foreign))]
			f.Start, f.End = c.End, c.End+1500*time.Millisecond
			out = append(out, trackedCue{Cue: f})
		}
	}
	return s.retime(rng, out)
}

// passages removes, inserts or moves one passage.
func (s scenario) passages(rng *rand.Rand, all []trackedCue, foreign []conference.Cue) []trackedCue {
	size := min(5+rng.IntN(26), len(all)/4)
	from := rng.IntN(len(all) - size)
	to := from + size
	passage := slices.Clone(all[from:to])
	gap := passage[size-1].End - passage[0].Start
	shift := func(list []trackedCue, by time.Duration) {
		for i := range list {
			list[i].Start, list[i].End = list[i].Start+by, list[i].End+by
		}
	}
	switch s.passage {
	case "removed":
		shift(all[to:], -gap)
		return slices.Delete(all, from, to)
	case "inserted":
		for i := range passage {
			passage[i].from = nil
			passage[i].Text = foreign[(from+i)%len(foreign)].Text
		}
		shift(all[from:], gap)
		return slices.Insert(all, from, passage...)
	case "moved":
		shift(all[to:], -gap)
		rest := slices.Delete(all, from, to)
		at := rng.IntN(len(rest))
		shift(passage, rest[at].Start-passage[0].Start)
		shift(rest[at:], gap)
		return slices.Insert(rest, at, passage...)
	}
	return all
}

// retime moves the cues to another clock, imprecisely.
func (s scenario) retime(rng *rand.Rand, list []trackedCue) (cues []conference.Cue, truth map[link]bool) {
	truth = map[link]bool{}
	for j, c := range list {
		if s.clock != nil {
			c.Start, c.End = s.clock(c.Start), s.clock(c.End)
		}
		if s.jitter > 0 {
			c.Start += time.Duration(rng.Int64N(2*int64(s.jitter))) - s.jitter
			c.End += time.Duration(rng.Int64N(2*int64(s.jitter))) - s.jitter
		}
		c.ID = fmt.Sprintf("c%04d", j+1)
		cues = append(cues, c.Cue)
		for _, i := range c.from {
			truth[link{i, j}] = true
		}
	}
	return cues, truth
}

// split makes two cues of one, in the middle, where there is a space.
func split(c trackedCue) []trackedCue {
	words := strings.Fields(c.Text)
	if len(words) < 4 {
		return []trackedCue{c}
	}
	a, b := c, c
	half := len(words) / 2
	a.Text, b.Text = strings.Join(words[:half], " "), strings.Join(words[half:], " ")
	a.End = c.Start + (c.End-c.Start)/2
	b.Start = a.End
	return []trackedCue{a, b}
}

// reword makes a typical correction: a word removed, added or corrected.
func reword(rng *rand.Rand, text string) string {
	runes := []rune(text)
	words := strings.Split(text, " ")
	at := rng.IntN(len(words))
	switch rng.IntN(5) {
	case 0:
		if len(words) > 2 {
			return strings.Join(slices.Delete(words, at, at+1), " ")
		}
		return text + "."
	case 1:
		return strings.Join(slices.Insert(words, at, "really"), " ")
	case 2:
		words[at] = "2009"
		return strings.Join(words, " ")
	case 3:
		words[at] = strings.ToUpper(words[at]) + ","
		return strings.Join(words, " ")
	default:
		if len(runes) > 0 {
			runes[rng.IntN(len(runes))] = 'x'
		}
		return string(runes)
	}
}

// rebreak puts the line break after another word.
func rebreak(rng *rand.Rand, text string) string {
	words := strings.Fields(text)
	if len(words) < 2 {
		return text
	}
	at := 1 + rng.IntN(len(words)-1)
	return strings.Join(words[:at], " ") + "\n" + strings.Join(words[at:], " ")
}

// shortened returns the cues with half of the texts replaced by very frequent ones.
func shortened(rng *rand.Rand, cues []conference.Cue) []conference.Cue {
	often := []string{"Yes.", "No.", "[Applause]", "Okay.", "Thank you."}
	cues = slices.Clone(cues)
	for i := range cues {
		if rng.IntN(2) == 0 {
			cues[i].Text = often[rng.IntN(len(often))]
		}
	}
	return cues
}

// TestCompare_EditedRealFiles edits every file of the corpus in every way and counts the
// right matches.
func TestCompare_EditedRealFiles(t *testing.T) {
	files := corpus(t)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			var found, wanted, right int
			for n, cues := range files {
				rng := rand.New(rand.NewPCG(uint64(n), 7))
				if s.short {
					cues = shortened(rng, cues)
				}
				edited, truth := s.edit(rng, cues, files[(n+1)%len(files)])
				d := compare.Compare(cues, edited)
				expectEveryCueOnce(t, cues, edited, d)
				got := links(d)
				found, wanted = found+len(got), wanted+len(truth)
				for l := range got {
					if truth[l] {
						right++
					}
				}
			}
			precision, recall := float64(right)/float64(found), float64(right)/float64(wanted)
			t.Logf("precision %.5f, recall %.5f of %d links in %d files", precision, recall, wanted, len(files))
			if precision < 0.99 || recall < 0.99 {
				t.Errorf("precision %.4f and recall %.4f, want 0.99 of each", precision, recall)
			}
		})
	}
}

// links returns which cues a diff considers the same.
func links(d compare.Diff) map[link]bool {
	all := map[link]bool{}
	for _, c := range d.Changes {
		for _, a := range c.Old {
			for _, b := range c.New {
				all[link{a.Index - 1, b.Index - 1}] = true
			}
		}
	}
	return all
}

// corpus reads the real subtitle files that can be read and have 20 cues or more.
func corpus(t testing.TB) (files [][]conference.Cue) {
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
	return files
}
