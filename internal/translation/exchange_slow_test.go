//go:build slow

package translation

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// everyFile is the cues of every real subtitle file, by its name.
func everyFile(t testing.TB) map[string][]conference.Cue {
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

// worked is a translation of source as people leave it: split, merged, timed by hand, half
// of it missing, reviewed and remarked upon; and the source after it was edited, by which
// some of it is stale and some obsolete.
func worked(rng *rand.Rand, source []conference.Cue) (now []conference.Cue, cues []Cue) {
	own := edits{split: 0.1, merge: 0.1, leave: 0.3, jitter: 200 * time.Millisecond}
	handed, _ := own.edit(rng, translated(source), nil)
	handed = compare.Carry(nil, handed, compare.Fresh(nil))
	cues = Bound(source, handed)
	for n := range cues {
		c := &cues[n]
		if c.State == Draft {
			c.State = []State{Draft, Draft, InReview, Approved}[rng.IntN(4)]
		}
		switch rng.IntN(10) {
		case 0:
			c.Notes = []Note{{"Ana", "¿Seguro?\nNo lo sé: " + c.Text}, {"", "sí"}}
		case 1:
			c.Place = 8
		case 2:
			c.Spans = []conference.Span{{From: 0, To: len(strings.SplitN(c.Text, "\n", 2)[0]), Italic: true, Colour: "#ffff00"}}
		case 3:
			c.Start += 333333 * time.Nanosecond
		}
	}
	source, _ = revisions[4].edit(rng, source, source)
	edited, _ := revisions[1].edit(rng, source, source)
	source = compare.Carry(nil, source, compare.Fresh(nil))
	edited = compare.Carry(source, edited, compare.Fresh(idsOf(source)))
	cues, _ = Update(cues, source, edited)
	return edited, cues
}

// Every translation comes back as it went out: of every file of the corpus in PO and XLIFF
// 2, of some in the other formats.
func TestOutAndBackOfRealFiles(t *testing.T) {
	files := everyFile(t)
	for n, path := range slices.Sorted(maps.Keys(files)) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			source := files[path]
			now, cues := worked(rand.New(rand.NewPCG(uint64(n), 8)), source)
			formats := exchanges
			if n%5 > 0 {
				formats = exchanges[:2]
			}
			for _, x := range formats {
				x.returns(t, now, cues)
			}
			exchanges[n%len(exchanges)].returns(t, source, approved(source))
		})
	}
}

// approved is a translation cue by cue, with all that the file has of looks and places.
func approved(source []conference.Cue) []Cue {
	all := make([]Cue, len(source))
	for n, c := range source {
		all[n] = Cue{Cue: c, Of: []string{c.ID}, Hash: Hash(c.Text), State: Approved}
	}
	return all
}

// gettext runs a program of gettext's, or another, on a file and is what it prints.
func gettext(t *testing.T, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not here: %v", program, err)
	}
	cmd := exec.Command(program, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, &said)
	}
	if strings.Contains(said.String(), "warning") {
		t.Errorf("%s %v warns: %s", program, args, &said)
	}
	return string(out)
}

func file(t *testing.T, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What gettext makes of our files it can read, and what it writes is what went out,
// wherever it breaks lines and however it sorts.
func TestGettextTakesAndReturnsPO(t *testing.T) {
	po := exchanges[0]
	oddSource, oddCues := odd()
	realSource := longest(everyFile(t))
	realNow, realCues := worked(rand.New(rand.NewPCG(1, 2)), realSource)
	for _, c := range []struct {
		name   string
		source []conference.Cue
		cues   []Cue
	}{{"odd", oddSource, oddCues}, {"real", realNow, realCues}, {"template", realNow, nil}} {
		t.Run(c.name, func(t *testing.T) {
			out := file(t, "talk.po", po.written(t, sheetOf(c.source, c.cues)))
			gettext(t, "msgfmt", "--check", "--output-file=/dev/null", out)
			want := unlined(Cues(Units(c.source, c.cues)))
			for _, run := range [][]string{
				{"msgcat", "--width=40", out}, {"msgcat", "--no-wrap", "--sort-output", out}, {"msgcat", "--sort-by-file", "--indent", out},
				{"msgmerge", "--quiet", "--previous", out, out}, {"msgattrib", "--no-location", out},
			} {
				back := gettext(t, run[0], run[1:]...)
				got, taken := po.taken(t, back, c.source, nil)
				if got = unlined(got); !sameCues(got, want) {
					t.Errorf("%v: something came back otherwise: %s", run, differing(got, want))
				}
				if taken.Changed+taken.Emptied+len(taken.Lost) > 0 {
					t.Errorf("%v: nobody changed anything, and it says %d changed, %d emptied, lost %+v", run, taken.Changed, taken.Emptied, taken.Lost)
				}
			}
		})
	}
}

func longest(files map[string][]conference.Cue) (cues []conference.Cue) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if len(files[name]) > len(cues) {
			cues = files[name]
		}
	}
	return cues
}

