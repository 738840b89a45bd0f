//go:build slow

package translation

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// corpusPairs returns all pairs of corpus files with the same name in two languages, source
// first.
func corpusPairs(t testing.TB) (all [][2]string) {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS does not name a folder of real subtitle files")
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*", "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string][]string)
	for _, f := range files {
		names[filepath.Base(f)] = append(names[filepath.Base(f)], f)
	}
	for _, same := range names {
		for _, a := range same {
			for _, b := range same {
				if a != b {
					all = append(all, [2]string{a, b})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
	return all
}

func loadPair(t testing.TB, from, to string) Sheet {
	read := func(file string) ([]conference.Cue, string) {
		language := filepath.Base(filepath.Dir(file))
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := subtitle.Parse(filepath.Base(file), data, subtitle.Options{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		return doc.Cues, language
	}
	s := Sheet{}
	var source, target []conference.Cue
	source, s.From = read(from)
	target, s.To = read(to)
	s.Units = Units(source, LinkCues(source, target))
	return s
}

// The corpus holds published translations, which are mostly right, so nearly every finding
// about their words would be a false alarm.
func TestCheck_CorpusFalseAlarms(t *testing.T) {
	units, files, alarms := 0, 0, 0
	counts := make(map[check.Code]int)
	for n, pair := range corpusPairs(t) {
		if n%3 > 0 {
			continue
		}
		s := loadPair(t, pair[0], pair[1])
		files++
		units += len(s.Units)
		for _, f := range Check(s, check.ProfileFor(s.To), nil) {
			counts[f.Code]++
			if f.Code != MuchTooLong && f.Severity != check.Note && codeRank(f.Code) < len(rules) {
				alarms++
			}
		}
	}
	t.Logf("%d pairs, %d units, %d alarms: %v", files, units, alarms, counts)
	if 100*alarms > units {
		t.Errorf("%d alarms in %d units, more than one in a hundred", alarms, units)
	}
}

// Numbers, addresses and code words are changed or removed on purpose; the check must find
// them.
func TestCheck_CorpusSpoiltTranslations(t *testing.T) {
	for _, spoil := range []struct {
		name  string
		what  *regexp.Regexp
		make  func(string) string
		codes []check.Code
		least float64
	}{
		{"numbers changed", regexp.MustCompile(`\d{2,}`), func(s string) string { return "7" + s[1:len(s)-1] + "3" + s[len(s)-1:] }, []check.Code{NumberChanged, NameChanged}, 0.9},
		{"numbers left out", regexp.MustCompile(`\d{2,}`), func(string) string { return "" }, []check.Code{NumberMissing, NumberChanged}, 0.9},
		{"addresses misspelled", regexp.MustCompile(`\.(com|org)\b`), func(s string) string { return ".co" }, []check.Code{AddressChanged}, 0.9},
		{"code words translated", regexp.MustCompile(`\b[a-z]+[A-Z]\w*`), func(string) string { return "función" }, []check.Code{CodeWordChanged}, 0.9},
	} {
		spoilt, found := 0, 0
		for n, pair := range corpusPairs(t) {
			if n%3 > 0 {
				continue
			}
			s := loadPair(t, pair[0], pair[1])
			told := func() map[string]bool {
				all := make(map[string]bool)
				for _, f := range Check(s, check.ProfileFor(s.To), nil) {
					if slices.Contains(spoil.codes, f.Code) {
						all[f.Cue] = true
					}
				}
				return all
			}
			before := told()
			var ids []string
			for _, u := range s.Units {
				if len(u.Target) == 0 || before[u.Target[0].ID] || !spoil.what.MatchString(JoinText(u.Source)) || !spoil.what.MatchString(JoinText(PlainCues(u.Target))) {
					continue
				}
				ids = append(ids, u.Target[0].ID)
				for n := range u.Target {
					u.Target[n].Text = spoil.what.ReplaceAllStringFunc(u.Target[n].Text, spoil.make)
				}
			}
			after := told()
			for _, id := range ids {
				spoilt++
				if after[id] {
					found++
				}
			}
		}
		t.Logf("%s: %d of %d found", spoil.name, found, spoilt)
		if float64(found) < spoil.least*float64(spoilt) || spoilt == 0 {
			t.Errorf("%s: only %d of %d are found", spoil.name, found, spoilt)
		}
	}
}
