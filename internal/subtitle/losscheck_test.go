package subtitle

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// samples is a small file of every format, which the gate's tests take apart.
var samples = map[string]string{
	"srt":    "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i> R&D\n\nworld\n\nx\n2\n00:00:03,000 -> 00:00:04,000\n{\\an8}List<String> 42\n43\n\n3\n00:00:05,000 --> 00:00:06,000\n42\n",
	"vtt":    "WEBVTT\n\nNOTE no\n\na name\n00:01.000 --> 00:02.000 line:0\n<v Ada>Hello</v> R&amp;D\nworld\n\n00:03.000 --> 00:04.000\na<b and c>d &lt;i&gt;\n",
	"sbv":    "0:00:01.000,0:00:02.500\nHello\nworld\n\n0:00:03.000,0:00:04.000\nBye\n",
	"sub":    "00:00:01.00,00:00:02.50\nHello[br]world\n\n00:00:03.00,00:00:04.00\nBye|so\n",
	"sub1":   "[00:00:01]\nHello|world\n[00:00:03]\n\n[00:00:05]\nBye\n",
	"stc":    "*TC 00:00:01;00\nHello\n\n*TC 00:01:00;02 there\nworld\n",
	"mdvd":   "{1}{1}25\n{25}{50}Hello|world\n{75}{100}{y:i}so\n",
	"spruce": "00:00:01:00 , 00:00:02:00 , Hello|^Iworld^I\n00:00:03:00 , 00:00:04:00 , Bye\n",
	"ass":    "[Script Info]\n\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,Hello, {\\i1}you\\Nthere\nDialogue: 0:00:03.00,0:00:04.00,Bye\n",
	"ttml":   "<tt><body><div><p begin=\"1s\" end=\"2s\">Hello <span>R&amp;D</span><br/>you</p>\n<p begin=\"3s\" end=\"4s\">Bye</p></div></body></tt>",
}

// damages are ways in which a parser could lose or change what it reads.
var damages = map[string]func(r *rand.Rand, cues []conference.Cue) []conference.Cue{
	"a cue is lost": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		i := r.IntN(len(cues))
		return slices.Delete(cues, i, i+1)
	},
	"a character is lost": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		return changeOneCue(r, cues, func(string) string { return "" })
	},
	"a character is another": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		return changeOneCue(r, cues, func(string) string { return "¿" })
	},
	"a character comes twice": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		return changeOneCue(r, cues, func(s string) string { return s + s })
	},
	"the rest of a cue is lost": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		c := &cues[r.IntN(len(cues))]
		_, n := utf8.DecodeLastRuneInString(c.Text)
		c.Text = strings.TrimSpace(c.Text[:len(c.Text)-n])
		return cues
	},
	"two cues became one": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		if len(cues) < 2 {
			return nil
		}
		i := r.IntN(len(cues) - 1)
		cues[i].Text += "\n" + cues[i+1].Text
		return slices.Delete(cues, i+1, i+2)
	},
	"a text went to the next cue": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		if len(cues) < 2 {
			return nil
		}
		i := r.IntN(len(cues) - 1)
		_, n := utf8.DecodeLastRuneInString(cues[i].Text)
		at := len(cues[i].Text) - n
		cues[i].Text, cues[i+1].Text = cues[i].Text[:at], cues[i].Text[at:]+cues[i+1].Text
		return cues
	},
	"a cue comes twice": func(r *rand.Rand, cues []conference.Cue) []conference.Cue {
		i := r.IntN(len(cues))
		return slices.Insert(cues, i, cues[i])
	},
}

// changeOneCue is cues with one visible character changed.
func changeOneCue(r *rand.Rand, cues []conference.Cue, change func(string) string) []conference.Cue {
	c := &cues[r.IntN(len(cues))]
	var at []int
	for i, r := range c.Text {
		if !isUnseen(r) {
			at = append(at, i)
		}
	}
	i := at[r.IntN(len(at))]
	_, n := utf8.DecodeRuneInString(c.Text[i:])
	c.Text = c.Text[:i] + change(c.Text[i:i+n]) + c.Text[i+n:]
	return cues
}

