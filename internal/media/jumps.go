package media

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// ClockJump is a place in a recording at which its clock was set to another time, as where a
// recorder was started again and went on in the same file. It is no time in which nothing
// was recorded: what comes after it follows on what comes before.
type ClockJump struct {
	At time.Duration `json:"at"` // where it is, on the recording's clock without its jumps
	By time.Duration `json:"by"` // how much later the clock showed at once; below zero: earlier

	Shift   time.Duration  `json:"shift"`  // what the container's own times grow by: By, unless the clock wraps
	Resumes map[int]Resume `json:"begins"` // by stream; there is none where a stream has ended
}

// Resume is where a stream goes on after a jump.
type Resume struct {
	Packet int64         `json:"packet"` // the first after it, counted from 0 through all of the stream
	Step   time.Duration `json:"step"`   // from the time at which the packet before is read, or zero, to its own
}

const (
	minJump             = 10 * time.Second // in which neither picture nor sound has anything; below, it is a gap
	minJumpSingleStream = 10 * time.Minute // likewise, where there is only one of them: pictures of slides come slowly
	maxBackward         = time.Second      // that a clock may fall back by; where all streams do, it is a tenth
	maxSkew             = 3 * time.Second  // by which one stream may lie ahead of another in the file
	maxJumps            = 50               // jumps in a recording that makes any sense
	mpegClockWrap       = 1 << 33 * time.Second / 90_000
)

// clockMayJump reports whether the clock of a container's recorder can jump in it. Others have
// an index, or count from their beginning.
func (c container) clockMayJump() bool {
	return slices.Contains([]string{"mpegts", "mpeg", "flv"}, c.Format.Name)
}

// clockWrap is when the container's clock begins again at zero; 0 if never.
func (c container) clockWrap() time.Duration {
	if strings.HasPrefix(c.Format.Name, "mpeg") {
		return mpegClockWrap
	}
	return 0
}

// epochs finds out where a clock jumps, from packets in the order of the file. Between two
// jumps lies an epoch. Streams go from one to the next each by itself: what was muxed
// before the jump may lie behind what came after it.
type epochs struct {
	streams  map[int]*streamPosition
	leap     time.Duration // forward, by which the clock jumps
	backward time.Duration // by which it does not
	all      []epoch
	disorder bool // the streams do not jump together
}

// epoch is what goes by one setting of the clock. Times are the container's own.
type epoch struct {
	from, to time.Duration
	streams  map[int]*epochStream
}

// epochStream is the packets of one stream in an epoch. They are read from and to; they are
// shown from first to last.
type epochStream struct {
	resume      Resume
	whole       bool // the first packet can be decoded without others
	read, shown timeline.Span
}

// streamPosition shows where in the epochs a stream is.
type streamPosition struct {
	base  timeline.Rate
	epoch int           // −1: before the first
	last  timeline.Span // when that was read; zero: there was none
}

func newEpochs(streams []stream, backward time.Duration) *epochs {
	e := &epochs{streams: map[int]*streamPosition{}, leap: minJump, backward: backward}
	if len(streams) == 1 {
		e.leap = minJumpSingleStream
	}
	for _, s := range streams {
		e.streams[s.Index] = &streamPosition{base: s.timeBase(), epoch: -1}
	}
	return e
}

// add takes up the nth packet of its stream, counted from 0.
func (e *epochs) add(p packet, n int64) {
	h := e.streams[p.stream]
	if h == nil || e.disorder {
		return
	}
	if p.dts == noTime {
		p.dts = p.pts
	}
	if p.dts == noTime {
		return
	}
	if p.pts == noTime {
		p.pts = p.dts
	}
	lasts := ticksToDuration(p.duration, h.base)
	read := timeline.Span{From: ticksToDuration(p.dts, h.base)}
	read.To = read.From + lasts
	shown := shiftSpan(read, ticksToDuration(p.pts-p.dts, h.base))
	i, ok := e.epochAt(h, read.From)
	if !ok {
		e.disorder = true
		return
	}
	step := read.From - h.last.From
	h.epoch, h.last = i, read
	in := &e.all[i]
	in.from, in.to = min(in.from, read.From), max(in.to, read.To)
	of := in.streams[p.stream]
	if of == nil {
		in.streams[p.stream] = &epochStream{resume: Resume{n, step}, whole: p.key, read: read, shown: shown}
		return
	}
	of.read.To = max(of.read.To, read.To)
	of.shown.From, of.shown.To = min(of.shown.From, shown.From), max(of.shown.To, shown.To)
}

// epochAt is the epoch that a stream is in at a time.
func (e *epochs) epochAt(h *streamPosition, at time.Duration) (i int, ok bool) {
	stays := false
	if h.epoch >= 0 {
		goesOn := at >= h.last.From-e.backward
		if goesOn && at <= h.last.To+time.Second {
			return h.epoch, true
		}
		stays = goesOn && at <= e.all[h.epoch].to+e.leap
	}
	for i := h.epoch + 1; i < len(e.all); i++ {
		if at >= e.all[i].from-maxSkew && at <= e.all[i].to+maxSkew {
			return i, true
		}
	}
	newest := len(e.all) - 1
	switch {
	case stays:
		return h.epoch, true
	case h.epoch == newest:
		e.all = append(e.all, epoch{from: at, to: at, streams: map[int]*epochStream{}})
		return newest + 1, true
	case h.epoch < 0: // it begins late, or early
		return newest, true
	}
	return 0, false
}

