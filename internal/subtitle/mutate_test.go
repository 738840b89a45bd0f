package subtitle_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// modelLine is a line of an SRT file of which is known what it is.
type modelLine struct {
	kind byte // 'n'umber, 't'imes, 'w'ords, or blank
	text string
}

var modelTimes = regexp.MustCompile(`^\d\d:\d\d:\d\d,\d\d\d --> \d\d:\d\d:\d\d,\d\d\d$`)

// parseModel takes a well-made SRT file apart; ok is false where it is not one.
func parseModel(file string) (lines []modelLine, ok bool) {
	file = strings.ReplaceAll(strings.TrimPrefix(file, "\ufeff"), "\r\n", "\n")
	for _, block := range regexp.MustCompile(`\n[ \t]*\n\s*`).Split(strings.TrimSpace(file), -1) {
		rows := strings.Split(block, "\n")
		if len(rows) < 3 || strings.Trim(rows[0], "0123456789") != "" || !modelTimes.MatchString(strings.TrimSpace(rows[1])) {
			return nil, false
		}
		lines = append(lines, modelLine{'n', rows[0]}, modelLine{'t', strings.TrimSpace(rows[1])})
		for _, w := range rows[2:] {
			if strings.Contains(w, "-->") {
				return nil, false
			}
			lines = append(lines, modelLine{'w', w})
		}
		lines = append(lines, modelLine{})
	}
	return lines, len(lines) > 8
}

// mutations change a file as people and programs do, without taking any words away. Some
// of the files they make are beyond understanding; then a diagnostic has to say so.
var mutations = []struct {
	name string
	line func(r *rand.Rand, l modelLine) []modelLine
}{
	{"as it is", func(_ *rand.Rand, l modelLine) []modelLine { return []modelLine{l} }},
	{"empty lines missing", some(0, func(_ *rand.Rand, l modelLine) []modelLine { return nil })},
	{"arrows broken", some('t', func(r *rand.Rand, l modelLine) []modelLine {
		arrows := []string{" -> ", " –> ", "-->", "->", " — ", " --> \t", " => ", " ---> ", " → ", " - ", " -- > "}
		return []modelLine{{'t', strings.Replace(l.text, " --> ", arrows[r.IntN(len(arrows))], 1)}}
	})},
	{"ends missing", some('t', func(_ *rand.Rand, l modelLine) []modelLine { return []modelLine{{'t', l.text[:16]}} })},
	{"times in another way", some('t', func(r *rand.Rand, l modelLine) []modelLine {
		ways := []func(string) string{
			func(s string) string { return strings.ReplaceAll(s, ",", ".") },
			func(s string) string { return strings.ReplaceAll(s, ",", ":") },
			func(s string) string { return regexp.MustCompile(`,\d\d\d`).ReplaceAllString(s, "") },
			func(s string) string { return regexp.MustCompile(`(,\d)\d\d`).ReplaceAllString(s, "$1") },
			func(s string) string { return strings.ReplaceAll(s, "00:", "") },
			func(s string) string { return s[17:] + " --> " + s[:12] },
			func(s string) string { return s + " X1:10 X2:20 Y1:30 Y2:40" },
			func(s string) string { return " \t" + s },
		}
		return []modelLine{{'t', ways[r.IntN(len(ways))](l.text)}}
	})},
	{"empty lines in captions", some('w', func(r *rand.Rand, l modelLine) []modelLine {
		return [][]modelLine{{{}, l}, {l, {}}, {{0, " \t"}, l}}[r.IntN(3)]
	})},
	{"numbers missing", some('n', func(*rand.Rand, modelLine) []modelLine { return nil })},
	{"numbers twice", some('n', func(_ *rand.Rand, l modelLine) []modelLine { return []modelLine{l, l} })},
	{"numbers odd", some('n', func(r *rand.Rand, l modelLine) []modelLine {
		return []modelLine{{'n', []string{"Intro", "1", "99999", "#" + l.text, l.text + ".", "Chapter one"}[r.IntN(6)]}}
	})},
	{"numbers apart", some('n', func(_ *rand.Rand, l modelLine) []modelLine { return []modelLine{l, {}} })},
	{"captions of numbers", some('w', func(r *rand.Rand, l modelLine) []modelLine {
		return []modelLine{l, {'w', fmt.Sprint(r.IntN(2000))}}
	})},
	{"tags", some('w', func(r *rand.Rand, l modelLine) []modelLine {
		tags := []string{"<i>", "</i>", "<b>", "</B>", "<u></u>", `<font color="red">`, "</font>", `{\an8}`, `{\i1}`, "<I>", "<br>", `{\pos(1,2)}`, "<s>"}
		words := strings.Fields(l.text)
		for range 3 {
			words = slices.Insert(words, r.IntN(len(words)+1), tags[r.IntN(len(tags))])
		}
		return []modelLine{{'w', strings.Join(words, " ")}}
	})},
	{"control characters", func(r *rand.Rand, l modelLine) []modelLine {
		if r.IntN(3) > 0 || l.text == "" {
			return []modelLine{l}
		}
		at := r.IntN(len(l.text))
		if l.text[at] >= 0x80 {
			at = 0
		}
		return []modelLine{{l.kind, l.text[:at] + []string{"\x00", "\x07\x08", "\ufeff", "\x7f", "\u0081"}[r.IntN(5)] + l.text[at:]}}
	}},
	{"what looks like something else", some('w', func(r *rand.Rand, l modelLine) []modelLine {
		like := []string{"List<String>", "a<b and c>d", "x --> y", "1 --> 2", "{b}", "&amp;", "NOTE this", "00:00", "5:30", "<", ">", "{\\frac{1}{2}}", "-->", "[br]", "*TC"}
		return []modelLine{l, {'w', like[r.IntN(len(like))] + " so"}}
	})},
}