// Whatever a parser loses, the gate finds: here it is lost behind the parser's back.
func TestLossCheck_FindsWhatIsLost(t *testing.T) {
	files := map[string][]byte{"ebu": ebuSample()}
	for name, s := range samples {
		files[name] = []byte(s)
	}
	for _, path := range corpusFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = data
	}
	r := rand.New(rand.NewPCG(1, 2))
	tried := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data := files[name]
		p, gate, err := readUnchecked(name, data, Options{})
		if err != nil {
			if !strings.Contains(name, "README") {
				t.Error(err)
			}
			continue
		}
		p.sortExplained()
		if gate(); diagnosticsText(&p.reporter) != "" {
			t.Errorf("%s: the gate finds fault with what was read: %s", name, diagnosticsText(&p.reporter))
		}
		whole := p.doc.Cues
		for _, what := range slices.Sorted(maps.Keys(damages)) {
			damage := damages[what]
			if name == "ebu" && (what == "a character is another" || what == "a cue comes twice") {
				continue // it counts, and knows the cues by their block
			}
			cues := damage(r, slices.Clone(whole))
			if cues == nil {
				continue
			}
			p.doc.Cues, p.all = cues, nil
			p.counts = nil
			if gate(); diagnosticsText(&p.reporter) == "" {
				t.Errorf("%s: %s, and the gate did not see it", name, what)
			}
			tried++
		}
	}
	t.Logf("%d damages to %d files", tried, len(files))
}

// diagnosticsText is the errors of a report.
func diagnosticsText(r *reporter) (s string) {
	for _, d := range r.all {
		if d.Severity == Error {
			s += fmt.Sprintf("%d %s %s; ", d.Line, d.Code, d.Message)
		}
	}
	return s
}

// corpusFiles is the real files, if there are any.
func corpusFiles(t testing.TB) (files []string) {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Log("LECTERN_CORPUS, the folder of real subtitle files, is not set")
		return nil
	}
	for _, pattern := range []string{"*", "*/*", "*/*/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				files = append(files, path)
			}
		}
	}
	return files
}

// ebuSample is an EBU STL file of three subtitles: one in two blocks, with letters of
// two bytes, a comment, and a cumulative set.
func ebuSample() []byte {
	gsi := []byte(strings.Repeat(" ", gsiSize))
	copy(gsi[3:], "STL25.01")
	gsi[11] = '0'
	copy(gsi[12:], "0009")
	copy(gsi[256:], "10000000")
	block := func(n, ebn, status byte, from, to byte, comment byte, text string) []byte {
		b := make([]byte, ttiSize)
		b[1], b[3], b[4] = n, ebn, status
		copy(b[5:], []byte{10, 0, from, 0, 10, 0, to, 0, 20, 2, comment})
		for i := 16; i < ttiSize; i++ {
			b[i] = 0x8f
		}
		copy(b[16:], text)
		return b
	}
	long := strings.Repeat("0123456789", 11) + "xx"
	return slices.Concat(gsi,
		block(0, 0xff, 0, 0, 0, 1, "made by hand"),
		block(1, 0, 0, 1, 3, 0, long), block(1, 0xff, 0, 1, 3, 0, "Caf\xc2e\x8a\x80there\x81\x03all"),
		block(2, 0xff, 1, 4, 5, 0, "one"), block(3, 0xff, 3, 5, 6, 0, "two"))
}

func TestParse_EBU(t *testing.T) {
	doc, err := Parse("x", ebuSample(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{strings.Repeat("0123456789", 11) + "xxCafé\nthere all", "one", "two"}
	for i, c := range doc.Cues {
		if c.Text != want[i] {
			t.Errorf("%q is not %q", c.Text, want[i])
		}
	}
	if s := doc.Cues[0].Spans; len(s) != 2 || !s[0].Italic || s[1].Colour != "#ffff00" {
		t.Errorf("looks %+v", s)
	}
	if c := doc.Cues[1]; c.Start.Seconds() != 4 || c.End.Seconds() != 6 || doc.Format != STL {
		t.Errorf("the first of a set is shown %v–%v", c.Start, c.End)
	}
}
