//go:build slow

package exchange

import (
	"fmt"
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
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// editedTranslation returns a realistic translation of source, split, merged, retimed, half
// complete, reviewed and commented, and the source after an edit that made some of it stale
// and some obsolete.
func editedTranslation(rng *rand.Rand, source []conference.Cue) (now []conference.Cue, cues []translation.Cue) {
	own := translationtest.EditModel{Split: 0.1, Merge: 0.1, Remove: 0.3, Jitter: 200 * time.Millisecond}
	handed, _ := own.Edit(rng, translationtest.PseudoTranslate(source), nil)
	handed = compare.CarryIDs(nil, handed, compare.NewIDs(nil))
	cues = translation.LinkCues(source, handed)
	for n := range cues {
		c := &cues[n]
		if c.State == translation.Draft {
			c.State = []translation.State{translation.Draft, translation.Draft, translation.InReview, translation.Approved}[rng.IntN(4)]
		}
		switch rng.IntN(10) {
		case 0:
			c.Notes = []translation.Note{{Author: "Ana", Text: "¿Seguro?\nNo lo sé: " + c.Text}, {Author: "", Text: "sí"}}
		case 1:
			c.Position = 8
		case 2:
			c.Spans = []conference.Span{{From: 0, To: len(strings.SplitN(c.Text, "\n", 2)[0]), Italic: true, Colour: "#ffff00"}}
		case 3:
			c.Start += 333333 * time.Nanosecond
		}
	}
	source, _ = translationtest.EditModels[4].Edit(rng, source, source)
	edited, _ := translationtest.EditModels[1].Edit(rng, source, source)
	source = compare.CarryIDs(nil, source, compare.NewIDs(nil))
	edited = compare.CarryIDs(source, edited, compare.NewIDs(idsOf(source)))
	cues, _ = translation.Update(cues, source, edited)
	return edited, cues
}

// All corpus files make the round trip in PO and XLIFF 2, every fifth in the other formats,
// too.
func TestRoundTrip_Corpus(t *testing.T) {
	files := translationtest.CorpusFiles(t)
	for n, path := range slices.Sorted(maps.Keys(files)) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			source := files[path]
			now, cues := editedTranslation(rand.New(rand.NewPCG(uint64(n), 8)), source)
			formats := testFormats
			if n%5 > 0 {
				formats = testFormats[:2]
			}
			for _, x := range formats {
				x.checkRoundTrip(t, now, cues)
			}
			testFormats[n%len(testFormats)].checkRoundTrip(t, source, approvedCopy(source))
		})
	}
}

// approvedCopy returns an approved translation equal to the source, with all its styles and
// positions.
func approvedCopy(source []conference.Cue) []translation.Cue {
	all := make([]translation.Cue, len(source))
	for n, c := range source {
		all[n] = translation.Cue{Cue: c, SourceIDs: []string{c.ID}, SourceHash: translation.HashText(c.Text), State: translation.Approved}
	}
	return all
}

// runTool runs a program of gettext's, or another, and returns its output. It skips the test
// if the program is missing.
func runTool(t *testing.T, program string, args ...string) string {
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

func writeTemp(t *testing.T, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// gettext's programs accept exported files, and what they write holds the same translation,
// however they wrap and sort it.
func TestRoundTrip_Gettext(t *testing.T) {
	po := testFormats[0]
	oddSource, oddCues := oddTranslation()
	realSource := longestFile(translationtest.CorpusFiles(t))
	realNow, realCues := editedTranslation(rand.New(rand.NewPCG(1, 2)), realSource)
	for _, c := range []struct {
		name   string
		source []conference.Cue
		cues   []translation.Cue
	}{{"odd", oddSource, oddCues}, {"real", realNow, realCues}, {"template", realNow, nil}} {
		t.Run(c.name, func(t *testing.T) {
			out := writeTemp(t, "talk.po", po.export(t, sheetOf(c.source, c.cues)))
			runTool(t, "msgfmt", "--check", "--output-file=/dev/null", out)
			want := withoutLines(translation.TargetCues(translation.Units(c.source, c.cues)))
			for _, run := range [][]string{
				{"msgcat", "--width=40", out}, {"msgcat", "--no-wrap", "--sort-output", out}, {"msgcat", "--sort-by-file", "--indent", out},
				{"msgmerge", "--quiet", "--previous", out, out}, {"msgattrib", "--no-location", out},
			} {
				back := runTool(t, run[0], run[1:]...)
				got, taken := po.merge(t, back, c.source, nil)
				if got = withoutLines(got); !sameCues(got, want) {
					t.Errorf("%v: something came back otherwise: %s", run, cueDifference(got, want))
				}
				if taken.Changed+taken.Emptied+len(taken.Lost) > 0 {
					t.Errorf("%v: nobody changed anything, and it says %d changed, %d emptied, lost %+v", run, taken.Changed, taken.Emptied, taken.Lost)
				}
			}
		})
	}
}

func longestFile(files map[string][]conference.Cue) (cues []conference.Cue) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if len(files[name]) > len(cues) {
			cues = files[name]
		}
	}
	return cues
}