// jumps is where the clock jumps. What comes after each is moved to where no stream of it
// overlaps what that stream has before it, and one of them leaves no gap. ok is false where
// the streams do not jump together.
func (e *epochs) jumps(wrap time.Duration) (all []ClockJump, ok bool) {
	if e.disorder || len(e.all) > maxJumps {
		return nil, false
	}
	ends := map[int]epochStream{} // of each stream, without jumps
	var moved time.Duration
	for i, now := range e.all {
		before := moved
		if i > 0 {
			moved = now.shiftAfter(ends)
			at, ok := now.startAfter(moved, ends)
			if !ok {
				return nil, false
			}
			shift := before - moved
			all = append(all, ClockJump{At: at, By: shortestShift(shift, wrap), Shift: shift, Resumes: e.resumesFrom(i)})
		}
		for s, p := range now.streams {
			ends[s] = epochStream{read: shiftSpan(p.read, moved), shown: shiftSpan(p.shown, moved)}
		}
	}
	return all, true
}

func shiftSpan(s timeline.Span, by time.Duration) timeline.Span {
	return timeline.Span{From: s.From + by, To: s.To + by}
}

// shiftAfter is how far an epoch must be moved to come after what each stream has before it.
func (e epoch) shiftAfter(ends map[int]epochStream) time.Duration {
	moved := time.Duration(math.MinInt64)
	for s, p := range e.streams {
		if end, ok := ends[s]; ok {
			moved = max(moved, end.read.To-p.read.From)
			if p.whole {
				moved = max(moved, end.shown.To-p.shown.From)
			}
		}
	}
	if moved > math.MinInt64 {
		return moved
	}
	for _, end := range ends { // other streams than before
		moved = max(moved, end.shown.To-e.from)
	}
	return moved
}

// startAfter is where a moved epoch begins, unless a stream that has nothing in it goes on
// beside it.
func (e epoch) startAfter(moved time.Duration, ends map[int]epochStream) (at time.Duration, ok bool) {
	at = math.MaxInt64
	for _, p := range e.streams {
		at = min(at, p.shown.From+moved)
	}
	for s, end := range ends {
		if e.streams[s] == nil && end.shown.To > at+maxBackward {
			return at, false
		}
	}
	return at, true
}

// resumesFrom is where each stream goes on in an epoch or, if it has nothing there, later.
func (e *epochs) resumesFrom(i int) map[int]Resume {
	all := map[int]Resume{}
	for _, epoch := range e.all[i:] {
		for s, p := range epoch.streams {
			if _, known := all[s]; !known {
				all[s] = p.resume
			}
		}
	}
	return all
}

// shortestShift is what a clock that wraps was set forward or back by.
func shortestShift(d, wrap time.Duration) time.Duration {
	switch {
	case wrap == 0:
	case d > wrap/2:
		return d - wrap
	case d < -wrap/2:
		return d + wrap
	}
	return d
}

// jumpFault is the fault of a recording whose jumps cannot be taken out.
func jumpFault(name string) *inputerr.Error {
	return inputerr.New(name, "has a clock that jumps to and fro, and not alike for picture and sound").
		Hint("Copy it again from the recorder; if it holds several recordings, hand in each of them as a file of its own, in the order they were made")
}

// jumpShift is how many ticks are added to the times of a stream's nth packet, counted from 0,
// where jumps are taken out.
func jumpShift(jumps []ClockJump, s stream, n int64) (ticks int64) {
	base := s.timeBase()
	for _, j := range jumps {
		if begin, ok := j.Resumes[s.Index]; ok && n >= begin.Packet {
			ticks -= timeline.Rescale(int64(j.Shift), base.Den, base.Num*int64(time.Second))
		}
	}
	return ticks
}

// removeJumpsFilter is the bitstream filter that takes jumps out of the times of a stream. What
// it counts in is not always what it says (ffmpeg 5.1 tells of the recording's ticks and
// counts in Matroska's), so that a jump is known by its part in the step to the next packet.
// A picture before it that has no time of its own was given one from behind it by genpts;
// it comes after the one before.
func removeJumpsFilter(jumps []ClockJump, stream int) string {
	var jumped, before strings.Builder
	for _, j := range jumps {
		if b, ok := j.Resumes[stream]; ok && b.Step != 0 {
			step := "(DTS-PREV_INDTS)"
			if b.Packet == 0 {
				step = "DTS"
			}
			fmt.Fprintf(&jumped, "+eq(N,%d)*round(%s*%d/%d)", b.Packet, step, j.Shift, b.Step)
			fmt.Fprintf(&before, "+between(N,%d,%d)", b.Packet-reorderDepth, b.Packet-1)
		}
	}
	shown := fmt.Sprintf("if((0%s)*gt(abs(PTS-DTS),100*abs(DTS-PREV_INDTS)),2*DTS-PREV_INDTS,PTS)", before.String())
	without := func(time, as string) string {
		return fmt.Sprintf("'if(eq(%s,NOPTS),NOPTS,%s-st(0,ld(0)%s))'", time, as, jumped.String())
	}
	return "setts=pts=" + without("PTS", shown) + ":dts=" + without("DTS", "DTS")
}
