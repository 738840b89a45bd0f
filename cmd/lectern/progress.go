package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conductor"
)

// progress shows the progress of a build: bars on a terminal, otherwise a line now and then.
type progress struct {
	out            *terminal
	stages         map[string]*stageProgress
	reportedIssues map[string]bool // troubles; nil: the result tells them
}

func newProgress(t *console) *progress {
	return &progress{out: t.err, stages: make(map[string]*stageProgress), reportedIssues: make(map[string]bool)}
}

// stageProgress is the progress of one stage.
type stageProgress struct {
	name       string
	began      time.Time // its first work; zero before that
	lastLine   time.Time // its last plain line
	took       time.Duration
	finished   bool    // nothing more will come
	speed      float64 // times real time, evened out
	lastSample time.Time
	conductor.StageStatus
}

// update shows the present status of the build: as bars on a terminal, else as a line for each
// stage now and then. It prints each issue of the recordings once.
func (v *progress) update(s conductor.Status) {
	for _, t := range s.Issues {
		if said := t.String(); v.reportedIssues != nil && !v.reportedIssues[said] {
			v.reportedIssues[said] = true
			fmt.Fprintln(v.out, "issue:", said)
		}
	}
	now := time.Now()
	var lines []string
	width, live := v.out.width()
	for _, st := range s.Stages {
		if st.Total == 0 {
			continue
		}
		g := v.stages[st.Name]
		if g == nil {
			g = &stageProgress{name: st.Name, lastLine: now}
			v.stages[st.Name] = g
		}
		news := g.update(st, s.Complete, now)
		if live {
			lines = append(lines, g.bar(width-1, now)) // the last column would wrap
		} else if news {
			fmt.Fprintln(v.out, g.line(now))
		}
	}
	if live {
		v.out.drawBlock(lines)
	}
}

// plainLineInterval is how often a running stage prints a line where there are no bars.
const plainLineInterval = 15 * time.Second

// update stores a new status of the stage, and reports whether to print a line now: when the stage
// finishes, or when it is busy and the last line is old. complete is false while the plan may still
// add actions; until then, a stage does not count as finished.
func (g *stageProgress) update(st conductor.StageStatus, complete bool, now time.Time) (news bool) {
	if g.finished {
		return false
	}
	g.StageStatus = st
	if g.began.IsZero() && st.Busy+st.Done+st.Failed > 0 {
		g.began, g.lastLine = now, now
	}
	g.smoothSpeed(now)
	if st.Done+st.Failed == st.Total {
		g.took = cmp.Or(g.took, now.Sub(g.began))
		g.finished = complete
		return g.finished
	}
	g.took = 0
	if st.Busy == 0 || now.Sub(g.lastLine) < plainLineInterval {
		return false
	}
	g.lastLine = now
	return true
}

// smoothSpeed updates the shown speed to a moving average over some seconds. The speed itself jumps
// too much to be read, since encoders start slowly and end at different times.
func (g *stageProgress) smoothSpeed(now time.Time) {
	if g.StageStatus.Speed == 0 {
		return
	}
	const over = 5 * time.Second
	weight := 1 - math.Exp(-float64(now.Sub(g.lastSample))/float64(over)) // 1 the first time
	g.speed += weight * (g.StageStatus.Speed - g.speed)
	g.lastSample = now
}

