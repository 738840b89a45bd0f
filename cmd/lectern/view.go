package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/lectern-av/lectern/internal/conductor"
)

// view shows how a release stands.
type view interface {
	show(conductor.Status)
	end()
}

// newView is live where standard error is a terminal, and plain lines elsewhere.
func newView(t *terminal) view {
	if term.IsTerminal(int(t.err.Fd())) {
		return &liveView{
			bars:   make(map[string]*stageBar),
			screen: mpb.New(mpb.WithOutput(t.err), mpb.WithWidth(40), mpb.WithRefreshRate(120*time.Millisecond)),
		}
	}
	return &plainView{out: t.err, said: make(map[string]string), at: make(map[string]time.Time)}
}

// liveView is a bar for each stage that has something to do.
type liveView struct {
	screen *mpb.Progress
	bars   map[string]*stageBar
}

// barScale is what a full bar counts to.
const barScale = 10_000

// stageBar is one stage's bar. tell hands the words beside it to the goroutine that
// draws.
type stageBar struct {
	bar   *mpb.Bar
	tell  func(barText)
	began time.Time
	over  bool
}

type barText struct {
	count, speed, time string
}

// update moves the bar. A stage may get more to do after it seemed done, so a bar is
// complete only when no more can come.
func (b *stageBar) update(st conductor.StageStatus, complete bool) {
	if b.over {
		return
	}
	if b.began.IsZero() && st.Busy+st.Done > 0 {
		b.began = time.Now()
	}
	done := share(st)
	text := barText{count: fmt.Sprintf("%d/%d", st.Done, st.Total)}
	if st.Reused > 0 {
		text.count += fmt.Sprintf(" (+%d reused)", st.Reused)
	}
	if st.Failed > 0 {
		text.count += fmt.Sprintf(" %d FAILED", st.Failed)
	}
	if st.Speed > 0 {
		text.speed = fmt.Sprintf("%.1f×", st.Speed)
	}
	spent := time.Since(b.began)
	switch {
	case b.began.IsZero():
	case st.Done+st.Failed == st.Total:
		text.time = spent.Round(100 * time.Millisecond).String()
	case done > 0.02 && spent > 2*time.Second:
		left := time.Duration(float64(spent) * (1 - done) / done)
		text.time = "about " + left.Round(time.Second).String() + " left"
	}
	b.tell(text)
	b.over = complete && st.Done+st.Failed == st.Total
	if b.over && st.Failed == 0 {
		b.bar.SetCurrent(barScale)
		return
	}
	b.bar.SetCurrent(min(barScale-1, int64(done*barScale)))
}

func (v *liveView) show(s conductor.Status) {
	for _, st := range s.Stages {
		b := v.bars[st.Name]
		if b == nil {
			if st.Total == 0 {
				continue
			}
			b = v.add(st)
		}
		b.update(st, s.Complete)
	}
}

// add starts a bar. Its decorators run in the screen's goroutine and read a copy that
// goes with the bar's own progress.
func (v *liveView) add(st conductor.StageStatus) *stageBar {
	b := new(stageBar)
	v.bars[st.Name] = b
	texts := make(chan barText, 1)
	texts <- barText{}
	read := func(pick func(barText) string) decor.DecorFunc {
		return func(decor.Statistics) string {
			t := <-texts
			texts <- t
			return pick(t)
		}
	}
	b.bar = v.screen.New(barScale,
		mpb.BarStyle().Lbound("▕").Filler("█").Tip("█").Padding("░").Rbound("▏"),
		mpb.PrependDecorators(decor.Name(st.Name, decor.WC{W: 11, C: decor.DindentRight})),
		mpb.AppendDecorators(
			decor.Any(read(func(t barText) string { return t.count }), decor.WCSyncSpaceR),
			decor.Any(read(func(t barText) string { return t.speed }), decor.WCSyncSpace),
			decor.Any(read(func(t barText) string { return t.time }), decor.WCSyncSpaceR),
		),
	)
	b.tell = func(t barText) { <-texts; texts <- t }
	return b
}

func (v *liveView) end() {
	for _, b := range v.bars {
		b.bar.Abort(false)
	}
	v.screen.Wait()
}

// plainView is a line when a stage begins or ends, and now and then between.
type plainView struct {
	out  io.Writer
	said map[string]string
	at   map[string]time.Time
}

// plainEvery is how often a running stage may have a line.
const plainEvery = 15 * time.Second

func (v *plainView) show(s conductor.Status) {
	for _, st := range s.Stages {
		if st.Total == 0 || st.Busy == 0 && st.Done+st.Failed < st.Total {
			continue
		}
		over := s.Complete && st.Done+st.Failed == st.Total
		line := plainLine(st)
		if line == v.said[st.Name] || !over && time.Since(v.at[st.Name]) < plainEvery {
			continue
		}
		v.said[st.Name], v.at[st.Name] = line, time.Now()
		fmt.Fprintln(v.out, line)
	}
}

func plainLine(st conductor.StageStatus) string {
	parts := []string{fmt.Sprintf("%s: %d of %d", st.Name, st.Done, st.Total)}
	if st.Reused > 0 {
		parts = append(parts, fmt.Sprintf("%d reused", st.Reused))
	}
	if st.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", st.Failed))
	}
	if st.Busy > 0 && st.Speed > 0 {
		parts = append(parts, fmt.Sprintf("%.1f× real time", st.Speed))
	}
	return strings.Join(parts, ", ")
}

func (v *plainView) end() {}

// share is how much of a stage is done, from 0 to 1.
func share(st conductor.StageStatus) float64 {
	if st.Total == 0 {
		return 1
	}
	return min(1, (float64(st.Done)+st.Running)/float64(st.Total))
}

// hashLine shows how far the reading of recordings has come; short ones pass unseen.
type hashLine struct {
	out   io.Writer
	live  bool
	began time.Time
	shown time.Time
}

func newHashLine(t *terminal) *hashLine {
	return &hashLine{out: t.err, live: term.IsTerminal(int(t.err.Fd())), began: time.Now()}
}

func (l *hashLine) show(done, total int64) {
	now := time.Now()
	if now.Sub(l.began) < time.Second || now.Sub(l.shown) < time.Second/4 || !l.live && now.Sub(l.shown) < plainEvery {
		return
	}
	l.shown = now
	end := "\n"
	if l.live {
		end = "\r"
	}
	fmt.Fprintf(l.out, "reading recordings for the first time: %d%% of %.1f GB%s", done*100/total, float64(total)/1e9, end)
}

func (l *hashLine) end() {
	if l.live && !l.shown.IsZero() {
		fmt.Fprint(l.out, "\r\x1b[K")
	}
}
