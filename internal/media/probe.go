package media

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Probe returns what the recording at path holds. It reads all packets, again if the clock jumps,
// so that the result is what can be read and not what the container promises, and decodes only the
// first frames. The picture is the first video stream. It returns an *inputerr.Error if the
// recording is at fault; name is its name in errors. progress may be nil; it gets the fraction
// done.
func (t Tools) Probe(ctx context.Context, path, name string, progress func(fraction float64)) (Probe, error) {
	return t.ProbePicture(ctx, path, name, 1, progress)
}

// ProbePicture does what Probe does, with the video stream number picture, from 1, for a recording
// that has several, such as camera and screen.
func (t Tools) ProbePicture(ctx context.Context, path, name string, picture int, progress func(fraction float64)) (Probe, error) {
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
			return Probe{}, inputerr.Coded("recording.undecodable", "has a video stream ({codec}) that cannot be decoded", "codec", s.video.CodecName).In(name).
				Hint("Export it again as H.264 in MP4")
		}
	}
	if err := s.read(ctx, t, path, progress); err != nil {
		return Probe{}, fmt.Errorf("read the packets of %s: %w", name, err)
	}
	found := s.result(interlaced)
	if err := t.addFormats(ctx, path, name, &found, s.startTime()); err != nil {
		return Probe{}, err
	}
	if found.Video == nil && len(found.Audio) == 0 {
		return Probe{}, inputerr.Coded("recording.unreadable", "holds neither video nor sound that can be read").In(name).Hint("Copy it again from the recorder")
	}
	if found.UnreadBytes, err = s.unreadBytes(path); err != nil {
		return Probe{}, err
	}
	if found.UnreadBytes > 0 {
		found.Notes = append(found.Notes, fmt.Sprintf("the last %s of it hold nothing that can be read, from %s on", formatMegabytes(found.UnreadBytes), noteClock(found.Readable)))
	}
	return found, found.checkPlausibleLength(name)
}

// MissingStream returns an error if the recording has no video or no sound, or nil. name is the
// recording's name in the error. The caller decides whether something else may stand in for the
// missing stream.
func (p Probe) MissingStream(name string) *inputerr.Error {
	switch {
	case p.Video == nil:
		return inputerr.Coded("recording.no_video", "has sound but no video").In(name).
			Hint("Use the video recording; a cover image does not count as video. To show a waveform of the sound instead, add to the talk's file: stand-in: {picture: waveform}")
	case len(p.Audio) == 0:
		return inputerr.Coded("recording.no_sound", "has no sound").In(name).
			Hint("Use the recording that has the speaker's voice. If the talk is meant to be silent, add to its file: stand-in: {sound: silence}")
	}
	return nil
}

// firstPicture decodes the first 100 packets of the video stream with that index. It returns the
// timestamp, in ticks, of the first frame that can be decoded, or noTime if none can. interlaced
// reports whether more than half of the frames are interlaced.
func (t Tools) firstPicture(ctx context.Context, path string, index int) (first int64, interlaced bool, err error) {
	args := []string{"-select_streams", strconv.Itoa(index), "-read_intervals", "%+#100",
		"-show_frames", "-show_entries", "frame=best_effort_timestamp,interlaced_frame", "-of", "csv=p=0"}
	first = noTime
	var all, interlacedFrames int
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
			all++
			if f[1] == "1" {
				interlacedFrames++
			}
		}
		return lines.Err()
	})
	return first, 2*interlacedFrames > all, err
}

// formatMegabytes returns a size of n bytes in MB, with one decimal.
func formatMegabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// endsEarly reports whether the last video or sound packet ends more than a second before the end
// that the container declares.
func (p Probe) endsEarly() bool {
	end := p.Readable
	for _, a := range p.Audio {
		end = max(end, a.End)
	}
	return p.Declared-end > time.Second
}

// maxLength is longer than any recording.
const maxLength = 48 * time.Hour

// checkPlausibleLength returns an *inputerr.Error for a recording that is longer than maxLength,
// which a single damaged timestamp can cause. name is the recording's name in the error.
func (p Probe) checkPlausibleLength(name string) error {
	end := p.Readable
	for _, a := range p.Audio {
		end = max(end, a.End)
	}
	if end <= maxLength {
		return nil
	}
	return inputerr.Coded("recording.too_long", "lasts until {time} by its timestamps, one of which must be damaged", "time", timeline.FormatClock(end)).In(name).
		Hint("Copy it again from the camera, or export it anew")
}

// TruncationFault returns an error for a recording that breaks off before the end that it declares
// or whose end cannot be read, or nil. name is the recording's name in the error. What comes before
// the break can be used; the caller decides whether to use it.
func (p Probe) TruncationFault(name string) *inputerr.Error {
	readable, whole := timeline.FormatClock(p.Readable), timeline.FormatClock(p.Readable.Truncate(time.Second))
	switch {
	case p.UnreadBytes > 0:
		return inputerr.Coded("recording.unreadable_end", "breaks off at {time}, and the last {size} of it hold nothing that can be read", "time", readable, "size", formatMegabytes(p.UnreadBytes), "end", whole).
			In(name).Hint("Copy it again from the camera, or keep what is readable with --cut 0-{end}")
	case !p.endsEarly():
		return nil
	}
	return inputerr.Coded("recording.breaks_off", "breaks off at {time}, though it declares {declared}", "time", readable, "declared", timeline.FormatClock(p.Declared), "end", whole).
		In(name).Hint("Copy it again from the camera, or keep what is readable with --cut 0-{end}")
}

// noteClock returns a time as "1:02:03.5". It is only for Probe.Notes, whose wording is part of
// keys; elsewhere use timeline.FormatClock.
func noteClock(d time.Duration) string {
	d = d.Round(time.Millisecond)
	s := fmt.Sprintf("%d:%02d:%06.3f", d/time.Hour, d/time.Minute%60, (d % time.Minute).Seconds())
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// FrameSource returns how to take frames off the recording's first video at a frame rate. The
// recording must have video.
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

// FrameCount returns the length of the recording in frames at a frame rate, including those before
// its first picture. The recording must have video.
func (p Probe) FrameCount(rate timeline.Rate) int64 {
	v := p.Video
	return rate.Frame(v.Lead) + max(1, rate.Frame(v.End-v.Lead))
}

// Zero returns the recording's zero on the container's clock: the time of its first frame,
// less the whole frames that precede it. The recording must have video.
func (p Probe) Zero(rate timeline.Rate) time.Duration {
	v := p.Video
	return ticksToDuration(v.FirstPTS, v.TimeBase) - rate.Time(rate.Frame(v.Lead))
}
