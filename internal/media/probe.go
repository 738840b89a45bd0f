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
	c, err := t.look(ctx, path, name)
	if err != nil {
		return Probe{}, err
	}
	s := scan{container: c, name: name, first: noTime}
	if s.picture, s.sounds, err = c.choose(name, picture); err != nil {
		return Probe{}, err
	}
	interlaced := false
	if s.picture.Index >= 0 {
		if s.first, interlaced, err = t.firstPicture(ctx, path, s.picture.Index); err != nil {
			return Probe{}, fmt.Errorf("look at the first pictures of %s: %w", name, err)
		}
		if s.first == noTime {
			return Probe{}, inputerr.New(name, "has a picture stream (%s) that cannot be decoded", s.picture.CodecName).
				Try("Export it again as H.264 in MP4")
		}
	}
	if err := s.read(ctx, t, path, on); err != nil {
		return Probe{}, fmt.Errorf("read the packets of %s: %w", name, err)
	}
	found := s.probe(interlaced)
	if found.Video == nil && len(found.Audio) == 0 {
		return Probe{}, inputerr.New(name, "holds neither picture nor sound that can be read").Try("Copy it again from the recorder")
	}
	if found.Unread, err = s.unread(path); err != nil {
		return Probe{}, err
	}
	if found.Unread > 0 {
		found.Notes = append(found.Notes, fmt.Sprintf("the last %s of it hold nothing that can be read, from %s on", megabytes(found.Unread), clock(found.Readable)))
	}
	return found, found.endless(name)
}

// Lacks is the fault of a recording without picture or without sound, or nil. Whether
// something may stand in for what is missing is for the caller to decide.
func (p Probe) Lacks(name string) *inputerr.Fault {
	switch {
	case p.Video == nil:
		return inputerr.New(name, "has sound but no picture").
			Try("Hand in the video recording; a cover image does not count as picture. If its sound is to be drawn instead, say in the talk's file: stand-in: {picture: waveform}")
	case len(p.Audio) == 0:
		return inputerr.New(name, "has no sound").
			Try("Hand in the recording that has the speaker's voice. If it is to be silent, say in the talk's file: stand-in: {sound: silence}")
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
	args := append([]string{"-show_format", "-show_streams", "-of", "json"}, Input(path)...)
	_, err = t.Inspect(ctx, args, func(r io.Reader) error { return json.NewDecoder(r).Decode(&c) })
	return c, err
}

// moving reports whether a stream is a picture of which anything is known, and not a cover.
func (s stream) moving() bool { return s.Kind == "video" && !s.still() && s.Width > 0 }

// still reports whether a picture is a cover, or one of the kind.
func (s stream) still() bool {
	return s.Disposition["attached_pic"] == 1 || s.Disposition["still_image"] == 1 || s.Disposition["timed_thumbnails"] == 1
}

// choose picks the wanted moving picture, counted from 1, and all sounds. The picture's index
// is −1 where there is none at all.
func (c container) choose(name string, wanted int) (picture stream, sounds []stream, err error) {
	picture.Index = -1
	pictures := 0
	for _, s := range c.Streams {
		switch {
		case s.moving():
			if pictures++; pictures == wanted {
				picture = s
			}
		case s.Kind == "audio" && s.Channels > 0 && s.CodecName != "unknown":
			sounds = append(sounds, s)
		}
	}
	switch {
	case pictures == 0 && len(sounds) == 0:
		return picture, nil, inputerr.New(name, "holds neither picture nor sound").Try("Hand in the recording itself")
	case pictures > 0 && wanted > pictures:
		return picture, nil, inputerr.New(name, "has no picture %d: it has %d", wanted, pictures).
			Try("Say under picture: in the talk's file which one is meant")
	case slices.ContainsFunc(picture.SideData, func(d sideData) bool { return d.Dolby > 0 && d.Compatible == 0 }):
		return picture, nil, inputerr.New(name, "is in a form of Dolby Vision whose colours only Dolby's own software can show").
			Try("Export it from the phone or the camera as HLG, HDR10 or SDR")
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
	_, err = t.Inspect(ctx, append(args, Input(path)...), func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			f := strings.Split(lines.Text(), ",")
			if len(f) < 2 || ticks(f[0]) == noTime {
				continue
			}
			if first == noTime {
				first = ticks(f[0])
			}
			if all++; f[1] == "1" {
				weaved++
			}
		}
		return lines.Err()
	})
	return first, 2*weaved > all, err
}