// line returns the progress of the stage as one line of text.
func (g *stageProgress) line(now time.Time) string {
	parts := []string{fmt.Sprintf("%s: %s", g.name, g.countText())}
	if !g.finished {
		parts = append(parts, fmt.Sprintf("%.0f%%", 100*g.fraction()))
	}
	for _, p := range []string{g.speedText(), g.timeText(now)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

// Widths of a bar's columns, in characters.
const (
	nameWidth   = 10
	countWidth  = 9
	speedWidth  = 6
	timeWidth   = 17 // "about 1h20m left"
	maxBarWidth = 40
	minBarWidth = 5
)

// bar returns the progress of the stage as a line with a bar, of at most width characters. On a
// narrow terminal the bar is left out.
func (g *stageProgress) bar(width int, now time.Time) string {
	name := fmt.Sprintf("%-*s", nameWidth, g.name)
	text := fmt.Sprintf("%*s %*s  %-*s", countWidth, g.countText(), speedWidth, g.speedText(), timeWidth, g.timeText(now))
	room := min(maxBarWidth, width-len([]rune(name))-len([]rune(text))-2)
	line := name + " " + text
	if room >= minBarWidth {
		full := int(g.fraction() * float64(room))
		line = name + " " + strings.Repeat("█", full) + strings.Repeat("░", room-full) + " " + text
	}
	r := []rune(line)
	return strings.TrimRight(string(r[:min(len(r), width)]), " ")
}

// fraction returns how much of the stage is done, from 0 to 1.
func (g *stageProgress) fraction() float64 {
	return min(1, (float64(g.Done)+g.PartlyDone)/float64(g.Total))
}

func (g *stageProgress) countText() string {
	s := fmt.Sprintf("%d of %d", g.Done, g.Total)
	if g.Failed > 0 {
		s += fmt.Sprintf(", %d failed", g.Failed)
	}
	return s
}

// speedText returns the speed as a multiple of real time, such as "2.5×". It returns "" if the
// stage is idle, or if the speed is at least 100 and so means nothing, as when streams are copied.
func (g *stageProgress) speedText() string {
	if g.Busy == 0 || g.speed == 0 || g.speed >= 100 {
		return ""
	}
	return fmt.Sprintf("%.1f×", g.speed)
}

// timeText returns how long the stage took or about how long it will still take, or "" if neither
// is known.
func (g *stageProgress) timeText(now time.Time) string {
	spent := now.Sub(g.began)
	switch done := g.fraction(); {
	case g.began.IsZero():
		return ""
	case g.took > 0:
		return shortDuration(g.took)
	case done > 0.02 && spent > 3*time.Second:
		return "about " + shortDuration(time.Duration(float64(spent)*(1-done)/done).Round(time.Second)) + " left"
	}
	return ""
}

// shortDuration returns a duration rounded for people, such as "4.5s", "45s", "12 min" or "1h20m".
func shortDuration(d time.Duration) string {
	switch {
	case d < 10*time.Second && d%time.Second != 0:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// finish leaves the bars as they are on the terminal. Later output appears below them.
func (v *progress) finish() { v.out.finishBlock() }

// progressLine shows the progress of something that is usually done in a moment, in one line.
type progressLine struct {
	out   *terminal
	began time.Time
	shown time.Time
}

func newProgressLine(t *console) *progressLine {
	now := time.Now()
	return &progressLine{out: t.err, began: now, shown: now}
}

// show formats and shows the line. It shows nothing in the first second, or if the last line was
// shown a moment ago: a quarter of a second on a terminal, plainLineInterval elsewhere.
func (l *progressLine) show(format string, args ...any) {
	now, every := time.Now(), plainLineInterval
	_, live := l.out.width()
	if live {
		every = time.Second / 4
	}
	if now.Sub(l.began) < time.Second || now.Sub(l.shown) < every {
		return
	}
	l.shown = now
	line := fmt.Sprintf(format, args...)
	if live {
		l.out.drawBlock([]string{line})
		return
	}
	fmt.Fprintln(l.out, line)
}

func (l *progressLine) end() { l.out.drawBlock(nil) }

// hashProgress shows the progress of hashing recordings.
type hashProgress struct{ *progressLine }

func newHashProgress(t *console) hashProgress { return hashProgress{newProgressLine(t)} }

func (l hashProgress) show(done, total int64) {
	l.progressLine.show("hashing new recordings: %d%% of %.1f GB", done*100/total, float64(total)/1e9)
}
