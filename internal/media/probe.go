package media

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Probe looks into the recording at path, which people know as name, and reads all of
// its packets once, so that what it says is what can be read and not what the container
// promises. It decodes nothing but the first pictures. on, which may be nil, is told how
// much is done, from 0 to 1. What is wrong with the recording is a *inputerr.Fault.
func (t Tools) Probe(ctx context.Context, path, name string, on func(fraction float64)) (Probe, error) {
	return t.ProbePicture(ctx, path, name, 1, on)
}

// ProbePicture is Probe for a recording that has several moving pictures, such as a camera's
// and a screen's, of which picture is wanted, counted from 1.
func (t Tools) ProbePicture(ctx context.Context, path, name string, picture int, on func(fraction float64)) (Probe, error) {
	c, err := t.openRecording(ctx, path, name)
	if err != nil {
		return Probe{}, err
	}
	s := packetScan{container: c, name: name, first: noTime}
	if s.video, s.audio, err = c.selectStreams(name, picture); err != nil {
		return Probe{}, err
	}
	interlaced := false
	if s.video.Index >= 0 {
		if s.first, interlaced, err = t.firstPicture(ctx, path, s.video.Index); err != nil {
			return Probe{}, fmt.Errorf("look at the first pictures of %s: %w", name, err)
		}
		if s.first == noTime {
			return Probe{}, inputerr.New(name, "has a picture stream (%s) that cannot be decoded", s.video.CodecName).
				Hint("Export it again as H.264 in MP4")
		}
	}
	if err := s.read(ctx, t, path, on); err != nil {
		return Probe{}, fmt.Errorf("read the packets of %s: %w", name, err)
	}
	found := s.result(interlaced)
	if found.Video == nil && len(found.Audio) == 0 {
		return Probe{}, inputerr.New(name, "holds neither picture nor sound that can be read").Hint("Copy it again from the recorder")
	}
	if found.UnreadBytes, err = s.unreadBytes(path); err != nil {
		return Probe{}, err
	}
	if found.UnreadBytes > 0 {
		found.Notes = append(found.Notes, fmt.Sprintf("the last %s of it hold nothing that can be read, from %s on", formatMegabytes(found.UnreadBytes), formatClock(found.Readable)))
	}
	return found, found.checkLength(name)
}

// MissingStream is the fault of a recording without picture or without sound, or nil. Whether
// something may stand in for what is missing is for the caller to decide.
func (p Probe) MissingStream(name string) *inputerr.Error {
	switch {
	case p.Video == nil:
		return inputerr.New(name, "has sound but no picture").
			Hint("Hand in the video recording; a cover image does not count as picture. If its sound is to be drawn instead, say in the talk's file: stand-in: {picture: waveform}")
	case len(p.Audio) == 0:
		return inputerr.New(name, "has no sound").
			Hint("Hand in the recording that has the speaker's voice. If it is to be silent, say in the talk's file: stand-in: {sound: silence}")
	}
	return nil
}

// container is what ffprobe says about a file, as far as it matters here.
type container struct {
	Streams []stream
	Format  struct {
		Name     string `json:"format_name"`
		Start    string `json:"start_time"`
		Duration string
	}
}

type stream struct {
	Index       int
	Kind        string `json:"codec_type"`
	CodecName   string `json:"codec_name"`
	Width       int64
	Height      int64
	SAR         string `json:"sample_aspect_ratio"`
	FieldOrder  string `json:"field_order"`
	PixelFormat string `json:"pix_fmt"`
	ColorSpace  string `json:"color_space"`
	ColorRange  string `json:"color_range"`
	Transfer    string `json:"color_transfer"`
	Primaries   string `json:"color_primaries"`
	Nominal     string `json:"r_frame_rate"`
	TimeBase    string `json:"time_base"`
	StartPTS    *int64 `json:"start_pts"`
	Length      int64  `json:"duration_ts"` // ticks; 0 where the container does not say
	Channels    int
	SampleRate  string         `json:"sample_rate"`
	Disposition map[string]int `json:"disposition"`
	Tags        map[string]string
	SideData    []sideData `json:"side_data_list"`
}

type sideData struct {
	Rotation   float64 // degrees
	Dolby      int     `json:"dv_profile"`                    // of Dolby Vision
	Compatible int     `json:"dv_bl_signal_compatibility_id"` // what else its pictures are: 0 is nothing
}

