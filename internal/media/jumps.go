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

// ClockJump is a place in a recording where its clock was set to another time, as when a
// recorder was restarted and continued the same file. No time is missing there: what comes
// after it follows directly on what comes before.
type ClockJump struct {
	At time.Duration `json:"at"` // on the recording's clock without jumps
	By time.Duration `json:"by"` // positive: the clock was set forward

	Shift   time.Duration  `json:"shift"`  // change of the container's timestamps: By, unless the clock wraps
	Resumes map[int]Resume `json:"begins"` // by stream; none for a stream that has ended
}

// Resume says where a stream continues after a jump.
type Resume struct {
	Packet int64         `json:"packet"` // number of the first packet after the jump, from 0 in the stream
	Step   time.Duration `json:"step"`   // decoding time of that packet less that of the packet before, or zero
}

const (
	minJump             = 10 * time.Second // shortest time without any packets that is a jump; less is a gap
	minJumpSingleStream = 10 * time.Minute // likewise with a single stream: slides may have few frames
	maxBackward         = time.Second      // by which timestamps may go back; a tenth if all streams go back
	maxSkew             = 3 * time.Second  // by which one stream may be ahead of another in the file
	maxJumps            = 50               // with more, the timestamps are useless
	mpegClockWrap       = 1 << 33 * time.Second / 90_000
)

// clockMayJump reports whether the clock in a recording of this format can jump. It can in MPEG
// streams and FLV; other containers have an index, or count from their beginning.
func (c container) clockMayJump() bool {
	return slices.Contains([]string{"mpegts", "mpeg", "flv"}, c.Format.Name)
}

// clockWrap returns the time after which the container's clock starts again at zero, or 0 if it
// never does.
func (c container) clockWrap() time.Duration {
	if strings.HasPrefix(c.Format.Name, "mpeg") {
		return mpegClockWrap
	}
	return 0
}

// epochs finds the jumps of a clock, from packets in the order of the file. Between two jumps
// is an epoch. Each stream goes from one epoch to the next by itself, because a multiplexer
// may have written its last packets after the first ones of another stream's next epoch.
type epochs struct {
	streams  map[int]*streamPosition
	leap     time.Duration // shortest jump forward
	backward time.Duration // longest step back that is not a jump
	all      []epoch
	disorder bool // the streams do not jump at the same places
}

// epoch holds the packets between two jumps. Times are the container's own.
type epoch struct {
	from, to time.Duration
	streams  map[int]*epochStream
}

// epochStream describes the packets of one stream in an epoch.
type epochStream struct {
	resume      Resume
	whole       bool // the first packet is a keyframe
	read, shown timeline.Span
}

// streamPosition is the epoch that a stream has reached.
type streamPosition struct {
	base  timeline.Rate
	epoch int           // −1: none yet
	last  timeline.Span // decoding time of the last packet; zero: none yet
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

// add adds packet n of its stream, counted from 0, to the epoch in which it belongs. If it fits
// into none, it sets e.disorder, and later packets are ignored. So are packets of unknown streams
// and packets without any timestamp.
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

// epochAt returns the index of the epoch in which the next packet of the stream h belongs. at is
// its decoding time. If the packet comes after a jump, the epoch is a later one, which epochAt adds
// if it is not known yet. ok is false if the packet fits nowhere.
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
	case h.epoch < 0: // the stream starts late or early
		return newest, true
	}
	return 0, false
}

// jumps returns the jump before each epoch except the first. It assumes that no time is missing: an
// epoch begins as early as it can without overlapping what any of its streams has before. wrap is
// the time after which the clock starts again at zero, or 0. ok is false if the streams do not jump
// together, or if there are maxJumps or more.
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

// shiftSpan returns s moved by that time; a negative one makes it earlier.
func shiftSpan(s timeline.Span, by time.Duration) timeline.Span {
	return timeline.Span{From: s.From + by, To: s.To + by}
}

// shiftAfter returns how far the epoch must be moved to follow on what the streams have before it.
// ends says where each stream ends so far, after all moves.
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
	for _, end := range ends { // none of the streams continues
		moved = max(moved, end.shown.To-e.from)
	}
	return moved
}

// startAfter returns when the epoch begins once it is moved by moved. ends says where each stream
// ends before it. ok is false if a stream that has no packets in this epoch continues for more than
// maxBackward past its beginning.
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

// resumesFrom returns where each stream continues in epoch i or, if it has no packets there, in the
// first later one in which it has some. Streams that have ended are left out.
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

// shortestShift returns the shortest change, forward or back, that has the same effect as d on a
// clock that starts again at zero after wrap. For a clock that never does, wrap is 0 and the result
// is d.
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

// jumpFault returns the error for a recording whose clock jumps cannot be removed. name is the
// recording's name.
func jumpFault(name string) *inputerr.Error {
	return inputerr.Coded("recording.jumps", "has timestamps that jump back and forth, differently for video and sound").In(name).
		Hint("Copy it again from the recorder. If it holds several recordings, split it and use them in the order they were made")
}

// jumpShift returns the number of ticks to add to the timestamps of packet n of a stream,
// counted from 0, to remove the jumps.
func jumpShift(jumps []ClockJump, s stream, n int64) (ticks int64) {
	base := s.timeBase()
	for _, j := range jumps {
		if begin, ok := j.Resumes[s.Index]; ok && n >= begin.Packet {
			ticks -= timeline.Rescale(int64(j.Shift), base.Den, base.Num*int64(time.Second))
		}
	}
	return ticks
}

// removeJumpsFilter returns a bitstream filter of ffmpeg that removes jumps from the timestamps of
// a stream. The filter's time base is not always the one that it reports (ffmpeg 5.1 reports the
// recording's and counts in Matroska's), so a jump is expressed as a multiple of the step to the
// next packet. A frame before the jump that had no timestamp got one from after the jump, by
// genpts; it is moved to follow the frame before it.
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
