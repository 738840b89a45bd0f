package media

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// packetScan reads the packets of one recording.
type packetScan struct {
	name      string // for faults
	container container
	video     stream
	audio     []stream
	first     int64 // timestamp of the first picture, in ticks
	jumps     []ClockJump
	asWritten bool // times are taken as they are written

	packetStats
}

// packetStats is what one pass over all packets found.
type packetStats struct {
	count               map[int]int64 // of each stream's packets
	otherBegan          int64         // packets of the picture's stream before the last other moving picture began
	firstPicture        int64         // packets of the picture's stream before the first picture
	rates               *rateEstimator
	decoded             int64                    // when the last picture was, in ticks
	end                 int64                    // of the last picture, in ticks
	reorder             int64                    // the most ticks between decoding and showing
	lastKeyframe        int64                    // when the last picture that can be decoded by itself was shown, in ticks
	maxKeyframeInterval int64                    // the most ticks between two such
	audioSpans          map[int]timeline.Range   // of each sound, in ticks
	videoGaps           []timeline.Range         // between pictures that come late, in ticks
	audioGaps           map[int][]timeline.Range // in each sound, in ticks
	lastByte            int64                    // byte of the file behind the last packet
}

// read goes through all packets and, where the clock jumps, once more without its jumps.
func (s *packetScan) read(ctx context.Context, t Tools, path string, progress func(float64)) error {
	if !s.container.clockMayJump() {
		return s.scanPackets(ctx, t, path, s.checkClockForward, progress)
	}
	found, ok, err := s.findJumps(ctx, t, path, progress)
	if err != nil {
		return err
	}
	const held = 2 // packets that a demuxer may hold back until it sees the next
	switch {
	case s.otherBegan > 0 && s.count[s.video.Index]-s.otherBegan <= held:
		return inputerr.New(s.name, "goes on with another picture where its picture ends, at %s: there is more than one recording in it",
			formatClock(ticksToDuration(s.end-s.first, s.video.timeBase()))).
			Hint("Hand in each of them as a file of its own, in the order they were made")
	case !ok:
		return jumpFault(s.name)
	case len(found) == 0:
		return nil
	case s.video.Index < 0: // what is drawn of it could not be set right
		return inputerr.New(s.name, "has a clock that jumps, and no picture: there is more than one recording in it").
			Hint("Hand in each of them as a file of its own, in the order they were made")
	}
	if s.container.clockWrap() > 0 {
		if found, err = s.findJumpsAsWritten(ctx, t, path, found, progress); err != nil {
			return err
		}
	}
	s.first += jumpShift(found, s.video, s.firstPicture)
	s.jumps = found
	return s.scanPackets(ctx, t, path, s.checkClockForward, progress)
}

// findJumps goes through all packets; ok is false where jumps make no sense.
func (s *packetScan) findJumps(ctx context.Context, t Tools, path string, progress func(float64)) (found []ClockJump, ok bool, err error) {
	fine, coarse := newEpochs(s.streams(), maxBackward/10), newEpochs(s.streams(), maxBackward)
	err = s.scanPackets(ctx, t, path, func(p packet) error {
		fine.add(p, s.count[p.stream]-1)
		coarse.add(p, s.count[p.stream]-1)
		return nil
	}, progress)
	if found, ok = fine.jumps(s.container.clockWrap()); !ok {
		found, ok = coarse.jumps(s.container.clockWrap())
	}
	return found, ok, err
}

// findJumpsAsWritten is the same jumps by the times as they are written, without the guess that a
// clock which falls back far has wrapped: ffmpeg undoes that guess where the clock jumps
// forward again. Where it did wrap, or all begins just before it would, they stay.
func (s *packetScan) findJumpsAsWritten(ctx context.Context, t Tools, path string, guessed []ClockJump, progress func(float64)) ([]ClockJump, error) {
	first := s.firstPicture
	s.asWritten = true
	found, ok, err := s.findJumps(ctx, t, path, progress)
	if err != nil {
		return nil, err
	}
	if ok && len(found) == len(guessed) && s.firstPicture == first {
		return found, nil
	}
	s.asWritten, s.firstPicture = false, first
	return guessed, nil
}

// streams are those that are wanted.
func (s *packetScan) streams() []stream {
	if s.video.Index < 0 {
		return s.audio
	}
	return append([]stream{s.video}, s.audio...)
}

// withoutJumps is the nth packet of its stream without the jumps before it.
func (s *packetScan) withoutJumps(p packet, n int64) packet {
	if len(s.jumps) == 0 {
		return p
	}
	for _, of := range s.streams() {
		if of.Index == p.stream {
			p.shift = jumpShift(s.jumps, of, n)
		}
	}
	if p.pts != noTime {
		p.pts += p.shift
	}
	if p.dts != noTime {
		p.dts += p.shift
	}
	return p
}