// container asks ffprobe what the file is.
func (t Tools) container(ctx context.Context, path string) (c container, err error) {
	args := append([]string{"-show_format", "-show_streams", "-of", "json"}, InputArgs(path)...)
	_, err = t.Inspect(ctx, args, func(r io.Reader) error { return json.NewDecoder(r).Decode(&c) })
	return c, err
}

// isVideo reports whether a stream is a picture of which anything is known, and not a cover.
func (s stream) isVideo() bool { return s.Kind == "video" && !s.isStillImage() && s.Width > 0 }

// isStillImage reports whether a picture is a cover, or one of the kind.
func (s stream) isStillImage() bool {
	return s.Disposition["attached_pic"] == 1 || s.Disposition["still_image"] == 1 || s.Disposition["timed_thumbnails"] == 1
}

// selectStreams picks the wanted moving picture, counted from 1, and all sounds. The picture's index
// is −1 where there is none at all.
func (c container) selectStreams(name string, wanted int) (picture stream, sounds []stream, err error) {
	picture.Index = -1
	pictures := 0
	for _, s := range c.Streams {
		switch {
		case s.isVideo():
			if pictures++; pictures == wanted {
				picture = s
			}
		case s.Kind == "audio" && s.Channels > 0 && s.CodecName != "unknown":
			sounds = append(sounds, s)
		}
	}
	switch {
	case pictures == 0 && len(sounds) == 0:
		return picture, nil, inputerr.New(name, "holds neither picture nor sound").Hint("Hand in the recording itself")
	case pictures > 0 && wanted > pictures:
		return picture, nil, inputerr.New(name, "has no picture %d: it has %d", wanted, pictures).
			Hint("Say under picture: in the talk's file which one is meant")
	case slices.ContainsFunc(picture.SideData, func(d sideData) bool { return d.Dolby > 0 && d.Compatible == 0 }):
		return picture, nil, inputerr.New(name, "is in a form of Dolby Vision whose colours only Dolby's own software can show").
			Hint("Export it from the phone or the camera as HLG, HDR10 or SDR")
	}
	return picture, sounds, nil
}

// firstPicture decodes the first pictures and gives the timestamp of the first one that
// comes out (a stream may begin with packets that nothing can be made of; noTime if all
// are so), and whether pictures are interlaced.
func (t Tools) firstPicture(ctx context.Context, path string, index int) (first int64, interlaced bool, err error) {
	args := []string{"-select_streams", strconv.Itoa(index), "-read_intervals", "%+#100",
		"-show_frames", "-show_entries", "frame=best_effort_timestamp,interlaced_frame", "-of", "csv=p=0"}
	first = noTime
	var all, weaved int
	_, err = t.Inspect(ctx, append(args, InputArgs(path)...), func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			f := strings.Split(lines.Text(), ",")
			if len(f) < 2 || parseTicks(f[0]) == noTime {
				continue
			}
			if first == noTime {
				first = parseTicks(f[0])
			}
			if all++; f[1] == "1" {
				weaved++
			}
		}
		return lines.Err()
	})
	return first, 2*weaved > all, err
}

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
func (s *packetScan) read(ctx context.Context, t Tools, path string, on func(float64)) error {
	if !s.container.clockMayJump() {
		return s.scanPackets(ctx, t, path, s.checkClockForward, on)
	}
	found, ok, err := s.findJumps(ctx, t, path, on)
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
		if found, err = s.findJumpsAsWritten(ctx, t, path, found, on); err != nil {
			return err
		}
	}
	s.first += jumpShift(found, s.video, s.firstPicture)
	s.jumps = found
	return s.scanPackets(ctx, t, path, s.checkClockForward, on)
}

// findJumps goes through all packets; ok is false where jumps make no sense.
func (s *packetScan) findJumps(ctx context.Context, t Tools, path string, on func(float64)) (found []ClockJump, ok bool, err error) {
	fine, coarse := newEpochs(s.streams(), maxBackward/10), newEpochs(s.streams(), maxBackward)
	err = s.scanPackets(ctx, t, path, func(p packet) error {
		fine.add(p, s.count[p.stream]-1)
		coarse.add(p, s.count[p.stream]-1)
		return nil
	}, on)
	if found, ok = fine.jumps(s.container.clockWrap()); !ok {
		found, ok = coarse.jumps(s.container.clockWrap())
	}
	return found, ok, err
}

