//go:build slow

package translation

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// translatorModel describes how a translator splits and times cues: the probability of each
// edit for a cue, the jitter of times, and which part of the talk is translated.
type translatorModel struct {
	name                      string
	split, merge, carry, omit float64 // carry: some words come with the cue before already
	jitter, shift             time.Duration
	ratio                     float64 // of its clock; 0 is 1
	half, extra               bool    // only the first half is there; credits stand before it all
}

var translatorModels = []translatorModel{
	{name: "cue by cue"},
	{name: "cue by cue, timed anew", jitter: 300 * time.Millisecond},
	{name: "split and merged", split: 0.1, merge: 0.1},
	{name: "split and merged, timed anew", split: 0.1, merge: 0.1, jitter: 200 * time.Millisecond},
	{name: "words carried over", carry: 0.1},
	{name: "cues left out", omit: 0.15},
	{name: "half of it", half: true, merge: 0.05},
	{name: "after an opening, with credits", shift: 7300 * time.Millisecond, extra: true, merge: 0.03},
	{name: "25 frames for 24", ratio: 24.0 / 25, merge: 0.03},
	{name: "two minutes later, timed anew", jitter: 300 * time.Millisecond, shift: 2 * time.Minute},
	{name: "all of it", split: 0.05, merge: 0.08, carry: 0.02, omit: 0.03, jitter: 150 * time.Millisecond, shift: -1200 * time.Millisecond},
}

// translate returns a pseudo-translation of source and the indices of the source cues that
// each translated cue was made from.
func (h translatorModel) translate(rng *rand.Rand, source []conference.Cue) (cues []conference.Cue, truth [][]int) {
	put := func(c conference.Cue, of ...int) {
		if h.ratio != 0 {
			c.Start, c.End = time.Duration(h.ratio*float64(c.Start)), time.Duration(h.ratio*float64(c.End))
		}
		c.Start, c.End = c.Start+h.shift+h.randomJitter(rng), c.End+h.shift+h.randomJitter(rng)
		c.Text, c.Spans = translationtest.PseudoTranslateText(c.Text), nil
		c.End = max(c.End, c.Start+200*time.Millisecond)
		cues, truth = append(cues, c), append(truth, of)
	}
	if h.extra {
		put(conference.Cue{Start: -6 * time.Second, End: -3 * time.Second, Text: "Translated by volunteers"})
	}
	if h.half {
		source = source[:len(source)/2]
	}
	for n := 0; n < len(source); n++ {
		c := source[n]
		words := strings.Fields(c.Text)
		half := len(words) / 2
		switch p := rng.Float64(); {
		case p < h.omit:
		case p < h.omit+h.merge && n+1 < len(source) && source[n+1].Start-c.End < 3*time.Second:
			n++
			c.Text, c.End = c.Text+" "+source[n].Text, source[n].End
			put(c, n-1, n)
		case p < h.omit+h.merge+h.split && half > 1:
			a, b := c, c
			a.Text, b.Text = strings.Join(words[:half], " "), strings.Join(words[half:], " ")
			a.End = c.Start + (c.End-c.Start)/2
			b.Start = a.End
			put(a, n)
			put(b, n)
		case p < h.omit+h.merge+h.split+h.carry && n+1 < len(source) && source[n+1].Start-c.End < time.Second:
			next := source[n+1]
			if more := strings.Fields(next.Text); len(more) >= 4 {
				half := len(more) / 2
				c.Text, next.Text = c.Text+" "+strings.Join(more[:half], " "), strings.Join(more[half:], " ")
				at := next.Start + (next.End-next.Start)/2
				c.End, next.Start = at, at
				put(c, n, n+1)
				put(next, n+1)
				n++
				continue
			}
			put(c, n)
		default:
			put(c, n)
		}
	}
	return cues, truth
}

func (h translatorModel) randomJitter(rng *rand.Rand) time.Duration {
	if h.jitter == 0 {
		return 0
	}
	return time.Duration(rng.Int64N(2*int64(h.jitter))) - h.jitter
}

func TestAlign_Corpus(t *testing.T) {
	files := translationtest.CorpusSample(t)
	for _, h := range translatorModels {
		t.Run(h.name, func(t *testing.T) {
			right, all := 0, 0
			for n, source := range files {
				rng := rand.New(rand.NewPCG(uint64(n), 11))
				cues, truth := h.translate(rng, source)
				shown := 0
				for j, links := range Align(source, cues) {
					all++
					if slices.Equal(links, truth[j]) {
						right++
					} else if shown < 1 {
						shown++
						t.Logf("file %d: cue %d, %v to %v, is bound to %v; want %v", n, j, cues[j].Start, cues[j].End, links, truth[j])
					}
				}
			}
			t.Logf("%d of %d are bound as a person would (%.2f %%)", right, all, 100*float64(right)/float64(all))
			if float64(right) < 0.97*float64(all) {
				t.Errorf("%d of %d are bound as a person would, want 97 %%", right, all)
			}
		})
	}
}
