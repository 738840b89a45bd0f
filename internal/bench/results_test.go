package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/media"
)

func round(ours, theirs float64) Round {
	return Round{Values: map[string]float64{"lectern": ours, oneFFmpeg: theirs}, Commands: []string{"lectern run"}}
}

func row(name string) Benchmark {
	return Benchmark{Name: name, Method: "How " + name + " is measured.", Evaluate: func(rounds []Round) []TableLine {
		return []TableLine{compareTimes(rounds, name, "lectern", oneFFmpeg, 0.5)}
	}}
}

func TestTableLine_MedianOfRounds(t *testing.T) {
	for name, c := range map[string]struct {
		rounds []Round
		ratio  string
		met    bool
	}{
		"one":                       {[]Round{round(4, 10)}, "0.400", true},
		"one bad round of three":    {[]Round{round(4, 10), round(90, 10), round(5, 10)}, "0.500", true},
		"slow in all":               {[]Round{round(6, 10), round(7, 10), round(8, 10)}, "0.700", false},
		"ratios are within a round": {[]Round{round(1, 1), round(40, 100), round(4, 10)}, "0.400", true},
	} {
		t.Run(name, func(t *testing.T) {
			l := row(name).Evaluate(c.rounds)[0]
			if l.Ratio != c.ratio || l.Met != c.met {
				t.Errorf("ratio %s, met %v; want %s, %v", l.Ratio, l.Met, c.ratio, c.met)
			}
		})
	}
}

func TestResultStore_ResumesInterrupted(t *testing.T) {
	b := ResultStore{Rounds: filepath.Join(t.TempDir(), "rounds")}
	this, other := Environment{Lectern: "this"}, Environment{Lectern: "other"}
	half := Result{Setting: this, Wanted: 3}
	half.add(round(1, 2))
	if err := b.save("half", half); err != nil {
		t.Fatal(err)
	}
	whole := Result{Setting: this, Wanted: 1}
	whole.add(round(1, 2))
	if err := b.save("whole", whole); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		row     string
		setting Environment
		wanted  int
		have    int // rounds that need not be measured again
	}{
		"never measured":            {"never", this, 3, 0},
		"interrupted":               {"half", this, 3, 1},
		"another program since":     {"half", other, 3, 0},
		"another number of rounds":  {"half", this, 2, 0},
		"finished, and asked again": {"whole", this, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := b.resumable(c.row, c.setting, c.wanted)
			if err != nil || len(got.Rounds) != c.have {
				t.Errorf("%d rounds, %v; want %d", len(got.Rounds), err, c.have)
			}
		})
	}
}

func TestResultStore_MergesTable(t *testing.T) {
	dir := t.TempDir()
	b := ResultStore{Table: filepath.Join(dir, "BENCHMARKS.md"), Rounds: filepath.Join(dir, "rounds")}
	rows := []Benchmark{row("first"), row("second"), row("unmeasured")}
	for _, name := range []string{"second", "first"} {
		r := Result{Setting: Environment{Machine: "2 cores", FFmpeg: "5.1", Go: "go1"}, Wanted: 1}
		r.add(round(1, 4))
		if err := b.save(name, r); err != nil {
			t.Fatal(err)
		}
		if err := b.renderTable(rows); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(b.Table)
	if err != nil {
		t.Fatal(err)
	}
	const want = tableHead +
		"| first | 1.00 s | one ffmpeg: 4.00 s | 0.250 | ≤ 0.50 | pass | 1 |\n" +
		"| second | 1.00 s | one ffmpeg: 4.00 s | 0.250 | ≤ 0.50 | pass | 1 |\n"
	if !strings.Contains(string(text), want) || !strings.Contains(string(text), "on 2 cores, with Lectern of unknown commit, ffmpeg 5.1, go1") {
		t.Errorf("the table:\n%s\nlacks:\n%s", text, want)
	}
	if strings.Contains(string(text), "unmeasured") {
		t.Error("a row that was never measured is in the table")
	}
}

func TestShim_RecordsPrograms(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	if err := os.Mkdir(log, 0o755); err != nil {
		t.Fatal(err)
	}
	tools, err := media.FindTools()
	if err != nil {
		t.Fatal(err)
	}
	if err := makeShims(tools, filepath.Join(dir, "shims")); err != nil {
		t.Fatal(err)
	}
	t.Setenv(shimLog, log)
	tools.FFmpeg = filepath.Join(dir, "shims", "ffmpeg")
	film := filepath.Join(dir, "a film.mp4")
	before := time.Now()
	for _, args := range [][]string{
		{"-f", "lavfi", "-i", "testsrc2=s=64x48:d=1", "-c:v", "libx264", film},
		{"-i", film, "-c", "copy", filepath.Join(dir, "copy.mp4")},
		{"-i", film, "-frames:v", "1", "-c:v", "mjpeg", filepath.Join(dir, "still.jpg")},
	} {
		if _, err := tools.Run(t.Context(), args, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tools.Run(t.Context(), []string{"-i", "absent.mp4", "-f", "null", "-"}, nil); err == nil {
		t.Error("the shim hides that ffmpeg failed")
	}
	took := time.Since(before).Seconds()
	all, err := readShims(log)
	if err != nil {
		t.Fatal(err)
	}
	ran := Programs(all)
	for what, c := range map[string]struct {
		are  func(Program) bool
		want int
	}{
		"programs":   {func(p Program) bool { return p.Name == "ffmpeg" }, 4},
		"encoders":   {Program.encodes, 2},
		"films":      {Program.encodesVideo, 1},
		"stills":     {Program.encodesStill, 1},
		"of a film":  {func(p Program) bool { return p.readsInput("a film.mp4") }, 2},
		"with cards": {Program.drawsCard, 0},
	} {
		if got := len(ran.filter(c.are)); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
	if span := ran.span(); span <= 0 || span > took {
		t.Errorf("all of it took %.3f s by the shim's clock, %.3f s by ours", span, took)
	}
}
