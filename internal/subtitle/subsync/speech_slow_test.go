//go:build slow

package subsync_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// hz is the sample rate of speech.
const hz = 16000

// TestMain keeps the speech synthesised for one test for the others, or, in the folder
// LECTERN_SPEECH, from one run to the next.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		if os.Getenv("LECTERN_SPEECH") == "" {
			dir, err := os.MkdirTemp("", "speech")
			if err != nil {
				panic(err)
			}
			defer os.RemoveAll(dir)
			os.Setenv("LECTERN_SPEECH", dir)
		}
		return m.Run()
	}())
}

// utterance is what a synthesiser says in one go.
type utterance struct {
	from, to time.Duration
	text     string
	voice    string
	pcm      []float32
}

// caption files of the corpus as they were left: a tiny reader will do, since these are sound.
var timing = regexp.MustCompile(`(\d+):(\d\d):(\d\d),(\d\d\d) --> (\d+):(\d\d):(\d\d),(\d\d\d)`)

// captions reads the cues of an SRT file up to a length.
func captions(t *testing.T, path string, length time.Duration) (cues []conference.Cue) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToValidUTF8(strings.ReplaceAll(string(raw), "\r", ""), "")
	for _, block := range strings.Split(text, "\n\n") {
		m := timing.FindStringSubmatchIndex(block)
		if m == nil {
			continue
		}
		c := conference.Cue{Start: clockAt(block, m[2:10]), End: clockAt(block, m[10:18]), Text: strings.TrimSpace(block[m[1]:])}
		if c.Start < length {
			cues = append(cues, c)
		}
	}
	return cues
}

// clockAt returns the time whose four fields are at the pairs of bounds m.
func clockAt(s string, m []int) (at time.Duration) {
	units := [...]time.Duration{time.Hour, time.Minute, time.Second, time.Millisecond}
	for i, u := range units {
		var n int
		fmt.Sscan(strings.TrimLeft(s[m[2*i]:m[2*i+1]], "0")+" ", &n)
		at += time.Duration(n) * u
	}
	return at
}

// byCue returns an utterance for every cue.
func byCue(cues []conference.Cue) (all []utterance) {
	for _, c := range cues {
		all = append(all, utterance{from: c.Start, to: c.End, text: c.Text})
	}
	return all
}

// bySentence returns an utterance for every sentence, over as many cues as it takes, so that
// most cues begin without an onset.
func bySentence(cues []conference.Cue) (all []utterance) {
	open := false
	for _, c := range cues {
		if open && c.Start-all[len(all)-1].to < 300*time.Millisecond {
			u := &all[len(all)-1]
			u.to, u.text = c.End, u.text+" "+c.Text
		} else {
			all = append(all, utterance{from: c.Start, to: c.End, text: c.Text})
		}
		open = !strings.ContainsAny(c.Text[max(0, len(c.Text)-2):], ".?!") && all[len(all)-1].to-all[len(all)-1].from < 15*time.Second
	}
	return all
}

// assignVoices gives the speakers turns of two minutes.
func assignVoices(all []utterance, voices ...string) []utterance {
	for i := range all {
		all[i].voice = voices[int(all[i].from/(2*time.Minute))%len(voices)]
	}
	return all
}

// speak synthesises the utterances with flite, inside ffmpeg.
func speak(t *testing.T, name string, all []utterance) {
	t.Helper()
	dir := filepath.Join(os.Getenv("LECTERN_SPEECH"), name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const together = 40 // a process costs more than a sentence
	for n := 0; n < len(all); n += together {
		args := []string{"-v", "error", "-y"}
		var outs []string
		for i := n; i < min(n+together, len(all)); i++ {
			text, pcm := filepath.Join(dir, fmt.Sprintf("%04d.txt", i)), filepath.Join(dir, fmt.Sprintf("%04d.pcm", i))
			if _, err := os.Stat(pcm); err == nil {
				continue
			}
			if err := os.WriteFile(text, []byte(all[i].text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			input := "flite=textfile=" + text + ":voice=" + all[i].voice
			args = append(args, "-f", "lavfi", "-i", input)
			outs = append(outs, "-map", fmt.Sprint(len(outs)/9), "-ar", fmt.Sprint(hz), "-ac", "1", "-f", "s16le", pcm)
			outs = outs[:len(outs):len(outs)]
		}
		if len(outs) > 0 {
			run(t, "ffmpeg", append(args, outs...)...)
		}
	}
	for i := range all {
		raw, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%04d.pcm", i)))
		if err != nil {
			t.Fatal(err)
		}
		all[i].pcm = trimSilence(raw)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// trimSilence returns 16 bit sound without the silence at its ends, at an even loudness.
func trimSilence(raw []byte) []float32 {
	x := make([]float32, len(raw)/2)
	var peak float32
	for i := range x {
		x[i] = float32(int16(binary.LittleEndian.Uint16(raw[2*i:]))) / 32768
		peak = max(peak, x[i], -x[i])
	}
	from, to := 0, len(x)
	for from < to && max(x[from], -x[from]) < peak/50 {
		from++
	}
	for to > from && max(x[to-1], -x[to-1]) < peak/50 {
		to--
	}
	x = x[from:to]
	for i := range x {
		x[i] *= 0.3 / peak
	}
	return x
}
