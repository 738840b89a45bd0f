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

// Probe looks into the recording at path, which people know as name, and reads all of
// its packets once, so that what it says is what can be read and not what the container
// promises. It decodes nothing but the first pictures. on, which may be nil, is told how
// much is done, from 0 to 1. What is wrong with the recording is a *inputerr.Fault.
func (t Tools) Probe(ctx context.Context, path, name string, progress func(fraction float64)) (Probe, error) {
	return t.ProbePicture(ctx, path, name, 1, progress)
}

// ProbePicture is Probe for a recording that has several moving pictures, such as a camera's
// and a screen's, of which picture is wanted, counted from 1.
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
			return Probe{}, inputerr.New(name, "has a picture stream (%s) that cannot be decoded", s.video.CodecName).
				Hint("Export it again as H.264 in MP4")
		}
	}
	if err := s.read(ctx, t, path, progress); err != nil {
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
	stderr := fmt.Sprintf("though it declares %s", formatClock(p.Declared))
	switch {
	case p.UnreadBytes > 0:
		stderr = fmt.Sprintf("and the last %s of it hold nothing that can be read", formatMegabytes(p.UnreadBytes))
	case !p.endsEarly():
		return nil
	}
	return inputerr.New(name, "breaks off at %s, %s", formatClock(p.Readable), stderr).
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