// scanPackets goes through all packets once, without the jumps that are known, and hands each to
// check.
func (s *packetScan) scanPackets(ctx context.Context, t Tools, path string, check func(packet) error, progress func(float64)) error {
	base := s.video.timeBase()
	s.packetStats = packetStats{
		count: map[int]int64{}, firstPicture: -1, rates: newRateEstimator(base), decoded: noTime, end: noTime, lastKeyframe: s.first,
		audioSpans: map[int]timeline.Range{}, audioGaps: map[int][]timeline.Range{},
	}
	ordered := displayOrder{next: func(pts int64) error { s.recordGap(pts); s.rates.add(pts); return nil }}
	declared, reported := s.container.declared(), 0.0
	var options []string
	if s.asWritten {
		options = []string{"-correct_ts_overflow", "0"}
	}
	_, err := t.readPackets(ctx, path, options, func(p packet) error {
		s.lastByte = max(s.lastByte, p.end)
		n := s.count[p.stream]
		s.count[p.stream]++
		if n == 0 && slices.ContainsFunc(s.container.Streams, func(o stream) bool { return o.Index == p.stream && o.Kind == "video" && !o.isStillImage() }) {
			s.otherBegan = s.count[s.video.Index]
		}
		p = s.withoutJumps(p, n)
		if err := check(p); err != nil {
			return err
		}
		if p.stream != s.video.Index {
			s.addAudioPacket(p)
			return nil
		}
		if p.pts == noTime {
			p.pts = p.dts
		}
		if p.pts == s.first && s.firstPicture < 0 {
			s.firstPicture = n
		}
		if p.pts == noTime || p.discard || p.pts < s.first {
			return nil
		}
		s.end = max(s.end, p.pts+p.duration)
		if s.maxKeyframeInterval = max(s.maxKeyframeInterval, p.pts-s.lastKeyframe); p.key {
			s.lastKeyframe = p.pts
		}
		if p.dts != noTime {
			s.reorder = max(s.reorder, p.pts-p.dts)
		}
		if done := float64(ticksToDuration(p.pts-s.first, base)) / float64(declared); progress != nil && done >= reported+0.01 {
			reported = done
			progress(min(1, done))
		}
		return ordered.push(p.pts)
	})
	if err != nil {
		return err
	}
	return ordered.flush()
}

// checkClockForward refuses a picture's clock that falls back, as it does where one file holds several
// recordings: of those, one would be laid over the other.
func (s *packetScan) checkClockForward(p packet) error {
	if p.stream != s.video.Index || p.dts == noTime {
		return nil
	}
	before := s.decoded
	s.decoded = p.dts
	if before == noTime {
		return nil
	}
	back := ticksToDuration(before-p.dts, s.video.timeBase())
	if back <= maxBackward {
		return nil
	}
	return inputerr.New(s.name, "has a clock that falls back by %s after %s: there is more than one recording in it",
		formatClock(back), formatClock(ticksToDuration(before-s.first, s.video.timeBase()))).
		Hint("Hand in each of them as a file of its own, in the order they were made")
}

func (s *packetScan) addAudioPacket(p packet) {
	for _, sound := range s.audio {
		if sound.Index != p.stream || p.pts == noTime {
			continue
		}
		span, known := s.audioSpans[p.stream]
		if !known {
			span = timeline.Range{From: p.pts, To: p.pts}
			if sound.StartPTS != nil { // which knows of samples that only prime the decoder
				span.From = *sound.StartPTS + p.shift
			}
		}
		if holes := s.audioGaps[p.stream]; known && ticksToDuration(p.pts-span.To, sound.timeBase()) > minSoundGap && len(holes) < maxGaps {
			s.audioGaps[p.stream] = append(holes, timeline.Range{From: span.To, To: p.pts})
		}
		span.To = max(span.To, p.pts+p.duration)
		s.audioSpans[p.stream] = span
	}
}

// startTime is when the first picture or the first sound comes, in the container's own time.
func (s *packetScan) startTime() time.Duration {
	start := time.Duration(math.MaxInt64)
	if s.first != noTime {
		start = ticksToDuration(s.first, s.video.timeBase())
	}
	for _, sound := range s.audio {
		if span, ok := s.audioSpans[sound.Index]; ok {
			start = min(start, ticksToDuration(span.From, sound.timeBase()))
		}
	}
	return start
}

// unreadBytes is how many bytes at the end of the recording hold nothing that can be read, as
// where a copy or a disk failed. Containers that are read by an index may have anything
// there; of them short tells.
func (s *packetScan) unreadBytes(path string) (bytes int64, err error) {
	streamed := []string{"mpegts", "mpeg", "flv", "mpegvideo", "dv"}
	if !slices.Contains(streamed, s.container.Format.Name) || s.lastByte == 0 {
		return 0, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("look at the size of %s: %w", s.name, err)
	}
	const usual = 256 << 10 // bytes that may follow: padding, and what goes around packets
	if rest := info.Size() - s.lastByte; rest > max(usual, info.Size()/100) {
		return rest, nil
	}
	return 0, nil
}