// scan reads the packets of one recording.
type scan struct {
	name      string // for faults
	container container
	picture   stream
	sounds    []stream
	first     int64 // timestamp of the first picture, in ticks
	jumps     []Jump
	written   bool // times are taken as they are written

	tally
}

// tally is what one pass over all packets found.
type tally struct {
	count   map[int]int64 // of each stream's packets
	other   int64         // packets of the picture's stream before the last other moving picture began
	before  int64         // packets of the picture's stream before the first picture
	tempo   *tempo
	decoded int64                    // when the last picture was, in ticks
	end     int64                    // of the last picture, in ticks
	reorder int64                    // the most ticks between decoding and showing
	keyed   int64                    // when the last picture that can be decoded by itself was shown, in ticks
	apart   int64                    // the most ticks between two such
	span    map[int]timeline.Range   // of each sound, in ticks
	gaps    []timeline.Range         // between pictures that come late, in ticks
	holes   map[int][]timeline.Range // in each sound, in ticks
	last    int64                    // byte of the file behind the last packet
}

// read goes through all packets and, where the clock jumps, once more without its jumps.
func (s *scan) read(ctx context.Context, t Tools, path string, on func(float64)) error {
	if !s.container.jumps() {
		return s.pass(ctx, t, path, s.goesOn, on)
	}
	found, ok, err := s.findJumps(ctx, t, path, on)
	if err != nil {
		return err
	}
	const held = 2 // packets that a demuxer may hold back until it sees the next
	switch {
	case s.other > 0 && s.count[s.picture.Index]-s.other <= held:
		return inputerr.New(s.name, "goes on with another picture where its picture ends, at %s: there is more than one recording in it",
			clock(duration(s.end-s.first, s.picture.base()))).
			Try("Hand in each of them as a file of its own, in the order they were made")
	case !ok:
		return disorder(s.name)
	case len(found) == 0:
		return nil
	case s.picture.Index < 0: // what is drawn of it could not be set right
		return inputerr.New(s.name, "has a clock that jumps, and no picture: there is more than one recording in it").
			Try("Hand in each of them as a file of its own, in the order they were made")
	}
	if s.container.wrap() > 0 {
		if found, err = s.asWritten(ctx, t, path, found, on); err != nil {
			return err
		}
	}
	s.first += moves(found, s.picture, s.before)
	s.jumps = found
	return s.pass(ctx, t, path, s.goesOn, on)
}

// findJumps goes through all packets; ok is false where jumps make no sense.
func (s *scan) findJumps(ctx context.Context, t Tools, path string, on func(float64)) (found []Jump, ok bool, err error) {
	fine, coarse := newEpochs(s.streams(), backward/10), newEpochs(s.streams(), backward)
	err = s.pass(ctx, t, path, func(p packet) error {
		fine.add(p, s.count[p.stream]-1)
		coarse.add(p, s.count[p.stream]-1)
		return nil
	}, on)
	if found, ok = fine.jumps(s.container.wrap()); !ok {
		found, ok = coarse.jumps(s.container.wrap())
	}
	return found, ok, err
}

// asWritten is the same jumps by the times as they are written, without the guess that a
// clock which falls back far has wrapped: ffmpeg undoes that guess where the clock jumps
// forward again. Where it did wrap, or all begins just before it would, they stay.
func (s *scan) asWritten(ctx context.Context, t Tools, path string, guessed []Jump, on func(float64)) ([]Jump, error) {
	first := s.before
	s.written = true
	found, ok, err := s.findJumps(ctx, t, path, on)
	if err != nil {
		return nil, err
	}
	if ok && len(found) == len(guessed) && s.before == first {
		return found, nil
	}
	s.written, s.before = false, first
	return guessed, nil
}

// streams are those that are wanted.
func (s *scan) streams() []stream {
	if s.picture.Index < 0 {
		return s.sounds
	}
	return append([]stream{s.picture}, s.sounds...)
}

// steady is the nth packet of its stream without the jumps before it.
func (s *scan) steady(p packet, n int64) packet {
	if len(s.jumps) == 0 {
		return p
	}
	for _, of := range s.streams() {
		if of.Index == p.stream {
			p.moved = moves(s.jumps, of, n)
		}
	}
	if p.pts != noTime {
		p.pts += p.moved
	}
	if p.dts != noTime {
		p.dts += p.moved
	}
	return p
}

