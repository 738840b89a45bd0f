package media

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// VideoFacts are properties of a finished video file, as measured.
type VideoFacts struct {
	Codec    string        `json:"codec"`
	Width    int           `json:"width"`
	Height   int           `json:"height"`
	Rate     timeline.Rate `json:"rate"`
	Frames   int64         `json:"frames"`
	Duration time.Duration `json:"duration"`        // of the video
	Sound    time.Duration `json:"sound,omitempty"` // length of the sound; 0 if there is none
	Size     int64         `json:"size"`            // bytes
}

// verifiedFile is what verifyOutput found in a file.
type verifiedFile struct {
	VideoFacts
	streams []stream
	ends    map[int]time.Duration // end of the last packet by stream, except the video
}

// verifyOutput returns an error unless the file at path, which Lectern made, begins with a video
// stream of exactly that number of frames, and frame n is shown at n/rate. In MP4 times must be
// exact; Matroska counts milliseconds, so there the nearest one is right. It returns what it found,
// for further checks.
func (t Tools) verifyOutput(ctx context.Context, path string, rate timeline.Rate, frames int64) (f verifiedFile, err error) {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%s failed verification: %s", filepath.Base(path), fmt.Sprintf(format, args...))
	}
	info, err := os.Stat(path)
	if err != nil {
		return f, fmt.Errorf("look for what ffmpeg wrote: %w", err)
	}
	c, err := t.container(ctx, path)
	if err != nil {
		return f, fmt.Errorf("look into what ffmpeg wrote: %w", err)
	}
	if len(c.Streams) == 0 || c.Streams[0].Kind != "video" {
		return f, invalid("it does not begin with a picture stream")
	}
	picture := c.Streams[0]
	if !strings.HasPrefix(c.Format.Name, "matroska") && !dividesEvenly(rate, picture.timeBase()) {
		return f, invalid("a clock of %s a tick cannot hold %s frames a second", picture.timeBase(), rate)
	}
	f = verifiedFile{streams: c.Streams, ends: map[int]time.Duration{}}
	var times []int64
	if strings.HasPrefix(c.Format.Name, "matroska") {
		times, err = t.readTimes(ctx, path, &f)
	} else {
		times, err = f.indexTimes(path)
	}
	if err != nil {
		return f, fmt.Errorf("read the times of %s: %w", filepath.Base(path), err)
	}
	if err := verifyFrameTimes(filepath.Base(path), times, picture.timeBase(), rate, frames); err != nil {
		return f, err
	}
	f.VideoFacts = VideoFacts{
		Codec: picture.CodecName, Width: int(picture.Width), Height: int(picture.Height),
		Rate: rate, Frames: frames, Duration: rate.Time(frames), Size: info.Size(),
	}
	return f, nil
}

// indexTimes returns the timestamps of an MP4's frames in ticks, ascending, and records in f where
// its streams end, from the index alone. It returns an error if the first track is not the video.
func (f *verifiedFile) indexTimes(path string) ([]int64, error) {
	for _, s := range f.streams {
		f.ends[s.Index] = ticksToDuration(s.Length, s.timeBase())
	}
	times, scale, err := pictureTimes(path)
	if base := f.streams[0].timeBase(); err == nil && (base.Num != 1 || base.Den != scale) {
		err = fmt.Errorf("its first track is not its picture")
	}
	return times, err
}

// readTimes reads all packets of a file, returns the timestamps of its video frames in ticks,
// ascending, and records in f where the other streams end.
func (t Tools) readTimes(ctx context.Context, path string, f *verifiedFile) (times []int64, err error) {
	_, err = t.readPackets(ctx, path, nil, func(p packet) error {
		if p.stream == 0 {
			times = append(times, p.pts)
		} else {
			f.ends[p.stream] = ticksToDuration(p.pts+p.duration, f.streams[p.stream].timeBase())
		}
		return nil
	})
	slices.Sort(times)
	return times, err
}

// verifySounds returns an error unless the file has one sound stream for each language, in that
// order, and each starts with the video and ends with it, to within a frame and a packet. It sets
// f.Sound.
func (f *verifiedFile) verifySounds(languages []string) error {
	const (
		packet  = 25 * time.Millisecond // longest packet of AAC (21.3 ms) and Opus (20 ms)
		preSkip = 7 * time.Millisecond  // of Opus in WebM, whose times include it
	)
	var got []string
	for _, s := range f.streams {
		if s.Kind != "audio" {
			continue
		}
		if s.StartPTS == nil || ticksToDuration(*s.StartPTS, s.timeBase()).Abs() > preSkip {
			return fmt.Errorf("the sound does not start with the picture")
		}
		f.Sound = f.ends[s.Index]
		if (f.Sound - f.Duration).Abs() > f.Rate.Time(1)+packet {
			return fmt.Errorf("the sound lasts %v, the picture %v", f.Sound, f.Duration)
		}
		got = append(got, cmp.Or(s.Tags["language"], "und"))
	}
	var want []string
	for _, tag := range languages {
		want = append(want, conference.ISO639(tag))
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the sounds are in %v, not in %v", got, want)
	}
	return nil
}

// verifySegment returns an error unless a segment that was just encoded has the codec and size of
// out, and n frames at the right times. It reads only the index: a talk has hundreds of segments,
// and the joined file is verified again.
func verifySegment(out EncodeOutput, rate timeline.Rate, n int64) error {
	name := filepath.Base(out.Path)
	s, err := readSegment(out.Path)
	if err != nil {
		return fmt.Errorf("look into what ffmpeg wrote: %s: %w", name, err)
	}
	if s.codec != out.Encoding.Codec || s.width != out.Width || s.height != out.Height {
		return fmt.Errorf("%s failed verification: %s, %d×%d", name, s.codec, s.width, s.height)
	}
	return verifyFrameTimes(name, s.times, timeline.Rate{Num: 1, Den: s.scale}, rate, n)
}

// verifyFrameTimes returns an error unless times has exactly that number of frames, and each is
// shown at its time, rounded to a tick of base. name is the file's name in errors.
func verifyFrameTimes(name string, times []int64, base, rate timeline.Rate, frames int64) error {
	if int64(len(times)) != frames {
		return fmt.Errorf("%s failed verification: it has %d frames, not %d", name, len(times), frames)
	}
	for n, at := range times {
		if want := frameTick(int64(n), rate, base); at != want {
			return fmt.Errorf("%s failed verification: frame %d is shown at tick %d, not %d", name, n, at, want)
		}
	}
	return nil
}

// frameTick returns when frame n is shown, in ticks of base seconds, rounded to the nearest.
func frameTick(n int64, rate, base timeline.Rate) int64 {
	return timeline.Rescale(n*rate.Den, base.Den, rate.Num*base.Num)
}

// dividesEvenly reports whether a frame at that rate lasts a whole number of ticks of base seconds.
func dividesEvenly(rate, base timeline.Rate) bool {
	return rate.Den*base.Den%(rate.Num*base.Num) == 0
}
