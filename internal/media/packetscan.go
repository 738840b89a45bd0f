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

// packetScan reads all packets of one recording.
type packetScan struct {
	name      string // for errors
	container container
	video     stream
	audio     []stream
	first     int64 // timestamp of the first frame, in ticks
	jumps     []ClockJump
	asWritten bool // timestamps are read without ffmpeg's correction of clock wraps

	packetStats
}

// packetStats is what one pass over all packets found.
type packetStats struct {
	count               map[int]int64 // number of packets by stream
	otherBegan          int64         // video packets before the last other video stream began
	firstPicture        int64         // video packets before the first frame; −1: not reached
	rates               *rateEstimator
	decoded             int64                    // decoding time of the last video packet, in ticks
	end                 int64                    // of the last frame, in ticks
	reorder             int64                    // longest time between decoding and showing a frame, in ticks
	lastKeyframe        int64                    // when the last keyframe was shown, in ticks
	maxKeyframeInterval int64                    // longest time between keyframes, in ticks
	audioSpans          map[int]timeline.Range   // by sound stream, in ticks
	videoGaps           []timeline.Range         // between frames, in ticks
	audioGaps           map[int][]timeline.Range // by sound stream, in ticks
	lastByte            int64                    // file offset of the end of the last packet
}

// read reads all packets, and if the clock jumps, reads them again with the jumps removed. It
// returns an *inputerr.Error if the file contains more than one recording, or if its jumps cannot
// be removed.
func (s *packetScan) read(ctx context.Context, t Tools, path string, progress func(float64)) error {
	if !s.container.clockMayJump() {
		return s.scanPackets(ctx, t, path, s.checkClockForward, progress)
	}
	found, ok, err := s.findJumps(ctx, t, path, progress)
	if err != nil {
		return err
	}
	const held = 2 // packets that a demuxer may hold back until the next one
	switch {
	case s.otherBegan > 0 && s.count[s.video.Index]-s.otherBegan <= held:
		return inputerr.Coded("recording.several", "contains more than one recording: another video stream begins where the first ends, at {time}", "time", timeline.FormatClock(ticksToDuration(s.end-s.first, s.video.timeBase()))).In(s.name).
			Hint("Split it, and use its recordings in the order they were made")
	case !ok:
		return jumpFault(s.name)
	case len(found) == 0:
		return nil
	case s.video.Index < 0: // a drawn waveform could not be corrected
		return inputerr.Coded("recording.several_sounds", "has timestamps that jump, and no video: it contains more than one recording").In(s.name).
			Hint("Split it, and use its recordings in the order they were made")
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

// findJumps reads all packets and returns the clock's jumps. Steps back of more than a tenth of
// maxBackward count as jumps; if the streams would then not jump together, only those of more than
// maxBackward count. ok is false if the streams do not jump together then, either.
func (s *packetScan) findJumps(ctx context.Context, t Tools, path string, progress func(float64)) (found []ClockJump, ok bool, err error) {
	fine, coarse := newEpochs(s.allStreams(), maxBackward/10), newEpochs(s.allStreams(), maxBackward)
	err = s.scanPackets(ctx, t, path, func(p packet) error {
		fine.add(p, s.count[p.stream]-1)
		coarse.add(p, s.count[p.stream]-1)
		return nil
	}, progress)
	found, ok = fine.jumps(s.container.clockWrap())
	if !ok {
		found, ok = coarse.jumps(s.container.clockWrap())
	}
	return found, ok, err
}

// findJumpsAsWritten finds the jumps again with the timestamps that the file has, and sets
// s.asWritten. By default ffmpeg takes a clock that goes far back for one that wrapped, and undoes
// that when the clock jumps forward again. guessed are the jumps found that way. They are returned,
// and s.asWritten is false, if the new ones do not correspond to them: then the clock did wrap, or
// starts just before it would.
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

// allStreams returns the video stream, if there is one, followed by the sounds.
func (s *packetScan) allStreams() []stream {
	if s.video.Index < 0 {
		return s.audio
	}
	return append([]stream{s.video}, s.audio...)
}

// withoutJumps returns p, packet n of its stream, with the known jumps removed from its timestamps.
func (s *packetScan) withoutJumps(p packet, n int64) packet {
	if len(s.jumps) == 0 {
		return p
	}
	for _, of := range s.allStreams() {
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

// scanPackets reads all packets once, with the known jumps removed from their timestamps. It
// collects s.packetStats from them anew, and calls check for each until it returns an error.
// progress may be nil; it gets the fraction done.
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
		if n == 0 && s.container.isVideo(p.stream) {
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
		pts, shown := s.addVideoPacket(p, n)
		if !shown {
			return nil
		}
		done := float64(ticksToDuration(pts-s.first, base)) / float64(declared)
		if progress != nil && done >= reported+0.01 {
			reported = done
			progress(min(1, done))
		}
		return ordered.push(pts)
	})
	if err != nil {
		return err
	}
	return ordered.flush()
}

// addVideoPacket adds p, packet n of the video, to the statistics, and returns its timestamp in
// ticks. shown is false if the packet is not displayed: it has no timestamp, is marked as discarded
// or precedes the first frame.
func (s *packetScan) addVideoPacket(p packet, n int64) (pts int64, shown bool) {
	pts = p.pts
	if pts == noTime {
		pts = p.dts
	}
	if pts == s.first && s.firstPicture < 0 {
		s.firstPicture = n
	}
	if pts == noTime || p.discard || pts < s.first {
		return pts, false
	}
	s.end = max(s.end, pts+p.duration)
	s.maxKeyframeInterval = max(s.maxKeyframeInterval, pts-s.lastKeyframe)
	if p.key {
		s.lastKeyframe = pts
	}
	if p.dts != noTime {
		s.reorder = max(s.reorder, pts-p.dts)
	}
	return pts, true
}

// checkClockForward returns an *inputerr.Error if the decoding time of a video packet is more than
// maxBackward before the previous one's. Then the file has several recordings, which would overlap.
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
	return inputerr.Coded("recording.jumps_back", "has timestamps that go back by {length} after {time}: it contains more than one recording", "length", timeline.FormatClock(back), "time", timeline.FormatClock(ticksToDuration(before-s.first, s.video.timeBase()))).In(s.name).
		Hint("Split it, and use its recordings in the order they were made")
}

func (s *packetScan) addAudioPacket(p packet) {
	for _, sound := range s.audio {
		if sound.Index != p.stream || p.pts == noTime {
			continue
		}
		span, known := s.audioSpans[p.stream]
		if !known {
			span = timeline.Range{From: p.pts, To: p.pts}
			if sound.StartPTS != nil { // excludes samples that only prime the decoder
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

// startTime returns the time of the first frame or the first sound packet, whichever is earlier, on
// the container's clock. If there is neither, it is the greatest possible time.
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

// unreadBytes returns how many bytes follow the last packet that can be read, as after a copy or a
// disk failed. It returns 0 for less than 256 KiB or 1 % of the file, and for containers with an
// index, which may have anything there (see Probe.endsEarly).
func (s *packetScan) unreadBytes(path string) (bytes int64, err error) {
	streamed := []string{"mpegts", "mpeg", "flv", "mpegvideo", "dv"}
	if !slices.Contains(streamed, s.container.Format.Name) || s.lastByte == 0 {
		return 0, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("look at the size of %s: %w", s.name, err)
	}
	const usual = 256 << 10 // bytes that may follow: padding and container overhead
	if rest := info.Size() - s.lastByte; rest > max(usual, info.Size()/100) {
		return rest, nil
	}
	return 0, nil
}