// pass goes through all packets once, without the jumps that are known, and hands each to
// check.
func (s *scan) pass(ctx context.Context, t Tools, path string, check func(packet) error, on func(float64)) error {
	base := s.picture.base()
	s.tally = tally{
		count: map[int]int64{}, before: -1, tempo: newTempo(base), decoded: noTime, end: noTime, keyed: s.first,
		span: map[int]timeline.Range{}, holes: map[int][]timeline.Range{},
	}
	ordered := displayOrder{next: func(pts int64) error { s.gapBefore(pts); s.tempo.add(pts); return nil }}
	declared, told := s.container.declared(), 0.0
	var options []string
	if s.written {
		options = []string{"-correct_ts_overflow", "0"}
	}
	_, err := t.packets(ctx, path, options, func(p packet) error {
		s.last = max(s.last, p.end)
		n := s.count[p.stream]
		s.count[p.stream]++
		if n == 0 && slices.ContainsFunc(s.container.Streams, func(o stream) bool { return o.Index == p.stream && o.Kind == "video" && !o.still() }) {
			s.other = s.count[s.picture.Index]
		}
		p = s.steady(p, n)
		if err := check(p); err != nil {
			return err
		}
		if p.stream != s.picture.Index {
			s.sound(p)
			return nil
		}
		if p.pts == noTime {
			p.pts = p.dts
		}
		if p.pts == s.first && s.before < 0 {
			s.before = n
		}
		if p.pts == noTime || p.discard || p.pts < s.first {
			return nil
		}
		s.end = max(s.end, p.pts+p.duration)
		if s.apart = max(s.apart, p.pts-s.keyed); p.key {
			s.keyed = p.pts
		}
		if p.dts != noTime {
			s.reorder = max(s.reorder, p.pts-p.dts)
		}
		if done := float64(duration(p.pts-s.first, base)) / float64(declared); on != nil && done >= told+0.01 {
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

// goesOn refuses a picture's clock that falls back, as it does where one file holds several
// recordings: of those, one would be laid over the other.
func (s *scan) goesOn(p packet) error {
	if p.stream != s.picture.Index || p.dts == noTime {
		return nil
	}
	before := s.decoded
	s.decoded = p.dts
	if before == noTime {
		return nil
	}
	back := duration(before-p.dts, s.picture.base())
	if back <= backward {
		return nil
	}
	return inputerr.New(s.name, "has a clock that falls back by %s after %s: there is more than one recording in it",
		clock(back), clock(duration(before-s.first, s.picture.base()))).
		Try("Hand in each of them as a file of its own, in the order they were made")
}

func (s *scan) sound(p packet) {
	for _, sound := range s.sounds {
		if sound.Index != p.stream || p.pts == noTime {
			continue
		}
		span, known := s.span[p.stream]
		if !known {
			span = timeline.Range{From: p.pts, To: p.pts}
			if sound.StartPTS != nil { // which knows of samples that only prime the decoder
				span.From = *sound.StartPTS + p.moved
			}
		}
		if holes := s.holes[p.stream]; known && duration(p.pts-span.To, sound.base()) > soundGap && len(holes) < mostGaps {
			s.holes[p.stream] = append(holes, timeline.Range{From: span.To, To: p.pts})
		}
		span.To = max(span.To, p.pts+p.duration)
		s.span[p.stream] = span
	}
}

// probe sums up what was found.
func (s *scan) probe(interlaced bool) Probe {
	p := Probe{Format: s.container.Format.Name, Declared: s.container.declared()}
	start := s.start()
	if s.picture.Index >= 0 {
		p.Video = s.video(interlaced, start)
		p.Readable = p.Video.End
	}
	for _, sound := range s.sounds {
		span, ok := s.span[sound.Index]
		if !ok {
			p.Notes = append(p.Notes, fmt.Sprintf("sound stream %d is empty", sound.Index))
			continue
		}
		a := sound.audio()
		a.Start, a.End = duration(span.From, sound.base())-start, duration(span.To, sound.base())-start
		for _, hole := range s.holes[sound.Index] {
			a.Gaps = append(a.Gaps, spanOf(hole, sound.base(), start))
		}
		p.Audio = append(p.Audio, a)
		if p.Video == nil || p.Video.Variable { // a still picture stays for as long as there is sound
			p.Readable = max(p.Readable, a.End)
		}
	}
	if p.Format == "mp3" || p.Format == "aac" {
		p.Declared = 0 // which is only guessed, from the size of the file
	}
	p.Written = s.written
	for _, j := range s.jumps {
		j.At -= start
		p.Jumps = append(p.Jumps, j)
		p.Declared = 0 // which is reckoned from clocks that have nothing to do with each other
	}
	p.Indexed = p.Video != nil && p.Declared > 0 && (strings.HasPrefix(p.Format, "mov,") || strings.HasPrefix(p.Format, "matroska,"))
	if p.short() {
		p.Notes = append(p.Notes, fmt.Sprintf("declares %s but can be read for %s only", clock(p.Declared), clock(p.Readable)))
	}
	if p.Video != nil && p.Video.Variable {
		p.Video.End = p.Readable
	}
	return p
}

// start is when the first picture or the first sound comes, in the container's own time.
func (s *scan) start() time.Duration {
	start := time.Duration(math.MaxInt64)
	if s.first != noTime {
		start = duration(s.first, s.picture.base())
	}
	for _, sound := range s.sounds {
		if span, ok := s.span[sound.Index]; ok {
			start = min(start, duration(span.From, sound.base()))
		}
	}
	return start
}

func (s *scan) video(interlaced bool, start time.Duration) *Video {
	base := s.picture.base()
	rate, step, variable := s.tempo.rate()
	interlaced = interlaced || s.picture.FieldOrder != "" && s.picture.FieldOrder != "progressive" && s.picture.FieldOrder != "unknown"
	if interlaced && (timeline.Rate{Num: 31, Den: 1}).Less(rate) {
		rate.Den *= 2 // each field was a packet of its own
		step *= 2
	}
	// With fewer pictures a second, as of slides or of a webcam in the dark, each is shown
	// several times: cards, burned-in subtitles and cuts want a finer grid.
	slow, pace := false, step
	if slowest := (timeline.Rate{Num: 10, Den: 1}); rate.Less(slowest) {
		rate = timeline.Rate{Num: 25, Den: 1}
		if r, err := timeline.ParseRate(s.picture.Nominal); err == nil && slowest.Less(r) && r.Less(timeline.Rate{Num: 61, Den: 1}) {
			rate = r
		}
		slow = !variable
		step, variable = 0, true // a still picture stays for as long as there is sound
	}
	s.end = max(s.end, s.tempo.last+int64(math.Round(step)))
	v := Video{
		Stream: s.picture.Index, Codec: s.picture.CodecName,
		Rate: rate.Standard(), Variable: variable, Interlaced: interlaced,
		Matrix: s.picture.matrix(), Plain: s.picture.plain(), Reorder: duration(s.reorder, base),
		TimeBase: base, FirstPTS: s.first, Slow: slow,
		Lead: duration(s.first, base) - start, End: duration(s.end, base) - start,
	}
	v.Gaps = s.pictureGaps(pace, start)
	if slices.ContainsFunc(s.container.Streams, func(o stream) bool { return o.moving() && o.Index != s.picture.Index }) {
		v.RunIn = duration(s.apart, base) + time.Second
	}
	v.Width, v.Height = s.picture.size()
	if t := s.picture.Transfer; t == "smpte2084" || t == "arib-std-b67" {
		v.HDR = t
	} else if s.picture.Primaries == "bt2020" {
		v.Wide = true
	}
	return &v
}

// unread is how many bytes at the end of the recording hold nothing that can be read, as
// where a copy or a disk failed. Containers that are read by an index may have anything
// there; of them short tells.
func (s *scan) unread(path string) (bytes int64, err error) {
	streamed := []string{"mpegts", "mpeg", "flv", "mpegvideo", "dv"}
	if !slices.Contains(streamed, s.container.Format.Name) || s.last == 0 {
		return 0, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("look at the size of %s: %w", s.name, err)
	}
	const usual = 256 << 10 // bytes that may follow: padding, and what goes around packets
	if rest := info.Size() - s.last; rest > max(usual, info.Size()/100) {
		return rest, nil
	}
	return 0, nil
}

// megabytes is a size for people.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// short reports whether the recording ends more than a second before it says it does.
func (p Probe) short() bool {
	end := p.Readable
	for _, a := range p.Audio {
		end = max(end, a.End)
	}
	return p.Declared-end > time.Second
}

// longest is longer than any recording.
const longest = 48 * time.Hour

// endless is the fault of a recording that never ends, as one damaged timestamp can make
// it: nobody could plan, or wait for, a million hours.
func (p Probe) endless(name string) error {
	end := p.Readable
	for _, a := range p.Audio {
		end = max(end, a.End)
	}
	if end <= longest {
		return nil
	}
	return inputerr.New(name, "goes on until %s by its clock: a timestamp in it is damaged", clock(end)).
		Try("Copy it again from the camera, or export it anew")
}

// Truncated is the fault of a recording that breaks off before its declared end, or nil.
// What comes before is usable; whether to use it is for the caller to decide.
func (p Probe) Truncated(name string) *inputerr.Fault {
	said := fmt.Sprintf("though it declares %s", clock(p.Declared))
	switch {
	case p.Unread > 0:
		said = fmt.Sprintf("and the last %s of it hold nothing that can be read", megabytes(p.Unread))
	case !p.short():
		return nil
	}
	return inputerr.New(name, "breaks off at %s, %s", clock(p.Readable), said).
		Try("Copy it again from the camera, or keep what is readable with --cut 0-%s", clock(p.Readable.Truncate(time.Second)))
}

// clock is a time as people write it: "1:02:03.5".
func clock(d time.Duration) string {
	d = d.Round(time.Millisecond)
	s := fmt.Sprintf("%d:%02d:%06.3f", d/time.Hour, d/time.Minute%60, (d % time.Minute).Seconds())
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Pictures is how to take frames off the recording at a rate. It may only be asked of a
// probe with a picture.
func (p Probe) Pictures(rate timeline.Rate) Pictures {
	return p.Video.pictures(rate)
}

func (v *Video) pictures(rate timeline.Rate) Pictures {
	return Pictures{
		Stream: v.Stream, Rate: rate, TimeBase: v.TimeBase, FirstPTS: v.FirstPTS,
		Lead: rate.Frame(v.Lead), Deinterlace: v.Interlaced,
		Width: v.Width, Height: v.Height, Matrix: v.Matrix, Plain: v.Plain, Reorder: v.Reorder, RunIn: v.RunIn,
		Fields: v.Interlaced && !rate.Less(timeline.Rate{Num: 2 * v.Rate.Num, Den: v.Rate.Den}), HDR: v.HDR, Wide: v.Wide,
	}
}

// Frames is the length of the recording in frames at a rate.
func (p Probe) Frames(rate timeline.Rate) int64 {
	v := p.Video
	return rate.Frame(v.Lead) + max(1, rate.Frame(v.End-v.Lead))
}

// Zero is the recording's zero in the container's own time: where its first picture is,
// less the whole frames that lead up to it.
func (p Probe) Zero(rate timeline.Rate) time.Duration {
	v := p.Video
	return duration(v.FirstPTS, v.TimeBase) - rate.Time(rate.Frame(v.Lead))
}

// declared is the length that the container promises; 0 if it promises none.
func (c container) declared() time.Duration { return inSeconds(c.Format.Duration) }

// start is where the container begins, in its own time.
func (c container) start() time.Duration { return inSeconds(c.Format.Start) }

// inSeconds is a time as ffprobe prints it; 0 if it is none.
func inSeconds(s string) time.Duration {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond
}

// base is the length of the stream's tick in seconds.
func (s stream) base() timeline.Rate {
	r, err := timeline.ParseRate(s.TimeBase)
	if err != nil {
		return timeline.Rate{Num: 1, Den: 1_000_000}
	}
	return r
}

// size is the picture as displayed: square pixels, upright, even.
func (s stream) size() (width, height int) {
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

// plain reports whether pictures come just as encoders are given them.
func (s stream) plain() bool {
	width, height := s.size()
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

// duration is a number of ticks as a time, to the nearest nanosecond.
func duration(ticks int64, base timeline.Rate) time.Duration {
	return time.Duration(timeline.Rescale(ticks, base.Num*int64(time.Second), base.Den))
}

// sniff refuses what can be refused before any tool opens it: nothing at all, and lists
// of other files dressed as a recording.
func sniff(path, name string) error {
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
		return inputerr.New(name, "is not a file").Try("Name the recording itself")
	}
	if info.Size() == 0 {
		return inputerr.New(name, "is empty (0 bytes)").Try("Copy it again from the camera or the recorder")
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if kind := playlist(head[:n]); kind != "" {
		return inputerr.New(name, "is %s, which only points at other files or hosts; nothing it names was opened", kind).
			Try("Hand in the recording itself")
	}
	return nil
}

// playlist names the kind of list that a file beginning so is, or is "".
func playlist(head []byte) string {
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

// unreadable is the fault of a file that ffprobe could make nothing of.
func unreadable(path, name, said string) error {
	if strings.Contains(said, "moov atom not found") && isMP4(path) {
		return inputerr.New(name, "is an MP4 whose index (moov) is missing: the recording was not finished, or not copied whole").
			Try("Copy it again; if the camera's own file is like this, put the card back into the camera, which may repair it, or rebuild the index with untrunc and a good file of the same camera")
	}
	return inputerr.New(name, "is not a media file that Lectern can read").
		Try("Hand in MP4, MOV, MKV, WebM, TS, MTS, MPG, AVI, FLV or MXF")
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
