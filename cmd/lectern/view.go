package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conductor"
)

// view shows how a release stands: bars where standard error is a terminal, a line now
// and then elsewhere.
type view struct {
	out    *screen
	stages map[string]*stage
	told   map[string]bool // troubles; nil: the result tells them
}

func newView(t *terminal) *view {
	return &view{out: t.err, stages: make(map[string]*stage), told: make(map[string]bool)}
}

// stage is what a view remembers of one.
type stage struct {
	name  string
	began time.Time // its first work; zero before that
	told  time.Time // its last plain line
	took  time.Duration
	over  bool    // nothing more will come
	speed float64 // times real time, evened out
	seen  time.Time
	conductor.StageStatus
}

// show takes up a status; the last one says that it is over.
func (v *view) show(s conductor.Status) {
	for _, t := range s.Troubles {
		if said := t.String(); v.told != nil && !v.told[said] {
			v.told[said] = true
			fmt.Fprintln(v.out, "trouble:", said)
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
			g = &stage{name: st.Name, told: now}
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
		v.out.draw(lines)
	}
}

// plainEvery is how often a running stage has a line where there are no bars.
const plainEvery = 15 * time.Second

// update takes up how the stage stands and reports whether that is worth a line. A stage
// may get more to do after it seemed done, as long as the plan is not complete.
func (g *stage) update(st conductor.StageStatus, complete bool, now time.Time) (news bool) {
	if g.over {
		return false
	}
	g.StageStatus = st
	if g.began.IsZero() && st.Busy+st.Done+st.Failed > 0 {
		g.began, g.told = now, now
	}
	g.evenOut(now)
	if st.Done+st.Failed == st.Total {
		g.took = cmp.Or(g.took, now.Sub(g.began))
		g.over = complete
		return g.over
	}
	g.took = 0
	if st.Busy == 0 || now.Sub(g.told) < plainEvery {
		return false
	}
	g.told = now
	return true
}

// evenOut takes up the speed: the encoders at work start slow and end in their own time,
// and nobody can read a number that jumps.
func (g *stage) evenOut(now time.Time) {
	if g.StageStatus.Speed == 0 {
		return
	}
	const over = 5 * time.Second
	weight := 1 - math.Exp(-float64(now.Sub(g.seen))/float64(over)) // 1 the first time
	g.speed += weight * (g.StageStatus.Speed - g.speed)
	g.seen = now
}

// line is the stage in words.
func (g *stage) line(now time.Time) string {
	parts := []string{fmt.Sprintf("%s: %s", g.name, g.count())}
	if !g.over {
		parts = append(parts, fmt.Sprintf("%.0f%%", 100*g.share()))
	}
	for _, p := range []string{g.pace(), g.time(now)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

// The widths of a bar's columns, in characters.
const (
	nameWidth  = 10
	countWidth = 9
	paceWidth  = 6
	timeWidth  = 17 // "about 1h20m left"
	widestBar  = 40
	leastBar   = 5
)

// bar is the stage in a line of at most that many characters.
func (g *stage) bar(width int, now time.Time) string {
	name := fmt.Sprintf("%-*s", nameWidth, g.name)
	text := fmt.Sprintf("%*s %*s  %-*s", countWidth, g.count(), paceWidth, g.pace(), timeWidth, g.time(now))
	room := min(widestBar, width-len([]rune(name))-len([]rune(text))-2)
	line := name + " " + text
	if room >= leastBar {
		full := int(g.share() * float64(room))
		line = name + " " + strings.Repeat("█", full) + strings.Repeat("░", room-full) + " " + text
	}
	r := []rune(line)
	return strings.TrimRight(string(r[:min(len(r), width)]), " ")
}

// share is how much of the stage is done, from 0 to 1.
func (g *stage) share() float64 {
	return min(1, (float64(g.Done)+g.Running)/float64(g.Total))
}

func (g *stage) count() string {
	s := fmt.Sprintf("%d of %d", g.Done, g.Total)
	if g.Failed > 0 {
		s += fmt.Sprintf(", %d failed", g.Failed)
	}
	return s
}

// pace is how many times faster than real time it goes, where that means something: not
// where streams are only copied.
func (g *stage) pace() string {
	if g.Busy == 0 || g.speed == 0 || g.speed >= 100 {
		return ""
	}
	return fmt.Sprintf("%.1f×", g.speed)
}

// time is how long it took, or may still take.
func (g *stage) time(now time.Time) string {
	spent := now.Sub(g.began)
	switch done := g.share(); {
	case g.began.IsZero():
		return ""
	case g.took > 0:
		return briefly(g.took)
	case done > 0.02 && spent > 3*time.Second:
		return "about " + briefly(time.Duration(float64(spent)*(1-done)/done).Round(time.Second)) + " left"
	}
	return ""
}

// briefly is a duration as a person says it.
func briefly(d time.Duration) string {
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

// end leaves the last state where it stands.
func (v *view) end() { v.out.leave() }

// progressLine shows in a line how far something has come that mostly is over soon.
type progressLine struct {
	out   *screen
	began time.Time
	shown time.Time
}

func newProgressLine(t *terminal) *progressLine {
	now := time.Now()
	return &progressLine{out: t.err, began: now, shown: now}
}

// show shows the line, in the manner of fmt.Printf, if it is time for it.
func (l *progressLine) show(format string, args ...any) {
	now, every := time.Now(), plainEvery
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
		l.out.draw([]string{line})
		return
	}
	fmt.Fprintln(l.out, line)
}

func (l *progressLine) end() { l.out.draw(nil) }

// hashLine shows how far the reading of recordings has come; short ones pass unseen.
type hashLine struct{ *progressLine }

func newHashLine(t *terminal) hashLine { return hashLine{newProgressLine(t)} }

func (l hashLine) show(done, total int64) {
	l.progressLine.show("reading recordings for the first time: %d%% of %.1f GB", done*100/total, float64(total)/1e9)
}