// some applies a mutation to a third of the lines of a kind.
func some(kind byte, f func(*rand.Rand, modelLine) []modelLine) func(*rand.Rand, modelLine) []modelLine {
	return func(r *rand.Rand, l modelLine) []modelLine {
		if l.kind != kind || r.IntN(3) > 0 {
			return []modelLine{l}
		}
		return f(r, l)
	}
}

// markupLike is what a reader may take out of a text; this test must not care.
var markupLike = regexp.MustCompile(`(?i)</?[iubs]>|<br>|</?font[^>]*>|\{\\(an8|i1|pos\(1,2\))\}`)

// seen is what is left of s without markup, white space and control characters.
func seen(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\ufeff' {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.FieldsFunc(markupLike.ReplaceAllString(s, ""), unicode.IsSpace), "")
}

// Files made of real ones by the mutations are read whole: the words of every line come
// out in their order, or a diagnostic of that line says what became of it. What counts
// here is the model the file was made of, and nothing of the package.
func TestParse_MutatedFilesLoseNothingSilently(t *testing.T) {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS, the folder of real subtitle files, is not set")
	}
	paths, _ := filepath.Glob(filepath.Join(root, "*/*/*.srt"))
	files, words, told := 0, 0, 0
	for n, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		model, ok := parseModel(string(data))
		if !ok {
			continue
		}
		model = model[:min(len(model), 300)]
		for k, m := range mutations {
			for e, end := range []string{"\n", "\r\n", "\r", "\r\r\n"} {
				r := rand.New(rand.NewPCG(uint64(n), uint64(k*10+e)))
				var lines []modelLine
				for _, l := range model {
					lines = append(lines, m.line(r, l)...)
				}
				if k == 0 && e > 0 { // cut short
					lines = lines[:r.IntN(len(lines)-4)+4]
				}
				w, d := checkLines(t, fmt.Sprintf("%s, %s, %q", filepath.Base(path), m.name, end), lines, end)
				files, words, told = files+1, words+w, told+d
			}
		}
	}
	t.Logf("%d files with %d lines of words, of which %d came out otherwise and were told of", files, words, told)
	if files == 0 {
		t.Error("no file could be taken apart")
	}
}

// checkLines reads a file of lines and follows its words through what came of it.
func checkLines(t *testing.T, name string, lines []modelLine, end string) (words, told int) {
	var file strings.Builder
	for _, l := range lines {
		file.WriteString(l.text + end)
	}
	doc, err := subtitle.Parse("x.srt", []byte(file.String()), subtitle.Options{})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return 0, 0
	}
	cues := slices.Clone(doc.Cues)
	slices.SortStableFunc(cues, func(a, b conference.Cue) int { return a.Line - b.Line })
	var all strings.Builder
	for _, c := range cues {
		all.WriteString(seen(c.Text))
	}
	out := all.String()
	diagnosed := map[int]bool{}
	for _, d := range doc.Diagnostics {
		diagnosed[d.Line] = true
		if d.Severity == subtitle.Error {
			t.Errorf("%s: the gate does not agree: %+v", name, d)
		}
	}
	number := "" // of the cue, which may have been taken for text; then something is said
	for i, l := range lines {
		text := seen(l.text)
		rest, ok := strings.CutPrefix(out, text)
		if !ok && l.kind == 'w' && number != "" {
			rest, ok = strings.CutPrefix(out, number+text)
		}
		switch {
		case l.kind == 'w' && ok:
			words, out, number = words+1, rest, ""
		case l.kind == 'w' && !diagnosed[i+1]:
			t.Errorf("%s:%d: %q was lost without a word", name, i+1, l.text)
			return words, told
		case l.kind == 'w':
			words, told = words+1, told+1
		case l.kind == 'n' && diagnosedNear(diagnosed, i+1):
			number += text
		}
	}
	return words, told
}

// diagnosedNear reports whether something is said of a line or the times below it.
func diagnosedNear(diagnosed map[int]bool, line int) bool {
	return diagnosed[line] || diagnosed[line+1] || diagnosed[line+2]
}
