package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// canSpeak reports whether ffmpeg was built with a speech synthesiser.
func canSpeak() bool {
	said, err := exec.Command(realFFmpeg(), "-hide_banner", "-filters").Output()
	return err == nil && listsName(string(said), "flite")
}

// speak OUT SUBTITLES makes a recording in which a voice says the subtitles at their times.
func speak(ts *testscript.TestScript, neg bool, args []string) {
	inputs := []string{"-nostdin", "-v", "error"}
	var delays, all strings.Builder
	cues := cuesOf(ts, args[1])
	for i, c := range cues {
		text := ts.MkAbs(fmt.Sprintf("cue-%d.txt", i))
		ts.Check(os.WriteFile(text, []byte(c.Text), 0o600))
		inputs = append(inputs, "-f", "lavfi", "-i", "flite=voice=slt:textfile="+text)
		fmt.Fprintf(&delays, "[%d]adelay=%d[a%[1]d];", i, c.Start.Milliseconds())
		fmt.Fprintf(&all, "[a%d]", i)
	}
	mix := fmt.Sprintf("%s%samix=inputs=%d:normalize=0", &delays, &all, len(cues))
	out, err := exec.Command(realFFmpeg(), append(inputs, "-filter_complex", mix, ts.MkAbs(args[0]))...).CombinedOutput()
	if err != nil {
		ts.Fatalf("speak: %v\n%s", err, out)
	}
}

// retime RATIO MILLISECONDS SUBTITLES OUT multiplies times and adds to them.
func retime(ts *testscript.TestScript, neg bool, args []string) {
	ratio, err := strconv.ParseFloat(args[0], 64)
	ts.Check(err)
	by, err := strconv.Atoi(args[1])
	ts.Check(err)
	moved := func(d time.Duration) time.Duration {
		return time.Duration(float64(d)*ratio).Round(time.Millisecond) + time.Duration(by)*time.Millisecond
	}
	cues := cuesOf(ts, args[2])
	for i, c := range cues {
		cues[i].Start, cues[i].End = moved(c.Start), moved(c.End)
	}
	f, err := os.Create(ts.MkAbs(args[3]))
	ts.Check(err)
	_, err = subtitle.Write(f, cues, subtitle.SRT, subtitle.WriteOptions{})
	ts.Check(err)
	ts.Check(f.Close())
}

func cuesOf(ts *testscript.TestScript, file string) []conference.Cue {
	doc, err := subtitle.Parse(file, []byte(ts.ReadFile(file)), subtitle.Options{})
	ts.Check(err)
	return doc.Cues
}

// verdict PATTERN OFFSET_MS RATIO compares the output of sync --json with the truth. An onset may be
// a tenth of a second off the cue: voices begin with a breath.
func verdict(ts *testscript.TestScript, neg bool, args []string) {
	var said struct {
		Verdict    string
		OffsetMS   float64 `json:"offset_ms"`
		Ratio      float64
		Segments   []map[string]int64
		Confidence float64
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &said))
	offset, err := strconv.ParseFloat(args[1], 64)
	ts.Check(err)
	ratio, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	if !regexp.MustCompile("^"+args[0]+"$").MatchString(said.Verdict) || math.Abs(said.OffsetMS-offset) > 100 ||
		math.Abs(said.Ratio-ratio) > 1e-5 || len(said.Segments) != 1 || said.Confidence < 0.5 {
		ts.Fatalf("it says %+v", said)
	}
}

// Ctrl-C ends the wait for a standard input that never ends, and says so.
func TestInterrupt_EndsStdinWait(t *testing.T) {
	t.Parallel()
	d := newCLITest(t)
	cmd := d.command("subtitles", "convert", "-", "out.vtt")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// It takes more than a pipe holds, so the program is reading when this is written.
	if _, err := in.Write([]byte(strings.Repeat("1\n00:00:01,000 --> 00:00:02,000\nOne.\n\n", 20_000))); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if want := "lectern: interrupted; nothing was written\n"; stderr.String() != want {
		t.Errorf("it said %q, want %q", stderr.String(), want)
	}
	if _, err := os.Stat(filepath.Join(d.dir, "out.vtt")); err == nil {
		t.Error("it wrote something")
	}
}

func TestLanguageInName(t *testing.T) {
	for name, want := range map[string]string{
		"talk.es.srt":            "es",
		"dir.fr/talk.pt-BR.vtt":  "pt-BR",
		"talk.zh_Hant.srt":       "zh-Hant",
		"talk.v2.es.srt":         "es",
		"talk.ES.srt":            "es",
		"talk.srt":               "",
		"es.srt":                 "",
		"dir.es/talk.srt":        "",
		"talk.new.srt":           "", // Newari
		"talk.bak.srt":           "", // Bashkir
		"talk.1.srt":             "",
		"talk.in-sync.srt":       "",
		"talk.es-LA.srt":         "",
		"Dr. No.srt":             "",
		"-":                      "",
		"":                       "",
		"archive/2009.en.srt.gz": "",
	} {
		if got := languageInName(name); got != want {
			t.Errorf("the language in %q is %q, want %q", name, got, want)
		}
	}
}

func TestSyncedFileName_KeepsLanguage(t *testing.T) {
	for name, want := range map[string]string{
		"talk.srt":         "talk.in-sync.srt",
		"talk.es.srt":      "talk.in-sync.es.srt",
		"talk.es.sub":      "talk.in-sync.es.srt",
		"dir.es/talk.vtt":  "dir.es/talk.in-sync.vtt",
		"talk":             "talk.in-sync.srt",
		"talk.new.pt.ttml": "talk.new.in-sync.pt.ttml",
	} {
		if got := syncedFileName(name); got != want {
			t.Errorf("the copy of %q is %q, want %q", name, got, want)
		}
	}
}