// findJumpsAsWritten is the same jumps by the times as they are written, without the guess that a
// clock which falls back far has wrapped: ffmpeg undoes that guess where the clock jumps
// forward again. Where it did wrap, or all begins just before it would, they stay.
func (s *packetScan) findJumpsAsWritten(ctx context.Context, t Tools, path string, guessed []ClockJump, on func(float64)) ([]ClockJump, error) {
	first := s.firstPicture
	s.asWritten = true
	found, ok, err := s.findJumps(ctx, t, path, on)
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
func (s *packetScan) scanPackets(ctx context.Context, t Tools, path string, check func(packet) error, on func(float64)) error {
	base := s.video.timeBase()
	s.packetStats = packetStats{
		count: map[int]int64{}, firstPicture: -1, rates: newRateEstimator(base), decoded: noTime, end: noTime, lastKeyframe: s.first,
		audioSpans: map[int]timeline.Range{}, audioGaps: map[int][]timeline.Range{},
	}
	ordered := displayOrder{next: func(pts int64) error { s.recordGap(pts); s.rates.add(pts); return nil }}
	declared, told := s.container.declared(), 0.0
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
		if done := float64(ticksToDuration(p.pts-s.first, base)) / float64(declared); on != nil && done >= told+0.01 {
			told = done
			on(min(1, done))
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

// result sums up what was found.
func (s *packetScan) result(interlaced bool) Probe {
	p := Probe{Format: s.container.Format.Name, Declared: s.container.declared()}
	start := s.startTime()
	if s.video.Index >= 0 {
		p.Video = s.probeVideo(interlaced, start)
		p.Readable = p.Video.End
	}
	for _, sound := range s.audio {
		span, ok := s.audioSpans[sound.Index]
		if !ok {
			p.Notes = append(p.Notes, fmt.Sprintf("sound stream %d is empty", sound.Index))
			continue
		}
		a := sound.audio()
		a.Start, a.End = ticksToDuration(span.From, sound.timeBase())-start, ticksToDuration(span.To, sound.timeBase())-start
		for _, hole := range s.audioGaps[sound.Index] {
			a.Gaps = append(a.Gaps, spanOf(hole, sound.timeBase(), start))
		}
		p.Audio = append(p.Audio, a)
		if p.Video == nil || p.Video.Variable { // a still picture stays for as long as there is sound
			p.Readable = max(p.Readable, a.End)
		}
	}
	if p.Format == "mp3" || p.Format == "aac" {
		p.Declared = 0 // which is only guessed, from the size of the file
	}
	p.JumpsAsWritten = s.asWritten
	for _, j := range s.jumps {
		j.At -= start
		p.Jumps = append(p.Jumps, j)
		p.Declared = 0 // which is reckoned from clocks that have nothing to do with each other
	}
	p.Indexed = p.Video != nil && p.Declared > 0 && (strings.HasPrefix(p.Format, "mov,") || strings.HasPrefix(p.Format, "matroska,"))
	if p.endsEarly() {
		p.Notes = append(p.Notes, fmt.Sprintf("declares %s but can be read for %s only", formatClock(p.Declared), formatClock(p.Readable)))
	}
	if p.Video != nil && p.Video.Variable {
		p.Video.End = p.Readable
	}
	return p
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

func (s *packetScan) probeVideo(interlaced bool, start time.Duration) *Video {
	base := s.video.timeBase()
	rate, step, variable := s.rates.rate()
	interlaced = interlaced || s.video.FieldOrder != "" && s.video.FieldOrder != "progressive" && s.video.FieldOrder != "unknown"
	if interlaced && (timeline.Rate{Num: 31, Den: 1}).Less(rate) {
		rate.Den *= 2 // each field was a packet of its own
		step *= 2
	}
	// With fewer pictures a second, as of slides or of a webcam in the dark, each is shown
	// several times: cards, burned-in subtitles and cuts want a finer grid.
	slow, pace := false, step
	if slowest := (timeline.Rate{Num: 10, Den: 1}); rate.Less(slowest) {
		rate = timeline.Rate{Num: 25, Den: 1}
		if r, err := timeline.ParseRate(s.video.Nominal); err == nil && slowest.Less(r) && r.Less(timeline.Rate{Num: 61, Den: 1}) {
			rate = r
		}
		slow = !variable
		step, variable = 0, true // a still picture stays for as long as there is sound
	}
	s.end = max(s.end, s.rates.last+int64(math.Round(step)))
	v := Video{
		Stream: s.video.Index, Codec: s.video.CodecName,
		Rate: rate.NearestStandard(), Variable: variable, Interlaced: interlaced,
		Matrix: s.video.matrix(), EncoderReady: s.video.encoderReady(), Reorder: ticksToDuration(s.reorder, base),
		TimeBase: base, FirstPTS: s.first, LowFrameRate: slow,
		Lead: ticksToDuration(s.first, base) - start, End: ticksToDuration(s.end, base) - start,
	}
	v.Gaps = s.pictureGaps(pace, start)
	if slices.ContainsFunc(s.container.Streams, func(o stream) bool { return o.isVideo() && o.Index != s.video.Index }) {
		v.Preroll = ticksToDuration(s.maxKeyframeInterval, base) + time.Second
	}
	v.Width, v.Height = s.video.displaySize()
	if t := s.video.Transfer; t == "smpte2084" || t == "arib-std-b67" {
		v.HDR = t
	} else if s.video.Primaries == "bt2020" {
		v.WideGamut = true
	}
	return &v
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

// formatMegabytes is a size for people.
func formatMegabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// endsEarly reports whether the recording ends more than a second before it says it does.
func (p Probe) endsEarly() bool {
	end := p.Readable
	for _, a := range p.Audio {
		end = max(end, a.End)
	}
	return p.Declared-end > time.Second
}

// maxLength is longer than any recording.
const maxLength = 48 * time.Hour

// checkLength is the fault of a recording that never ends, as one damaged timestamp can make
// it: nobody could plan, or wait for, a million hours.
func (p Probe) checkLength(name string) error {
	end := p.Readable
	for _, a := range p.Audio {
		end = max(end, a.End)
	}
	if end <= maxLength {
		return nil
	}
	return inputerr.New(name, "goes on until %s by its clock: a timestamp in it is damaged", formatClock(end)).
		Hint("Copy it again from the camera, or export it anew")
}

// TruncationFault is the fault of a recording that breaks off before its declared end, or nil.
// What comes before is usable; whether to use it is for the caller to decide.
func (p Probe) TruncationFault(name string) *inputerr.Error {
	said := fmt.Sprintf("though it declares %s", formatClock(p.Declared))
	switch {
	case p.UnreadBytes > 0:
		said = fmt.Sprintf("and the last %s of it hold nothing that can be read", formatMegabytes(p.UnreadBytes))
	case !p.endsEarly():
		return nil
	}
	return inputerr.New(name, "breaks off at %s, %s", formatClock(p.Readable), said).
		Hint("Copy it again from the camera, or keep what is readable with --cut 0-%s", formatClock(p.Readable.Truncate(time.Second)))
}

// formatClock is a time as people write it: "1:02:03.5".
func formatClock(d time.Duration) string {
	d = d.Round(time.Millisecond)
	s := fmt.Sprintf("%d:%02d:%06.3f", d/time.Hour, d/time.Minute%60, (d % time.Minute).Seconds())
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// FrameSource is how to take frames off the recording at a rate. It may only be asked of a
// probe with a picture.
func (p Probe) FrameSource(rate timeline.Rate) FrameSource {
	return p.Video.frameSource(rate)
}

func (v *Video) frameSource(rate timeline.Rate) FrameSource {
	return FrameSource{
		Stream: v.Stream, Rate: rate, TimeBase: v.TimeBase, FirstPTS: v.FirstPTS,
		Lead: rate.Frame(v.Lead), Deinterlace: v.Interlaced,
		Width: v.Width, Height: v.Height, Matrix: v.Matrix, EncoderReady: v.EncoderReady, Reorder: v.Reorder, Preroll: v.Preroll,
		PerField: v.Interlaced && !rate.Less(timeline.Rate{Num: 2 * v.Rate.Num, Den: v.Rate.Den}), HDR: v.HDR, WideGamut: v.WideGamut,
	}
}

// FrameCount is the length of the recording in frames at a rate.
func (p Probe) FrameCount(rate timeline.Rate) int64 {
	v := p.Video
	return rate.Frame(v.Lead) + max(1, rate.Frame(v.End-v.Lead))
}

// Zero is the recording's zero in the container's own time: where its first picture is,
// less the whole frames that lead up to it.
func (p Probe) Zero(rate timeline.Rate) time.Duration {
	v := p.Video
	return ticksToDuration(v.FirstPTS, v.TimeBase) - rate.Time(rate.Frame(v.Lead))
}

// declared is the length that the container promises; 0 if it promises none.
func (c container) declared() time.Duration { return parseSeconds(c.Format.Duration) }

// startTime is where the container begins, in its own time.
func (c container) startTime() time.Duration { return parseSeconds(c.Format.Start) }

// parseSeconds is a time as ffprobe prints it; 0 if it is none.
func parseSeconds(s string) time.Duration {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond
}

// timeBase is the length of the stream's tick in seconds.
func (s stream) timeBase() timeline.Rate {
	r, err := timeline.ParseRate(s.TimeBase)
	if err != nil {
		return timeline.Rate{Num: 1, Den: 1_000_000}
	}
	return r
}

// displaySize is the picture as displayed: square pixels, upright, even.
func (s stream) displaySize() (width, height int) {
	w, h := s.Width, s.Height
	if sar, err := timeline.ParseRate(strings.ReplaceAll(s.SAR, ":", "/")); err == nil {
		w = timeline.Rescale(w, sar.Num, sar.Den)
	}
	for _, side := range s.SideData {
		if quarter := int64(math.Round(side.Rotation/90)) % 2; quarter != 0 {
			w, h = h, w
		}
	}
	even := func(n int64) int { return int(max(2, n+n%2)) }
	return even(w), even(h)
}

// matrix is how the stream's colours are coded. Where it does not say, players take
// high definition for BT.709 and the rest for BT.601, and so do we.
func (s stream) matrix() string {
	switch s.ColorSpace {
	case "bt709", "fcc", "smpte240m":
		return s.ColorSpace
	case "bt470bg", "smpte170m":
		return "bt601"
	case "bt2020nc", "bt2020c":
		return "bt2020"
	}
	if s.Width >= 1280 || s.Height > 576 {
		return "bt709"
	}
	return "bt601"
}

// encoderReady reports whether pictures come just as encoders are given them.
func (s stream) encoderReady() bool {
	width, height := s.displaySize()
	return int64(width) == s.Width && int64(height) == s.Height && // square pixels, upright, even
		!slices.ContainsFunc(s.SideData, func(side sideData) bool { return side.Rotation != 0 }) &&
		s.PixelFormat == "yuv420p" && s.matrix() == "bt709" && s.ColorRange != "pc"
}

func (s stream) audio() Audio {
	hz, _ := strconv.Atoi(s.SampleRate)
	a := Audio{Stream: s.Index, Codec: s.CodecName, Channels: s.Channels, Hz: hz}
	if language := s.Tags["language"]; language != "und" {
		a.Language = language
	}
	return a
}

// ticksToDuration is a number of ticks as a time, to the nearest nanosecond.
func ticksToDuration(ticks int64, base timeline.Rate) time.Duration {
	return time.Duration(timeline.Rescale(ticks, base.Num*int64(time.Second), base.Den))
}

// checkHead refuses what can be refused before any tool opens it: nothing at all, and lists
// of other files dressed as a recording.
func checkHead(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return inputerr.New(name, "is not a file").Hint("Name the recording itself")
	}
	if info.Size() == 0 {
		return inputerr.New(name, "is empty (0 bytes)").Hint("Copy it again from the camera or the recorder")
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if kind := playlistKind(head[:n]); kind != "" {
		return inputerr.New(name, "is %s, which only points at other files or hosts; nothing it names was opened", kind).
			Hint("Hand in the recording itself")
	}
	return nil
}

// playlistKind names the kind of list that a file beginning so is, or is "".
func playlistKind(head []byte) string {
	text := strings.TrimSpace(strings.TrimPrefix(string(head), "\ufeff"))
	switch {
	case strings.HasPrefix(text, "#EXTM3U"):
		return "an HLS playlist (m3u8)"
	case strings.HasPrefix(text, "ffconcat"):
		return "an ffconcat list"
	case strings.HasPrefix(text, "<") && strings.Contains(text, "<MPD"):
		return "a DASH manifest"
	case strings.HasPrefix(text, "v=0") && strings.Contains(text, "\nm="):
		return "an SDP session description"
	}
	return ""
}

// unreadableFault is the fault of a file that ffprobe could make nothing of.
func unreadableFault(path, name, said string) error {
	if strings.Contains(said, "moov atom not found") && isMP4(path) {
		return inputerr.New(name, "is an MP4 whose index (moov) is missing: the recording was not finished, or not copied whole").
			Hint("Copy it again; if the camera's own file is like this, put the card back into the camera, which may repair it, or rebuild the index with untrunc and a good file of the same camera")
	}
	return inputerr.New(name, "is not a media file that Lectern can read").
		Hint("Hand in MP4, MOV, MKV, WebM, TS, MTS, MPG, AVI, FLV or MXF")
}

// isMP4 reports whether a file begins with one of the boxes that an MP4 begins with.
func isMP4(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 8)
	if _, err := io.ReadFull(f, head); err != nil {
		return false
	}
	switch string(head[4:]) {
	case "ftyp", "mdat", "wide", "free", "skip", "pnot", "moov":
		return true
	}
	return false
}