func sameCues(a, b []Cue) bool { return differing(a, b) == "" }

func differing(a, b []Cue) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d cues instead of %d", len(a), len(b))
	}
	for n := range a {
		if fmt.Sprintf("%+v", a[n]) != fmt.Sprintf("%+v", b[n]) {
			return fmt.Sprintf("%+v instead of %+v", a[n], b[n])
		}
	}
	return ""
}

// A new template brings an old translation along: what gettext guesses is not taken for a
// translation.
func TestGettextMergesANewTemplate(t *testing.T) {
	po := exchanges[0]
	old := file(t, "old.po", po.written(t, sheetOf(english, Bound(english, spanish))))
	now := slices.Clone(english)
	now[1].Text = "Begin at the very end of it."
	now = append(now, conference.Cue{ID: "c0005", Start: 12 * time.Second, End: 14 * time.Second, Text: "Ten lines are quite enough."})
	template := file(t, "new.pot", po.written(t, sheetOf(now, nil)))
	merged := gettext(t, "msgmerge", "--quiet", "--previous", old, template)
	got, _ := po.taken(t, merged, now, nil)
	states := map[string]State{}
	for _, c := range got {
		states[c.ID] = c.State
		if c.ID == "c0002" && (c.Was != english[1].Text || c.Hash != Hash(english[1].Text)) {
			t.Errorf("what was reworded came as %+v", c)
		}
	}
	if states["c0001"] != Draft || states["c0002"] != NeedsEditing || states["c0005"] == Draft {
		t.Errorf("after a merge the states are %v", states)
	}
}

// translate-toolkit reads the PO, the XLIFF and the CSV, and what it writes comes back.
func TestTranslateToolkitTakesAndReturns(t *testing.T) {
	source, cues := odd()
	want := unlined(Cues(Units(source, cues)))
	for _, x := range exchanges[:3] {
		if x.name == "xliff" { // the distribution's knows only 1.2
			continue
		}
		ending := map[string]string{"po": "po", "xliff-1.2": "xlf"}[x.name]
		out := file(t, "talk."+ending, x.written(t, sheetOf(source, cues)))
		back := filepath.Join(t.TempDir(), "back."+ending)
		gettext(t, "/usr/bin/python3", "-c", reader, out, back)
		data, err := os.ReadFile(back)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := x.taken(t, string(data), source, nil)
		got, want := unlined(got), slices.Clone(want)
		if x.name == "po" { // of obsolete entries it drops the comments
			plainObsolete(got)
			plainObsolete(want)
		}
		if d := differing(got, want); d != "" {
			t.Errorf("%s: what translate-toolkit wrote came back otherwise: %s", x.name, d)
		}
	}
}

func plainObsolete(cues []Cue) {
	for n, c := range cues {
		if c.State == Obsolete {
			cues[n].Of, cues[n].Hash, cues[n].Stood = nil, "", Draft
		}
	}
}

const reader = `
import sys
from translate.storage import factory
s = factory.getobject(sys.argv[1])
assert len([u for u in s.units if u.istranslatable()]) >= 13, len(s.units)
texts = [str(u.target) for u in s.units]
assert any("es el 100%" in t for t in texts), texts
s.savefile(sys.argv[2])
`
