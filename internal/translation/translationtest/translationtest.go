// Package translationtest has cues for the tests of package translation and its exchange
// formats: invented ones, those of a folder of real subtitle files, and what editors and
// translators do to them.
package translationtest

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
)

// Cues returns cues of two seconds with a second between them, with ids from c0001. A text
// such as "7 Hello" starts at second 7.
func Cues(texts ...string) (cues []conference.Cue) {
	at := time.Duration(0)
	for n, text := range texts {
		var second int
		if _, err := fmt.Sscanf(text, "%d ", &second); err == nil {
			at = time.Duration(second) * time.Second
			_, text, _ = strings.Cut(text, " ")
		}
		cues = append(cues, conference.Cue{ID: fmt.Sprintf("c%04d", n+1), Start: at, End: at + 2*time.Second, Text: text})
		at += 3 * time.Second
	}
	return cues
}

var (
	English = Cues("Good morning, everybody.", "Begin at the end of it.", "Ten lines are enough.", "Then ask your colleagues.")
	Spanish = Cues("Buenos días a todos.", "Empieza por el final.", "Diez líneas bastan.", "Luego pregunta a tus colegas.")
)

// CorpusFiles returns the cues of every subtitle file under $LECTERN_CORPUS that can be read,
// by its path. It skips the test if the variable is not set.
func CorpusFiles(t testing.TB) map[string][]conference.Cue {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS does not name a folder of real subtitle files")
	}
	files := map[string][]conference.Cue{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if doc, err := subtitle.Parse(filepath.Base(path), data, subtitle.Options{}); err == nil {
			files[path] = doc.Cues
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

// CorpusSample returns the cues of every third subtitle file under $LECTERN_CORPUS that has 20
// cues or more.
func CorpusSample(t testing.TB) (files [][]conference.Cue) {
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

// PseudoTranslateText returns a text with letters replaced and words a little longer, as a stand-in
// for a translation. Names, numbers and code words stay the same.
func PseudoTranslateText(text string) string {
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		words := strings.Fields(line)
		for i, w := range words {
			if survives(w) {
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

// PseudoTranslate translates all cues by [PseudoTranslateText], without their styles.
func PseudoTranslate(cues []conference.Cue) []conference.Cue {
	all := slices.Clone(cues)
	for i := range all {
		all[i].Text, all[i].Spans = PseudoTranslateText(all[i].Text), nil
	}
	return all
}

// EditModel describes a revision of a subtitle file: how likely each edit is for a cue, and
// how times change.
type EditModel struct {
	Name                                 string
	Reword, Split, Merge, Insert, Remove float64
	Jitter, Shift                        time.Duration
}

var EditModels = []EditModel{
	{Name: "nothing"},
	{Name: "a tenth reworded", Reword: 0.1},
	{Name: "retimed by 300 ms", Jitter: 300 * time.Millisecond, Reword: 0.1},
	{Name: "split and merged", Split: 0.05, Merge: 0.05},
	{Name: "inserted and deleted", Insert: 0.05, Remove: 0.05},
	{Name: "shifted as a whole", Shift: 12340 * time.Millisecond, Reword: 0.1},
	{Name: "shifted to the front", Shift: -2500 * time.Millisecond, Reword: 0.1, Remove: 0.02},
	{Name: "all of it", Reword: 0.1, Split: 0.03, Merge: 0.03, Insert: 0.03, Remove: 0.03, Jitter: 300 * time.Millisecond, Shift: 8 * time.Second},
}

// Edit returns cues edited at random as the model says, sorted by time. Inserted cues are taken
// from foreign. good says for each of cues whether it is still there, by itself and with the same
// words.
func (e EditModel) Edit(rng *rand.Rand, cues, foreign []conference.Cue) (edited []conference.Cue, good []bool) {
	good = make([]bool, len(cues))
	put := func(c conference.Cue) {
		hand := func() time.Duration {
			if e.Jitter == 0 {
				return 0
			}
			return time.Duration(rng.Int64N(2*int64(e.Jitter))) - e.Jitter
		}
		c.ID, c.Start, c.End = "", max(0, c.Start+e.Shift+hand()), c.End+e.Shift+hand()
		c.End = max(c.End, c.Start+100*time.Millisecond)
		edited = append(edited, c)
	}
	for n := 0; n < len(cues); n++ {
		c := cues[n]
		words := strings.Fields(c.Text)
		half := len(words) / 2
		switch p := rng.Float64(); {
		case p < e.Remove:
			continue
		case p < e.Remove+e.Merge && n+1 < len(cues):
			n++
			c.Text, c.End, c.Spans = c.Text+" "+cues[n].Text, cues[n].End, nil
			put(c)
		case p < e.Remove+e.Merge+e.Split && half > 1:
			a, b := c, c
			a.Text, b.Text = strings.Join(words[:half], " "), strings.Join(words[half:], " ")
			a.End = c.Start + (c.End-c.Start)/2
			b.Start, a.Spans, b.Spans = a.End, nil, nil
			put(a)
			put(b)
		case p < e.Remove+e.Merge+e.Split+e.Reword && len(words) > 0:
			at := rng.IntN(len(words))
			words[at] = []string{words[at] + "s", "really " + words[at], strings.ToUpper(words[at]) + "!", "2010"}[rng.IntN(4)]
			c.Text, c.Spans = strings.Join(words, " "), nil
			put(c)
		default:
			good[n] = true
			put(c)
		}
		if rng.Float64() < e.Insert {
			f := foreign[rng.IntN(len(foreign))]
			f.Start, f.End = c.End, c.End+1500*time.Millisecond
			put(f)
		}
	}
	slices.SortStableFunc(edited, func(a, b conference.Cue) int { return int(a.Start - b.Start) })
	return edited, good
}

// survives reports whether translators leave a word unchanged: it has a digit, or looks like a name
// or code.
func survives(word string) bool {
	for _, w := range strings.FieldsFunc(word, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) && r != '_' }) {
		digits := strings.ContainsFunc(w, unicode.IsDigit)
		inside := strings.ContainsFunc(w[1:], func(r rune) bool { return unicode.IsUpper(r) || r == '_' })
		if name := len(w) > 2 && w[0] >= 'A' && w[0] <= 'Z'; digits || inside || name {
			return true
		}
	}
	return false
}

// IDs returns the id of each cue, in order.
func IDs(cues []conference.Cue) []string {
	ids := make([]string, len(cues))
	for n, c := range cues {
		ids[n] = c.ID
	}
	return ids
}
