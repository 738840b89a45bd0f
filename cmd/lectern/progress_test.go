package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conductor"
)

// A stage says how far it is, how fast it goes and how long it may take; later, how long it took.
func TestStageProgress_Text(t *testing.T) {
	start := time.Now()
	for _, c := range []struct {
		name      string
		status    conductor.StageStatus
		after     time.Duration
		line, bar string
	}{
		{
			"waiting", conductor.StageStatus{Total: 3}, 0,
			"encode: 0 of 3, 0%",
			"encode     ░░░░░░░░░░░░░░░░░░░░░░░░    0 of 3",
		}, {
			"at work", conductor.StageStatus{Total: 8, Done: 3, Busy: 2, PartlyDone: 1, Speed: 2.44}, 20 * time.Second,
			"encode: 3 of 8, 50%, 2.4×, about 20s left",
			"encode     ████████████░░░░░░░░░░░░    3 of 8   2.4×  about 20s left",
		}, {
			"for hours", conductor.StageStatus{Total: 100, Done: 10, Busy: 2, Speed: 0.3}, 30 * time.Minute,
			"encode: 10 of 100, 10%, 0.3×, about 4h30m left",
			"encode     ██░░░░░░░░░░░░░░░░░░░░░░ 10 of 100   0.3×  about 4h30m left",
		}, {
			"copying, which has no speed to speak of", conductor.StageStatus{Total: 2, Done: 1, Busy: 1, Speed: 2110}, time.Second,
			"encode: 1 of 2, 50%",
			"encode     ████████████░░░░░░░░░░░░    1 of 2",
		}, {
			"done", conductor.StageStatus{Total: 3, Done: 3}, 95 * time.Second,
			"encode: 3 of 3, 95s",
			"encode     ████████████████████████    3 of 3         95s",
		}, {
			"failed", conductor.StageStatus{Total: 3, Done: 2, Failed: 1}, 3200 * time.Millisecond,
			"encode: 2 of 3, 1 failed, 3.2s",
			"encode     ███████████░░░░░░ 2 of 3, 1 failed         3.2s",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &stageProgress{name: "encode"}
			if c.after > 0 {
				g.update(conductor.StageStatus{Total: c.status.Total, Busy: 1}, true, start)
			}
			now := start.Add(c.after)
			g.update(c.status, true, now)
			if got := g.line(now); got != c.line {
				t.Errorf("line %q\nwant %q", got, c.line)
			}
			if got := g.bar(71, now); got != c.bar {
				t.Errorf("bar  %q\nwant %q", got, c.bar)
			}
			for width := range 120 {
				if got := len([]rune(g.bar(width, now))); got > width {
					t.Fatalf("a bar for %d characters has %d", width, got)
				}
			}
		})
	}
}

// Without a terminal, a stage has a line when it ends, and one every 15 s while it runs, however
// often its status comes.
func TestStageProgress_FewPlainLines(t *testing.T) {
	g := &stageProgress{name: "encode"}
	now := time.Now()
	lines := 0
	for i := range 1000 { // 100 s
		st := conductor.StageStatus{Total: 10, Done: i / 100, Busy: 1, Speed: 1}
		if g.update(st, true, now.Add(time.Duration(i)*100*time.Millisecond)) {
			lines++
		}
	}
	for range 10 {
		if g.update(conductor.StageStatus{Total: 10, Done: 10}, true, now.Add(100*time.Second)) {
			lines++
		}
	}
	if lines != 7 {
		t.Errorf("%d lines in 100 s, want one every 15 s and one at the end: 7", lines)
	}
}

// Output goes above the block, which stays whole.
func TestTerminal_BlockStaysBelow(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/screen")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := &terminal{out: f}
	for _, step := range []func(){
		func() { s.drawBlock([]string{"one: half", "two: none"}) },
		func() { s.Write([]byte("lectern: a warning\n")) },
		func() { s.drawBlock([]string{"one: all", "two: half"}) },
		func() { s.drawBlock([]string{"two: all"}) },
		func() { s.finishBlock() },
		func() { s.Write([]byte("done\n")) },
	} {
		step()
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := renderTerminal(string(b)), "lectern: a warning\ntwo: all\ndone\n"; got != want {
		t.Errorf("the terminal shows\n%s\nwant\n%s", got, want)
	}
}

// renderTerminal returns what a terminal shows after these bytes. It knows the escape sequences that
// type terminal uses.
func renderTerminal(s string) string {
	lines, row := []string{""}, 0
	for s != "" {
		switch {
		case strings.HasPrefix(s, "\x1b["):
			end := strings.IndexAny(s, "AKJ")
			switch s[end] {
			case 'A':
				row -= int(s[2] - '0')
			case 'J':
				lines = lines[:row+1]
				lines[row] = ""
			}
			s = s[end+1:]
		case s[0] == '\n':
			if row++; row == len(lines) {
				lines = append(lines, "")
			}
			s = s[1:]
		case s[0] == '\r':
			s = s[1:]
		default:
			end := strings.IndexAny(s, "\x1b\r\n")
			lines[row] = s[:end] // always from the first column on
			s = s[end:]
		}
	}
	return strings.Join(lines, "\n")
}