func sameCues(a, b []translation.Cue) bool { return cueDifference(a, b) == "" }

func cueDifference(a, b []translation.Cue) string {
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

// After msgmerge with a new template, translations are kept, and gettext's fuzzy guesses are
// not taken for translations.
func TestMerge_GettextTemplate(t *testing.T) {
	po := testFormats[0]
	old := writeTemp(t, "old.po", po.export(t, sheetOf(translationtest.English, translation.LinkCues(translationtest.English, translationtest.Spanish))))
	now := slices.Clone(translationtest.English)
	now[1].Text = "Begin at the very end of it."
	now = append(now, conference.Cue{ID: "c0005", Start: 12 * time.Second, End: 14 * time.Second, Text: "Ten lines are quite enough."})
	template := writeTemp(t, "new.pot", po.export(t, sheetOf(now, nil)))
	merged := runTool(t, "msgmerge", "--quiet", "--previous", old, template)
	got, _ := po.merge(t, merged, now, nil)
	states := map[string]translation.State{}
	for _, c := range got {
		states[c.ID] = c.State
		if c.ID == "c0002" && (c.PreviousSource != translationtest.English[1].Text || c.SourceHash != translation.HashText(translationtest.English[1].Text)) {
			t.Errorf("what was reworded came as %+v", c)
		}
	}
	if states["c0001"] != translation.Draft || states["c0002"] != translation.NeedsEditing || states["c0005"] == translation.Draft {
		t.Errorf("after a merge the states are %v", states)
	}
}

// translate-toolkit reads PO and XLIFF 1.2 and writes them back with the same translation.
func TestRoundTrip_TranslateToolkit(t *testing.T) {
	source, cues := oddTranslation()
	want := withoutLines(translation.TargetCues(translation.Units(source, cues)))
	for _, x := range testFormats[:3] {
		if x.name == "xliff" { // the distribution's knows only 1.2
			continue
		}
		ending := map[string]string{"po": "po", "xliff-1.2": "xlf"}[x.name]
		out := writeTemp(t, "talk."+ending, x.export(t, sheetOf(source, cues)))
		back := filepath.Join(t.TempDir(), "back."+ending)
		runTool(t, "/usr/bin/python3", "-c", toolkitScript, out, back)
		data, err := os.ReadFile(back)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := x.merge(t, string(data), source, nil)
		got, want := withoutLines(got), slices.Clone(want)
		if x.name == "po" { // of obsolete entries it drops the comments
			plainObsolete(got)
			plainObsolete(want)
		}
		if d := cueDifference(got, want); d != "" {
			t.Errorf("%s: what translate-toolkit wrote came back otherwise: %s", x.name, d)
		}
	}
}

func plainObsolete(cues []translation.Cue) {
	for n, c := range cues {
		if c.State == translation.Obsolete {
			cues[n].SourceIDs, cues[n].SourceHash, cues[n].PreviousState = nil, "", translation.Draft
		}
	}
}

const toolkitScript = `
import sys
from translate.storage import factory
s = factory.getobject(sys.argv[1])
assert len([u for u in s.units if u.istranslatable()]) >= 13, len(s.units)
texts = [str(u.target) for u in s.units]
assert any("es el 100%" in t for t in texts), texts
s.savefile(sys.argv[2])
`
